/*
 * ReLU.
 *
 *   y = max(x, 0),   gx = gy where y > 0, else 0
 *
 * Nair & Hinton 2010. A nan stays a nan, so that a diverged trial is seen. x, y, gx, gy (rows, d).
 */
#include "kinds.h"

static void forward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *x = n->x[0];
  Real *y = n->y;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) y[i] = x[i] < 0 ? 0 : x[i];
}

static void backward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *y = n->y, *gy = n->gy;
  Real *gx = n->gx[0];
  if (gx == NULL) return;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) {
    const Real g = gy[i]; /* loaded whatever y is: a blend, not a branch */
    gx[i] = y[i] > 0 ? g : 0;
  }
}

static const NnCase cases[] = {{.params = "", .features = 5}};

const NnLayerKind NN_EXPORT(nn_layer_relu) = {
    .head = {.name = "relu", .doc = "max(x, 0)", .source = "Nair & Hinton 2010"},
    .in_place = true,
    .needs_output = true,
    .plan = nn_plan_elementwise,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
