/* The same rate a0 in every epoch. */
#include "kinds.h"

static double rate(const void *config, double a0, int64_t epoch, int64_t n_epochs) {
  (void)config, (void)epoch, (void)n_epochs;
  return a0;
}

const NnScheduleKind nn_schedule_constant = {
    .head = {.name = "constant", .doc = "the same learning rate in every epoch"},
    .rate = rate,
};
