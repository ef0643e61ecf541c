/* Passes over flat vectors; see vector.h. */
#include "vector.h"

#include <math.h>
#include "base/sum.h"
#include "level.h"
#include "real.h"

enum { LANES = 16, BLOCK = 4096, STRIP = 1024 };

/* Both sums: `term` of x[i] as a double. */
#define BLOCKED_SUM(name, term)                                                                    \
  static double name##_block(size_t n, const Real *x) {                                            \
    double lane[LANES] = {0};                                                                      \
    size_t i = 0;                                                                                  \
    for (; i + LANES <= n; i += LANES) {                                                           \
      for (size_t k = 0; k < LANES; ++k) lane[k] += term((double)x[i + k]);                        \
    }                                                                                              \
    for (size_t k = 0; i + k < n; ++k) lane[k] += term((double)x[i + k]);                          \
    sum_tree_f64(lane, LANES, 1);                                                                  \
    return lane[0];                                                                                \
  }                                                                                                \
  static double name(size_t n, const Real *x) {                                                    \
    SumTree s;                                                                                     \
    sum_init(&s);                                                                                  \
    for (size_t i = 0; i < n; i += BLOCK) {                                                        \
      sum_add(&s, name##_block(n - i < BLOCK ? n - i : BLOCK, x + i));                             \
    }                                                                                              \
    return sum_total(&s);                                                                          \
  }

#define SQUARE(x) ((x) * (x))
BLOCKED_SUM(square_sum, SQUARE)
BLOCKED_SUM(abs_sum, fabs)

static void add(size_t n, const Real *restrict x, Real *restrict sum) {
  for (size_t i = 0; i < n; ++i) sum[i] += x[i];
}

static void add_penalty(size_t n, double l1, double l2, const Real *restrict w, Real *restrict g) {
  const Real slope = REAL(l2), step = REAL(l1);
  for (size_t i = 0; i < n; ++i) {
    const Real sign = w[i] > 0 ? step : w[i] < 0 ? -step : w[i];
    g[i] += slope * w[i] + sign;
  }
}

static void scale(size_t n, double by, Real *x) {
  const Real factor = REAL(by);
  for (size_t i = 0; i < n; ++i) x[i] *= factor;
}

static void clip(size_t n, double limit, Real *x) {
  const Real most = REAL(limit);
  for (size_t i = 0; i < n; ++i) x[i] = x[i] > most ? most : x[i] < -most ? -most : x[i];
}

/* A strip of at most STRIP columns. */
static void limit_strip(int rows, int cols, size_t stride, double max_norm, Real *w) {
  double sum[STRIP] = {0};
  Real factor[STRIP];
  bool any = false;
  for (int i = 0; i < rows; ++i) {
    const Real *x = w + (size_t)i * stride;
    for (int j = 0; j < cols; ++j) sum[j] += SQUARE((double)x[j]);
  }
  for (int j = 0; j < cols; ++j) {
    const double norm = sqrt(sum[j]);
    any = any || norm > max_norm;
    factor[j] = norm > max_norm ? REAL(max_norm / norm) : 1;
  }
  for (int i = 0; i < rows && any; ++i) {
    Real *x = w + (size_t)i * stride;
    for (int j = 0; j < cols; ++j) x[j] *= factor[j];
  }
}

static void limit_columns(int rows, int cols, double max_norm, Real *w) {
  for (int j = 0; j < cols; j += STRIP) {
    limit_strip(rows, cols - j < STRIP ? cols - j : STRIP, (size_t)cols, max_norm, w + j);
  }
}

extern const NnVectorKernel NN_EXPORT(nn_vector_kernel);
const NnVectorKernel NN_EXPORT(nn_vector_kernel) = {
    .square_sum = square_sum,
    .abs_sum = abs_sum,
    .add = add,
    .add_penalty = add_penalty,
    .scale = scale,
    .clip = clip,
    .limit_columns = limit_columns,
};
