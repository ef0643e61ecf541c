#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

enum { TOP = 10 };

const char *const compare_verdict_names[] = {"too few points", "holds", "holds in part", "open",
                                             "does not hold"};

/* ---- numbers --------------------------------------------------------------------------------- */

/* Larger is better, and diverged is worst. */
static double worth(double metric, bool maximize) {
  if (isnan(metric)) return -INFINITY;
  return maximize ? metric : -metric;
}

static int by_rank(const void *x, const void *y) {
  const ComparePoint *a = x, *b = y;
  if (a->rank_a != b->rank_a) return a->rank_a < b->rank_a ? -1 : 1;
  return strcmp(a->point, b->point);
}

static int overlap_of(const ComparePoint *p, int n, int k) {
  int both = 0;
  for (int i = 0; i < n; i++) both += p[i].rank_a <= k && p[i].rank_b <= k;
  return both;
}

/* A sixth of the points up to ten: few enough that chance does not fill them. */
static int top_of(int n) {
  const int k = (n + 5) / 6;
  return k < TOP ? k : TOP;
}

static CompareVerdict judge(const RankInterval *r, int n) {
  if (n < COMPARE_LEAST || isnan(r->value)) return COMPARE_TOO_FEW;
  if (r->low > 0.5) return COMPARE_HOLDS;
  if (r->low > 0) return COMPARE_PARTLY;
  return r->high > 0.5 ? COMPARE_OPEN : COMPARE_NO_MORE;
}

void compare_points(Arena *a, ComparePoint *points, int n, bool maximize, Comparison *out) {
  RankPair *pairs = ARENA_ARRAY(a, RankPair, n), *losses = ARENA_ARRAY(a, RankPair, n);
  double *rank = ARENA_ARRAY(a, double, n);
  for (int i = 0; i < n; i++) {
    pairs[i] = (RankPair){worth(points[i].a, maximize), worth(points[i].b, maximize)};
    losses[i] = (RankPair){-pairs[i].x, -pairs[i].y};
  }
  rank_of(a, &losses->x, 2, n, rank);
  for (int i = 0; i < n; i++) points[i].rank_a = rank[i];
  rank_of(a, &losses->y, 2, n, rank);
  for (int i = 0; i < n; i++) points[i].rank_b = rank[i];
  *out = (Comparison){.maximize = maximize, .n = n, .points = points, .k = top_of(n)};
  out->spearman = rank_interval(rank_spearman, pairs, n);
  out->kendall = rank_interval(rank_kendall, pairs, n);
  out->better = rank_interval(rank_better, pairs, n);
  qsort(points, (size_t)n, sizeof *points, by_rank);
  out->overlap = overlap_of(points, n, out->k);
  out->by_chance = (double)out->k * out->k / n;
  out->best_in_b = points[0].rank_b;
  out->verdict = judge(&out->spearman, n);
}

/* ---- the points of a run --------------------------------------------------------------------- */

typedef struct {
  const char *point;
  double metric; /* NaN: diverged */
  int64_t number;
} Entry;

static int by_point(const void *x, const void *y) {
  const Entry *a = x, *b = y;
  const int order = strcmp(a->point, b->point);
  return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static int by_key(const void *x, const void *y) {
  const YamlNode *const *a = x, *const *b = y;
  return strcmp((*a)->key, (*b)->key);
}

/* The same text for the same point, whatever the order of its space. */
static const char *canonical(Arena *a, const char *point) {
  const YamlNode *map = plan_point_map(a, point);
  if (!map) return point;
  const YamlNode **values = ARENA_ARRAY(a, const YamlNode *, map->n_children);
  int n = 0;
  for (const YamlNode *v = map->first; v; v = v->next) values[n++] = v;
  qsort(values, (size_t)n, sizeof(const YamlNode *), by_key);
  YamlNode *sorted = yaml_new(a, YAML_MAP, (Mark){0});
  for (int i = 0; i < n; i++) yaml_put(a, sorted, values[i]->key, yaml_copy(a, values[i]));
  Str text = str_new(a);
  yaml_write_flow(sorted, &text);
  return str_text(&text);
}

typedef struct {
  Entry *entries; /* by point: those of one point side by side */
  int n, terminated;
} Entries;

static Entries entries_of(Arena *a, const RunDir *r) {
  Entries out = {.entries = ARENA_ARRAY(a, Entry, r->n_done)};
  for (int64_t i = 0; i < r->head.n_trials; i++) {
    const TrialResult *t = r->results[i];
    if (!t || t->status == TRIAL_FAILED) continue;
    const double metric = t->status == TRIAL_COMPLETED ? t->metric : NAN;
    out.terminated += t->terminated;
    out.entries[out.n++] = (Entry){canonical(a, t->point), metric, i};
  }
  qsort(out.entries, (size_t)out.n, sizeof(Entry), by_point);
  return out;
}

/* The point at *i and its mean; *i moves behind it. A NaN makes the mean one. */
static double next_point(const Entries *x, int *i, int *n) {
  const int from = *i;
  double sum = 0;
  for (; *i < x->n && str_eq(x->entries[*i].point, x->entries[from].point); ++*i)
    sum += x->entries[*i].metric;
  *n = *i - from;
  return sum / *n;
}

static int order_of(const Entries *x, int i, const Entries *y, int j) {
  if (i >= x->n || j >= y->n) return i >= x->n ? 1 : -1;
  return strcmp(x->entries[i].point, y->entries[j].point);
}

static ComparePoint *pair_up(Arena *a, const Entries *x, const Entries *y, int *n, int *only_a,
                             int *only_b) {
  ComparePoint *out = ARENA_ARRAY(a, ComparePoint, x->n);
  for (int i = 0, j = 0; i < x->n || j < y->n;) {
    const int order = order_of(x, i, y, j);
    ComparePoint p = {0};
    if (order <= 0) p.point = x->entries[i].point;
    if (order <= 0) p.a = next_point(x, &i, &p.n_a);
    if (order >= 0) p.b = next_point(y, &j, &p.n_b);
    *only_a += order < 0;
    *only_b += order > 0;
    if (order == 0) out[(*n)++] = p;
  }
  return out;
}

/* ---- two runs -------------------------------------------------------------------------------- */

Status compare_runs(Arena *a, const RunDir *x, const RunDir *y, Comparison *out, Err *e) {
  const MetricSpec *m = &x->spec->search.metric, *other = &y->spec->search.metric;
  CHECK(e, str_eq(m->name, other->name), E_DATA,
        "the runs have other metrics: %s is ranked by %s, %s by %s", x->dir, m->name, y->dir,
        other->name);
  CHECK(e, m->maximize == other->maximize, E_DATA,
        "the runs have other goals: %s wants %s %s, %s wants it %s", x->dir, m->name,
        m->maximize ? "large" : "small", y->dir, other->maximize ? "large" : "small");
  const Entries of_x = entries_of(a, x), of_y = entries_of(a, y);
  int n = 0, only_a = 0, only_b = 0;
  ComparePoint *points = pair_up(a, &of_x, &of_y, &n, &only_a, &only_b);
  CHECK(e, n > 0, E_DATA,
        "%s and %s have no point in common (%d and %d points): only runs that trained the same "
        "points can be compared, such as one search with the same seed on other data",
        x->dir, y->dir, only_a, only_b);
  compare_points(a, points, n, m->maximize, out);
  out->only_a = only_a;
  out->only_b = only_b;
  out->terminated = of_x.terminated + of_y.terminated;
  return OK;
}
