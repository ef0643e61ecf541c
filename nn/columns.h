/*
 * Sums down the columns of a (rows, d) matrix: static inline, so that every level compiles its own.
 *
 * Order of summation, the same at every level: rows eight at a time, their sum as a balanced tree
 * (r0+r1 + r2+r3) + (r4+r5 + r6+r7), added to the total in ascending order; left-over rows one by
 * one. Accumulators are Real. Columns are independent, so vector width does not matter.
 */
#ifndef CAVIAR_COLUMNS_H
#define CAVIAR_COLUMNS_H

#include <string.h>
#include "base/sum.h"
#include "kinds.h"

#define COLUMNS_EIGHT(term)                                                                        \
  (((term(0) + term(1)) + (term(2) + term(3))) + ((term(4) + term(5)) + (term(6) + term(7))))

/* sum (d) = sum over rows of x (rows, d); overwritten. */
static inline void columns_sum(int rows, int d, const Real *restrict x, Real *restrict sum) {
  const size_t n = (size_t)d;
  memset(sum, 0, n * sizeof *sum);
  int i = 0;
  for (; i + 8 <= rows; i += 8, x += 8 * n) {
#define TERM(r) x[(r)*n + j]
    for (size_t j = 0; j < n; ++j) sum[j] += COLUMNS_EIGHT(TERM);
#undef TERM
  }
  for (; i < rows; ++i, x += n) {
    for (size_t j = 0; j < n; ++j) sum[j] += x[j];
  }
}

/* sum (d) = sum over rows of (x - mean)^2. */
static inline void columns_square_sum(int rows, int d, const Real *restrict x,
                                      const Real *restrict mean, Real *restrict sum) {
  const size_t n = (size_t)d;
  memset(sum, 0, n * sizeof *sum);
  int i = 0;
  for (; i + 8 <= rows; i += 8, x += 8 * n) {
#define TERM(r) (x[(r)*n + j] - mean[j]) * (x[(r)*n + j] - mean[j])
    for (size_t j = 0; j < n; ++j) sum[j] += COLUMNS_EIGHT(TERM);
#undef TERM
  }
  for (; i < rows; ++i, x += n) {
    for (size_t j = 0; j < n; ++j) sum[j] += (x[j] - mean[j]) * (x[j] - mean[j]);
  }
}

/* sum_g (d) = sum of g, sum_gx (d) = sum of g (x - mean), in one sweep. */
static inline void columns_sum_and_dot(int rows, int d, const Real *restrict g,
                                       const Real *restrict x, const Real *restrict mean,
                                       Real *restrict sum_g, Real *restrict sum_gx) {
  const size_t n = (size_t)d;
  memset(sum_g, 0, n * sizeof *sum_g);
  memset(sum_gx, 0, n * sizeof *sum_gx);
  int i = 0;
  for (; i + 8 <= rows; i += 8, g += 8 * n, x += 8 * n) {
#define TERM(r)  g[(r)*n + j]
#define CROSS(r) g[(r)*n + j] * (x[(r)*n + j] - mean[j])
    for (size_t j = 0; j < n; ++j) {
      sum_g[j] += COLUMNS_EIGHT(TERM);
      sum_gx[j] += COLUMNS_EIGHT(CROSS);
    }
#undef TERM
#undef CROSS
  }
  for (; i < rows; ++i, g += n, x += n) {
    for (size_t j = 0; j < n; ++j) {
      sum_g[j] += g[j];
      sum_gx[j] += g[j] * (x[j] - mean[j]);
    }
  }
}

/* parts (n_parts, n): the tree sum over the first axis into out, which may be parts. */
static inline void columns_tree(Real *parts, int n_parts, size_t n, Real *out) {
#ifdef NN_F64
  sum_tree_f64(parts, (size_t)n_parts, n);
#else
  sum_tree_f32(parts, (size_t)n_parts, n);
#endif
  if (out != parts) memcpy(out, parts, n * sizeof *out);
}

/* The rows of shard k of this rank. */
static inline int shard_rows(const NnStep *s, int k) {
  /* k < n_local. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
  return s->start[k + 1] - s->start[k];
}

/* out (d) = tree sum over this rank's shards of the column sums of x (rows, d). Scratch: n_local d.
 */
static inline void columns_sum_shards(const NnStep *s, int d, const Real *x, Real *out) {
  const int shards = s->team->n_local;
  if (shards == 1) {
    columns_sum(s->rows, d, x, out);
    return;
  }
  const size_t n = (size_t)d;
  for (int k = 0; k < shards; ++k) {
    columns_sum(shard_rows(s, k), d, x + (size_t)s->start[k] * n, s->scratch + (size_t)k * n);
  }
  columns_tree(s->scratch, shards, n, out);
}

#endif
