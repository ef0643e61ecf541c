#include "trial.h"

#include <math.h>

const char *const trial_status_names[] = {"COMPLETED", "DIVERGED", "FAILED"};

bool trial_better(double x, double y, bool maximize) {
  if (isnan(x) || isnan(y)) return !isnan(x) && isnan(y);
  return maximize ? x > y : x < y;
}

int trial_compare(const TrialResult *a, const TrialResult *b, bool maximize) {
  if (a->status != b->status) return a->status < b->status ? -1 : 1;
  if (a->status == TRIAL_COMPLETED) {
    if (trial_better(a->metric, b->metric, maximize)) return -1;
    if (trial_better(b->metric, a->metric, maximize)) return 1;
  }
  return (a->number > b->number) - (a->number < b->number);
}
