/*
 * nn_model_observe: what each node reads, held against sums written out here from the weights alone
 * (a slot of memory that somebody had overwritten would show), and a training that is not disturbed.
 */
#include <math.h>
#include "model_rig.h"

enum { ROWS = 5, FEATURES = 3, HIDDEN = 4, CLASSES = 2, NODES = 5, ROOM = 256 };

static const LayerWords layers[NODES] = {{"dense", "units: 4"},
                                         {"tanh", ""},
                                         {"dropout", "rate: 0.5"},
                                         {"relu", ""},
                                         {"dense", "units: classes"}};

static ModelWords words(void) {
  return (ModelWords){.layers = layers,
                      .n_layers = NODES,
                      .features = FEATURES,
                      .targets = {.n_classes = CLASSES},
                      .loss = "softmax_cross_entropy",
                      .optimizer = "adam",
                      .gemm = "fixed",
                      .cpu = cpu_level(),
                      .team = nn_team_solo(2),
                      .batch_rows = ROWS};
}

typedef struct {
  int n, node[2 * NODES], d[2 * NODES];
  Real x[2 * NODES][ROWS * HIDDEN];
} Seen;

static void see(void *ctx, int node, int input, const Real *x, int rows, int d) {
  Seen *s = ctx;
  assert_int_equal(rows, ROWS);
  assert_int_equal(input, 0);
  assert_true(s->n < 2 * NODES && d <= HIDDEN);
  s->node[s->n] = node;
  s->d[s->n] = d;
  memcpy(s->x[s->n++], x, sizeof(Real) * (size_t)(rows * d));
}

/* y (ROWS, out) = x (ROWS, in) w + b, with w and b from `at` in the weights. */
static void dense(const double *x, int in, int out, const Real *w, double *y) {
  for (int i = 0; i < ROWS; ++i) {
    for (int j = 0; j < out; ++j) {
      double sum = (double)w[in * out + j];
      for (int k = 0; k < in; ++k) sum += x[i * in + k] * (double)w[k * out + j];
      y[i * out + j] = sum;
    }
  }
}

static void check(const Seen *s, int k, int node, const double *expected, int d) {
  assert_int_equal(s->node[k], node);
  assert_int_equal(s->d[k], d);
  for (int i = 0; i < ROWS * d; ++i) {
    assert_true(fabs((double)s->x[k][i] - expected[i]) < 1e-5);
  }
}

static void test_inputs_of_every_node(void **state) {
  (void)state;
  ModelRig m;
  ModelWords w = words();
  model_open(&m, &w);
  for (uint32_t i = 0; i < 3; ++i) model_step(&m, i, ROWS, 0.05);
  model_fill(&m, 9, 0, ROWS);
  double x[ROWS * FEATURES], z[ROWS * HIDDEN], a[ROWS * HIDDEN], r[ROWS * HIDDEN],
      out[ROWS * CLASSES];
  for (int i = 0; i < COUNT(x); ++i) x[i] = (double)nn_model_x(m.model)[i];
  size_t n;
  const Real *v = nn_model_vector(m.model, NN_WEIGHTS, &n);
  dense(x, FEATURES, HIDDEN, v, z);
  for (int i = 0; i < COUNT(z); ++i) a[i] = tanh(z[i]);
  for (int i = 0; i < COUNT(a); ++i) r[i] = fmax(a[i], 0);
  dense(r, HIDDEN, CLASSES, v + FEATURES * HIDDEN + HIDDEN, out);

  Seen s = {0};
  nn_model_observe(m.model, ROWS, see, &s);
  assert_int_equal(s.n, NODES + 1);
  check(&s, 0, 0, x, FEATURES);
  check(&s, 1, 1, z, HIDDEN);
  check(&s, 2, 2, a, HIDDEN); /* what dropout reads, */
  check(&s, 3, 3, a, HIDDEN); /*   and leaves alone at test time */
  check(&s, 4, 4, r, HIDDEN);
  check(&s, 5, NODES, out, CLASSES);
  model_close(&m);
}

static void test_names(void **state) {
  (void)state;
  ModelRig m;
  ModelWords w = words();
  model_open(&m, &w);
  assert_int_equal(nn_model_n_nodes(m.model), NODES);
  for (int i = 0; i < NODES; ++i) {
    assert_string_equal(nn_model_node_path(m.model, i),
                        arena_printf(&m.arena, "%d.%s", i, layers[i].kind));
    assert_ptr_equal(nn_model_node_kind(m.model, i), kind_find(&nn_layers, layers[i].kind));
  }
  model_close(&m);
}

static void see_nothing(void *ctx, int node, int input, const Real *x, int rows, int d) {
  (void)ctx, (void)node, (void)input, (void)x, (void)rows, (void)d;
}

static void test_training_goes_on_as_if_not_observed(void **state) {
  (void)state;
  static Real first[ROOM], second[ROOM];
  ModelRig a, b;
  ModelWords w = words();
  model_open(&a, &w);
  model_open(&b, &w);
  for (uint32_t i = 0; i < 4; ++i) {
    model_step(&a, i, ROWS, 0.05);
    model_step(&b, i, ROWS, 0.05);
    model_fill(&b, 77, 0, 64);
    nn_model_observe(b.model, 64, see_nothing, NULL);
  }
  const size_t n = model_state(&a, first, ROOM);
  assert_int_equal(model_state(&b, second, ROOM), n);
  assert_memory_equal(first, second, n * sizeof(Real));
  model_close(&a);
  model_close(&b);
}

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_inputs_of_every_node),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_training_goes_on_as_if_not_observed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
