/* The confusion matrix: counts (C, C), rows the true classes, columns the predicted ones. */
#include "classwise.h"

enum { MAX_CLASSES = 1000 };

static Status plan(NnMetric *m, Err *e) {
  const int n = m->targets.n_classes;
  TRY(nn_metric_needs_classes(m, e));
  CHECK(e, n <= MAX_CLASSES, E_SHAPE, "confusion: %d classes make %lld counts; at most %d classes",
        n, (long long)n * n, MAX_CLASSES);
  m->n_counts = (size_t)n * (size_t)n;
  return OK;
}

static void rows(NnMetric *m, const NnPredictions *p) {
  for (int i = 0; i < p->rows; ++i)
    ++m->counts[nn_true_class(p, i) * m->targets.n_classes + nn_predicted_class(p, i)];
}

const NnMetricKind nn_metric_confusion = {
    .head = {.name = "confusion",
             .doc = "matrix of counts, rows the true classes, columns the predicted ones",
             .source = "Kohavi & Provost 1998, Machine Learning 30, glossary"},
    .matrix = true,
    .plan = plan,
    .rows = rows,
};
