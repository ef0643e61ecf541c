/*
 * Matrix products by CBLAS; the one file that includes it.
 *
 * How many rows are in a call may change the bits of each (kernels treat left-over rows apart), so
 * a batch of several shards is computed shard by shard: then the bits do not depend on which rank
 * has which shard. One shard is one call.
 */
#include <cblas.h>
#include <string.h>
#include "gemm.h"

extern const NnGemm nn_gemm_openblas;

#ifdef NN_F64
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

static void one_thread(void) {
  openblas_set_num_threads(1);
}

static void forward(const int *start, int n_shards, int in, int out, const Real *x, const Real *w,
                    Real *y, Real *scratch) {
  (void)scratch;
  for (int k = 0; k < n_shards; ++k) {
    const int rows = start[k + 1] - start[k];
    const size_t first = (size_t)start[k];
    if (rows == 0) continue;
    GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, out, in, 1, x + first * (size_t)in, in, w,
         out, 0, y + first * (size_t)out, out);
  }
}

static void backward_x(const int *start, int n_shards, int in, int out, const Real *gy,
                       const Real *w, Real *gx, Real *scratch) {
  (void)scratch;
  for (int k = 0; k < n_shards; ++k) {
    const int rows = start[k + 1] - start[k];
    const size_t first = (size_t)start[k];
    if (rows == 0) continue;
    GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, rows, in, out, 1, gy + first * (size_t)out, out,
         w, out, 0, gx + first * (size_t)in, in);
  }
}

/* gw (in, out) = x^T gy over `rows` rows. */
static void product(int rows, int in, int out, const Real *x, const Real *gy, Real *gw) {
  if (rows == 0) {
    memset(gw, 0, (size_t)in * (size_t)out * sizeof *gw);
    return;
  }
  GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, in, out, rows, 1, x, in, gy, out, 0, gw, out);
}

static int log2_of(int n) {
  int log = 0;
  while (n > 1 << log) ++log;
  return log;
}

/* The tree needs one matrix for each of its levels: the left neighbours that wait for their right
 * one. gw is the first, scratch the others. n_shards is a power of two. */
static void backward_w(const int *start, int n_shards, int in, int out, const Real *x,
                       const Real *gy, Real *gw, Real *scratch) {
  const size_t n = (size_t)in * (size_t)out;
  int depth = 0; /* matrices on the stack */
  for (int k = 0; k < n_shards; ++k) {
    const size_t first = (size_t)start[k];
    Real *top = depth == 0 ? gw : scratch + (size_t)(depth - 1) * n;
    product(start[k + 1] - start[k], in, out, x + first * (size_t)in, gy + first * (size_t)out,
            top);
    ++depth;
    /* shard k closes as many subtrees as k has trailing ones */
    for (int closed = k; closed & 1; closed >>= 1, --depth) {
      Real *left = depth == 2 ? gw : scratch + (size_t)(depth - 3) * n;
      const Real *right = scratch + (size_t)(depth - 2) * n;
      for (size_t i = 0; i < n; ++i) left[i] += right[i];
    }
  }
}

static size_t scratch_size(int rows, int n_shards, int in, int out) {
  (void)rows;
  return (size_t)log2_of(n_shards) * (size_t)in * (size_t)out;
}

const NnGemm nn_gemm_openblas = {
    .name = "openblas",
    .doc = "CBLAS; the same bits on the same processor type and library",
    .start = one_thread,
    .forward = forward,
    .backward_x = backward_x,
    .backward_w = backward_w,
    .scratch_size = scratch_size,
};

const char *nn_openblas_config(void) {
  return openblas_get_config();
}
