/*
 * Adagrad.
 *
 *   s = s + g^2,  w -= a g / (sqrt(s) + eps),  s from initial_accumulator
 *
 * Duchi, Hazan & Singer 2011, Adaptive subgradient methods, figure 1 (diagonal). The state holds s
 * without its start, which is added where s is read: state starts at 0 for every kind.
 */
#include <math.h>

#include "kinds.h"
#include "real.h"

typedef struct {
  double learning_rate, initial_accumulator, epsilon;
} Adagrad;

static const Param params[] = {
    {"learning_rate", P_REAL, offsetof(Adagrad, learning_rate), .def = "0.01", .lo = 0,
     .lo_open = true, .hi = INFINITY, .hi_open = true, .doc = "step size alpha"},
    {"initial_accumulator", P_REAL, offsetof(Adagrad, initial_accumulator), .def = "0", .lo = 0,
     .hi = INFINITY, .hi_open = true,
     .doc = "s before the first step; 0: that step is alpha in every coordinate"},
    {"epsilon", P_REAL, offsetof(Adagrad, epsilon), .def = "1e-10", .lo = 1e-30, .hi = 1,
     .doc = "added to sqrt(s), outside the root"},
};

/* w, g, state = s (n); one pass. */
static void update(const void *config, const NnUpdate *u, size_t n, Real *restrict w,
                   const Real *restrict g, Real *restrict state) {
  const Adagrad *c = config;
  const Real a = REAL(u->learning_rate), epsilon = REAL(c->epsilon);
  const Real start = REAL(c->initial_accumulator);
  for (size_t i = 0; i < n; i++) {
    state[i] += g[i] * g[i];
    w[i] -= a * g[i] / (real_sqrt(start + state[i]) + epsilon);
  }
}

const NnOptimizerKind NN_EXPORT(nn_optimizer_adagrad) = {
    .head = {.name = "adagrad",
             .doc = "steps divided by the root of the sum of all squared gradients",
             .source = "Duchi, Hazan & Singer 2011, figure 1",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Adagrad)},
    .n_state = 1,
    .learning_rate = offsetof(Adagrad, learning_rate),
    .update = update,
};
