/*
 * Exponential decay.
 *
 *   a = decay^epoch a0,  epochs from 1; the first epoch is decayed too
 *
 * With `every` the number of the stair takes the place of the epoch's.
 */
#include "base/fmath.h"
#include "kinds.h"

typedef struct {
  double decay;
  int64_t every; /* 0: no staircase */
} Exponential;

static const Param params[] = {
    {"decay", P_REAL, offsetof(Exponential, decay), .def = "0.95", .lo = 0, .lo_open = true,
     .hi = 1, .doc = "factor an epoch: the rate is decay^epoch * alpha0"},
    NN_EVERY(Exponential),
};

static double rate(const void *config, double a0, int64_t epoch, int64_t n_epochs) {
  (void)n_epochs;
  const Exponential *c = config;
  return fm_powi(c->decay, nn_stair(epoch, c->every)) * a0;
}

const NnScheduleKind nn_schedule_exponential = {
    .head = {.name = "exponential",
             .doc = "decay^epoch * alpha0, epochs from 1",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Exponential)},
    .rate = rate,
};
