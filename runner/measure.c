#include "measure.h"

#include <string.h>

/* The loss counts right predictions itself, over the same classes. */
static bool is_given(const Spec *s, const char *name) {
  return str_eq(name, "accuracy") && nn_loss_counts_correct(s->model.loss.kind);
}

Status measure_plan(Arena *a, const Spec *s, const NnModel *model, NnTargets targets,
                    int64_t n_rows, Diag *d, Measure *out, Err *e) {
  const MetricsSpec *list = &s->metrics;
  *out = (Measure){.metrics = ARENA_ARRAY(a, NnMetric *, list->n),
                   .names = ARENA_ARRAY(a, const char *, list->n),
                   .n_classes = targets.n_classes};
  if (list->n == 0) return OK;
  int outputs;
  (void)nn_model_output(model, &outputs);
  for (int i = 0; i < list->n; i++) {
    NnMetric *m;
    if (nn_metric_new(a, list->kinds[i], targets, outputs, n_rows, &m, e) != OK) {
      const YamlNode *item = yaml_at(spec_find(s->tree, "metrics"), i);
      if (item && item->mark.source) diag_add(d, DIAG_ERROR, item->mark, "metrics: %s", e->text);
      return err_context(e, "metrics");
    }
    if (nn_metric_is_matrix(list->kinds[i].kind)) {
      out->matrix = m;
    } else if (!is_given(s, list->names[i])) {
      out->metrics[out->n] = m;
      out->names[out->n++] = list->names[i];
    }
  }
  return OK;
}

void measure_open(const Measure *m, Arena *numbers) {
  for (int i = 0; i < m->n; i++) nn_metric_open(m->metrics[i], numbers);
  if (m->matrix) nn_metric_open(m->matrix, numbers);
}

void measure_start(const Measure *m) {
  for (int i = 0; i < m->n; i++) nn_metric_start(m->metrics[i]);
  if (m->matrix) nn_metric_start(m->matrix);
}

void measure_rows(const Measure *m, const NnPredictions *rows) {
  for (int i = 0; i < m->n; i++) nn_metric_rows(m->metrics[i], rows);
  if (m->matrix) nn_metric_rows(m->matrix, rows);
}

bool measure_is_empty(const Measure *m) {
  return m->n == 0 && !m->matrix;
}

void measure_result(Arena *a, const Measure *m, const char **class_names, Metrics *out) {
  *out = (Metrics){.n = m->n, .names = m->names, .values = ARENA_ARRAY(a, double, m->n)};
  for (int i = 0; i < m->n; i++) out->values[i] = nn_metric_value(m->metrics[i]);
  if (!m->matrix) return;
  const size_t n = (size_t)m->n_classes;
  out->confusion = (Confusion){
      .n = m->n_classes, .classes = class_names, .counts = ARENA_ARRAY(a, int64_t, n * n)};
  memcpy(out->confusion.counts, nn_metric_matrix(m->matrix), n * n * sizeof(int64_t));
}
