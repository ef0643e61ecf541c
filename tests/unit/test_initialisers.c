/* Initialisers: their distributions, and that an element depends on its index, block and seed
 * alone. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/fmath.h"
#include "nn/kinds.h"

enum { N = 20000, SEED = 7, IN = 30, OUT = 20 };

static Arena arena;
static float w[N], other[N];

static void fill(const char *name, uint64_t seed, uint32_t block, size_t n, float *out) {
  const Kind *kind = kind_find(&nn_initialisers, name);
  assert_non_null(kind);
  const KindValue v = kind_default(kind, &arena);
  ((const NnInitialiserKind *)(const void *)kind)->fill(v.config, IN, OUT, seed, block, n, out);
}

static double correlation(const float *x, const float *y, int n) {
  double xx = 0, yy = 0, xy = 0;
  for (int i = 0; i < n; ++i) {
    xx += (double)x[i] * x[i];
    yy += (double)y[i] * y[i];
    xy += (double)x[i] * y[i];
  }
  return xy / sqrt(xx * yy);
}

static int ascending(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static double normal_cdf(double x) {
  return 0.5 * (1 + fm_erf(x / sqrt(2.0)));
}
static double uniform_cdf(double x) {
  return x <= -1 ? 0 : x >= 1 ? 1 : (x + 1) / 2;
}

/* Kolmogorov-Smirnov: w / scale against a distribution, at a level of about 0.001. Sorts w. */
static void check_distribution(double scale, double (*cdf)(double)) {
  double distance = 0, sum = 0, squares = 0;
  qsort(w, N, sizeof *w, ascending);
  for (int i = 0; i < N; ++i) {
    const double x = w[i] / scale, p = cdf(x);
    distance = fmax(distance, fmax(p - (double)i / N, (double)(i + 1) / N - p));
    sum += x;
    squares += x * x;
  }
  const double variance = cdf == uniform_cdf ? 1.0 / 3 : 1;
  assert_true(distance < 1.95 / sqrt(N));
  assert_true(fabs(sum / N) < 4 * sqrt(variance / N));
  assert_true(fabs(squares / N - variance) < 4 * sqrt(2.0 / N));
}

static void test_he(void **s) {
  (void)s;
  fill("he", SEED, 3, N, w);
  check_distribution(sqrt(2.0 / IN), normal_cdf);
  assert_true(w[N - 1] > 3.3 * sqrt(2.0 / IN) && w[0] < -3.3 * sqrt(2.0 / IN)); /* tails */
}

static void test_normal(void **s) {
  (void)s;
  fill("normal", SEED, 3, N, w);
  check_distribution(0.01, normal_cdf);
}

/* The mean is added, the deviation is the parameter's. */
static void test_normal_parameters(void **s) {
  (void)s;
  const Kind *kind = kind_find(&nn_initialisers, "normal");
  const KindValue v = kind_default(kind, &arena);
  char *config = v.config;
  *(double *)(void *)(config + param_find(kind->params, kind->n_params, "mean")->offset) = 5;
  *(double *)(void *)(config + param_find(kind->params, kind->n_params, "sd")->offset) = 2;
  ((const NnInitialiserKind *)(const void *)kind)->fill(config, IN, OUT, SEED, 3, N, w);
  for (int i = 0; i < N; ++i) w[i] -= 5;
  check_distribution(2, normal_cdf);
}

static void test_xavier(void **s) {
  (void)s;
  const double limit = sqrt(6.0 / (IN + OUT));
  fill("xavier", SEED, 3, N, w);
  check_distribution(limit, uniform_cdf);
  assert_true(w[0] >= -(float)limit && w[0] < -0.999 * limit);
  assert_true(w[N - 1] <= (float)limit && w[N - 1] > 0.999 * limit);
}

static void test_zeros(void **s) {
  (void)s;
  for (int i = 0; i < N; ++i) w[i] = 1;
  fill("zeros", SEED, 3, N - 1, w);
  for (int i = 0; i < N - 1; ++i) assert_true(w[i] == 0);
  assert_true(w[N - 1] == 1);
}

static const char *const random_kinds[] = {"he", "xavier", "normal"};

/* Any length gives the same beginning and touches nothing behind its end. */
static void test_keyed_by_index(void **s) {
  (void)s;
  for (int k = 0; k < COUNT(random_kinds); ++k) {
    fill(random_kinds[k], SEED, 3, 100, w);
    for (size_t n = 0; n <= 13; ++n) {
      other[n] = 99;
      fill(random_kinds[k], SEED, 3, n, other);
      assert_memory_equal(other, w, n * sizeof *w);
      assert_true(other[n] == 99);
    }
  }
}

/* Another seed or block: unrelated numbers. Neighbours, pairs and quadruples are unrelated too. */
static void test_independence(void **s) {
  (void)s;
  static const uint64_t seeds[] = {SEED + 1, SEED, SEED + (1ULL << 40)};
  static const uint32_t blocks[] = {3, 4, 3};
  const double limit = 4 / sqrt(N);
  for (int k = 0; k < COUNT(random_kinds); ++k) {
    fill(random_kinds[k], SEED, 3, N, w);
    for (int i = 0; i < COUNT(seeds); ++i) {
      fill(random_kinds[k], seeds[i], blocks[i], N, other);
      assert_true(fabs(correlation(w, other, N)) < limit);
    }
    for (int shift = 1; shift <= 4; ++shift) {
      assert_true(fabs(correlation(w, w + shift, N - shift)) < limit);
    }
  }
}

static void check_golden(const char *name, uint64_t seed, uint32_t block, const double golden[6]) {
  fill(name, seed, block, 6, w);
  for (int i = 0; i < 6; ++i) assert_true(fabs(w[i] - golden[i]) <= 1e-7 * fabs(golden[i]));
}

/* The numbers themselves, from an independent program (Philox and Box-Muller written again): they
 * are in the digest of every experiment. All 64 bits of the seed count. */
static void test_golden(void **s) {
  (void)s;
  check_golden("normal", 42, 0,
               (const double[]){-0.00293728444, 0.0031359818, -0.0126735555, -0.005346825,
                                -0.00741433282, -0.0092394712});
  check_golden("normal", 42 + (3ULL << 32), 2,
               (const double[]){-0.012922474, -0.0141514944, 0.00707435348, -0.0225524799,
                                -0.00580356657, 0.0114336067});
  check_golden("xavier", 42, 0,
               (const double[]){0.285318888, -0.0902087888, -0.0774043575, 0.0440216356,
                                -0.00295042298, 0.0986388505});
}

int main(void) {
  arena_init(&arena);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_he),
      cmocka_unit_test(test_normal),
      cmocka_unit_test(test_normal_parameters),
      cmocka_unit_test(test_xavier),
      cmocka_unit_test(test_zeros),
      cmocka_unit_test(test_keyed_by_index),
      cmocka_unit_test(test_independence),
      cmocka_unit_test(test_golden),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_free(&arena);
  return failed;
}
