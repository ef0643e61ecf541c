/*
 * Concatenate: its inputs' features side by side.
 *
 *   y = (x_0 | x_1 | ...),   gx_k = the columns of gy that came from x_k
 *
 * x_k, gx_k (rows, d_k), y, gy (rows, d), d the sum of all d_k.
 */
#include <string.h>
#include "kinds.h"

static const NnCase cases[] = {{.params = "", .features = 5, .more = {3}},
                               {.params = "", .features = 2, .more = {17, 2, 5}}};

static Status plan(const NnPlan *p, NnNode *n, Err *e) {
  int64_t d = 0;
  for (int k = 0; k < n->n_inputs; ++k) d += p->in[k];
  CHECK(e, d <= 1 << 20, E_SHAPE,
        "%lld features side by side are too many; at most %d are possible", (long long)d, 1 << 20);
  n->d = (int)d;
  return OK;
}

static void forward(const NnStep *s, NnNode *n) {
  Real *y = n->y;
  for (size_t i = 0; i < (size_t)s->rows; ++i) {
    for (int k = 0; k < n->n_inputs; ++k) {
      const size_t d = (size_t)n->in[k];
      memcpy(y, n->x[k] + i * d, d * sizeof *y);
      y += d;
    }
  }
}

static void backward(const NnStep *s, NnNode *n) {
  const Real *gy = n->gy;
  for (size_t i = 0; i < (size_t)s->rows; ++i) {
    for (int k = 0; k < n->n_inputs; ++k) {
      const size_t d = (size_t)n->in[k];
      if (n->gx[k]) memcpy(n->gx[k] + i * d, gy, d * sizeof *gy);
      gy += d;
    }
  }
}

const NnLayerKind NN_EXPORT(nn_layer_concatenate) = {
    .head = {.name = "concatenate",
             .doc = "its inputs' features side by side: how branches come together",
             .source = "Huang et al. 2017, arXiv:1608.06993"},
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
