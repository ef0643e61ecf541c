/* A run directory: made, appended to, read, continued, refused; the order of its leaderboard, which
 * checkpoints stay, and what its digest depends on. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/files.h"
#include "io/h5.h"
#include "runner/plan.h"
#include "runner/record.h"
#include "runner/run_points.h"
#include "runner/sampler.h"

static const char text[] = "name: t\n"
                           "data: {source: blobs}\n"
                           "model: {layers: [{dense: {units: classes}}], "
                           "loss: softmax_cross_entropy}\n"
                           "train: {epochs: 2, batch_size: 8}\n"
                           "search: {method: random, trials: 6, parameters: "
                           "{train.optimizer.learning_rate: {min: 0.001, max: 1, scale: log}}}\n"
                           "checkpoint: {keep_trials: 2}\n";

typedef struct {
  Arena a;
  char dir[64];
  const Spec *spec;
  const char *override; /* of the spec; NULL: none */
  RunHead head;
  RunDir run;
  Err e;
} Rig;

static const Spec *spec_of(Arena *a, const char *override) {
  Diag d = diag_new(a);
  const Spec *s = spec_from_text(a, "t.yaml", text, ".", &override, override ? 1 : 0, &d);
  assert_non_null(s);
  return s;
}

static RunHead head_of(Arena *a, const Spec *s) {
  return (RunHead){.caviar = "0",
                   .numerics = TRIAL_NUMERICS,
                   .name = "t",
                   .file = "t.yaml",
                   .directory = ".",
                   .n_trials = plan_n_trials(s),
                   .repeats = plan_repeats(s),
                   .identity = spec_text(a, s, SPEC_FOR_DIGEST),
                   .data = "0123456789abcdef0123456789abcdef",
                   .commit = "unknown",
                   .diff = ""};
}

static Rig *rig_with(const char *override) {
  Rig *r = calloc(1, sizeof *r);
  arena_init(&r->a);
  strcpy(r->dir, "run_dir_XXXXXX");
  assert_non_null(mkdtemp(r->dir));
  r->spec = spec_of(&r->a, override);
  r->head = head_of(&r->a, r->spec);
  r->override = override;
  r->head.overrides = &r->override;
  r->head.n_overrides = override != NULL;
  return r;
}

static Rig *rig_new(void) {
  return rig_with(NULL);
}

static void rig_open(Rig *r) {
  assert_int_equal(run_dir_open(&r->a, r->dir, r->spec, &r->head, &r->run, &r->e), OK);
}

static void rig_close(Rig *r) {
  assert_int_equal(run_dir_close(&r->run, &r->e), OK);
}

static void rig_free(Rig *r) {
  static const char *const files[] = {"experiment.yaml", "resolved.yaml", "journal", "lock",
                                      "results.h5"};
  for (int i = 0; i < COUNT(files); i++) unlink(file_join(&r->a, r->dir, files[i]));
  for (int i = 0; i < 12; i++) {
    unlink(trial_checkpoint_path(&r->a, file_join(&r->a, r->dir, "checkpoints"), i));
  }
  rmdir(file_join(&r->a, r->dir, "checkpoints"));
  assert_int_equal(rmdir(r->dir), 0); /* nothing else was left there */
  arena_free(&r->a);
  free(r);
}

/* A result with a curve of two epochs. */
typedef struct {
  TrialResult r;
  const char *names[1];
  double values[2];
} Fake;

static Fake fake(int64_t number, TrialStatus status, double metric) {
  Fake f = {.names = {"validation_accuracy"}, .values = {0.1, metric}};
  f.r = (TrialResult){.number = number,
                      .seed = 1000 + number,
                      .status = status,
                      .point = "{train.optimizer.learning_rate: 0.25}",
                      .metric = status == TRIAL_COMPLETED ? metric : NAN,
                      .chosen_epoch = status == TRIAL_COMPLETED ? 2 : 0,
                      .error = status == TRIAL_FAILED ? "no room" : NULL,
                      .host = "h"};
  f.r.curves = (Curves){.n_names = 1, .n_epochs = 2};
  if (status == TRIAL_COMPLETED) strcpy(f.r.weights, "00112233445566778899aabbccddeeff");
  return f;
}

static void record(Rig *r, Fake f) {
  f.r.curves.names = f.names;
  f.r.curves.values = f.values;
  const char *checkpoint = trial_checkpoint_path(&r->a, r->run.checkpoint_dir, f.r.number);
  assert_int_equal(file_write(checkpoint, "x", 1, &r->e), OK); /* as its trainer left it */
  Str json = str_new(&r->a);
  trial_write_json(&f.r, &json);
  assert_int_equal(run_dir_record(&r->run, str_text(&json), &r->e), OK);
}

static bool kept(Rig *r, int64_t number) {
  return file_exists(trial_checkpoint_path(&r->a, r->run.checkpoint_dir, number));
}

static void check_order(const RunDir *run, const int64_t *want, int n) {
  assert_int_equal(run->n_done, n);
  for (int i = 0; i < n; i++) assert_int_equal(run->order[i], want[i]);
}

static void orders_and_keeps(void **state) {
  (void)state;
  Rig *r = rig_new();
  rig_open(r);
  assert_null(run_dir_best(&r->run));
  record(r, fake(3, TRIAL_FAILED, 0));
  assert_null(run_dir_best(&r->run));
  record(r, fake(4, TRIAL_COMPLETED, 0.5));
  record(r, fake(0, TRIAL_DIVERGED, 0));
  record(r, fake(5, TRIAL_COMPLETED, 0.9));
  record(r, fake(2, TRIAL_COMPLETED, 0.9)); /* a tie: the lower number is better */
  assert_true(kept(r, 2) && kept(r, 5));
  assert_false(kept(r, 0) || kept(r, 3) || kept(r, 4));
  assert_false(run_dir_complete(&r->run));
  record(r, fake(1, TRIAL_COMPLETED, 0.7));
  assert_false(kept(r, 1));
  const int64_t want[] = {2, 5, 1, 4, 0, 3};
  check_order(&r->run, want, 6);
  assert_int_equal(run_dir_best(&r->run)->number, 2);
  assert_true(run_dir_complete(&r->run));
  assert_int_equal(r->run.n_diverged, 1);
  assert_int_equal(r->run.n_failed, 1);
  rig_close(r);

  RunDir again; /* what a reader finds */
  assert_int_equal(run_dir_read(&r->a, r->dir, RUN_CURVES_ALL, &again, &r->e), OK);
  check_order(&again, want, 6);
  assert_string_equal(run_dir_trial(&again, 3)->error, "no room");
  assert_true(run_dir_trial(&again, 5)->metric == 0.9);
  assert_null(run_dir_trial(&again, 6));
  assert_null(run_dir_trial(&again, -1));
  rig_free(r);
}

static void refuse(Rig *r, const char *word) {
  Err e = {0};
  RunDir other;
  assert_int_equal(run_dir_open(&r->a, r->dir, r->spec, &r->head, &other, &e), E_SPEC);
  assert_non_null(strstr(e.text, word));
}

/* 6 points of two trials; the weights of two points are kept. */
static void ranks_by_means(void **state) {
  (void)state;
  Rig *r = rig_with("search.repeats=2");
  rig_open(r);
  assert_int_equal(r->run.head.n_trials, 12);
  record(r, fake(1, TRIAL_COMPLETED, 1)); /* point 0 is not complete */
  record(r, fake(2, TRIAL_COMPLETED, 0.5));
  record(r, fake(3, TRIAL_COMPLETED, 0.75)); /* point 1: 0.625, complete, so before */
  check_order(&r->run, (const int64_t[]){3, 2, 1}, 3);
  assert_true(run_points(&r->a, &r->run, &(int64_t){0})[1].best->number == 1);
  record(r, fake(0, TRIAL_COMPLETED, 0.5)); /* point 0: 0.75 */
  check_order(&r->run, (const int64_t[]){1, 0, 3, 2}, 4);
  record(r, fake(4, TRIAL_COMPLETED, 0.875));
  assert_true(kept(r, 4)); /* behind two complete points, but may still pass them */
  record(r, fake(5, TRIAL_COMPLETED, 0.9375)); /* point 2 is the best: point 1 goes */
  assert_true(kept(r, 4) && kept(r, 5) && kept(r, 0) && kept(r, 1));
  assert_false(kept(r, 2) || kept(r, 3));
  record(r, fake(8, TRIAL_COMPLETED, 1));
  record(r, fake(9, TRIAL_DIVERGED, 0)); /* a point that diverged once has no mean */
  assert_false(kept(r, 8) || kept(r, 9));
  record(r, fake(6, TRIAL_FAILED, 0));
  check_order(&r->run, (const int64_t[]){5, 4, 1, 0, 3, 2, 8, 9, 6}, 9);
  record(r, fake(6, TRIAL_COMPLETED, 0.25)); /* trained again */
  record(r, fake(7, TRIAL_COMPLETED, 0.25));
  check_order(&r->run, (const int64_t[]){5, 4, 1, 0, 3, 2, 6, 7, 8, 9}, 10);
  const RunPoint p = run_point(&r->run, 1), q = run_point(&r->run, 4), none = run_point(&r->run, 5);
  assert_true(p.mean == 0.625 && p.sd * p.sd > 0.03124 && p.sd * p.sd < 0.03126); /* 2 * 0.125^2 */
  assert_true(p.n == 2 && p.complete && p.best->number == 3);
  assert_true(isnan(q.mean) && isnan(q.sd) && q.status == TRIAL_DIVERGED && q.best->number == 8);
  assert_true(none.n == 0 && none.best == NULL && !none.complete);
  rig_close(r);
  RunDir again; /* from the journal */
  assert_int_equal(run_dir_read(&r->a, r->dir, RUN_CURVES_ALL, &again, &r->e), OK);
  check_order(&again, r->run.order, 10);
  r->spec =
      spec_of(&r->a, "search.repeats=5"); /* is refused when all was read, 12 is no multiple */
  r->head = head_of(&r->a, r->spec);
  refuse(r, "repeats: 5");
  rig_free(r);
}

static void counts_once(void **state) {
  (void)state;
  Rig *r = rig_new();
  rig_open(r);
  record(r, fake(1, TRIAL_COMPLETED, 0.5));
  record(r, fake(1, TRIAL_COMPLETED, 0.9)); /* the first counts */
  record(r, fake(2, TRIAL_FAILED, 0));
  record(r, fake(2, TRIAL_COMPLETED, 0.75)); /* a failed one may be trained again */
  rig_close(r);
  memset(&r->run, 0, sizeof r->run);
  rig_open(r); /* continued: the same from the journal */
  const int64_t want[] = {2, 1};
  check_order(&r->run, want, 2);
  assert_true(run_dir_trial(&r->run, 1)->metric == 0.5);
  assert_int_equal(r->run.n_failed, 0);
  const RunTest test = {.trial = 2, .rows = 10, .loss = 0.5, .accuracy = NAN};
  assert_int_equal(run_dir_record_test(&r->run, &test, &r->e), OK);
  rig_close(r);
  RunDir again;
  assert_int_equal(run_dir_read(&r->a, r->dir, RUN_CURVES_ALL, &again, &r->e), OK);
  assert_int_equal(again.test.trial, 2);
  assert_true(again.test.rows == 10 && again.test.loss == 0.5 && isnan(again.test.accuracy));
  rig_free(r);
}

static void refuses_another(void **state) {
  (void)state;
  Rig *r = rig_new();
  rig_open(r);
  record(r, fake(1, TRIAL_COMPLETED, 0.5));
  rig_close(r);
  char *before;
  size_t n_before, n_after;
  const char *journal = file_join(&r->a, r->dir, "journal");
  assert_int_equal(file_read(&r->a, journal, 0, &before, &n_before, &r->e), OK);

  const RunHead head = r->head;
  r->spec = spec_of(&r->a, "train.epochs=3");
  r->head = head_of(&r->a, r->spec);
  refuse(r, "+   epochs: 3");
  refuse(r, "-   epochs: 2");
  r->spec = spec_of(&r->a, NULL);
  r->head = head;
  r->head.data = "ffffffffffffffffffffffffffffffff";
  refuse(r, "other data");
  r->head = head;
  r->head.numerics = "caviar numerics 0";
  refuse(r, "computes other bits");
  r->spec = spec_of(&r->a, "checkpoint.keep_trials=3"); /* changes no result */
  r->head = head_of(&r->a, r->spec);
  rig_open(r); /* and the refusals gave the lock back */
  assert_int_equal(r->run.n_done, 1);
  rig_close(r);
  assert_int_equal(file_read(&r->a, journal, 0, &before, &n_after, &r->e), OK);
  assert_int_equal(n_before, n_after);
  rig_free(r);
}

static void is_given_more_trials(void **state) {
  (void)state;
  Rig *r = rig_new();
  rig_open(r);
  record(r, fake(5, TRIAL_COMPLETED, 0.5));
  record(r, fake(0, TRIAL_FAILED, 0));
  rig_close(r);
  char six[HASH_HEX], eight[HASH_HEX], again[HASH_HEX];
  run_dir_digest(&r->run, six);
  r->spec = spec_of(&r->a, "search.trials=8");
  r->head = head_of(&r->a, r->spec);
  const char *overrides[] = {"search.trials=8"};
  r->head.overrides = overrides;
  r->head.n_overrides = 1;
  rig_open(r);
  assert_int_equal(r->run.head.n_trials, 8);
  assert_int_equal(r->run.n_done, 2);
  record(r, fake(7, TRIAL_COMPLETED, 0.6));
  assert_int_equal(run_dir_best(&r->run)->number, 7);
  rig_close(r);
  run_dir_digest(&r->run, eight);
  assert_string_not_equal(six, eight);

  RunDir read; /* without the lock, from the journal alone */
  assert_int_equal(run_dir_read(&r->a, r->dir, RUN_CURVES_ALL, &read, &r->e), OK);
  assert_int_equal(read.head.n_trials, 8);
  assert_int_equal(read.spec->search.trials, 8);
  assert_int_equal(read.n_done, 3);
  assert_int_equal(read.n_failed, 1);
  assert_int_equal(run_dir_best(&read)->number, 7);
  run_dir_digest(&read, again);
  assert_string_equal(eight, again);
  rig_open(r); /* the same again: no third head */
  assert_int_equal(r->run.n_done, 3);
  rig_close(r);

  r->spec = spec_of(&r->a, NULL);
  r->head = head_of(&r->a, r->spec);
  refuse(r, "with 8 trials, which cannot become 6");
  Spec *whole = (Spec *)spec_of(&r->a, "search.trials=9");
  const Sampler design = {.head = {.name = "design"}, .whole = true};
  whole->search.method.kind = &design.head;
  r->spec = whole;
  r->head = head_of(&r->a, r->spec);
  refuse(r, "the points of design depend on how many there are");
  rig_free(r);
}

/* Killed between a result and the removal of checkpoints that it makes needless: who goes on does it. */
static void clears_up_what_a_kill_left(void **state) {
  (void)state;
  static const char *const stay[] = {"trial-000001.h5", "trial-000002.h5",
                                     "trial-000003.h5", "trial-000003.previous.h5",
                                     "trial-000099.h5", "other.h5"};
  static const char *const go[] = {"trial-000000.h5", "trial-000000.previous.h5",
                                   "trial-000002.previous.h5", "trial-000004.h5"};
  Rig *r = rig_new(); /* keeps two; 3 and 5 are not finished */
  rig_open(r);
  record(r, fake(0, TRIAL_COMPLETED, 0.5));
  record(r, fake(1, TRIAL_COMPLETED, 0.9));
  record(r, fake(2, TRIAL_COMPLETED, 0.8));
  record(r, fake(4, TRIAL_DIVERGED, 0));
  for (int i = 0; i < COUNT(stay); i++)
    assert_int_equal(file_write(file_join(&r->a, r->run.checkpoint_dir, stay[i]), "x", 1, &r->e),
                     OK);
  for (int i = 0; i < COUNT(go); i++)
    assert_int_equal(file_write(file_join(&r->a, r->run.checkpoint_dir, go[i]), "x", 1, &r->e), OK);
  rig_close(r);
  rig_open(r);
  for (int i = 0; i < COUNT(go); i++)
    assert_false(file_exists(file_join(&r->a, r->run.checkpoint_dir, go[i])));
  for (int i = 0; i < COUNT(stay); i++) {
    const char *path = file_join(&r->a, r->run.checkpoint_dir, stay[i]);
    assert_true(file_exists(path));
    assert_int_equal(file_remove(path, &r->e), OK);
  }
  rig_close(r);
  rig_free(r);
}

static void refuses_foreign_folders(void **state) {
  (void)state;
  Rig *r = rig_new();
  const char *mine = file_join(&r->a, r->dir, "experiment.yaml");
  Err e = {0};
  assert_int_equal(file_write(mine, "mine", 4, &e), OK);
  assert_int_equal(run_dir_open(&r->a, r->dir, r->spec, &r->head, &r->run, &e), E_IO);
  assert_non_null(strstr(e.text, "choose another --out"));
  char *bytes;
  size_t n;
  assert_int_equal(file_read(&r->a, mine, 0, &bytes, &n, &r->e), OK);
  assert_string_equal(bytes, "mine");
  e = (Err){0};
  assert_int_equal(run_dir_read(&r->a, r->dir, RUN_CURVES_ALL, &r->run, &e), E_IO);
  e = (Err){0};
  assert_int_equal(run_dir_read(&r->a, "no_such_dir", RUN_CURVES_ALL, &r->run, &e), E_IO);
  rig_free(r);
}

/* Killed before the journal's first record was written: begun anew. */
static void begins_again(void **state) {
  (void)state;
  Rig *r = rig_new();
  assert_int_equal(file_write(file_join(&r->a, r->dir, "experiment.yaml"), "torn", 4, &r->e), OK);
  assert_int_equal(file_write(file_join(&r->a, r->dir, "journal"), "0123", 4, &r->e), OK);
  rig_open(r);
  record(r, fake(0, TRIAL_COMPLETED, 0.5));
  rig_close(r);
  RunDir again;
  assert_int_equal(run_dir_read(&r->a, r->dir, RUN_CURVES_ALL, &again, &r->e), OK);
  assert_int_equal(again.n_done, 1);
  assert_string_equal(again.experiment, text);
  rig_free(r);
}

/* ---- the digest ------------------------------------------------------------------------------ */

typedef void (*Change)(Fake *f);
static void nothing(Fake *f) {
  (void)f;
}
static void seconds(Fake *f) {
  f->r.seconds = 17;
}
static void place(Fake *f) {
  f->r.rank = 3;
  f->r.host = "elsewhere";
}
static void point(Fake *f) {
  f->r.point = "{train.optimizer.learning_rate: 0.26}";
}
static void weights(Fake *f) {
  f->r.weights[31] = 'e';
}
static void curve(Fake *f) {
  f->values[0] = nextafter(f->values[0], 1);
}
static void status(Fake *f) {
  f->r.status = TRIAL_DIVERGED;
}
static void name(Fake *f) {
  f->names[0] = "validation_loss";
}
static void a_nan(Fake *f) {
  f->values[0] = NAN;
}
static void another_nan(Fake *f) {
  const uint64_t bits = 0xfff8000000001234u;
  memcpy(&f->values[0], &bits, sizeof bits);
}

/* Two trials recorded in this order, the one of number 1 changed. */
static void digest_of(Change change, int first, const char *data, char out[HASH_HEX]) {
  Rig *r = rig_new();
  r->head.data = data;
  rig_open(r);
  for (int i = 0; i < 2; i++) {
    int64_t number = first ^ i;
    Fake f = fake(number, TRIAL_COMPLETED, 0.5);
    if (number == 1) change(&f);
    record(r, f);
  }
  run_dir_digest(&r->run, out);
  rig_close(r);
  char again[HASH_HEX];
  RunDir read;
  assert_int_equal(run_dir_read(&r->a, r->dir, RUN_CURVES_ALL, &read, &r->e), OK);
  run_dir_digest(&read, again);
  assert_string_equal(out, again);
  rig_free(r);
}

static void digest_covers(void **state) {
  (void)state;
  const char *data = "0123456789abcdef0123456789abcdef";
  char want[HASH_HEX], got[HASH_HEX], nan[HASH_HEX];
  digest_of(nothing, 0, data, want);
  const Change same[] = {nothing, seconds, place};
  for (int i = 0; i < COUNT(same); i++) {
    digest_of(same[i], 1, data, got); /* also in the other order */
    assert_string_equal(want, got);
  }
  const Change other[] = {point, weights, curve, status, name, a_nan};
  for (int i = 0; i < COUNT(other); i++) {
    digest_of(other[i], 0, data, got);
    assert_string_not_equal(want, got);
  }
  digest_of(a_nan, 0, data, nan);
  digest_of(another_nan, 0, data, got);
  assert_string_equal(nan, got);
  digest_of(nothing, 0, "1123456789abcdef0123456789abcdef", got);
  assert_string_not_equal(want, got);
}

/* The record can be made of any state of a run. */
static void publishes(void **state) {
  (void)state;
  Rig *r = rig_new();
  rig_open(r);
  assert_int_equal(record_publish(&r->run, &r->e), OK); /* no trial yet */
  record(r, fake(1, TRIAL_COMPLETED, 0.5));
  record(r, fake(4, TRIAL_FAILED, 0));
  assert_int_equal(record_publish(&r->run, &r->e), OK);
  H5In *in;
  int64_t dims[4], *numbers;
  int n_dims;
  double *curves, *rates;
  const char *path = file_join(&r->a, r->dir, "results.h5");
  assert_int_equal(h5_open(&in, path, &r->e), OK);
  assert_int_equal(
      h5_get(in, &r->a, "/trials/number", H5_I64, (void **)&numbers, dims, &n_dims, &r->e), OK);
  assert_int_equal(n_dims, 1);
  assert_int_equal(dims[0], 2);
  assert_int_equal(numbers[0], 1);
  assert_int_equal(numbers[1], 4);
  assert_int_equal(h5_get(in, &r->a, "/curves/validation_accuracy", H5_F64, (void **)&curves, dims,
                          &n_dims, &r->e),
                   OK);
  assert_int_equal(n_dims, 2);
  assert_int_equal(dims[0], 2);
  assert_int_equal(dims[1], 2);
  assert_true(curves[0] == 0.1 && curves[1] == 0.5);
  assert_int_equal(h5_get(in, &r->a, "/points/train.optimizer.learning_rate", H5_F64,
                          (void **)&rates, dims, &n_dims, &r->e),
                   OK);
  assert_true(rates[0] == 0.25);
  h5_close(in);
  rig_close(r);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orders_and_keeps),
      cmocka_unit_test(ranks_by_means),
      cmocka_unit_test(counts_once),
      cmocka_unit_test(refuses_another),
      cmocka_unit_test(is_given_more_trials),
      cmocka_unit_test(clears_up_what_a_kill_left),
      cmocka_unit_test(refuses_foreign_folders),
      cmocka_unit_test(begins_again),
      cmocka_unit_test(digest_covers),
      cmocka_unit_test(publishes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
