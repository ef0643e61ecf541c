/*
 * Cosine annealing, without restarts.
 *
 *   a = a0 (final + (1 - final) (1 + cos(pi (epoch - 1) / n_epochs)) / 2),  epochs from 1 to
 * n_epochs
 *
 * Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5, with T_cur = epoch - 1, T_i = n_epochs
 * and eta_min = final * a0. Epoch 1 gets a0; eta_min would be reached by epoch n_epochs + 1.
 */
#include "base/fmath.h"
#include "kinds.h"

typedef struct {
  double final;
} Cosine;

static const Param params[] = {
    {"final", P_REAL, offsetof(Cosine, final), .def = "0", .lo = 0, .hi = 1,
     .doc = "where the curve ends, after the last epoch, as a fraction of the first rate"},
};

static double rate(const void *config, double a0, int64_t epoch, int64_t n_epochs) {
  const double pi = 3.14159265358979323846;
  const Cosine *c = config;
  double passed = epoch > n_epochs ? 1 : (double)(epoch - 1) / (double)n_epochs;
  return a0 * (c->final + (1 - c->final) * 0.5 * (1 + fm_cos(pi * passed)));
}

const NnScheduleKind nn_schedule_cosine = {
    .head = {.name = "cosine",
             .doc = "half a cosine from alpha0 in epoch 1 to final * alpha0 after the last",
             .source = "Loshchilov & Hutter 2017, equation 5",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Cosine)},
    .rate = rate,
};
