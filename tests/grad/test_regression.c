/* Models without hidden layers, where the answer is known: least squares, logistic and softmax
 * regression, each against plain code of its own; and class weights in a whole training. */
#include <math.h>
#include "model_rig.h"

enum { ROWS = 40, D = 3 };

static Real x[ROWS * D], noise[ROWS];

/* Rows near a line of no special direction; class 1 is above 0. */
static double line(int i) {
  const Real *v = x + i * D;
  return 1.5 * v[0] - 0.7 * v[1] + 0.2 * v[2] + 0.3 + 0.5 * noise[i];
}

static void make_data(void) {
  nn_case_numbers(31, ROWS * D, x);
  nn_case_numbers(32, ROWS, noise);
}

/* A dense layer alone, from zeros, on all rows at once by gradient descent. */
static void open_model(ModelRig *r, const char *units, const char *loss, NnTargets t) {
  static LayerWords layers[1];
  layers[0] = (LayerWords){"dense", units};
  const ModelWords w = {.layers = layers,
                        .n_layers = 1,
                        .features = D,
                        .targets = t,
                        .loss = loss,
                        .optimizer = "sgd",
                        .gemm = "fixed",
                        .cpu = cpu_level(),
                        .team = nn_team_solo(1),
                        .batch_rows = ROWS};
  model_open(r, &w);
  size_t n;
  Real *weights = nn_model_vector(r->model, NN_WEIGHTS, &n);
  memset(weights, 0, n * sizeof *weights);
  memcpy(nn_model_x(r->model), x, sizeof x);
}

static NnScore descend(ModelRig *r, double rate) {
  NnScore s;
  nn_model_step(r->model, ROWS, (NnPlace){.epoch = 1}, rate, &s);
  return s;
}

static void near(double a, double b, double off) {
  if (!(fabs(a - b) <= off)) fail_msg("%.15g is not %.15g", a, b);
}

/* ---- linear regression ----------------------------------------------------------------------- */

/* w of the normal equations A'A w = A'y, A = (x, 1), by elimination. */
static void least_squares(double w[D + 1]) {
  double m[D + 1][D + 2] = {{0}};
  for (int i = 0; i < ROWS; ++i) {
    double row[D + 2] = {x[i * D], x[i * D + 1], x[i * D + 2], 1, line(i)};
    for (int j = 0; j <= D; ++j)
      for (int k = 0; k <= D + 1; ++k) m[j][k] += row[j] * row[k];
  }
  for (int j = 0; j <= D; ++j)
    for (int i = 0; i <= D; ++i) {
      const double factor = i == j ? 0 : m[i][j] / m[j][j];
      for (int k = 0; k <= D + 1; ++k) m[i][k] -= factor * m[j][k];
    }
  for (int j = 0; j <= D; ++j) w[j] = m[j][D + 1] / m[j][j];
}

static void test_least_squares(void **state) {
  (void)state;
  ModelRig r;
  double expected[D + 1];
  least_squares(expected);
  open_model(&r, "units: 1", "mean_squared_error", (NnTargets){.n_values = 1});
  for (int i = 0; i < ROWS; ++i) nn_model_values(r.model)[i] = line(i);
  for (int t = 0; t < 2000; ++t) descend(&r, 0.3);
  size_t n;
  const Real *w = nn_model_vector(r.model, NN_WEIGHTS, &n);
  assert_int_equal(n, D + 1);
  for (int j = 0; j <= D; ++j) near(w[j], expected[j], 1e-12);
  assert_true(fabs(expected[0] - 1.5) < 0.3 && fabs(expected[D]) > 0.05); /* a line worth finding */
  model_close(&r);
}

/* ---- logistic and softmax regression --------------------------------------------------------- */

static int class_of(int i) {
  return line(i) > 0;
}

/* J = -1/m sum y log p + (1 - y) log(1 - p); w -= rate dJ/dw. Returns J before the step. */
static double logistic_step(double rate, double w[D + 1]) {
  double g[D + 1] = {0}, loss = 0;
  for (int i = 0; i < ROWS; ++i) {
    double z = w[D];
    for (int j = 0; j < D; ++j) z += w[j] * x[i * D + j];
    const double p = 1 / (1 + exp(-z)), y = class_of(i);
    loss -= y * log(p) + (1 - y) * log(1 - p);
    for (int j = 0; j < D; ++j) g[j] += (p - y) * x[i * D + j];
    g[D] += p - y;
  }
  for (int j = 0; j <= D; ++j) w[j] -= rate * g[j] / ROWS;
  return loss / ROWS;
}

static void test_logistic_regression(void **state) {
  (void)state;
  ModelRig r;
  double expected[D + 1] = {0};
  size_t n;
  open_model(&r, "units: 1", "sigmoid_cross_entropy", (NnTargets){.n_classes = 2});
  for (int i = 0; i < ROWS; ++i) nn_model_values(r.model)[i] = class_of(i);
  for (int t = 0; t < 300; ++t) {
    const NnScore s = descend(&r, 0.5);
    near(s.loss / s.rows, logistic_step(0.5, expected), 1e-12);
  }
  const Real *w = nn_model_vector(r.model, NN_WEIGHTS, &n);
  for (int j = 0; j <= D; ++j) near(w[j], expected[j], 1e-12);
  assert_true(expected[0] > 1); /* it has learnt something */
  model_close(&r);
}

/* Two classes by softmax: from equal starts w1 - w0 is logistic regression at twice the rate. */
static void test_softmax_is_logistic(void **state) {
  (void)state;
  ModelRig soft, logistic;
  size_t n;
  int classes[2] = {0, 0};
  open_model(&soft, "units: classes", "softmax_cross_entropy", (NnTargets){.n_classes = 2});
  open_model(&logistic, "units: 1", "sigmoid_cross_entropy", (NnTargets){.n_classes = 2});
  Real *w = nn_model_vector(soft.model, NN_WEIGHTS, &n); /* w (D, 2), b (2) */
  const Real *v = nn_model_vector(logistic.model, NN_WEIGHTS, &n);
  for (int j = 0; j < 2 * (D + 1); ++j) w[j] = 0.25; /* equal, not zero */
  for (int i = 0; i < ROWS; ++i) {
    nn_model_labels(soft.model)[i] = class_of(i);
    nn_model_values(logistic.model)[i] = class_of(i);
    ++classes[class_of(i)];
  }
  assert_true(classes[0] > 8 && classes[1] > 8);
  for (int t = 0; t < 50; ++t) {
    const NnScore a = descend(&soft, 0.2), b = descend(&logistic, 0.4);
    near(a.loss, b.loss, 1e-12);
    for (int j = 0; j <= D; ++j) near(w[2 * j + 1] - w[2 * j], v[j], 1e-13);
  }
  assert_true(fabs(v[0]) > 0.5);
  model_close(&soft);
  model_close(&logistic);
}

/* ---- class weights in a training ------------------------------------------------------------- */

static void open_weighted(ModelRig *r, const char *params, const double *class_rows, int shards) {
  static const LayerWords layers[] = {{"dense", "units: 4"}, {"tanh", ""}, {"dense", "units: 3"}};
  const ModelWords w = {.layers = layers,
                        .n_layers = COUNT(layers),
                        .features = D,
                        .targets = {.n_classes = 3},
                        .loss = "softmax_cross_entropy",
                        .loss_params = params,
                        .class_rows = class_rows,
                        .optimizer = "sgd",
                        .gemm = "fixed",
                        .cpu = cpu_level(),
                        .team = nn_team_solo(shards),
                        .batch_rows = ROWS};
  model_open(r, &w);
}

/* balanced is n / (C n_c), the same bits as those weights written out; evaluation is plain. */
static void test_balanced(void **state) {
  (void)state;
  const double rows[] = {30, 6, 12}; /* 48 / (3 n_c) */
  ModelRig balanced, written, plain;
  Real a[64], b[64], c[64];
  open_weighted(&balanced, "label_smoothing: 0.1, class_weights: balanced", rows, 4);
  open_weighted(&written,
                "label_smoothing: 0.1, "
                "class_weights: [0.5333333333333333,2.6666666666666665,1.3333333333333333]",
                NULL, 4);
  open_weighted(&plain, "", NULL, 4);
  for (uint32_t t = 1; t <= 5; ++t) {
    const NnScore s = model_step(&balanced, t, ROWS, 0.1);
    assert_true(s.loss == model_step(&written, t, ROWS, 0.1).loss);
    assert_true(s.loss != model_step(&plain, t, ROWS, 0.1).loss);
  }
  const size_t n = model_state(&balanced, a, COUNT(a));
  assert_int_equal(model_state(&written, b, COUNT(b)), n);
  assert_memory_equal(a, b, n * sizeof *a);
  assert_int_equal(model_state(&plain, c, COUNT(c)), n);
  assert_memory_not_equal(a, c, n * sizeof *a);

  size_t n_weights;
  memcpy(nn_model_vector(plain.model, NN_WEIGHTS, &n_weights), a, n * sizeof *a);
  NnScore ours, theirs;
  model_fill(&balanced, 9, 0, 20);
  model_fill(&plain, 9, 0, 20);
  nn_model_evaluate(balanced.model, 20, &ours);
  nn_model_evaluate(plain.model, 20, &theirs);
  assert_true(ours.loss == theirs.loss && ours.loss > 0);
  model_close(&balanced);
  model_close(&written);
  model_close(&plain);
}

/* A class that the training part lacks has weight 0 and breaks nothing. */
static void test_balanced_without_a_class(void **state) {
  (void)state;
  const double rows[] = {20, 0, 20};
  ModelRig r;
  open_weighted(&r, "class_weights: balanced", rows, 1);
  model_fill(&r, 1, 0, ROWS);
  for (int i = 0; i < ROWS; ++i) nn_model_labels(r.model)[i] = i < 3 ? 1 : 0;
  NnScore s, all;
  nn_model_gradient(r.model, ROWS, (NnPlace){.epoch = 1}, &s);
  assert_true(s.loss > 0 && isfinite(s.loss));
  for (int i = 0; i < ROWS; ++i) nn_model_labels(r.model)[i] = 1;
  nn_model_gradient(r.model, ROWS, (NnPlace){.epoch = 1}, &all);
  assert_true(all.loss == 0);
  model_close(&r);
}

int main(void) {
  make_data();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_least_squares),
      cmocka_unit_test(test_logistic_regression),
      cmocka_unit_test(test_softmax_is_logistic),
      cmocka_unit_test(test_balanced),
      cmocka_unit_test(test_balanced_without_a_class),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
