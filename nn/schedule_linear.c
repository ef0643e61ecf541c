/*
 * Linear decay.
 *
 *   a = a0 (1 - (1 - final) (epoch - 1) / n_epochs),  epochs from 1 to n_epochs
 *
 * Epoch 1 gets a0, each next one (1 - final) a0 / n_epochs less; final * a0 would be reached by
 * epoch n_epochs + 1, so that with final = 0 no epoch is spent on a rate of zero.
 */
#include "kinds.h"

typedef struct {
  double final;
} Linear;

static const Param params[] = {
    {"final", P_REAL, offsetof(Linear, final), .def = "0", .lo = 0, .hi = 1,
     .doc = "where the line ends, after the last epoch, as a fraction of the first rate"},
};

static double rate(const void *config, double a0, int64_t epoch, int64_t n_epochs) {
  const Linear *c = config;
  double passed = epoch > n_epochs ? 1 : (double)(epoch - 1) / (double)n_epochs;
  return a0 * (1 - (1 - c->final) * passed);
}

const NnScheduleKind nn_schedule_linear = {
    .head = {.name = "linear",
             .doc = "a straight line from alpha0 in epoch 1 to final * alpha0 after the last",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Linear)},
    .rate = rate,
};
