/*
 * Matrix products: the three of a dense layer, behind one small interface. Two engines fit it:
 * `fixed`, own kernels with one order of summation on every processor, and `openblas`, CBLAS.
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
  void (*start)(void); /* called when the engine is looked up: one thread, and the like; or NULL */
  /* y (m, out) = x (m, in) w (in, out);  m = start[n_shards] */
  void (*forward)(const int *start, int n_shards, int in, int out, const Real *x, const Real *w,
                  Real *y, Real *scratch);
  /* gx (m, in) = gy (m, out) w^T */
  void (*backward_x)(const int *start, int n_shards, int in, int out, const Real *gy, const Real *w,
                     Real *gx, Real *scratch);
  /* gw (in, out) = tree sum over shards of x_s^T gy_s (base/sum.h's tree); overwritten. */
  void (*backward_w)(const int *start, int n_shards, int in, int out, const Real *x, const Real *gy,
                     Real *gw, Real *scratch);
  /* Real of scratch that each of the three may take, for up to `rows` rows in n_shards shards. */
  size_t (*scratch_size)(int rows, int n_shards, int in, int out);
} NnGemm;

/* The engine, compiled for a vector level; NULL: no such engine. */
const NnGemm *nn_gemm_find(const char *name, CpuLevel level);

/* What OpenBLAS says of itself: version, core type, options; for the record. */
const char *nn_openblas_config(void);

#endif
