#include "forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- cells ----------------------------------------------------------------------------------- */

static int ascending(const void *x, const void *y) {
  const double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

/* The different values >= 0 of column `axis`, ascending; returns how many, and the rest are absent
 * ones. */
static int different(const double *x, int n_rows, int n_axes, int axis, double *out,
                     int *n_absent) {
  int n = 0, m = 0;
  for (int i = 0; i < n_rows; i++)
    if (x[(int64_t)i * n_axes + axis] >= 0) out[n++] = x[(int64_t)i * n_axes + axis];
  *n_absent = n_rows - n;
  qsort(out, (size_t)n, sizeof *out, ascending);
  for (int i = 0; i < n; i++)
    if (i == 0 || out[i] != out[i - 1]) out[m++] = out[i];
  return m;
}

/* Edges are in the middle between neighbouring values; where there are too many values, a cell has
 * several, as even as can be. */
static void cut(ForestCells *c, const double *values, int m, int n_real) {
  const int first = c->absent ? 1 : 0;
  for (int k = 1; k < n_real; k++) {
    const int at = (int)((int64_t)k * m / n_real);
    c->edge[first + k] = 0.5 * (values[at - 1] + values[at]);
  }
  c->edge[c->n] = 1;
}

static void make_cells(Arena *a, const ForestAxis *axis, const double *x, int n_rows, int n_axes,
                       int i, double *scratch, ForestCells *c) {
  int n_absent;
  const int m = different(x, n_rows, n_axes, i, scratch, &n_absent);
  const int most = m < FOREST_MAX_CELLS ? m : FOREST_MAX_CELLS;
  const int n_real = axis->unordered ? axis->n_values : m > 0 ? most : 1;
  *c = (ForestCells){.unordered = axis->unordered, .absent = n_absent > 0};
  c->n = n_real + c->absent;
  c->before = ARENA_ARRAY(a, double, c->n + 1);
  c->edge = ARENA_ARRAY(a, double, c->n + 1);
  if (!axis->unordered) cut(c, scratch, m, n_real);
  const double absent = (double)n_absent / n_rows;
  for (int k = 1; k <= c->n; k++) {
    const int real = k - c->absent; /* real cells up to edge k */
    const double part = axis->unordered ? (double)real / n_real : c->edge[k];
    c->before[k] = k == c->n ? 1 : absent + (1 - absent) * part;
  }
}

int forest_cell(const ForestCells *c, double x) {
  if (x < 0) return 0;
  if (c->unordered) return (int)x + c->absent;
  int low = c->absent, high = c->n - 1; /* the last cell whose lower edge is not above x */
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (x >= c->edge[middle])
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

/* ---- growing a tree -------------------------------------------------------------------------- */

typedef struct {
  Arena *arena;
  const Forest *f;
  const int *cell; /* (rows, axes) */
  const double *y; /* (rows) */
  ForestTree *tree;
  Rng rng;
  int *axes;           /* (n_axes) scratch: their order at a node */
  double *sum, *mean;  /* (most cells) scratch, of the rows of a node in each cell */
  int *count, *order;  /* likewise */
  int *rows;           /* (rows) scratch: those of a tree */
  unsigned char *seen; /* (rows) scratch: 1: among them */
  unsigned char *set;  /* (most cells) scratch, of a Split */
} Grower;

typedef struct {
  double gain;
  int axis, split;
  unsigned char *set; /* scratch of the caller: (most cells) */
} Split;

static int cell_of(const Grower *g, int row, int axis) {
  return g->cell[(int64_t)row * g->f->n_axes + axis];
}

/* The node's rows by cell; the cells that have some, ascending, to g->order. Returns how many. */
static int histogram(Grower *g, const int *rows, int n, int axis) {
  int low = cell_of(g, rows[0], axis), high = low, m = 0;
  for (int i = 1; i < n; i++) {
    const int k = cell_of(g, rows[i], axis);
    if (k < low) low = k;
    if (k > high) high = k;
  }
  for (int k = low; k <= high; k++) g->count[k] = 0, g->sum[k] = 0;
  for (int i = 0; i < n; i++) {
    const int k = cell_of(g, rows[i], axis);
    g->count[k]++;
    g->sum[k] += g->y[rows[i]];
  }
  for (int k = low; k <= high; k++)
    if (g->count[k] > 0) g->order[m++] = k;
  return m;
}

/* Categories by their mean, those of the same by number. */
static void order_by_mean(Grower *g, int m) {
  for (int i = 0; i < m; i++) g->mean[g->order[i]] = g->sum[g->order[i]] / g->count[g->order[i]];
  for (int i = 1; i < m; i++) {
    const int k = g->order[i];
    int at = i;
    for (; at > 0 && g->mean[g->order[at - 1]] > g->mean[k]; at--) g->order[at] = g->order[at - 1];
    g->order[at] = k;
  }
}

/* The edge between cells low < high of rows that is nearest to the middle of the two; the absent
 * cell is parted from all others. */
static int edge_between(const ForestCells *c, int low, int high) {
  if (c->absent && low == 0) return 1;
  const double middle =
      0.25 * (c->edge[low] + c->edge[low + 1] + c->edge[high] + c->edge[high + 1]);
  int k = low + 1;
  while (k < high && fabs(c->edge[k + 1] - middle) < fabs(c->edge[k] - middle)) k++;
  return k;
}

static void keep_split(Grower *g, int axis, int m, int at, Split *best) {
  const ForestCells *c = &g->f->cells[axis];
  best->axis = axis;
  if (!c->unordered) {
    best->split = edge_between(c, g->order[at - 1], g->order[at]);
    return;
  }
  memset(best->set, 2, (size_t)c->n); /* 2: no row of this node */
  for (int i = 0; i < m; i++) best->set[g->order[i]] = i < at;
}

/* The split of a node into L and R that leaves the least squared error has the largest
 * (sum_L y)^2 / n_L + (sum_R y)^2 / n_R. */
static bool try_axis(Grower *g, const int *rows, int n, int axis, double total, Split *best) {
  const int m = histogram(g, rows, n, axis);
  if (m < 2) return false;
  if (g->f->cells[axis].unordered) order_by_mean(g, m);
  double left = 0;
  int n_left = 0, found = 0;
  for (int i = 1; i < m; i++) {
    left += g->sum[g->order[i - 1]];
    n_left += g->count[g->order[i - 1]];
    const double right = total - left;
    const double gain = left * left / n_left + right * right / (n - n_left);
    if (gain <= best->gain) continue;
    best->gain = gain;
    found = i;
  }
  if (found) keep_split(g, axis, m, found, best);
  return true;
}

/* Three quarters of the axes, those on which all rows are in one cell aside. */
static bool best_split(Grower *g, const int *rows, int n, double total, Split *best) {
  const int n_axes = g->f->n_axes;
  const int wanted = (3 * n_axes + 2) / 4;
  int tried = 0;
  for (int i = 0; i < n_axes; i++) g->axes[i] = i;
  best->gain = -1;
  for (int i = 0; i < n_axes && tried < wanted; i++) {
    const int at = i + (int)rng_below(&g->rng, (uint64_t)(n_axes - i)), axis = g->axes[at];
    g->axes[at] = g->axes[i];
    g->axes[i] = axis;
    tried += try_axis(g, rows, n, axis, total, best);
  }
  return tried > 0;
}

/* Categories that no row of the node has go to either side by chance. */
static const unsigned char *settle(Grower *g, const Split *s) {
  const ForestCells *c = &g->f->cells[s->axis];
  if (!c->unordered) return NULL;
  unsigned char *set = arena_alloc(g->arena, (size_t)c->n, 1);
  for (int k = 0; k < c->n; k++)
    set[k] = s->set[k] == 2 ? (unsigned char)rng_below(&g->rng, 2) : s->set[k];
  return set;
}

static bool goes_left(const ForestNode *node, int cell) {
  return node->set ? node->set[cell] : cell < node->split;
}

static int part(const Grower *g, const ForestNode *node, int *rows, int n) {
  int left = 0, right = n;
  while (left < right) {
    if (goes_left(node, cell_of(g, rows[left], node->axis))) {
      left++;
      continue;
    }
    const int row = rows[--right];
    rows[right] = rows[left];
    rows[left] = row;
  }
  return left;
}

/* Grows the node of these rows and what is below it; returns its number. */
static int grow(Grower *g, int *rows, int n) {
  const int id = g->tree->n++;
  ForestNode *node = &g->tree->nodes[id];
  double total = 0;
  bool same = true;
  for (int i = 0; i < n; i++) {
    total += g->y[rows[i]];
    same = same && g->y[rows[i]] == g->y[rows[0]];
  }
  *node = (ForestNode){.axis = -1, .value = total / n};
  Split best = {.set = g->set};
  if (same || !best_split(g, rows, n, total, &best)) return id;
  node->axis = best.axis;
  node->split = best.split;
  node->set = settle(g, &best);
  const int n_left = part(g, node, rows, n);
  node->left = grow(g, rows, n_left);
  node->right = grow(g, rows + n_left, n - n_left);
  return id;
}

/* ---- the forest ------------------------------------------------------------------------------ */

static double tree_at(const ForestTree *t, const int *cell) {
  int i = 0;
  while (t->nodes[i].axis >= 0) {
    const ForestNode *node = &t->nodes[i];
    i = goes_left(node, cell[node->axis]) ? node->left : node->right;
  }
  return t->nodes[i].value;
}

/* Out of bag: of each row the sum of what the trees say that did not see it, and how many. */
typedef struct {
  double *sum;
  int *n;
} Bag;

/* Tree t is grown on the same rows at both times. */
static void grow_trees(Grower *g, ForestTree *trees, int time, uint64_t seed, Bag *out) {
  const Forest *f = g->f;
  const int n = f->n_rows < FOREST_MAX_ROWS ? f->n_rows : FOREST_MAX_ROWS;
  for (int t = 0; t < f->n_trees; t++) {
    g->tree = &trees[t];
    g->tree->nodes = ARENA_ARRAY(g->arena, ForestNode, 2 * n - 1);
    Rng draw = rng_stream(seed, RNG_FOREST, (uint64_t)t, 0);
    g->rng = rng_stream(seed, RNG_FOREST, (uint64_t)t, (uint32_t)time);
    memset(g->seen, 0, (size_t)f->n_rows);
    for (int i = 0; i < n; i++) {
      g->rows[i] = (int)rng_below(&draw, (uint64_t)f->n_rows);
      g->seen[g->rows[i]] = 1;
    }
    (void)grow(g, g->rows, n);
    for (int i = 0; i < f->n_rows; i++) {
      if (g->seen[i]) continue;
      out->sum[i] += tree_at(g->tree, g->cell + (int64_t)i * f->n_axes);
      out->n[i]++;
    }
  }
}

/* What the trees that did not see a row leave of it: y less their mean; of a row that all saw, y. */
static void residuals(const Bag *b, const double *y, int n, double *out) {
  for (int i = 0; i < n; i++) out[i] = y[i] - (b->n[i] ? b->sum[i] / b->n[i] : 0);
}

static double r2_of(const Bag *b, const double *y, int n) {
  double error = 0, variance = 0;
  for (int i = 0; i < n; i++) {
    if (b->n[i] == 0) continue;
    const double off = b->sum[i] / b->n[i] - y[i];
    error += off * off;
    variance += y[i] * y[i];
  }
  return variance > 0 ? 1 - error / variance : NAN;
}

static const int *cells_of_rows(Arena *a, const Forest *f, const double *x) {
  int *cell = ARENA_ARRAY(a, int, (int64_t)f->n_rows * f->n_axes);
  for (int i = 0; i < f->n_rows; i++)
    for (int k = 0; k < f->n_axes; k++) {
      const int64_t at = (int64_t)i * f->n_axes + k;
      cell[at] = forest_cell(&f->cells[k], x[at]);
    }
  return cell;
}

static void grow_all(Arena *a, Arena *scratch, Forest *f, const double *x, const double *y,
                     uint64_t seed) {
  const int n = f->n_rows;
  int most = 1;
  for (int i = 0; i < f->n_axes; i++)
    if (f->cells[i].n > most) most = f->cells[i].n;
  double *centred = ARENA_ARRAY(scratch, double, n), *left = ARENA_ARRAY(scratch, double, n);
  for (int i = 0; i < n; i++) f->offset += y[i] / n;
  for (int i = 0; i < n; i++) centred[i] = y[i] - f->offset;
  Grower g = {.arena = a,
              .f = f,
              .cell = cells_of_rows(scratch, f, x),
              .y = centred,
              .axes = ARENA_ARRAY(scratch, int, f->n_axes),
              .sum = ARENA_ARRAY(scratch, double, most),
              .mean = ARENA_ARRAY(scratch, double, most),
              .count = ARENA_ARRAY(scratch, int, most),
              .order = ARENA_ARRAY(scratch, int, most),
              .rows = ARENA_ARRAY(scratch, int, n),
              .seen = arena_alloc(scratch, (size_t)n, 1),
              .set = arena_alloc(scratch, (size_t)most, 1)};
  Bag bag = {.sum = ARENA_ARRAY(scratch, double, n), .n = ARENA_ARRAY(scratch, int, n)};
  Bag rest = {.sum = ARENA_ARRAY(scratch, double, n), .n = ARENA_ARRAY(scratch, int, n)};
  grow_trees(&g, f->trees, 1, seed, &bag);
  residuals(&bag, centred, n, left);
  g.y = left;
  grow_trees(&g, f->corrections, 2, seed, &rest);
  for (int i = 0; i < n; i++) bag.sum[i] += rest.sum[i];
  f->r2 = r2_of(&bag, centred, n);
}

Forest *forest_grow(Arena *a, const ForestAxis *axes, int n_axes, const double *x, const double *y,
                    int n_rows, int n_trees, uint64_t seed) {
  Forest *f = ARENA_NEW(a, Forest);
  *f = (Forest){.n_axes = n_axes, .n_trees = n_trees, .n_rows = n_rows};
  f->cells = ARENA_ARRAY(a, ForestCells, n_axes);
  f->trees = ARENA_ARRAY(a, ForestTree, n_trees);
  f->corrections = ARENA_ARRAY(a, ForestTree, n_trees);
  Arena scratch = {0};
  arena_init(&scratch);
  double *values = ARENA_ARRAY(&scratch, double, n_rows);
  for (int i = 0; i < n_axes; i++)
    make_cells(a, &axes[i], x, n_rows, n_axes, i, values, &f->cells[i]);
  grow_all(a, &scratch, f, x, y, seed);
  arena_free(&scratch);
  return f;
}

double forest_predict(const Forest *f, const double *x) {
  Arena scratch = {0};
  arena_init(&scratch);
  int *cell = ARENA_ARRAY(&scratch, int, f->n_axes);
  for (int k = 0; k < f->n_axes; k++) cell[k] = forest_cell(&f->cells[k], x[k]);
  double sum = 0;
  for (int t = 0; t < f->n_trees; t++)
    sum += tree_at(&f->trees[t], cell) + tree_at(&f->corrections[t], cell);
  arena_free(&scratch);
  return f->offset + sum / f->n_trees;
}
