/* Costs of a few numbers, by nn/ops.h: golden minima, every optimizer by name, what values go
 * together, and what each op does at its edges. */
#include "op_values.h"
#include "ops_rig.h"

/* ---- J(w) = w^2 - 10 w + 25 = (w - 5)^2 ------------------------------------------------------ */

static int parabola(OpsRig *r, double start) {
  const int w = ops_parameter(r, "w", 1, &start);
  const int linear = ops_two(r, "mul", ops_constant(r, 10), w);
  return ops_two(r, "add", ops_two(r, "sub", ops_two(r, "mul", w, w), linear), ops_constant(r, 25));
}

static void must_be_5(const Real *w) {
  if (!(fabs((double)w[0] - 5) < 0.00005)) fail_msg("w = %.6f, not 5.0000", (double)w[0]);
}

static void test_parabola(void **state) {
  (void)state;
  OpsRig r;
  ops_open(&r, 0);
  ops_minimize(&r, parabola(&r, 0), "adam", "", 1, 1);
  const Real *w = ops_weights(&r);
  assert_true(w[0] == 0);
  assert_true(ops_step(&r, 1, 0.1) == 25);      /* J at 0 */
  assert_true(fabs((double)w[0] - 0.1) < 1e-6); /* Adam's first step is the learning rate */
  for (int i = 1; i < 1000; ++i) ops_step(&r, 1, 0.1);
  must_be_5(w);
  NnScore s;
  nn_model_evaluate(r.model, 1, &s);
  assert_true(fabs(s.loss) < 1e-5 && s.rows == 1);
  ops_close(&r);
}

/* The coefficients come with the data: x = (1, -10, 25), J = x0 w^2 + x1 w + x2. */
static void test_parabola_from_data(void **state) {
  (void)state;
  const double x[] = {1, -10, 25};
  OpsRig r;
  ops_open(&r, 3);
  const int w = ops_parameter(&r, "w", 1, NULL);
  const int second = ops_two(&r, "mul", ops_slice(&r, NN_INPUT, 0, 1), ops_one(&r, "square", w));
  const int first = ops_two(&r, "mul", ops_slice(&r, NN_INPUT, 1, 1), w);
  const int sum = ops_two(&r, "add", second, first);
  ops_minimize(&r, ops_two(&r, "add", sum, ops_slice(&r, NN_INPUT, 2, 1)), "adam", "", 1, 1);
  for (int j = 0; j < 3; ++j) nn_model_x(r.model)[j] = (Real)x[j];
  assert_true(ops_gradient(&r, 1) == 25);
  for (int i = 0; i < 1000; ++i) ops_step(&r, 1, 0.1);
  must_be_5(ops_weights(&r));
  ops_close(&r);
}

/* How far from 5 a run ends, from w = 1; J must have gone down. */
static double distance_after(const char *optimizer, double learning_rate, int steps) {
  OpsRig r;
  ops_open(&r, 0);
  ops_minimize(&r, parabola(&r, 1), optimizer, "", 1, 1);
  const double first = ops_step(&r, 1, learning_rate);
  for (int i = 1; i < steps; ++i) ops_step(&r, 1, learning_rate);
  const double w = (double)ops_weights(&r)[0], last = ops_gradient(&r, 1);
  assert_true(first == 16);
  ops_close(&r);
  return last < first ? fabs(w - 5) : INFINITY;
}

/* The same code with each optimizer: one of a few rates suits it. */
static void test_every_optimizer(void **state) {
  (void)state;
  const double rates[] = {0.1, 0.01, 1};
  for (int i = 0; i < nn_optimizers.n; ++i) {
    const char *name = nn_optimizers.kinds[i]->name;
    double nearest = INFINITY;
    for (int k = 0; k < COUNT(rates); ++k) {
      nearest = fmin(nearest, distance_after(name, rates[k], 3000));
    }
    if (!(nearest < 0.05)) fail_msg("%s ends %g from 5", name, nearest);
  }
}

/* ---- edges ----------------------------------------------------------------------------------- */

/* J = op of constants and w; its value and dJ/dw. */
static void at(const char *op, double a, double b, bool of_a, double *value, double *slope) {
  OpsRig r;
  ops_open(&r, 0);
  const int w = ops_parameter(&r, "w", 1, of_a ? &a : &b);
  const int other = ops_constant(&r, of_a ? b : a);
  ops_minimize(&r, of_a ? ops_two(&r, op, w, other) : ops_two(&r, op, other, w), "sgd", "", 1, 1);
  size_t n;
  *value = ops_gradient(&r, 1);
  *slope = (double)nn_model_vector(r.model, NN_GRADIENTS, &n)[0];
  ops_close(&r);
}

static void test_pow(void **state) {
  (void)state;
  static const struct {
    double a, b, value, slope;
  } rows[] = {
      {-3, 2, 9, -6},        {0, 2, 0, 0},   {-2, 3, -8, 12},       {0, 1, 0, 1},
      {-7, 0, 1, 0},         {0, 0, 1, 0},   {-2, -1, -0.5, -0.25}, {4, 0.5, 2, 0.25},
      {-1, 21, -1, 21},      {-3, 1, -3, 1}, {2, 10, 1024, 5120},   {-0.5, -2, 4, 16},
      {0, 0.5, 0, INFINITY},
  };
  for (int i = 0; i < COUNT(rows); ++i) {
    double value, slope;
    at("pow", rows[i].a, rows[i].b, true, &value, &slope);
    if (value != rows[i].value || slope != rows[i].slope) {
      fail_msg("%g^%g: %g with slope %g", rows[i].a, rows[i].b, value, slope);
    }
  }
}

/* The slope by the exponent: a^b log a; 0 at a = 0; of a negative number there is none. */
static void test_pow_of_a_trained_exponent(void **state) {
  (void)state;
  double value, slope;
  at("pow", 2, 3, false, &value, &slope);
  assert_true(value == 8 && fabs(slope - 8 * log(2)) < 1e-6);
  at("pow", 0, 3, false, &value, &slope);
  assert_true(value == 0 && slope == 0);
  at("pow", -2, 3, false, &value, &slope);
  assert_true(value == -8 && isnan(slope));
}

/* At a kink the slope goes to the first of equals; nan is seen, not hidden. */
static void test_ties(void **state) {
  (void)state;
  static const struct {
    const char *op;
    double a, b, value, slope_a;
  } rows[] = {
      {"max", 2, 2, 2, 1}, {"min", 2, 2, 2, 1}, {"max", 1, 2, 2, 0},
      {"min", 1, 2, 1, 1}, {"max", 2, 1, 2, 1}, {"min", 2, 1, 1, 0},
  };
  for (int i = 0; i < COUNT(rows); ++i) {
    double value, slope;
    at(rows[i].op, rows[i].a, rows[i].b, true, &value, &slope);
    assert_true(value == rows[i].value && slope == rows[i].slope_a);
    at(rows[i].op, rows[i].a, rows[i].b, false, &value, &slope);
    assert_true(value == rows[i].value && slope == 1 - rows[i].slope_a);
  }
  const char *of[] = {"max_of", "min_of"};
  const double start[2][4] = {{1, 3, 3, 2}, {4, 3, 3, 5}};
  for (int i = 0; i < COUNT(of); ++i) {
    OpsRig r;
    ops_open(&r, 0);
    ops_minimize(&r, ops_one(&r, of[i], ops_parameter(&r, "w", 4, start[i])), "sgd", "", 1, 1);
    size_t n;
    assert_true(ops_gradient(&r, 1) == 3);
    const Real *g = nn_model_vector(r.model, NN_GRADIENTS, &n);
    for (int j = 0; j < 4; ++j) assert_true(g[j] == (j == 1));
    ops_close(&r);
  }
}

/* nan wherever it stands; J is then not finite and a step leaves w alone. */
static void test_nan_is_seen(void **state) {
  (void)state;
  const char *binary[] = {"max", "min"}, *unary[] = {"max_of", "min_of", "relu", "abs", "softplus"};
  const double minus = -1;
  for (int i = 0; i < COUNT(binary) * 2 + COUNT(unary); ++i) {
    OpsRig r;
    ops_open(&r, 0);
    const int w = ops_parameter(&r, "w", 1, &minus), bad = ops_one(&r, "log", w);
    int cost;
    if (i < 4) {
      const int fine = ops_constant(&r, 1);
      cost = ops_two(&r, binary[i / 2], i % 2 ? bad : fine, i % 2 ? fine : bad);
    } else {
      cost = ops_one(&r, unary[i - 4], bad);
    }
    ops_minimize(&r, cost, "sgd", "", 1, 1);
    assert_true(isnan(ops_step(&r, 1, 0.1)));
    assert_true(ops_weights(&r)[0] == -1 && nn_model_updates(r.model) == 0);
    ops_close(&r);
  }
}

/* Far out nothing overflows that has a value. */
static void test_far_out(void **state) {
  (void)state;
  static const struct {
    const char *op;
    double x, value, slope;
  } rows[] = {
      {"softplus", 1000, 1000, 1}, {"softplus", -1000, 0, 0}, {"sigmoid", 1000, 1, 0},
      {"sigmoid", -1000, 0, 0},    {"tanh", 1000, 1, 0},      {"exp", -1000, 0, 0},
      {"erf", -1000, -1, 0},       {"log1p", 0, 0, 1},        {"abs", 0, 0, 0},
      {"relu", 0, 0, 0},           {"sqrt", 0, 0, INFINITY},
  };
  for (int i = 0; i < COUNT(rows); ++i) {
    OpsRig r;
    ops_open(&r, 0);
    const int w = ops_parameter(&r, "w", 1, &rows[i].x);
    ops_minimize(&r, ops_one(&r, rows[i].op, w), "sgd", "", 1, 1);
    size_t n;
    const double value = ops_gradient(&r, 1);
    const double slope = (double)nn_model_vector(r.model, NN_GRADIENTS, &n)[0];
    if (value != rows[i].value || slope != rows[i].slope) {
      fail_msg("%s(%g): %g with slope %g", rows[i].op, rows[i].x, value, slope);
    }
    ops_close(&r);
  }
}

/* A graph keeps copies; blocks have the names of their parameters. */
static void test_blocks(void **state) {
  (void)state;
  OpsRig r;
  ops_open(&r, 0);
  double start[] = {0.5, -2};
  char name[] = "weight";
  const int a = ops_parameter(&r, name, 2, start), b = ops_parameter(&r, "bias", 1, NULL);
  name[0] = 'X', start[0] = 99;
  ops_minimize(&r, ops_one(&r, "sum", ops_two(&r, "add", a, b)), "sgd", "", 1, 1);
  assert_int_equal(nn_model_n_blocks(r.model), 2);
  const NnBlock *first = nn_model_block(r.model, 0), *second = nn_model_block(r.model, 1);
  assert_string_equal(first->path, "weight");
  assert_string_equal(first->name, "w");
  assert_true(first->rows == 1 && first->cols == 2 && first->offset == 0);
  assert_string_equal(second->path, "bias");
  const Real *w = ops_weights(&r);
  assert_true(w[0] == (Real)0.5 && w[1] == -2 && w[2] == 0);
  assert_true(ops_gradient(&r, 1) == -1.5);
  ops_close(&r);
}

/* ---- what does not fit ----------------------------------------------------------------------- */

static void must_say(Status status, const Err *e, const char *message) {
  assert_int_equal(status, E_SHAPE);
  assert_string_equal(e->text, message);
}

#define REFUSED(call, message)                                                                     \
  do {                                                                                             \
    Err err = {0}, *e = &err;                                                                      \
    const Status refused_ = (call);                                                                \
    must_say(refused_, e, message);                                                                \
  } while (0)

static void test_messages(void **state) {
  (void)state;
  OpsRig r;
  ops_open(&r, 4);
  NnGraph *g = r.graph;
  const double bad = NAN, three[] = {1, 2, 3};
  const int w = ops_parameter(&r, "w", 2, NULL), c = ops_constants(&r, 3, three);
  const int both[] = {w, c}, unknown = 7;
  int id;
  REFUSED(nn_graph_parameter(g, "w", 1, NULL, &id, e), "w: the name is taken");
  REFUSED(nn_graph_parameter(g, "v", 0, NULL, &id, e), "v: 0 values, at least 1 is needed");
  REFUSED(nn_graph_parameter(g, "v", 1, &bad, &id, e), "v: value 0 is not finite");
  REFUSED(nn_graph_op(g, "add", both, 2, &id, e),
          "2.add: 2 and 3 values do not go together; two vectors of one length do, or a scalar and "
          "any");
  REFUSED(nn_graph_op(g, "dot", both, 2, &id, e), "2.dot: 2 and 3 values; both must have as many");
  REFUSED(nn_graph_op(g, "dot", both, 1, &id, e), "2.dot: takes 2 inputs, found 1");
  REFUSED(nn_graph_op(g, "exp", both, 2, &id, e), "2.exp: takes 1 input, found 2");
  REFUSED(nn_graph_op(g, "sigmoyd", both, 1, &id, e),
          "no op is called \"sigmoyd\"; did you mean \"sigmoid\"?");
  REFUSED(nn_graph_op(g, "exp", &unknown, 1, &id, e), "2.exp: input 7 does not exist");
  REFUSED(nn_graph_slice(g, NN_INPUT, 2, 3, &id, e),
          "2.slice: 3 values from number 2 of 4; numbers count from 0");
  REFUSED(nn_graph_slice(g, w, -1, 1, &id, e),
          "2.slice: 1 values from number -1 of 2; numbers count from 0");
  REFUSED(nn_graph_minimize(g, w, e),
          "w: 2 values cannot be minimised, one can; sum or mean makes one of them");
  REFUSED(nn_graph_minimize(g, c, e),
          "1.constant: depends on no parameter, so there is nothing to train");
  REFUSED(nn_graph_minimize(g, 9, e), "minimize: node 9 does not exist");
  ops_close(&r);
}

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_op_values),
      cmocka_unit_test(test_parabola),
      cmocka_unit_test(test_parabola_from_data),
      cmocka_unit_test(test_every_optimizer),
      cmocka_unit_test(test_pow),
      cmocka_unit_test(test_pow_of_a_trained_exponent),
      cmocka_unit_test(test_ties),
      cmocka_unit_test(test_nan_is_seen),
      cmocka_unit_test(test_far_out),
      cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_messages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
