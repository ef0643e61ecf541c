/* Dotted paths: what they find in a resolved tree, what they make in a user's. */
#include "runner/spec_path.h"
#include "spec_rig.h"

static const char text[] = "data: {source: blobs}\n"
                           "model:\n"
                           "  layers:\n"
                           "    - {dense: {units: 3}}\n"
                           "    - {name: relu, dense: {units: 5}}\n" /* a name that is a kind too */
                           "    - relu\n"
                           "    - name: hidden\n"
                           "      layers:\n"
                           "        - {dense: {units: 8}}\n"
                           "        - batch_norm\n"
                           "        - {name: act, activation: leaky_relu}\n"
                           "        - {name: inner, layers: [{dense: {units: 9}}, tanh]}\n"
                           "    - {dense: {units: classes}}\n"
                           "train: {epochs: 3, optimizer: adam}\n";

static void finds_by_name_kind_and_index(void **state) {
  static const struct {
    const char *path, *value;
  } cases[] = {
      {"seed", "1"},
      {"train.epochs", "3"},
      {"train.optimizer.name", "adam"},
      {"train.optimizer.beta1", "0.9"},
      {"train.schedule", "constant"},
      {"train.schedule.name", "constant"},
      {"model.0.dense.units", "3"},
      {"model.4.dense.units", "classes"},
      {"model.relu.dense.units", "5"}, /* names go before kinds */
      {"model.hidden.dense.units", "8"},
      {"model.hidden.batch_norm.decay", "0.9"},
      {"model.hidden.1.batch_norm.decay", "0.9"},
      {"model.hidden.act.activation.name", "leaky_relu"},
      {"model.hidden.activation.slope", "0.01"},
      {"model.hidden.inner.dense.units", "9"},
      {"model.hidden.inner.tanh", "tanh"},
      {"model.layers.3.layers.3.layers.0.dense.units", "9"},
      {"model.hidden.repeat", "1"},
      {"model.loss.name", "softmax_cross_entropy"},
  };
  Spec *s = rig_load(*state, text);
  for (int i = 0; i < COUNT(cases); i++)
    assert_string_equal(rig_value(s, cases[i].path), cases[i].value);
}

static void says_what_a_path_is(void **state) {
  static const struct {
    const char *path;
    PathRole role;
    const char *param;
  } cases[] = {
      {"train", PATH_SECTION, NULL},
      {"model", PATH_SECTION, NULL},
      {"train.batch_size", PATH_VALUE, "batch_size"},
      {"train.optimizer", PATH_VALUE, "optimizer"},
      {"train.optimizer.name", PATH_KIND_NAME, "optimizer"},
      {"train.schedule.name", PATH_KIND_NAME, "schedule"},
      {"model.layers", PATH_LAYERS, NULL},
      {"model.hidden", PATH_LAYER, NULL},
      {"model.hidden.layers", PATH_LAYERS, NULL},
      {"model.2", PATH_LAYER, NULL},
      {"model.hidden.dense", PATH_LAYER_PARAMS, NULL},
      {"model.hidden.batch_norm.enabled", PATH_VALUE, "enabled"},
      {"model.hidden.enabled", PATH_VALUE, "enabled"},
      {"model.2.enabled", PATH_VALUE, "enabled"},
      {"model.hidden.activation", PATH_VALUE, "activation"},
  };
  Spec *s = rig_load(*state, text);
  for (int i = 0; i < COUNT(cases); i++) {
    const PathPlace place = path_find(*state, s->tree, cases[i].path);
    if (place.node == NULL) print_error("%s: %s\n", cases[i].path, place.problem);
    assert_non_null(place.node);
    assert_int_equal(place.role, cases[i].role);
    if (cases[i].param) assert_string_equal(place.param->name, cases[i].param);
    if (!cases[i].param) assert_null(place.param);
  }
}

static void says_which_part_is_missing(void **state) {
  static const struct {
    const char *path;
    int from;
    const char *problem;
  } cases[] = {
      {"tran.epochs", 0, "did you mean \"train\"?"},
      {"train.epoch", 6, "did you mean \"epochs\"?"},
      {"train.epochs.x", 13, "below a value"},
      {"model.dense.units", 6, "3 layers here are of kind dense"},
      {"model.hiden.dense.units", 6, "did you mean \"hidden\"?"},
      {"model.relu.units", 11, "did you mean \"dense.units\"?"},
      {"model.9", 6, "there is no layer 9 here: the list has 5"},
      {"model.enabled", 6, "there is no \"enabled\" here"},
      {"model.2.relu.slope", 13, "relu has no \"slope\""},
      {"model..x", 6, "no layer here"},
      {"", 0, "there is no \"\""},
  };
  Spec *s = rig_load(*state, text);
  for (int i = 0; i < COUNT(cases); i++) {
    const PathPlace place = path_find(*state, s->tree, cases[i].path);
    assert_null(place.node);
    assert_int_equal(place.from, cases[i].from);
    assert_contains(place.problem, cases[i].problem);
    assert_null(spec_find(s->tree, cases[i].path));
  }
}

/* The user's tree after setting, on one line. */
static const char *set(Arena *a, const char *yaml, const char *path, const char *value) {
  Diag d = diag_new(a);
  Source *source = ARENA_NEW(a, Source), *right = ARENA_NEW(a, Source);
  *source = (Source){.name = "e", .text = yaml, .length = (int)strlen(yaml)};
  *right = (Source){.name = "v", .text = value, .length = (int)strlen(value)};
  YamlNode *tree = yaml_parse(a, source, &d), *v = yaml_parse(a, right, &d);
  assert_non_null(tree);
  assert_non_null(v);
  const Mark at = {.source = right, .line = 1, .column = 1, .length = (int)strlen(path)};
  if (!path_set(a, tree, path, v, at, &d)) {
    Str out = str_new(a);
    diag_render(&d, false, &out);
    return str_text(&out);
  }
  Str out = str_new(a);
  yaml_write_flow(tree, &out);
  return str_text(&out);
}

static void makes_what_was_left_out(void **state) {
  static const struct {
    const char *before, *path, *value, *after;
  } cases[] = {
      {"{}", "train.epochs", "5", "{train: {epochs: 5}}"},
      {"{train: null}", "train.epochs", "5", "{train: {epochs: 5}}"},
      {"{train: {epochs: 1}}", "train.epochs", "5", "{train: {epochs: 5}}"},
      {"{train: {optimizer: adam}}", "train.optimizer.beta1", "0.5",
       "{train: {optimizer: {name: adam, beta1: 0.5}}}"},
      {"{train: {optimizer: adam}}", "train.optimizer.name", "sgd",
       "{train: {optimizer: {name: sgd}}}"},
      {"{train: {}}", "train.optimizer.beta1", "0.5", "{train: {optimizer: {beta1: 0.5}}}"},
      {"{model: {layers: [relu, batch_norm]}}", "model.batch_norm.decay", "0.5",
       "{model: {layers: [relu, {batch_norm: {decay: 0.5}}]}}"},
      {"{model: {layers: [relu, batch_norm]}}", "model.batch_norm.enabled", "false",
       "{model: {layers: [relu, {batch_norm: {}, enabled: false}]}}"},
      {"{model: {layers: [relu, batch_norm]}}", "model.0.enabled", "false",
       "{model: {layers: [{relu: {}, enabled: false}, batch_norm]}}"},
      {"{model: {layers: [relu, batch_norm]}}", "model.0", "tanh",
       "{model: {layers: [tanh, batch_norm]}}"},
      {"{model: {layers: [{name: a, relu: {}}]}}", "model.a", "tanh",
       "{model: {layers: [{name: a, tanh: {}}]}}"},
      {"{model: {layers: [{name: a, relu: {}}]}}", "model.a", "{dense: {units: 3}}",
       "{model: {layers: [{name: a, dense: {units: 3}}]}}"},
      {"{model: {layers: [{activation: relu}]}}", "model.activation", "tanh",
       "{model: {layers: [{activation: tanh}]}}"},
      {"{model: {layers: [{activation: relu}]}}", "model.activation.name", "tanh",
       "{model: {layers: [{activation: {name: tanh}}]}}"},
      {"{model: {layers: [{activation: leaky_relu}]}}", "model.activation.slope", "0.3",
       "{model: {layers: [{activation: {name: leaky_relu, slope: 0.3}}]}}"},
      {"{model: {layers: [{name: h, layers: [relu]}]}}", "model.h.repeat", "3",
       "{model: {layers: [{name: h, layers: [relu], repeat: 3}]}}"},
      {"{model: {layers: [{name: h, layers: [relu]}]}}", "model.h.layers", "[tanh, tanh]",
       "{model: {layers: [{name: h, layers: [tanh, tanh]}]}}"},
      {"{model: {layers: [relu]}}", "model.loss", "mean_squared_error",
       "{model: {layers: [relu], loss: mean_squared_error}}"},
      {"{data: {normalize: {binarize: 0.5}}}", "data.normalize.threshold", "0.7",
       "{data: {normalize: {name: binarize, threshold: 0.7}}}"},
      {"{data: {normalize: {binarize: 0.5}}}", "data.normalize.binarize", "0.7",
       "{data: {normalize: {binarize: 0.7}}}"},
      {"{train: {schedule: {exponential: 0.5}}}", "train.schedule.decay", "0.7",
       "{train: {schedule: {name: exponential, decay: 0.7}}}"},
      {"{model: {layers: [{activation: {leaky_relu: 0.2}}]}}", "model.0.activation.slope", "0.3",
       "{model: {layers: [{activation: {name: leaky_relu, slope: 0.3}}]}}"},
      {"{search: {parameters: {a.b: {min: 1}}}}", "search.trials", "3",
       "{search: {parameters: {a.b: {min: 1}}, trials: 3}}"},
      {"{search: {parameters: {a.b: {min: 1}}}}", "search.parameters.a.b", "{value: 3}",
       "{search: {parameters: {a.b: {value: 3}}}}"},
  };
  for (int i = 0; i < COUNT(cases); i++)
    assert_string_equal(set(*state, cases[i].before, cases[i].path, cases[i].value),
                        cases[i].after);
}

static void refuses_what_cannot_be(void **state) {
  static const char two[] = "{model: {layers: [{dense: {units: 1}}, {dense: {units: 2}}]}}";
  assert_contains(set(*state, two, "model.dense.units", "3"),
                  "v:1:7: error: model.dense.units: 2 layers");
  assert_contains(set(*state, two, "model.1.units", "3"), "v:1:9: error: model.1.units: a layer's "
                                                          "parameters stand below its kind");
  assert_contains(set(*state, two, "model.2", "relu"), "there is no layer 2 here");
  assert_contains(set(*state, two, "model..x", "3"), "not a dotted path");
  assert_contains(set(*state, "{train: [1]}", "train.epochs", "3"), "below a list");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)
  const struct CMUnitTest tests[] = {
      TEST(finds_by_name_kind_and_index), TEST(says_what_a_path_is),
      TEST(says_which_part_is_missing),   TEST(makes_what_was_left_out),
      TEST(refuses_what_cannot_be),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
