/*
 * Area under the ROC curve: the chance that a row of the class scores higher than a row of another,
 * ties counted half (midranks):
 *
 *   AUC = (pairs in order + 1/2 pairs that tie) / (P N),   P rows of the class, N others
 *
 * Hanley & McNeil 1982, Radiology 143. Of two classes the second's; of more the mean over the
 * classes, each against the rest, without those that have no rows or all; NaN where none is left
 * (rows of one class only), or a score is NaN. Pairs are counted in integers, so no order of rows
 * matters; the mean over classes in f64, in their order.
 */
#include <math.h>
#include <string.h>
#include "classwise.h"

static int n_columns(const NnMetric *m) {
  return m->targets.n_classes == 2 ? 1 : m->targets.n_classes;
}

/* counts: the classes (n_rows), then how many scores are NaN. numbers: (n_columns, n_rows) scores,
 * then 2 n_rows to sort in. */
static Status plan(NnMetric *m, Err *e) {
  TRY(nn_metric_needs_classes(m, e));
  m->n_counts = (size_t)m->n_rows + 1;
  m->n_numbers = (size_t)m->n_rows * ((size_t)n_columns(m) + 2);
  return OK;
}

static void rows(NnMetric *m, const NnPredictions *p) {
  const int columns = n_columns(m), first = columns == 1 ? p->d - 1 : 0;
  for (int i = 0; i < p->rows; ++i) {
    const int64_t row = m->fed + i;
    m->counts[row] = nn_true_class(p, i);
    for (int c = 0; c < columns; ++c) {
      const double score = (double)p->p[(size_t)i * (size_t)p->d + (size_t)(first + c)];
      m->numbers[c * m->n_rows + row] = score;
      m->counts[m->n_rows] += isnan(score) != 0;
    }
  }
}

static void merge(const double *x, int64_t first, int64_t middle, int64_t end, double *out) {
  int64_t i = first, j = middle;
  for (int64_t k = first; k < end; ++k)
    out[k] = i < middle && (j >= end || x[i] <= x[j]) ? x[i++] : x[j++];
}

/* x (n) into ascending order, with `spare` (n); bottom up. Returns which of the two has it. */
static double *sort(double *x, double *spare, int64_t n) {
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t first = 0; first < n; first += 2 * width) {
      const int64_t middle = first + width < n ? first + width : n;
      const int64_t end = middle + width < n ? middle + width : n;
      merge(x, first, middle, end, spare);
    }
    double *sorted = spare;
    spare = x;
    x = sorted;
  }
  return x;
}

/* Twice the area times the pairs: 2 for each in order, 1 for each tie. Both ascending. */
static int64_t count_pairs(const double *in, int64_t n_in, const double *out, int64_t n_out) {
  int64_t pairs = 0, below = 0, not_above = 0; /* of `out`, as i goes up */
  for (int64_t i = 0; i < n_in; ++i) {
    while (below < n_out && out[below] < in[i]) ++below;
    while (not_above < n_out && out[not_above] <= in[i]) ++not_above;
    pairs += below + not_above;
  }
  return pairs;
}

/* Of class c by its scores (fed); NaN where it has no rows, or all. */
static double area(NnMetric *m, int64_t c, const double *scores) {
  double *work = m->numbers + n_columns(m) * m->n_rows, *spare = work + m->n_rows;
  int64_t n_in = 0, n_out = 0;
  for (int64_t i = 0; i < m->fed; ++i) {
    if (m->counts[i] == c)
      work[n_in++] = scores[i];
    else
      work[m->fed - ++n_out] = scores[i];
  }
  if (n_in == 0 || n_out == 0) return NAN;
  const double *in = sort(work, spare, n_in), *out = sort(work + n_in, spare + n_in, n_out);
  return (double)count_pairs(in, n_in, out, n_out) / (2 * (double)n_in * (double)n_out);
}

static double value(NnMetric *m) {
  const int columns = n_columns(m);
  double sum = 0;
  int n = 0;
  if (m->counts[m->n_rows] > 0) return NAN;
  if (columns == 1) return area(m, 1, m->numbers);
  for (int c = 0; c < columns; ++c) {
    const double of_class = area(m, c, m->numbers + c * m->n_rows);
    if (isnan(of_class)) continue;
    sum += of_class;
    ++n;
  }
  return n > 0 ? sum / n : NAN;
}

const NnMetricKind nn_metric_auc = {
    .head = {.name = "auc",
             .doc = "area under the ROC curve; of more than two classes the mean of each against "
                    "the rest",
             .source = "Hanley & McNeil 1982, Radiology 143"},
    .plan = plan,
    .rows = rows,
    .value = value,
};
