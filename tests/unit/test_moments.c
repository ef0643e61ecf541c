/* Moments in chunks beside the definition; the shape of the tree; the law of means that row 13 rests on. */
#include <math.h>
#include <string.h>
#include "base/err.h"
#include "base/moments.h"
#include "base/rng.h"
#include "check.h"

enum { D = 3, MAX_ROWS = 1000 };

static double x[MAX_ROWS * D];
static double numbers[(MOMENTS_LEVELS + 1) * (1 + 2 * D)];

static void fill(void) {
  for (int i = 0; i < MAX_ROWS * D; i++) {
    Rng r = rng_stream(3, RNG_TEST, (uint64_t)i, 0);
    x[i] = 1000 * (i % D) + rng_f64(&r) * (1 + i % D);
  }
}

static const double *in_chunks(Moments *m, int n, int at_a_time) {
  moments_start(m, D, numbers);
  for (int first = 0; first < n; first += at_a_time) {
    const int rows = n - first < at_a_time ? n - first : at_a_time;
    moments_of_f64(x + first * D, rows, D, moments_chunk(m));
    moments_add(m);
  }
  return moments_total(m);
}

/* Any number of chunks, so every pattern of full levels up to 2^6. */
static void test_beside_the_definition(void **state) {
  (void)state;
  fill();
  assert_int_equal(moments_size(D), COUNT(numbers));
  for (int n = 1; n <= MAX_ROWS; n += 13) {
    Moments m;
    const double *total = in_chunks(&m, n, 11);
    assert_true(total[0] == n);
    for (int j = 0; j < D; j++) {
      double mean = 0, m2 = 0;
      for (int i = 0; i < n; i++) mean += x[i * D + j] / n;
      for (int i = 0; i < n; i++) m2 += (x[i * D + j] - mean) * (x[i * D + j] - mean);
      assert_true(fabs(total[1 + j] - mean) < 1e-12 * (1 + mean));
      assert_true(fabs(total[1 + D + j] - m2) < 1e-10 * (1 + m2));
    }
  }
}

/* ((c0 c1) (c2 c3)) c4 by hand, and not c0 c1 c2 c3 c4 in a row. */
static void test_tree(void **state) {
  (void)state;
  fill();
  enum { WIDTH = 1 + 2 * D };
  double part[8][WIDTH], by_hand[WIDTH];
  Moments m, pair;
  static double own[COUNT(numbers)];
  const int order[4][2] = {{0, 1}, {2, 3}, {0, 2}, {0, 4}};
  for (int k = 0; k < 5; k++) moments_of_f64(x + 10 * k * D, 10, D, part[k]);
  for (int k = 0; k < 4; k++) {
    moments_start(&pair, D, own);
    for (int side = 0; side < 2; side++) {
      memcpy(moments_chunk(&pair), part[order[k][side]], sizeof by_hand);
      moments_add(&pair);
    }
    memcpy(part[order[k][0]], moments_total(&pair), sizeof by_hand);
  }
  memcpy(by_hand, part[0], sizeof by_hand);
  assert_memory_equal(in_chunks(&m, 50, 10), by_hand, sizeof by_hand);
}

/* Cut into parts of 1, 2, 4 .. chunks, each by itself, or not: the same bits. */
static void test_parts(void **state) {
  (void)state;
  fill();
  enum { WIDTH = 1 + 2 * D };
  static double parts[70 * WIDTH], whole[WIDTH];
  for (int chunks = 1; chunks <= 70; chunks++) {
    const int rows = 10 * chunks - chunks % 10; /* the last chunk has fewer */
    Moments m;
    memcpy(whole, in_chunks(&m, rows, 10), sizeof whole);
    for (int size = 10; size <= 640; size *= 2) {
      size_t n = 0;
      for (int first = 0; first < rows; first += size, n++) {
        const int end = first + size < rows ? first + size : rows;
        moments_start(&m, D, numbers);
        for (int at = first; at < end; at += 10) {
          moments_of_f64(x + at * D, end - at < 10 ? end - at : 10, D, moments_chunk(&m));
          moments_add(&m);
        }
        memcpy(parts + n * WIDTH, moments_total(&m), sizeof whole);
      }
      moments_tree(parts, n, D);
      assert_memory_equal(parts, whole, sizeof whole);
    }
  }
}

static void test_f32(void **state) {
  (void)state;
  const float y[6] = {1, 10, 3, 20, 5, 60};
  double chunk[5];
  moments_of_f32(y, 3, 2, chunk);
  const double expected[5] = {3, 3, 30, 8, 400 + 100 + 900};
  for (int i = 0; i < 5; i++) assert_true(fabs(chunk[i] - expected[i]) < 1e-12);
}

/*
 * Why batch norm's noise shrinks as batches grow: the mean of a mini-batch of m rows varies around
 * the whole's with variance s2 / m, so from m = 64 to 256 it falls to a quarter. 4,096 batches a
 * size: the estimate is good to some 2 %.
 */
static double variance_of_batch_means(int m) {
  enum { BATCHES = 4096 };
  double all = 0, squares = 0;
  for (int b = 0; b < BATCHES; b++) {
    double chunk[3], batch[256];
    Rng r = rng_stream(17, RNG_TEST, (uint64_t)b, (uint32_t)m);
    for (int i = 0; i < m; i++) batch[i] = rng_f64(&r);
    moments_of_f64(batch, m, 1, chunk);
    all += chunk[1] / BATCHES;
    squares += chunk[1] * chunk[1] / BATCHES;
  }
  return squares - all * all;
}

static void test_noise_of_batches(void **state) {
  (void)state;
  const double s2 = 1.0 / 12; /* of a number uniform in [0, 1) */
  double at[3];
  for (int k = 0, m = 64; k < 3; k++, m *= 2) {
    at[k] = variance_of_batch_means(m);
    assert_true(fabs(at[k] * m / s2 - 1) < 0.1);
  }
  assert_true(fabs(at[0] / at[1] - 2) < 0.2);
  assert_true(fabs(at[0] / at[2] - 4) < 0.4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_beside_the_definition),
      cmocka_unit_test(test_tree),
      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_f32),
      cmocka_unit_test(test_noise_of_batches),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
