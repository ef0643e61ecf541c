/*
 * What a step asks of a team: how many messages, what a rank that joins must be given, and faults
 * of a team that must show in the bits.
 */
#include "ranks_rig.h"

static Rank one[1], ranks[MAX_RANKS];

static void train_alone(int n_shards, const ModelWords *w) {
  World alone = {.n = 1};
  ranks_whole(&alone, one, n_shards, w, ranks_rows, COUNT(ranks_rows));
  ranks_check_scores(&alone, one, COUNT(ranks_rows));
}

/* ---- messages -------------------------------------------------------------------------------- */

/* Of one step of `batches` batches on two ranks. The deep network has two batch norms. */
static Calls count_calls(const ModelWords *w) {
  World two = {.n = 2};
  for (int i = 0; i < two.n; ++i) rank_open(&ranks[i], &two, i, 2, w);
  ranks_train(&two, ranks, ranks_rows, 0, 1, false);
  for (int i = 0; i < two.n; ++i) model_close(&ranks[i].model);
  assert_memory_equal(&ranks[0].calls, &ranks[1].calls, sizeof(Calls));
  return ranks[0].calls;
}

static void check_calls(Calls c, int batches, int parts, int whole) {
  assert_int_equal(c.reduce[NN_MOMENTS], 2 * batches);
  assert_int_equal(c.reduce[NN_SUM_REAL], 2 * batches + whole);
  assert_int_equal(c.reduce[NN_SUM_F64], batches);
  assert_int_equal(c.reduce_part, parts);
  assert_int_equal(c.gather_parts, parts > 0);
}

static void test_messages_of_a_step(void **state) {
  (void)state;
  ModelWords w = ranks_words("fixed", "adam");
  check_calls(count_calls(&w), 1, 1, 0);
  w.rules = (NnRules){.l2 = 0.01, .clip_value = 0.1};
  check_calls(count_calls(&w), 1, 1, 0);
  w.micro_rows = 16;
  check_calls(count_calls(&w), 4, 4, 0);
  w.rules = (NnRules){.clip_norm = 0.1};
  check_calls(count_calls(&w), 4, 0, 4);
  w.rules = (NnRules){.max_norm = 1};
  check_calls(count_calls(&w), 4, 0, 4);
}

/* ---- parts ----------------------------------------------------------------------------------- */

static size_t momenta(Rank *r, const Real **v) {
  size_t n;
  *v = nn_model_vector(r->model.model, NN_OPTIMIZER_STATE, &n);
  return n;
}

/* Before the state is gathered, a rank has that of its part, and has not touched the rest. */
static void check_own_part(const char *optimizer, Cut cut) {
  ModelWords w = ranks_words("fixed", optimizer);
  World alone = {.n = 1}, world = {.n = 4, .cut = cut};
  const Real *all, *v;
  w.rules = (NnRules){.l1 = 0.01, .clip_value = 0.02};
  rank_open(&one[0], &alone, 0, 4, &w);
  ranks_train(&alone, one, ranks_rows, 0, 1, false);
  for (int i = 0; i < world.n; ++i) rank_open(&ranks[i], &world, i, 4, &w);
  ranks_train(&world, ranks, ranks_rows, 0, 1, false);
  const size_t n = momenta(&one[0], &all);
  for (int i = 0; i < world.n; ++i) {
    size_t first, count;
    rank_part(&world, i, n, &first, &count);
    assert_int_equal(momenta(&ranks[i], &v), n);
    for (size_t k = 0; k < n; ++k) assert_true(v[k] == (k - first < count ? all[k] : 0));
    model_close(&ranks[i].model);
  }
  model_close(&one[0].model);
}

static void test_a_rank_updates_its_part(void **state) {
  (void)state;
  check_own_part("momentum", CUT_HALVES);
  check_own_part("momentum", CUT_ODD);
  check_own_part("lion", CUT_HALVES); /* by runs of matrices and others */
  check_own_part("lion", CUT_ODD);
}

/* ---- a team that grows ----------------------------------------------------------------------- */

static void hand_over(ModelRig *from, ModelRig *to) {
  const NnVector which[] = {NN_WEIGHTS, NN_STATISTICS, NN_OPTIMIZER_STATE};
  for (int i = 0; i < COUNT(which); ++i) {
    size_t n;
    const Real *source = nn_model_vector(from->model, which[i], &n);
    memcpy(nn_model_vector(to->model, which[i], &n), source, n * sizeof(Real));
  }
  nn_model_set_counts(to->model, nn_model_updates(from->model), nn_model_batches(from->model));
  nn_model_set_seed(to->model, 42);
}

/* The world has `n` members from now on. Those who join start with another seed, other weights. */
static void grow(World *w, int n, int n_shards, const ModelWords *words) {
  const int before = w->n;
  w->n = n;
  for (int i = 0; i < before; ++i) {
    ranks[i].model.words.team = rank_team(&ranks[i], n_shards);
    nn_model_set_team(ranks[i].model.model, &ranks[i].model.words.team);
  }
  for (int i = before; i < n; ++i) {
    rank_open(&ranks[i], w, i, n_shards, words);
    nn_model_init(ranks[i].model.model, 43);
    hand_over(&ranks[0].model, &ranks[i].model);
    memcpy(ranks[i].score, ranks[0].score, sizeof ranks[i].score);
  }
}

/* Two ranks for three steps, `middle` for two, then eight. */
static int train_growing(World *w, int middle, const ModelWords *words, bool gather) {
  for (int i = 0; i < w->n; ++i) rank_open(&ranks[i], w, i, 8, words);
  ranks_train(w, ranks, ranks_rows, 0, 3, gather);
  grow(w, middle, 8, words);
  ranks_train(w, ranks, ranks_rows, 3, 5, gather);
  grow(w, 8, 8, words);
  ranks_train(w, ranks, ranks_rows, 5, COUNT(ranks_rows), gather);
  ranks_close(w, ranks);
  return ranks_that_differ(w, ranks, one);
}

static void test_a_team_may_grow(void **state) {
  (void)state;
  const NnRules rules[] = {{0}, {.l1 = 0.001, .clip_value = 0.02}, {.max_norm = 1}};
  for (int k = 0; k < nn_optimizers.n; ++k) {
    for (int i = 0; i < COUNT(rules); ++i) {
      ModelWords w = ranks_words("fixed", nn_optimizers.kinds[k]->name);
      w.rules = rules[i];
      w.micro_rows = i == 1 ? 16 : 0;
      train_alone(8, &w);
      for (int cut = 0; cut < N_CUTS; ++cut) {
        World world = {.n = 2, .cut = (Cut)cut};
        if (train_growing(&world, 4, &w, true) == 0) continue;
        fail_msg("%s, rules %d, cut %d: other bits after growing", w.optimizer, i, cut);
      }
    }
  }
}

/* The optimizer's state of the others' parts is old until it is gathered. */
static void test_growing_needs_the_state(void **state) {
  (void)state;
  const ModelWords w = ranks_words("fixed", "adam");
  World world = {.n = 2};
  train_alone(8, &w);
  assert_int_equal(train_growing(&world, 4, &w, false), 8);
}

/* ---- faults ---------------------------------------------------------------------------------- */

static int train_with(Fault fault, Cut cut, int n, int n_steps) {
  const ModelWords w = ranks_words("fixed", "momentum");
  World alone = {.n = 1}, world = {.n = n, .cut = cut, .fault = fault};
  ranks_whole(&alone, one, 8, &w, ranks_rows, n_steps);
  ranks_whole(&world, ranks, 8, &w, ranks_rows, n_steps);
  return ranks_that_differ(&world, ranks, one);
}

/* Each fault shows on every rank, after one step of 64 rows on four and on eight ranks. */
static void test_faults_are_found(void **state) {
  (void)state;
  const Fault faults[] = {CHAIN, FAR_FIRST, DROPS_ONE, NO_MOMENTS, NO_SUMS, PART_OFF_BY_ONE};
  for (int n = 4; n <= 8; n *= 2) {
    for (int cut = 0; cut < CUT_NONE; ++cut) {
      assert_int_equal(train_with(HONEST, (Cut)cut, n, 1), 0);
      for (int i = 0; i < COUNT(faults); ++i) {
        if (train_with(faults[i], (Cut)cut, n, 1) != n) {
          fail_msg("fault %d, cut %d, %d ranks: not seen on every rank", faults[i], cut, n);
        }
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_messages_of_a_step), cmocka_unit_test(test_a_rank_updates_its_part),
      cmocka_unit_test(test_a_team_may_grow),    cmocka_unit_test(test_growing_needs_the_state),
      cmocka_unit_test(test_faults_are_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
