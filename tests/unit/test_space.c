/*
 * The search space: where draws fall on each scale, what a grid is made of, what is refused.
 *
 * Counts are of fixed seeds, so they are the same at every run; the bounds are those of a draw
 * that is right: 4 standard deviations of a binomial.
 */
#include "base/fmath.h"
#include "runner/sampler.h"
#include "spec_rig.h"

enum { N = 20000 };

static const Space *space_of(Arena *a, const char *entry) {
  return &rig_load(a, arena_printf(a, "%ssearch:\n  trials: %d\n  parameters:\n    %s\n", RIG_SMALL,
                                   N, entry))
              ->search.space;
}

static const Sampler *sampler(const char *name) {
  return (const Sampler *)(const void *)kind_find(&run_samplers, name);
}

static Point point_of(Arena *a, const char *method, const Space *s, uint64_t seed, int n) {
  const SamplerAsk ask = {.space = s, .n_axes = s->n, .seed = seed, .n_trials = N, .n = n};
  Point p;
  sampler_point(a, sampler(method), &ask, &p);
  return p;
}

static double draw(Arena *a, const Space *s, uint64_t seed, int n, int dim) {
  const Point p = point_of(a, "random", s, seed, n);
  assert_int_equal(p.n, s->n);
  const Scalar v = yaml_scalar(p.values[dim]);
  assert_true(v.type == SCALAR_INT || v.type == SCALAR_REAL);
  return v.real;
}

/* Share of N draws in [low, high); all must lie in [min, max]. */
static double share(const char *entry, double low, double high) {
  Arena a;
  arena_init(&a);
  const Space *s = space_of(&a, entry);
  int n = 0;
  for (int i = 0; i < N; i++) {
    Arena trial = {0};
    const double x = draw(&trial, s, 7, i, 0);
    assert_true(x >= s->dims[0].min && x <= s->dims[0].max);
    n += x >= low && x < high;
    arena_free(&trial);
  }
  arena_free(&a);
  return (double)n / N;
}

static void assert_share(double found, double p) {
  double sd = fm_exp(0.5 * fm_log(p * (1 - p) / N));
  if (fm_fabs(found - p) > 4 * sd) print_error("share %g, expected %g +- %g\n", found, p, sd);
  assert_true(fm_fabs(found - p) <= 4 * sd);
}

/* Alpha from 0.0001 to 1: a quarter of the draws in each decade; linear puts 90 % in the last. */
static void log_scale_weighs_decades_alike(void **state) {
  static const char on[] = "train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}";
  (void)state;
  assert_share(share(on, 0.0001, 0.001), 0.25);
  assert_share(share(on, 0.001, 0.01), 0.25);
  assert_share(share(on, 0.01, 0.1), 0.25);
  assert_share(share(on, 0.1, 2), 0.25);
  assert_share(share("train.optimizer.learning_rate: {min: 0.0001, max: 1}", 0.1, 2), 0.9 / 0.9999);
}

/* Beta from 0.9 to 0.999: half of the draws above 0.99; linear puts 9 % there. */
static void one_minus_log_weighs_nines_alike(void **state) {
  (void)state;
  assert_share(
      share("train.optimizer.beta1: {min: 0.9, max: 0.999, scale: one_minus_log}", 0.99, 1), 0.5);
  assert_share(share("train.optimizer.beta1: {min: 0.9, max: 0.999}", 0.99, 1), 0.009 / 0.099);
}

static void assert_chi_square(const int *counts, const double *p, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += (counts[i] - N * p[i]) * (counts[i] - N * p[i]) / (N * p[i]);
  /* Wilson & Hilferty: the cube root is near normal; beyond 4 sd once in 30,000 samples. */
  const double k = n - 1,
               z = (fm_pow(sum / k, 1.0 / 3) - (1 - 2 / (9 * k))) / fm_pow(2 / (9 * k), 0.5);
  if (!(z < 4)) print_error("chi square %g with %g degrees of freedom\n", sum, k);
  assert_true(z < 4);
}

static void count_integers(const char *entry, int min, int step, int n, int *counts) {
  Arena a;
  arena_init(&a);
  const Space *s = space_of(&a, entry);
  memset(counts, 0, sizeof(int) * (size_t)n);
  for (int i = 0; i < N; i++) {
    Arena trial = {0};
    const double x = draw(&trial, s, 11, i, 0);
    const int k = (int)(x - min) / step;
    assert_true(k >= 0 && k < n && x == min + k * step);
    counts[k]++;
    arena_free(&trial);
  }
  arena_free(&a);
}

/* Units from 50 to 100: 51 integers, the ends with the weight of the others. */
static void integers_weigh_alike(void **state) {
  int counts[51];
  double p[51];
  (void)state;
  count_integers("model.hidden.dense.units: {min: 50, max: 100}", 50, 1, 51, counts);
  for (int i = 0; i < 51; i++) p[i] = 1.0 / 51;
  assert_chi_square(counts, p, 51);
  count_integers("model.hidden.repeat: {min: 2, max: 4}", 2, 1, 3, counts);
  for (int i = 0; i < 3; i++) p[i] = 1.0 / 3;
  assert_chi_square(counts, p, 3);
}

/* On the log scale integer k weighs log((k + 1/2) / (k - 1/2)). */
static void integers_on_a_log_scale(void **state) {
  int counts[8];
  double p[8];
  (void)state;
  count_integers("model.hidden.dense.units: {min: 1, max: 8, scale: log}", 1, 1, 8, counts);
  for (int i = 0; i < 8; i++) p[i] = fm_log((i + 1.5) / (i + 0.5)) / fm_log(8.5 / 0.5);
  assert_chi_square(counts, p, 8);
}

/* Multiples of 16 in 20 .. 70 are 32, 48, 64. */
static void q_keeps_multiples(void **state) {
  int counts[3];
  const double p[3] = {1.0 / 3, 1.0 / 3, 1.0 / 3};
  count_integers("model.hidden.dense.units: {min: 20, max: 70, q: 16}", 32, 16, 3, counts);
  assert_chi_square(counts, p, 3);
  const Space *s = space_of(*state, "train.optimizer.beta1: {min: 0.3, max: 0.9, q: 0.1}");
  static const char *const written[] = {"0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"};
  for (int i = 0; i < 7; i++) {
    const YamlNode *v = space_value(*state, &s->dims[0], (i + 0.5) / 7);
    assert_string_equal(v->text, written[i]);
  }
}

static void values_weigh_alike(void **state) {
  const Space *s = space_of(*state, "train.batch_size: {values: [32, 64, all]}");
  int counts[3] = {0};
  const double p[3] = {1.0 / 3, 1.0 / 3, 1.0 / 3};
  for (int i = 0; i < N; i++) {
    const Point point = point_of(*state, "random", s, 3, i);
    for (int k = 0; k < 3; k++) counts[k] += point.values[0] == s->dims[0].values[k];
  }
  assert_int_equal(counts[0] + counts[1] + counts[2], N);
  assert_chi_square(counts, p, 3);
}

static void ends_of_the_coordinate(void **state) {
  static const char *const entries[] = {
      "train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}",
      "train.optimizer.beta1: {min: 0.9, max: 0.999, scale: one_minus_log}",
      "model.hidden.dense.units: {min: 50, max: 100}",
      "model.hidden.dense.units: {min: 50, max: 100, scale: log}",
  };
  const double last = 1 - 0x1p-53;
  for (int i = 0; i < COUNT(entries); i++) {
    const Dim *d = &space_of(*state, entries[i])->dims[0];
    const double low = yaml_scalar(space_value(*state, d, 0)).real;
    const double high = yaml_scalar(space_value(*state, d, last)).real;
    assert_true(fm_fabs(low - d->min) <= 1e-12 * d->min && low >= d->min);
    assert_true(fm_fabs(high - d->max) <= 1e-12 * d->max && high <= d->max);
  }
}

/* ---- random ---------------------------------------------------------------------------------- */

static const char two[] = "train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}\n"
                          "    train.optimizer.beta1: {min: 0, max: 0.9}";

/* A draw depends on seed, trial and dimension alone, and on each of them. */
static void random_is_a_function_of_seed_trial_dimension(void **state) {
  const Space *s = space_of(*state, two);
  const double x = draw(*state, s, 5, 17, 1);
  (void)draw(*state, s, 5, 3, 0);
  assert_true(draw(*state, s, 5, 17, 1) == x);
  assert_true(draw(*state, s, 6, 17, 1) != x);
  assert_true(draw(*state, s, 5, 18, 1) != x);
  double sum = 0, sum0 = 0, sum1 = 0;
  for (int i = 0; i < N; i++) { /* dimensions do not go together */
    const double u = fm_log(draw(*state, s, 5, i, 0)) / fm_log(0.0001),
                 v = draw(*state, s, 5, i, 1) / 0.9;
    sum += (u - 0.5) * (v - 0.5);
    sum0 += u;
    sum1 += v;
  }
  assert_true(fm_fabs(sum0 / N - 0.5) < 4 * 0.2887 / 141);
  assert_true(fm_fabs(sum1 / N - 0.5) < 4 * 0.2887 / 141);
  assert_true(fm_fabs(sum / N) < 4.0 / 12 / 141);
}

/* 25 trials see 25 values of alpha; a grid of 25 sees 5. */
static int distinct(Arena *a, const char *method, const Space *s, int n_trials) {
  double seen[25];
  int n = 0;
  for (int i = 0; i < n_trials; i++) {
    const Point p = point_of(a, method, s, 1, i);
    const double x = yaml_scalar(p.values[0]).real;
    bool is_new = true;
    for (int k = 0; k < n; k++) is_new = is_new && seen[k] != x;
    if (is_new) seen[n++] = x;
  }
  return n;
}

static void random_sees_more_values_than_a_grid(void **state) {
  const Space *s = space_of(
      *state, "train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log, points: 5}\n"
              "    train.optimizer.epsilon: {min: 1e-10, max: 1e-6, scale: log, points: 5}");
  Err e = {.status = OK};
  assert_int_equal(sampler("grid")->count(s, 0, &e), 25);
  assert_int_equal(distinct(*state, "grid", s, 25), 5);
  assert_int_equal(distinct(*state, "random", s, 25), 25);
}

/* ---- grid ------------------------------------------------------------------------------------ */

static void a_grid_is_every_combination_once(void **state) {
  const Space *s = space_of(*state, "model.hidden.repeat: {min: 2, max: 4}\n"
                                    "    train.batch_size: {values: [32, all]}\n"
                                    "    train.accumulate: {value: 2}");
  static const char *const expected[][3] = {{"2", "32", "2"}, {"2", "all", "2"},
                                            {"3", "32", "2"}, {"3", "all", "2"},
                                            {"4", "32", "2"}, {"4", "all", "2"}};
  Err e = {.status = OK};
  assert_int_equal(sampler("grid")->count(s, 0, &e), 6);
  assert_int_equal(sampler("grid")->count(s, 6, &e), 6);
  for (int i = 0; i < 6; i++) {
    const Point p = point_of(*state, "grid", s, 1, i);
    for (int k = 0; k < 3; k++) assert_string_equal(p.values[k]->text, expected[i][k]);
  }
  assert_int_equal(sampler("grid")->count(s, 7, &e), 0);
  assert_contains(e.text, "the grid has 6 points, not 7");
}

static void assert_grid(Arena *a, const char *entry, const double *expected, int n) {
  const Dim *d = &space_of(a, entry)->dims[0];
  assert_int_equal(space_grid_size(d), n);
  for (int i = 0; i < n; i++) {
    const double x = yaml_scalar(space_grid_value(a, d, i)).real;
    if (!(fm_fabs(x - expected[i]) <= 1e-12 * fm_fabs(expected[i]))) print_error("%d: %g\n", i, x);
    assert_true(fm_fabs(x - expected[i]) <= 1e-12 * fm_fabs(expected[i]));
  }
  assert_true(yaml_scalar(space_grid_value(a, d, 0)).real == expected[0]); /* the ends exactly */
  assert_true(yaml_scalar(space_grid_value(a, d, n - 1)).real == expected[n - 1]);
}

static void grid_values_are_even_on_the_scale(void **state) {
  assert_grid(*state, "train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log, points: 5}",
              (const double[]){0.0001, 0.001, 0.01, 0.1, 1}, 5);
  assert_grid(*state,
              "train.optimizer.beta1: {min: 0.9, max: 0.999, scale: one_minus_log, points: 3}",
              (const double[]){0.9, 0.99, 0.999}, 3);
  assert_grid(*state, "train.optimizer.beta1: {min: 0, max: 0.5, points: 3}",
              (const double[]){0, 0.25, 0.5}, 3);
  assert_grid(*state, "train.optimizer.beta1: {min: 0, max: 0.5, q: 0.25}",
              (const double[]){0, 0.25, 0.5}, 3);
  /* Points that round to the same integer are one. */
  assert_grid(*state, "model.hidden.repeat: {min: 1, max: 3, points: 9}", (const double[]){1, 2, 3},
              3);
  assert_grid(*state, "model.hidden.dense.units: {min: 1, max: 100, scale: log, points: 5}",
              (const double[]){1, 3, 10, 32, 100}, 5);
}

static void a_grid_needs_points(void **state) {
  const Space *s = space_of(*state, "train.optimizer.beta1: {min: 0, max: 0.5}");
  Err e = {.status = OK};
  assert_int_equal(sampler("grid")->count(s, 0, &e), 0);
  assert_contains(e.text, "grid needs to know how many values train.optimizer.beta1 takes");
  s = space_of(*state, "model.hidden.dense.units: {min: 1, max: 1000000}\n"
                       "    train.batch_size: {min: 2, max: 1000}");
  e = (Err){.status = OK};
  assert_int_equal(sampler("grid")->count(s, 0, &e), 0);
  assert_contains(e.text, "more than 10000000 points");
  e = (Err){.status = OK};
  assert_true(sampler("random")->count(s, 0, &e) <= 0);
  assert_contains(e.text, "\"trials\" is missing");
}

/* ---- the way back ---------------------------------------------------------------------------- */

static double unit_of(Arena *a, const Dim *d, const char *text) {
  return space_unit(d, yaml_new_scalar(a, text, false, d->mark));
}

static void assert_near(double found, double expected, double bound) {
  if (!(fm_fabs(found - expected) <= bound)) print_error("%.17g, not %.17g\n", found, expected);
  assert_true(fm_fabs(found - expected) <= bound);
}

/* A continuous value has the u that it was drawn with; one of a cell that of the cell's middle:
 * as far to one side as to the other the value stays the same. */
static void a_value_knows_where_it_was_drawn(void **state) {
  static const char *const entries[] = {
      "train.optimizer.beta1: {min: 0.1, max: 0.9}",
      "train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}",
      "train.optimizer.beta1: {min: 0.9, max: 0.999, scale: one_minus_log}",
      "train.optimizer.beta1: {min: 0.3, max: 0.9, q: 0.1}",
      "train.optimizer.beta1: {min: 0.1, max: 0.95, q: 0.05, scale: one_minus_log}",
      "train.optimizer.beta1: {min: 0.1, max: 0.99, q: 0.1, scale: one_minus_log}",
      "model.hidden.dense.units: {min: 50, max: 100}",
      "model.hidden.dense.units: {min: 1, max: 40, scale: log}",
      "model.hidden.dense.units: {min: 20, max: 70, q: 16, scale: log}",
      "train.batch_size: {values: [32, 64, all]}",
      "model.hidden.layers: {values: [[{dense: {units: 8}}], [{dense: {units: 16}}, relu]]}",
  };
  for (int i = 0; i < COUNT(entries); i++) {
    const Dim *d = &space_of(*state, entries[i])->dims[0];
    double last = 0;
    for (int k = 0; k < 500; k++) {
      const double drawn = (k + 0.5) / 500;
      const YamlNode *v = space_value(*state, d, drawn);
      const double u = space_unit(d, v);
      assert_true(u >= last && u < 1);
      last = u;
      if (i < 3) assert_near(u, drawn, 1e-12);
      const double off = drawn - u; /* drawn was in the cell: so is its mirror image */
      if (i >= 3 && fm_fabs(off) > 1e-9)
        assert_true(yaml_equal(space_value(*state, d, u - off * (1 - 1e-6)), v));
      assert_true(i < 3 || yaml_equal(space_value(*state, d, u), v));
    }
  }
}

static void units_by_hand(void **state) {
  const Dim *d = &space_of(*state, "train.batch_size: {values: [32, 64, all]}")->dims[0];
  assert_near(unit_of(*state, d, "32"), 1.0 / 6, 1e-15);
  assert_near(unit_of(*state, d, "all"), 5.0 / 6, 1e-15);
  d = &space_of(*state, "model.hidden.repeat: {min: 2, max: 5}")->dims[0];
  assert_near(unit_of(*state, d, "3"), 0.375, 1e-15);
  d = &space_of(*state, "train.optimizer.learning_rate: {min: 0.0001, max: 1, scale: log}")
           ->dims[0];
  assert_near(unit_of(*state, d, "0.001"), 0.25, 1e-12);
  assert_near(unit_of(*state, d, "0.0001"), 0, 0);
  assert_true(unit_of(*state, d, "1") < 1);
  d = &space_of(*state, "model.hidden.dense.units: {min: 1, max: 8, scale: log}")->dims[0];
  assert_near(unit_of(*state, d, "1"), 0.5 * fm_log(3) / fm_log(17), 1e-15);
}

static void what_is_no_value_has_no_unit(void **state) {
  static const char *const cases[][2] = {
      {"train.batch_size: {values: [32, 64, all]}", "33"},
      {"train.batch_size: {values: [32, 64, all]}", "none"},
      {"train.optimizer.beta1: {min: 0.1, max: 0.9}", "0.95"},
      {"train.optimizer.beta1: {min: 0.1, max: 0.9}", "0.05"},
      {"train.optimizer.beta1: {min: 0.1, max: 0.9}", ".nan"},
      {"train.optimizer.beta1: {min: 0.1, max: 0.9}", "high"},
      {"train.optimizer.beta1: {min: 0.3, max: 0.9, q: 0.1}", "0.35"},
      {"model.hidden.repeat: {min: 2, max: 5}", "2.5"},
      {"model.hidden.repeat: {min: 2, max: 5}", "6"},
  };
  for (int i = 0; i < COUNT(cases); i++) {
    const Dim *d = &space_of(*state, cases[i][0])->dims[0];
    const double u = unit_of(*state, d, cases[i][1]);
    if (u == u) print_error("%s in %s: %g\n", cases[i][1], cases[i][0], u);
    assert_true(u != u);
  }
  const Dim *d = &space_of(*state, "model.hidden.repeat: {min: 2, max: 5}")->dims[0];
  const double u = space_unit(d, yaml_new(*state, YAML_LIST, d->mark));
  assert_true(u != u);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)
  const struct CMUnitTest tests[] = {
      TEST(log_scale_weighs_decades_alike),
      TEST(one_minus_log_weighs_nines_alike),
      TEST(integers_weigh_alike),
      TEST(integers_on_a_log_scale),
      TEST(q_keeps_multiples),
      TEST(values_weigh_alike),
      TEST(ends_of_the_coordinate),
      TEST(random_is_a_function_of_seed_trial_dimension),
      TEST(random_sees_more_values_than_a_grid),
      TEST(a_grid_is_every_combination_once),
      TEST(grid_values_are_even_on_the_scale),
      TEST(a_grid_needs_points),
      TEST(a_value_knows_where_it_was_drawn),
      TEST(units_by_hand),
      TEST(what_is_no_value_has_no_unit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
