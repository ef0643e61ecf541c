/*
 * Inverse square root of the epoch.
 *
 *   a = k a0 / sqrt(epoch),  epochs from 1
 *
 * With `every` the number of the stair takes the place of the epoch's.
 */
#include <math.h>

#include "kinds.h"

typedef struct {
  double k;
  int64_t every; /* 0: no staircase */
} InverseSqrt;

static const Param params[] = {
    {"k", P_REAL, offsetof(InverseSqrt, k), .def = "1", .lo = 0, .lo_open = true, .hi = INFINITY,
     .hi_open = true, .doc = "the rate is k * alpha0 / sqrt(epoch)"},
    NN_EVERY(InverseSqrt),
};

static double rate(const void *config, double a0, int64_t epoch, int64_t n_epochs) {
  (void)n_epochs;
  const InverseSqrt *c = config;
  return c->k * a0 / sqrt((double)nn_stair(epoch, c->every));
}

const NnScheduleKind nn_schedule_inverse_sqrt = {
    .head = {.name = "inverse_sqrt",
             .doc = "k * alpha0 / sqrt(epoch), epochs from 1",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(InverseSqrt)},
    .rate = rate,
};
