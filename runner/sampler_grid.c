/*
 * Grid search: every combination of the dimensions' grid values, the first dimension slowest. The
 * number of trials follows from the grid. A dimension with conditions is slower than those behind
 * it, faster than those that its conditions name; where they do not hold it has one value, none, so
 * that no point comes twice.
 */
#include "sampler.h"

typedef struct {
  Arena *a;
  const Space *s;
  bool *decides; /* (s->n) some condition names it */
  Point p;       /* of the dimensions that are settled */
} Grid;

static Grid grid_new(Arena *a, const Space *s) {
  Grid g = {.a = a, .s = s, .decides = ARENA_ARRAY(a, bool, s->n)};
  g.p = (Point){.values = ARENA_ARRAY(a, const YamlNode *, s->n), .n = s->n};
  for (int i = 0; i < s->n; i++)
    for (int k = 0; k < s->dims[i].n_when; k++) g.decides[s->dims[i].when[k].dim] = true;
  return g;
}

static int64_t capped(int64_t n) {
  return n > SPACE_GRID_MAX ? SPACE_GRID_MAX + 1 : n;
}

/* How many points there are, the first k dimensions in order being settled. */
static int64_t n_points(Grid *g, int k) {
  if (k == g->s->n) return 1;
  const int i = g->s->order ? g->s->order[k] : k;
  const Dim *d = &g->s->dims[i];
  if (!space_holds(g->s, &g->p, i)) return n_points(g, k + 1);
  const int size = space_grid_size(d);
  if (!g->decides[i]) return capped(size * n_points(g, k + 1));
  int64_t n = 0;
  for (int v = 0; v < size; v++) {
    g->p.values[i] = space_grid_value(g->a, d, v);
    n = capped(n + n_points(g, k + 1));
  }
  g->p.values[i] = NULL;
  return n;
}

static int64_t count(const Space *s, int64_t asked, Err *e) {
  for (int i = 0; i < s->n; i++) {
    if (space_grid_size(&s->dims[i]) > 0) continue;
    err_set(e, E_SPEC,
            "grid needs to know how many values %s takes; give it points: 5, or {values: [..]}",
            s->dims[i].path);
    return 0;
  }
  Arena a = {0};
  arena_init(&a);
  Grid g = grid_new(&a, s);
  const int64_t n = n_points(&g, 0);
  arena_free(&a);
  if (n > SPACE_GRID_MAX) {
    err_set(e, E_SPEC, "the grid has more than %d points; random draws as many as you ask for",
            SPACE_GRID_MAX);
    return 0;
  }
  if (asked > 0 && asked != n) {
    err_set(e, E_SPEC,
            "the grid has %lld points, not %lld; leave trials out, or take random to draw some",
            (long long)n, (long long)asked);
    return 0;
  }
  return n;
}

/* Which value the k-th dimension in order has at point n of those that are left; *n: the point's
 * number among those of that value. */
static void settle(Grid *g, int k, int64_t *n) {
  const int i = g->s->order ? g->s->order[k] : k;
  const Dim *d = &g->s->dims[i];
  if (!space_holds(g->s, &g->p, i)) return;
  if (!g->decides[i]) {
    const int64_t each = n_points(g, k + 1);
    g->p.values[i] = space_grid_value(g->a, d, (int)(*n / each));
    *n %= each;
    return;
  }
  for (int v = 0;; v++) {
    g->p.values[i] = space_grid_value(g->a, d, v);
    const int64_t each = n_points(g, k + 1);
    if (*n < each) return;
    *n -= each;
  }
}

static void values(Arena *a, const SamplerAsk *ask, Point *out) {
  Grid g = grid_new(a, ask->space);
  int64_t n = ask->n;
  for (int k = 0; k < ask->space->n; k++) settle(&g, k, &n);
  *out = g.p;
}

const Sampler run_sampler_grid = {
    .head = {.name = "grid", .doc = "every combination of the parameters' grid values"},
    .whole = true,
    .count = count,
    .values = values,
};
