#include "trial.h"

#include <math.h>

const char *const trial_status_names[] = {"COMPLETED", "DIVERGED", "FAILED"};

bool trial_better(double x, double y, bool maximize) {
  if (isnan(x) || isnan(y)) return !isnan(x) && isnan(y);
  return maximize ? x > y : x < y;
}

StopperCurve trial_metric_curve(Arena *a, const TrialResult *r, const char *name) {
  const Curves *c = &r->curves;
  int column = 0;
  while (column < c->n_names && !str_eq(c->names[column], name)) column++;
  if (column == c->n_names) return (StopperCurve){0};
  double *metric = ARENA_ARRAY(a, double, c->n_epochs);
  for (int k = 0; k < c->n_epochs; k++) metric[k] = c->values[(int64_t)k * c->n_names + column];
  return (StopperCurve){.metric = metric, .n = c->n_epochs};
}

int trial_compare(const TrialResult *a, const TrialResult *b, bool maximize) {
  if (a->status != b->status) return a->status < b->status ? -1 : 1;
  if (a->status == TRIAL_COMPLETED) {
    if (trial_better(a->metric, b->metric, maximize)) return -1;
    if (trial_better(b->metric, a->metric, maximize)) return 1;
  }
  return (a->number > b->number) - (a->number < b->number);
}
