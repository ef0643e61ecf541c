/*
 * Precision: of the rows that were predicted as a class, the share that is of it; 0 where there are none.
 *
 * van Rijsbergen 1979, Information Retrieval, chapter 7.
 */
#include "classwise.h"

static double score(int64_t hits, int64_t predicted, int64_t rows) {
  (void)rows;
  return predicted > 0 ? (double)hits / (double)predicted : 0;
}

static double value(NnMetric *m) {
  return nn_classwise_value(m, score);
}

static const char *name(Arena *a, const void *config) {
  return nn_classwise_name(a, "precision", config);
}

const NnMetricKind nn_metric_precision = {
    .head = {.name = "precision",
             .doc = "of the rows predicted as a class, the share that is of it",
             .source = "van Rijsbergen 1979, Information Retrieval, chapter 7",
             .params = nn_classwise_params,
             .n_params = CLASSWISE_PARAMS,
             .config_size = sizeof(Classwise)},
    .plan = nn_classwise_plan,
    .rows = nn_classwise_rows,
    .value = value,
    .name = name,
};
