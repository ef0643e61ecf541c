/*
 * Add: how a residual ends.
 *
 *   y = x_0 + x_1 + ..., from the left,   gx_k = gy
 *
 * x_k, y, gx_k, gy (rows, d). gx_0 may be gy, y may be x_0.
 */
#include <string.h>
#include "kinds.h"

static const NnCase cases[] = {{.params = "", .features = 5, .more = {5}},
                               {.params = "", .features = 19, .more = {19, 19}}};

static Status plan(const NnPlan *p, NnNode *n, Err *e) {
  for (int k = 1; k < n->n_inputs; ++k) {
    CHECK(e, p->in[k] == p->in[0], E_SHAPE,
          "%d and %d features cannot be added; give all inputs the same number", p->in[0],
          p->in[k]);
  }
  n->d = p->in[0];
  return OK;
}

static void sum(size_t size, const Real *a, const Real *b, Real *y) {
  EACH_ELEMENT
  for (size_t i = 0; i < size; ++i) y[i] = a[i] + b[i];
}

static void forward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  for (int k = 1; k < n->n_inputs; ++k) sum(size, k == 1 ? n->x[0] : n->y, n->x[k], n->y);
}

static void backward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  for (int k = 0; k < n->n_inputs; ++k) {
    if (n->gx[k] && n->gx[k] != n->gy) memcpy(n->gx[k], n->gy, size * sizeof *n->gy);
  }
}

const NnLayerKind NN_EXPORT(nn_layer_add) = {
    .head = {.name = "add",
             .doc = "the sum of its inputs: how a residual ends",
             .source = "He et al. 2016, arXiv:1512.03385, section 3.2"},
    .in_place = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
