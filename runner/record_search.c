/* The search as a whole in results.h5. */
#include "record_search.h"

#include <math.h>

#include "run_points.h"

/* A group of columns of n rows each. */
typedef struct {
  Arena *a;
  H5Out *file;
  const char *group;
  int64_t n;
} Columns;

static Status put(const Columns *c, const char *name, int type, const void *values,
                  const char *what, Err *e) {
  const char *path = arena_printf(c->a, "%s/%s", c->group, name);
  TRY(h5_put(c->file, path, type, &c->n, 1, values, true, e));
  return h5_attr_text(c->file, path, "description", what, e);
}

static Status put_repeats(Arena *a, const RunDir *r, H5Out *file, Err *e) {
  Columns c = {.a = a, .file = file, .group = "/repeats"};
  const int64_t most = run_n_points(r);
  int64_t *point = ARENA_ARRAY(a, int64_t, most), *trials = ARENA_ARRAY(a, int64_t, most),
          *best = ARENA_ARRAY(a, int64_t, most);
  double *mean = ARENA_ARRAY(a, double, most), *sd = ARENA_ARRAY(a, double, most);
  for (int64_t k = 0; k < most; k++) {
    const RunPoint p = run_point(r, k);
    if (p.n == 0) continue;
    point[c.n] = k;
    trials[c.n] = p.n;
    mean[c.n] = p.mean;
    sd[c.n] = p.sd;
    best[c.n++] = p.best->number;
  }
  TRY(put(&c, "point", H5_I64, point, "number of the point; its trials are number * repeats ..",
          e));
  TRY(put(&c, "trials", H5_I64, trials, "how many of them are finished", e));
  TRY(put(&c, "mean", H5_F64, mean, "of the metric over them; NaN: one has none", e));
  TRY(put(&c, "sd", H5_F64, sd, "standard deviation of the metric over them, with n - 1", e));
  return put(&c, "best_trial", H5_I64, best, "the trial with the best metric", e);
}

Status record_search(Arena *a, const RunDir *r, H5Out *file, Err *e) {
  if (r->n_done > 0 && run_repeats(r) > 1) TRY(put_repeats(a, r, file, e));
  return OK;
}
