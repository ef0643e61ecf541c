/*
 * The gradient of whole networks against central differences: buffers shared between layers, layers
 * read by several others, and layers without gradient are right only if every coordinate is.
 */
#include <math.h>
#include "model_rig.h"

enum { ROWS = 11, STEP_ROWS = 16 };

static double objective(NnModel *m) {
  NnScore s;
  nn_model_gradient(m, ROWS, (NnPlace){.epoch = 1, .position = 5}, &s);
  return s.loss / s.rows;
}

static void check_model(NnModel *m, const char *what) {
  size_t n;
  Real *w = nn_model_vector(m, NN_WEIGHTS, &n), *g = nn_model_vector(m, NN_GRADIENTS, &n),
       ours[4000];
  assert_true(n > 0 && n <= COUNT(ours));
  objective(m);
  memcpy(ours, g, n * sizeof *g);
  for (size_t i = 0; i < n; ++i) {
    const Real kept = w[i];
    double f[5];
    const double h = 1e-4;
    for (int k = -2; k <= 2; ++k) {
      w[i] = kept + k * h;
      f[k + 2] = objective(m);
    }
    w[i] = kept;
    const double numeric = (f[0] - 8 * f[1] + 8 * f[3] - f[4]) / (12 * h);
    if (!(fabs(ours[i] - numeric) <= 1e-7 * fmax(fabs(numeric), 0.01))) {
      fail_msg("%s: weight %zu: %.12g, by differences %.12g", what, i, ours[i], numeric);
    }
  }
}

static void check_words(const LayerWords *layers, int n, int shards) {
  const ModelWords w = {.layers = layers,
                        .n_layers = n,
                        .features = 5,
                        .targets = {.n_classes = 3},
                        .loss = "softmax_cross_entropy",
                        .optimizer = "sgd",
                        .gemm = "openblas",
                        .cpu = cpu_level(),
                        .team = nn_team_solo(shards),
                        .batch_rows = STEP_ROWS};
  ModelRig m;
  model_open(&m, &w);
  model_fill(&m, 1, 0, ROWS);
  check_model(m.model, layers[0].kind);
  model_close(&m);
}

static void test_chains(void **state) {
  (void)state;
  static const LayerWords deep[] = {{"dense", "units: 6"},
                                    {"batch_norm", ""},
                                    {"sigmoid", ""},
                                    {"dropout", "rate: 0.3"},
                                    {"dense", "units: 4, bias: true"},
                                    {"tanh", ""},
                                    {"batch_norm", ""},
                                    {"dense", "units: classes"}};
  static const LayerWords starts_without_weights[] = {
      {"dropout", "rate: 0.2"}, {"tanh", ""},    {"dense", "units: 5"},
      {"dropout", ""},          {"dropout", ""}, {"dense", "units: classes"},
      {"batch_norm", ""}};
  static const LayerWords logistic[] = {{"dense", "units: classes"}};
  for (int shards = 1; shards <= 4; shards *= 4) {
    check_words(deep, COUNT(deep), shards);
    check_words(starts_without_weights, COUNT(starts_without_weights), shards);
    check_words(logistic, COUNT(logistic), shards);
  }
}

/* ---- a graph with branches: a kind of the test's own that multiplies its two inputs ---------- */

static Status product_plan(const NnPlan *p, NnNode *n, Err *e) {
  CHECK(e, p->in[0] == p->in[1], E_SHAPE, "product: %d and %d features", p->in[0], p->in[1]);
  n->d = p->in[0];
  return OK;
}

static void product_forward(const NnStep *s, NnNode *n) {
  for (int i = 0; i < s->rows * n->d; ++i) n->y[i] = n->x[0][i] * n->x[1][i];
}

static void product_backward(const NnStep *s, NnNode *n) {
  for (int k = 0; k < 2; ++k) {
    for (int i = 0; i < s->rows * n->d && n->gx[k]; ++i) n->gx[k][i] = n->gy[i] * n->x[1 - k][i];
  }
}

static const NnLayerKind product = {.head = {.name = "product"},
                                    .plan = product_plan,
                                    .forward = product_forward,
                                    .backward = product_backward};

typedef struct {
  Arena arena;
  NnGraph *graph;
} Branches;

static int add(Branches *b, const Kind *kind, const char *params, int n_inputs, int first,
               int second) {
  const KindValue v = kind->n_params || kind->config_size ? nn_case_config(&b->arena, kind, params)
                                                          : (KindValue){.kind = kind};
  const int inputs[] = {first, second};
  int id = -2;
  MUST(nn_graph_add(b->graph, kind, v.config, kind->name, inputs, n_inputs, &id, e));
  return id;
}

static int named(Branches *b, const char *name, const char *params, int input) {
  return add(b, kind_find(&nn_layers, name), params, 1, input, 0);
}

static NnOptions branch_options(Branches *b) {
  return (NnOptions){.batch_rows = STEP_ROWS,
                     .eval_rows = 8,
                     .team = nn_team_solo(2),
                     .cpu = cpu_level(),
                     .gemm = "fixed",
                     .optimizer = nn_case(&b->arena, &nn_optimizers, "sgd", "")};
}

static NnModel *open_branches(Branches *b, int out, Arena *numbers) {
  const KindValue loss = nn_case(&b->arena, &nn_losses, "softmax_cross_entropy", "");
  const NnOptions o = branch_options(b);
  NnModel *model;
  MUST(nn_graph_loss(b->graph, loss.kind, loss.config, out, e));
  MUST(nn_model_new(&b->arena, b->graph, &o, &model, e));
  MUST(nn_model_open(model, numbers, e));
  nn_model_init(model, 3);
  return model;
}

/* a = tanh(dense x) is read by a dense layer, by a product with itself, by dropout, and by the last
 * product. */
static void test_branches(void **state) {
  (void)state;
  Branches b;
  arena_init(&b.arena);
  b.graph = nn_graph_new(&b.arena, 5, (NnTargets){.n_classes = 3});
  const int a = named(&b, "tanh", "", named(&b, "dense", "units: 4", NN_INPUT));
  const int left = named(&b, "sigmoid", "", named(&b, "dense", "units: 4", a));
  const int square = add(&b, &product.head, "", 2, a, a);
  const int right = named(&b, "batch_norm", "", named(&b, "dropout", "rate: 0.3", a));
  const int both =
      add(&b, &product.head, "", 2, add(&b, &product.head, "", 2, left, square), right);
  const int again = add(&b, &product.head, "", 2, both, a);
  const int out = named(&b, "dense", "units: classes", again);
  Arena numbers;
  NnModel *model = open_branches(&b, out, &numbers);
  ModelRig m = {.model = model, .words = {.features = 5, .targets = {.n_classes = 3}}};
  model_fill(&m, 2, 0, ROWS);
  check_model(model, "branches");
  arena_free(&numbers);
  arena_free(&b.arena);
}

/* Residuals in a row and one in another, their ends in place or not; branches of the data itself,
 * of a residual, and one that is read twice. */
static void test_joins(void **state) {
  (void)state;
  Branches b;
  Arena numbers;
  arena_init(&b.arena);
  b.graph = nn_graph_new(&b.arena, 5, (NnTargets){.n_classes = 3});
  const Kind *sum = nn_case_layer("add"), *beside = nn_case_layer("concatenate");
  const int h = named(&b, "tanh", "", named(&b, "dense", "units: 4", NN_INPUT));
  const int one = add(&b, sum, "", 2, named(&b, "dense", "units: 4", h), h);
  const int inner = named(&b, "gelu", "", named(&b, "layer_norm", "", one));
  const int two = add(&b, sum, "", 2, named(&b, "relu", "", add(&b, sum, "", 2, inner, one)), one);
  const int twice = add(&b, beside, "", 2, two, two);
  const int wide = add(&b, beside, "", 2, named(&b, "swish", "", twice), NN_INPUT);
  const int out = named(&b, "dense", "units: classes", wide);
  assert_int_equal(nn_graph_features(b.graph, wide), 4 + 4 + 5);
  assert_int_equal(nn_graph_features(b.graph, NN_INPUT), 5);
  NnModel *model = open_branches(&b, out, &numbers);
  ModelRig m = {.model = model, .words = {.features = 5, .targets = {.n_classes = 3}}};
  model_fill(&m, 2, 0, ROWS);
  check_model(model, "joins");
  arena_free(&numbers);
  arena_free(&b.arena);
}

static void test_unequal_sum_is_refused(void **state) {
  (void)state;
  Branches b;
  arena_init(&b.arena);
  b.graph = nn_graph_new(&b.arena, 5, (NnTargets){.n_classes = 3});
  const int four = named(&b, "dense", "units: 4", NN_INPUT), inputs[] = {four, NN_INPUT};
  Err e = {0};
  int id;
  assert_int_equal(nn_graph_add(b.graph, nn_case_layer("add"), NULL, "sum", inputs, 2, &id, &e),
                   E_SHAPE);
  assert_string_equal(e.text,
                      "sum: 4 and 5 features cannot be added; give all inputs the same number");
  arena_free(&b.arena);
}

static void test_unread_layer_is_refused(void **state) {
  (void)state;
  Branches b;
  arena_init(&b.arena);
  b.graph = nn_graph_new(&b.arena, 5, (NnTargets){.n_classes = 3});
  const int out = named(&b, "dense", "units: classes", NN_INPUT);
  named(&b, "tanh", "", NN_INPUT);
  const KindValue loss = nn_case(&b.arena, &nn_losses, "softmax_cross_entropy", "");
  MUST(nn_graph_loss(b.graph, loss.kind, loss.config, out, e));
  const NnOptions o = branch_options(&b);
  NnModel *model;
  Err e = {0};
  assert_int_equal(nn_model_new(&b.arena, b.graph, &o, &model, &e), E_SHAPE);
  assert_string_equal(e.text, "tanh: no layer reads its output; remove it or connect it");
  arena_free(&b.arena);
}

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chains),
      cmocka_unit_test(test_branches),
      cmocka_unit_test(test_joins),
      cmocka_unit_test(test_unequal_sum_is_refused),
      cmocka_unit_test(test_unread_layer_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
