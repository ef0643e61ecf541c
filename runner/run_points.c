/* The points of a run. */
#include "run_points.h"

#include <math.h>

#include "pareto.h"

int64_t run_repeats(const RunDir *r) {
  return r->head.repeats;
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

/* ---- objectives ------------------------------------------------------------------------------ */

int run_n_objectives(const RunDir *r) {
  return r->spec->search.n_objectives > 1 ? r->spec->search.n_objectives : 1;
}

ObjectiveSpec run_objective(const RunDir *r, int i) {
  const SearchSpec *s = &r->spec->search;
  return i == 0 ? (ObjectiveSpec){s->metric.name, s->metric.maximize} : s->objectives[i];
}

static double size_of(int64_t n) {
  return n > 0 ? (double)n : NAN;
}

double run_objective_of(const RunDir *r, const TrialResult *t, int i) {
  const char *name = run_objective(r, i).name;
  const Curves *c = &t->curves;
  const bool is_command = r->spec->command.node != NULL; /* whose names are its own */
  if (t->status != TRIAL_COMPLETED) return NAN;
  if (i == 0) return t->metric;
  if (!is_command && str_eq(name, SPEC_N_PARAMETERS)) return size_of(t->n_weights);
  if (!is_command && str_eq(name, SPEC_MULTIPLY_ADDS)) return size_of(t->multiply_adds);
  if (t->objectives) return t->objectives[i];
  for (int k = 0; k < c->n_names && t->chosen_epoch > 0; k++)
    if (str_eq(c->names[k], name)) return c->values[(t->chosen_epoch - 1) * c->n_names + k];
  return NAN;
}

void run_losses(const RunDir *r, const TrialResult *t, double *out) {
  for (int i = 0; i < run_n_objectives(r); i++) {
    const double x = run_objective_of(r, t, i);
    out[i] = run_objective(r, i).maximize ? -x : x;
  }
}

double run_point_objective(const RunDir *r, const RunPoint *p, int i) {
  const int64_t repeats = run_repeats(r);
  double sum = 0;
  for (int64_t k = 0; k < repeats; k++) {
    const TrialResult *t = r->results[p->number * repeats + k];
    if (t) sum += run_objective_of(r, t, i);
  }
  return sum / (double)p->n;
}

bool *run_front(Arena *a, const RunDir *r, const RunPoint *points, int64_t n) {
  const int m = run_n_objectives(r);
  double *losses = ARENA_ARRAY(a, double, n *m);
  bool *front = ARENA_ARRAY(a, bool, n);
  for (int64_t i = 0; i < n; i++)
    for (int j = 0; j < m; j++) {
      const double x = points[i].complete ? run_point_objective(r, &points[i], j) : NAN;
      losses[i * m + j] = run_objective(r, j).maximize ? -x : x;
    }
  pareto_front(losses, n, m, front);
  return front;
}
