/*
 * Recall: of the rows of a class, the share that was predicted as it; 0 where there are none.
 *
 * van Rijsbergen 1979, Information Retrieval, chapter 7.
 */
#include "classwise.h"

static double score(int64_t hits, int64_t predicted, int64_t rows) {
  (void)predicted;
  return rows > 0 ? (double)hits / (double)rows : 0;
}

static double value(NnMetric *m) {
  return nn_classwise_value(m, score);
}

static const char *name(Arena *a, const void *config) {
  return nn_classwise_name(a, "recall", config);
}

const NnMetricKind nn_metric_recall = {
    .head = {.name = "recall",
             .doc = "of the rows of a class, the share that was predicted as it",
             .source = "van Rijsbergen 1979, Information Retrieval, chapter 7",
             .params = nn_classwise_params,
             .n_params = CLASSWISE_PARAMS,
             .config_size = sizeof(Classwise)},
    .plan = nn_classwise_plan,
    .rows = nn_classwise_rows,
    .value = value,
    .name = name,
};
