/*
 * The bits of a training depend on the number of shards, not on who computes them: V shards on 1, 2
 * and 4 ranks, ranks being threads whose reduce follows the tree. Uneven and empty shards included.
 */
#include <math.h>
#include <pthread.h>
#include "model_rig.h"

enum { MAX_RANKS = 4, ROOM = 4096, LARGEST = 64, MAX_STEPS = 8 };

/* ---- ranks as threads ------------------------------------------------------------------------ */

typedef struct {
  int n;
  bool chain; /* the wrong order: ((0 + 1) + 2) + 3 */
  pthread_barrier_t barrier;
  void *vector[MAX_RANKS]; /* what each brought to the reduction that is going on */
} World;

typedef struct {
  World *world;
  int rank, n_steps;
  const int *rows;
  ModelWords words;
  ModelRig model;
  NnScore score[MAX_STEPS];
  Real state[ROOM];
  size_t n_state;
} Rank;

static size_t bytes_of(NnReduce kind, size_t n) {
  return n * (kind == NN_SUM_F64 ? sizeof(double) : sizeof(Real));
}

static void merge(NnReduce kind, void *left, const void *right, size_t n) {
  switch (kind) {
  case NN_SUM_REAL:
    for (size_t i = 0; i < n; ++i) ((Real *)left)[i] += ((const Real *)right)[i];
    break;
  case NN_SUM_F64:
    for (size_t i = 0; i < n; ++i) ((double *)left)[i] += ((const double *)right)[i];
    break;
  case NN_MOMENTS:
    nn_moments_merge(left, right, n);
    break;
  }
}

/* Every rank computes the whole tree on copies of its own. */
static void reduce(void *ctx, NnReduce kind, void *v, size_t n) {
  Rank *r = ctx;
  World *w = r->world;
  char copy[MAX_RANKS][ROOM * sizeof(double)];
  w->vector[r->rank] = v;
  pthread_barrier_wait(&w->barrier);
  for (int i = 0; i < w->n; ++i) memcpy(copy[i], w->vector[i], bytes_of(kind, n));
  pthread_barrier_wait(&w->barrier);
  for (int i = 1; i < w->n && w->chain; ++i) merge(kind, copy[0], copy[i], n);
  for (int apart = 1; apart < w->n && !w->chain; apart *= 2) {
    for (int i = 0; i + apart < w->n; i += 2 * apart) merge(kind, copy[i], copy[i + apart], n);
  }
  memcpy(v, copy[0], bytes_of(kind, n));
}

static void tick(void *ctx) {
  (void)ctx;
}

/* Asserts nothing: cmocka's asserts are for the main thread. */
static void *train(void *arg) {
  Rank *r = arg;
  cpu_flush_denormals();
  for (int i = 0; i < r->n_steps; ++i) {
    r->score[i] = model_step(&r->model, (uint32_t)i, r->rows[i], 0.05);
  }
  return NULL;
}

static void check_scores(const Rank *r) {
  for (int i = 0; i < r->n_steps; ++i) {
    assert_true(isfinite(r->score[i].loss));
    assert_int_equal(r->score[i].rows, r->rows[i]);
  }
}

static bool wrong_order;

/* Trains on n ranks; the state that all of them must end with goes to `out`. */
static size_t train_on(int n, int n_shards, const ModelWords *words, const int *rows, int n_steps,
                       NnScore *score, Real *out) {
  World world = {.n = n, .chain = wrong_order};
  static Rank ranks[MAX_RANKS];
  pthread_t threads[MAX_RANKS];
  pthread_barrier_init(&world.barrier, NULL, (unsigned)n);
  for (int i = 0; i < n; ++i) {
    const int local = n_shards / n;
    ranks[i] =
        (Rank){.world = &world, .rank = i, .n_steps = n_steps, .rows = rows, .words = *words};
    ranks[i].words.batch_rows = LARGEST;
    ranks[i].words.team = (NnTeam){.n_shards = n_shards,
                                   .first_shard = i * local,
                                   .n_local = local,
                                   .ctx = &ranks[i],
                                   .reduce = reduce,
                                   .tick = tick};
    model_open(&ranks[i].model, &ranks[i].words);
  }
  for (int i = 0; i < n; ++i) {
    assert_int_equal(pthread_create(&threads[i], NULL, train, &ranks[i]), 0);
  }
  for (int i = 0; i < n; ++i) pthread_join(threads[i], NULL);
  pthread_barrier_destroy(&world.barrier);
  for (int i = 0; i < n; ++i) {
    check_scores(&ranks[i]);
    ranks[i].n_state = model_state(&ranks[i].model, ranks[i].state, ROOM);
    model_close(&ranks[i].model);
    assert_memory_equal(ranks[i].state, ranks[0].state, ranks[0].n_state * sizeof(Real));
    assert_memory_equal(ranks[i].score, ranks[0].score, sizeof ranks[0].score);
  }
  memcpy(out, ranks[0].state, ranks[0].n_state * sizeof(Real));
  *score = ranks[0].score[n_steps - 1];
  return ranks[0].n_state;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static const int uneven[] = {64, 13, 5, 8, 3, 40, 9}; /* 5 and 3 rows leave shards empty */

static void check_ranks(const ModelWords *w) {
  static Real one[ROOM], many[ROOM];
  for (int shards = 4; shards <= 8; shards *= 2) {
    NnScore first, other;
    const size_t n = train_on(1, shards, w, uneven, COUNT(uneven), &first, one);
    for (int ranks = 2; ranks <= 4; ranks *= 2) {
      assert_int_equal(train_on(ranks, shards, w, uneven, COUNT(uneven), &other, many), n);
      if (memcmp(one, many, n * sizeof(Real))) {
        fail_msg("%s, %s, %s: %d shards on %d ranks give other bits",
                 w->layers[w->n_layers - 2].kind, w->optimizer, w->gemm, shards, ranks);
      }
      assert_memory_equal(&first, &other, sizeof first);
    }
  }
}

static const LayerWords deep[] = {
    {"dense", "units: 12"},      {"batch_norm", ""},    {"relu", ""},
    {"dropout", "rate: 0.3"},    {"dense", "units: 7"}, {"batch_norm", ""},
    {"dense", "units: classes"},
};

static ModelWords deep_words(const char *gemm, const char *optimizer) {
  return (ModelWords){.layers = deep,
                      .n_layers = COUNT(deep),
                      .features = 9,
                      .targets = {.n_classes = 3},
                      .loss = "softmax_cross_entropy",
                      .optimizer = optimizer,
                      .gemm = gemm,
                      .cpu = cpu_level()};
}

static void test_deep_network(void **state) {
  (void)state;
  ModelWords w = deep_words("fixed", "adam");
  check_ranks(&w);
  w = deep_words("openblas", "momentum");
  check_ranks(&w);
}

/* Penalties, limits and accumulation: the same on every number of ranks, and each changes the bits,
 * or the test would prove nothing. 9 rows are one micro-batch, 64 are four. */
static void test_rules(void **state) {
  (void)state;
  static Real without[ROOM], with[ROOM];
  static const struct {
    NnRules rules;
    int micro_rows;
  } cases[] = {
      {.rules = {.l1 = 0.001, .l2 = 0.01}},
      {.rules = {.clip_value = 0.01}},
      {.rules = {.clip_norm = 0.1}},
      {.rules = {.max_norm = 1}},
      {.micro_rows = 16},
      {.rules = {0.001, 0.01, 0.02, 0.1, 1}, .micro_rows = 24},
  };
  for (int k = 0; k < nn_optimizers.n; ++k) {
    ModelWords w = deep_words("fixed", nn_optimizers.kinds[k]->name);
    NnScore score;
    const size_t n = train_on(1, 4, &w, uneven, COUNT(uneven), &score, without);
    for (int i = 0; i < COUNT(cases); ++i) {
      w.rules = cases[i].rules;
      w.micro_rows = cases[i].micro_rows;
      check_ranks(&w);
      assert_int_equal(train_on(1, 4, &w, uneven, COUNT(uneven), &score, with), n);
      assert_true(memcmp(without, with, n * sizeof(Real)) != 0);
    }
  }
}

/* Each case of each layer, between two dense ones. */
static void check_layer(const NnLayerKind *kind, const NnCase *c) {
  ModelWords w = deep_words("fixed", "sgd");
  Around around;
  model_around(&kind->head, c, &around, &w);
  check_ranks(&w);
}

static void test_every_layer(void **state) {
  (void)state;
  nn_case_each(check_layer);
}

/* Eight shards differ from one by rounding only. */
static void test_near_one_shard(void **state) {
  (void)state;
  static Real one[ROOM], eight[ROOM];
  const char *engines[] = {"fixed", "openblas"};
  for (int k = 0; k < COUNT(engines); ++k) {
    const ModelWords w = deep_words(engines[k], "sgd");
    NnScore a, b;
    const size_t n = train_on(1, 1, &w, uneven, 3, &a, one);
    assert_int_equal(train_on(1, 8, &w, uneven, 3, &b, eight), n);
    for (size_t i = 0; i < n; ++i) assert_true(fabsf(one[i] - eight[i]) < 1e-5f);
    assert_true(fabs(a.loss - b.loss) < 1e-5 * fabs(a.loss));
    assert_true(memcmp(one, eight, n * sizeof(Real)) != 0); /* or the test would prove nothing */
  }
}

/* Ranks that add in another order than the tree are found out. */
static void test_order_matters(void **state) {
  (void)state;
  static Real one[ROOM], other[ROOM];
  const ModelWords w = deep_words("fixed", "sgd");
  NnScore score;
  const size_t n = train_on(1, 4, &w, uneven, COUNT(uneven), &score, one);
  wrong_order = true;
  train_on(4, 4, &w, uneven, COUNT(uneven), &score, other);
  wrong_order = false;
  assert_true(memcmp(one, other, n * sizeof(Real)) != 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_deep_network),  cmocka_unit_test(test_rules),
      cmocka_unit_test(test_every_layer),   cmocka_unit_test(test_near_one_shard),
      cmocka_unit_test(test_order_matters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
