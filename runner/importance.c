#include "importance.h"

#include <math.h>
#include <string.h>

#include "leaderboard.h"
#include "plan.h"
#include "run_points.h"
#include "sampler.h"

enum { MAX_EACH = 64 }; /* a parameter of so many values is shown at each */

#define SLACK 1e-9 /* of the forest's standard deviation */

/* ---- rows ------------------------------------------------------------------------------------ */

/* How a dimension becomes an axis. */
typedef struct {
  const Dim *dim;
  const YamlNode **grid; /* (n) values on a grid, evenly spaced; NULL: space_unit says where */
  int n;
} Axis;

static bool on_a_grid(const RunDir *r) {
  const Sampler *s = (const Sampler *)(const void *)r->spec->search.method.kind;
  return s->values != NULL;
}

static Axis axis_of(Arena *a, const RunDir *r, const Dim *d) {
  Axis x = {.dim = d, .n = d->n_values};
  if (d->values || !on_a_grid(r)) return x;
  x.n = space_grid_size(d);
  x.grid = ARENA_ARRAY(a, const YamlNode *, x.n);
  for (int i = 0; i < x.n; i++) x.grid[i] = space_grid_value(a, d, i);
  return x;
}

/* NaN: not a value of it. */
static double coordinate(const Axis *x, const YamlNode *value) {
  if (!value) return FOREST_ABSENT;
  for (int i = 0; x->grid && i < x->n; i++)
    if (yaml_equal(x->grid[i], value)) return (i + 0.5) / x->n;
  if (x->grid) return NAN;
  const double u = space_unit(x->dim, value);
  return x->dim->values ? floor(u * x->n) : u;
}

static bool has_metric(const TrialResult *t) {
  return t && t->status == TRIAL_COMPLETED && isfinite(t->metric);
}

static double worst_metric(const RunDir *r) {
  double worst = NAN; /* of any trial */
  for (int64_t i = 0; i < r->head.n_trials; i++) {
    const TrialResult *t = r->results[i];
    if (!has_metric(t)) continue;
    if (isnan(worst) || trial_better(worst, t->metric, r->spec->search.metric.maximize))
      worst = t->metric;
  }
  return worst;
}

typedef struct {
  double *x, *y; /* (n, axes), (n) */
  int n;
} Rows;

/* False: a value is none of its dimension's. */
static bool put_row(Arena *a, const Axis *axes, int n, const char *point, double *x) {
  const YamlNode *map = plan_point_map(a, point);
  for (int i = 0; i < n; i++) {
    x[i] = coordinate(&axes[i], map ? yaml_get(map, axes[i].dim->path) : NULL);
    if (isnan(x[i])) return false;
  }
  return map != NULL;
}

/* One a point: with search.repeats its mean, or the worst metric where a trial has none. */
static Rows rows_of(Arena *a, const RunDir *r, const Axis *axes, Importance *out) {
  const int n = r->spec->search.space.n;
  const int64_t repeats = run_repeats(r);
  Rows rows = {.x = ARENA_ARRAY(a, double, r->n_done *n), .y = ARENA_ARRAY(a, double, r->n_done)};
  for (int64_t i = 0; i < run_n_points(r); i++) {
    const RunPoint p = run_point(r, i);
    if (!p.best) continue;
    out->n_failed += p.status == TRIAL_FAILED;
    if (p.status == TRIAL_FAILED) continue;
    if (!put_row(a, axes, n, p.best->point, rows.x + (int64_t)rows.n * n)) {
      out->n_outside++;
      continue;
    }
    out->n_diverged += !isfinite(p.mean);
    for (int64_t k = 0; k < repeats; k++) {
      const TrialResult *t = r->results[i * repeats + k];
      out->n_terminated += t && t->terminated;
    }
    rows.y[rows.n++] = isfinite(p.mean) ? p.mean : out->worst;
  }
  return rows;
}

/* ---- curves ---------------------------------------------------------------------------------- */

static void put_place(const Axis *x, const ForestCells *c, const FanovaCurve *curve,
                      const YamlNode *value, ImportanceParameter *p, ImportancePlace *at) {
  const int k = forest_cell(c, coordinate(x, value));
  at[p->n_places++] = (ImportancePlace){value, curve->mean[k], curve->sd[k]};
}

static void places_of(Arena *a, const Axis *x, const ForestCells *c, const FanovaCurve *curve,
                      ImportanceParameter *p) {
  const Dim *d = x->dim;
  const bool steps = (d->integer || d->q > 0) && d->points == 0;
  const int size = d->values || x->grid || steps ? space_grid_size(d) : 0;
  p->every = d->values || x->grid || (size > 0 && size <= MAX_EACH);
  const int n = p->every ? size : IMPORTANCE_PLACES;
  ImportancePlace *at = ARENA_ARRAY(a, ImportancePlace, n + 1);
  if (c->absent) put_place(x, c, curve, NULL, p, at);
  for (int i = 0; i < n; i++) {
    const double u = i < n - 1 ? (double)i / (n - 1) : 1 - 0x1p-53;
    put_place(x, c, curve, p->every ? space_grid_value(a, d, i) : space_value(a, d, u), p, at);
  }
  p->places = at;
}

int importance_shown(const ImportanceParameter *p, int most) {
  return p->n_places < most ? p->n_places : most;
}

int importance_place(const ImportanceParameter *p, int most, int i) {
  const int n = importance_shown(p, most);
  return n == p->n_places ? i : (int)((int64_t)i * (p->n_places - 1) / (n - 1));
}

/* ---- the best region ------------------------------------------------------------------------- */

/* Cells that are within a standard deviation of the best (and `slack`, for rounding): of categories
 * any, of a range those around it. Returns whether these are all. */
static bool best_cells(const ForestCells *c, const FanovaCurve *curve, bool maximize, double slack,
                       unsigned char *in, int *low, int *high) {
  int best = 0;
  for (int k = 1; k < c->n; k++)
    if (trial_better(curve->mean[k], curve->mean[best], maximize)) best = k;
  const double sign = maximize ? 1 : -1, least = sign * curve->mean[best] - curve->sd[best] - slack;
  *low = *high = best;
  const int first = c->absent ? 1 : 0;
  if (c->unordered || best < first) {
    for (int k = 0; k < c->n; k++) in[k] = sign * curve->mean[k] >= least;
  } else {
    while (*low > first && sign * curve->mean[*low - 1] >= least) --*low;
    while (*high < c->n - 1 && sign * curve->mean[*high + 1] >= least) ++*high;
    for (int k = *low; k <= *high; k++) in[k] = 1;
    if (first) in[0] = sign * curve->mean[0] >= least;
  }
  for (int k = 0; k < c->n; k++)
    if (!in[k]) return false;
  return true;
}

static const YamlNode *value_at(Arena *a, const Axis *x, double u, bool end) {
  if (!x->grid) return space_value(a, x->dim, u < 1 ? u : 1 - 0x1p-53);
  const int i = (int)(u * x->n + (end ? -0.5 : 0.5)); /* edges lie between values */
  return x->grid[i < 0 ? 0 : i < x->n ? i : x->n - 1];
}

/* The region of an axis in values. Cells of a range begin and end between values that were seen. */
static void region_of(Arena *a, const Axis *x, const ForestCells *c, const FanovaCurve *curve,
                      bool maximize, double slack, unsigned char *in, ImportanceParameter *p) {
  int low, high;
  p->anywhere = best_cells(c, curve, maximize, slack, in, &low, &high);
  p->best = ARENA_ARRAY(a, const YamlNode *, c->n + 2);
  if (p->anywhere) return;
  if (c->absent && in[0]) p->best[p->n_best++] = NULL;
  if (!c->unordered && low < (c->absent ? 1 : 0)) return;
  if (!c->unordered) {
    p->is_range = true;
    p->best[p->n_best++] = value_at(a, x, c->edge[low], false);
    p->best[p->n_best++] = value_at(a, x, c->edge[high + 1], true);
    return;
  }
  for (int k = c->absent; k < c->n; k++)
    if (in[k]) p->best[p->n_best++] = x->dim->values[k - c->absent];
}

static void rows_inside(const Forest *f, const Rows *rows, const unsigned char *const *in,
                        Importance *out) {
  double sum = 0;
  for (int i = 0; i < rows->n; i++) {
    bool inside = true;
    for (int k = 0; k < f->n_axes; k++)
      inside = inside && in[k][forest_cell(&f->cells[k], rows->x[(int64_t)i * f->n_axes + k])];
    out->region_rows += inside;
    if (inside) sum += rows->y[i];
  }
  out->rows_mean = out->region_rows > 0 ? sum / out->region_rows : NAN;
}

/* ---- all ------------------------------------------------------------------------------------- */

static void explain(Arena *a, const Axis *axes, const Rows *rows, const Fanova *v,
                    Importance *out) {
  const RunDir *r = out->run;
  const Forest *f = out->forest;
  const bool maximize = r->spec->search.metric.maximize;
  const double slack = v->variance > 0 ? SLACK * sqrt(v->variance) : 0;
  const unsigned char **in = ARENA_ARRAY(a, const unsigned char *, out->n);
  out->parameters = ARENA_ARRAY(a, ImportanceParameter, out->n);
  for (int i = 0; i < out->n; i++) {
    ImportanceParameter *p = &out->parameters[i];
    unsigned char *cells = arena_alloc(a, (size_t)f->cells[i].n, 1);
    in[i] = cells;
    p->path = axes[i].dim->path;
    p->name = leaderboard_short(&r->spec->search.space, i);
    places_of(a, &axes[i], &f->cells[i], &v->curves[i], p);
    region_of(a, &axes[i], &f->cells[i], &v->curves[i], maximize, slack, cells, p);
  }
  out->region_mean = fanova_region_mean(f, in);
  rows_inside(f, rows, in, out);
}

Status importance_of(Arena *a, const RunDir *r, int n_trees, uint64_t seed, Importance *out,
                     Err *e) {
  const Space *space = &r->spec->search.space;
  *out = (Importance){.run = r, .n = space->n, .worst = worst_metric(r)};
  CHECK(e, r->spec->search.present && space->n > 0, E_DATA,
        "%s has no search: with one trial there is nothing to compare", r->dir);
  Axis *axes = ARENA_ARRAY(a, Axis, space->n);
  ForestAxis *forest = ARENA_ARRAY(a, ForestAxis, space->n);
  for (int i = 0; i < space->n; i++) {
    axes[i] = axis_of(a, r, &space->dims[i]);
    forest[i] = (ForestAxis){.unordered = space->dims[i].values != NULL, .n_values = axes[i].n};
  }
  CHECK(e, r->n_done <= INT32_MAX / (space->n + 1), E_DATA, "%s has too many trials", r->dir);
  const Rows rows = rows_of(a, r, axes, out);
  out->n_rows = rows.n;
  CHECK(e, rows.n >= IMPORTANCE_LEAST && !isnan(out->worst), E_DATA,
        "%s: importance needs at least %d finished trials, one of them with a metric; there are "
        "%d, %d of them diverged",
        r->dir, IMPORTANCE_LEAST, rows.n, out->n_diverged);
  out->forest = forest_grow(a, forest, space->n, rows.x, rows.y, rows.n, n_trees, seed);
  const Fanova *v = fanova(a, out->forest);
  explain(a, axes, &rows, v, out);
  out->main = v->main;
  out->pairs = v->pairs;
  out->n_pairs = v->n_pairs;
  fanova_sort(out->main, out->n);
  fanova_sort(out->pairs, out->n_pairs);
  return OK;
}
