/* Metrics: the life of one, the same for all kinds. */
#include <string.h>
#include "kinds.h"

static const NnMetricKind *kind_of(const Kind *metric) {
  return (const NnMetricKind *)(const void *)metric;
}

Status nn_metric_new(Arena *a, KindValue metric, NnTargets targets, int d, int64_t n_rows,
                     NnMetric **out, Err *e) {
  NnMetric *m = ARENA_NEW(a, NnMetric);
  *m = (NnMetric){.kind = kind_of(metric.kind),
                  .config = metric.config,
                  .targets = targets,
                  .d = d,
                  .n_rows = n_rows};
  *out = m;
  return m->kind->plan(m, e);
}

void nn_metric_open(NnMetric *m, Arena *numbers) {
  m->counts = ARENA_ARRAY(numbers, int64_t, m->n_counts);
  m->numbers = ARENA_ARRAY(numbers, double, m->n_numbers);
  m->sums = ARENA_ARRAY(numbers, SumTree, m->n_sums);
}

void nn_metric_start(NnMetric *m) {
  memset(m->counts, 0, m->n_counts * sizeof *m->counts);
  memset(m->numbers, 0, m->n_numbers * sizeof *m->numbers);
  for (size_t i = 0; i < m->n_sums; ++i) sum_init(&m->sums[i]);
  m->fed = 0;
}

void nn_metric_rows(NnMetric *m, const NnPredictions *rows) {
  m->kind->rows(m, rows);
  m->fed += rows->rows;
}

double nn_metric_value(NnMetric *m) {
  return m->kind->value(m);
}

const int64_t *nn_metric_matrix(const NnMetric *m) {
  return m->kind->matrix ? m->counts : NULL;
}

const char *nn_metric_name(Arena *a, KindValue metric) {
  const NnMetricKind *k = kind_of(metric.kind);
  return k->name ? k->name(a, metric.config) : k->head.name;
}

bool nn_metric_is_matrix(const Kind *metric) {
  return kind_of(metric)->matrix;
}

bool nn_metric_maximize(const Kind *metric) {
  return !kind_of(metric)->minimize;
}
