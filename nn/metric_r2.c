/*
 * R2, the coefficient of determination, of each output, and their mean:
 *
 *   R2 = 1 - sum (y - p)^2 / sum (y - mean y)^2
 *
 * As in scikit-learn, targets that are all the same give 1 where every prediction is right, else 0.
 * The lower sum by Welford 1962 (Technometrics 4), row by row, of the distances from the first
 * target, so that targets far from 0 lose no digits; the upper one over the tree of base/sum.h. All
 * in f64, rows in order.
 */
#include "classwise.h"

/* numbers (3, d): the first y; mean of y - first; sum (y - mean y)^2. sums (d): sum (y - p)^2. */
static Status plan(NnMetric *m, Err *e) {
  m->n_numbers = 3 * (size_t)m->d;
  m->n_sums = (size_t)m->d;
  return nn_metric_needs_values(m, e);
}

static void rows(NnMetric *m, const NnPredictions *p) {
  double *first = m->numbers, *mean = first + m->d, *total = mean + m->d;
  const Real *prediction = p->p, *target = p->values;
  for (int i = 0; i < p->rows; ++i, prediction += p->d, target += p->d) {
    const int64_t row = m->fed + i;
    for (int j = 0; j < p->d; ++j) {
      const double y = (double)target[j], error = y - (double)prediction[j];
      if (row == 0) first[j] = y;
      const double from = (y - first[j]) - mean[j];
      mean[j] += from / (double)(row + 1);
      total[j] += from * ((y - first[j]) - mean[j]);
      sum_add(&m->sums[j], error * error);
    }
  }
}

static double value(NnMetric *m) {
  const double *total = m->numbers + (ptrdiff_t)2 * m->d;
  double sum = 0;
  for (int j = 0; j < m->d; ++j) {
    const double residual = sum_total(&m->sums[j]);
    if (total[j] > 0)
      sum += 1 - residual / total[j];
    else
      sum += residual > 0 ? 0 : 1 + residual; /* nan stays nan */
  }
  return sum / m->d;
}

const NnMetricKind nn_metric_r2 = {
    .head = {.name = "r2",
             .doc =
                 "share of the targets' variance that the predictions explain, mean over outputs",
             .source = "Wright 1921, Journal of Agricultural Research 20"},
    .plan = plan,
    .rows = rows,
    .value = value,
};
