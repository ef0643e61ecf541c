/*
 * RMSprop.
 *
 *   s = rho s + (1 - rho) g^2,  w -= a g / (sqrt(s) + eps)
 *
 * Tieleman & Hinton 2012, lecture 6.5 of Neural Networks for Machine Learning. s starts at 0 and is
 * not bias-corrected: the first step is a / sqrt(1 - rho) in every coordinate with a gradient.
 */
#include <math.h>

#include "kinds.h"
#include "real.h"

typedef struct {
  double learning_rate, rho, epsilon;
} Rmsprop;

static const Param params[] = {
    {"learning_rate", P_REAL, offsetof(Rmsprop, learning_rate), .def = "0.001", .lo = 0,
     .lo_open = true, .hi = INFINITY, .hi_open = true, .doc = "step size alpha"},
    {"rho", P_REAL, offsetof(Rmsprop, rho), .def = "0.9", .lo = 0, .hi = 1, .hi_open = true,
     .doc = "weight of the past in s = rho s + (1 - rho) g^2"},
    {"epsilon", P_REAL, offsetof(Rmsprop, epsilon), .def = "1e-08", .lo = 1e-30, .hi = 1,
     .doc = "added to sqrt(s), outside the root"},
};

/* w, g, s (n); one pass. */
static void update(const void *config, const NnUpdate *u, size_t n, Real *restrict w,
                   const Real *restrict g, Real *restrict s) {
  const Rmsprop *c = config;
  const Real a = REAL(u->learning_rate), rho = REAL(c->rho), rest = REAL(1 - c->rho);
  const Real epsilon = REAL(c->epsilon);
  for (size_t i = 0; i < n; i++) {
    s[i] = rho * s[i] + rest * (g[i] * g[i]);
    w[i] -= a * g[i] / (real_sqrt(s[i]) + epsilon);
  }
}

const NnOptimizerKind NN_EXPORT(nn_optimizer_rmsprop) = {
    .head = {.name = "rmsprop",
             .doc = "steps divided by the root of an average of squared gradients",
             .source = "Tieleman & Hinton 2012, lecture 6.5",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Rmsprop)},
    .n_state = 1,
    .learning_rate = offsetof(Rmsprop, learning_rate),
    .update = update,
};
