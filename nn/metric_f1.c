/*
 * F1: the harmonic mean of precision and recall, 2 hits / (predicted + rows); 0 where both are none.
 *
 * van Rijsbergen 1979, Information Retrieval, chapter 7.
 */
#include "classwise.h"

static double score(int64_t hits, int64_t predicted, int64_t rows) {
  const int64_t both = predicted + rows;
  return both > 0 ? 2 * (double)hits / (double)both : 0;
}

static double value(NnMetric *m) {
  return nn_classwise_value(m, score);
}

static const char *name(Arena *a, const void *config) {
  return nn_classwise_name(a, "f1", config);
}

const NnMetricKind nn_metric_f1 = {
    .head = {.name = "f1",
             .doc = "harmonic mean of precision and recall",
             .source = "van Rijsbergen 1979, Information Retrieval, chapter 7",
             .params = nn_classwise_params,
             .n_params = CLASSWISE_PARAMS,
             .config_size = sizeof(Classwise)},
    .plan = nn_classwise_plan,
    .rows = nn_classwise_rows,
    .value = value,
    .name = name,
};
