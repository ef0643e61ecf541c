/*
 * Mean absolute error: 1 / (n d) sum over rows and outputs of |p - y|.
 *
 * Rows in order, outputs in order, in f64 over the tree of base/sum.h.
 */
#include <math.h>
#include "classwise.h"

static Status plan(NnMetric *m, Err *e) {
  m->n_sums = 1;
  return nn_metric_needs_values(m, e);
}

static void rows(NnMetric *m, const NnPredictions *p) {
  const size_t n = (size_t)p->rows * (size_t)p->d;
  for (size_t i = 0; i < n; ++i) sum_add(m->sums, fabs((double)p->p[i] - (double)p->values[i]));
}

static double value(NnMetric *m) {
  return sum_total(m->sums) / ((double)m->fed * (double)m->d);
}

const NnMetricKind nn_metric_mean_absolute_error = {
    .head = {.name = "mean_absolute_error",
             .doc = "mean of |prediction - target| over rows and outputs",
             .source = "Willmott & Matsuura 2005, Climate Research 30"},
    .minimize = true,
    .plan = plan,
    .rows = rows,
    .value = value,
};
