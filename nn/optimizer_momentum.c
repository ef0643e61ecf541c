/*
 * Gradient descent with momentum as an exponentially weighted average of the gradients.
 *
 *   v = beta v + (1 - beta) g,  w -= a v
 *
 * v starts at 0 and is not bias-corrected. The same path as sgd with mu = beta and rate (1 - beta)
 * a.
 */
#include <math.h>

#include "kinds.h"
#include "real.h"

typedef struct {
  double learning_rate, beta;
} Momentum;

static const Param params[] = {
    {"learning_rate", P_REAL, offsetof(Momentum, learning_rate), .def = "0.01", .lo = 0,
     .lo_open = true, .hi = INFINITY, .hi_open = true, .doc = "step size alpha"},
    {"beta", P_REAL, offsetof(Momentum, beta), .def = "0.9", .lo = 0, .hi = 1, .hi_open = true,
     .doc = "weight of the past in v = beta v + (1 - beta) g; averages about 1/(1 - beta) steps"},
};

/* w, g, v (n); one pass. */
static void update(const void *config, const NnUpdate *u, size_t n, Real *restrict w,
                   const Real *restrict g, Real *restrict v) {
  const Momentum *c = config;
  const Real a = REAL(u->learning_rate), beta = REAL(c->beta), rest = REAL(1 - c->beta);
  for (size_t i = 0; i < n; i++) {
    v[i] = beta * v[i] + rest * g[i];
    w[i] -= a * v[i];
  }
}

const NnOptimizerKind NN_EXPORT(nn_optimizer_momentum) = {
    .head = {.name = "momentum",
             .doc = "descent along an exponentially weighted average of gradients",
             .source = "Polyak 1964, in the averaged form v = beta v + (1 - beta) g",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Momentum)},
    .n_state = 1,
    .learning_rate = offsetof(Momentum, learning_rate),
    .update = update,
};
