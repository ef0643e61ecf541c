/* Residuals and concatenates in the experiment language: nodes, bias, paths, trials, shapes. */
#include <stdio.h>

#include "spec_rig.h"

#define HEAD "data: {source: blobs}\nmodel:\n  layers:\n"
#define TAIL "train: {epochs: 1, batch_size: 16}\n"

/* A bit of everything: copies, names and none, one in another, an input that is read thrice. */
static const char nested[] = HEAD
    "    - {dense: {units: 4}}\n"
    "    - {name: deep, repeat: 2, layers: [{residual: [batch_norm, gelu, {dense: {units: 4}}]}]}\n"
    "    - name: wide\n"
    "      concatenate:\n"
    "        - [{dense: {units: 3}}, layer_norm]\n"
    "        - []\n"
    "        - [{name: skip, residual: [{dense: {units: 4}}, {residual: [tanh]}]}]\n"
    "    - {dense: {units: classes}}\n" TAIL;

typedef struct {
  const char *path, *kind;
  int inputs[3], n;
} Node;

static void check_nodes(const Spec *s, const Node *nodes, int n) {
  assert_int_equal(s->model.n_layers, n);
  for (int i = 0; i < n; i++) {
    const LayerSpec *l = &s->model.layers[i];
    assert_string_equal(l->path, nodes[i].path);
    assert_string_equal(l->kind->name, nodes[i].kind);
    assert_int_equal(l->n_inputs, nodes[i].n);
    for (int k = 0; k < l->n_inputs; k++) assert_int_equal(l->inputs[k], nodes[i].inputs[k]);
  }
}

static void groups_become_nodes(void **state) {
  static const Node nodes[] = {
      {"dense", "dense", {NN_INPUT}, 1},
      {"deep.0.residual.batch_norm", "batch_norm", {0}, 1},
      {"deep.0.residual.gelu", "gelu", {1}, 1},
      {"deep.0.residual.dense", "dense", {2}, 1},
      {"deep.0.residual", "add", {3, 0}, 2},
      {"deep.1.residual.batch_norm", "batch_norm", {4}, 1},
      {"deep.1.residual.gelu", "gelu", {5}, 1},
      {"deep.1.residual.dense", "dense", {6}, 1},
      {"deep.1.residual", "add", {7, 4}, 2},
      {"wide.0.dense", "dense", {8}, 1},
      {"wide.0.layer_norm", "layer_norm", {9}, 1},
      {"wide.2.skip.dense", "dense", {8}, 1},
      {"wide.2.skip.residual.tanh", "tanh", {11}, 1},
      {"wide.2.skip.residual", "add", {12, 11}, 2},
      {"wide.2.skip", "add", {13, 8}, 2},
      {"wide", "concatenate", {10, 8, 14}, 3},
      {"dense_2", "dense", {15}, 1},
  };
  const Spec *s = rig_load(*state, nested);
  check_nodes(s, nodes, COUNT(nodes));
  assert_int_equal(s->model.layers[4].mark.line, 5);
  assert_int_equal(s->model.layers[15].mark.line, 7);
}

static void groups_at_both_ends(void **state) {
  static const Node nodes[] = {{"concatenate.1.tanh", "tanh", {NN_INPUT}, 1},
                               {"concatenate", "concatenate", {NN_INPUT, 0}, 2},
                               {"residual.dense", "dense", {1}, 1},
                               {"residual", "add", {2, 1}, 2}};
  check_nodes(rig_load(*state, HEAD "    - {concatenate: [[], [tanh]]}\n"
                                    "    - {residual: [{dense: {units: classes}}]}\n" TAIL),
              nodes, COUNT(nodes));
}

/* Off is as if it were not there; a residual without layers, too. Labels stay. */
static void groups_are_switched_off(void **state) {
  static const Node nodes[] = {{"wide", "concatenate", {NN_INPUT, NN_INPUT}, 2},
                               {"residual_3.relu", "relu", {0}, 1},
                               {"residual_3", "add", {1, 0}, 2}};
  const Spec *s = rig_load(
      *state, HEAD "    - {enabled: false, residual: [tanh]}\n"
                   "    - {residual: [{enabled: false, tanh: {}}, {repeat: 0, layers: [relu]}]}\n"
                   "    - {name: wide, concatenate: [[{enabled: false, tanh: {}}], []]}\n"
                   "    - {residual: [relu]}\n" TAIL);
  check_nodes(s, nodes, COUNT(nodes));
}

static void bias_is_settled_in_branches(void **state) {
  const Spec *s = rig_load(
      *state,
      HEAD "    - {dense: {units: 4}}\n" /* 0: read by batch_norm and by the sum */
           "    - residual: [batch_norm, {dense: {units: 4}}, batch_norm, {dense: {units: 4}}]\n"
           "    - {name: both, dense: {units: 4}}\n" /* 6: two batch_norms read it, nobody else */
           "    - {concatenate: [[batch_norm], [batch_norm, relu]]}\n"
           "    - {name: last, dense: {units: 2}}\n" /* 11: before the end of a branch */
           "    - {concatenate: [[{dense: {units: 3}}], [{dense: {units: 3}}, batch_norm]]}\n"
           "    - batch_norm\n" TAIL);
  static const struct {
    int layer;
    const char *bias;
  } rows[] = {{0, "true"},  {2, "false"}, {4, "true"},  {6, "false"},
              {11, "true"}, {12, "true"}, {13, "false"}};
  for (int i = 0; i < COUNT(rows); i++) {
    assert_string_equal(s->model.layers[rows[i].layer].kind->name, "dense");
    assert_string_equal(rig_layer(*state, s, rows[i].layer, "bias"), rows[i].bias);
  }
  assert_string_equal(rig_value(s, "model.both.dense.bias"), "false");
}

static void a_useless_bias_is_warned_about(void **state) {
  const char *messages;
  const Spec *s = rig_try(*state,
                          HEAD "    - {residual: [{dense: {units: 2, bias: true}}, batch_norm]}\n"
                               "    - {residual: [{dense: {units: 2, bias: true}}]}\n"
                               "    - batch_norm\n" TAIL,
                          NULL, 0, &messages);
  assert_non_null(s);
  assert_contains(messages, "dir/e.yaml:4:44: warning: dense has no use for \"bias: true\"");
  assert_contains(messages, "1 warning");
}

static void text_is_a_fixed_point(void **state) {
  const Spec *s = rig_load(*state, nested);
  const char *first = spec_text(*state, s, SPEC_RESOLVED);
  assert_string_equal(first, spec_text(*state, rig_load(*state, first), SPEC_RESOLVED));
  assert_contains(first, "  - residual:\n            - {batch_norm:");
  assert_contains(first, "        - []\n");
}

/* ---- paths ----------------------------------------------------------------------------------- */

static void paths_lead_into_groups(void **state) {
  static const char *const overrides[] = {
      "model.deep.residual.dense.units=5",
      "model.0.dense.units=5",
      "model.wide.0.dense.units=6",
      "model.wide.0.layer_norm.eps=0.5",
      "model.wide.2.skip.dense.units=5",
      "model.wide.2.skip.residual.tanh.enabled=false",
      "model.wide.1=[{dense: {units: 7}}, relu]",
      "model.wide.enabled=true",
  };
  const Spec *s = rig_load_with(*state, nested, overrides, COUNT(overrides));
  assert_string_equal(rig_value(s, "model.deep.residual.dense.units"), "5");
  assert_string_equal(rig_value(s, "model.wide.0.dense.units"), "6");
  assert_string_equal(rig_value(s, "model.wide.1.dense.units"), "7");
  assert_string_equal(rig_value(s, "model.wide.0.layer_norm.eps"), "0.5");
  assert_string_equal(rig_value(s, "model.wide.2.0.dense.units"), "5"); /* by its index */
  assert_int_equal(spec_find(s->tree, "model.wide.concatenate")->n_children, 3);
  assert_int_equal(spec_find(s->tree, "model.wide.2.skip.residual")->n_children, 2);
  assert_string_equal(s->model.layers[s->model.n_layers - 2].path, "wide");
  assert_int_equal(s->model.n_layers, 17 - 2 + 2); /* without the inner residual, with branch 1 */
}

/* A whole list; a residual in a residual by its key. */
static void lists_and_items_are_values(void **state) {
  static const char text[] = HEAD "    - {name: a, residual: [tanh]}\n"
                                  "    - {residual: [{residual: [relu, tanh]}]}\n" TAIL;
  static const char *const overrides[] = {"model.a.residual=[{dense: {units: 2}}, gelu]",
                                          "model.1.residual.tanh.enabled=false"};
  const Spec *s = rig_load_with(*state, text, overrides, 2);
  static const Node nodes[] = {
      {"a.dense", "dense", {NN_INPUT}, 1},     {"a.gelu", "gelu", {0}, 1},
      {"a", "add", {1, NN_INPUT}, 2},          {"residual.residual.relu", "relu", {2}, 1},
      {"residual.residual", "add", {3, 2}, 2}, {"residual", "add", {4, 2}, 2}};
  check_nodes(s, nodes, COUNT(nodes));
}

static void a_trial_has_the_point(void **state) {
  const Spec *base =
      rig_load(*state, arena_printf(*state, "%s%s", nested,
                                    "search:\n  trials: 4\n  parameters:\n"
                                    "    model.wide.0.dense.units: {min: 2, max: 9}\n"
                                    "    model.wide.2.skip.enabled: {values: [true, false]}\n"
                                    "    model.wide.1: {values: [[], [{dense: {units: 6}}]]}\n"
                                    "    model.deep: {values: [{residual: [relu]}]}\n"));
  const Space *space = &base->search.space;
  Point p = {.n = 4, .values = ARENA_ARRAY(*state, const YamlNode *, 4)};
  p.values[0] = yaml_new_scalar(*state, "8", false, space->dims[0].mark);
  p.values[1] = space->dims[1].values[1];
  p.values[2] = space->dims[2].values[1];
  p.values[3] = space->dims[3].values[0];
  Diag d = diag_new(*state);
  const Spec *s = spec_trial(*state, base, &p, 5, &d);
  static const Node nodes[] = {{"dense", "dense", {NN_INPUT}, 1},
                               {"deep.relu", "relu", {0}, 1},
                               {"deep", "add", {1, 0}, 2},
                               {"wide.0.dense", "dense", {2}, 1},
                               {"wide.0.layer_norm", "layer_norm", {3}, 1},
                               {"wide.1.dense", "dense", {2}, 1},
                               {"wide", "concatenate", {4, 5, 2}, 3},
                               {"dense_2", "dense", {6}, 1}};
  check_nodes(s, nodes, COUNT(nodes));
  assert_string_equal(rig_layer(*state, s, 3, "units"), "8");
  const char *text = spec_text(*state, s, SPEC_RESOLVED);
  assert_string_equal(text, spec_text(*state, rig_load(*state, text), SPEC_RESOLVED));
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static void shapes_add_up(void **state) {
  const Spec *s = rig_load(*state, nested);
  Diag d = diag_new(*state);
  Err e = {.status = OK};
  NnGraph *g = NULL;
  assert_int_equal(spec_graph(*state, s, 2, (NnTargets){.n_classes = 3}, &d, &g, &e), OK);
  assert_int_equal(nn_graph_features(g, 15), 3 + 4 + 4);
  assert_int_equal(nn_graph_features(g, 16), 3);
}

static void unequal_sums_point_at_the_residual(void **state) {
  const Spec *s = rig_load(*state, HEAD "    - {dense: {units: 6}}\n"
                                        "    - {name: r, residual: [{dense: {units: 4}}, relu]}\n"
                                        "    - {dense: {units: classes}}\n" TAIL);
  Diag d = diag_new(*state);
  Err e = {.status = OK};
  NnGraph *g = NULL;
  assert_int_equal(spec_graph(*state, s, 2, (NnTargets){.n_classes = 3}, &d, &g, &e), E_SHAPE);
  Str out = str_new(*state);
  diag_render(&d, false, &out);
  assert_contains(str_text(&out), "dir/e.yaml:5:17: error: r: its layers give 4 features, but 6 "
                                  "come in; let the last dense layer among them have {units: 6}");
}

/* A batch norm inside a branch counts as one outside. */
static void batch_norm_inside_asks_for_two_rows(void **state) {
  assert_true(spec_couples_rows(rig_load(*state, nested)));
  const char *const overrides[] = {"train.batch_size=1"};
  const char *messages;
  assert_null(rig_try(*state, nested, overrides, 1, &messages));
  assert_contains(messages, "batch_norm cannot train on batches of 1 row");
}

/* ---- whatever is written --------------------------------------------------------------------- */

static void any_override_is_an_error_or_an_experiment(void **state) {
  static const char *const paths[] = {"model.deep",
                                      "model.deep.residual",
                                      "model.deep.residual.residual",
                                      "model.deep.0",
                                      "model.wide",
                                      "model.wide.concatenate",
                                      "model.wide.0",
                                      "model.wide.7",
                                      "model.wide.skip",
                                      "model.wide.2.skip",
                                      "model.wide.2.residual",
                                      "model.wide.2.skip.residual",
                                      "model.wide.enabled",
                                      "model.wide.1.dense",
                                      "model.wide.2.skip.residual.residual",
                                      "model.wide.0.enabled",
                                      "model.wide.repeat",
                                      "model.wide.2.skip.dense.units"};
  static const char *const values[] = {"null",
                                       "{}",
                                       "[]",
                                       "3",
                                       "relu",
                                       "residual",
                                       "[[]]",
                                       "[relu]",
                                       "[[relu], []]",
                                       "{residual: null}",
                                       "{residual: [], concatenate: []}",
                                       "{residual: [relu], layers: [tanh]}",
                                       "{concatenate: [[relu], 3]}",
                                       "{residual: [{residual: [{concatenate: [[], []]}]}]}",
                                       "false"};
  (void)state;
  assert_true(rig_override(nested, paths, COUNT(paths), values, COUNT(values)) > 10);
}

static void any_damage_is_an_error_or_an_experiment(void **state) {
  (void)state;
  rig_damage(nested);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)
  const struct CMUnitTest tests[] = {
      TEST(groups_become_nodes),
      TEST(groups_at_both_ends),
      TEST(groups_are_switched_off),
      TEST(bias_is_settled_in_branches),
      TEST(a_useless_bias_is_warned_about),
      TEST(text_is_a_fixed_point),
      TEST(paths_lead_into_groups),
      TEST(lists_and_items_are_values),
      TEST(a_trial_has_the_point),
      TEST(shapes_add_up),
      TEST(unequal_sums_point_at_the_residual),
      TEST(batch_norm_inside_asks_for_two_rows),
      TEST(any_override_is_an_error_or_an_experiment),
      TEST(any_damage_is_an_error_or_an_experiment),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
