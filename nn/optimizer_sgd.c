/*
 * Gradient descent, with classical momentum where momentum > 0.
 *
 *   v = mu v + g,  w -= a v        (mu = 0: w -= a g, and v is not touched)
 *
 * Polyak 1964; Sutskever et al. 2013 with the rate outside of v. With mu = 0.9 the steps are up to
 * ten times those of optimizer_momentum.c, whose average has weight 1 - beta on g.
 */
#include <math.h>

#include "kinds.h"
#include "real.h"

typedef struct {
  double learning_rate, momentum;
} Sgd;

static const Param params[] = {
    {"learning_rate", P_REAL, offsetof(Sgd, learning_rate), .def = "0.01", .lo = 0, .lo_open = true,
     .hi = INFINITY, .hi_open = true, .doc = "step size alpha"},
    {"momentum", P_REAL, offsetof(Sgd, momentum), .def = "0", .lo = 0, .hi = 1, .hi_open = true,
     .doc = "mu of v = mu v + g, w -= alpha v; 0: plain gradient descent"},
};

/* w, g, v (n); one pass. */
static void update(const void *config, const NnUpdate *u, size_t n, Real *restrict w,
                   const Real *restrict g, Real *restrict v) {
  const Sgd *c = config;
  const Real a = REAL(u->learning_rate), mu = REAL(c->momentum);
  if (mu == 0) {
    for (size_t i = 0; i < n; i++) w[i] -= a * g[i];
    return;
  }
  for (size_t i = 0; i < n; i++) {
    v[i] = mu * v[i] + g[i];
    w[i] -= a * v[i];
  }
}

const NnOptimizerKind NN_EXPORT(nn_optimizer_sgd) = {
    .head = {.name = "sgd",
             .doc = "gradient descent, with classical momentum if asked",
             .source = "Sutskever et al. 2013, equations 1 and 2",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Sgd)},
    .n_state = 1,
    .learning_rate = offsetof(Sgd, learning_rate),
    .update = update,
};
