/*
 * The f32 functions against libm's f64 ones: every 257th of the 2^32 bit patterns; with
 * CAVIAR_EXHAUSTIVE set all of them (a quarter of an hour). And the same bits at every width.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/err.h"
#include "base/fmath.h"
#include "check.h"

enum { BLOCK = 4096 };
typedef void (*Loop)(const float *restrict x, float *restrict y, int n);

/* Each function as a loop, compiled for each level; the compiler vectorises them. */
#define LOOP(target, level, name)                                                                  \
  target static void name##_##level(const float *restrict x, float *restrict y, int n) {           \
    for (int i = 0; i < n; i++) y[i] = fm_##name(x[i]);                                            \
  }
#define LOOPS(target, level)                                                                       \
  LOOP(target, level, expf)                                                                        \
  LOOP(target, level, logf)                                                                        \
  LOOP(target, level, log1pf)                                                                      \
  LOOP(target, level, expm1f)                                                                      \
  LOOP(target, level, tanhf)                                                                       \
  LOOP(target, level, sigmoidf)                                                                    \
  LOOP(target, level, erff)                                                                        \
  LOOP(target, level, sinf)                                                                        \
  LOOP(target, level, cosf)
#if defined(__x86_64__)
#define LOOPS_OF(name)                                                                             \
  { name##_portable, name##_avx2, name##_avx512 }
LOOPS(, portable)
LOOPS(__attribute__((target("avx2,fma"))), avx2)
LOOPS(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), avx512)
#else
#define LOOPS_OF(name)                                                                             \
  { name##_portable, NULL, NULL }
LOOPS(, portable)
#endif

static double logistic(double x) {
  return 1 / (1 + exp(-x));
}

/* What base/fmath defines: nan beyond 2^20. */
static double sin_here(double x) {
  return fabs(x) <= 0x1p20 ? sin(x) : NAN;
}
static double cos_here(double x) {
  return fabs(x) <= 0x1p20 ? cos(x) : NAN;
}

static const struct {
  const char *name;
  Loop loops[CPU_LEVELS];
  double (*reference)(double);
  double bound; /* ulp */
} functions[] = {
    {"exp", LOOPS_OF(expf), exp, 1},          {"log", LOOPS_OF(logf), log, 0.85},
    {"log1p", LOOPS_OF(log1pf), log1p, 1.5},  {"expm1", LOOPS_OF(expm1f), expm1, 1.6},
    {"tanh", LOOPS_OF(tanhf), tanh, 2.5},     {"sigmoid", LOOPS_OF(sigmoidf), logistic, 2.5},
    {"erf", LOOPS_OF(erff), erf, 1.2},        {"sin", LOOPS_OF(sinf), sin_here, 0.501},
    {"cos", LOOPS_OF(cosf), cos_here, 0.501},
};

static const double smallest = 0x1p-126;

/* Error in ulp; a large number where a limit is wrong. Denormals, in or out, may count as 0. */
static double error_of(double (*reference)(double), float x, float got) {
  if (isnan(x)) return isnan(got) ? 0 : 1e9;
  double want = reference(x), flushed = reference(0);
  if (fabs((double)x) < smallest && (double)got == flushed) return 0;
  if (fabs((double)x) < smallest && isinf(flushed)) return 1e9;
  if (fabs(want) < smallest) return fabs((double)got) <= smallest * 1.001 ? 0 : 1e9;
  if (!isfinite((float)want))
    return isnan(want) ? (isnan(got) ? 0 : 1e9) : (got == (float)want ? 0 : 1e9);
  int exponent;
  frexp(want, &exponent);
  return fabs((double)got - want) * ldexp(1, 24 - exponent);
}

static void bounds_hold(void **state) {
  (void)state;
  uint64_t stride = getenv("CAVIAR_EXHAUSTIVE") ? 1 : 257;
  static float x[BLOCK], y[BLOCK];
  for (int f = 0; f < COUNT(functions); f++) {
    double worst = 0, at = 0;
    for (uint64_t u = 0; u < 1ull << 32;) {
      int n = 0;
      for (; n < BLOCK && u < 1ull << 32; n++, u += stride) x[n] = fm_from_bitsf((uint32_t)u);
      functions[f].loops[CPU_PORTABLE](x, y, n);
      for (int i = 0; i < n; i++) {
        double error = error_of(functions[f].reference, x[i], y[i]);
        if (!(error <= worst)) worst = error, at = (double)x[i];
      }
    }
    print_message("%-8s %.3f ulp at %.9g\n", functions[f].name, worst, at);
    if (!(worst <= functions[f].bound))
      fail_msg("%s: %.3f ulp at %.9g, stated %.2f", functions[f].name, worst, at,
               functions[f].bound);
  }
}

static uint32_t pattern(uint64_t i) {
  return (uint32_t)(i * 2654435761u);
}

/* Vector levels against scalar calls, bit for bit (any nan is a nan), flushing denormals and
 * not. */
static void levels_agree(void **state) {
  (void)state;
  static float x[BLOCK + 5], y[BLOCK + 5], z[BLOCK + 5];
  int n = COUNT(x); /* odd: the tail loops run too */
  for (int level = CPU_AVX2; level <= (int)cpu_level(); level++) {
    for (int f = 0; f < COUNT(functions); f++) {
      for (uint64_t block = 0; block < 500; block++) {
        for (int i = 0; i < n; i++) x[i] = fm_from_bitsf(pattern(block * BLOCK + (uint64_t)i));
        functions[f].loops[CPU_PORTABLE](x, y, n);
        functions[f].loops[level](x, z, n);
        for (int i = 0; i < n; i++)
          if (fm_bitsf(y[i]) != fm_bitsf(z[i]) && !(isnan(y[i]) && isnan(z[i])))
            fail_msg("%s(%.9g): %.9g, with %s %.9g", functions[f].name, (double)x[i], (double)y[i],
                     cpu_level_name((CpuLevel)level), (double)z[i]);
      }
    }
  }
  if (cpu_level() == CPU_PORTABLE) SKIP("this processor has one level");
}

static void limits(void **state) {
  (void)state;
  const float inf = INFINITY;
  assert_true(fm_expf(1000) == inf && fm_expf(-1000) == 0 && fm_expf(inf) == inf &&
              fm_expf(-inf) == 0);
  assert_true(isfinite(fm_expf(88.72f)) && fm_expf(88.73f) == inf);
  assert_true(fm_expf(-87.33f) > 0x1p-126f && fm_expf(-87.34f) == 0);
  assert_true(fm_logf(0) == -inf && fm_logf(-0.0f) == -inf && isnan(fm_logf(-1)) &&
              fm_logf(inf) == inf);
  assert_true(fm_logf(1e-45f) == -inf && fm_logf(1) == 0 && isnan(fm_logf(-inf)));
  assert_true(fm_log1pf(-1) == -inf && isnan(fm_log1pf(-1.5f)) && fm_log1pf(inf) == inf &&
              fm_log1pf(0) == 0);
  assert_true(fm_expm1f(inf) == inf && fm_expm1f(-inf) == -1 && fm_expm1f(0) == 0 &&
              isfinite(fm_expm1f(88.72f)) && fm_expm1f(88.73f) == inf);
  assert_true(fm_tanhf(inf) == 1 && fm_tanhf(-inf) == -1 && fm_tanhf(0) == 0 &&
              signbit(fm_tanhf(-0.0f)));
  assert_true(fm_sigmoidf(0) == 0.5f && fm_sigmoidf(inf) == 1 && fm_sigmoidf(-inf) == 0);
  assert_true(fm_erff(inf) == 1 && fm_erff(-inf) == -1 && fm_erff(0) == 0);
  assert_true(fm_fabsf(-2.5f) == 2.5f && fm_fabsf(2.5f) == 2.5f && fm_fabsf(-inf) == inf);
  for (float x = -12; x < 12; x += 0.37f) { /* odd functions */
    assert_true(fm_tanhf(-x) == -fm_tanhf(x));
    assert_true(fm_erff(-x) == -fm_erff(x));
  }
}

static void bits_never_change(void **state) {
  (void)state;
  uint32_t hash = 0;
  for (int i = 0; i < 4000; i++) {
    float x = -20 + 0.01f * (float)i, y[] = {fm_expf(x),  fm_logf(x + 20.5f), fm_log1pf(x + 20),
                                             fm_tanhf(x), fm_sigmoidf(x),     fm_erff(x / 4)};
    for (int k = 0; k < COUNT(y); k++) hash = (hash ^ fm_bitsf(y[k])) * 0x01000193u;
  }
  if (hash != 0xabefddb9u) fail_msg("the bits changed: 0x%08x", hash);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(bounds_hold), cmocka_unit_test(levels_agree),
                                     cmocka_unit_test(limits), cmocka_unit_test(bits_never_change)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
