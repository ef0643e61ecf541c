/*
 * Activations and layer norm against plain formulas in f64: also far from 0, where a careless
 * formula overflows or loses its digits, and a nan stays a nan.
 */
#include <math.h>
#include "layer_rig.h"

/* ---- the formulas ---------------------------------------------------------------------------- */

static double elu(double x) {
  return x > 0 ? x : 0.3 * expm1(x);
}
static double elu_slope(double x) {
  return x > 0 ? 1 : 0.3 * exp(x);
}
static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}
static double softplus(double x) {
  return x > 40 ? x : log1p(exp(x));
}
static double swish(double x) {
  return x * sigmoid(x);
}
static double swish_slope(double x) {
  const double s = sigmoid(x), at_end = x > 0 ? 1 : 0;
  return fabs(x) > 700 ? at_end : s + x * s * (1 - s);
}
static double normal(double x) {
  return 0.5 * erfc(-x / sqrt(2));
}
static double gelu(double x) {
  return x * normal(x);
}
static double gelu_slope(double x) {
  return normal(x) + x * exp(-x * x / 2) / sqrt(2 * acos(-1));
}
static double hard_tanh(double x) {
  return fmin(fmax(x, -2), 1);
}
static double hard_tanh_slope(double x) {
  return x > -2 && x < 1 ? 1 : 0;
}

static const struct {
  const char *kind, *params;
  double (*f)(double), (*slope)(double);
  double floor; /* errors below are none: of 1 + erf far below 0 */
} rows[] = {
    {"elu", "alpha: 0.3", elu, elu_slope, 1e-37},
    {"softplus", "", softplus, sigmoid, 1e-37},
    {"swish", "", swish, swish_slope, 1e-37},
    {"gelu", "", gelu, gelu_slope, 1e-6},
    {"hard_tanh", "min: -2, max: 1", hard_tanh, hard_tanh_slope, 0},
};

static const float points[] = {-3e38f, -1e4f,  -80,    -30,     -6, -3.5f,  -1.5f,
                               -1,     -0.25f, -1e-3f, -1e-20f, 0,  1e-20f, 1e-3f,
                               0.5f,   1,      2.5f,   7,       50, 1e4f,   3e38f};

static void open_layer(LayerRig *b, const char *kind, const char *params, int features,
                       int n_rows) {
  const NnCase c = {.params = params, .features = features};
  rig_open(b, nn_layer_at(nn_case_layer(kind), cpu_level()), &c, n_rows, 1);
}

static bool near(double got, double want, double floor) {
  return fabs(got - want) <= 4e-6 * fabs(want) + floor;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_values_and_slopes(void **state) {
  (void)state;
  for (int i = 0; i < COUNT(rows); ++i) {
    LayerRig b;
    open_layer(&b, rows[i].kind, rows[i].params, COUNT(points), 1);
    for (int j = 0; j < COUNT(points); ++j) b.x[j] = points[j], b.r[j] = -2;
    rig_forward(&b);
    rig_backward(&b);
    for (int j = 0; j < COUNT(points); ++j) {
      const double x = (double)points[j], y = rows[i].f(x), gx = -2 * rows[i].slope(x);
      if (!near((double)b.n.y[j], y, rows[i].floor) || !near((double)b.n.gx[0][j], gx, 2e-6)) {
        fail_msg("%s at %g: y %.9g, expected %.9g; gx %.9g, expected %.9g", rows[i].kind, x,
                 (double)b.n.y[j], y, (double)b.n.gx[0][j], gx);
      }
    }
    rig_close(&b);
  }
}

/* Every activation: a diverged trial is seen. */
static void test_nan_stays(void **state) {
  (void)state;
  for (int i = 0; i < nn_activations.n; ++i) {
    LayerRig b;
    open_layer(&b, nn_activations.kinds[i]->name, "", 19, 1);
    b.x[0] = b.x[18] = NAN;
    rig_forward(&b);
    for (int j = 0; j < 19; ++j) {
      if (isnan(b.n.y[j]) != (j % 18 == 0)) fail_msg("%s: y[%d]", b.kind->head.name, j);
    }
    rig_close(&b);
  }
}

/* Mean 0, variance 1 but for eps; with gamma = sqrt(variance + eps), beta = mean the identity. */
static void test_layer_norm(void **state) {
  (void)state;
  enum { D = 37 };
  LayerRig b;
  open_layer(&b, "layer_norm", "eps: 0.01", D, 1);
  double mean = 0, variance = 0, of_y = 0, variance_of_y = 0;
  Real *gamma = b.n.weights[0].v, *beta = b.n.weights[1].v;
  for (int j = 0; j < D; ++j) gamma[j] = 1, beta[j] = 0, mean += (double)b.x[j] / D;
  for (int j = 0; j < D; ++j) variance += pow((double)b.x[j] - mean, 2) / D;
  rig_forward(&b);
  for (int j = 0; j < D; ++j) of_y += (double)b.n.y[j] / D;
  for (int j = 0; j < D; ++j) variance_of_y += pow((double)b.n.y[j] - of_y, 2) / D;
  assert_true(fabs(of_y) < 1e-6);
  assert_true(fabs(variance_of_y - variance / (variance + 0.01)) < 1e-5);
  for (int j = 0; j < D; ++j) gamma[j] = (Real)sqrt(variance + 0.01), beta[j] = (Real)mean;
  rig_forward(&b);
  for (int j = 0; j < D; ++j) assert_true(fabsf(b.n.y[j] - b.x[j]) < 1e-6f);
  rig_close(&b);
}

/* A row has the same bits among others and alone, in training and in evaluation. */
static void test_layer_norm_rows(void **state) {
  (void)state;
  enum { D = 50, ROWS = 7 };
  LayerRig many, one;
  open_layer(&many, "layer_norm", "", D, ROWS);
  open_layer(&one, "layer_norm", "", D, 1);
  rig_forward(&many);
  one.step.training = false;
  one.n.y = (Real *)one.n.x[0]; /* in place */
  for (int i = 0; i < ROWS; ++i) {
    memcpy(one.x, many.x + i * D, D * sizeof(Real));
    rig_forward(&one);
    assert_memory_equal(one.n.y, many.n.y + i * D, D * sizeof(Real));
  }
  rig_close(&many);
  rig_close(&one);
}

static void test_one_feature_is_refused(void **state) {
  (void)state;
  Arena a;
  arena_init(&a);
  NnGraph *g = nn_graph_new(&a, 1, (NnTargets){.n_classes = 2});
  const KindValue v = nn_case(&a, &nn_layers, "layer_norm", "");
  const int input = NN_INPUT;
  int id;
  Err e = {0};
  assert_int_equal(nn_graph_add(g, v.kind, v.config, "norm", &input, 1, &id, &e), E_SHAPE);
  assert_string_equal(e.text, "norm: one feature has no variance to normalise by; give the layer "
                              "before it 2 or more");
  arena_free(&a);
}

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values_and_slopes),
      cmocka_unit_test(test_nan_stays),
      cmocka_unit_test(test_layer_norm),
      cmocka_unit_test(test_layer_norm_rows),
      cmocka_unit_test(test_one_feature_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
