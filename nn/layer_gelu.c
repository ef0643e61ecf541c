/*
 * Gaussian error linear unit, exact, with Phi and phi the normal distribution and its density.
 *
 *   y = x Phi(x),   gx = gy (Phi(x) + x phi(x))
 *   Phi(x) = (1 + erf(x / sqrt(2))) / 2,   phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
 *
 * Hendrycks & Gimpel 2016. x, y, gx, gy (rows, d). y does not determine x, so x is kept.
 */
#include "kinds.h"
#include "real.h"

static inline Real normal_below(Real x) {
  return REAL(0.5) * (1 + real_erf(x * REAL(0.70710678118654752440)));
}

static void forward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *x = n->x[0];
  Real *y = n->y;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) y[i] = x[i] * normal_below(x[i]);
}

static void backward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *x = n->x[0], *gy = n->gy;
  Real *gx = n->gx[0];
  if (gx == NULL) return;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) {
    const Real density = REAL(0.39894228040143267794) * real_exp(REAL(-0.5) * (x[i] * x[i]));
    gx[i] = gy[i] * (normal_below(x[i]) + x[i] * density);
  }
}

static const NnCase cases[] = {{.params = "", .features = 5}, {.params = "", .features = 37}};

const NnLayerKind NN_EXPORT(nn_layer_gelu) = {
    .head = {.name = "gelu",
             .doc = "x times the normal distribution function at x, by erf",
             .source = "Hendrycks & Gimpel 2016, arXiv:1606.08415"},
    .gx_over_gy = true,
    .plan = nn_plan_elementwise,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
