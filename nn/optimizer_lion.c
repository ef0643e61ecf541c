/*
 * Lion: the sign of a momentum.
 *
 *   c = beta1 v + (1 - beta1) g,  w -= a (sign(c) + decay w),  v = beta2 v + (1 - beta2) g
 *
 * Chen et al. 2023, Symbolic discovery of optimization algorithms, arXiv:2302.06675, algorithm 2.
 * sign(0) = 0. The decay is decoupled and for matrices only, as in optimizer_adamw.c.
 */
#include <math.h>

#include "kinds.h"
#include "real.h"

typedef struct {
  double learning_rate, beta1, beta2, weight_decay;
} Lion;

static const Param params[] = {
    {"learning_rate", P_REAL, offsetof(Lion, learning_rate), .def = "0.0001", .lo = 0,
     .lo_open = true, .hi = INFINITY, .hi_open = true, .doc = "step size alpha"},
    {"beta1", P_REAL, offsetof(Lion, beta1), .def = "0.9", .lo = 0, .hi = 1, .hi_open = true,
     .doc = "weight of the past in the step"},
    {"beta2", P_REAL, offsetof(Lion, beta2), .def = "0.99", .lo = 0, .hi = 1, .hi_open = true,
     .doc = "weight of the past in the average of gradients"},
    {"weight_decay", P_REAL, offsetof(Lion, weight_decay), .def = "0", .lo = 0, .hi = INFINITY,
     .hi_open = true, .doc = "a step takes alpha times this share off the weight matrices"},
};

/* w, g, state = v (n); one pass. */
static void update(const void *config, const NnUpdate *u, size_t n, Real *restrict w,
                   const Real *restrict g, Real *restrict state) {
  const Lion *c = config;
  const Real a = REAL(u->learning_rate);
  const Real beta1 = REAL(c->beta1), rest1 = REAL(1 - c->beta1);
  const Real beta2 = REAL(c->beta2), rest2 = REAL(1 - c->beta2);
  const Real decay = u->decays ? REAL(u->learning_rate * c->weight_decay) : 0;
  for (size_t i = 0; i < n; i++) {
    const Real ahead = beta1 * state[i] + rest1 * g[i];
    const Real step = ahead > 0 ? a : ahead < 0 ? -a : ahead; /* a NaN stays one */
    w[i] -= step + decay * w[i];
    state[i] = beta2 * state[i] + rest2 * g[i];
  }
}

const NnOptimizerKind NN_EXPORT(nn_optimizer_lion) = {
    .head = {.name = "lion",
             .doc = "steps of one size: the sign of a momentum",
             .source = "Chen et al. 2023, arXiv:2302.06675, algorithm 2",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Lion)},
    .n_state = 1,
    .learning_rate = offsetof(Lion, learning_rate),
    .decays = true,
    .update = update,
};
