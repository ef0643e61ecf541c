/*
 * Passes over flat vectors of weights and gradients, for what a step does besides the optimizer's
 * own rule. Compiled once a level (nn/kernel_vector.c), the same bits from each. Numbers that are
 * not finite stay so: the next loss tells.
 */
#ifndef CAVIAR_VECTOR_H
#define CAVIAR_VECTOR_H

#include "nn.h"

typedef struct {
  /* Sums of x^2, of |x|, in f64. Order: of a block of 4096 terms, lane k of 16 takes terms k, k +
   * 16, .. in ascending order, then the lanes their tree; the blocks go to a SumTree. */
  double (*square_sum)(size_t n, const Real *x);
  double (*abs_sum)(size_t n, const Real *x);
  /* sum += x */
  void (*add)(size_t n, const Real *x, Real *sum);
  /* g += l2 w + l1 sign(w), sign(0) = 0 */
  void (*add_penalty)(size_t n, double l1, double l2, const Real *w, Real *g);
  /* x *= by */
  void (*scale)(size_t n, double by, Real *x);
  /* x = min(max(x, -limit), limit) */
  void (*clip)(size_t n, double limit, Real *x);
  /* Columns of w (rows, cols) whose norm is above max_norm are scaled to it. Norms in f64, rows
   * ascending. */
  void (*limit_columns)(int rows, int cols, double max_norm, Real *w);
} NnVectorKernel;

const NnVectorKernel *nn_vector_kernel(CpuLevel level);

#endif
