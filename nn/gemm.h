/*
 * Matrix products: the three of a dense layer, behind one small interface. Engines are rows of a
 * table (nn_gemms); `openblas` is CBLAS, and an engine with a fixed order of summation fits the
 * same holes.
 *
 * All row-major and contiguous. W is (in, out). A row of Y and gX depends on that row alone; how
 * its bits may depend on the number of rows in a call is the engine's business, so callers pass all
 * shards of a rank at once, as offsets: shard s is rows start[s] .. start[s + 1], and start[0] = 0.
 */
#ifndef CAVIAR_GEMM_H
#define CAVIAR_GEMM_H

#include "nn.h"

typedef struct {
  const char *name, *doc;
  void (*start)(void); /* called when the engine is looked up: one thread, and the like */
  /* y (m, out) = x (m, in) w (in, out);  m = start[n_shards] */
  void (*forward)(const int *start, int n_shards, int in, int out, const Real *x, const Real *w,
                  Real *y);
  /* gx (m, in) = gy (m, out) w^T */
  void (*backward_x)(const int *start, int n_shards, int in, int out, const Real *gy, const Real *w,
                     Real *gx);
  /* gw (in, out) = tree sum over shards of x_s^T gy_s (base/sum.h's tree); overwritten.
   * scratch: scratch_size(n_shards, in, out) Real. */
  void (*backward_w)(const int *start, int n_shards, int in, int out, const Real *x, const Real *gy,
                     Real *gw, Real *scratch);
  size_t (*scratch_size)(int n_shards, int in, int out);
} NnGemm;

const NnGemm *nn_gemm_find(const char *name); /* NULL: no such engine */

#endif
