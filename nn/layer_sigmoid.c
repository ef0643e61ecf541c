/*
 * Logistic sigmoid.
 *
 *   y = 1 / (1 + exp(-x)),   gx = gy y (1 - y)
 *
 * x, y, gx, gy (rows, d).
 */
#include "kinds.h"
#include "real.h"

static void forward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *x = n->x[0];
  Real *y = n->y;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) y[i] = real_sigmoid(x[i]);
}

static void backward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *y = n->y, *gy = n->gy;
  Real *gx = n->gx[0];
  if (gx == NULL) return;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) gx[i] = gy[i] * (y[i] * (1 - y[i]));
}

static const NnCase cases[] = {{.params = "", .features = 5}};

const NnLayerKind NN_EXPORT(nn_layer_sigmoid) = {
    .head = {.name = "sigmoid",
             .doc = "1 / (1 + exp(-x))",
             .source = "Rumelhart, Hinton & Williams 1986"},
    .in_place = true,
    .needs_output = true,
    .plan = nn_plan_elementwise,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
