/* Lists of numbers in an experiment: values like others, with errors at their elements. */
#include "spec_rig.h"

static const char with_stairs[] = "data: {source: blobs}\n"
                                  "model: {layers: [{dense: {units: classes}}]}\n"
                                  "train: {epochs: 9, schedule: {name: stairs, at: [3.0, 0x6]}}\n";

static void lists_of_numbers_are_values(void **state) {
  static const char *const overrides[] = {
      "train.schedule.at=[2, 4, 5]",
      "search={method: grid, parameters: {train.schedule.at: {values: [[3, 6], [7]]}}}"};
  Spec *s = rig_load(*state, with_stairs);
  Str out = str_new(*state);
  yaml_write_flow(spec_find(s->tree, "train.schedule"), &out);
  assert_string_equal(str_text(&out), "{name: stairs, factor: 0.1, at: [3, 6]}");
  assert_true(nn_schedule_rate(s->train.schedule, 1, 5, 9) == 0.1);
  assert_contains(spec_text(*state, s, SPEC_RESOLVED), "    at: [3, 6]\n");
  s = rig_load(*state, spec_text(*state, s, SPEC_RESOLVED));
  assert_true(nn_schedule_rate(s->train.schedule, 1, 2, 9) == 1);
  s = rig_load_with(*state, with_stairs, overrides, 1);
  assert_true(nn_schedule_rate(s->train.schedule, 1, 2, 9) == 0.1);
  s = rig_load_with(*state, with_stairs, overrides + 1, 1);
  assert_int_equal(s->search.trials, 2);
  Diag d = diag_new(*state);
  const Point point = {.values = &s->search.space.dims[0].values[1], .n = 1};
  s = spec_trial(*state, s, &point, 1, &d);
  assert_non_null(s);
  assert_true(nn_schedule_rate(s->train.schedule, 1, 6, 9) == 1);
  assert_true(nn_schedule_rate(s->train.schedule, 1, 7, 9) == 0.1);
}

static void lists_of_numbers_are_checked(void **state) {
  static const struct {
    const char *override, *message, *place;
  } rows[] = {
      {"train.schedule.at=[3, 0, x, [1]]", "at: expected a number from 1 to 1000000000, found 0",
       "command line:1:23:"},
      {"train.schedule.at=[3, 0, x, [1]]",
       "at: expected a number from 1 to 1000000000, found \"x\"", "command line:1:26:"},
      {"train.schedule.at=[3, 0, x, [1]]",
       "at: expected a list of numbers from 1 to 1000000000, found a list in it",
       "command line:1:29:"},
      {"train.schedule.at=[]",
       "at: expected a list of numbers from 1 to 1000000000, found an empty list",
       "command line:1:19:"},
      {"train.schedule.at=3", "at: expected a list of numbers from 1 to 1000000000, found 3",
       "command line:1:19:"},
      {"train.schedule.at={a: 3}",
       "at: expected a list of numbers from 1 to 1000000000, found a map", "command line:1:19:"},
      {"train.schedule.at=[3, 9, 9]", "at: epochs must ascend, but 9 follows 9",
       "command line:1:26:"},
      {"train.schedule.at=[3, 3.5]", "at: expected whole epochs, found 3.5", "command line:1:23:"},
      {"train.schedule.at.0=3", "there is no \"0\" below a list", "command line:1:19:"},
      {"search={trials: 2, parameters: {train.schedule.at: {min: 1, max: 3}}}",
       "train.schedule.at is not a number (a list of numbers from 1 to 1000000000): write {values: "
       "[..]}",
       "command line:1:53:"},
      {"search={trials: 2, parameters: {train.schedule.att: {values: [[1]]}}}",
       "train.schedule.att: no such path; did you mean \"train.schedule.at\"?",
       "command line:1:48:"},
  };
  for (int i = 0; i < COUNT(rows); i++) {
    const char *messages;
    assert_null(rig_try(*state, with_stairs, &rows[i].override, 1, &messages));
    assert_contains(messages, rows[i].message);
    assert_contains(messages, rows[i].place);
  }
}

/* An optional parameter of a kind need not be written to be searched. */
static void absent_parameters_are_searched(void **state) {
  static const char text[] = "data: {source: blobs}\n"
                             "model: {layers: [{dense: {units: classes}}]}\n"
                             "train: {epochs: 9, schedule: {name: exponential, decay: 0.5}}\n"
                             "search:\n"
                             "  method: grid\n"
                             "  parameters:\n"
                             "    model.loss.label_smoothing: {values: [0.1]}\n"
                             "    model.loss.class_weights: {values: [balanced, [1, 2, 3]]}\n"
                             "    train.schedule.every: {min: 2, max: 3}\n";
  Spec *s = rig_load(*state, text);
  assert_int_equal(s->search.trials, 4);
  const Space *space = &s->search.space;
  const YamlNode *values[] = {space->dims[0].values[0], space->dims[1].values[1],
                              space_value(*state, &space->dims[2], 0.9)};
  const Point point = {.values = values, .n = 3};
  Diag d = diag_new(*state);
  s = spec_trial(*state, s, &point, 1, &d);
  assert_non_null(s);
  Str out = str_new(*state);
  yaml_write_flow(spec_find(s->tree, "model.loss"), &out);
  assert_string_equal(
      str_text(&out),
      "{name: softmax_cross_entropy, label_smoothing: 0.1, class_weights: [1, 2, 3]}");
  assert_string_equal(rig_value(s, "train.schedule.every"), "3");
  assert_true(nn_schedule_rate(s->train.schedule, 1, 4, 9) == 0.25);
  assert_contains(rig_errors(*state, "data: {source: blobs}\n"
                                     "model: {layers: [{dense: {units: classes}}]}\n"
                                     "train: {epochs: 9}\n"
                                     "search: {trials: 2, parameters: {model.loss.label_smothing: "
                                     "{min: 0, max: 1}}}\n"),
                  "model.loss.label_smothing: ");
}

/* A kind of which nothing but the name is given stays a name. */
static void a_name_stays_a_name(void **state) {
  Spec *s = rig_load(*state, "data: {source: blobs}\n"
                             "model: {layers: [{dense: {units: classes}}],\n"
                             "  loss: {name: softmax_cross_entropy}}\n"
                             "train: {epochs: 9}\n");
  assert_string_equal(rig_value(s, "model.loss"), "softmax_cross_entropy");
  assert_contains(spec_text(*state, s, SPEC_RESOLVED), "  loss: softmax_cross_entropy\n");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)
  const struct CMUnitTest tests[] = {
      TEST(lists_of_numbers_are_values), TEST(lists_of_numbers_are_checked),
      TEST(absent_parameters_are_searched), TEST(a_name_stays_a_name)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
