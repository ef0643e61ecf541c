/* What a trial's steps do besides the optimizer's rule: accumulation, penalties, limits. */
#include <math.h>
#include <unistd.h>
#include "runner/plan.h"
#include "runner/trial_model.h"
#include "trial_rig.h"

/* 420 training rows: 27 mini-batches of 16, the last of 4; with accumulate 4 seven steps, the last
 * of three. */
static const char text[] =
    "seed: 11\n"
    "data:\n"
    "  source: {name: blobs, rows: 600, classes: 4, features: 3}\n"
    "  split: {train: 0.7, validation: 0.2, test: 0.1}\n"
    "model:\n"
    "  layers:\n"
    "    - {name: hidden, layers: [{dense: {units: 12}}, batch_norm, relu, {dropout: {rate: "
    "0.1}}]}\n"
    "    - {name: out, dense: {units: classes}}\n"
    "train: {epochs: 4, batch_size: 16, optimizer: {name: adam, learning_rate: 0.01}}\n";

enum { MAX_OVERRIDES = 8 };

/* `text` with overrides, separated by spaces. */
static Spec *spec_with(Arena *a, const char *overrides) {
  const char *list[MAX_OVERRIDES];
  int n = 0;
  for (char *word = strtok(arena_strdup(a, overrides), " "); word; word = strtok(NULL, " "))
    list[n++] = word;
  return rig_load_with(a, text, list, n);
}

static TrialResult run_with(Arena *a, const char *overrides) {
  const Spec *s = spec_with(a, overrides);
  return trial_rig_run(a, s, trial_rig_data(a, s), NULL);
}

static bool has_curve(const TrialResult *r, const char *name) {
  for (int i = 0; i < r->curves.n_names; i++)
    if (str_eq(r->curves.names[i], name)) return true;
  return false;
}

/* ---- accumulation ---------------------------------------------------------------------------- */

static void test_plan(void **state) {
  Arena *a = *state;
  static const struct {
    const char *overrides;
    int64_t batches, per_epoch, epochs, steps;
  } cases[] = {
      {"train.accumulate=1", 27, 27, 4, 108},
      {"train.accumulate=4", 27, 7, 4, 28},
      {"train.accumulate=4 train.drop_last=true", 26, 7, 4, 28},
      {"train.accumulate=4 train.batch_size=419", 1, 1, 4, 4}, /* one row is left out */
      {"train.accumulate=100", 27, 1, 4, 4},
  };
  size_t bytes[2];
  for (int i = 0; i < COUNT(cases); i++) {
    const Spec *s = spec_with(a, cases[i].overrides);
    const TrialEnv env = {.data = trial_rig_data(a, s), .cpu = cpu_level()};
    TrialPlan p;
    Err e = {0};
    Diag d = diag_new(a);
    assert_int_equal(trial_plan(a, &env, s, &d, &p, &e), OK);
    assert_int_equal(p.batches, cases[i].batches);
    assert_int_equal(p.steps_per_epoch, cases[i].per_epoch);
    assert_int_equal(p.epochs, cases[i].epochs);
    assert_int_equal(p.steps, cases[i].steps);
    if (i < 2) bytes[i] = p.bytes;
    if (i == 1) assert_true(bytes[1] - bytes[0] >= p.n_parameters * sizeof(Real));
    if (i == 1) assert_true(bytes[1] - bytes[0] < p.n_parameters * sizeof(Real) + 128);
  }
}

/* Without batch norm and dropout, to rounding the same steps as with larger mini-batches. */
static void test_as_one_batch(void **state) {
  Arena *a = *state;
  static const char plain[] = "model.hidden.batch_norm.enabled=false "
                              "model.hidden.dropout.enabled=false train.optimizer.name=sgd ";
  static const struct {
    const char *apart, *whole, *other; /* the last is another step, and far from these */
  } cases[] = {
      {"train.accumulate=4", "train.batch_size=64", "train.accumulate=3"},
      {"train.accumulate=100", "train.batch_size=all", "train.accumulate=26"},
      /* rows that are dropped are no part of a step: 416 of 420 */
      {"train.accumulate=9 train.batch_size=104 train.drop_last=true",
       "train.batch_size=416 train.drop_last=true", "train.batch_size=104"},
  };
  for (int k = 0; k < COUNT(cases); k++) {
    TrialResult apart = run_with(a, arena_printf(a, "%s%s", plain, cases[k].apart));
    TrialResult whole = run_with(a, arena_printf(a, "%s%s", plain, cases[k].whole));
    TrialResult other = run_with(a, arena_printf(a, "%s%s", plain, cases[k].other));
    assert_string_not_equal(apart.weights, whole.weights);
    for (int i = 0; i < 4 * whole.curves.n_names; i++)
      assert_true(fabs(apart.curves.values[i] - whole.curves.values[i]) < 1e-6);
    assert_true(fabs(trial_rig_curve(&other, 4, "train_loss") -
                     trial_rig_curve(&whole, 4, "train_loss")) > 1e-3);
  }
}

/* accumulate: 1 is what happens without it; `steps` counts updates. */
static void test_steps(void **state) {
  Arena *a = *state;
  TrialResult one = run_with(a, "train.accumulate=1"), none = run_with(a, "");
  assert_string_equal(one.weights, none.weights);
  const char *half = strstr(text, "train: {epochs: 4");
  const char *of_steps = arena_printf(a, "%.*strain: {steps: 10, batch_size: 16, accumulate: 4}\n",
                                      (int)(half - text), text);
  const Spec *s = rig_load(a, of_steps);
  TrialResult r = trial_rig_run(a, s, trial_rig_data(a, s), ".");
  assert_int_equal(r.curves.n_epochs, 2); /* 7 + 3 */
  TrialModel m;
  Err e = {0};
  assert_int_equal(trial_model_open(a, trial_checkpoint_path(a, ".", 0), cpu_level(), &m, &e), OK);
  assert_int_equal(nn_model_updates(m.model), 10);
  assert_int_equal(nn_model_batches(m.model), 27 + 12); /* the averages of batch norm */
  trial_model_close(&m);
  unlink(trial_checkpoint_path(a, ".", 0));
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

static bool stop_now(void *ctx) {
  int *left = ctx;
  return (*left)-- == 0;
}

/* Stopped again and again after `after` updates, a trial ends with the bits of an undisturbed one.
 */
static void check_resume(Arena *a, const char *overrides, int after, int n_pieces) {
  const Spec *s = spec_with(a, overrides);
  const RunData *data = trial_rig_data(a, s);
  TrialResult whole = trial_rig_run(a, s, data, NULL), r = {0};
  int left, pieces = 0;
  TrialEnv env = {.data = data,
                  .cpu = cpu_level(),
                  .checkpoint_dir = ".",
                  .hooks = {.ctx = &left, .stop = stop_now}};
  Status status = E_STOPPED;
  while (status != OK) {
    Err e = {0};
    left = after - 1;
    status = trial_run(a, &env, s, 0, &r, &e);
    assert_true(status == OK || status == E_STOPPED);
    assert_true(++pieces <= n_pieces);
  }
  unlink(trial_checkpoint_path(a, ".", 0));
  assert_int_equal(pieces, n_pieces);
  assert_string_equal(r.weights, whole.weights);
  const size_t n = (size_t)(whole.curves.n_epochs * whole.curves.n_names);
  assert_memory_equal(r.curves.values, whole.curves.values, sizeof(double) * n);
}

static void test_resume(void **state) {
  Arena *a = *state;
  const char *all = "train.accumulate=4 train.l2=0.01 train.l1=0.001 train.clip_norm=0.5 "
                    "train.max_norm=2 train.optimizer.name=";
  check_resume(a, "train.accumulate=4", 1, 29);
  check_resume(a, "train.accumulate=4", 5, 6); /* inside an epoch */
  check_resume(a, "train.accumulate=4 metric.at=best train.shards=2", 3, 10);
  for (int i = 0; i < nn_optimizers.n; i++)
    check_resume(a, arena_printf(a, "%s%s", all, nn_optimizers.kinds[i]->name), 3, 10);
}

/* The model in a checkpoint is the best epoch's, its averages corrected for that epoch's number of
 * batches: on the validation part it has the very loss by which it was chosen. */
static void test_best(void **state) {
  Arena *a = *state;
  static const char best[] = "metric.at=best metric.name=validation_loss metric.goal=maximize "
                             "train.batch_size=64 ";
  static const char *const kinds[] = {"", "train.accumulate=2"};
  for (int i = 0; i < COUNT(kinds); i++) {
    const Spec *s = spec_with(a, arena_printf(a, "%s%s", best, kinds[i]));
    RunData *data = trial_rig_data(a, s);
    TrialResult r = trial_rig_run(a, s, data, ".");
    assert_int_equal(r.chosen_epoch, 1); /* where the loss is largest */
    data->parts[PART_TEST] = data->parts[PART_VALIDATION];
    const TrialEnv env = {.data = data, .cpu = cpu_level()};
    TrialTest test;
    Err e = {0};
    const char *path = trial_checkpoint_path(a, ".", 0);
    assert_int_equal(trial_test(a, &env, path, &test, &e), OK);
    unlink(path);
    assert_true(test.score.loss / test.score.rows == r.metric);
  }
}

/* ---- penalties and limits -------------------------------------------------------------------- */

/* The norm of the longest column of a dense layer, and the penalty of all matrices. */
static double longest_column(const NnModel *m, const float *w, double l1, double l2,
                             double *penalty) {
  double longest = 0;
  *penalty = 0;
  for (int i = 0; i < nn_model_n_blocks(m); i++) {
    const NnBlock *b = nn_model_block(m, i);
    if (!str_eq(b->name, "w")) continue;
    for (int j = 0; j < b->cols; j++) {
      double square = 0;
      for (int k = 0; k < b->rows; k++) {
        const double x = (double)w[b->offset + (size_t)(k * b->cols + j)];
        square += x * x;
        *penalty += l1 * fabs(x) + l2 / 2 * x * x;
      }
      longest = fmax(longest, sqrt(square));
    }
  }
  return longest;
}

/* The weights that a trial ends with. */
static double longest_after(Arena *a, const char *overrides, double l1, double l2, TrialResult *r,
                            double *penalty) {
  const Spec *s = spec_with(a, overrides);
  *r = trial_rig_run(a, s, trial_rig_data(a, s), ".");
  const char *path = trial_checkpoint_path(a, ".", 0);
  TrialModel m;
  Err e = {0};
  assert_int_equal(trial_model_open(a, path, cpu_level(), &m, &e), OK);
  unlink(path);
  size_t n;
  const float *w = nn_model_vector(m.model, NN_WEIGHTS, &n);
  const double longest = longest_column(m.model, w, l1, l2, penalty);
  trial_model_close(&m);
  return longest;
}

/* The column `penalty` is what l1 and l2 come to at the end of the epoch, the losses are without
 * it, and the weights become smaller. */
static void test_penalty(void **state) {
  Arena *a = *state;
  TrialResult with, without;
  double penalty, none;
  const double longer = longest_after(a, "", 0, 0, &without, &none);
  const double shorter =
      longest_after(a, "train.l1=0.002 train.l2=0.03", 0.002, 0.03, &with, &penalty);
  assert_true(shorter < longer);
  assert_false(has_curve(&without, "penalty"));
  assert_true(fabs(trial_rig_curve(&with, 4, "penalty") - penalty) < 1e-6 * penalty);
  assert_true(penalty > 0.1);
  /* with weights that stand still the data's loss is the same, penalty or not */
  TrialResult still = run_with(a, "train.l2=0.03 train.optimizer.learning_rate=1e-30");
  TrialResult plain = run_with(a, "train.optimizer.learning_rate=1e-30");
  assert_true(trial_rig_curve(&still, 1, "train_loss") == trial_rig_curve(&plain, 1, "train_loss"));
  assert_true(trial_rig_curve(&still, 1, "penalty") > 0.1);
  TrialResult zero = run_with(a, "train.l2=0");
  assert_string_equal(zero.weights, without.weights);
  assert_true(trial_rig_curve(&zero, 4, "penalty") == 0);
}

static void test_max_norm(void **state) {
  Arena *a = *state;
  TrialResult r;
  double ignored;
  assert_true(longest_after(a, "", 0, 0, &r, &ignored) > 1.5);
  const double longest = longest_after(a, "train.max_norm=1.25", 0, 0, &r, &ignored);
  assert_true(fabs(longest - 1.25) < 1e-5);
}

/* Limits that are never met leave the bits alone; those that are met change them. */
static void test_clipping(void **state) {
  Arena *a = *state;
  TrialResult plain = run_with(a, "");
  static const char *const limits[] = {"train.clip_norm=", "train.clip_value=", "train.max_norm="};
  for (int i = 0; i < COUNT(limits); i++) {
    TrialResult far = run_with(a, arena_printf(a, "%s1e6", limits[i]));
    TrialResult near = run_with(a, arena_printf(a, "%s0.01", limits[i]));
    assert_string_equal(far.weights, plain.weights);
    assert_string_not_equal(near.weights, plain.weights);
  }
}

/* ---- the experiment language ----------------------------------------------------------------- */

/* Rows that the file leaves out are not in the resolved text, and can be searched all the same. */
static void test_searched(void **state) {
  Arena *a = *state;
  const char *resolved = spec_text(a, spec_with(a, ""), SPEC_RESOLVED);
  static const char *const rows[] = {"accumulate", "l2",        "l1",
                                     "clip_value", "clip_norm", "max_norm"};
  for (int i = 0; i < COUNT(rows); i++)
    assert_null(strstr(resolved, arena_printf(a, "  %s:", rows[i])));
  const char *searched = arena_printf(a,
                                      "%ssearch:\n"
                                      "  trials: 3\n"
                                      "  parameters:\n"
                                      "    train.l2: {min: 0.0001, max: 0.1, scale: log}\n"
                                      "    train.accumulate: {min: 1, max: 8}\n"
                                      "    train.clip_norm: {values: [0.5]}\n",
                                      text);
  const Spec *base = rig_load(a, searched);
  Diag d = diag_new(a);
  double last = 0;
  for (int64_t n = 0; n < 3; n++) {
    const Spec *trial = plan_trial(a, base, n, plan_point(a, base, n), &d);
    assert_non_null(trial);
    assert_true(trial->train.rules.l2 >= 0.0001 && trial->train.rules.l2 <= 0.1);
    assert_true(trial->train.rules.l2 != last);
    assert_in_range(trial->train.accumulate, 1, 8);
    assert_true(trial->train.rules.clip_norm == 0.5);
    last = trial->train.rules.l2;
    const Spec *again = rig_load(a, spec_text(a, trial, SPEC_RESOLVED));
    assert_true(again->train.rules.l2 == trial->train.rules.l2);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_plan, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_as_one_batch, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_steps, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_resume, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_best, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_penalty, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_max_norm, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_clipping, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_searched, arena_begin, arena_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
