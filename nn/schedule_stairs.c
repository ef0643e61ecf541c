/*
 * Stairs: the rate falls by a factor at given epochs.
 *
 *   a = factor^k a0,   k = how many of `at` the epoch has reached;  epochs from 1
 *
 * Known elsewhere as MultiStep, where epochs count from 0: its milestone 30 is `at: [31]` here, the
 * first epoch with the lower rate. He et al. 2016, arXiv:1512.03385, section 3.4, divide by 10.
 */
#include <math.h>

#include "base/fmath.h"
#include "kinds.h"

typedef struct {
  double factor;
  Reals at;
} Stairs;

static const Param params[] = {
    {"factor", P_REAL, offsetof(Stairs, factor), .def = "0.1", .lo = 0, .lo_open = true,
     .hi = INFINITY, .hi_open = true,
     .doc = "what the rate is multiplied by at each of the epochs"},
    {"at", P_REALS, offsetof(Stairs, at), .lo = 1, .hi = 1e9, .unit = "epochs",
     .doc = "first epochs with a new rate, ascending, counted from 1"},
};

static Status check(const void *config, ParamPlace *place, Err *e) {
  const Stairs *c = config;
  return nn_check_epochs(c->at, "at", place, e);
}

static double rate(const void *config, double a0, int64_t epoch, int64_t n_epochs) {
  (void)n_epochs;
  const Stairs *c = config;
  int k = 0;
  while (k < c->at.n && c->at.v[k] <= (double)epoch) ++k;
  return fm_powi(c->factor, k) * a0;
}

const NnScheduleKind nn_schedule_stairs = {
    .head = {.name = "stairs",
             .doc = "alpha0, multiplied by a factor at each of some epochs",
             .source = "He, Zhang, Ren & Sun 2016, section 3.4",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Stairs),
             .check = check},
    .rate = rate,
};
