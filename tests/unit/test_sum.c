#include <string.h>

#include "base/rng.h"
#include "base/sum.h"
#include "check.h"

enum { WIDTH = 5, MOST = 33 };

static void fill(float *x, size_t n) {
  Rng r = rng_stream(1, RNG_TEST, 0, 0);
  for (size_t i = 0; i < n; i++) x[i] = (float)(rng_f64(&r) - 0.5) * (float)(1u << (i % 20));
}

/* The definition: halves at the largest power of two below n. */
static float tree(const float *parts, size_t n, size_t column) {
  if (n == 1) return parts[column];
  size_t half = 1;
  while (2 * half < n) half *= 2;
  return tree(parts, half, column) + tree(parts + half * WIDTH, n - half, column);
}

static void trees_have_the_defined_shape(void **state) {
  (void)state;
  int differ = 0;
  for (size_t n = 1; n <= MOST; n++) {
    float parts[MOST * WIDTH], original[MOST * WIDTH];
    fill(parts, n * WIDTH);
    memcpy(original, parts, sizeof parts);
    sum_tree_f32(parts, n, WIDTH);
    for (size_t j = 0; j < WIDTH; j++) {
      float expected = tree(original, n, j), plain = 0;
      for (size_t i = 0; i < n; i++) plain += original[i * WIDTH + j];
      assert_memory_equal(&parts[j], &expected, sizeof expected);
      differ += plain != expected;
    }
  }
  assert_true(differ > 20); /* the data can tell the orders apart */
}

/* Subtrees summed apart and then together: the same bits, for every number of ranks. */
static void subtrees_combine(void **state) {
  (void)state;
  enum { N = 16 };
  float whole[N * WIDTH], split[N * WIDTH], totals[N * WIDTH];
  fill(whole, N * WIDTH);
  memcpy(split, whole, sizeof whole);
  sum_tree_f32(whole, N, WIDTH);
  for (size_t ranks = 1; ranks <= N; ranks *= 2) {
    float copy[N * WIDTH];
    memcpy(copy, split, sizeof split);
    size_t each = N / ranks;
    for (size_t r = 0; r < ranks; r++) {
      sum_tree_f32(copy + r * each * WIDTH, each, WIDTH);
      memcpy(totals + r * WIDTH, copy + r * each * WIDTH, WIDTH * sizeof(float));
    }
    sum_tree_f32(totals, ranks, WIDTH);
    assert_memory_equal(totals, whole, WIDTH * sizeof(float));
  }
}

static void f64_trees(void **state) {
  (void)state;
  double parts[6] = {1, 2, 1e16, 4, -1e16, 8}; /* (3, 2): rows (1, 2), (1e16, 4), (-1e16, 8) */
  sum_tree_f64(parts, 3, 2);
  assert_true(parts[0] == (1 + 1e16) + -1e16);
  assert_true(parts[1] == 14);
  sum_tree_f64(parts, 1, 2);
  assert_true(parts[1] == 14);
}

static double blocks_then_tree(const double *x, size_t n) {
  double parts[64];
  size_t blocks = 0;
  for (size_t i = 0; i < n; i += 256, blocks++) {
    double sum = 0;
    for (size_t j = i; j < n && j < i + 256; j++) sum += x[j];
    parts[blocks] = sum;
  }
  if (blocks == 0) return 0;
  sum_tree_f64(parts, blocks, 1);
  return parts[0];
}

static void running_sums(void **state) {
  (void)state;
  enum { N = 11 * 256 };
  static double x[N];
  Rng r = rng_stream(2, RNG_TEST, 0, 0);
  for (int i = 0; i < N; i++) x[i] = (rng_f64(&r) - 0.5) * (double)(1u << (i % 31));
  for (size_t n = 0; n <= N; n += n % 256 == 255 || n % 256 == 0 ? 1 : 254) {
    SumTree s;
    sum_init(&s);
    for (size_t i = 0; i < n; i++) sum_add(&s, x[i]);
    double got = sum_total(&s), want = blocks_then_tree(x, n);
    if (memcmp(&got, &want, sizeof got) != 0) fail_msg("%zu terms: %.17g, not %.17g", n, got, want);
    got = sum_total(&s); /* asking changes nothing */
    assert_memory_equal(&got, &want, sizeof got);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(trees_have_the_defined_shape),
                                     cmocka_unit_test(subtrees_combine),
                                     cmocka_unit_test(f64_trees), cmocka_unit_test(running_sums)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
