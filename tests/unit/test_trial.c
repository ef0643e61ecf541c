#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "io/files.h"
#include "runner/predict.h"
#include "runner/trial.h"

static const char text[] =
    "name: blobs\n"
    "seed: 11\n"
    "data:\n"
    "  source: {name: blobs, rows: 600, classes: 4, features: 3}\n"
    "  split: {train: 0.7, validation: 0.2, test: 0.1}\n"
    "model:\n"
    "  layers:\n"
    "    - name: hidden\n"
    "      repeat: 2\n"
    "      layers: [{dense: {units: 12}}, batch_norm, relu, {dropout: {rate: 0.1}}]\n"
    "    - dense: {units: classes}\n"
    "train: {epochs: 6, batch_size: 32, optimizer: {name: adam, learning_rate: 0.01},\n"
    "        schedule: {name: inverse_time, decay_rate: 0.1}}\n";

/* libhdf5 loses some of its own memory when it reads a damaged file, which is what happens here. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:libhdf5";
}

static Arena arena;
static char dir[64];

static int setup(void **state) {
  (void)state;
  arena_init(&arena);
  strcpy(dir, "test_trial_XXXXXX");
  return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  char path[128];
  for (int n = 0; n < 10; n++) {
    snprintf(path, sizeof path, "%s/trial-%06d.h5", dir, n);
    unlink(path);
  }
  rmdir(dir);
  arena_free(&arena);
  return 0;
}

/* `text` with overrides, separated by spaces. */
static Spec *spec_with(const char *overrides) {
  const char *list[8];
  int n = 0;
  for (char *word = strtok(arena_strdup(&arena, overrides), " "); word; word = strtok(NULL, " "))
    list[n++] = word;
  Diag d = diag_new(&arena);
  Spec *s = spec_from_text(&arena, "test", text, ".", list, n, &d);
  if (!s) {
    Str why = str_new(&arena);
    diag_render(&d, false, &why);
    fail_msg("%s", str_text(&why));
  }
  return s;
}

static RunData *data_of(const Spec *s) {
  RunData *d = ARENA_NEW(&arena, RunData);
  Err e = {0};
  if (data_open(&arena, &s->data, d, &e) != OK) fail_msg("%s", e.text);
  return d;
}

static TrialResult run(const TrialEnv *env, const Spec *s) {
  TrialResult r;
  Err e = {0};
  if (trial_run(&arena, env, s, 3, &r, &e) != OK) fail_msg("%s", e.text);
  assert_int_equal(r.number, 3);
  return r;
}

static TrialResult run_plain(const Spec *s) {
  TrialEnv env = {.data = data_of(s), .cpu = cpu_level()};
  return run(&env, s);
}

static double curve(const TrialResult *r, int epoch, const char *name) {
  for (int i = 0; i < r->curves.n_names; i++)
    if (str_eq(r->curves.names[i], name))
      return r->curves.values[(epoch - 1) * r->curves.n_names + i];
  fail_msg("no curve %s", name);
  return 0;
}

static void assert_same(const TrialResult *a, const TrialResult *b) {
  assert_int_equal(a->status, b->status);
  assert_int_equal(a->curves.n_epochs, b->curves.n_epochs);
  assert_int_equal(a->curves.n_names, b->curves.n_names);
  assert_memory_equal(a->curves.values, b->curves.values,
                      sizeof(double) * (size_t)(a->curves.n_epochs * a->curves.n_names));
  assert_int_equal(a->chosen_epoch, b->chosen_epoch);
  assert_memory_equal(&a->metric, &b->metric, sizeof a->metric);
  assert_string_equal(a->weights, b->weights);
}

static void test_learns(void **state) {
  (void)state;
  const Spec *s = spec_with("");
  TrialResult r = run_plain(s);
  assert_int_equal(r.status, TRIAL_COMPLETED);
  assert_int_equal(r.curves.n_epochs, 6);
  assert_int_equal(r.chosen_epoch, 6);
  assert_int_equal(strlen(r.weights), HASH_HEX - 1);
  assert_true(r.metric == curve(&r, 6, "validation_accuracy"));
  assert_true(r.metric > 0.95);
  assert_true(curve(&r, 6, "train_accuracy") > 0.9);
  assert_true(curve(&r, 6, "train_loss") < 0.5 * curve(&r, 1, "train_loss"));
  assert_true(curve(&r, 6, "validation_loss") < curve(&r, 1, "validation_loss"));
  for (int k = 1; k <= 6; k++)
    assert_true(fabs(curve(&r, k, "learning_rate") - 0.01 / (1 + 0.1 * k)) < 1e-15);
}

static void test_same_bits(void **state) {
  (void)state;
  const Spec *s = spec_with("");
  TrialResult r = run_plain(s), again = run_plain(spec_with(""));
  assert_same(&r, &again);
  TrialResult other = run_plain(spec_with("seed=12 data.seed=11"));
  assert_string_not_equal(r.weights, other.weights);
}

/* Parts of a batch normalise and sum in another order: near, not equal. */
static void test_shards(void **state) {
  (void)state;
  TrialResult one = run_plain(spec_with("")), eight = run_plain(spec_with("train.shards=8"));
  assert_string_not_equal(one.weights, eight.weights);
  for (int i = 0; i < one.curves.n_names; i++)
    assert_true(fabs(one.curves.values[i] - eight.curves.values[i]) < 2e-2);
  assert_true(fabs(curve(&one, 1, "train_loss") - curve(&eight, 1, "train_loss")) < 1e-3);
}

static void test_diverges(void **state) {
  (void)state;
  const Spec *s =
      spec_with("train.optimizer.learning_rate=1e30 train.optimizer.name=sgd train.shards=2");
  TrialResult r = run_plain(s);
  assert_int_equal(r.status, TRIAL_DIVERGED);
  assert_true(r.diverged_step > 1 && r.diverged_step < 6 * 14);
  assert_int_equal(r.curves.n_epochs, (r.diverged_step - 1) / 14);
  assert_int_equal(r.chosen_epoch, 0);
  assert_true(isnan(r.metric));
  assert_string_equal(r.weights, "");
}

/* 420 training rows in batches of 32: 14 steps an epoch, the last of 4 rows. */
static void test_plan(void **state) {
  (void)state;
  static const struct {
    const char *overrides;
    int batch;
    int64_t per_epoch, dropped, epochs, steps;
  } cases[] = {
      {"", 32, 14, 0, 6, 84},
      {"train.drop_last=true", 32, 13, 4, 6, 78},
      {"train.batch_size=419", 419, 1, 1, 6, 6}, /* one row is nothing for batch norm */
      {"train.batch_size=all", 420, 1, 0, 6, 6},
  };
  for (int i = 0; i < COUNT(cases); i++) {
    const Spec *s = spec_with(cases[i].overrides);
    TrialEnv env = {.data = data_of(s), .cpu = cpu_level()};
    TrialPlan p;
    Err e = {0};
    Diag d = diag_new(&arena);
    assert_int_equal(trial_plan(&arena, &env, s, &d, &p, &e), OK);
    assert_int_equal(p.batch_rows, cases[i].batch);
    assert_int_equal(p.steps_per_epoch, cases[i].per_epoch);
    assert_int_equal(p.dropped_rows, cases[i].dropped);
    assert_int_equal(p.epochs, cases[i].epochs);
    assert_int_equal(p.steps, cases[i].steps);
    /* dense 3x12, gamma and beta; dense 12x12, gamma and beta; dense 12x4 with bias */
    assert_int_equal(p.n_parameters, 3 * 12 + 24 + 12 * 12 + 24 + 12 * 4 + 4);
    assert_true(p.bytes > 3 * sizeof(Real) * p.n_parameters);
  }
  const Spec *s = spec_with("train.batch_size=421");
  TrialEnv env = {.data = data_of(s), .cpu = cpu_level()};
  TrialPlan p;
  Err e = {0};
  Diag d = diag_new(&arena);
  assert_int_equal(trial_plan(&arena, &env, s, &d, &p, &e), E_SPEC);
  assert_int_equal(d.n_errors, 1);
}

/* With `steps` the schedule sees as many epochs as there are, and the last may be partial. */
static void test_steps(void **state) {
  (void)state;
  static const char without_epochs[] = "train: {steps: 33, batch_size: 32}";
  const char *train = strstr(text, "train: {epochs");
  Diag d = diag_new(&arena);
  const char *all = arena_printf(&arena, "%.*s%s\n", (int)(train - text), text, without_epochs);
  Spec *s = spec_from_text(&arena, "test", all, ".", NULL, 0, &d);
  assert_non_null(s);
  TrialResult r = run_plain(s);
  assert_int_equal(r.curves.n_epochs, 3); /* 14 + 14 + 5 */
  assert_true(isfinite(r.metric));
  s = spec_from_text(&arena, "test", all, ".", (const char *[]){"train.steps=28"}, 1, &d);
  TrialResult two = run_plain(s);
  assert_int_equal(two.curves.n_epochs, 2);
  assert_memory_equal(two.curves.values, r.curves.values,
                      sizeof(double) * (size_t)(2 * r.curves.n_names));
  assert_string_not_equal(two.weights, r.weights);
}

/* Weights that stand still show what else changes from epoch to epoch. */
static TrialResult run_still(const char *data, const char *layers) {
  Diag d = diag_new(&arena);
  const char *all = arena_printf(
      &arena,
      "name: still\nseed: 4\ndata: {source: {name: blobs, rows: %s}\n"
      "model: {layers: [{dense: {units: 16}}, %s, relu, {dense: {units: classes}}]}\n"
      "train: {epochs: 3, batch_size: 1, optimizer: {name: sgd, learning_rate: 1e-30}}\n",
      data, layers);
  Spec *s = spec_from_text(&arena, "test", all, ".", NULL, 0, &d);
  assert_non_null(s);
  return run_plain(s);
}

/* Every epoch has mini-batches of its own (seen by batch norm) and drops features of its own (seen
 * where one row is all there is to shuffle); without either, epochs are equal. */
static void test_epochs_differ(void **state) {
  (void)state;
  const char *one = "2}, split: {train: 0.5, validation: 0.5}, normalize: none";
  TrialResult shuffled = run_plain(spec_with("train.optimizer.learning_rate=1e-30 "
                                             "train.optimizer.name=sgd "
                                             "model.hidden.dropout.enabled=false"));
  TrialResult dropped = run_still(one, "{dropout: {rate: 0.5}}");
  TrialResult still = run_still(one, "tanh");
  for (int k = 2; k <= 3; k++) {
    assert_true(curve(&shuffled, k, "train_loss") != curve(&shuffled, 1, "train_loss"));
    assert_true(curve(&dropped, k, "train_loss") != curve(&dropped, 1, "train_loss"));
    assert_true(curve(&dropped, k, "validation_loss") == curve(&dropped, 1, "validation_loss"));
    assert_true(curve(&still, k, "train_loss") == curve(&still, 1, "train_loss"));
  }
}

/* metric.at: best takes the weights of the best epoch, the earlier one of equals. */
static void test_best(void **state) {
  (void)state;
  const char *best = "train.optimizer.learning_rate=0.3 metric.at=best metric.name=";
  const Spec *s = spec_with(arena_printf(&arena, "%svalidation_loss", best));
  TrialResult r = run_plain(s);
  int want = 1;
  for (int k = 2; k <= 6; k++)
    if (curve(&r, k, "validation_loss") < curve(&r, want, "validation_loss")) want = k;
  assert_int_equal(r.chosen_epoch, want);
  assert_true(want < 6); /* or else this test shows nothing: choose another learning rate */
  assert_true(r.metric == curve(&r, want, "validation_loss"));

  /* Those weights are what a training of exactly that many epochs ends with: inverse_time does not
   * look at their number. */
  TrialResult stopped = run_plain(
      spec_with(arena_printf(&arena, "train.optimizer.learning_rate=0.3 train.epochs=%d", want)));
  assert_string_equal(r.weights, stopped.weights);
}

/* 14 steps an epoch: 21 of warm-up, then the schedule's rate; a curve has that of the last step. */
static void test_warmup(void **state) {
  (void)state;
  const Spec *s = spec_with("train.warmup_epochs=1.5");
  TrialEnv env = {.data = data_of(s), .cpu = cpu_level()};
  TrialPlan p;
  Err e = {0};
  Diag d = diag_new(&arena);
  assert_int_equal(trial_plan(&arena, &env, s, &d, &p, &e), OK);
  assert_int_equal(p.warmup_steps, 21);
  for (uint64_t t = 1; t <= 84; t++) {
    const int epoch = (int)(t + 13) / 14;
    const double want = 0.01 / (1 + 0.1 * epoch) * (t < 21 ? (double)t / 21 : 1);
    assert_true(fabs(trial_rate(s, &p, epoch, t) - want) < 1e-17);
  }
  TrialResult r = run(&env, s);
  assert_true(fabs(curve(&r, 1, "learning_rate") - 0.01 / 1.1 * 14 / 21) < 1e-15);
  for (int k = 2; k <= 6; k++)
    assert_true(fabs(curve(&r, k, "learning_rate") - 0.01 / (1 + 0.1 * k)) < 1e-15);

  /* One step an epoch: the same training with the rates by hand. */
  TrialResult warm =
      run_plain(spec_with("train.batch_size=all train.schedule=constant train.warmup_epochs=4"));
  TrialResult hand = run_plain(spec_with(
      "train.batch_size=all "
      "train.schedule={\"name\":\"table\",\"epochs\":[1,2,3,4],\"rates\":[.0025,.005,.0075,.01]}"));
  assert_same(&warm, &hand);
  assert_true(curve(&hand, 3, "learning_rate") == 0.0075);
}

static void test_warmup_too_long(void **state) {
  (void)state;
  const Spec *s = spec_with("train.warmup_epochs=6.5");
  TrialEnv env = {.data = data_of(s), .cpu = cpu_level()};
  TrialPlan p;
  Err e = {0};
  Diag d = diag_new(&arena);
  assert_int_equal(trial_plan(&arena, &env, s, &d, &p, &e), E_SPEC);
  assert_string_equal(e.text, "train.warmup_epochs: 6.5 epochs are 91 updates, but the whole "
                              "training has 84");
  assert_int_equal(d.n_errors, 1);
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

typedef struct {
  int left; /* calls of stop that say no */
  int epochs, ticks;
  bool keep;
} Caller;

static bool stop_now(void *ctx) {
  Caller *c = ctx;
  return c->left-- == 0;
}

static void count_epoch(void *ctx, int64_t number, int64_t epoch, int64_t n_epochs) {
  Caller *c = ctx;
  c->epochs++;
  assert_int_equal(number, 3);
  assert_int_equal(epoch, c->epochs);
  assert_int_equal(n_epochs, 6);
}

static void count_tick(void *ctx) {
  ((Caller *)ctx)->ticks++;
}

static bool say_keep(void *ctx, const TrialResult *r) {
  assert_int_equal(r->status, TRIAL_COMPLETED);
  return ((Caller *)ctx)->keep;
}

static const char *checkpoint(void) {
  return trial_checkpoint_path(&arena, dir, 3);
}

/* Runs until it is finished, stopped again and again after `after` more mini-batches. */
static TrialResult run_in_pieces(const Spec *s, const RunData *data, int after, int *pieces) {
  Caller c = {0};
  TrialEnv env = {.data = data,
                  .cpu = cpu_level(),
                  .checkpoint_dir = dir,
                  .hooks = {.ctx = &c, .stop = stop_now}};
  TrialResult r;
  Status status;
  *pieces = 0;
  do {
    Err e = {0};
    c.left = after - 1;
    status = trial_run(&arena, &env, s, 3, &r, &e);
    assert_true(status == OK || status == E_STOPPED);
    assert_true(file_exists(checkpoint()));
    assert_true(++*pieces < 100);
  } while (status != OK);
  return r;
}

static void test_resume(void **state) {
  (void)state;
  static const struct {
    const char *overrides;
    int after;
  } cases[] = {{"", 14}, /* at the end of every epoch */
               {"", 5},  /* inside epochs */
               {"", 1},  /* after every mini-batch */
               {"train.optimizer.name=sgd", 14},
               {"train.warmup_epochs=2.5", 14},
               {"train.warmup_epochs=2.5", 4},
               {"train.optimizer.learning_rate=0.3 metric.at=best", 14},
               {"train.optimizer.learning_rate=0.3 metric.at=best", 9},
               {"model.hidden.batch_norm.statistics=exact metric.at=best", 9},
               {"train.shards=4 data.normalize=none", 20}};
  for (int i = 0; i < COUNT(cases); i++) {
    const Spec *s = spec_with(cases[i].overrides);
    const RunData *data = data_of(s);
    TrialEnv env = {.data = data, .cpu = cpu_level()};
    int pieces;
    TrialResult whole = run(&env, s), r = run_in_pieces(s, data, cases[i].after, &pieces);
    assert_int_equal(pieces,
                     (84 + cases[i].after - 1) / cases[i].after + (84 % cases[i].after == 0));
    assert_same(&whole, &r);
    unlink(checkpoint());
  }
}

/* A checkpoint that is ahead of the leg that is asked for is of no use: the leg's end is gone. */
static void test_ahead(void **state) {
  (void)state;
  static const int after[] = {47,
                              29}; /* mini-batches: in the epochs behind the leg, just behind it */
  const Spec *s = spec_with("");
  const RunData *data = data_of(s);
  TrialEnv leg = {.data = data, .cpu = cpu_level(), .stop_at = 2};
  const TrialResult want = run(&leg, s);
  assert_int_equal(want.curves.n_epochs, 2);
  leg.checkpoint_dir = dir;
  for (int i = 0; i < COUNT(after); i++) {
    Caller c = {.left = after[i] - 1};
    TrialEnv all = {.data = data,
                    .cpu = cpu_level(),
                    .checkpoint_dir = dir,
                    .hooks = {.ctx = &c, .stop = stop_now}};
    TrialResult r;
    Err e = {0};
    assert_int_equal(trial_run(&arena, &all, s, 3, &r, &e), E_STOPPED);
    r = run(&leg, s);
    assert_same(&want, &r);
    unlink(checkpoint());
  }
}

static void test_hooks(void **state) {
  (void)state;
  const Spec *s = spec_with("");
  Caller c = {.left = -1, .keep = true};
  TrialEnv env = {
      .data = data_of(s),
      .cpu = cpu_level(),
      .checkpoint_dir = dir,
      .hooks = {
          .ctx = &c, .tick = count_tick, .epoch = count_epoch, .stop = stop_now, .keep = say_keep}};
  TrialResult first = run(&env, s);
  assert_int_equal(c.epochs, 6);
  assert_true(c.ticks > 84 * 5); /* between layers too */
  assert_true(file_exists(checkpoint()));

  c = (Caller){.left = -1, .keep = true}; /* finished: nothing is trained again */
  TrialResult again = run(&env, s);
  assert_int_equal(c.ticks, 0);
  assert_same(&first, &again);
  assert_true(first.seconds == again.seconds);

  unlink(checkpoint());
  c = (Caller){.left = -1, .keep = false};
  run(&env, s);
  assert_false(file_exists(checkpoint()));
  unlink(checkpoint());
}

/* A checkpoint that is damaged, or of something else, is passed over. */
static void test_wrong_checkpoint(void **state) {
  (void)state;
  const Spec *s = spec_with("");
  const RunData *data = data_of(s);
  TrialEnv env = {.data = data, .cpu = cpu_level(), .checkpoint_dir = dir};
  TrialResult whole = run(&env, s);
  const Spec *other = spec_with("train.optimizer.learning_rate=0.02");
  TrialResult r = run(&env, other);
  assert_string_not_equal(r.weights, whole.weights);
  r = run(&env, s); /* that left a checkpoint of `other` */
  assert_same(&whole, &r);

  char *bytes;
  size_t n;
  Err e = {0};
  assert_int_equal(file_read(&arena, checkpoint(), 0, &bytes, &n, &e), OK);
  assert_int_equal(file_write(checkpoint(), bytes, n / 2, &e), OK);
  r = run(&env, s);
  assert_same(&whole, &r);
  assert_int_equal(file_write(checkpoint(), "not HDF5 at all", 15, &e), OK);
  r = run(&env, s);
  assert_same(&whole, &r);

  const Spec *reseeded = spec_with("data.seed=99");
  const RunData *other_data = data_of(reseeded);
  assert_string_not_equal(other_data->fingerprint, data->fingerprint);
  env.data = other_data;
  TrialResult elsewhere = run(&env, s);
  unlink(checkpoint());
  r = run(&env, s);
  assert_same(&elsewhere, &r);
  unlink(checkpoint());
}

/* Every byte of a checkpoint in progress, spoiled in turn at some places, never changes a result.
 */
static void test_spoiled_bytes(void **state) {
  (void)state;
  const Spec *s = spec_with("train.epochs=2");
  const RunData *data = data_of(s);
  TrialEnv env = {.data = data, .cpu = cpu_level()};
  TrialResult whole = run(&env, s), r;
  Caller c = {.left = 9};
  env.checkpoint_dir = dir;
  env.hooks = (TrialHooks){.ctx = &c, .stop = stop_now};
  Err e = {0};
  assert_int_equal(trial_run(&arena, &env, s, 3, &r, &e), E_STOPPED);
  env.hooks = (TrialHooks){0};
  char *bytes;
  size_t n;
  e = (Err){0};
  assert_int_equal(file_read(&arena, checkpoint(), 0, &bytes, &n, &e), OK);
  for (size_t at = 0; at < n; at += n / 40 + 1) {
    bytes[at] ^= 0x40;
    assert_int_equal(file_write(checkpoint(), bytes, n, &e), OK);
    bytes[at] ^= 0x40;
    r = run(&env, s);
    assert_same(&whole, &r);
  }
  unlink(checkpoint());
}

/* ---- trained models -------------------------------------------------------------------------- */

static void test_model(void **state) {
  (void)state;
  const Spec *s = spec_with("metric.at=best train.optimizer.learning_rate=0.3");
  const RunData *data = data_of(s);
  TrialEnv env = {.data = data, .cpu = cpu_level(), .checkpoint_dir = dir};
  TrialResult r = run(&env, s);
  TrialModel m;
  Err e = {0};
  if (trial_model_open(&arena, checkpoint(), cpu_level(), &m, &e) != OK) fail_msg("%s", e.text);
  assert_same(&r, &m.result);

  /* All rows, each alone, and the test part give the same story. */
  Prediction all, one;
  assert_int_equal(predict_rows(&arena, &m, &data->main, &all, &e), OK);
  assert_true(all.scored);
  assert_int_equal(all.n, 600);
  int right = 0;
  for (int i = 0; i < 600; i++) {
    right += all.predicted[i] == data->main.labels[i];
    float sum = 0;
    for (int k = 0; k < 4; k++) {
      sum += all.values[i * 4 + k];
      assert_true(all.values[i * 4 + k] <= all.values[i * 4 + all.predicted[i]]);
    }
    assert_true(fabsf(sum - 1) < 1e-5f);
  }
  assert_true(all.accuracy == right / 600.0 && all.accuracy > 0.9);
  IoDataset row = data->main;
  row.x = (const float *)row.x + 17 * row.d;
  row.labels = NULL;
  row.n = 1;
  assert_int_equal(predict_rows(&arena, &m, &row, &one, &e), OK);
  assert_false(one.scored);
  assert_int_equal(one.predicted[0], all.predicted[17]);
  for (int k = 0; k < 4; k++) assert_true(fabsf(one.values[k] - all.values[17 * 4 + k]) < 1e-5f);

  TrialTest tested;
  assert_int_equal(trial_test(&arena, &env, checkpoint(), &tested, &e), OK);
  right = 0;
  const DataPart *test = &data->parts[PART_TEST];
  for (uint32_t i = 0; i < test->n; i++)
    right += all.predicted[test->rows[i]] == data->main.labels[test->rows[i]];
  assert_true(tested.score.rows == 60 && tested.score.correct == right);
  const DataPart *validation = &data->parts[PART_VALIDATION];
  right = 0;
  for (uint32_t i = 0; i < validation->n; i++)
    right += all.predicted[validation->rows[i]] == data->main.labels[validation->rows[i]];
  assert_true(r.metric == right / 120.0);

  row.d = 2;
  assert_int_equal(predict_rows(&arena, &m, &row, &one, &e), E_DATA);
  assert_non_null(strstr(e.text, "2 features a row, but the model was trained on 3"));
  trial_model_close(&m);
  unlink(checkpoint());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_learns),        cmocka_unit_test(test_same_bits),
      cmocka_unit_test(test_shards),        cmocka_unit_test(test_diverges),
      cmocka_unit_test(test_plan),          cmocka_unit_test(test_steps),
      cmocka_unit_test(test_epochs_differ), cmocka_unit_test(test_best),
      cmocka_unit_test(test_warmup),        cmocka_unit_test(test_warmup_too_long),
      cmocka_unit_test(test_resume),        cmocka_unit_test(test_ahead),
      cmocka_unit_test(test_hooks),         cmocka_unit_test(test_wrong_checkpoint),
      cmocka_unit_test(test_spoiled_bytes), cmocka_unit_test(test_model),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
