/*
 * Promises of a model: no step allocates, memory is what was announced, a diverged step changes
 * nothing, flat vectors restore a training, shapes are checked as layers come.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "model_rig.h"

/* ---- an allocator that counts (glibc lets a program replace it) ------------------------------ */

static size_t n_allocations;
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#define COUNTS 1
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);
void *malloc(size_t n) {
  ++n_allocations;
  return __libc_malloc(n);
}
void *calloc(size_t n, size_t size) {
  ++n_allocations;
  return __libc_calloc(n, size);
}
void *realloc(void *p, size_t n) {
  ++n_allocations;
  return __libc_realloc(p, n);
}
void *aligned_alloc(size_t alignment, size_t n) {
  ++n_allocations;
  return __libc_memalign(alignment, n);
}
#else
#define COUNTS 0
#endif

/* ---- tests ----------------------------------------------------------------------------------- */

enum { ROWS = 32, ROOM = 4096 };

static const LayerWords layers[] = {{"dense", "units: 16"},     {"batch_norm", ""},    {"relu", ""},
                                    {"dropout", "rate: 0.25"},  {"dense", "units: 8"}, {"tanh", ""},
                                    {"dense", "units: classes"}};

static ModelWords words(void) {
  return (ModelWords){.layers = layers,
                      .n_layers = COUNT(layers),
                      .features = 10,
                      .targets = {.n_classes = 4},
                      .loss = "softmax_cross_entropy",
                      .optimizer = "adam",
                      .gemm = "fixed",
                      .cpu = cpu_level(),
                      .team = nn_team_solo(4),
                      .batch_rows = ROWS};
}

static void test_no_step_allocates(void **state) {
  (void)state;
  if (!COUNTS) {
    printf("skipped: malloc is the sanitizer's here and cannot be counted\n");
    fflush(stdout);
    skip();
  }
  const char *engines[] = {"fixed", "openblas"};
  for (int k = 0; k < COUNT(engines); ++k) {
    ModelRig m;
    ModelWords w = words();
    w.gemm = engines[k];
    model_open(&m, &w);
    model_fill(&m, 1, 0, ROWS);
    NnScore score;
    nn_model_step(m.model, ROWS, (NnPlace){.epoch = 1}, 0.01, &score); /* BLAS sets itself up */
    nn_model_evaluate(m.model, ROWS, &score);
    const size_t before = n_allocations;
    for (int i = 0; i < 10; ++i) {
      nn_model_step(m.model, ROWS - i, (NnPlace){.epoch = 1}, 0.01, &score);
      nn_model_evaluate(m.model, ROWS - i, &score);
    }
    nn_model_init(m.model, 5);
    assert_int_equal(n_allocations, before);
    void *volatile one = malloc(1);
    free(one);
    assert_int_equal(n_allocations, before + 1); /* the counter counts */
    model_close(&m);
  }
}

static void test_bytes(void **state) {
  (void)state;
  ModelRig m;
  ModelWords w = words();
  model_open(&m, &w);
  assert_int_equal(nn_model_bytes(m.model), m.numbers.used);
  size_t n_weights, n;
  nn_model_vector(m.model, NN_WEIGHTS, &n_weights);
  assert_int_equal(n_weights, 10 * 16 + 2 * 16 + 16 * 8 + 8 + 8 * 4 + 4);
  nn_model_vector(m.model, NN_OPTIMIZER_STATE, &n);
  assert_int_equal(n, 2 * n_weights);
  nn_model_vector(m.model, NN_STATISTICS, &n);
  assert_int_equal(n, 2 * 16);

  NnOptions evaluation = {
      .eval_rows = 64, .team = nn_team_solo(1), .cpu = cpu_level(), .gemm = "fixed"};
  NnModel *model;
  MUST(nn_model_new(&m.arena, m.graph, &evaluation, &model, e));
  assert_true(nn_model_bytes(model) + 3 * n_weights * sizeof(Real) <= nn_model_bytes(m.model));
  model_close(&m);
}

static void test_blocks(void **state) {
  (void)state;
  ModelRig m;
  ModelWords w = words();
  model_open(&m, &w);
  static const struct {
    const char *path, *name;
    int rows, cols, offset;
  } expected[] = {
      {"0.dense", "w", 10, 16, 0},
      {"1.batch_norm", "gamma", 16, 1, 160},
      {"1.batch_norm", "beta", 16, 1, 176},
      {"1.batch_norm", "mean", 16, 1, 0},
      {"1.batch_norm", "variance", 16, 1, 16},
      {"4.dense", "w", 16, 8, 192},
      {"4.dense", "b", 8, 1, 320},
      {"6.dense", "w", 8, 4, 328},
      {"6.dense", "b", 4, 1, 360},
  };
  assert_int_equal(nn_model_n_blocks(m.model), COUNT(expected));
  for (int i = 0; i < COUNT(expected); ++i) {
    const NnBlock *b = nn_model_block(m.model, i);
    assert_string_equal(b->path, expected[i].path);
    assert_string_equal(b->name, expected[i].name);
    assert_int_equal(b->rows, expected[i].rows);
    assert_int_equal(b->cols, expected[i].cols);
    assert_int_equal((int)b->offset, expected[i].offset);
  }
  size_t n;
  const Real *v = nn_model_vector(m.model, NN_WEIGHTS, &n);
  assert_true(v[160] == 1 && v[175] == 1 && v[176] == 0 && v[320] == 0); /* gamma, beta, b */
  model_close(&m);
}

/* A loss that is not finite: the score says so, and nothing has changed. */
static void test_divergence(void **state) {
  (void)state;
  ModelRig m;
  ModelWords w = words();
  model_open(&m, &w);
  model_step(&m, 0, ROWS, 0.01);
  static Real before[ROOM], after[ROOM];
  const size_t n = model_state(&m, before, ROOM);
  model_fill(&m, 1, 0, ROWS);
  nn_model_x(m.model)[17] = NAN;
  NnScore score;
  nn_model_step(m.model, ROWS, (NnPlace){.epoch = 1}, 0.01, &score);
  assert_true(!isfinite(score.loss));
  model_state(&m, after, ROOM);
  assert_memory_equal(before, after, n * sizeof(Real));
  assert_int_equal(nn_model_updates(m.model), 1);
  model_close(&m);
}

/* Vectors, number of updates and seed are all there is: a copy goes on with the same bits. */
static void test_restore(void **state) {
  (void)state;
  static Real kept[3][ROOM], first[ROOM], second[ROOM];
  static const NnVector which[] = {NN_WEIGHTS, NN_STATISTICS, NN_OPTIMIZER_STATE};
  ModelRig a, b;
  ModelWords w = words();
  model_open(&a, &w);
  model_open(&b, &w);
  nn_model_init(b.model, 1000);
  for (uint32_t i = 0; i < 5; ++i) model_step(&a, i, ROWS, 0.01);
  for (int k = 0; k < 3; ++k) {
    size_t n;
    Real *v = nn_model_vector(a.model, which[k], &n);
    memcpy(kept[k], v, n * sizeof *v);
    v = nn_model_vector(b.model, which[k], &n);
    memcpy(v, kept[k], n * sizeof *v);
  }
  nn_model_set_counts(b.model, nn_model_updates(a.model), nn_model_batches(a.model));
  nn_model_set_seed(b.model, 42);
  for (uint32_t i = 5; i < 9; ++i) {
    model_step(&a, i, ROWS, 0.01);
    model_step(&b, i, ROWS, 0.01);
  }
  const size_t n = model_state(&a, first, ROOM);
  assert_int_equal(model_state(&b, second, ROOM), n);
  assert_memory_equal(first, second, n * sizeof(Real));
  model_close(&a);
  model_close(&b);
}

static void test_evaluation_leaves_training_alone(void **state) {
  (void)state;
  static Real first[ROOM], second[ROOM];
  ModelRig a, b;
  ModelWords w = words();
  model_open(&a, &w);
  model_open(&b, &w);
  for (uint32_t i = 0; i < 4; ++i) {
    model_step(&a, i, ROWS, 0.01);
    model_step(&b, i, ROWS, 0.01);
    NnScore score;
    model_fill(&b, 77, 0, 64);
    nn_model_evaluate(b.model, 64, &score);
    assert_true(score.rows == 64 && score.correct >= 0 && score.correct <= 64);
  }
  const size_t n = model_state(&a, first, ROOM);
  model_state(&b, second, ROOM);
  assert_memory_equal(first, second, n * sizeof(Real));
  model_close(&a);
  model_close(&b);
}

static void test_shape_errors(void **state) {
  (void)state;
  Arena a;
  arena_init(&a);
  int id = NN_INPUT;
  NnGraph *g = nn_graph_new(&a, 3, (NnTargets){.n_values = 2});
  KindValue dense = nn_case(&a, &nn_layers, "dense", "units: classes");
  Err error = {0};
  assert_int_equal(nn_graph_add(g, dense.kind, dense.config, "hidden.dense", &id, 1, &id, &error),
                   E_SHAPE);
  assert_string_equal(error.text,
                      "hidden.dense: \"units: classes\" needs class labels, but the targets are "
                      "numbers; write the number of outputs");
  dense = nn_case(&a, &nn_layers, "dense", "units: 5");
  MUST(nn_graph_add(g, dense.kind, dense.config, "out", &id, 1, &id, e));
  const KindValue loss = nn_case(&a, &nn_losses, "mean_squared_error", "");
  error = (Err){0};
  assert_int_equal(nn_graph_loss(g, loss.kind, loss.config, id, &error), E_SHAPE);
  assert_true(strncmp(error.text, "out: mean_squared_error: 2 target values a row, but 5 outputs",
                      61) == 0);
  arena_free(&a);
}

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_step_allocates),
      cmocka_unit_test(test_bytes),
      cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_divergence),
      cmocka_unit_test(test_restore),
      cmocka_unit_test(test_evaluation_leaves_training_alone),
      cmocka_unit_test(test_shape_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
