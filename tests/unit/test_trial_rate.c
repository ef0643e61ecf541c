/* train.base_batch_size: the linear scaling rule, by hand. */
#include <math.h>

#include "runner/plan.h"
#include "trial_rig.h"

/* 420 training rows. */
static const char text[] =
    "seed: 5\n"
    "data:\n"
    "  source: {name: blobs, rows: 600, classes: 3, features: 3}\n"
    "  split: {train: 0.7, validation: 0.2, test: 0.1}\n"
    "model: {layers: [{dense: {units: 6}}, batch_norm, relu, {dense: {units: classes}}]}\n"
    "train:\n"
    "  epochs: 6\n"
    "  batch_size: 60\n"
    "  base_batch_size: 40\n"
    "  optimizer: {name: sgd, learning_rate: 0.1}\n"
    "  schedule: {name: inverse_time, decay_rate: 0.5}\n";

enum { MAX_OVERRIDES = 8 };

/* `text` with overrides, separated by spaces. */
static Spec *spec_with(Arena *a, const char *overrides) {
  const char *list[MAX_OVERRIDES];
  int n = 0;
  for (char *word = strtok(arena_strdup(a, overrides), " "); word; word = strtok(NULL, " "))
    list[n++] = word;
  return rig_load_with(a, text, list, n);
}

static TrialPlan plan_with(Arena *a, const Spec *s) {
  TrialPlan p;
  Err e = {0};
  Diag d = diag_new(a);
  const TrialEnv env = {.data = trial_rig_data(a, s), .cpu = cpu_level()};
  if (trial_plan(a, &env, s, &d, &p, &e) != OK) fail_msg("%s", e.text);
  return p;
}

static void the_rows_of_a_step_count(void **state) {
  static const struct {
    const char *overrides;
    int64_t rows;
    double scale;
  } rows[] = {
      {"train.batch_size=40", 40, 1},
      {"train.batch_size=60", 60, 1.5},
      {"train.batch_size=10", 10, 0.25},
      {"train.batch_size=all", 420, 10.5},
      {"train.batch_size=30 train.accumulate=4", 120, 3},
      {"train.batch_size=60 train.accumulate=100", 420, 10.5},  /* a step is never more */
      {"train.batch_size=419 train.accumulate=2", 419, 10.475}, /* one row is in no batch */
      {"train.base_batch_size=60", 60, 1},
  };
  for (int i = 0; i < COUNT(rows); i++) {
    const TrialPlan p = plan_with(*state, spec_with(*state, rows[i].overrides));
    assert_int_equal(p.step_rows, rows[i].rows);
    assert_true(p.rate_scale == rows[i].scale);
  }
}

/* 7 steps an epoch, of which 14 are warm-up. */
static void schedule_and_warmup_are_scaled(void **state) {
  const Spec *s = spec_with(*state, "train.warmup_epochs=2");
  const TrialPlan p = plan_with(*state, s);
  for (uint64_t t = 1; t <= 42; t++) {
    const int epoch = (int)(t + 6) / 7;
    const double want = 0.15 / (1 + 0.5 * epoch) * (t < 14 ? (double)t / 14 : 1);
    assert_true(fabs(trial_rate(s, &p, epoch, t) - want) < 1e-16);
  }
  const TrialResult r = trial_rig_run(*state, s, trial_rig_data(*state, s), NULL);
  assert_true(fabs(trial_rig_curve(&r, 1, "learning_rate") - 0.15 / 1.5 / 2) < 1e-16);
  assert_true(fabs(trial_rig_curve(&r, 6, "learning_rate") - 0.15 / 4) < 1e-16);
}

/* The same training as with the scaled rate written out; without the key another. */
static void a_scaled_training(void **state) {
  static const char *const overrides[] = {"train.batch_size=80",
                                          ("train.batch_size=80 train.base_batch_size=80 "
                                           "train.optimizer.learning_rate=0.2"),
                                          "train.batch_size=80 train.base_batch_size=80"};
  TrialResult r[3];
  for (int i = 0; i < 3; i++) {
    const Spec *s = spec_with(*state, overrides[i]);
    r[i] = trial_rig_run(*state, s, trial_rig_data(*state, s), NULL);
  }
  assert_string_equal(r[0].weights, r[1].weights);
  assert_string_not_equal(r[0].weights, r[2].weights);
}

/* Each trial of a search its own factor. */
static void a_searched_batch_size(void **state) {
  const Spec *s = spec_with(
      *state, "search={\"method\":\"grid\",\"parameters\":{\"train.batch_size\":{\"values\":[20,60,"
              "120]}}}");
  static const double scale[] = {0.5, 1.5, 3};
  Diag d = diag_new(*state);
  for (int64_t n = 0; n < 3; n++) {
    const Spec *trial = plan_trial(*state, s, n, plan_point(*state, s, n), &d);
    assert_non_null(trial);
    assert_true(plan_with(*state, trial).rate_scale == scale[n]);
  }
}

/* It is part of the experiment; absent where it is not given. */
static void in_the_text(void **state) {
  assert_contains(spec_text(*state, spec_with(*state, ""), SPEC_FOR_DIGEST),
                  "  base_batch_size: 40\n");
  const Spec *plain = rig_load(*state, RIG_SMALL);
  assert_null(strstr(spec_text(*state, plain, SPEC_RESOLVED), "base_batch_size"));
  assert_null(strstr(spec_text(*state, plain, SPEC_RESOLVED), "sync"));
  assert_true(plan_with(*state, plain).rate_scale == 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_rows_of_a_step_count, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(schedule_and_warmup_are_scaled, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(a_scaled_training, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(a_searched_batch_size, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(in_the_text, arena_begin, arena_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
