/* The search as a whole in results.h5. */
#include "record_search.h"

#include <math.h>

#include "run_points.h"
#include "search_boxes.h"

/* A group of columns of n rows each. */
typedef struct {
  Arena *a;
  H5Out *file;
  const char *group;
  int64_t n;
} Columns;

static Status put(const Columns *c, const char *name, H5Type type, const void *values,
                  const char *what, Err *e) {
  const char *path = arena_printf(c->a, "%s/%s", c->group, name);
  TRY(h5_put(c->file, path, type, &c->n, 1, values, true, e));
  return h5_attr_text(c->file, path, "description", what, e);
}

static Status put_texts(const Columns *c, const char *name, const char **texts, const char *what,
                        Err *e) {
  const char *path = arena_printf(c->a, "%s/%s", c->group, name);
  TRY(h5_put_strings(c->file, path, texts, (int)c->n, e));
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

/* Finished trials in order of their numbers, as /trials has them; columns with several objectives:
 * what each is, and who is in the front. */
static Status put_objectives(Arena *a, const RunDir *r, H5Out *file, Err *e) {
  Columns c = {.a = a, .file = file, .group = "/objectives", .n = r->n_done};
  const int64_t repeats = run_repeats(r);
  int64_t n_points, *front = ARENA_ARRAY(a, int64_t, r->n_done), n = 0;
  const RunPoint *points = run_points(a, r, &n_points);
  const bool *in_front = run_front(a, r, points, n_points);
  bool *of_point = ARENA_ARRAY(a, bool, run_n_points(r));
  double *values = ARENA_ARRAY(a, double, r->n_done);
  for (int64_t i = 0; i < n_points; i++) of_point[points[i].number] = in_front[i];
  for (int j = 0; j < run_n_objectives(r); j++) {
    const ObjectiveSpec o = run_objective(r, j);
    n = 0;
    for (int64_t i = 0; i < r->head.n_trials; i++)
      if (r->results[i]) values[n++] = run_objective_of(r, r->results[i], j);
    TRY(put(&c, o.name, H5_F64, values, o.maximize ? "to be large" : "to be small", e));
  }
  n = 0;
  for (int64_t i = 0; i < r->head.n_trials; i++)
    if (r->results[i]) front[n++] = of_point[i / repeats];
  c.group = "/trials";
  return put(&c, "front", H5_I64, front,
             "1: of a point that no other one is as good as in all objectives and better than in "
             "one",
             e);
}

/* Of models; they follow from the points. */
static Status put_sizes(Arena *a, const RunDir *r, H5Out *file, Err *e) {
  Columns c = {.a = a, .file = file, .group = "/trials", .n = r->n_done};
  int64_t *weights = ARENA_ARRAY(a, int64_t, r->n_done), n = 0, known = 0;
  int64_t *work = ARENA_ARRAY(a, int64_t, r->n_done);
  for (int64_t i = 0; i < r->head.n_trials; i++) {
    const TrialResult *t = r->results[i];
    if (!t) continue;
    weights[n] = t->n_weights;
    work[n++] = t->multiply_adds;
    known += t->n_weights > 0;
  }
  if (known == 0) return OK;
  TRY(put(&c, "n_parameters", H5_I64, weights, "weights of the model; 0: unknown", e));
  return put(&c, "multiply_adds", H5_I64, work, "of its weight matrices on one row; 0: unknown", e);
}

/* NaN: no number, or none. */
static double number_of(const YamlNode *v) {
  return v ? yaml_scalar(v).real : NAN;
}

/* A row a stage and parameter. */
static Status put_boxes(Arena *a, const RunDir *r, H5Out *file, Err *e) {
  const Space *space = &r->spec->search.space;
  int n_boxes;
  const SearchBox *boxes = search_boxes(a, &r->history, &n_boxes);
  Columns c = {.a = a, .file = file, .group = "/search/boxes"};
  if (n_boxes == 0) return OK;
  const int64_t most = (int64_t)n_boxes * space->n;
  int64_t *stage = ARENA_ARRAY(a, int64_t, most), *first = ARENA_ARRAY(a, int64_t, most),
          *best = ARENA_ARRAY(a, int64_t, most);
  double *low = ARENA_ARRAY(a, double, most), *high = ARENA_ARRAY(a, double, most);
  const char **dimension = ARENA_ARRAY(a, const char *, most),
             **kept = ARENA_ARRAY(a, const char *, most);
  for (int i = 0; i < n_boxes; i++)
    for (int k = 0; k < space->n; k++, c.n++) {
      Str text = str_new(a);
      if (boxes[i].kept[k]) yaml_write_flow(boxes[i].kept[k], &text);
      stage[c.n] = boxes[i].stage;
      first[c.n] = boxes[i].first;
      best[c.n] = boxes[i].n_best;
      dimension[c.n] = space->dims[k].path;
      low[c.n] = number_of(boxes[i].low[k]);
      high[c.n] = number_of(boxes[i].high[k]);
      kept[c.n] = str_text(&text);
    }
  TRY(put(&c, "stage", H5_I64, stage, "of the search, from 0: the whole space", e));
  TRY(put(&c, "first_trial", H5_I64, first, "of the stage", e));
  TRY(put(&c, "n_best", H5_I64, best, "so many of the best points lie in the box; 0: as before",
          e));
  TRY(put(&c, "low", H5_F64, low, "smallest value that the stage draws; NaN: see kept", e));
  TRY(put(&c, "high", H5_F64, high, "largest", e));
  TRY(put_texts(&c, "dimension", dimension, "the parameter", e));
  return put_texts(&c, "kept", kept, "the values that the stage draws, of those to choose from", e);
}

Status record_search(Arena *a, const RunDir *r, H5Out *file, Err *e) {
  if (r->n_done > 0 && run_repeats(r) > 1) TRY(put_repeats(a, r, file, e));
  if (r->n_done > 0) TRY(put_sizes(a, r, file, e));
  if (r->n_done > 0 && run_n_objectives(r) > 1) TRY(put_objectives(a, r, file, e));
  return put_boxes(a, r, file, e);
}
