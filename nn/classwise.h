/*
 * What metrics of classes share: which class a row has and which was predicted; and precision,
 * recall and F1, which are one score a class, averaged.
 */
#ifndef CAVIAR_CLASSWISE_H
#define CAVIAR_CLASSWISE_H

#include "kinds.h"

/* The first of the largest; with one output for two classes the second from above 1/2. */
static inline int nn_class_of(int d, const Real *v) {
  if (d == 1) return 2 * v[0] > 1;
  int best = 0;
  for (int j = 1; j < d; ++j) best = v[j] > v[best] ? j : best;
  return best;
}

static inline int nn_predicted_class(const NnPredictions *p, int row) {
  return nn_class_of(p->d, p->p + (size_t)row * (size_t)p->d);
}

static inline int nn_true_class(const NnPredictions *p, int row) {
  return p->labels ? p->labels[row] : nn_class_of(p->d, p->values + (size_t)row * (size_t)p->d);
}

/* E_SHAPE unless the targets are classes. */
MUST_CHECK Status nn_metric_needs_classes(const NnMetric *m, Err *e);
/* E_SHAPE unless they are numbers. */
MUST_CHECK Status nn_metric_needs_values(const NnMetric *m, Err *e);

/* ---- one score a class, averaged (Classwise is the config) ----------------------------------- */

typedef struct {
  int average;
} Classwise;
enum { CLASSWISE_PARAMS = 1 };
extern const Param nn_classwise_params[CLASSWISE_PARAMS];

/* counts (3, C): rows of class c that were predicted so, rows predicted as c, rows of class c. */
MUST_CHECK Status nn_classwise_plan(NnMetric *m, Err *e);
void nn_classwise_rows(NnMetric *m, const NnPredictions *p);

/* The average of score(hits, predicted, rows) over the classes, in their order. */
typedef double ClassScore(int64_t hits, int64_t predicted, int64_t rows);
double nn_classwise_value(const NnMetric *m, ClassScore *score);

/* "f1", or "f1_macro" where the average was chosen. */
const char *nn_classwise_name(Arena *a, const char *kind, const void *config);

#endif
