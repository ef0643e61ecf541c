#include "predict.h"

#include <math.h>
#include "base/log.h"
#include "base/sum.h"
#include "io/files.h"
#include "io/h5.h"

/* Do the targets of the set mean what the model's do? Classes must agree in number and name. */
static bool targets_agree(const TrialModel *m, const IoDataset *s) {
  if (m->targets.n_classes == 0) return s->values && s->n_values == m->targets.n_values;
  if (!s->labels || s->n_classes > m->targets.n_classes) return false;
  for (int c = 0; c < s->n_classes; c++)
    if (!str_eq(s->class_names[c], m->class_names[c])) return false;
  return true;
}

static Status check_fits(const TrialModel *m, const IoDataset *s, Err *e) {
  CHECK(e, s->d == m->n_features, E_DATA, "%s: %d features a row, but the model was trained on %d",
        s->name, s->d, m->n_features);
  CHECK(e, s->n > 0 && s->n <= INT32_MAX, E_DATA, "%s: %lld rows; 1 to %lld can be predicted",
        s->name, (long long)s->n, (long long)INT32_MAX);
  return OK;
}

/* The dataset as the test part of a run with the model's normalisation. `view` may not be copied.
 */
static void view_data(Arena *a, const TrialModel *m, const IoDataset *s, bool scored,
                      RunData *view) {
  uint32_t *rows = ARENA_ARRAY(a, uint32_t, s->n);
  for (uint32_t i = 0; i < (uint32_t)s->n; i++) rows[i] = i;
  *view = (RunData){.main = *s,
                    .targets = m->targets,
                    .n_features = m->n_features,
                    .normalization = m->normalization};
  if (!scored) {
    view->main.labels = NULL;
    view->main.values = NULL;
  }
  view->parts[PART_TEST] = (DataPart){&view->main, rows, (uint32_t)s->n};
}

/* k outputs of the model -> a row of the prediction. One output for two classes is the second's
 * probability. */
static void take_row(const Real *output, int k, Prediction *p, int64_t row) {
  float *v = p->values + row * p->n_columns;
  if (k == p->n_columns) {
    for (int j = 0; j < k; j++) v[j] = output[j];
  } else {
    v[0] = 1 - output[0];
    v[1] = output[0];
  }
  if (!p->predicted) return;
  int best = 0;
  for (int j = 1; j < p->n_columns; j++)
    if (v[j] > v[best]) best = j;
  p->predicted[row] = best;
}

/* Of classes the accuracy is that of `predicted`, whatever the loss; of values the loss's own. */
static void score(Prediction *p, const int32_t *labels, double *loss, double *correct,
                  size_t chunks) {
  sum_tree_f64(loss, chunks, 1);
  sum_tree_f64(correct, chunks, 1);
  double right = correct[0];
  if (p->predicted) {
    right = 0;
    for (int64_t i = 0; i < p->n; i++) right += p->predicted[i] == labels[i];
  }
  p->loss = loss[0] / (double)p->n;
  p->accuracy = right < 0 ? NAN : right / (double)p->n;
}

static Status predict_chunks(Arena *a, const TrialModel *m, const IoDataset *set, Prediction *out,
                             Err *e) {
  RunData view;
  Diag d = diag_new(a);
  Measure measure = {0};
  view_data(a, m, set, out->scored, &view);
  if (out->scored) TRY(measure_plan(a, m->spec, m->model, m->targets, set->n, &d, &measure, e));
  measure_open(&measure, a);
  measure_start(&measure);
  size_t chunks = ((size_t)set->n + EVAL_ROWS - 1) / EVAL_ROWS;
  double *loss = ARENA_ARRAY(a, double, chunks), *correct = ARENA_ARRAY(a, double, chunks);
  for (size_t c = 0; c < chunks; c++) {
    int64_t first = (int64_t)c * EVAL_ROWS, left = set->n - first;
    int rows = left < EVAL_ROWS ? (int)left : EVAL_ROWS, k;
    NnScore s = {0};
    data_gather(&view, PART_TEST, NULL, (uint32_t)first, rows, m->model);
    nn_model_evaluate(m->model, rows, out->scored ? &s : NULL);
    if (out->scored) {
      const NnPredictions p = nn_model_predictions(m->model, rows);
      measure_rows(&measure, &p);
    }
    loss[c] = s.loss;
    correct[c] = s.correct;
    const Real *y = nn_model_output(m->model, &k);
    for (int i = 0; i < rows; i++) take_row(y + (int64_t)i * k, k, out, first + i);
  }
  if (!out->scored) return OK;
  score(out, set->labels, loss, correct, chunks);
  measure_result(a, &measure, m->class_names, &out->metrics);
  return OK;
}

Status predict_rows(Arena *a, const TrialModel *m, const IoDataset *set, Prediction *out, Err *e) {
  TRY(check_fits(m, set, e));
  bool classes = m->targets.n_classes > 0;
  *out = (Prediction){.n = set->n,
                      .n_columns = classes ? m->targets.n_classes : m->targets.n_values,
                      .class_names = m->class_names,
                      .scored = targets_agree(m, set)};
  if ((set->labels || set->values) && !out->scored)
    log_line(LOG_WARNING, "%s: its targets are not those of the model, so nothing is scored",
             set->name);
  out->values = (float *)arena_alloc(a, (size_t)set->n, sizeof(float) * (size_t)out->n_columns);
  if (classes) out->predicted = ARENA_ARRAY(a, int32_t, set->n);
  return predict_chunks(a, m, set, out, e);
}

Status predict_hardmax(Prediction *p, Err *e) {
  CHECK(e, p->predicted, E_USAGE, "--hardmax is for classes; this model predicts numbers");
  p->hardmax = true;
  for (int64_t i = 0; i < p->n; i++)
    for (int j = 0; j < p->n_columns; j++)
      p->values[i * p->n_columns + j] = j == p->predicted[i] ? 1 : 0;
  return OK;
}

/* ---- files ----------------------------------------------------------------------------------- */

Status predict_check_path(const char *path, Err *e) {
  CHECK(e, str_ends(path, ".csv") || str_ends(path, ".h5"), E_USAGE,
        "%s: predictions are written to a file that ends in .csv or .h5", path);
  return OK;
}

/* A CSV field, quoted where it must be (RFC 4180). */
static void add_field(Str *out, const char *prefix, const char *text) {
  bool quote = false;
  for (const char *c = text; *c; c++)
    quote = quote || *c == ',' || *c == '"' || *c == '\n' || *c == '\r';
  str_add(out, quote ? "\"" : "");
  str_add(out, prefix);
  for (const char *c = text; *c; c++) {
    if (*c == '"') str_add(out, "\"");
    str_addn(out, c, 1);
  }
  str_add(out, quote ? "\"" : "");
}

static void add_head(Str *out, const Prediction *p) {
  for (int j = 0; j < p->d; j++) str_addf(out, "%sx%d", j ? "," : "", j + 1);
  if (!p->points) str_add(out, "row");
  if (p->class_names) str_add(out, ",predicted");
  for (int j = 0; j < p->n_columns; j++) {
    str_add(out, ",");
    if (p->class_names)
      add_field(out, p->hardmax ? "hardmax_" : "prob_", p->class_names[j]);
    else
      str_addf(out, "value_%d", j + 1);
  }
}

static void add_row(Str *out, const Prediction *p, int64_t i) {
  char number[32];
  for (int j = 0; j < p->d; j++)
    str_addf(out, "%s%s", j ? "," : "", str_f64(p->points[i * p->d + j], number));
  if (!p->points) str_addf(out, "%lld", (long long)i);
  if (p->predicted && p->class_names) {
    str_add(out, ",");
    add_field(out, "", p->class_names[p->predicted[i]]);
  }
  for (int j = 0; j < p->n_columns; j++)
    str_addf(out, ",%s", str_f32(p->values[i * p->n_columns + j], number));
}

static Status write_csv(Arena *a, const Prediction *p, const char *path, Err *e) {
  CHECK(e, p->n * (p->n_columns + p->d + 2) < INT32_MAX / 32, E_USAGE,
        "%s: %lld rows are too many for a CSV file; write a .h5 file", path, (long long)p->n);
  Str out = str_new(a);
  add_head(&out, p);
  for (int64_t i = 0; i < p->n; i++) {
    str_add(&out, "\n");
    add_row(&out, p, i);
  }
  str_add(&out, "\n");
  return file_write(path, out.text, (size_t)out.length, e);
}

/* An attribute each, beside loss and accuracy; the matrix is /confusion. */
static Status put_metrics(H5Out *o, const Metrics *m, Err *e) {
  const Confusion *c = &m->confusion;
  const int64_t dims[2] = {c->n, c->n};
  for (int i = 0; i < m->n; i++)
    if (!str_eq(m->names[i], "accuracy")) TRY(h5_attr_f64(o, "/", m->names[i], m->values[i], e));
  if (c->n == 0) return OK;
  TRY(h5_put(o, "/confusion", H5_I64, dims, 2, c->counts, false, e));
  return h5_attr_strings(o, "/confusion", "classes", c->classes, c->n, e);
}

static Status put_h5(H5Out *o, const Prediction *p, Err *e) {
  const int64_t dims[2] = {p->n, p->n_columns};
  const char *values = p->hardmax ? "/hardmax" : p->class_names ? "/probabilities" : "/values";
  TRY(h5_put(o, values, H5_F32, dims, 2, p->values, false, e));
  if (p->points) {
    const int64_t shape[2] = {p->n, p->d};
    TRY(h5_put(o, "/x", H5_F64, shape, 2, p->points, false, e));
  }
  if (p->predicted) {
    TRY(h5_put(o, "/predicted", H5_I32, dims, 1, p->predicted, false, e));
    TRY(h5_attr_strings(o, "/predicted", "classes", p->class_names, p->n_columns, e));
    TRY(h5_attr_strings(o, values, "classes", p->class_names, p->n_columns, e));
  }
  if (!p->scored) return OK;
  TRY(h5_attr_f64(o, "/", "loss", p->loss, e));
  TRY(put_metrics(o, &p->metrics, e));
  return isnan(p->accuracy) ? OK : h5_attr_f64(o, "/", "accuracy", p->accuracy, e);
}

static Status write_h5(const Prediction *p, const char *path, Err *e) {
  H5Out *o;
  TRY(h5_create(&o, e));
  Status status = put_h5(o, p, e);
  if (status == OK) return h5_publish(o, path, e);
  h5_discard(o);
  return err_context(e, "%s", path);
}

Status predict_write(Arena *a, const Prediction *p, const char *path, Err *e) {
  TRY(predict_check_path(path, e));
  return str_ends(path, ".csv") ? write_csv(a, p, path, e) : write_h5(p, path, e);
}
