/*
 * Gradient descent with Nesterov's momentum.
 *
 *   v = mu v + g,  w -= a (g + mu v)
 *
 * Nesterov 1983; Sutskever et al. 2013, equations 3 and 4, take the gradient at the point that the
 * momentum is about to reach. w here is that point, as in Bengio et al. 2012, arXiv:1212.0901,
 * equations 6 and 7, so that the gradient is the one at w. With mu = 0 it is plain descent.
 */
#include <math.h>

#include "kinds.h"
#include "real.h"

typedef struct {
  double learning_rate, momentum;
} Nesterov;

static const Param params[] = {
    {"learning_rate", P_REAL, offsetof(Nesterov, learning_rate), .def = "0.01", .lo = 0,
     .lo_open = true, .hi = INFINITY, .hi_open = true, .doc = "step size alpha"},
    {"momentum", P_REAL, offsetof(Nesterov, momentum), .def = "0.9", .lo = 0, .hi = 1,
     .hi_open = true, .doc = "mu of v = mu v + g, w -= alpha (g + mu v)"},
};

/* w, g, state = v (n); one pass. */
static void update(const void *config, const NnUpdate *u, size_t n, Real *restrict w,
                   const Real *restrict g, Real *restrict state) {
  const Nesterov *c = config;
  const Real a = REAL(u->learning_rate), mu = REAL(c->momentum);
  for (size_t i = 0; i < n; i++) {
    state[i] = mu * state[i] + g[i];
    w[i] -= a * (g[i] + mu * state[i]);
  }
}

const NnOptimizerKind NN_EXPORT(nn_optimizer_nesterov) = {
    .head = {.name = "nesterov",
             .doc = "momentum that looks ahead: the gradient where the momentum leads",
             .source = "Sutskever et al. 2013, equations 3 and 4",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Nesterov)},
    .n_state = 1,
    .learning_rate = offsetof(Nesterov, learning_rate),
    .update = update,
};
