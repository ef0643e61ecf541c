/* Percentiles beside sorting. */
#include <math.h>
#include <stdlib.h>
#include "base/percentile.h"
#include "base/err.h"
#include "base/rng.h"
#include "check.h"

static int ascending(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static void test_beside_sorting(void **state) {
  (void)state;
  static const double p[] = {0, 1, 15, 33.3, 50, 85, 99.9, 100};
  static float x[3 * 1000], sorted[1000];
  for (int n = 1; n <= 1000; n += n < 30 ? 1 : 97) {
    for (int stride = 1; stride <= 3; stride += 2) {
      for (int i = 0; i < 3 * n; i++) {
        Rng r = rng_stream(5, RNG_TEST, (uint64_t)i, (uint32_t)n);
        const double u = rng_f64(&r) - 0.4;
        x[i] =
            (float)(i % 5 == 0 ? floor(10 * u) : u * pow(10, 20 * u)); /* many equal, many sizes */
      }
      for (int i = 0; i < n; i++) sorted[i] = x[i * stride];
      qsort(sorted, (size_t)n, sizeof *sorted, ascending);
      for (int k = 0; k < COUNT(p); k++) {
        int rank = 1;
        while (rank * 100.0 < p[k] * n) rank++;
        assert_true(percentile_f32(x, (size_t)n, (size_t)stride, p[k]) == sorted[rank - 1]);
      }
    }
  }
}

static void test_ends(void **state) {
  (void)state;
  const float x[] = {NAN, INFINITY, -0.0f, -INFINITY, 1e-45f, -3};
  assert_true(percentile_f32(x, 6, 1, 0) == -INFINITY);
  assert_true(percentile_f32(x, 6, 1, 30) == -3);
  assert_false(signbit(percentile_f32(x, 6, 1, 50)));
  assert_true(percentile_f32(x, 6, 1, 60) == 1e-45f);
  assert_true(percentile_f32(x, 6, 1, 80) == INFINITY);
  assert_true(isnan(percentile_f32(x, 6, 1, 100)));
  assert_true(isnan(percentile_f32(x, 1, 1, 50)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_beside_sorting),
      cmocka_unit_test(test_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
