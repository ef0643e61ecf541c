/*
 * Inverse-time decay.
 *
 *   a = a0 / (1 + decay_rate * epoch),  epochs from 1
 *
 * The first epoch is decayed too: a0 = 0.2 with rate 1 gives 0.1, 0.067, 0.05, 0.04. With `every`
 * the number of the stair takes the place of the epoch's.
 */
#include <math.h>

#include "kinds.h"

typedef struct {
  double decay_rate;
  int64_t every; /* 0: no staircase */
} InverseTime;

static const Param params[] = {
    {"decay_rate", P_REAL, offsetof(InverseTime, decay_rate), .def = "1", .lo = 0, .hi = INFINITY,
     .hi_open = true, .unit = "1/epoch", .doc = "the rate is alpha0 / (1 + decay_rate * epoch)"},
    NN_EVERY(InverseTime),
};

static double rate(const void *config, double a0, int64_t epoch, int64_t n_epochs) {
  (void)n_epochs;
  const InverseTime *c = config;
  return a0 / (1 + c->decay_rate * (double)nn_stair(epoch, c->every));
}

const NnScheduleKind nn_schedule_inverse_time = {
    .head = {.name = "inverse_time",
             .doc = "alpha0 / (1 + decay_rate * epoch), epochs from 1",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(InverseTime)},
    .rate = rate,
};
