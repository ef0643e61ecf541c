/*
 * Edits: a training whose numbers change while it goes on. What comes of one is what two models come
 * to of which the second takes over from the first by hand; stopped and continued at every moment it
 * is the same; an edit one step beside is not.
 */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include <stdlib.h>
#include <unistd.h>

#include "io/files.h"
#include "runner/trial_model.h"
#include "runner/trial_state.h"
#include "trial_rig.h"

enum { EPOCHS = 4, STEPS = 5, BATCH = 16 }; /* steps of an epoch */

static const char text[] =
    "seed: 3\n"
    "data: {source: blobs}\n"
    "model:\n"
    "  layers:\n"
    "    - {name: hidden, layers: [{dense: {units: 6}}, batch_norm, {leaky_relu: {slope: 0.1}}, "
    "{dropout: {rate: 0.2}}]}\n"
    "    - dense: {units: classes}\n"
    "metric: {name: validation_loss}\n"
    "train: {epochs: 4, batch_size: 16, optimizer: {name: adam, learning_rate: 0.01}}\n";

static RunData *rows(Arena *a) {
  RunData *data = trial_rig_rows(a, BATCH * STEPS - 3, 20, (NnTargets){.n_classes = 3});
  memcpy(data->fingerprint, "of rows in memory", sizeof "of rows in memory");
  return data;
}

/* ---- by hand --------------------------------------------------------------------------------- */

typedef struct {
  NnModel *model;
  TrialPlan plan;
  Arena numbers;
} Half;

static void open_half(Arena *a, const Spec *s, const RunData *data, Half *out) {
  const TrialEnv env = {.data = data, .cpu = cpu_level()};
  Diag d = diag_new(a);
  Err e = {0};
  if (trial_plan(a, &env, s, &d, &out->plan, &e) != OK) fail_msg("%s", e.text);
  out->model = out->plan.model;
  assert_int_equal(nn_model_open(out->model, &out->numbers, &e), OK);
  nn_model_init(out->model, (uint64_t)s->seed);
}

static void carry_over(NnModel *from, NnModel *to) {
  static const NnVector all[] = {NN_WEIGHTS, NN_STATISTICS, NN_OPTIMIZER_STATE};
  for (int i = 0; i < COUNT(all); i++) {
    size_t n, m;
    const Real *x = nn_model_vector(from, all[i], &n);
    Real *y = nn_model_vector(to, all[i], &m);
    assert_int_equal(n, m);
    if (n > 0) memcpy(y, x, n * sizeof *y);
  }
  nn_model_set_counts(to, nn_model_updates(from), nn_model_batches(from));
}

/* `first` for so many steps, then `second`. The hash of the weights. */
static void by_hand(Arena *a, const Spec *first, const Spec *second, const RunData *data, int steps,
                    char out[HASH_HEX]) {
  Half halves[2] = {0};
  const Spec *specs[] = {first, second};
  const uint32_t n = data->parts[PART_TRAIN].n;
  uint32_t *order = ARENA_ARRAY(a, uint32_t, n);
  int now = 0;
  for (int i = 0; i < 2; i++) open_half(a, specs[i], data, &halves[i]);
  for (int step = 0; step < EPOCHS * STEPS; step++) {
    const int64_t epoch = step / STEPS + 1, at = (int64_t)(step % STEPS) * BATCH;
    if (step == steps) {
      carry_over(halves[0].model, halves[1].model);
      now = 1;
    }
    Half *h = &halves[now];
    const int count = (int64_t)n - at < BATCH ? (int)((int64_t)n - at) : BATCH;
    rng_permute(3, RNG_SHUFFLE, (uint64_t)epoch, order, n);
    data_gather(data, PART_TRAIN, order + at, 0, count, h->model);
    const double rate = trial_rate(specs[now], &h->plan, epoch, (uint64_t)step + 1);
    NnScore score;
    nn_model_step(h->model, count, (NnPlace){(uint32_t)epoch, (uint64_t)at}, rate, &score);
  }
  size_t n_weights, n_statistics;
  const Real *w = nn_model_vector(halves[now].model, NN_WEIGHTS, &n_weights);
  const Real *s = nn_model_vector(halves[now].model, NN_STATISTICS, &n_statistics);
  trial_hash_weights(w, n_weights, s, n_statistics, out);
  for (int i = 0; i < 2; i++) arena_free(&halves[i].numbers);
}

/* Every path that may change, each as the override that makes the second half. */
static const struct {
  const char *path, *value;
} cases[] = {
    {"train.optimizer.learning_rate", "0.3"},
    {"train.optimizer.beta1", "0.2"},
    {"train.schedule", "{name: exponential, decay: 0.3}"},
    {"train.l1", "0.05"},
    {"train.l2", "0.5"},
    {"train.clip_value", "0.001"},
    {"train.clip_norm", "0.001"},
    {"train.max_norm", "0.3"},
    {"model.hidden.dropout.rate", "0.6"},
    {"model.hidden.leaky_relu.slope", "0.9"},
    {"model.hidden.batch_norm.decay", "0.5"},
};

static Spec *with(Arena *a, const char *path, const char *value) {
  const char *one[] = {arena_printf(a, "%s=%s", path, value)};
  return rig_load_with(a, text, one, 1);
}

static Spec *with_edit(Arena *a, int step, const char *path, const char *value) {
  return with(a, "edits", arena_printf(a, "[{step: %d, %s: %s}]", step, path, value));
}

static void test_it_is_a_training_in_two_parts(void **state) {
  Arena *a = *state;
  const RunData *data = rows(a);
  static const int steps[] = {1, STEPS - 1, STEPS, STEPS + 2, EPOCHS * STEPS - 1};
  for (int i = 0; i < COUNT(cases); i++) {
    const char *path = cases[i].path, *value = cases[i].value;
    const Spec *before = rig_load(a, text), *after = with(a, path, value);
    for (int k = 0; k < COUNT(steps); k++) {
      char hand[HASH_HEX], beside[HASH_HEX];
      by_hand(a, before, after, data, steps[k], hand);
      by_hand(a, before, after, data, steps[k] - 1, beside);
      const TrialResult r = trial_rig_run(a, with_edit(a, steps[k], path, value), data, NULL);
      if (!str_eq(r.weights, hand)) fail_msg("%s at step %d", path, steps[k]);
      if (str_eq(r.weights, beside)) fail_msg("%s at step %d or before", path, steps[k]);
    }
  }
}

static void test_step_0_is_the_value_itself(void **state) {
  Arena *a = *state;
  const RunData *data = rows(a);
  for (int i = 0; i < COUNT(cases); i++) {
    const TrialResult x = trial_rig_run(a, with_edit(a, 0, cases[i].path, cases[i].value), data,
                                        NULL),
                      y = trial_rig_run(a, with(a, cases[i].path, cases[i].value), data, NULL),
                      z = trial_rig_run(a, rig_load(a, text), data, NULL);
    assert_string_equal(x.weights, y.weights);
    assert_memory_equal(x.curves.values, y.curves.values,
                        sizeof(double) * (size_t)(x.curves.n_epochs * x.curves.n_names));
    assert_string_not_equal(x.weights, z.weights);
  }
}

/* ---- stopped and continued ------------------------------------------------------------------- */

static const char many[] =
    "[{step: 3, train.optimizer.learning_rate: 0.1, model.hidden.dropout.rate: 0.5},"
    " {step: 5, train.early_stopping: {patience: 2, min_delta: 0.5}},"
    " {step: 10, train.early_stopping.min_delta: 0, train.clip_norm: 0.5},"
    " {step: 12, model.hidden.leaky_relu.slope: 0.7}]";

static bool stop_now(void *ctx) {
  int *left = ctx;
  return --*left == 0;
}

/* After so many steps; false: it came to its end before. */
static bool stop_after(Arena *a, const Spec *s, const RunData *data, const char *dir, int steps) {
  TrialResult r;
  Err e = {0};
  TrialEnv env = {.data = data, .cpu = cpu_level(), .checkpoint_dir = dir};
  env.hooks = (TrialHooks){.ctx = &steps, .stop = stop_now};
  const Status status = trial_run(a, &env, s, 0, &r, &e);
  assert_true(status == OK || status == E_STOPPED);
  return status == E_STOPPED;
}

static bool same(const TrialResult *x, const TrialResult *y) {
  const size_t n = (size_t)(x->curves.n_epochs * x->curves.n_names);
  return str_eq(x->weights, y->weights) && x->curves.n_epochs == y->curves.n_epochs &&
         x->stopped_early == y->stopped_early &&
         memcmp(x->curves.values, y->curves.values, n * sizeof(double)) == 0;
}

static void test_it_goes_on_from_every_moment(void **state) {
  Arena *a = *state;
  const RunData *data = rows(a);
  const Spec *s = with(a, "edits", many);
  const TrialResult whole = trial_rig_run(a, s, data, NULL);
  char dir[] = "test_trial_edits_XXXXXX";
  Err e = {0};
  assert_non_null(mkdtemp(dir));
  const char *path = trial_checkpoint_path(a, dir, 0);
  int moments = 0;
  for (int k = 1; stop_after(a, s, data, dir, k); k++, moments++) {
    const TrialResult r = trial_rig_run(a, s, data, dir);
    if (!same(&r, &whole)) fail_msg("stopped after step %d it comes to something else", k);
    assert_int_equal(file_remove(path, &e), OK);
  }
  assert_true(moments >= 2 * STEPS);
  assert_int_equal(file_remove(path, &e), OK);
  rmdir(dir);
}

/* A checkpoint suits every experiment whose edits were the same so far. */
static void test_edits_that_have_not_come_may_differ(void **state) {
  Arena *a = *state;
  const RunData *data = rows(a);
  static const char *const paths[] = {"train.optimizer.learning_rate", "train.l2"};
  char dir[] = "test_trial_edits_XXXXXX";
  Err e = {0};
  assert_non_null(mkdtemp(dir));
  for (int i = 0; i < 4; i++) {
    const bool fits = i % 2 == 0;
    const Spec *plain = rig_load(a, text), *then = with_edit(a, fits ? 8 : 7, paths[i / 2], "0.2");
    const TrialResult whole = trial_rig_run(a, then, data, NULL);
    assert_true(stop_after(a, plain, data, dir, 8));
    int steps = 0; /* that the continued training takes */
    TrialResult r;
    TrialEnv env = {.data = data, .cpu = cpu_level(), .checkpoint_dir = dir};
    env.hooks = (TrialHooks){.ctx = &steps, .stop = stop_now};
    assert_int_equal(trial_run(a, &env, then, 0, &r, &e), OK);
    assert_int_equal(-steps, EPOCHS * STEPS - (fits ? 8 : 0));
    assert_true(same(&r, &whole));
    assert_int_equal(file_remove(trial_checkpoint_path(a, dir, 0), &e), OK);
  }
  rmdir(dir);
}

/* Who predicts goes by what the chosen epoch was trained by. */
static void test_a_model_has_the_numbers_of_its_epoch(void **state) {
  Arena *a = *state;
  const RunData *data = rows(a);
  static const char *const at[] = {"last", "best"};
  char dir[] = "test_trial_edits_XXXXXX";
  Err e = {0};
  assert_non_null(mkdtemp(dir));
  for (int i = 0; i < 2; i++) {
    const char *words[] = {arena_printf(a, "metric.at=%s", at[i]),
                           "edits=[{step: 10, model.hidden.leaky_relu.slope: 0.7, "
                           "train.optimizer.learning_rate: 1.0}]"};
    const TrialResult r = trial_rig_run(a, rig_load_with(a, text, words, 2), data, dir);
    TrialModel m;
    const char *path = trial_checkpoint_path(a, dir, 0);
    if (trial_model_open(a, path, cpu_level(), &m, &e) != OK) fail_msg("%s", e.text);
    const YamlNode *slope = spec_find(m.spec->tree, "model.hidden.leaky_relu.slope");
    assert_int_equal(r.chosen_epoch > 2, i == 0);
    assert_string_equal(slope->text, i == 0 ? "0.7" : "0.1");
    trial_model_close(&m);
    assert_int_equal(file_remove(path, &e), OK);
  }
  rmdir(dir);
}

/* ---- the experiment -------------------------------------------------------------------------- */

static const char *digest_text(Arena *a, const Spec *s) {
  return spec_text(a, s, SPEC_FOR_DIGEST);
}

static void test_further_edits_join_those_of_the_file(void **state) {
  Arena *a = *state;
  Diag d = diag_new(a);
  const Spec *s = with(a, "edits", "[{step: 4, train.l2: 0.1}, {step: 8, train.l2: 0.2}]");
  const Spec *more =
      spec_edited(a, s, "[{step: 6, train.l1: 0.3}, {step: 8, train.l2: 0.4, train.l1: 0.5}]", &d);
  assert_non_null(more);
  const Spec *written = with(a, "edits",
                             "[{step: 4, train.l2: 0.1}, {step: 6, train.l1: 0.3}, {step: 8, "
                             "train.l2: 0.4, train.l1: 0.5}]");
  assert_string_equal(digest_text(a, more), digest_text(a, written));
  assert_string_not_equal(digest_text(a, more), digest_text(a, s));
  assert_ptr_equal(spec_edited(a, s, "", &d), s);
  assert_null(spec_edited(a, s, "[{step: 6, train.batch_size: 3}]", &d));
  /* and what is written is read as the same */
  const Spec *again = rig_load(a, spec_text(a, more, SPEC_RESOLVED));
  assert_string_equal(digest_text(a, again), digest_text(a, more));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_it_is_a_training_in_two_parts),
      cmocka_unit_test(test_step_0_is_the_value_itself),
      cmocka_unit_test(test_it_goes_on_from_every_moment),
      cmocka_unit_test(test_edits_that_have_not_come_may_differ),
      cmocka_unit_test(test_a_model_has_the_numbers_of_its_epoch),
      cmocka_unit_test(test_further_edits_join_those_of_the_file),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
