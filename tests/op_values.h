/* Every op of nn_ops beside the C library, on its own cases: f32 (tests/unit) and f64 (tests/grad). */
#ifndef CAVIAR_OP_VALUES_H
#define CAVIAR_OP_VALUES_H

#include "layer_rig.h"

static double op_neg(double x) {
  return -x;
}
static double op_sigmoid(double x) {
  return 1 / (1 + exp(-x));
}
static double op_square(double x) {
  return x * x;
}
static double op_relu(double x) {
  return x > 0 ? x : 0;
}
static double op_softplus(double x) {
  return log(1 + exp(x));
}
static double op_add(double a, double b) {
  return a + b;
}
static double op_sub(double a, double b) {
  return a - b;
}
static double op_mul(double a, double b) {
  return a * b;
}
static double op_div(double a, double b) {
  return a / b;
}
static double op_sum(int d, const double *a, const double *b) {
  (void)b;
  double sum = 0;
  for (int j = 0; j < d; ++j) sum += a[j];
  return sum;
}
static double op_mean(int d, const double *a, const double *b) {
  return op_sum(d, a, b) / d;
}
static double op_max_of(int d, const double *a, const double *b) {
  (void)b;
  double most = -INFINITY;
  for (int j = 0; j < d; ++j) most = fmax(most, a[j]);
  return most;
}
static double op_min_of(int d, const double *a, const double *b) {
  (void)b;
  double least = INFINITY;
  for (int j = 0; j < d; ++j) least = fmin(least, a[j]);
  return least;
}
static double op_dot(int d, const double *a, const double *b) {
  double sum = 0;
  for (int j = 0; j < d; ++j) sum += a[j] * b[j];
  return sum;
}

static const struct {
  const char *name;
  double (*one)(double);
  double (*two)(double, double);
  double (*row)(int, const double *, const double *);
} op_references[] = {
    {"neg", .one = op_neg},
    {"exp", .one = exp},
    {"log", .one = log},
    {"log1p", .one = log1p},
    {"tanh", .one = tanh},
    {"sigmoid", .one = op_sigmoid},
    {"sqrt", .one = sqrt},
    {"abs", .one = fabs},
    {"sin", .one = sin},
    {"cos", .one = cos},
    {"square", .one = op_square},
    {"relu", .one = op_relu},
    {"softplus", .one = op_softplus},
    {"erf", .one = erf},
    {"add", .two = op_add},
    {"sub", .two = op_sub},
    {"mul", .two = op_mul},
    {"div", .two = op_div},
    {"pow", .two = pow},
    {"max", .two = fmax},
    {"min", .two = fmin},
    {"sum", .row = op_sum},
    {"mean", .row = op_mean},
    {"max_of", .row = op_max_of},
    {"min_of", .row = op_min_of},
    {"dot", .row = op_dot},
};

/* Element j of a row of y. a, b: rows of the inputs, of widths in[]. */
static double op_expected(const char *name, const int *in, const double *a, const double *b,
                          int j) {
  for (int i = 0; i < COUNT(op_references); ++i) {
    if (strcmp(op_references[i].name, name) != 0) continue;
    if (op_references[i].row) return op_references[i].row(in[0], a, b);
    const double x = a[in[0] == 1 ? 0 : j];
    return op_references[i].one ? op_references[i].one(x)
                                : op_references[i].two(x, b[in[1] == 1 ? 0 : j]);
  }
  fail_msg("op %s: no reference in the test", name);
  return 0;
}

static void check_op_values(const NnLayerKind *kind, const NnCase *c) {
  enum { WIDEST = 8, N_ROWS = 7 };
  const double off = sizeof(Real) == 8 ? 1e-14 : 1e-6;
  LayerRig r;
  rig_open(&r, kind, c, N_ROWS, 1);
  rig_forward(&r);
  for (int i = 0; i < N_ROWS; ++i) {
    double row[2][WIDEST] = {{0}};
    for (int k = 0; k < r.n.n_inputs; ++k) {
      assert_true(r.n.in[k] <= WIDEST);
      for (int j = 0; j < r.n.in[k]; ++j) row[k][j] = (double)r.n.x[k][i * r.n.in[k] + j];
    }
    for (int j = 0; j < r.n.d; ++j) {
      const double y = (double)r.n.y[i * r.n.d + j];
      const double expected = op_expected(kind->head.name, r.n.in, row[0], row[1], j);
      if (fabs(y - expected) <= off * fmax(1, fabs(expected))) continue;
      fail_msg("%s, row %d, element %d: %.17g, not %.17g", kind->head.name, i, j, y, expected);
    }
  }
  rig_close(&r);
}

static void test_op_values(void **state) {
  (void)state;
  assert_int_equal(nn_ops.n, COUNT(op_references));
  for (int i = 0; i < nn_ops.n; ++i) {
    const NnLayerKind *kind = nn_layer_at(nn_ops.kinds[i], cpu_level());
    for (int k = 0; k < kind->n_cases; ++k) check_op_values(kind, &kind->cases[k]);
  }
}

#endif
