/* The forest: what it learns, what it says about rows that it did not see, where its cells are. */
#include <string.h>

#include "forest_rig.h"

enum { TREES = 40 };

/* Squared error on new rows over their variance, and the same as the forest itself puts it. */
static double fit(Arena *a, Function *f, int n_axes, int n, double *own) {
  const Sample s = sample_of(a, f, NULL, n_axes, n, 1), fresh = sample_of(a, f, NULL, n_axes, n, 2);
  const Forest *forest = forest_of(a, &s, TREES);
  double mean = 0, error = 0, variance = 0;
  for (int i = 0; i < n; i++) mean += fresh.y[i] / n;
  for (int i = 0; i < n; i++) {
    const double off = forest_predict(forest, &fresh.x[i * n_axes]) - fresh.y[i];
    error += off * off;
    variance += (fresh.y[i] - mean) * (fresh.y[i] - mean);
  }
  *own = forest->r2;
  return 1 - error / variance;
}

static double noise(const double *x) {
  Rng r = rng_stream((uint64_t)(x[0] * 1e9), RNG_TEST, 1, 0);
  return rng_f64(&r);
}

static double line(const double *x) {
  return x[0] - 3 * x[1];
}

static void r2_is_that_of_new_rows(void **state) {
  double own;
  double found = fit(*state, ishigami, 3, 600, &own);
  assert_true(found > 0.85);
  assert_near(own, found, 0.05);
  found = fit(*state, line, 2, 300, &own);
  assert_true(found > 0.98);
  assert_near(own, found, 0.02);
  found = fit(*state, noise, 2, 300, &own);
  assert_true(found < 0 && own < 0.05);
}

static void a_function_of_seed_alone(void **state) {
  const Sample s = sample_of(*state, ishigami, NULL, 3, 100, 1);
  const double at[] = {0.2, 0.7, 0.4};
  const double x = forest_predict(forest_of(*state, &s, TREES), at);
  assert_true(forest_predict(forest_of(*state, &s, TREES), at) == x);
  const Forest *other = forest_grow(*state, s.axes, 3, s.x, s.y, s.n, TREES, RIG_SEED + 1);
  assert_true(forest_predict(other, at) != x);
}

/* Cells part what was seen in the middle; many values are grouped, and still cover all. */
static void cells_lie_between_values(void **state) {
  const double x[] = {0.5, 0.1, 0.5, 0.2}, y[] = {1, 2, 3, 4};
  const ForestAxis axis = {0};
  const ForestCells *c = &forest_grow(*state, &axis, 1, x, y, 4, 2, 1)->cells[0];
  assert_int_equal(c->n, 3);
  assert_near(c->edge[1], 0.15, 1e-15);
  assert_near(c->edge[2], 0.35, 1e-15);
  assert_near(forest_weight(c, 2, 3), 0.65, 1e-15);
  assert_true(forest_weight(c, 0, 3) == 1);
  assert_int_equal(forest_cell(c, 0), 0);
  assert_int_equal(forest_cell(c, c->edge[1]), 1);
  assert_int_equal(forest_cell(c, 0.34), 1);
  assert_int_equal(forest_cell(c, 0.999), 2);
  const Sample s = sample_of(*state, line, NULL, 2, 1000, 1);
  const ForestCells *many = &forest_of(*state, &s, 2)->cells[0];
  assert_int_equal(many->n, FOREST_MAX_CELLS);
  for (int k = 0; k < many->n; k++) assert_true(many->edge[k] < many->edge[k + 1]);
  for (int i = 0; i < s.n; i++) {
    const int k = forest_cell(many, s.x[i * 2]);
    assert_true(s.x[i * 2] >= many->edge[k] && s.x[i * 2] < many->edge[k + 1]);
  }
}

static double parity(const double *x) {
  return (int)x[0] % 2;
}

/* Even and odd categories part at one node. */
static void categories_are_parted_at_once(void **state) {
  const ForestAxis axis = {.unordered = true, .n_values = 6};
  const Sample s = sample_of(*state, parity, &axis, 1, 100, 1);
  const Forest *f = forest_of(*state, &s, TREES);
  for (int t = 0; t < TREES; t++) assert_int_equal(f->trees[t].n, 3);
  for (int k = 0; k < 6; k++) {
    const double x = k;
    assert_near(forest_predict(f, &x), k % 2, 1e-12);
  }
}

/* Where the second parameter is at 0.9 or absent, it is absent that makes the difference: a value
 * between, which no row there has, goes with 0.9. */
static void absent_is_far_from_all(void **state) {
  const ForestAxis axes[] = {{.unordered = true, .n_values = 2}, {0}};
  double x[60], y[30];
  for (int i = 0; i < 30; i++) {
    x[2 * i] = i % 3 != 0;
    x[2 * i + 1] = i % 3 == 0 ? 0.1 : i % 3 == 1 ? 0.9 : FOREST_ABSENT;
    y[i] = i % 3 == 0 ? 5 : i % 3 == 1 ? 1 : 0;
  }
  const Forest *f = forest_grow(*state, axes, 2, x, y, 30, TREES, RIG_SEED);
  assert_near(forest_predict(f, (const double[]){1, 0.2}), 1, 1e-9);
  assert_near(forest_predict(f, (const double[]){1, FOREST_ABSENT}), 0, 1e-9);
}

/* A row more often than others, one value, one row, all absent: nothing breaks. */
static void small_and_poor_samples(void **state) {
  const ForestAxis axes[] = {{0}, {.unordered = true, .n_values = 3}};
  const double one[] = {0.3, 2}, y[] = {5, 5, 6, 7};
  const Forest *f = forest_grow(*state, axes, 2, one, y, 1, 4, 1);
  assert_true(forest_predict(f, (const double[]){0.9, 0}) == 5);
  assert_true(isnan(f->r2));
  const double same[] = {0.3, 2, 0.3, 2, 0.3, 2, 0.3, 2};
  f = forest_grow(*state, axes, 2, same, y, 4, 8, 1);
  assert_near(forest_predict(f, one), 5.75, 0.7);
  assert_int_equal(f->trees[0].n, 1);
  const double absent[] = {-1, -1, -1, -1, -1, -1, -1, -1};
  f = forest_grow(*state, axes, 2, absent, y, 4, 8, 1);
  assert_int_equal(f->cells[0].n, 2);
  assert_true(forest_weight(&f->cells[0], 0, 1) == 1 && forest_weight(&f->cells[1], 0, 1) == 1);
  assert_near(forest_predict(f, absent), 5.75, 0.7);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)
  const struct CMUnitTest tests[] = {
      TEST(r2_is_that_of_new_rows),        TEST(a_function_of_seed_alone),
      TEST(cells_lie_between_values),      TEST(small_and_poor_samples),
      TEST(categories_are_parted_at_once), TEST(absent_is_far_from_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
