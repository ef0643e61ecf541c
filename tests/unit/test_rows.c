/* Rows of data made input: each level against the formula, to the bit, at every length and at odd
 * addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/rng.h"
#include "nn/rows.h"

enum { D = 77 };

static uint8_t u8[D + 1];
static float f32[D + 1], mean32[D + 1], scale32[D + 1];
static double f64[D + 1], mean64[D + 1], scale64[D + 1];

static int setup(void **state) {
  (void)state;
  Rng r = rng_stream(4, RNG_TEST, 0, 0);
  for (int j = 0; j <= D; j++) {
    u8[j] = (uint8_t)rng_below(&r, 256);
    f64[j] = 3 * rng_normal(&r);
    mean64[j] = rng_normal(&r);
    scale64[j] = rng_f64(&r) + 0.5;
    f32[j] = (float)f64[j];
    mean32[j] = (float)mean64[j];
    scale32[j] = (float)scale64[j];
  }
  u8[3] = 0, u8[5] = 255, f32[7] = f32[8] = 0.75F, f64[7] = 0.75;
  return 0;
}

static void same(const Real *out, const float *want, int d) {
  assert_memory_equal(out, want, sizeof(float) * (size_t)d);
  assert_true(out[d] == 99);
}

static void check_normalised(const NnRowKernel *k, int d) {
  Real out[D + 2];
  float want[D], plain[D];
  for (int j = 0; j < d; j++) want[j] = ((float)u8[1 + j] - mean32[1 + j]) * scale32[1 + j];
  for (int j = 0; j < d; j++) plain[j] = (float)u8[1 + j];
  out[d] = 99;
  k->u8(d, u8 + 1, mean32 + 1, scale32 + 1, out);
  same(out, want, d);
  k->u8(d, u8 + 1, NULL, NULL, out);
  same(out, plain, d);
  for (int j = 0; j < d; j++) want[j] = (f32[1 + j] - mean32[1 + j]) * scale32[1 + j];
  k->f32(d, f32 + 1, mean32 + 1, scale32 + 1, out);
  same(out, want, d);
  k->f32(d, f32 + 1, NULL, NULL, out);
  same(out, f32 + 1, d);
  for (int j = 0; j < d; j++) want[j] = (float)((f64[1 + j] - mean64[1 + j]) * scale64[1 + j]);
  for (int j = 0; j < d; j++) plain[j] = (float)f64[1 + j];
  k->f64(d, f64 + 1, mean64 + 1, scale64 + 1, out);
  same(out, want, d);
  k->f64(d, f64 + 1, NULL, NULL, out);
  same(out, plain, d);
}

static void check_binary(const NnRowKernel *k, int d, double threshold) {
  Real out[D + 2];
  float want[D];
  out[d] = 99;
  for (int j = 0; j < d; j++) want[j] = (double)u8[1 + j] > threshold ? 1 : 0;
  k->binary_u8(d, u8 + 1, threshold, out);
  same(out, want, d);
  for (int j = 0; j < d; j++) want[j] = (double)f32[1 + j] > threshold ? 1 : 0;
  k->binary_f32(d, f32 + 1, threshold, out);
  same(out, want, d);
  for (int j = 0; j < d; j++) want[j] = f64[1 + j] > threshold ? 1 : 0;
  k->binary_f64(d, f64 + 1, threshold, out);
  same(out, want, d);
}

static void every_level_follows_the_formula(void **state) {
  (void)state;
  static const double thresholds[] = {-1, 0, 0.75, 127.5, 254.5, 255, 300};
  for (int level = CPU_PORTABLE; level <= (int)cpu_level(); level++)
    for (int d = 1; d <= D - 1; d++) {
      const NnRowKernel *k = nn_row_kernel((CpuLevel)level);
      check_normalised(k, d);
      for (int t = 0; t < COUNT(thresholds); t++) check_binary(k, d, thresholds[t]);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_level_follows_the_formula)};
  return cmocka_run_group_tests(tests, setup, NULL);
}
