/*
 * Limits of early_terminate from trial to trial, as rank 0 sets them: those of a trial that FAILED
 * once stand when a later run has trained it, so that the run and its digest do not depend on when
 * it was trained again.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/files.h"
#include "runner/plan.h"
#include "runner/search.h"

static const char text[] =
    "name: t\n"
    "data: {source: blobs}\n"
    "model: {layers: [{dense: {units: classes}}]}\n"
    "train: {epochs: 6, batch_size: 8}\n"
    "search: {trials: 12, max_concurrent: 2, early_terminate: {name: median, warmup_trials: 1},\n"
    "  parameters: {train.optimizer.learning_rate: {min: 0.001, max: 1, scale: log}}}\n"
    "metric: {name: validation_loss}\n";

enum { TRIALS = 12, EPOCHS = 6, SICK = 1 };

typedef struct {
  Arena a;
  char dir[64];
  Spec *spec;
  RunHead head;
  RunDir run;
  Search search;
  double limits[TRIALS][EPOCHS];
  Err e;
} Rig;

static void set_up(Rig *r) {
  *r = (Rig){.dir = "limits_XXXXXX"};
  arena_init(&r->a);
  assert_non_null(mkdtemp(r->dir));
  Diag d = diag_new(&r->a);
  r->spec = spec_from_text(&r->a, "t.yaml", text, ".", NULL, 0, &d);
  assert_non_null(r->spec);
  r->head = (RunHead){.caviar = "0",
                      .numerics = TRIAL_NUMERICS,
                      .name = "t",
                      .file = "t.yaml",
                      .directory = ".",
                      .n_trials = plan_n_trials(r->spec),
                      .repeats = plan_repeats(r->spec),
                      .identity = spec_text(&r->a, r->spec, SPEC_FOR_DIGEST),
                      .data = "0123456789abcdef0123456789abcdef",
                      .commit = "unknown",
                      .diff = ""};
}

static void start(Rig *r) {
  assert_int_equal(run_dir_open(&r->a, r->dir, r->spec, &r->head, &r->run, &r->e), OK);
  search_init(&r->search, &r->a, &r->run, 1);
}

static void end(Rig *r) {
  assert_int_equal(run_dir_close(&r->run, &r->e), OK);
}

static void tear_down(Rig *r) {
  static const char *const files[] = {"experiment.yaml", "resolved.yaml", "journal", "lock"};
  for (int i = 0; i < COUNT(files); i++) unlink(file_join(&r->a, r->dir, files[i]));
  rmdir(file_join(&r->a, r->dir, "checkpoints"));
  assert_int_equal(rmdir(r->dir), 0);
  arena_free(&r->a);
}

/* Loss of trial n at epoch k: some learn faster, the sick one best of all. */
static double loss_at(int64_t n, int k) {
  if (n == SICK) return 0.01 / (k + 1);
  return 1 + (double)(n * 7 % 5) / 3 - 0.15 * k * (double)(n % 3);
}

/* As a rank does: to the end, or to the first epoch that is behind the limits. */
static void train(Rig *r, const Task *t, bool fails) {
  static const char *names[] = {"validation_loss"};
  double values[EPOCHS];
  TrialResult x = {
      .number = t->number, .seed = 1, .status = TRIAL_FAILED, .point = t->point, .metric = NAN};
  double best = NAN;
  Str json = str_new(&r->a);
  for (int k = 0; k < EPOCHS; k++) r->limits[t->number][k] = k < t->n_limits ? t->limits[k] : NAN;
  for (int k = 0; !fails && k < EPOCHS && !x.terminated; k++) {
    values[k] = loss_at(t->number, k);
    if (k == 0 || values[k] < best) best = values[k];
    x.terminated = k < t->n_limits && best > t->limits[k];
    x.status = TRIAL_COMPLETED;
    x.chosen_epoch = x.curves.n_epochs = k + 1;
    x.metric = values[k];
  }
  x.curves.names = names;
  x.curves.n_names = 1;
  x.curves.values = values;
  x.error = fails ? "no room" : NULL;
  x.host = "h";
  if (!fails) strcpy(x.weights, "00112233445566778899aabbccddeeff");
  trial_write_json(&x, &json);
  assert_int_equal(search_result(&r->search, 0, str_text(&json), (size_t)json.length), t->number);
}

/* Until `until` trials have a result, or all. */
static void go_on(Rig *r, int64_t until, bool sick_fails) {
  Task t;
  while (r->run.n_done < until || until == TRIALS) {
    if (!search_next(&r->search, 0, &r->a, &t)) break;
    train(r, &t, sick_fails && t.number == SICK);
  }
  assert_int_equal(r->run.n_done, until);
}

static void the_first_word_sets_limits(void **state) {
  (void)state;
  static Rig whole, cut, sound;
  char want[HASH_HEX], got[HASH_HEX];
  int n_terminated = 0;

  /* It fails, all others are trained; then it is trained too. */
  set_up(&whole);
  start(&whole);
  go_on(&whole, TRIALS, true);
  assert_int_equal(whole.run.n_failed, 1);
  end(&whole);
  start(&whole);
  go_on(&whole, TRIALS, false);
  assert_int_equal(whole.run.n_failed, 0);
  run_dir_digest(&whole.run, want);
  for (int n = 0; n < TRIALS; n++) n_terminated += whole.run.results[n]->terminated;
  assert_in_range(n_terminated, 1, TRIALS - 2);
  end(&whole);

  /* Stopped on the way, and trained before the others. */
  set_up(&cut);
  start(&cut);
  go_on(&cut, 5, true);
  end(&cut);
  start(&cut);
  go_on(&cut, TRIALS, false);
  assert_int_equal(cut.run.n_failed, 0);
  run_dir_digest(&cut.run, got);
  assert_memory_equal(cut.limits, whole.limits, sizeof cut.limits);
  assert_string_equal(got, want);
  end(&cut);

  /* Seen to fail: its curve does make other limits, where it is trained at once. */
  set_up(&sound);
  start(&sound);
  go_on(&sound, TRIALS, false);
  assert_memory_not_equal(sound.limits, whole.limits, sizeof sound.limits);
  end(&sound);

  tear_down(&whole);
  tear_down(&cut);
  tear_down(&sound);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_word_sets_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
