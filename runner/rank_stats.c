#include "rank_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 1 };

/* ---- ranks ----------------------------------------------------------------------------------- */

typedef struct {
  double v;
  int at;
} Item;

static int by_value(const void *x, const void *y) {
  const Item *a = x, *b = y;
  if (a->v < b->v || a->v > b->v) return a->v < b->v ? -1 : 1;
  return a->at - b->at;
}

void rank_of(Arena *scratch, const double *v, int stride, int n, double *out) {
  Item *items = ARENA_ARRAY(scratch, Item, n);
  for (int i = 0; i < n; i++) items[i] = (Item){v[(int64_t)i * stride], i};
  qsort(items, (size_t)n, sizeof *items, by_value);
  for (int i = 0, end; i < n; i = end) {
    for (end = i; end < n && items[end].v == items[i].v;) end++;
    for (int k = i; k < end; k++) out[items[k].at] = 0.5 * (i + 1 + end);
  }
}

/* ---- statistics ------------------------------------------------------------------------------ */

double rank_spearman(Arena *scratch, const RankPair *p, int n) {
  double *x = ARENA_ARRAY(scratch, double, n), *y = ARENA_ARRAY(scratch, double, n);
  rank_of(scratch, &p->x, 2, n, x);
  rank_of(scratch, &p->y, 2, n, y);
  const double mean = 0.5 * (n + 1);
  double xx = 0, yy = 0, xy = 0;
  for (int i = 0; i < n; i++) {
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
    xy += (x[i] - mean) * (y[i] - mean);
  }
  return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : NAN;
}

static int by_x_then_y(const void *x, const void *y) {
  const RankPair *a = x, *b = y;
  if (a->x != b->x) return a->x < b->x ? -1 : 1;
  return (a->y > b->y) - (a->y < b->y);
}

/* Sorts y by merging; returns how many neighbours had to change places. */
static double merge_swaps(double *y, double *scratch, int n) {
  if (n < 2) return 0;
  const int half = n / 2;
  double swaps = merge_swaps(y, scratch, half) + merge_swaps(y + half, scratch, n - half);
  for (int i = 0, j = half, k = 0; k < n; k++) {
    if (j >= n || (i < half && y[i] <= y[j])) {
      scratch[k] = y[i++];
    } else {
      swaps += half - i;
      scratch[k] = y[j++];
    }
  }
  memcpy(y, scratch, sizeof *y * (size_t)n);
  return swaps;
}

static double pairs_of(double n) {
  return 0.5 * n * (n - 1);
}

double rank_kendall(Arena *scratch, const RankPair *p, int n) {
  RankPair *s = ARENA_ARRAY(scratch, RankPair, n);
  double *y = ARENA_ARRAY(scratch, double, n), *other = ARENA_ARRAY(scratch, double, n);
  memcpy(s, p, sizeof *s * (size_t)n);
  qsort(s, (size_t)n, sizeof *s, by_x_then_y);
  double same_x = 0, same_y = 0, same = 0; /* pairs */
  for (int i = 0, end; i < n; i = end) {
    for (end = i; end < n && s[end].x == s[i].x;) end++;
    same_x += pairs_of(end - i);
    for (int k = i, last; k < end; k = last) {
      for (last = k; last < end && s[last].y == s[k].y;) last++;
      same += pairs_of(last - k);
    }
  }
  for (int i = 0; i < n; i++) y[i] = s[i].y;
  const double swaps = merge_swaps(y, other, n);
  for (int i = 0, end; i < n; i = end) {
    for (end = i; end < n && y[end] == y[i];) end++;
    same_y += pairs_of(end - i);
  }
  const double all = pairs_of(n), scale = (all - same_x) * (all - same_y);
  return scale > 0 ? (all - same_x - same_y + same - 2 * swaps) / sqrt(scale) : NAN;
}

double rank_better(Arena *scratch, const RankPair *p, int n) {
  (void)scratch;
  double sum = 0;
  for (int i = 0; i < n; i++) sum += p[i].x > p[i].y ? 1 : p[i].x == p[i].y ? 0.5 : 0;
  return n > 0 ? sum / n : NAN;
}

/* ---- intervals ------------------------------------------------------------------------------- */

static int ascending(const void *x, const void *y) {
  const double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

RankInterval rank_interval(RankStatistic *f, const RankPair *p, int n) {
  Arena a = {0}, scratch = {0};
  arena_init(&a);
  arena_init(&scratch);
  RankInterval out = {f(&a, p, n), NAN, NAN};
  RankPair *drawn = ARENA_ARRAY(&a, RankPair, n);
  double values[RANK_RESAMPLES];
  int m = 0;
  for (int r = 0; r < RANK_RESAMPLES; r++) {
    Rng rng = rng_stream(SEED, RNG_BOOTSTRAP, (uint64_t)r, 0);
    for (int i = 0; i < n; i++) drawn[i] = p[rng_below(&rng, (uint64_t)n)];
    const double v = f(&scratch, drawn, n);
    arena_free(&scratch);
    if (!isnan(v)) values[m++] = v;
  }
  qsort(values, (size_t)m, sizeof *values, ascending);
  if (m > 0) {
    out.low = values[(int)(0.025 * (m - 1))];
    out.high = values[(int)(0.975 * (m - 1) + 0.5)];
  }
  arena_free(&a);
  return out;
}
