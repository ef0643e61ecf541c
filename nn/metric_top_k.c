/*
 * Top-k accuracy: the share of rows whose class is among the k largest outputs. Of equal outputs
 * the first counts as larger, so k = 1 is accuracy.
 *
 * Russakovsky et al. 2015, arXiv:1409.0575, section 4.1 (top-5 error).
 */
#include "classwise.h"

typedef struct {
  int64_t k;
} TopK;

static const Param params[] = {
    {"k", P_INT, offsetof(TopK, k), .def = "5", .lo = 1, .hi = 1 << 20,
     .doc = "how many of the largest outputs are looked at"},
};

static Status plan(NnMetric *m, Err *e) {
  const TopK *c = m->config;
  TRY(nn_metric_needs_classes(m, e));
  CHECK(e, c->k <= m->targets.n_classes, E_SHAPE,
        "top_k: k is %lld, but there are %d classes; write {top_k: %d}", (long long)c->k,
        m->targets.n_classes, m->targets.n_classes - 1);
  m->n_counts = 1;
  return OK;
}

/* How many outputs are larger than that of the row's class. */
static int rank(int d, const Real *v, int is) {
  if (d == 1) return nn_class_of(d, v) == is ? 0 : 1;
  int larger = 0;
  for (int j = 0; j < is; ++j) larger += !(v[j] < v[is]);
  for (int j = is + 1; j < d; ++j) larger += v[j] > v[is];
  return larger;
}

static void rows(NnMetric *m, const NnPredictions *p) {
  const TopK *c = m->config;
  for (int i = 0; i < p->rows; ++i)
    m->counts[0] += rank(p->d, p->p + (size_t)i * (size_t)p->d, nn_true_class(p, i)) < c->k;
}

static double value(NnMetric *m) {
  return (double)m->counts[0] / (double)m->fed;
}

static const char *name(Arena *a, const void *config) {
  const TopK *c = config;
  return arena_printf(a, "top_%lld", (long long)c->k);
}

const NnMetricKind nn_metric_top_k = {
    .head = {.name = "top_k",
             .doc = "share of rows whose class is among the k largest outputs; its column is top_5",
             .source = "Russakovsky et al. 2015, arXiv:1409.0575, section 4.1",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(TopK)},
    .plan = plan,
    .rows = rows,
    .value = value,
    .name = name,
};
