/* Passes over vectors beside plain loops; the order of the sums; the same bits at every level. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/sum.h"
#include "nn/vector.h"

enum { MOST = 3 * 4096 + 77, ROWS = 9, COLS = 1027 }; /* COLS: a strip and a bit */

static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 4095, 4096, 4097, MOST};
static float x[MOST], w[MOST];

static int fill(void **state) {
  (void)state;
  cpu_flush_denormals();
  for (int i = 0; i < MOST; ++i) {
    x[i] = ((float)((i * 7919) % 2003) - 1001) * 0.0013F;
    w[i] = ((float)((i * 104729) % 1009) - 504) * 0.0021F;
  }
  return 0;
}

/* The order that vector.h promises: lanes of 16, their tree, blocks of 4096 in a SumTree. */
static double plain_sum(size_t n, const float *v, bool squares) {
  SumTree s;
  sum_init(&s);
  for (size_t first = 0; first < n; first += 4096) {
    double lane[16] = {0};
    for (size_t i = first; i < n && i < first + 4096; ++i) {
      const double term = (double)v[i];
      lane[(i - first) % 16] += squares ? term * term : fabs(term);
    }
    for (int apart = 1; apart < 16; apart *= 2)
      for (int k = 0; k < 16; k += 2 * apart) lane[k] += lane[k + apart];
    sum_add(&s, lane[0]);
  }
  return sum_total(&s);
}

static void test_sums(void **state) {
  (void)state;
  for (int l = 0; l <= (int)cpu_level(); ++l) {
    const NnVectorKernel *k = nn_vector_kernel((CpuLevel)l);
    for (int i = 0; i < COUNT(sizes); ++i) {
      const double squares = k->square_sum(sizes[i], x), sum = k->abs_sum(sizes[i], x);
      assert_true(squares == plain_sum(sizes[i], x, true));
      assert_true(sum == plain_sum(sizes[i], x, false));
    }
    const float three[] = {3, -4, 12};
    assert_true(k->square_sum(3, three) == 169 && k->abs_sum(3, three) == 19);
  }
}

static void test_elementwise(void **state) {
  (void)state;
  static float sum[MOST], g[MOST], scaled[MOST], cut[MOST];
  for (int l = 0; l <= (int)cpu_level(); ++l) {
    const NnVectorKernel *k = nn_vector_kernel((CpuLevel)l);
    memcpy(sum, x, sizeof x), memcpy(g, x, sizeof x);
    memcpy(scaled, x, sizeof x), memcpy(cut, x, sizeof x);
    k->add(MOST, w, sum);
    k->add_penalty(MOST, 0.25, 0.5, w, g);
    k->scale(MOST, 0.3, scaled);
    k->clip(MOST, 0.75, cut);
    for (int i = 0; i < MOST; ++i) {
      const float sign = w[i] > 0 ? 1.0F : w[i] < 0 ? -1.0F : 0;
      assert_true(sum[i] == x[i] + w[i]);
      assert_true(g[i] == x[i] + (0.5F * w[i] + 0.25F * sign));
      assert_true(scaled[i] == x[i] * 0.3F);
      assert_true(cut[i] == fmaxf(-0.75F, fminf(0.75F, x[i])));
    }
  }
}

/* What is not finite does not disappear. */
static void test_not_finite(void **state) {
  (void)state;
  for (int l = 0; l <= (int)cpu_level(); ++l) {
    const NnVectorKernel *k = nn_vector_kernel((CpuLevel)l);
    float v[40] = {0}, g[40] = {0};
    v[3] = v[37] = NAN;
    k->clip(40, 1, v);
    k->add_penalty(40, 0.1, 0, v, g);
    assert_true(isnan(v[3]) && isnan(v[37]) && isnan(g[3]) && isnan(g[37]) && g[4] == 0);
    assert_true(isnan(k->square_sum(40, v)) && isnan(k->abs_sum(40, v)));
  }
}

/* Column j is j / 10 times a unit column: those above the limit come to it, the others keep
 * their bits. */
static void test_columns(void **state) {
  (void)state;
  static float m[CPU_LEVELS][ROWS][COLS], before[ROWS][COLS];
  const double limit = 60.5;
  for (int i = 0; i < ROWS; ++i)
    for (int j = 0; j < COLS; ++j) before[i][j] = (i % 2 ? -1.0F : 1.0F) * (float)j / 30;
  for (int l = 0; l <= (int)cpu_level(); ++l) {
    memcpy(m[l], before, sizeof before);
    nn_vector_kernel((CpuLevel)l)->limit_columns(ROWS, COLS, limit, &m[l][0][0]);
    for (int j = 0; j < COLS; ++j) {
      double square = 0;
      for (int i = 0; i < ROWS; ++i) square += (double)m[l][i][j] * (double)m[l][i][j];
      assert_true(fabs(sqrt(square) - (j <= 605 ? j / 10.0 : limit)) < 1e-4);
      for (int i = 0; i < ROWS; ++i) {
        if (j < 605) assert_true(m[l][i][j] == before[i][j]);
        assert_true(j == 0 || m[l][i][j] * before[i][j] > 0);
      }
    }
    assert_memory_equal(m[l], m[0], sizeof m[0]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sums),
      cmocka_unit_test(test_elementwise),
      cmocka_unit_test(test_not_finite),
      cmocka_unit_test(test_columns),
  };
  return cmocka_run_group_tests(tests, fill, NULL);
}
