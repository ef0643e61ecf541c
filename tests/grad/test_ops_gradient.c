/* Gradients of whole costs made of ops, in f64: against formulas written by hand, against the dense
 * layer, against differences; in rows and shards, with values that several nodes read. */
#include "op_values.h"
#include "ops_rig.h"

static Real *gradient_of(OpsRig *r) {
  size_t n;
  return nn_model_vector(r->model, NN_GRADIENTS, &n);
}

static void near(double a, double b, double off, const char *what) {
  if (!(fabs(a - b) <= off)) fail_msg("%s: %.15g is not %.15g", what, a, b);
}

/* ---- Rosenbrock 1960, in D numbers: sum over i of 100 (w[i+1] - w[i]^2)^2 + (1 - w[i])^2 ------ */

enum { D = 6 };

static double rosenbrock(const double *w, double *g) {
  double f = 0;
  for (int i = 0; i < D; ++i) g[i] = 0;
  for (int i = 0; i + 1 < D; ++i) {
    const double off = w[i + 1] - w[i] * w[i];
    f += 100 * off * off + (1 - w[i]) * (1 - w[i]);
    g[i] += -400 * w[i] * off - 2 * (1 - w[i]);
    g[i + 1] += 200 * off;
  }
  return f;
}

static void test_rosenbrock(void **state) {
  (void)state;
  const double start[D] = {-1.2, 1, 0.3, -0.7, 1.1, 0.9};
  OpsRig r;
  ops_open(&r, 0);
  const int w = ops_parameter(&r, "w", D, start);
  const int left = ops_slice(&r, w, 0, D - 1), right = ops_slice(&r, w, 1, D - 1);
  const int valley = ops_two(&r, "sub", right, ops_two(&r, "pow", left, ops_constant(&r, 2)));
  const int slope = ops_two(&r, "sub", ops_constant(&r, 1), left);
  const int steep = ops_two(&r, "mul", ops_constant(&r, 100), ops_one(&r, "square", valley));
  const int terms = ops_two(&r, "add", steep, ops_two(&r, "mul", slope, slope));
  ops_minimize(&r, ops_one(&r, "sum", terms), "adam", "", 1, 1);
  double expected[D];
  const double f = rosenbrock(start, expected);
  near(ops_gradient(&r, 1), f, 1e-11, "J");
  for (int i = 0; i < D; ++i) near(gradient_of(&r)[i], expected[i], 1e-10, "gradient");
  ops_weights(&r)[0] = 0.5; /* there is a local minimum near -1 */
  for (int i = 0; i < 20000; ++i) ops_step(&r, 1, 0.01);
  for (int i = 0; i < D; ++i) near(ops_weights(&r)[i], 1, 1e-3, "the minimum");
  ops_close(&r);
}

/* ---- linear regression on rows: ops beside the dense layer ----------------------------------- */

enum { ROWS = 13, IN = 3 };

static const Real line_w[IN] = {0.3, -1.1, 0.7};
static const Real line_b = 0.4;

static void fill_rows(Real *x, Real *y) {
  nn_case_numbers(21, ROWS * IN, x);
  nn_case_numbers(22, ROWS, y);
}

/* (w, b) and J by a dense layer and mean_squared_error */
static double dense_gradient(int shards, Real g[IN + 1]) {
  OpsRig r;
  ops_open(&r, 0);
  r.graph = nn_graph_new(&r.arena, IN, (NnTargets){.n_values = 1});
  const KindValue dense = nn_case(&r.arena, &nn_layers, "dense", "units: 1, bias: true");
  const KindValue loss = nn_case(&r.arena, &nn_losses, "mean_squared_error", "");
  const int input = NN_INPUT;
  int id = -2;
  MUST(nn_graph_add(r.graph, dense.kind, dense.config, "line", &input, 1, &id, e));
  MUST(nn_graph_loss(r.graph, loss.kind, loss.config, id, e));
  ops_model(&r, "sgd", "", ROWS, shards);
  memcpy(ops_weights(&r), line_w, sizeof line_w);
  ops_weights(&r)[IN] = line_b;
  fill_rows(nn_model_x(r.model), nn_model_values(r.model));
  const double j = ops_gradient(&r, ROWS);
  memcpy(g, gradient_of(&r), (IN + 1) * sizeof *g);
  ops_close(&r);
  return j;
}

/* The same by ops; the data's rows are x, then the target. */
static double ops_line_gradient(int shards, Real g[IN + 1]) {
  OpsRig r;
  ops_open(&r, IN + 1);
  const double b = (double)line_b;
  double start[IN];
  for (int j = 0; j < IN; ++j) start[j] = (double)line_w[j];
  const int w = ops_parameter(&r, "w", IN, start), bias = ops_parameter(&r, "b", 1, &b);
  const int x = ops_slice(&r, NN_INPUT, 0, IN), y = ops_slice(&r, NN_INPUT, IN, 1);
  const int line = ops_two(&r, "add", ops_two(&r, "dot", w, x), bias);
  ops_minimize(&r, ops_one(&r, "square", ops_two(&r, "sub", line, y)), "sgd", "", ROWS, shards);
  Real rows[ROWS * IN], targets[ROWS];
  fill_rows(rows, targets);
  for (int i = 0; i < ROWS; ++i) {
    Real *to = nn_model_x(r.model) + i * (IN + 1);
    memcpy(to, rows + i * IN, IN * sizeof *to);
    to[IN] = targets[i];
  }
  const double j = ops_gradient(&r, ROWS);
  memcpy(g, gradient_of(&r), (IN + 1) * sizeof *g);
  NnScore s;
  nn_model_evaluate(r.model, ROWS, &s);
  near(s.loss / s.rows, j, 1e-15, "evaluated");
  ops_close(&r);
  return j;
}

static void test_linear_regression(void **state) {
  (void)state;
  for (int shards = 1; shards <= 16; shards *= 4) {
    Real dense[IN + 1], ops[IN + 1];
    const double a = dense_gradient(shards, dense), b = ops_line_gradient(shards, ops);
    near(b, a, 1e-14, "J");
    for (int j = 0; j <= IN; ++j) {
      near(ops[j], dense[j], 1e-14, "gradient");
      assert_true(fabs(dense[j]) > 0.01);
    }
  }
}

/* ---- against differences --------------------------------------------------------------------- */

static void check_differences(OpsRig *r, int rows) {
  size_t n;
  Real *w = nn_model_vector(r->model, NN_WEIGHTS, &n), ours[200];
  assert_true(n > 0 && n <= COUNT(ours));
  ops_gradient(r, rows);
  memcpy(ours, gradient_of(r), n * sizeof *ours);
  for (size_t i = 0; i < n; ++i) {
    const Real kept = w[i], h = 1e-3;
    double f[5];
    for (int k = -2; k <= 2; ++k) {
      w[i] = kept + k * h;
      f[k + 2] = ops_gradient(r, rows);
    }
    w[i] = kept;
    const double numeric = (f[0] - 8 * f[1] + 8 * f[3] - f[4]) / (12 * h);
    if (!(fabs(ours[i] - numeric) <= 1e-8 * fmax(fabs(numeric), 0.1))) {
      fail_msg("weight %zu: %.12g, by differences %.12g", i, ours[i], numeric);
    }
  }
}

/* A function of rows in which layers read ops and ops layers; parameters, slices and layers have
 * several readers, the same one twice too; constants and the data stand where no gradient goes. */
static void test_layers_and_ops(void **state) {
  (void)state;
  for (int shards = 1; shards <= 8; shards *= 8) {
    const double start[] = {0.9, -0.4, 1.3}, shift[] = {0.1, 0.2, 0.3}, scale = 1.7;
    OpsRig r;
    ops_open(&r, 5);
    const int w = ops_parameter(&r, "w", 3, start), s = ops_parameter(&r, "s", 1, &scale);
    const int x = ops_slice(&r, NN_INPUT, 1, 3), y = ops_slice(&r, NN_INPUT, 4, 1);
    const int wx = ops_two(&r, "mul", w, ops_two(&r, "add", x, ops_constants(&r, 3, shift)));
    const KindValue dense = nn_case(&r.arena, &nn_layers, "dense", "units: 4, bias: true");
    int hidden = -2;
    MUST(nn_graph_add(r.graph, dense.kind, dense.config, "hidden", &wx, 1, &hidden, e));
    const int bent = ops_one(&r, "tanh", ops_two(&r, "mul", s, hidden));
    const int some = ops_slice(&r, bent, 1, 2), product = ops_two(&r, "mul", some, some);
    const int ratio = ops_two(&r, "div", ops_one(&r, "mean", product), ops_one(&r, "exp", s));
    const int most = ops_one(&r, "max_of", ops_two(&r, "sub", bent, s));
    const int off = ops_two(&r, "sub", ops_two(&r, "mul", ratio, ops_one(&r, "sum", hidden)), y);
    const int costs = ops_two(&r, "add", ops_one(&r, "softplus", off), ops_one(&r, "square", most));
    ops_minimize(&r, ops_two(&r, "add", costs, ops_two(&r, "dot", w, w)), "sgd", "", ROWS, shards);
    nn_case_numbers(31, ROWS * 5, nn_model_x(r.model));
    check_differences(&r, ROWS);
    check_differences(&r, 3); /* fewer rows than shards */
    ops_close(&r);
  }
}

/* J may be a parameter itself. */
static void test_nothing_between(void **state) {
  (void)state;
  OpsRig r;
  ops_open(&r, 0);
  const double start = 3;
  ops_minimize(&r, ops_parameter(&r, "w", 1, &start), "sgd", "", 4, 2);
  near(ops_gradient(&r, 4), 3, 0, "J");
  near(gradient_of(&r)[0], 1, 1e-15, "gradient");
  near(ops_step(&r, 4, 0.5), 3, 0, "J");
  near(ops_weights(&r)[0], 2.5, 1e-15, "w");
  ops_close(&r);
}

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_op_values),         cmocka_unit_test(test_rosenbrock),
      cmocka_unit_test(test_linear_regression), cmocka_unit_test(test_layers_and_ops),
      cmocka_unit_test(test_nothing_between),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
