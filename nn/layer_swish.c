/*
 * Swish, also called SiLU, with s = sigmoid(x).
 *
 *   y = x s,   gx = gy s (1 + x (1 - s))
 *
 * Ramachandran, Zoph & Le 2017; Elfwing, Uchibe & Doya 2018. x, y, gx, gy (rows, d). y does not
 * determine x, so x is kept.
 */
#include "kinds.h"
#include "real.h"

static void forward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *x = n->x[0];
  Real *y = n->y;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) y[i] = x[i] * real_sigmoid(x[i]);
}

static void backward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *x = n->x[0], *gy = n->gy;
  Real *gx = n->gx[0];
  if (gx == NULL) return;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) {
    const Real gate = real_sigmoid(x[i]);
    gx[i] = gy[i] * (gate * (1 + x[i] * (1 - gate)));
  }
}

static const NnCase cases[] = {{.params = "", .features = 5}, {.params = "", .features = 37}};

const NnLayerKind NN_EXPORT(nn_layer_swish) = {
    .head = {.name = "swish",
             .doc = "x sigmoid(x), also called SiLU",
             .source = "Ramachandran, Zoph & Le 2017, arXiv:1710.05941"},
    .gx_over_gy = true,
    .plan = nn_plan_elementwise,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
