/* Sobol and Latin hypercube: what their points have in each interval, and that they are uniform over
 * seeds. Counts are of fixed seeds, so they are the same at every run. */
#include "runner/sampling_sobol.h"
#include "sampler_rig.h"

enum { AXES = RIG_AXES, POINTS = 256 };

/* Of `n` points from trial `first` on, is there one in each n-th of the axis? */
static bool stratified(Rig *r, int axis, int64_t first, int n) {
  static double u[AXES];
  bool taken[POINTS] = {false};
  for (int64_t i = first; i < first + n; i++) {
    rig_propose(r, i, u);
    const int cell = (int)(u[axis] * n);
    if (taken[cell]) return false;
    taken[cell] = true;
  }
  return true;
}

static void sobol_has_one_in_each_interval(void **state) {
  static const int axes[] = {0, 1, 2, 63, 127, 128, 129, 139}; /* beyond the table too */
  Rig r = rig_new(*state, "sobol", "", AXES, 3, 1000, 0);
  for (int i = 0; i < COUNT(axes); i++)
    for (int n = 1; n <= POINTS; n *= 2) {
      assert_true(stratified(&r, axes[i], 0, n));
      assert_true(stratified(&r, axes[i], 3 * n, n));
    }
  Rig random = rig_new(*state, "random", "", AXES, 3, 1000, 0);
  assert_false(stratified(&random, 0, 0, 16));
}

/* 2^k points of the first two dimensions: one in each box of 2^-i by 2^-(k - i), a (0, k, 2)-net. */
static void sobol_is_a_net_in_two_dimensions(void **state) {
  Rig r = rig_new(*state, "sobol", "", 2, 8, 1000, 0);
  for (int i = 0; i <= 6; i++) {
    bool taken[64] = {false};
    for (int64_t n = 64; n < 128; n++) {
      double u[2];
      rig_propose(&r, n, u);
      const int box = ((int)(u[0] * (1 << i)) << (6 - i)) + (int)(u[1] * (64 >> i));
      assert_false(taken[box]);
      taken[box] = true;
    }
  }
}

/* The first points of the first three dimensions, in 1/16 (Joe & Kuo's notes), in plain order. */
static void sobol_numbers(void **state) {
  static const uint32_t expected[3][8] = {
      {0, 8, 4, 12, 2, 10, 6, 14}, {0, 8, 12, 4, 10, 2, 6, 14}, {0, 8, 12, 4, 6, 14, 10, 2}};
  (void)state;
  for (int dim = 0; dim < 3; dim++)
    for (uint32_t n = 0; n < 8; n++) assert_int_equal(sobol_bits(n, dim) >> 28, expected[dim][n]);
  /* Any dimension of the table: the matrix of direction numbers is upper triangular. */
  for (int dim = 0; dim < SOBOL_DIMS; dim++)
    for (int k = 0; k < 32; k++) {
      const uint32_t v = sobol_bits((uint32_t)1 << k, dim);
      assert_true(v >> (31 - k) & 1);
      assert_true(k == 31 || (v << (k + 1)) == 0);
    }
}

/* No two dimensions are the same sequence. */
static void sobol_dimensions_differ(void **state) {
  (void)state;
  for (int i = 0; i < SOBOL_DIMS; i++)
    for (int j = 0; j < i; j++) {
      bool differ = false;
      for (int k = 0; k < 16; k++) differ |= sobol_bits(1u << k, i) != sobol_bits(1u << k, j);
      assert_true(differ);
    }
}

static void latin_hypercube_has_one_in_each_interval(void **state) {
  static const int sizes[] = {1, 2, 3, 7, 16, 60, 100, 256};
  for (int i = 0; i < COUNT(sizes); i++) {
    Rig r = rig_new(*state, "latin_hypercube", "", AXES, 3, sizes[i], 0);
    assert_true(stratified(&r, 0, 0, sizes[i]) && stratified(&r, 139, 0, sizes[i]));
  }
  Rig r = rig_new(*state, "latin_hypercube", "", AXES, 3, 60, 0);
  assert_false(stratified(&r, 0, 0, 30)); /* that is Sobol's */
}

/* Where trial n falls, over seeds: chi square of 16 cells, also of two trials and two axes taken
 * together (256 cells); 4 standard deviations by Wilson & Hilferty. */
static double chi(const int *counts, int n_cells, int n) {
  double sum = 0;
  const double p = (double)n / n_cells, k = n_cells - 1;
  for (int i = 0; i < n_cells; i++) sum += (counts[i] - p) * (counts[i] - p) / p;
  return (fm_pow(sum / k, 1.0 / 3) - (1 - 2 / (9 * k))) / sqrt(2 / (9 * k));
}

static void uniform_over_seeds(const char *name, int64_t trial, int axis) {
  enum { SEEDS = 8000 };
  int one[16] = {0}, two[256] = {0};
  double u[4];
  Arena a;
  arena_init(&a);
  Rig r = rig_new(&a, name, "", 4, 0, 61, 0);
  for (int seed = 0; seed < SEEDS; seed++) {
    r.ask.seed = (uint64_t)seed;
    rig_propose(&r, trial, u);
    one[(int)(u[axis] * 16)]++;
    two[(int)(u[axis] * 16) * 16 + (int)(u[(axis + 1) % 4] * 16)]++;
  }
  arena_free(&a);
  if (chi(one, 16, SEEDS) >= 4 || chi(two, 256, SEEDS) >= 4)
    print_error("%s, trial %d, axis %d: %g %g\n", name, (int)trial, axis, chi(one, 16, SEEDS),
                chi(two, 256, SEEDS));
  assert_true(chi(one, 16, SEEDS) < 4 && chi(two, 256, SEEDS) < 4);
}

static void points_are_uniform(void **state) {
  (void)state;
  static const char *const names[] = {"sobol", "latin_hypercube"};
  for (int i = 0; i < COUNT(names); i++)
    for (int axis = 0; axis < 4; axis += 3) {
      uniform_over_seeds(names[i], 0, axis);
      uniform_over_seeds(names[i], 37, axis);
    }
}

/* The integral of a product over 256 points: the error of Sobol's is far below chance. */
static void sobol_integrates(void **state) {
  double worst = 0;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    Rig r = rig_new(*state, "sobol", "", 6, seed, POINTS, 0);
    double sum = 0, u[6];
    for (int64_t n = 0; n < POINTS; n++) {
      double product = 1;
      rig_propose(&r, n, u);
      for (int i = 0; i < 6; i++) product *= 1 + 0.5 * (u[i] - 0.5);
      sum += product / POINTS;
    }
    worst = fabs(sum - 1) > worst ? fabs(sum - 1) : worst;
  }
  /* One standard deviation of random points is sqrt((1 + 1/48)^6 - 1) / 16 = 0.023. */
  if (worst > 0.004) print_error("%g\n", worst);
  assert_true(worst < 0.004);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sobol_has_one_in_each_interval),
      cmocka_unit_test(sobol_is_a_net_in_two_dimensions),
      cmocka_unit_test(sobol_numbers),
      cmocka_unit_test(sobol_dimensions_differ),
      cmocka_unit_test(latin_hypercube_has_one_in_each_interval),
      cmocka_unit_test(points_are_uniform),
      cmocka_unit_test(sobol_integrates),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
