/* Several objectives. */
#include "pareto.h"

#include <math.h>

#include "base/rng.h"

static const double augmentation = 0.05;

static bool is_finite(const double *x, int m) {
  for (int j = 0; j < m; j++)
    if (!isfinite(x[j])) return false;
  return true;
}

static bool dominates(const double *x, const double *y, int m) {
  bool less = false;
  for (int j = 0; j < m; j++) {
    if (!(x[j] <= y[j])) return false;
    less = less || x[j] < y[j];
  }
  return less;
}

void pareto_front(const double *losses, int64_t n, int m, bool *front) {
  for (int64_t i = 0; i < n; i++) {
    front[i] = is_finite(losses + i * m, m);
    for (int64_t k = 0; k < n && front[i]; k++)
      if (is_finite(losses + k * m, m) && dominates(losses + k * m, losses + i * m, m))
        front[i] = false;
  }
}

/* The gaps between m - 1 sorted draws are even on the simplex. */
void pareto_weights(uint64_t seed, int64_t trial, int m, double *w) {
  Rng r = rng_stream(seed, RNG_WEIGHTS, (uint64_t)trial, 0);
  for (int j = 0; j < m - 1; j++) {
    const double x = rng_f64(&r);
    int at = j;
    for (; at > 0 && w[at - 1] > x; at--) w[at] = w[at - 1];
    w[at] = x;
  }
  w[m - 1] = 1;
  for (int j = m - 1; j > 0; j--) w[j] -= w[j - 1];
}

void pareto_scalars(const double *losses, int64_t n, int m, const double *w, double *out) {
  double low[OBJECTIVES_MOST], high[OBJECTIVES_MOST];
  for (int j = 0; j < m; j++) {
    low[j] = INFINITY;
    high[j] = -INFINITY;
  }
  for (int64_t i = 0; i < n; i++) {
    const double *x = losses + i * m;
    if (!is_finite(x, m)) continue;
    for (int j = 0; j < m; j++) {
      if (x[j] < low[j]) low[j] = x[j];
      if (x[j] > high[j]) high[j] = x[j];
    }
  }
  for (int64_t i = 0; i < n; i++) {
    const double *x = losses + i * m;
    double most = 0, sum = 0;
    for (int j = 0; j < m; j++) {
      const double y = high[j] > low[j] ? w[j] * ((x[j] - low[j]) / (high[j] - low[j])) : 0;
      if (y > most) most = y;
      sum += y;
    }
    out[i] = is_finite(x, m) ? most + augmentation * sum : NAN;
  }
}
