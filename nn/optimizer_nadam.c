/*
 * Adam with Nesterov's momentum.
 *
 *   v = beta1 v + (1 - beta1) g,    s = beta2 s + (1 - beta2) g^2
 *   w -= a v^ / (sqrt(s^) + eps),   s^ = s / (1 - beta2^t),  t from 1
 *   v^ = beta1 v / (1 - beta1^(t+1)) + (1 - beta1) g / (1 - beta1^t)
 *
 * Dozat 2016, Incorporating Nesterov momentum into Adam, algorithm 2, with the paper's mu_t the
 * same in every step: beta1. The corrections are computed in f64, once a step.
 */
#include <math.h>

#include "kinds.h"
#include "real.h"

typedef struct {
  double learning_rate, beta1, beta2, epsilon;
} Nadam;

static const Param params[] = {
    {"learning_rate", P_REAL, offsetof(Nadam, learning_rate), .def = "0.001", .lo = 0,
     .lo_open = true, .hi = INFINITY, .hi_open = true, .doc = "step size alpha"},
    {"beta1", P_REAL, offsetof(Nadam, beta1), .def = "0.9", .lo = 0, .hi = 1, .hi_open = true,
     .doc = "weight of the past in the average of gradients"},
    {"beta2", P_REAL, offsetof(Nadam, beta2), .def = "0.999", .lo = 0, .hi = 1, .hi_open = true,
     .doc = "weight of the past in the average of squared gradients"},
    {"epsilon", P_REAL, offsetof(Nadam, epsilon), .def = "1e-08", .lo = 1e-30, .hi = 1,
     .doc = "added to the root of the corrected average, outside the root"},
};

/* w, g (n), state (2, stride): v, then s; one pass. */
static void update(const void *config, const NnUpdate *u, size_t n, Real *restrict w,
                   const Real *restrict g, Real *restrict state) {
  const Nadam *c = config;
  Real *restrict v = state;
  Real *restrict s = state + u->stride;
  const double power = fm_powi(c->beta1, (int64_t)u->t), a = u->learning_rate;
  const Real beta1 = REAL(c->beta1), rest1 = REAL(1 - c->beta1);
  const Real beta2 = REAL(c->beta2), rest2 = REAL(1 - c->beta2);
  const Real of_v = REAL(a * c->beta1 / (1 - power * c->beta1));
  const Real of_g = REAL(a * (1 - c->beta1) / (1 - power));
  const Real correct2 = REAL(1 / (1 - fm_powi(c->beta2, (int64_t)u->t)));
  const Real epsilon = REAL(c->epsilon);
  for (size_t i = 0; i < n; i++) {
    v[i] = beta1 * v[i] + rest1 * g[i];
    s[i] = beta2 * s[i] + rest2 * (g[i] * g[i]);
    w[i] -= (of_v * v[i] + of_g * g[i]) / (real_sqrt(s[i] * correct2) + epsilon);
  }
}

const NnOptimizerKind NN_EXPORT(nn_optimizer_nadam) = {
    .head = {.name = "nadam",
             .doc = "adam, with momentum that looks ahead",
             .source = "Dozat 2016, algorithm 2, with a constant mu",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Nadam)},
    .n_state = 2,
    .learning_rate = offsetof(Nadam, learning_rate),
    .update = update,
};
