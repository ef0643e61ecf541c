/* Accuracy: the share of rows whose class was predicted, the first of the largest outputs. */
#include "classwise.h"

static Status plan(NnMetric *m, Err *e) {
  m->n_counts = 1;
  return nn_metric_needs_classes(m, e);
}

static void rows(NnMetric *m, const NnPredictions *p) {
  for (int i = 0; i < p->rows; ++i) m->counts[0] += nn_true_class(p, i) == nn_predicted_class(p, i);
}

static double value(NnMetric *m) {
  return (double)m->counts[0] / (double)m->fed;
}

const NnMetricKind nn_metric_accuracy = {
    .head = {.name = "accuracy",
             .doc = "share of rows whose class was predicted, also where the loss does not count "
                    "them",
             .source = "Goodfellow, Bengio & Courville 2016, section 5.1.2"},
    .plan = plan,
    .rows = rows,
    .value = value,
};
