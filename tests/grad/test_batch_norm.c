/* Batch normalisation against numbers worked by hand: identity, averages for test time, single
 * rows; by shards against each shard alone. */
#include "layer_rig.h"
#include "model_rig.h"

enum { D = 3, ROWS = 6, EPOCHS = 3 };

static void column_moments(const Real *x, int rows, int column, double *mean, double *variance) {
  *mean = *variance = 0;
  for (int i = 0; i < rows; ++i) *mean += x[i * D + column] / rows;
  for (int i = 0; i < rows; ++i) {
    const double off = x[i * D + column] - *mean;
    *variance += off * off / rows; /* biased */
  }
}

/* z_norm has mean 0 and variance 1 (but for eps); gamma = sqrt(s2 + eps), beta = mu give x back. */
static void test_identity(void **state) {
  (void)state;
  const NnCase c = {.params = "eps: 0.01", .features = D};
  const NnLayerKind *kind = nn_layer_at(kind_find(&nn_layers, "batch_norm"), cpu_level());
  for (int shards = 1; shards <= 8; shards *= 2) {
    LayerRig b;
    rig_open(&b, kind, &c, ROWS, shards);
    Real *gamma = b.n.weights[0].v, *beta = b.n.weights[1].v;
    for (int j = 0; j < D; ++j) gamma[j] = 1, beta[j] = 0;
    rig_forward(&b);
    for (int j = 0; j < D; ++j) {
      double mean, variance, of_y, variance_of_y;
      column_moments(b.x, ROWS, j, &mean, &variance);
      column_moments(b.n.y, ROWS, j, &of_y, &variance_of_y);
      assert_true(fabs(of_y) < 1e-14);
      assert_true(fabs(variance_of_y - variance / (variance + 0.01)) < 1e-13);
      gamma[j] = sqrt(variance + 0.01);
      beta[j] = mean;
    }
    rig_forward(&b);
    for (int i = 0; i < ROWS * D; ++i) assert_true(fabs(b.n.y[i] - b.x[i]) < 1e-14);
    rig_close(&b);
  }
}

static const LayerWords norm = {"batch_norm", "decay: 0.7, eps: 0.001"};
static const LayerWords norm_by_shard = {"batch_norm", "decay: 0.7, eps: 0.001, sync: false"};

static void open_norm(ModelRig *m, const LayerWords *layer) {
  const ModelWords w = {.layers = layer,
                        .n_layers = 1,
                        .features = D,
                        .targets = {.n_values = D},
                        .loss = "mean_squared_error",
                        .optimizer = "sgd",
                        .gemm = "fixed",
                        .cpu = cpu_level(),
                        .team = nn_team_solo(2),
                        .batch_rows = ROWS};
  model_open(m, &w);
}

/* v = d v + (1 - d) theta over mini-batches, divided by 1 - d^t; theta the biased variance of the
 * whole batch, also where its two shards are normalised by their own. */
static void check_averages(const LayerWords *layer) {
  ModelRig m;
  open_norm(&m, layer);
  double mean[D] = {0}, variance[D] = {0}, power = 1;
  for (uint32_t t = 0; t < EPOCHS; ++t) {
    model_step(&m, t, ROWS, 0); /* learning rate 0: gamma 1 and beta 0 stay */
    for (int j = 0; j < D; ++j) {
      double mu, s2;
      column_moments(nn_model_x(m.model), ROWS, j, &mu, &s2);
      mean[j] = 0.7 * mean[j] + 0.3 * mu;
      variance[j] = 0.7 * variance[j] + 0.3 * s2;
    }
    power *= 0.7;
  }
  model_fill(&m, 100, 0, ROWS);
  nn_model_evaluate(m.model, ROWS, NULL);
  int d;
  const Real *y = nn_model_output(m.model, &d), *x = nn_model_x(m.model);
  for (int i = 0; i < ROWS * D; ++i) {
    const double mu = mean[i % D] / (1 - power), s2 = variance[i % D] / (1 - power);
    assert_true(fabs(y[i] - (x[i] - mu) / sqrt(s2 + 0.001)) < 1e-13);
  }
  model_close(&m);
}

static void test_averages(void **state) {
  (void)state;
  check_averages(&norm);
  check_averages(&norm_by_shard);
}

/* Elements first .. first + n of `all` have the bits that they have as a whole batch; the gradients
 * of gamma and beta are added to sums. */
static void check_alone(const LayerRig *all, int first, int n, double sums[2 * D]) {
  const NnCase c = {.params = "eps: 0.01", .features = D};
  LayerRig one;
  rig_open(&one, all->kind, &c, n / D, 1);
  memcpy(one.x, all->x + first, (size_t)n * sizeof(Real));
  memcpy(one.r, all->r + first, (size_t)n * sizeof(Real));
  rig_forward(&one), rig_backward(&one);
  assert_memory_equal(all->n.y + first, one.n.y, (size_t)n * sizeof(Real));
  assert_memory_equal(all->n.gx[0] + first, one.n.gx[0], (size_t)n * sizeof(Real));
  for (int j = 0; j < D; ++j) {
    sums[j] += one.n.weights[0].g[j];
    sums[D + j] += one.n.weights[1].g[j];
  }
  rig_close(&one);
}

/* sync: false. A shard of one row gives beta and passes no gradient on. */
static void check_by_shard(int rows, int shards) {
  const NnCase c = {.params = "eps: 0.01, sync: false", .features = D};
  double sums[2 * D] = {0};
  LayerRig all;
  rig_open(&all, nn_layer_at(kind_find(&nn_layers, "batch_norm"), cpu_level()), &c, rows, shards);
  rig_forward(&all), rig_backward(&all);
  const NnTensor *gamma = &all.n.weights[0], *beta = &all.n.weights[1];
  for (int k = 0; k < shards; ++k) {
    const int first = k * rows / shards * D, n = (k + 1) * rows / shards * D - first;
    if (n > D) check_alone(&all, first, n, sums);
    for (int j = 0; j < D && n == D; ++j) {
      assert_true(all.n.y[first + j] == beta->v[j] && all.n.gx[0][first + j] == 0);
      sums[D + j] += all.r[first + j];
    }
  }
  for (int j = 0; j < D; ++j) {
    assert_true(fabs(gamma->g[j] - sums[j]) < 1e-13);
    assert_true(fabs(beta->g[j] - sums[D + j]) < 1e-13);
  }
  rig_close(&all);
}

static void test_by_shard(void **state) {
  (void)state;
  check_by_shard(16, 8);
  check_by_shard(13, 4);
  check_by_shard(11, 8); /* shards of one row */
  check_by_shard(5, 8);  /* and of none */
}

/* Before the first update: mean 0, variance 1. */
static void test_fresh(void **state) {
  (void)state;
  ModelRig m;
  open_norm(&m, &norm);
  model_fill(&m, 100, 0, ROWS);
  nn_model_evaluate(m.model, ROWS, NULL);
  int d;
  const Real *y = nn_model_output(m.model, &d), *x = nn_model_x(m.model);
  for (int i = 0; i < ROWS * D; ++i) assert_true(fabs(y[i] - x[i] / sqrt(1.001)) < 1e-14);
  model_close(&m);
}

/* A row's prediction has the same bits alone and among others. */
static void test_single_row(void **state) {
  (void)state;
  static const LayerWords layers[] = {
      {"dense", "units: 8"}, {"batch_norm", ""}, {"relu", ""}, {"dense", "units: classes"}};
  const ModelWords w = {.layers = layers,
                        .n_layers = COUNT(layers),
                        .features = 5,
                        .targets = {.n_classes = 4},
                        .loss = "softmax_cross_entropy",
                        .optimizer = "adam",
                        .gemm = "fixed",
                        .cpu = cpu_level(),
                        .team = nn_team_solo(1),
                        .batch_rows = 16};
  ModelRig m;
  model_open(&m, &w);
  for (uint32_t i = 0; i < 5; ++i) model_step(&m, i, 16, 0.01);
  int d;
  Real together[20 * 4];
  model_fill(&m, 100, 0, 20);
  nn_model_evaluate(m.model, 20, NULL);
  memcpy(together, nn_model_output(m.model, &d), sizeof together);
  assert_int_equal(d, 4);
  for (int i = 0; i < 20; ++i) {
    model_fill(&m, 100, i, 1);
    nn_model_evaluate(m.model, 1, NULL);
    assert_memory_equal(together + i * 4, nn_model_output(m.model, &d), 4 * sizeof(Real));
  }
  model_close(&m);
}

static void test_one_row_batch_is_refused(void **state) {
  (void)state;
  ModelRig m;
  open_norm(&m, &norm);
  NnOptions o = {.batch_rows = 1,
                 .eval_rows = 8,
                 .team = nn_team_solo(1),
                 .gemm = "fixed",
                 .optimizer = nn_case(&m.arena, &nn_optimizers, "sgd", "")};
  NnModel *model;
  Err e = {0};
  assert_int_equal(nn_model_new(&m.arena, m.graph, &o, &model, &e), E_SHAPE);
  assert_string_equal(e.text, "0.batch_norm: one row has no variance to normalise by; "
                              "set train.batch_size to 2 or more");
  o.optimizer = (KindValue){0}; /* only evaluated: any number of rows */
  Err fine = {0};
  assert_int_equal(nn_model_new(&m.arena, m.graph, &o, &model, &fine), OK);
  model_close(&m);
}

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_identity),   cmocka_unit_test(test_averages),
      cmocka_unit_test(test_by_shard),   cmocka_unit_test(test_fresh),
      cmocka_unit_test(test_single_row), cmocka_unit_test(test_one_row_batch_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
