#include "fanova.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCT_NODES = 1500 }; /* of trees so large one neighbour each is enough */

/* ---- boxes ----------------------------------------------------------------------------------- */

/* Where a walk down a tree is: on axis i in cells [low, high), or in the categories k that no node
 * on the way excluded (out[k] == 0). */
typedef struct {
  int low, high, *out;
} Place;

static Place *place_everywhere(Arena *a, const Forest *f) {
  Place *p = ARENA_ARRAY(a, Place, f->n_axes);
  for (int i = 0; i < f->n_axes; i++) {
    p[i].high = f->cells[i].n;
    if (f->cells[i].unordered) p[i].out = ARENA_ARRAY(a, int, f->cells[i].n);
  }
  return p;
}

/* Narrows a place to one side of a node; false: nothing is left. leave() takes it back. */
static bool enter(const ForestCells *c, const ForestNode *node, bool left, Place *p) {
  if (!node->set) {
    if (left && node->split < p->high) p->high = node->split;
    if (!left && node->split > p->low) p->low = node->split;
    return p->low < p->high;
  }
  int n = 0;
  for (int k = 0; k < c->n; k++) {
    p->out[k] += (node->set[k] == 1) != left;
    n += p->out[k] == 0;
  }
  return n > 0;
}

static void leave(const ForestCells *c, const ForestNode *node, bool left, Place before, Place *p) {
  *p = before;
  if (!node->set) return;
  for (int k = 0; k < c->n; k++) p->out[k] -= (node->set[k] == 1) != left;
}

static double place_weight(const ForestCells *c, const Place *p) {
  if (!p->out) return forest_weight(c, p->low, p->high);
  double sum = 0;
  for (int k = 0; k < c->n; k++)
    if (p->out[k] == 0) sum += forest_weight(c, k, k + 1);
  return sum;
}

/* ---- leaves ---------------------------------------------------------------------------------- */

typedef struct {
  int low, high; /* cells [low, high) */
} Run;

/* What a leaf covers of an axis: one run, or those of its categories. */
typedef struct {
  const Run *runs;
  int n_runs;
  Run one;
  double weight;
} Extent;

typedef struct {
  double value, weight; /* of the leaf: its share of the space */
  Extent *on;           /* (n_axes) */
} Leaf;

typedef struct {
  Leaf *leaves;
  int n;
  double mean;
} Leaves;

typedef struct {
  Arena *arena;
  const Forest *f;
  const ForestTree *tree;
  Place *at; /* (n_axes) */
  Leaves *out;
} Walk;

static void categories(Arena *a, const ForestCells *c, const Place *p, Extent *x) {
  Run *runs = ARENA_ARRAY(a, Run, c->n);
  for (int k = 0; k < c->n; k++) {
    if (p->out[k]) continue;
    const bool goes_on = x->n_runs > 0 && runs[x->n_runs - 1].high == k;
    if (!goes_on) runs[x->n_runs++] = (Run){.low = k};
    runs[x->n_runs - 1].high = k + 1;
  }
  x->runs = runs;
}

static void add_leaf(const Walk *w, double value) {
  Leaf *leaf = &w->out->leaves[w->out->n++];
  *leaf = (Leaf){.value = value, .weight = 1, .on = ARENA_ARRAY(w->arena, Extent, w->f->n_axes)};
  for (int i = 0; i < w->f->n_axes; i++) {
    const ForestCells *c = &w->f->cells[i];
    Extent *x = &leaf->on[i];
    x->weight = place_weight(c, &w->at[i]);
    leaf->weight *= x->weight;
    x->one = (Run){w->at[i].low, w->at[i].high};
    if (c->unordered) categories(w->arena, c, &w->at[i], x);
  }
  w->out->mean += value * leaf->weight;
}

static void walk(const Walk *w, int id) {
  const ForestNode *node = &w->tree->nodes[id];
  if (node->axis < 0) {
    add_leaf(w, node->value);
    return;
  }
  const ForestCells *c = &w->f->cells[node->axis];
  Place *p = &w->at[node->axis];
  const Place before = *p;
  if (enter(c, node, true, p)) walk(w, node->left);
  leave(c, node, true, before, p);
  if (enter(c, node, false, p)) walk(w, node->right);
  leave(c, node, false, before, p);
}

/* Those of member t: of the tree and of its correction; functions of both just add. */
static Leaves leaves_of(Arena *a, const Forest *f, int t) {
  const ForestTree *tree = &f->trees[t], *correction = &f->corrections[t];
  Leaves out = {.leaves = ARENA_ARRAY(a, Leaf, (tree->n + correction->n) / 2 + 1)};
  Walk w = {.arena = a, .f = f, .tree = tree, .at = place_everywhere(a, f), .out = &out};
  walk(&w, 0);
  w.tree = correction;
  walk(&w, 0);
  return out;
}

static int runs_of(const Extent *x, const Run **out) {
  *out = x->runs ? x->runs : &x->one;
  return x->runs ? x->n_runs : 1;
}

/* ---- the variance of the forest -------------------------------------------------------------- */

typedef struct {
  const Forest *f;
  const ForestTree *s, *t;
  Place *at;
} Both;

/* The integral of s t over the place: down s to a leaf, then down t. */
static double product(const Both *b, int i, int j) {
  const ForestNode *p = &b->s->nodes[i], *q = &b->t->nodes[j];
  const ForestNode *node = p->axis >= 0 ? p : q;
  if (node->axis < 0) {
    double weight = 1;
    for (int k = 0; k < b->f->n_axes; k++) weight *= place_weight(&b->f->cells[k], &b->at[k]);
    return weight * p->value * q->value;
  }
  const ForestCells *c = &b->f->cells[node->axis];
  Place *at = &b->at[node->axis];
  const Place before = *at;
  double sum = 0;
  if (enter(c, node, true, at)) sum += product(b, node == p ? p->left : i, node == q ? q->left : j);
  leave(c, node, true, before, at);
  if (enter(c, node, false, at))
    sum += product(b, node == p ? p->right : i, node == q ? q->right : j);
  leave(c, node, false, before, at);
  return sum;
}

/* ---- moments over trees ---------------------------------------------------------------------- */

typedef struct {
  const Forest *f;
  const Leaves *trees; /* (n_trees) */
  double variance;     /* of the forest */
} Anova;

/* Of the functions g_t of the trees, with their means taken off. */
typedef struct {
  double of_mean;   /* Var of the mean over trees */
  double own;       /* sum over trees of Var g_t */
  double *of_pairs; /* (n_trees / 2) Cov(g_2k, g_2k+1) */
} Moments;

/* Taken off too: what belongs to the parameters of a pair one by one. */
static void take_off(const Anova *x, const Moments *part, Moments *m) {
  m->of_mean -= part->of_mean;
  m->own -= part->own;
  for (int k = 0; k < x->f->n_trees / 2; k++) m->of_pairs[k] -= part->of_pairs[k];
}

static FanovaEffect effect_of(const Anova *x, const Moments *m, int a, int b) {
  const double t = x->f->n_trees;
  FanovaEffect e = {.a = a, .b = b, .share = NAN, .sd = NAN};
  if (!(x->variance > 0)) return e;
  e.share = (t * t * m->of_mean - m->own) / (t * (t - 1)) / x->variance;
  if (e.share < 0) e.share = 0;
  const int n = x->f->n_trees / 2;
  double mean = 0, square = 0;
  for (int k = 0; k < n; k++) mean += m->of_pairs[k] / n;
  for (int k = 0; k < n; k++) square += (m->of_pairs[k] - mean) * (m->of_pairs[k] - mean);
  e.sd = n > 1 ? sqrt(square / (n - 1)) / x->variance : NAN;
  return e;
}

/* ---- single parameters ----------------------------------------------------------------------- */

/* The mean of a tree over all axes but one, minus its mean: a leaf adds its value times its weight
 * on the other axes. */
static void marginal(const Leaves *tree, int axis, int n, double *out) {
  memset(out, 0, sizeof *out * (size_t)n);
  for (int i = 0; i < tree->n; i++) {
    const Leaf *leaf = &tree->leaves[i];
    const Extent *x = &leaf->on[axis];
    if (!(x->weight > 0)) continue;
    const Run *runs;
    const int n_runs = runs_of(x, &runs);
    const double add = leaf->value * (leaf->weight / x->weight);
    for (int r = 0; r < n_runs; r++)
      for (int k = runs[r].low; k < runs[r].high; k++) out[k] += add;
  }
  for (int k = 0; k < n; k++) out[k] -= tree->mean;
}

static double covariance(const ForestCells *c, const double *g, const double *h) {
  double sum = 0;
  for (int k = 0; k < c->n; k++) sum += forest_weight(c, k, k + 1) * g[k] * h[k];
  return sum;
}

static void curve_of(const Forest *f, int axis, const double *g, double mean, FanovaCurve *out) {
  const int n = f->cells[axis].n, n_trees = f->n_trees;
  for (int k = 0; k < n; k++) {
    double sum = 0, square = 0;
    for (int t = 0; t < n_trees; t++) sum += g[(int64_t)t * n + k] / n_trees;
    for (int t = 0; t < n_trees; t++) {
      const double off = g[(int64_t)t * n + k] - sum;
      square += off * off;
    }
    out->mean[k] = mean + sum;
    out->sd[k] = sqrt(square / (n_trees - 1));
  }
}

static void main_effect(Arena *a, Arena *scratch, const Anova *x, int axis, Moments *m,
                        Fanova *out) {
  const Forest *f = x->f;
  const ForestCells *c = &f->cells[axis];
  double *g = ARENA_ARRAY(scratch, double, (int64_t)f->n_trees * c->n),
         *mean = ARENA_ARRAY(scratch, double, c->n);
  *m = (Moments){.of_pairs = ARENA_ARRAY(scratch, double, f->n_trees / 2 + 1)};
  for (int t = 0; t < f->n_trees; t++) {
    double *own = g + (int64_t)t * c->n;
    marginal(&x->trees[t], axis, c->n, own);
    m->own += covariance(c, own, own);
    if (t % 2 == 1) m->of_pairs[t / 2] = covariance(c, own - c->n, own);
    for (int k = 0; k < c->n; k++) mean[k] += own[k] / f->n_trees;
  }
  m->of_mean = covariance(c, mean, mean);
  out->main[axis] = effect_of(x, m, axis, -1);
  out->curves[axis] =
      (FanovaCurve){.mean = ARENA_ARRAY(a, double, c->n), .sd = ARENA_ARRAY(a, double, c->n)};
  curve_of(f, axis, g, out->mean, &out->curves[axis]);
}

/* ---- pairs ----------------------------------------------------------------------------------- */

/* Functions of two axes: (rows of cells of a, cells of b), with one more of each for the ends of
 * boxes. */
typedef struct {
  const ForestCells *a, *b;
  int stride; /* b->n + 1 */
  size_t size;
  double *even, *odd, *mean, *column; /* column: (stride) scratch */
} Grid;

/* Differences: of a box, +add where it begins and -add where it is over, along both axes. */
static void add_box(const Grid *g, double *out, Run p, Run q, double add) {
  out[(int64_t)p.low * g->stride + q.low] += add;
  out[(int64_t)p.low * g->stride + q.high] -= add;
  out[(int64_t)p.high * g->stride + q.low] -= add;
  out[(int64_t)p.high * g->stride + q.high] += add;
}

static void scatter(const Grid *g, const Leaves *tree, int a, int b, double *out) {
  memset(out, 0, sizeof *out * g->size);
  for (int i = 0; i < tree->n; i++) {
    const Leaf *leaf = &tree->leaves[i];
    const Extent *x = &leaf->on[a], *y = &leaf->on[b];
    if (!(x->weight * y->weight > 0)) continue;
    const Run *p, *q;
    const int n_p = runs_of(x, &p), n_q = runs_of(y, &q);
    const double add = leaf->value * (leaf->weight / (x->weight * y->weight));
    for (int j = 0; j < n_p; j++)
      for (int k = 0; k < n_q; k++) add_box(g, out, p[j], q[k], add);
  }
}

/* From differences to values, the tree's mean taken off. */
static void sum_up(const Grid *g, double mean, double *out) {
  memset(g->column, 0, sizeof *g->column * (size_t)g->stride);
  for (int i = 0; i < g->a->n; i++) {
    double *row = out + (int64_t)i * g->stride, along = -mean;
    for (int k = 0; k < g->b->n; k++) {
      g->column[k] += row[k];
      along += g->column[k];
      row[k] = along;
    }
  }
}

static double grid_covariance(const Grid *g, const double *x, const double *y) {
  double sum = 0;
  for (int i = 0; i < g->a->n; i++) {
    const int64_t row = (int64_t)i * g->stride;
    double part = 0;
    for (int k = 0; k < g->b->n; k++)
      part += forest_weight(g->b, k, k + 1) * x[row + k] * y[row + k];
    sum += forest_weight(g->a, i, i + 1) * part;
  }
  return sum;
}

static Grid grid_of(Arena *a, const Forest *f, int i, int j) {
  Grid g = {.a = &f->cells[i], .b = &f->cells[j], .stride = f->cells[j].n + 1};
  g.size = (size_t)(g.a->n + 1) * (size_t)g.stride;
  g.even = ARENA_ARRAY(a, double, g.size);
  g.odd = ARENA_ARRAY(a, double, g.size);
  g.mean = ARENA_ARRAY(a, double, g.size);
  g.column = ARENA_ARRAY(a, double, g.stride);
  return g;
}

static FanovaEffect pair_effect(const Anova *x, const Moments *main, int a, int b) {
  const Forest *f = x->f;
  Arena scratch = {0};
  arena_init(&scratch);
  const Grid g = grid_of(&scratch, f, a, b);
  Moments m = {.of_pairs = ARENA_ARRAY(&scratch, double, f->n_trees / 2 + 1)};
  for (int t = 0; t < f->n_trees; t++) {
    double *own = t % 2 == 0 ? g.even : g.odd;
    scatter(&g, &x->trees[t], a, b, own);
    sum_up(&g, x->trees[t].mean, own);
    m.own += grid_covariance(&g, own, own);
    if (t % 2 == 1) m.of_pairs[t / 2] = grid_covariance(&g, g.even, g.odd);
    for (size_t k = 0; k < g.size; k++) g.mean[k] += own[k] / f->n_trees;
  }
  m.of_mean = grid_covariance(&g, g.mean, g.mean);
  take_off(x, &main[a], &m);
  take_off(x, &main[b], &m);
  const FanovaEffect e = effect_of(x, &m, a, b);
  arena_free(&scratch);
  return e;
}

/* ---- all ------------------------------------------------------------------------------------- */

static double product_of_members(const Forest *f, int s, int t, Place *at) {
  double sum = 0;
  for (int k = 0; k < 4; k++) {
    const Both b = {.f = f,
                    .s = k & 1 ? &f->corrections[s] : &f->trees[s],
                    .t = k & 2 ? &f->corrections[t] : &f->trees[t],
                    .at = at};
    sum += product(&b, 0, 0);
  }
  return sum;
}

/* Neighbours up to `lags` away; all pairs where trees are small. */
static double variance_of(Arena *scratch, const Forest *f, const Leaves *members) {
  const int most = (f->n_trees - 1) / 2, ratio = PRODUCT_NODES / f->trees[0].n,
            wanted = ratio * ratio;
  const int lags = wanted < 1 || most < 1 ? 1 : wanted < most ? wanted : most;
  Place *at = place_everywhere(scratch, f);
  double sum = 0;
  for (int lag = 1; lag <= lags; lag++)
    for (int t = 0; t < f->n_trees; t++) {
      const int next = (t + lag) % f->n_trees;
      sum += product_of_members(f, t, next, at) - members[t].mean * members[next].mean;
    }
  return sum / f->n_trees / lags;
}

Fanova *fanova(Arena *a, const Forest *f) {
  Arena scratch = {0};
  arena_init(&scratch);
  Fanova *out = ARENA_NEW(a, Fanova);
  Leaves *trees = ARENA_ARRAY(&scratch, Leaves, f->n_trees);
  double mean = 0;
  for (int t = 0; t < f->n_trees; t++) {
    trees[t] = leaves_of(&scratch, f, t);
    mean += trees[t].mean / f->n_trees;
  }
  const Anova x = {.f = f, .trees = trees, .variance = variance_of(&scratch, f, trees)};
  out->mean = f->offset + mean;
  out->variance = x.variance;
  out->main = ARENA_ARRAY(a, FanovaEffect, f->n_axes);
  out->curves = ARENA_ARRAY(a, FanovaCurve, f->n_axes);
  out->pairs = ARENA_ARRAY(a, FanovaEffect, f->n_axes * (f->n_axes - 1) / 2);
  Moments *main = ARENA_ARRAY(&scratch, Moments, f->n_axes);
  for (int i = 0; i < f->n_axes; i++) main_effect(a, &scratch, &x, i, &main[i], out);
  for (int i = 0; i < f->n_axes; i++)
    for (int j = i + 1; j < f->n_axes; j++)
      out->pairs[out->n_pairs++] = pair_effect(&x, main, i, j);
  arena_free(&scratch);
  return out;
}

static int by_share(const void *x, const void *y) {
  const FanovaEffect *a = x, *b = y;
  if (a->share != b->share && (a->share > b->share || a->share < b->share))
    return a->share > b->share ? -1 : 1;
  return a->a != b->a ? a->a - b->a : a->b - b->b;
}

void fanova_sort(FanovaEffect *effects, int n) {
  qsort(effects, (size_t)n, sizeof *effects, by_share);
}

/* ---- a region -------------------------------------------------------------------------------- */

static double weight_inside(const ForestCells *c, const Run *runs, int n, const unsigned char *in) {
  double sum = 0;
  for (int r = 0; r < n; r++)
    for (int k = runs[r].low; k < runs[r].high; k++)
      if (in[k]) sum += forest_weight(c, k, k + 1);
  return sum;
}

static double region_of_tree(const Forest *f, const Leaves *tree, const unsigned char *const *in) {
  double sum = 0;
  for (int i = 0; i < tree->n; i++) {
    const Leaf *leaf = &tree->leaves[i];
    double weight = 1;
    for (int k = 0; k < f->n_axes && weight > 0; k++) {
      const Run *runs;
      const int n = runs_of(&leaf->on[k], &runs);
      weight *= weight_inside(&f->cells[k], runs, n, in[k]);
    }
    sum += weight * leaf->value;
  }
  return sum;
}

double fanova_region_mean(const Forest *f, const unsigned char *const *in) {
  double sum = 0, weight = 1;
  for (int i = 0; i < f->n_axes; i++) {
    const Run all = {0, f->cells[i].n};
    weight *= weight_inside(&f->cells[i], &all, 1, in[i]);
  }
  for (int t = 0; t < f->n_trees; t++) {
    Arena scratch = {0};
    arena_init(&scratch);
    const Leaves tree = leaves_of(&scratch, f, t);
    sum += region_of_tree(f, &tree, in) / f->n_trees;
    arena_free(&scratch);
  }
  return weight > 0 ? f->offset + sum / weight : NAN;
}
