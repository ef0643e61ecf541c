/*
 * `statistics: exact` beside the reference: with the weights fixed, the statistics of a whole
 * training set layer by layer are those of one training forward pass over all of its rows.
 */
#ifndef CAVIAR_EXACT_CHECKS_H
#define CAVIAR_EXACT_CHECKS_H

#include "model_rig.h"
#include "reference_net.h"

#ifdef NN_F64
#define EXACT_NEAR 1e-12
#else
#define EXACT_NEAR 1e-5
#endif

enum { EXACT_FEATURES = 7, EXACT_BATCH = 300, EXACT_ROOM = 2048, EXACT_WIDTH = 25 };

/* Dropout is there so that it would be seen: test mode drops nothing, and the reference has none. */
static const LayerWords exact_layers[] = {
    {"dense", "units: 12"}, {"batch_norm", "statistics: exact"},
    {"relu", ""},           {"dropout", "rate: 0.4"},
    {"dense", "units: 9"},  {"batch_norm", "statistics: exact"},
    {"relu", ""},           {"dense", "units: classes"}};

static inline void exact_open(ModelRig *m, int shards) {
  const ModelWords w = {.layers = exact_layers,
                        .n_layers = COUNT(exact_layers),
                        .features = EXACT_FEATURES,
                        .targets = {.n_classes = 4},
                        .loss = "softmax_cross_entropy",
                        .optimizer = "adam",
                        .gemm = "fixed",
                        .cpu = cpu_level(),
                        .team = nn_team_solo(shards),
                        .batch_rows = REF_MAX_ROWS};
  model_open(m, &w);
}

/* The training set: the first `n` rows of a batch, so many at a time. */
static inline void exact_take(ModelRig *m, int n, int at_a_time) {
  for (int k = 0; k < nn_model_n_exact(m->model); ++k) {
    double moments[EXACT_WIDTH];
    assert_in_range(nn_model_exact_begin(m->model, k), 3, EXACT_WIDTH);
    for (int first = 0; first < n; first += at_a_time) {
      const int rows = n - first < at_a_time ? n - first : at_a_time;
      model_fill(m, EXACT_BATCH, first, rows);
      nn_model_exact_rows(m->model, rows);
    }
    nn_model_exact_part(m->model, moments);
    nn_model_exact_end(m->model, moments);
  }
}

static inline void exact_near(double ours, double theirs, const char *what, int layer, int j) {
  if (!(fabs(ours - theirs) <= EXACT_NEAR * fmax(1, fabs(theirs)))) {
    fail_msg("layer %d, feature %d: %s %.17g, the reference has %.17g", layer, j, what, ours,
             theirs);
  }
}

/* The reference with the model's weights, after a training pass over the first REF_MAX_ROWS rows. */
static inline void exact_reference(ModelRig *m, RefNet *r) {
  size_t n;
  int label[REF_MAX_ROWS] = {0};
  const Real *theta = nn_model_vector(m->model, NN_WEIGHTS, &n);
  *r = (RefNet){.width = {EXACT_FEATURES, 12, 9, 4}, .norm = 1, .n = (int)n};
  for (size_t i = 0; i < n; ++i) r->theta[i] = (double)theta[i];
  model_fill(m, EXACT_BATCH, 0, REF_MAX_ROWS);
  for (int i = 0; i < REF_MAX_ROWS * EXACT_FEATURES; ++i) {
    r->a[0][i / EXACT_FEATURES][i % EXACT_FEATURES] = (double)nn_model_x(m->model)[i];
  }
  ref_forward(r, REF_MAX_ROWS, label, 1);
}

/* In seven chunks: some of the tree's levels are merged twice, some not at all. */
static void test_exact_beside_the_reference(void **state) {
  (void)state;
  static RefNet r;
  ModelRig m;
  exact_open(&m, 2);
  for (uint32_t i = 0; i < 20; ++i) model_step(&m, i, REF_MAX_ROWS, 0.02);
  assert_int_equal(nn_model_n_exact(m.model), 2);
  exact_take(&m, REF_MAX_ROWS, 6);
  exact_reference(&m, &r);
  size_t n, at = 0;
  const Real *v = nn_model_vector(m.model, NN_STATISTICS, &n);
  for (int l = 0; l < 2; ++l) {
    const int d = r.width[l + 1];
    for (int j = 0; j < d; ++j) exact_near((double)v[at + (size_t)j], r.mu[l][j], "mean", l, j);
    at += (size_t)d;
    for (int j = 0; j < d; ++j) exact_near((double)v[at + (size_t)j], r.s2[l][j], "variance", l, j);
    at += (size_t)d;
  }
  assert_int_equal(at, n);

  /* and they are what prediction uses: the same rows, one at a time */
  for (int i = 0; i < REF_MAX_ROWS; ++i) {
    int classes;
    model_fill(&m, EXACT_BATCH, i, 1);
    nn_model_evaluate(m.model, 1, NULL);
    const Real *p = nn_model_output(m.model, &classes);
    for (int j = 0; j < classes; ++j) exact_near((double)p[j], r.a[REF_LAYERS][i][j], "p", 2, j);
  }
  model_close(&m);
}

/* Only the statistics change, training does not see them, and the team does not matter. */
static void test_exact_leaves_training_alone(void **state) {
  (void)state;
  static Real first[EXACT_ROOM], second[EXACT_ROOM];
  ModelRig a, b;
  exact_open(&a, 1);
  exact_open(&b, 1);
  for (uint32_t i = 0; i < 5; ++i) {
    model_step(&a, i, REF_MAX_ROWS, 0.02);
    exact_take(&b, 50, 16);
    model_step(&b, i, REF_MAX_ROWS, 0.02);
  }
  exact_take(&a, 50, 16);
  exact_take(&b, 50, 16);
  const size_t n = model_state(&a, first, EXACT_ROOM);
  assert_int_equal(model_state(&b, second, EXACT_ROOM), n);
  assert_memory_equal(first, second, n * sizeof(Real));
  model_close(&b);

  exact_open(&b, 8);
  size_t n_weights, n_statistics;
  const Real *weights = nn_model_vector(a.model, NN_WEIGHTS, &n_weights);
  memcpy(nn_model_vector(b.model, NN_WEIGHTS, &n_weights), weights, n_weights * sizeof *weights);
  exact_take(&b, 50, 16);
  Real *v = nn_model_vector(a.model, NN_STATISTICS, &n_statistics);
  assert_memory_equal(nn_model_vector(b.model, NN_STATISTICS, &n_weights), v,
                      n_statistics * sizeof *v);
  model_close(&a);
  model_close(&b);
}

/* Before anything is known: mean 0 and variance 1, as with averages. The moments' memory is part of
 * what was announced. */
static void test_exact_when_fresh(void **state) {
  (void)state;
  ModelRig m;
  exact_open(&m, 1);
  size_t n;
  const Real *v = nn_model_vector(m.model, NN_STATISTICS, &n);
  assert_int_equal(n, 2 * (12 + 9));
  assert_int_equal(nn_model_bytes(m.model), m.numbers.used);
  for (size_t i = 0; i < n; ++i) assert_true(v[i] == (Real)(i / 12 == 1 || i >= 24 + 9));
  model_close(&m);
}

static inline int exact_main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exact_beside_the_reference),
      cmocka_unit_test(test_exact_leaves_training_alone),
      cmocka_unit_test(test_exact_when_fresh),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
