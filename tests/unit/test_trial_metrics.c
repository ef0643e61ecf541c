/* Metrics of the list in a trial, the confusion matrix, early stopping. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>
#include "runner/predict.h"
#include "trial_rig.h"

/* 840 training rows, 53 mini-batches; 240 rows of validation; the clouds overlap. */
static const char text[] =
    "seed: 11\n"
    "data:\n"
    "  source: {name: blobs, rows: 1200, classes: 4, features: 3, spread: 0.7}\n"
    "  split: {train: 0.7, validation: 0.2, test: 0.1}\n"
    "model: {layers: [{dense: {units: 12}}, relu, {dense: {units: classes}}]}\n"
    "metrics: [f1, auc, {top_k: 2}, {recall: weighted}, accuracy, confusion]\n"
    "train: {epochs: 12, batch_size: 16, optimizer: {name: adam, learning_rate: 0.02},\n"
    "        schedule: cosine}\n";

static Spec *spec_with(Arena *a, const char *overrides) {
  const char *list[8];
  int n = 0;
  for (char *word = strtok(arena_strdup(a, overrides), " "); word; word = strtok(NULL, " "))
    list[n++] = word;
  return rig_load_with(a, text, list, n);
}

static TrialResult run_with(Arena *a, const char *overrides) {
  const Spec *s = spec_with(a, overrides);
  return trial_rig_run(a, s, trial_rig_data(a, s), NULL);
}

/* ---- columns --------------------------------------------------------------------------------- */

/* Behind the columns that are there anyway, in the list's order; the accuracy is there once; and to
 * measure changes nothing that is measured. */
static void test_columns(void **state) {
  Arena *a = *state;
  static const char *const names[] = {
      "train_loss",          "train_accuracy",   "validation_loss",
      "validation_accuracy", "learning_rate",    "validation_f1",
      "validation_auc",      "validation_top_2", "validation_recall_weighted"};
  TrialResult r = run_with(a, ""), plain = run_with(a, "metrics=null");
  assert_int_equal(r.curves.n_names, COUNT(names));
  for (int i = 0; i < COUNT(names); i++) assert_string_equal(r.curves.names[i], names[i]);
  assert_int_equal(plain.curves.n_names, 5);
  assert_int_equal(plain.confusion.n, 0);
  assert_string_equal(r.weights, plain.weights);
  for (int k = 0; k < 12; k++)
    assert_memory_equal(r.curves.values + k * r.curves.n_names, plain.curves.values + k * 5,
                        5 * sizeof(double));
}

/* A loss that does not count right predictions: the list's accuracy does, and may be what counts. */
static void test_accuracy_of_squares(void **state) {
  Arena *a = *state;
  const TrialResult r =
      run_with(a, "model.loss=mean_squared_error metric.name=validation_accuracy");
  const TrialResult loss = run_with(a, "model.loss=mean_squared_error");
  assert_int_equal(loss.metric == trial_rig_curve(&loss, 12, "validation_loss"), true);
  assert_true(r.metric == trial_rig_curve(&r, 12, "validation_accuracy"));
  assert_true(r.metric > 0.5 && r.metric <= 1);
  assert_string_equal(r.weights, loss.weights);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Every row as the trained model predicts it. */
static void predict_all(Arena *a, const RunData *data, const char *checkpoint, Prediction *out) {
  TrialModel m;
  Err e = {0};
  if (trial_model_open(a, checkpoint, cpu_level(), &m, &e) != OK) fail_msg("%s", e.text);
  if (predict_rows(a, &m, &data->main, out, &e) != OK) fail_msg("%s", e.text);
  trial_model_close(&m);
}

static double plain_auc(const Prediction *p, const DataPart *part, const int32_t *labels) {
  double sum = 0;
  for (int c = 0; c < p->n_columns; c++) {
    double won = 0, pairs = 0;
    for (uint32_t i = 0; i < part->n; i++) {
      for (uint32_t k = 0; k < part->n; k++) {
        if (labels[part->rows[i]] != c || labels[part->rows[k]] == c) continue;
        const float x = p->values[part->rows[i] * (uint32_t)p->n_columns + (uint32_t)c];
        const float y = p->values[part->rows[k] * (uint32_t)p->n_columns + (uint32_t)c];
        won += x > y ? 1 : x == y ? 0.5 : 0;
        pairs++;
      }
    }
    sum += won / pairs;
  }
  return sum / p->n_columns;
}

/* counts (4, 4) of a part, and from them the macro F1. */
static double plain_f1(const Prediction *p, const DataPart *part, const int32_t *labels,
                       int64_t counts[16]) {
  double sum = 0;
  memset(counts, 0, 16 * sizeof *counts);
  for (uint32_t i = 0; i < part->n; i++)
    counts[labels[part->rows[i]] * 4 + p->predicted[part->rows[i]]]++;
  for (int c = 0; c < 4; c++) {
    double row = 0, column = 0;
    for (int k = 0; k < 4; k++) {
      row += (double)counts[c * 4 + k];
      column += (double)counts[k * 4 + c];
    }
    const double precision = (double)counts[c * 5] / column, recall = (double)counts[c * 5] / row;
    sum += 2 * precision * recall / (precision + recall);
  }
  return sum / 4;
}

static double value_of(const Metrics *m, const char *name) {
  for (int i = 0; i < m->n; i++)
    if (str_eq(m->names[i], name)) return m->values[i];
  fail_msg("no metric %s", name);
  return 0;
}

static void test_values(void **state) {
  Arena *a = *state;
  char dir[] = "test_metrics_XXXXXX";
  assert_non_null(mkdtemp(dir));
  const Spec *s = spec_with(a, "metric.at=best metric.name=validation_auc");
  const RunData *data = trial_rig_data(a, s);
  const TrialResult r = trial_rig_run(a, s, data, dir);
  const char *checkpoint = trial_checkpoint_path(a, dir, 0);
  Prediction p;
  int64_t counts[16];
  predict_all(a, data, checkpoint, &p);
  const DataPart *part = &data->parts[PART_VALIDATION];
  const int32_t *labels = data->main.labels;
  const int best = (int)r.chosen_epoch;
  const double f1 = plain_f1(&p, part, labels, counts);
  assert_true(best < 12); /* or else choose another seed: the last epoch's matrix would do */
  assert_true(fabs(trial_rig_curve(&r, best, "validation_f1") - f1) < 1e-12);
  assert_true(fabs(r.metric - plain_auc(&p, part, labels)) < 1e-12);
  assert_int_equal(r.confusion.n, 4);
  assert_memory_equal(r.confusion.counts, counts, sizeof counts);

  TrialTest test;
  Err e = {0};
  const TrialEnv env = {.data = data, .cpu = cpu_level()};
  assert_int_equal(trial_test(a, &env, checkpoint, &test, &e), OK);
  part = &data->parts[PART_TEST];
  assert_true(fabs(value_of(&test.metrics, "f1") - plain_f1(&p, part, labels, counts)) < 1e-12);
  assert_true(fabs(value_of(&test.metrics, "auc") - plain_auc(&p, part, labels)) < 1e-12);
  assert_memory_equal(test.metrics.confusion.counts, counts, sizeof counts);

  /* the whole dataset: predict's own metrics, and the accuracy on their diagonal */
  uint32_t rows[1200];
  for (uint32_t i = 0; i < 1200; i++) rows[i] = i;
  const DataPart all = {&data->main, rows, 1200};
  assert_true(fabs(value_of(&p.metrics, "f1") - plain_f1(&p, &all, labels, counts)) < 1e-12);
  assert_memory_equal(p.metrics.confusion.counts, counts, sizeof counts);
  assert_true(p.accuracy == (double)(counts[0] + counts[5] + counts[10] + counts[15]) / 1200);
  unlink(checkpoint);
  rmdir(dir);
}

/* ---- early stopping -------------------------------------------------------------------------- */

/* The epoch after which a patient observer of the whole curve stops; its length: never. */
static int stops_after(const TrialResult *whole, const char *name, int sign, int patience,
                       double min_delta) {
  double best = trial_rig_curve(whole, 1, name);
  int since = 0;
  for (int k = 2; k <= whole->curves.n_epochs; k++) {
    const double x = trial_rig_curve(whole, k, name);
    since++;
    if (sign * (x - best) > min_delta) {
      best = x;
      since = 0;
    }
    if (since == patience) return k;
  }
  return whole->curves.n_epochs;
}

static void test_early_stopping(void **state) {
  Arena *a = *state;
  static const struct {
    const char *metric;
    int sign;
  } metrics[] = {{"validation_loss", -1}, {"validation_f1", 1}, {"train_loss", -1}};
  static const double deltas[] = {0, 0.004, 0.05};
  int stopped = 0, lengths[13] = {0}, different = 0;
  for (int i = 0; i < COUNT(metrics); i++) {
    const TrialResult whole = run_with(a, arena_printf(a, "metric.name=%s", metrics[i].metric));
    for (int patience = 1; patience <= 4; patience++) {
      for (int k = 0; k < COUNT(deltas); k++) {
        const TrialResult r =
            run_with(a, arena_printf(a,
                                     "metric.name=%s train.early_stopping.patience=%d "
                                     "train.early_stopping.min_delta=%g",
                                     metrics[i].metric, patience, deltas[k]));
        const int n = stops_after(&whole, metrics[i].metric, metrics[i].sign, patience, deltas[k]);
        assert_int_equal(r.curves.n_epochs, n);
        assert_int_equal(r.status, TRIAL_COMPLETED);
        assert_int_equal(r.stopped_early, n < 12);
        assert_int_equal(r.chosen_epoch, n);
        assert_memory_equal(r.curves.values, whole.curves.values,
                            sizeof(double) * (size_t)(n * r.curves.n_names));
        stopped += n < 12;
        different += lengths[n]++ == 0;
      }
    }
  }
  assert_true(stopped > 5 && stopped < 36 && different > 4); /* or else this shows little */
}

/* The best epoch's weights, as many epochs as patience lets pass after it. */
static void test_stops_at_best(void **state) {
  Arena *a = *state;
  const char *best = "metric.name=validation_auc metric.at=best";
  const TrialResult r = run_with(a, arena_printf(a, "%s train.early_stopping.patience=2", best));
  const TrialResult whole = run_with(a, best);
  assert_true(r.stopped_early && r.curves.n_epochs < 12);
  assert_int_equal(r.chosen_epoch, r.curves.n_epochs - 2);
  assert_true(r.metric == trial_rig_curve(&whole, (int)r.chosen_epoch, "validation_auc"));
}

/* ---- resuming -------------------------------------------------------------------------------- */

typedef struct {
  int left;
} Caller;

static bool stop_now(void *ctx) {
  return ((Caller *)ctx)->left-- == 0;
}

static void assert_same(const TrialResult *x, const TrialResult *y) {
  assert_int_equal(x->curves.n_epochs, y->curves.n_epochs);
  assert_memory_equal(x->curves.values, y->curves.values,
                      sizeof(double) * (size_t)(x->curves.n_epochs * x->curves.n_names));
  assert_int_equal(x->chosen_epoch, y->chosen_epoch);
  assert_int_equal(x->stopped_early, y->stopped_early);
  assert_string_equal(x->weights, y->weights);
  assert_int_equal(x->confusion.n, y->confusion.n);
  assert_memory_equal(x->confusion.counts, y->confusion.counts, 16 * sizeof(int64_t));
}

/* Stopped again and again, at epoch ends, inside, after every mini-batch. */
static void test_resume(void **state) {
  Arena *a = *state;
  static const char *const overrides[] = {
      "train.early_stopping.patience=2 metric.name=validation_auc metric.at=best",
      "train.early_stopping.patience=2 metric.name=validation_loss",
      "metric.name=validation_top_2 metric.at=best"};
  static const int pieces[] = {1, 20, 53, 106};
  char dir[] = "test_metrics_XXXXXX";
  assert_non_null(mkdtemp(dir));
  for (int i = 0; i < COUNT(overrides); i++) {
    const Spec *s = spec_with(a, overrides[i]);
    const RunData *data = trial_rig_data(a, s);
    const TrialResult whole = trial_rig_run(a, s, data, NULL);
    for (int k = 0; k < COUNT(pieces); k++) {
      Caller c;
      const TrialEnv env = {.data = data,
                            .cpu = cpu_level(),
                            .checkpoint_dir = dir,
                            .hooks = {.ctx = &c, .stop = stop_now}};
      TrialResult r;
      Status status = E_STOPPED;
      int starts = 0;
      while (status == E_STOPPED) {
        Err e = {0};
        c.left = pieces[k] - 1;
        status = trial_run(a, &env, s, 0, &r, &e);
        starts++;
      }
      assert_int_equal(status, OK);
      assert_true(starts > 1);
      assert_same(&whole, &r);
      unlink(trial_checkpoint_path(a, dir, 0));
    }
  }
  rmdir(dir);
}

/* ---- plan and result ------------------------------------------------------------------------- */

static TrialPlan plan_of(Arena *a, const char *overrides) {
  const Spec *s = spec_with(a, overrides);
  const TrialEnv env = {.data = trial_rig_data(a, s), .cpu = cpu_level()};
  TrialPlan p;
  Err e = {0};
  Diag d = diag_new(a);
  if (trial_plan(a, &env, s, &d, &p, &e) != OK) fail_msg("%s", e.text);
  return p;
}

/* What metrics keep is part of the trial's bytes: a chunk's predictions of 4 classes, which they
 * are fed with; auc the scores of 240 rows, of 4 classes and twice to sort, and their labels; the
 * matrix twice 16 counts. */
static void test_bytes(void **state) {
  Arena *a = *state;
  const size_t none = plan_of(a, "metrics=[]").bytes + EVAL_ROWS * 4 * sizeof(Real),
               f1 = plan_of(a, "metrics=[f1]").bytes;
  const size_t auc = plan_of(a, "metrics=[auc]").bytes;
  const size_t confusion = plan_of(a, "metrics=[confusion]").bytes;
  assert_true(f1 >= none + 12 * 8 && f1 < none + 2000);
  assert_true(auc >= none + 240 * 7 * 8 && auc < none + 240 * 7 * 8 + 4000);
  assert_true(confusion >= none + 2 * 16 * 8 && confusion < none + 2000);
}

static void test_json(void **state) {
  Arena *a = *state;
  TrialResult r = run_with(a, "train.early_stopping.patience=1 metric.name=validation_f1"), back;
  Str line = str_new(a);
  JsonValue *v;
  Err e = {0};
  r.point = "";
  trial_write_json(&r, &line);
  assert_non_null(strstr(str_text(&line), "\"stopped_early\": true"));
  assert_non_null(strstr(str_text(&line), "\"confusion\": {\"classes\": [\"0\", \"1\", \"2\", "
                                          "\"3\"], \"validation\": [["));
  assert_int_equal(json_parse(a, str_text(&line), (size_t)line.length, &v, &e), OK);
  assert_int_equal(trial_read_json(a, v, &back, &e), OK);
  assert_same(&r, &back);
  for (int i = 0; i < 4; i++)
    assert_string_equal(back.confusion.classes[i], r.confusion.classes[i]);

  TrialResult plain = run_with(a, "metrics=[f1]");
  line = str_new(a);
  plain.point = "";
  trial_write_json(&plain, &line);
  assert_null(strstr(str_text(&line), "confusion"));
  assert_null(strstr(str_text(&line), "stopped_early"));

  static const char *const broken[] = {"[[1, 2], [3]]", "[[1, 2], [3, -4]]", "[[1, 2]]", "7"};
  for (int i = 0; i < COUNT(broken); i++) {
    const char *wrong =
        arena_printf(a, "{\"confusion\": {\"classes\": [\"a\", \"b\"], \"test\": %s}}", broken[i]);
    Confusion c;
    assert_int_equal(json_parse(a, wrong, strlen(wrong), &v, &e), OK);
    assert_int_equal(confusion_read(a, v, "test", &c, &e), E_DATA);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_columns, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_accuracy_of_squares, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_values, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_early_stopping, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_stops_at_best, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_resume, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_bytes, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_json, arena_begin, arena_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
