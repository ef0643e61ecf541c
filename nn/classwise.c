/*
 * Precision, recall and F1 from counts of each class c:
 *
 *   hits h_c, rows predicted as it p_c, rows of it n_c
 *   positive: the second of two classes alone;  macro: the mean over the classes
 *   weighted: the mean with weights n_c;        micro: the score of the sums of h, p and n
 *
 * As in scikit-learn: 0 / 0 is 0, and a class that neither occurs nor was predicted is left out of
 * the means. Counts are integers; sums over the classes in f64, in their order.
 */
#include "classwise.h"

enum { AUTO, POSITIVE, MACRO, MICRO, WEIGHTED };
static const char *const averages[] = {"auto", "positive", "macro", "micro", "weighted", NULL};

const Param nn_classwise_params[CLASSWISE_PARAMS] = {
    {"average", P_CHOICE, offsetof(Classwise, average), .def = "auto", .choices = averages,
     .doc = "over the classes; auto: of two the second one's alone (positive), of more the mean "
            "(macro)"},
};

Status nn_metric_needs_classes(const NnMetric *m, Err *e) {
  CHECK(e, m->targets.n_classes > 0, E_SHAPE,
        "%s is of predicted classes, but the targets here are numbers", m->kind->head.name);
  return OK;
}

Status nn_metric_needs_values(const NnMetric *m, Err *e) {
  CHECK(e, m->targets.n_classes == 0, E_SHAPE,
        "%s is of predicted numbers, but the targets here are classes", m->kind->head.name);
  return OK;
}

Status nn_classwise_plan(NnMetric *m, Err *e) {
  const Classwise *c = m->config;
  TRY(nn_metric_needs_classes(m, e));
  CHECK(e, c->average != POSITIVE || m->targets.n_classes == 2, E_SHAPE,
        "%s: average: positive is of two classes, and here are %d; write macro, micro or weighted",
        m->kind->head.name, m->targets.n_classes);
  m->n_counts = 3 * (size_t)m->targets.n_classes;
  return OK;
}

void nn_classwise_rows(NnMetric *m, const NnPredictions *p) {
  const int n_classes = m->targets.n_classes;
  int64_t *hits = m->counts, *predicted = hits + n_classes, *rows = predicted + n_classes;
  for (int i = 0; i < p->rows; ++i) {
    const int is = nn_true_class(p, i), said = nn_predicted_class(p, i);
    hits[is] += is == said;
    ++predicted[said];
    ++rows[is];
  }
}

/* Means over the classes: macro weighs each as 1, weighted by its rows. */
static double mean(const NnMetric *m, bool weighted, ClassScore *score) {
  const int n_classes = m->targets.n_classes;
  const int64_t *hits = m->counts, *predicted = hits + n_classes, *rows = predicted + n_classes;
  double sum = 0, weights = 0;
  for (int c = 0; c < n_classes; ++c) {
    if (predicted[c] + rows[c] == 0) continue;
    const double weight = weighted ? (double)rows[c] : 1;
    sum += weight * score(hits[c], predicted[c], rows[c]);
    weights += weight;
  }
  return weights > 0 ? sum / weights : 0;
}

static double micro(const NnMetric *m, ClassScore *score) {
  int64_t sums[3] = {0};
  const int n_classes = m->targets.n_classes;
  for (int k = 0; k < 3; ++k) {
    for (int c = 0; c < n_classes; ++c) sums[k] += m->counts[k * n_classes + c];
  }
  return score(sums[0], sums[1], sums[2]);
}

double nn_classwise_value(const NnMetric *m, ClassScore *score) {
  const Classwise *config = m->config;
  int average = config->average;
  if (average == AUTO) average = m->targets.n_classes == 2 ? POSITIVE : MACRO;
  if (average == POSITIVE) return score(m->counts[1], m->counts[3], m->counts[5]);
  return average == MICRO ? micro(m, score) : mean(m, average == WEIGHTED, score);
}

const char *nn_classwise_name(Arena *a, const char *kind, const void *config) {
  const Classwise *c = config;
  return c->average == AUTO ? kind : arena_printf(a, "%s_%s", kind, averages[c->average]);
}
