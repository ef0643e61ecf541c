/*
 * Adam.
 *
 *   v = beta1 v + (1 - beta1) g,    s = beta2 s + (1 - beta2) g^2
 *   w -= a v^ / (sqrt(s^) + eps),   v^ = v / (1 - beta1^t),  s^ = s / (1 - beta2^t),  t from 1
 *
 * Kingma & Ba 2015, arXiv:1412.6980, algorithm 1. The corrections are computed in f64, once a step.
 */
#include <math.h>

#include "kinds.h"
#include "real.h"

typedef struct {
  double learning_rate, beta1, beta2, epsilon;
} Adam;

static const Param params[] = {
    {"learning_rate", P_REAL, offsetof(Adam, learning_rate), .def = "0.001", .lo = 0,
     .lo_open = true, .hi = INFINITY, .hi_open = true, .doc = "step size alpha"},
    {"beta1", P_REAL, offsetof(Adam, beta1), .def = "0.9", .lo = 0, .hi = 1, .hi_open = true,
     .doc = "weight of the past in the average of gradients"},
    {"beta2", P_REAL, offsetof(Adam, beta2), .def = "0.999", .lo = 0, .hi = 1, .hi_open = true,
     .doc = "weight of the past in the average of squared gradients"},
    {"epsilon", P_REAL, offsetof(Adam, epsilon), .def = "1e-08", .lo = 1e-30, .hi = 1,
     .doc = "added to the root of the corrected average, outside the root"},
};

/* w, g (n), state (2, stride): v, then s; one pass. */
static void update(const void *config, const NnUpdate *u, size_t n, Real *restrict w,
                   const Real *restrict g, Real *restrict state) {
  const Adam *c = config;
  Real *restrict v = state;
  Real *restrict s = state + u->stride;
  const Real beta1 = REAL(c->beta1), rest1 = REAL(1 - c->beta1);
  const Real beta2 = REAL(c->beta2), rest2 = REAL(1 - c->beta2);
  const Real a = REAL(u->learning_rate / (1 - fm_powi(c->beta1, (int64_t)u->t)));
  const Real correct2 = REAL(1 / (1 - fm_powi(c->beta2, (int64_t)u->t)));
  const Real epsilon = REAL(c->epsilon);
  for (size_t i = 0; i < n; i++) {
    v[i] = beta1 * v[i] + rest1 * g[i];
    s[i] = beta2 * s[i] + rest2 * (g[i] * g[i]);
    w[i] -= a * v[i] / (real_sqrt(s[i] * correct2) + epsilon);
  }
}

const NnOptimizerKind NN_EXPORT(nn_optimizer_adam) = {
    .head = {.name = "adam",
             .doc = "momentum and RMSprop together, both averages bias-corrected",
             .source = "Kingma & Ba 2015, algorithm 1",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Adam)},
    .n_state = 2,
    .learning_rate = offsetof(Adam, learning_rate),
    .update = update,
};
