#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "runner/trial.h"

static const char *names[] = {"train_loss", "validation_accuracy"};
static double values[] = {0.1, 1.0 / 3, 5e-324, -0.0, 1e300, NAN, INFINITY, -INFINITY};

static TrialResult sample(void) {
  return (TrialResult){.number = 17,
                       .seed = 9007199254740991,
                       .status = TRIAL_COMPLETED,
                       .point = "{train.batch_size: 32, train.optimizer.learning_rate: 0.013}",
                       .curves = {names, 2, 4, values},
                       .chosen_epoch = 1,
                       .metric = 1.0 / 3,
                       .weights = "00112233445566778899aabbccddeeff",
                       .seconds = 1.2345678901234567,
                       .rank = 3,
                       .host = "node \"7\""};
}

static TrialResult round_trip(Arena *a, const TrialResult *r) {
  Str text = str_new(a);
  Err e = {0};
  JsonValue *v;
  TrialResult back;
  trial_write_json(r, &text);
  assert_null(strchr(str_text(&text), '\n'));
  assert_int_equal(json_parse(a, str_text(&text), (size_t)text.length, &v, &e), OK);
  assert_int_equal(trial_read_json(a, v, &back, &e), OK);
  return back;
}

static void assert_same_bits(double x, double y) {
  if (isnan(x) && isnan(y)) return;
  assert_memory_equal(&x, &y, sizeof x);
}

static void assert_same(const TrialResult *x, const TrialResult *y) {
  assert_int_equal(x->number, y->number);
  assert_int_equal(x->seed, y->seed);
  assert_int_equal(x->status, y->status);
  assert_string_equal(x->point, y->point);
  assert_int_equal(x->chosen_epoch, y->chosen_epoch);
  assert_same_bits(x->metric, y->metric);
  assert_int_equal(x->diverged_step, y->diverged_step);
  assert_string_equal(x->weights, y->weights);
  assert_same_bits(x->seconds, y->seconds);
  assert_int_equal(x->rank, y->rank);
  assert_int_equal(x->error == NULL, y->error == NULL);
  if (x->error) assert_string_equal(x->error, y->error);
  assert_int_equal(x->host == NULL, y->host == NULL);
  if (x->host) assert_string_equal(x->host, y->host);
  assert_int_equal(x->curves.n_names, y->curves.n_names);
  assert_int_equal(x->curves.n_epochs, y->curves.n_epochs);
  for (int i = 0; i < x->curves.n_names; i++)
    assert_string_equal(x->curves.names[i], y->curves.names[i]);
  for (int i = 0; i < x->curves.n_names * x->curves.n_epochs; i++)
    assert_same_bits(x->curves.values[i], y->curves.values[i]);
}

static void test_round_trip(void **state) {
  (void)state;
  Arena a;
  arena_init(&a);
  TrialResult r = sample(), back = round_trip(&a, &r);
  assert_same(&r, &back);
  r.status = TRIAL_DIVERGED; /* in the first step */
  r.curves.n_epochs = 0;
  r.chosen_epoch = 0;
  r.diverged_step = 1;
  r.metric = NAN;
  r.weights[0] = '\0';
  r.point = "";
  r.host = NULL;
  back = round_trip(&a, &r);
  assert_same(&r, &back);
  r.status = TRIAL_FAILED;
  r.error = "layer hidden.dense: too big\nby far";
  r.curves = (Curves){0};
  back = round_trip(&a, &r);
  assert_same(&r, &back);
  arena_free(&a);
}

/* Points come back as the text they were, also where YAML has more than one way to write a value.
 */
static void test_points(void **state) {
  (void)state;
  static const char *const points[] = {
      "{a: 1e-05, b: 20, c: -0.5, d: adam, e: true, f: \"0.1\", g: null}",
      "{a: 0.10}",
      "{a: 1e3}",
      "{a: 0x1F}",
      "{model.layers: [{dense: {units: 5}}, relu]}",
      "{a: .inf}",
  };
  Arena a;
  arena_init(&a);
  for (int i = 0; i < COUNT(points); i++) {
    TrialResult r = sample();
    r.point = points[i];
    TrialResult back = round_trip(&a, &r);
    assert_same(&r, &back);
  }
  arena_free(&a);
}

/* What others read: the keys of `show --json`. */
static void test_shape(void **state) {
  (void)state;
  Arena a;
  arena_init(&a);
  Str text = str_new(&a);
  Err e = {0};
  JsonValue *v;
  TrialResult r = sample();
  trial_write_json(&r, &text);
  assert_int_equal(json_parse(&a, str_text(&text), (size_t)text.length, &v, &e), OK);
  assert_int_equal(json_get(v, "schema_version")->integer, 1);
  assert_int_equal(json_get(v, "trial")->integer, 17);
  assert_string_equal(json_text(json_get(v, "status"), ""), "COMPLETED");
  const JsonValue *point = json_get(v, "point");
  assert_int_equal(json_get(point, "train.batch_size")->integer, 32);
  assert_true(json_number(json_get(point, "train.optimizer.learning_rate"), 0) == 0.013);
  assert_null(json_get(v, "point_yaml"));
  assert_int_equal(json_get(v, "epochs")->integer, 4);
  const JsonValue *metrics = json_get(v, "metrics"), *curves = json_get(v, "curves");
  assert_true(json_number(json_get(metrics, "train_loss"), 0) == 0.1);
  assert_true(json_number(json_get(metrics, "validation_accuracy"), 0) == 1.0 / 3);
  assert_int_equal(json_get(curves, "train_loss")->n_children, 4);
  assert_true(json_number(json_get(curves, "train_loss")->first->next, 0) == 5e-324);
  arena_free(&a);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *key, *text;
  } broken[] = {
      {"schema_version", "{\"schema_version\": 2}"},
      {"trial", "{\"schema_version\": 1}"},
      {"EATEN", "{\"schema_version\": 1, \"trial\": 0, \"seed\": 1, \"status\": \"EATEN\"}"},
      {"curve \"l\"", "{\"schema_version\": 1, \"trial\": 0, \"seed\": 1, \"status\": \"FAILED\", "
                      "\"chosen_epoch\": 0, \"diverged_step\": 0, \"rank\": 0, \"epochs\": 2, "
                      "\"curves\": {\"l\": [1]}}"},
  };
  Arena a;
  arena_init(&a);
  for (int i = 0; i < COUNT(broken); i++) {
    Err e = {0};
    JsonValue *v;
    TrialResult r;
    assert_int_equal(json_parse(&a, broken[i].text, strlen(broken[i].text), &v, &e), OK);
    assert_int_equal(trial_read_json(&a, v, &r, &e), E_DATA);
    if (i) assert_non_null(strstr(e.text, broken[i].key));
  }
  arena_free(&a);
}

/* The leaderboard: best first, the diverged and the failed last, ties to the lower number. */
static void test_order(void **state) {
  (void)state;
  TrialResult a = {.number = 0, .metric = 0.9}, b = {.number = 1, .metric = 0.8};
  TrialResult nan = {.number = 2, .metric = NAN};
  TrialResult diverged = {.number = 3, .status = TRIAL_DIVERGED, .metric = NAN};
  TrialResult failed = {.number = 4, .status = TRIAL_FAILED, .metric = NAN};
  const TrialResult *order[] = {&a, &b, &nan, &diverged, &failed};
  for (int i = 0; i < COUNT(order); i++)
    for (int k = 0; k < COUNT(order); k++) {
      int sign = trial_compare(order[i], order[k], true);
      assert_int_equal((sign > 0) - (sign < 0), (i > k) - (i < k));
    }
  assert_true(trial_compare(&a, &b, false) > 0);
  assert_true(trial_compare(&nan, &b, false) > 0);
  b.metric = a.metric;
  assert_true(trial_compare(&a, &b, true) < 0);
  assert_true(trial_compare(&b, &a, false) > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip),
                                     cmocka_unit_test(test_points), cmocka_unit_test(test_shape),
                                     cmocka_unit_test(test_refusals), cmocka_unit_test(test_order)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
