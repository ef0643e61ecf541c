/* The matrix engines: the definition itself as reference, every vector level, shards, odd
 * shapes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/rng.h"
#include "base/sum.h"
#include "nn/gemm.h"

enum { MAX = 700 * 700, SCRATCH = 4 << 20 };

static float *numbers(int n, uint32_t key) {
  float *x = aligned_alloc(64, (size_t)MAX * sizeof *x);
  Rng r = rng_stream(7, RNG_TEST, key, 0);
  for (int i = 0; i < n; i++) x[i] = (float)rng_f64(&r) - 0.5f;
  return x;
}

/* The definition of `fixed`, in three plain loops. */
static void define_forward(int m, int in, int out, const float *x, const float *w, float *y) {
  for (int r = 0; r < m; r++)
    for (int j = 0; j < out; j++) {
      float acc = 0;
      for (int k = 0; k < in; k++) acc = fmaf(x[r * in + k], w[k * out + j], acc);
      y[r * out + j] = acc;
    }
}

static void define_backward_x(int m, int in, int out, const float *gy, const float *w, float *gx) {
  for (int r = 0; r < m; r++)
    for (int i = 0; i < in; i++) {
      float acc = 0;
      for (int j = 0; j < out; j++) acc = fmaf(gy[r * out + j], w[i * out + j], acc);
      gx[r * in + i] = acc;
    }
}

static void define_backward_w(const int *start, int n_shards, int in, int out, const float *x,
                              const float *gy, float *gw) {
  float parts[64];
  for (int i = 0; i < in; i++)
    for (int j = 0; j < out; j++) {
      for (int s = 0; s < n_shards; s++) {
        parts[s] = 0;
        for (int r = start[s]; r < start[s + 1]; r++)
          parts[s] = fmaf(x[r * in + i], gy[r * out + j], parts[s]);
      }
      sum_tree_f32(parts, (size_t)n_shards, 1);
      gw[i * out + j] = parts[0];
    }
}

typedef struct {
  int m, in, out, n_shards;
} Shape;

static const Shape shapes[] = {
    {1, 1, 1, 1},      {64, 64, 64, 1},    {60, 100, 10, 1},  {7, 33, 17, 4},
    {5, 300, 31, 8},   {64, 64, 32, 16},   {13, 256, 70, 2},  {128, 512, 130, 1},
    {530, 260, 65, 4}, {96, 257, 512, 32}, {520, 510, 40, 1},
};

static double worst(const float *a, const float *b, int n) {
  double worst = 0;
  for (int i = 0; i < n; i++) worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
  return worst;
}

/* Calls the three products of an engine and compares with the definition: bits where `exact`. */
static void compare(const NnGemm *g, const Shape *s, bool exact) {
  int start[65], m = s->m, in = s->in, out = s->out;
  for (int k = 0; k <= s->n_shards; k++) start[k] = k * m / s->n_shards;
  float *x = numbers(m * in, 1), *w = numbers(in * out, 2), *gy = numbers(m * out, 3);
  float *got = numbers(MAX, 4), *want = numbers(MAX, 5);
  float *scratch = aligned_alloc(64, (size_t)SCRATCH * sizeof *scratch);
  assert_true(g->scratch_size(m, s->n_shards, in, out) <= SCRATCH);
  double tolerance = exact ? 0 : 1e-4;

  define_forward(m, in, out, x, w, want);
  g->forward(start, s->n_shards, in, out, x, w, got, scratch);
  if (exact) assert_memory_equal(got, want, (size_t)(m * out) * sizeof *got);
  assert_true(worst(got, want, m * out) <= tolerance);

  define_backward_x(m, in, out, gy, w, want);
  g->backward_x(start, s->n_shards, in, out, gy, w, got, scratch);
  if (exact) assert_memory_equal(got, want, (size_t)(m * in) * sizeof *got);
  assert_true(worst(got, want, m * in) <= tolerance);

  define_backward_w(start, s->n_shards, in, out, x, gy, want);
  g->backward_w(start, s->n_shards, in, out, x, gy, got, scratch);
  if (exact) assert_memory_equal(got, want, (size_t)(in * out) * sizeof *got);
  assert_true(worst(got, want, in * out) <= tolerance);

  float *all[] = {x, w, gy, got, want, scratch};
  for (int i = 0; i < COUNT(all); i++) free(all[i]);
}

static void fixed_is_its_definition(void **state) {
  (void)state;
  for (int level = CPU_PORTABLE; level <= (int)cpu_level(); level++)
    for (int i = 0; i < COUNT(shapes); i++)
      compare(nn_gemm_find("fixed", (CpuLevel)level), &shapes[i], true);
}

static void openblas_is_near(void **state) {
  (void)state;
  for (int i = 0; i < COUNT(shapes); i++)
    compare(nn_gemm_find("openblas", cpu_level()), &shapes[i], false);
}

static void a_row_depends_on_itself_alone(void **state) {
  (void)state;
  enum { M = 61, IN = 300, OUT = 37 };
  const NnGemm *g = nn_gemm_find("fixed", cpu_level());
  float *x = numbers(M * IN, 1), *w = numbers(IN * OUT, 2), *all = numbers(1, 3),
        *one = numbers(1, 4);
  float *scratch = aligned_alloc(64, (size_t)SCRATCH * sizeof *scratch);
  int start[] = {0, M}, single[] = {0, 1};
  g->forward(start, 1, IN, OUT, x, w, all, scratch);
  for (int r = 0; r < M; r++) {
    g->forward(single, 1, IN, OUT, x + r * IN, w, one, scratch);
    assert_memory_equal(one, all + r * OUT, OUT * sizeof *one);
  }
  float *every[] = {x, w, all, one, scratch};
  for (int i = 0; i < COUNT(every); i++) free(every[i]);
}

static void unknown_engine_is_null(void **state) {
  (void)state;
  assert_null(nn_gemm_find("mkl", CPU_PORTABLE));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fixed_is_its_definition),
      cmocka_unit_test(openblas_is_near),
      cmocka_unit_test(a_row_depends_on_itself_alone),
      cmocka_unit_test(unknown_engine_is_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
