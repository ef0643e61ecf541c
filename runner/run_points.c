/* The points of a run. */
#include "run_points.h"

#include <math.h>

#include "plan.h"

int64_t run_repeats(const RunDir *r) {
  return plan_repeats(r->spec);
}

int64_t run_n_points(const RunDir *r) {
  return r->head.n_trials / run_repeats(r);
}

static double deviation(const RunDir *r, const RunPoint *p, int64_t repeats) {
  double sum = 0;
  for (int64_t i = 0; i < repeats; i++) {
    const TrialResult *t = r->results[p->number * repeats + i];
    if (t) sum += (t->metric - p->mean) * (t->metric - p->mean);
  }
  return p->n > 1 ? sqrt(sum / (double)(p->n - 1)) : NAN;
}

RunPoint run_point(const RunDir *r, int64_t number) {
  const int64_t repeats = run_repeats(r);
  RunPoint p = {.number = number, .status = TRIAL_COMPLETED, .mean = NAN, .sd = NAN};
  double sum = 0;
  for (int64_t i = 0; i < repeats; i++) {
    const TrialResult *t = r->results[number * repeats + i];
    if (!t) continue;
    p.n++;
    p.seconds += t->seconds;
    sum += t->metric;
    if (t->status > p.status) p.status = t->status;
    if (!p.best || trial_compare(t, p.best, r->spec->search.metric.maximize) < 0) p.best = t;
  }
  p.complete = p.n == repeats;
  if (p.n == 0 || p.status != TRIAL_COMPLETED) return p;
  p.mean = sum / (double)p.n;
  p.sd = deviation(r, &p, repeats);
  return p;
}

int run_compare(const RunDir *r, const TrialResult *x, const TrialResult *y) {
  const int64_t repeats = run_repeats(r);
  const bool maximize = r->spec->search.metric.maximize;
  if (repeats == 1 || x->number / repeats == y->number / repeats)
    return trial_compare(x, y, maximize);
  const RunPoint a = run_point(r, x->number / repeats), b = run_point(r, y->number / repeats);
  if (a.complete != b.complete) return a.complete ? -1 : 1;
  if (a.status == b.status && a.status != TRIAL_COMPLETED)
    return trial_compare(a.best, b.best, maximize);
  return trial_compare(&(TrialResult){.number = a.number, .status = a.status, .metric = a.mean},
                       &(TrialResult){.number = b.number, .status = b.status, .metric = b.mean},
                       maximize);
}

RunPoint *run_points(Arena *a, const RunDir *r, int64_t *n) {
  const int64_t repeats = run_repeats(r);
  RunPoint *out = ARENA_ARRAY(a, RunPoint, r->n_done);
  int64_t last = -1;
  *n = 0;
  for (int64_t i = 0; i < r->n_done; i++) {
    if (r->order[i] / repeats == last) continue;
    last = r->order[i] / repeats;
    out[(*n)++] = run_point(r, last);
  }
  return out;
}
