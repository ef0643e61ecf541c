/* The experiment language: types, defaults, layers, trials, canonical text. */
#include <stdio.h>

#include "spec_rig.h"

static const char quickstart[] =
    "name: quickstart\n"
    "seed: 42\n"
    "data:\n"
    "  source: strokes\n"
    "  split: {train: 0.7, validation: 0.2, test: 0.1}\n"
    "model:\n"
    "  layers:\n"
    "    - name: hidden\n"
    "      repeat: 2\n"
    "      layers: [{dense: {units: 64}}, batch_norm, relu]\n"
    "    - dense: {units: classes}\n"
    "  loss: softmax_cross_entropy\n"
    "train:\n"
    "  epochs: 20\n"
    "  batch_size: 32\n"
    "  shards: 4\n"
    "  optimizer: {name: adam, learning_rate: 0.01}\n"
    "  schedule: {name: inverse_time, decay_rate: 0.5}\n"
    "search:\n"
    "  trials: 32\n"
    "  metric: {name: validation_loss, at: best}\n"
    "  parameters:\n"
    "    train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}\n"
    "    model.hidden.repeat: {min: 2, max: 4}\n"
    "    model.hidden.dense.units: {min: 50, max: 100}\n"
    "    train.batch_size: {values: [32, 64, all]}\n";

static void everything_is_typed(void **state) {
  Spec *s = rig_load(*state, quickstart);
  assert_string_equal(s->name, "quickstart");
  assert_int_equal(s->seed, 42);
  assert_int_equal(s->version, 1);
  assert_string_equal(s->data.source.kind->name, "strokes");
  assert_null(s->data.file);
  assert_true(s->data.train == 0.7 && s->data.validation == 0.2 && s->data.test == 0.1);
  assert_string_equal(s->data.normalize.kind->name, "standard");
  assert_int_equal(s->data.seed, 42);
  assert_int_equal(s->train.epochs, 20);
  assert_int_equal(s->train.steps, 0);
  assert_int_equal(s->train.batch_size, 32);
  assert_int_equal(s->train.shards, 4);
  assert_true(nn_optimizer_learning_rate(s->train.optimizer) == 0.01);
  assert_string_equal(s->train.schedule.kind->name, "inverse_time");
  assert_true(nn_schedule_rate(s->train.schedule, 0.3, 1, 20) == 0.3 / 1.5);
  assert_true(s->search.present);
  assert_int_equal(s->search.trials, 32);
  assert_int_equal(s->search.max_concurrent, 16);
  assert_int_equal(s->search.space.n, 4);
  assert_string_equal(s->search.metric.name, "validation_loss");
  assert_false(s->search.metric.maximize);
  assert_true(s->search.metric.at_best);
}

/* `{binarize: 0.5}` is the long form in all that follows from it. */
static void a_kind_of_one_parameter_has_a_short_form(void **state) {
  static const char *const short_form[] = {"data.normalize={binarize: 0.25}",
                                           "train.schedule={exponential: 0.5}",
                                           "model.hidden.activation={leaky_relu: 0.2}"};
  static const char *const long_form[] = {"data.normalize={name: binarize, threshold: 0.25}",
                                          "train.schedule={name: exponential, decay: 0.5}",
                                          "model.hidden.activation={name: leaky_relu, slope: 0.2}"};
  Arena *a = *state;
  Spec *s = rig_load_with(a, RIG_SMALL, short_form, COUNT(short_form));
  Spec *t = rig_load_with(a, RIG_SMALL, long_form, COUNT(long_form));
  assert_string_equal(spec_text(a, s, SPEC_RESOLVED), spec_text(a, t, SPEC_RESOLVED));
  assert_string_equal(s->data.normalize.kind->name, "binarize");
  assert_string_equal(rig_value(s, "data.normalize.threshold"), "0.25");
  assert_true(nn_schedule_rate(s->train.schedule, 1, 3, 20) ==
              nn_schedule_rate(t->train.schedule, 1, 3, 20));

  static const char *const search[] = {
      "train.schedule={exponential: 0.5}",
      ("search.parameters={train.schedule.decay: {value: 0.75}, model.hidden.activation: {values: "
       "[{leaky_relu: 0.2}]}}"),
      "search.trials=1"};
  const Spec *base = rig_load_with(a, RIG_SMALL, search, COUNT(search));
  const YamlNode *values[] = {base->search.space.dims[0].values[0],
                              base->search.space.dims[1].values[0]};
  Diag d = diag_new(a);
  const Spec *trial = spec_trial(a, base, &(Point){values, 2}, 9, &d);
  assert_non_null(trial);
  assert_string_equal(rig_value(trial, "train.schedule.decay"), "0.75");
  assert_string_equal(rig_value(trial, "model.hidden.activation.slope"), "0.2");
}

static void layers_are_expanded(void **state) {
  static const char *const paths[] = {"hidden.0.dense", "hidden.0.batch_norm", "hidden.0.relu",
                                      "hidden.1.dense", "hidden.1.batch_norm", "hidden.1.relu",
                                      "dense"};
  Spec *s = rig_load(*state, quickstart);
  assert_int_equal(s->model.n_layers, COUNT(paths));
  for (int i = 0; i < COUNT(paths); i++) {
    const char *dot = strrchr(paths[i], '.');
    assert_string_equal(s->model.layers[i].path, paths[i]);
    assert_string_equal(s->model.layers[i].kind->name, dot ? dot + 1 : paths[i]);
  }
  assert_string_equal(rig_layer(*state, s, 3, "units"), "64");
  assert_string_equal(rig_layer(*state, s, 6, "units"), "classes");
  assert_ptr_not_equal(s->model.layers[0].config, s->model.layers[3].config);
  assert_int_equal(s->model.layers[0].mark.line, 10);
  assert_int_equal(s->model.layers[6].mark.line, 11);
}

static void defaults_are_explicit(void **state) {
  Spec *s = rig_load(*state, RIG_SMALL);
  assert_string_equal(s->name, "e"); /* of dir/e.yaml */
  assert_string_equal(rig_value(s, "name"), "e");
  assert_string_equal(rig_value(s, "seed"), "1");
  assert_string_equal(rig_value(s, "version"), "1");
  assert_string_equal(rig_value(s, "data.seed"), "1");
  assert_string_equal(rig_value(s, "data.split.train"), "0.8");
  assert_string_equal(rig_value(s, "data.split.test"), "0.1");
  assert_string_equal(rig_value(s, "train.optimizer.name"), "adam");
  assert_string_equal(rig_value(s, "train.optimizer.beta2"), "0.999");
  assert_string_equal(rig_value(s, "train.schedule"), "constant");
  assert_string_equal(rig_value(s, "train.shards"), "1");
  assert_string_equal(rig_value(s, "model.loss"), "softmax_cross_entropy");
  assert_string_equal(rig_value(s, "metric.name"), "validation_accuracy");
  assert_string_equal(rig_value(s, "metric.goal"), "maximize");
  assert_string_equal(rig_value(s, "metric.at"), "last");
  assert_string_equal(rig_value(s, "checkpoint.keep_trials"), "5");
  assert_null(spec_find(s->tree, "train.steps"));
  assert_null(spec_find(s->tree, "search"));
  assert_int_equal(s->checkpoint.keep_trials, 5);
  assert_false(s->search.present);
  assert_true(s->search.metric.maximize);
}

static void files_lie_beside_the_experiment(void **state) {
  Spec *s = rig_load(*state, "data: {file: a/train.h5, test_file: /b/test.h5}\n"
                             "model: {layers: [{dense: {units: classes}}]}\n"
                             "train: {steps: 5, batch_size: all}\n");
  assert_null(s->data.source.kind);
  assert_string_equal(s->data.path, "dir/a/train.h5");
  assert_string_equal(s->data.test_path, "/b/test.h5");
  assert_string_equal(rig_value(s, "data.file"), "a/train.h5");
  assert_true(s->data.train == 0.9 && s->data.validation == 0.1 && s->data.test == 0);
  assert_int_equal(s->train.batch_size, 0);
  assert_int_equal(s->train.steps, 5);
  assert_int_equal(s->train.epochs, 0);
  assert_string_equal(rig_value(s, "train.batch_size"), "all");
}

static void parts_left_out_of_a_split_are_empty(void **state) {
  Spec *s = rig_load(*state, "data: {source: blobs, split: {train: 1}}\n"
                             "model: {layers: [{dense: {units: classes}}]}\n"
                             "train: {epochs: 1}\n");
  assert_true(s->data.train == 1 && s->data.validation == 0 && s->data.test == 0);
  assert_string_equal(s->search.metric.name, "train_loss"); /* nothing else can be measured */
  assert_false(s->search.metric.maximize);
}

static void the_metric_follows_the_loss(void **state) {
  Spec *s = rig_load(*state, "data: {source: blobs}\n"
                             "model: {layers: [{dense: {units: 1}}], loss: mean_squared_error}\n"
                             "train: {epochs: 1}\n");
  assert_string_equal(s->search.metric.name, "validation_loss");
  assert_false(s->search.metric.maximize);
  s = rig_load(*state, RIG_SMALL "metric: {name: train_accuracy, goal: minimize}\n");
  assert_string_equal(s->search.metric.name, "train_accuracy");
  assert_false(s->search.metric.maximize);
}

/* ---- bias: auto ------------------------------------------------------------------------------ */

static void bias_is_settled(void **state) {
  Spec *s = rig_load(*state, RIG_SMALL);
  assert_string_equal(rig_layer(*state, s, 0, "bias"), "false");
  assert_string_equal(rig_layer(*state, s, 3, "bias"), "false");
  assert_string_equal(rig_layer(*state, s, 6, "bias"), "true");
  assert_string_equal(rig_value(s, "model.hidden.dense.bias"), "false");
  assert_string_equal(rig_value(s, "model.out.dense.bias"), "true");
}

/* The last layer of copy 0 stands before copy 1's first, that of copy 1 before batch_norm. */
static const char apart[] = "data: {source: blobs}\n"
                            "model:\n"
                            "  layers:\n"
                            "    - {name: h, repeat: 2, layers: [{dense: {units: 4}}]}\n"
                            "    - batch_norm\n"
                            "    - {dense: {units: classes}}\n"
                            "train: {epochs: 1}\n";

static void copies_may_differ(void **state) {
  Spec *s = rig_load(*state, apart);
  assert_string_equal(rig_layer(*state, s, 0, "bias"), "true");
  assert_string_equal(rig_layer(*state, s, 1, "bias"), "false");
  assert_string_equal(rig_value(s, "model.h.dense.bias"), "auto");
  assert_string_equal(rig_value(s, "model.dense.bias"), "true");
}

static void a_useless_bias_is_warned_about(void **state) {
  static const char text[] = "data: {source: blobs}\n"
                             "model:\n"
                             "  layers:\n"
                             "    - {dense: {units: 4, bias: true}}\n"
                             "    - {name: bn, batch_norm: {}}\n"
                             "    - {dense: {units: classes, bias: true}}\n"
                             "train: {epochs: 1}\n";
  static const char *const off[] = {"model.bn.enabled=false"};
  const char *messages;
  Spec *s = rig_try(*state, text, NULL, 0, &messages);
  assert_non_null(s);
  assert_string_equal(rig_layer(*state, s, 0, "bias"), "true"); /* as the user said */
  assert_contains(messages, "dir/e.yaml:4:32: warning: dense has no use for \"bias: true\" before "
                            "batch_norm");
  assert_contains(messages, "1 warning");
  s = rig_try(*state, text, off, 1, &messages);
  assert_non_null(s);
  assert_string_equal(messages, "");
}

/* ---- layers ---------------------------------------------------------------------------------- */

static void labels_are_unique(void **state) {
  static const char *const paths[] = {"dense_2",      "relu",         "dense",           "leaky",
                                      "block.0.tanh", "block.1.tanh", "block_3.0.dense", "dense_3"};
  Spec *s = rig_load(*state, "data: {source: blobs}\n"
                             "model:\n"
                             "  layers:\n"
                             "    - {name: dense_2, dense: {units: 4}}\n"
                             "    - relu\n"
                             "    - {dense: {units: 5}}\n"
                             "    - {name: leaky, activation: {name: leaky_relu, slope: 0.2}}\n"
                             "    - {repeat: 2, layers: [tanh]}\n"
                             "    - {repeat: 0, layers: [tanh]}\n"
                             "    - {layers: [{dense: {units: 3}}]}\n"
                             "    - {enabled: false, dropout: {rate: 0.5}}\n"
                             "    - {dense: {units: classes}}\n"
                             "train: {epochs: 1}\n");
  assert_int_equal(s->model.n_layers, COUNT(paths));
  for (int i = 0; i < COUNT(paths); i++) assert_string_equal(s->model.layers[i].path, paths[i]);
  assert_string_equal(s->model.layers[3].kind->name, "leaky_relu");
  assert_string_equal(rig_layer(*state, s, 3, "slope"), "0.2");
}

static void too_many_layers_are_refused(void **state) {
  static const char text[] =
      "data: {source: blobs}\n"
      "model: {layers: [{repeat: 1000, layers: [{repeat: 1000, layers: [{repeat: 1000, layers: "
      "[relu]}]}]}]}\n"
      "train: {epochs: 1}\n";
  static const char none[] =
      "data: {source: blobs}\n"
      "model: {layers: [{repeat: 1000, layers: [{repeat: 1000, layers: [{repeat: 0, layers: "
      "[relu]}]}]}]}\n"
      "train: {epochs: 1}\n";
  assert_contains(rig_errors(*state, text), "more than 10000 layers");
  assert_contains(rig_errors(*state, none), "has no layers");
}

/* ---- canonical text -------------------------------------------------------------------------- */

static void text_is_a_fixed_point(void **state) {
  static const char *const texts[] = {quickstart, RIG_SMALL, apart,
                                      "name: \"12\"\n" RIG_SMALL "metric: {at: best}\n"};
  for (int i = 0; i < COUNT(texts); i++) {
    const char *first = spec_text(*state, rig_load(*state, texts[i]), SPEC_RESOLVED);
    const char *again = spec_text(*state, rig_load(*state, first), SPEC_RESOLVED);
    assert_string_equal(first, again);
  }
}

static const char *digest_text(Arena *a, const char *text) {
  return spec_text(a, rig_load(a, text), SPEC_FOR_DIGEST);
}

static void names_and_places_are_no_part_of_the_digest(void **state) {
  const char *plain = digest_text(*state, RIG_SMALL);
  assert_string_equal(plain,
                      digest_text(*state, "name: other\ncheckpoint: {keep_trials: 0}\n" RIG_SMALL));
  assert_string_equal(plain, digest_text(*state, "seed: 1\n" RIG_SMALL));
  assert_string_not_equal(plain, digest_text(*state, "seed: 2\n" RIG_SMALL));
  assert_string_not_equal(plain, digest_text(*state, RIG_SMALL "metric: {at: best}\n"));
  static const char file[] = "data: {file: %s}\nmodel: {layers: [{dense: {units: 2}}]}\n"
                             "train: {epochs: 1}\n";
  assert_string_equal(digest_text(*state, arena_printf(*state, file, "a.h5")),
                      digest_text(*state, arena_printf(*state, file, "b/c.h5")));
}

static void one_value_has_one_form(void **state) {
  const char *a = digest_text(*state, RIG_SMALL "search: {trials: 2, parameters: "
                                                "{train.batch_size: {values: [1e1, 0x14]}}}\n");
  const char *b = digest_text(*state, RIG_SMALL "search: {trials: 2.0, parameters: "
                                                "{train.batch_size: {values: [10, 20]}}}\n");
  assert_string_equal(a, b);
}

/* ---- trials ---------------------------------------------------------------------------------- */

static Spec *make_trial(Arena *a, const Spec *base, const char *const *values, int64_t seed) {
  Point p = {.n = base->search.space.n};
  p.values = ARENA_ARRAY(a, const YamlNode *, p.n);
  for (int i = 0; i < p.n; i++)
    p.values[i] = yaml_new_scalar(a, values[i], false, base->search.space.dims[i].mark);
  Diag d = diag_new(a);
  return spec_trial(a, base, &p, seed, &d);
}

static void a_trial_is_a_plain_experiment(void **state) {
  static const char *const point[] = {"0.013", "3", "57", "all"};
  Spec *base = rig_load(*state, quickstart);
  Spec *s = make_trial(*state, base, point, 987654321);
  assert_non_null(s);
  assert_true(nn_optimizer_learning_rate(s->train.optimizer) == 0.013);
  assert_int_equal(s->model.n_layers, 3 * 3 + 1);
  assert_string_equal(rig_layer(*state, s, 6, "units"), "57");
  assert_int_equal(s->train.batch_size, 0);
  assert_int_equal(s->seed, 987654321);
  assert_int_equal(s->data.seed, 42);
  assert_false(s->search.present);
  assert_string_equal(s->search.metric.name, "validation_loss");
  assert_true(s->search.metric.at_best);
  const char *text = spec_text(*state, s, SPEC_RESOLVED);
  Spec *alone = rig_load(*state, text);
  assert_string_equal(text, spec_text(*state, alone, SPEC_RESOLVED));
  assert_int_equal(alone->seed, 987654321);
  assert_int_equal(alone->data.seed, 42);
  assert_true(alone->search.metric.at_best);
  assert_null(strstr(text, "search:"));
  /* The base is as it was. */
  assert_string_equal(rig_layer(*state, base, 0, "units"), "64");
  assert_non_null(spec_find(base->source, "search"));
}

static void a_trial_settles_what_its_layers_ask(void **state) {
  Spec *base =
      rig_load(*state, RIG_SMALL "search:\n  trials: 4\n  parameters:\n"
                                 "    model.hidden.batch_norm.enabled: {values: [true, false]}\n"
                                 "    model.hidden.activation.name: {values: [relu, tanh]}\n");
  Spec *with = make_trial(*state, base, (const char *const[]){"true", "relu"}, 5);
  Spec *without = make_trial(*state, base, (const char *const[]){"false", "tanh"}, 5);
  assert_string_equal(rig_value(with, "model.hidden.dense.bias"), "false");
  assert_string_equal(rig_value(without, "model.hidden.dense.bias"), "true");
  assert_string_equal(with->model.layers[2].kind->name, "relu");
  assert_string_equal(without->model.layers[1].kind->name, "tanh");
  assert_string_equal(without->model.layers[1].path, "hidden.0.activation");
}

static void architectures_are_values(void **state) {
  Spec *base = rig_load(*state, RIG_SMALL
                        "search:\n  trials: 4\n  parameters:\n"
                        "    model.hidden.layers: {values: [[{dense: {units: 3}}, relu], [tanh]]}\n"
                        "    train.optimizer: {values: [sgd, {name: adam, beta1: 0.5}]}\n"
                        "    model.out: {values: [{dense: {units: classes, init: xavier}}]}\n");
  const Space *space = &base->search.space;
  Point p = {.n = 3, .values = ARENA_ARRAY(*state, const YamlNode *, 3)};
  p.values[0] = space->dims[0].values[0];
  p.values[1] = space->dims[1].values[1];
  p.values[2] = space->dims[2].values[0];
  Diag d = diag_new(*state);
  Spec *s = spec_trial(*state, base, &p, 1, &d);
  assert_non_null(s);
  assert_int_equal(s->model.n_layers, 5);
  assert_string_equal(s->model.layers[0].path, "hidden.0.dense");
  assert_string_equal(rig_layer(*state, s, 0, "bias"), "true");
  assert_string_equal(rig_value(s, "train.optimizer.beta1"), "0.5");
  assert_string_equal(s->model.layers[4].path, "out"); /* the name stays */
  assert_string_equal(rig_layer(*state, s, 4, "init"), "xavier");
  p.values[0] = space->dims[0].values[1];
  p.values[1] = space->dims[1].values[0];
  s = spec_trial(*state, base, &p, 1, &d);
  assert_non_null(s);
  assert_int_equal(s->model.n_layers, 3);
  assert_string_equal(s->train.optimizer.kind->name, "sgd");
}

static void an_illegal_point_is_no_trial(void **state) {
  Spec *base = rig_load(*state, RIG_SMALL "search: {trials: 1, parameters: {train.batch_size: "
                                          "{min: 1, max: 4}}}\n");
  assert_non_null(make_trial(*state, base, (const char *const[]){"2"}, 1));
  assert_null(make_trial(*state, base, (const char *const[]){"1"}, 1)); /* batch_norm */
  assert_null(make_trial(*state, base, (const char *const[]){"many"}, 1));
}

/* ---- the graph ------------------------------------------------------------------------------- */

static void shape_errors_point_at_the_layer(void **state) {
  Spec *s = rig_load(*state, "data: {source: blobs}\n"
                             "model:\n"
                             "  layers:\n"
                             "    - dense: {units: 4}\n"
                             "train: {epochs: 1}\n");
  Diag d = diag_new(*state);
  Err e = {.status = OK};
  NnGraph *g = NULL;
  const NnTargets three = {.n_classes = 3}, four = {.n_classes = 4};
  assert_int_equal(spec_graph(*state, s, 2, four, &d, &g, &e), OK);
  assert_int_equal(d.n_errors, 0);
  assert_int_equal(spec_graph(*state, s, 2, three, &d, &g, &e), E_SHAPE);
  Str out = str_new(*state);
  diag_render(&d, false, &out);
  assert_contains(str_text(&out), "dir/e.yaml:4:7: error:");
  assert_true(spec_couples_rows(rig_load(*state, RIG_SMALL)));
  assert_false(spec_couples_rows(s));
}

/* ---- overrides ------------------------------------------------------------------------------- */

static void overrides_are_applied(void **state) {
  static const char *const overrides[] = {
      "train.epochs=7",
      "train.optimizer.beta1=0.5",
      "model.hidden.batch_norm.decay=0.75",
      "model.out.dense.init={name: normal, sd: 0.25}",
      "data.split={train: 0.5, validation: 0.5}",
      "search.metric.at=best",
      "seed=9",
  };
  Spec *s = rig_load_with(*state, RIG_SMALL, overrides, COUNT(overrides));
  assert_int_equal(s->train.epochs, 7);
  assert_string_equal(rig_value(s, "train.optimizer.beta1"), "0.5");
  assert_string_equal(rig_value(s, "train.optimizer.name"), "adam");
  assert_string_equal(rig_layer(*state, s, 1, "decay"), "0.75");
  assert_string_equal(rig_value(s, "model.out.dense.init.sd"), "0.25");
  assert_true(s->data.validation == 0.5);
  assert_true(s->search.metric.at_best);
  assert_int_equal(s->seed, 9);
  assert_int_equal(s->data.seed, 9);
}

static void wrong_overrides_point_at_the_command_line(void **state) {
  static const char *const overrides[] = {"train.epoch=7",  "train.batch_size=[1, 2",
                                          "train.shards=x", "model.hiden.repeat=3",
                                          "seed",           "train.steps="};
  const char *messages;
  assert_null(rig_try(*state, RIG_SMALL, overrides, COUNT(overrides), &messages));
  assert_contains(messages, "command line:1:7: error: unknown key \"epoch\" in train; did you mean "
                            "\"epochs\"?\n    1 | train.epoch=7\n      |       ^~~~~\n");
  assert_contains(messages, "    1 | train.batch_size=[1, 2\n");
  assert_contains(messages, "command line:1:14: error: shards: expected an integer from 1 to 1024");
  assert_contains(messages, "command line:1:7: error: model.hiden.repeat: no layer here is called "
                            "\"hiden\"; did you mean \"hidden\"?");
  assert_contains(messages, "expected path=value");
  assert_contains(messages, "a value is missing behind the =");
}

/* ---- whatever is written --------------------------------------------------------------------- */

static void any_damage_is_an_error_or_an_experiment(void **state) {
  (void)state;
  rig_damage(quickstart);
}

static void any_override_is_an_error_or_an_experiment(void **state) {
  static const char *const paths[] = {"seed",
                                      "name",
                                      "version",
                                      "data",
                                      "data.split",
                                      "data.source",
                                      "data.file",
                                      "model",
                                      "model.layers",
                                      "model.hidden",
                                      "model.dense",
                                      "model.0",
                                      "model.hidden.1",
                                      "model.loss",
                                      "model.hidden.relu",
                                      "train",
                                      "train.epochs",
                                      "train.optimizer",
                                      "metric",
                                      "train.optimizer.name",
                                      "metric.name",
                                      "metric.goal",
                                      "search",
                                      "search.trials",
                                      "search.parameters",
                                      "model.hidden.layers",
                                      "model.hidden.enabled",
                                      "search.parameters.train.batch_size",
                                      "search.parameters.model.hidden",
                                      "model.hidden.dense.init",
                                      "checkpoint",
                                      "search.method",
                                      "model.hidden.repeat",
                                      "train.batch_size",
                                      "x",
                                      "data.split.train",
                                      "search.metric"};
  static const char *const values[] = {"null",
                                       "{}",
                                       "[]",
                                       "1",
                                       "-1",
                                       "relu",
                                       "adam",
                                       "all",
                                       "[relu]",
                                       "{name: adam}",
                                       "{name: {}}",
                                       "[[relu]]",
                                       "{dense: {units: 3}}",
                                       "{layers: []}",
                                       "{layers: [{layers: [relu]}]}",
                                       "grid",
                                       "{values: [1]}",
                                       "{values: []}",
                                       "{value: relu}",
                                       "{min: 1, max: 2}",
                                       "{min: relu, max: []}",
                                       "[{name: null}]",
                                       "{activation: {name: []}}",
                                       ".nan",
                                       "1e999",
                                       "{train: 1}",
                                       "''",
                                       "true",
                                       "{values: [[relu], relu, {dense: {units: 3}}]}",
                                       "{name: train_loss, goal: 3}",
                                       "{batch_norm: null, enabled: 7}",
                                       "{train.batch_size: {values: [all]}, : 1}"};
  (void)state;
  assert_true(rig_override(quickstart, paths, COUNT(paths), values, COUNT(values)) > 0);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)
  const struct CMUnitTest tests[] = {
      TEST(everything_is_typed),
      TEST(a_kind_of_one_parameter_has_a_short_form),
      TEST(layers_are_expanded),
      TEST(defaults_are_explicit),
      TEST(files_lie_beside_the_experiment),
      TEST(parts_left_out_of_a_split_are_empty),
      TEST(the_metric_follows_the_loss),
      TEST(bias_is_settled),
      TEST(copies_may_differ),
      TEST(a_useless_bias_is_warned_about),
      TEST(labels_are_unique),
      TEST(too_many_layers_are_refused),
      TEST(text_is_a_fixed_point),
      TEST(names_and_places_are_no_part_of_the_digest),
      TEST(one_value_has_one_form),
      TEST(a_trial_is_a_plain_experiment),
      TEST(a_trial_settles_what_its_layers_ask),
      TEST(architectures_are_values),
      TEST(an_illegal_point_is_no_trial),
      TEST(shape_errors_point_at_the_layer),
      TEST(overrides_are_applied),
      TEST(wrong_overrides_point_at_the_command_line),
      TEST(any_damage_is_an_error_or_an_experiment),
      TEST(any_override_is_an_error_or_an_experiment),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
