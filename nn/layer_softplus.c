/*
 * Softplus.
 *
 *   y = log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)),   gx = gy sigmoid(x) = gy (1 - exp(-y))
 *
 * Dugas et al. 2001. The second form of y cannot overflow. x, y, gx, gy (rows, d).
 */
#include "kinds.h"
#include "real.h"

static void forward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *x = n->x[0];
  Real *y = n->y;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) {
    const Real above = x[i] > 0 ? x[i] : 0;
    y[i] = above + real_log1p(real_exp(-real_fabs(x[i])));
  }
}

static void backward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *y = n->y, *gy = n->gy;
  Real *gx = n->gx[0];
  if (gx == NULL) return;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) gx[i] = gy[i] * -real_expm1(-y[i]);
}

static const NnCase cases[] = {{.params = "", .features = 5}, {.params = "", .features = 37}};

const NnLayerKind NN_EXPORT(nn_layer_softplus) = {
    .head = {.name = "softplus",
             .doc = "log(1 + exp(x)), a smooth relu",
             .source = "Dugas et al. 2001, Incorporating second-order functional knowledge"},
    .in_place = true,
    .needs_output = true,
    .plan = nn_plan_elementwise,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
