/* Ranks and their statistics against plain definitions, and what two runs' points come to. */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "runner/compare.h"
#include "spec_rig.h"

static void assert_near(double found, double expected, double bound) {
  if (!(fm_fabs(found - expected) <= bound)) print_error("%.17g, not %.17g\n", found, expected);
  assert_true(fm_fabs(found - expected) <= bound);
}

/* ---- statistics ------------------------------------------------------------------------------ */

/* By hand: ranks 1, 2.5, 2.5, 4, 5 and 2, 1, 3.5, 3.5, 5. */
static const RankPair by_hand[] = {{0.1, 7}, {0.5, 2}, {0.5, 8}, {0.6, 8}, {0.9, 9}};

static void ranks_of_equals_are_their_mean(void **state) {
  double out[5];
  rank_of(*state, &by_hand[0].x, 2, 5, out);
  static const double expected[] = {1, 2.5, 2.5, 4, 5};
  for (int i = 0; i < 5; i++) assert_true(out[i] == expected[i]);
  const double v[] = {INFINITY, -INFINITY, 3};
  rank_of(*state, v, 1, 3, out);
  assert_true(out[0] == 3 && out[1] == 1 && out[2] == 2);
}

static void spearman_by_hand(void **state) {
  /* Sums about the mean rank 3: xx 9.5, yy 9.5, xy 2 + 1 - 0.25 + 0.5 + 4. */
  assert_near(rank_spearman(*state, by_hand, 5), 7.25 / 9.5, 1e-15);
  static const RankPair same[] = {{1, 2}, {1, 3}};
  assert_true(isnan(rank_spearman(*state, same, 2)));
  static const RankPair down[] = {{1, 4}, {2, 3}, {30, -INFINITY}};
  assert_true(rank_spearman(*state, down, 3) == -1);
}

/* All pairs one by one. */
static double plain_kendall(const RankPair *p, int n) {
  double sum = 0, x = 0, y = 0;
  for (int i = 0; i < n; i++)
    for (int k = 0; k < i; k++) {
      const int dx = (p[i].x > p[k].x) - (p[i].x < p[k].x);
      const int dy = (p[i].y > p[k].y) - (p[i].y < p[k].y);
      sum += dx * dy;
      x += dx != 0;
      y += dy != 0;
    }
  return sum / sqrt(x * y);
}

static void kendall_is_a_count_of_pairs(void **state) {
  assert_near(rank_kendall(*state, by_hand, 5), plain_kendall(by_hand, 5), 1e-15);
  assert_near(plain_kendall(by_hand, 5), 6 / 9.0, 1e-15); /* 7 with, 1 against, 1 tie in each */
  Rng r = rng_stream(1, RNG_TEST, 0, 0);
  for (int n = 2; n < 60; n++) {
    RankPair p[60];
    for (int i = 0; i < n; i++) {
      p[i].x = (double)rng_below(&r, 12);
      p[i].y = n % 2 ? (double)rng_below(&r, 12) : p[i].x + (double)rng_below(&r, 6);
    }
    const double plain = plain_kendall(p, n);
    if (isnan(plain))
      assert_true(isnan(rank_kendall(*state, p, n)));
    else
      assert_near(rank_kendall(*state, p, n), plain, 1e-12);
  }
}

static void better_is_a_share(void **state) {
  static const RankPair p[] = {{1, 0}, {2, 2}, {0, 3}, {5, 4}};
  assert_true(rank_better(*state, p, 4) == 0.625);
}

/* n draws of two columns of which the common part has the weight w. */
static RankPair *draws(Arena *a, int n, double w, uint64_t seed) {
  RankPair *p = ARENA_ARRAY(a, RankPair, n);
  Rng r = rng_stream(seed, RNG_TEST, 1, 0);
  for (int i = 0; i < n; i++) {
    const double common = rng_normal(&r);
    p[i].x = w * common + (1 - w) * rng_normal(&r);
    p[i].y = w * common + (1 - w) * rng_normal(&r);
  }
  return p;
}

/* Of 100 samples without correlation the interval has 0 in it about 95 times, and in none of strong
 * ones. */
static void intervals_cover(void **state) {
  int covered = 0;
  for (int i = 0; i < 100; i++) {
    const RankInterval none =
        rank_interval(rank_spearman, draws(*state, 40, 0, (uint64_t)i + 1), 40);
    assert_true(none.low <= none.value && none.value <= none.high);
    covered += none.low <= 0 && none.high >= 0;
  }
  if (covered < 86 || covered > 100) print_error("%d of 100\n", covered);
  assert_true(covered >= 86);
  const RankInterval strong = rank_interval(rank_spearman, draws(*state, 40, 0.8, 1), 40);
  assert_true(strong.low > 0.5 && strong.high < 1);
  const RankInterval again = rank_interval(rank_spearman, draws(*state, 40, 0.8, 1), 40);
  assert_true(again.low == strong.low && again.high == strong.high);
}

/* ---- points ---------------------------------------------------------------------------------- */

static Comparison compare(Arena *a, const RankPair *p, int n, bool maximize) {
  ComparePoint *points = ARENA_ARRAY(a, ComparePoint, n);
  for (int i = 0; i < n; i++)
    points[i] = (ComparePoint){arena_printf(a, "%03d", i), p[i].x, p[i].y, 1, 1, 0, 0};
  Comparison c;
  compare_points(a, points, n, maximize, &c);
  return c;
}

static void verdicts(void **state) {
  assert_int_equal(compare(*state, draws(*state, 60, 0.9, 1), 60, true).verdict, COMPARE_HOLDS);
  assert_int_equal(compare(*state, draws(*state, 60, 0.9, 1), 60, false).verdict, COMPARE_HOLDS);
  assert_int_equal(compare(*state, draws(*state, 100, 0.5, 1), 100, true).verdict, COMPARE_PARTLY);
  assert_int_equal(compare(*state, draws(*state, 100, 0, 1), 100, true).verdict, COMPARE_NO_MORE);
  assert_int_equal(compare(*state, draws(*state, 7, 0.5, 2), 7, true).verdict, COMPARE_OPEN);
  assert_int_equal(compare(*state, draws(*state, 4, 0.9, 1), 4, true).verdict, COMPARE_TOO_FEW);
  RankPair *p = draws(*state, 60, 0.9, 1);
  for (int i = 0; i < 60; i++) p[i].y = -p[i].y; /* turned over */
  assert_int_equal(compare(*state, p, 60, true).verdict, COMPARE_NO_MORE);
  for (int i = 0; i < 60; i++) p[i].y = 1;
  assert_int_equal(compare(*state, p, 60, true).verdict, COMPARE_TOO_FEW);
}

/* Accuracies; the fourth diverged in A, the third in B. */
static const RankPair four[] = {{0.9, 0.7}, {0.8, 0.8}, {0.7, NAN}, {NAN, 0.9}};

static void ranks_of_points(void **state) {
  Comparison c = compare(*state, four, 4, true);
  static const double rank_b[] = {3, 2, 4, 1};
  for (int i = 0; i < 4; i++) {
    assert_true(c.points[i].rank_a == i + 1);
    assert_true(c.points[i].rank_b == rank_b[i]);
  }
  assert_true(c.best_in_b == 3 && c.k == 1 && c.overlap == 0 && c.by_chance == 0.25);
  assert_true(c.better.value == 0.625); /* better, equal, better, worse */
  c = compare(*state, four, 4, false);  /* small is good */
  assert_true(c.points[0].a == 0.7 && c.points[3].rank_b == 3);
  assert_true(c.best_in_b == 4);
  assert_true(c.better.value == 0.375);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static RunDir *run_of(Arena *a, const char *metric, const TrialResult *trials, int n) {
  RunDir *r = ARENA_NEW(a, RunDir);
  const char *text = arena_printf(
      a,
      "%smetric: %s\nsearch: {method: random, trials: 9, parameters: {train.batch_size: "
      "{values: [1, 2]}}}\n",
      RIG_SMALL, metric);
  *r = (RunDir){.dir = metric, .spec = rig_load(a, text), .n_done = n, .head = {.n_trials = n}};
  r->results = ARENA_ARRAY(a, TrialResult *, n);
  for (int i = 0; i < n; i++) {
    r->results[i] = ARENA_NEW(a, TrialResult);
    *r->results[i] = trials[i];
  }
  return r;
}

static const TrialResult first[] = {
    {.point = "{a: 1, b: x}", .metric = 0.5},   {.point = "{a: 2, b: x}", .metric = 0.6},
    {.point = "{a: 3, b: x}", .metric = 0.7},   {.point = "{a: 4, b: x}", .status = TRIAL_FAILED},
    {.point = "{a: 5, b: x}", .metric = 0.125}, {.point = "{a: 5, b: x}", .metric = 0.375},
    {.point = "{a: 6, b: x}", .metric = 0.9},
};
static const TrialResult second[] = {
    {.point = "{b: x, a: 2}", .metric = 0.2},
    {.point = "{b: x, a: 4}", .metric = 0.5},
    {.point = "{b: x, a: 5}", .metric = 0.3},
    {.point = "{b: x, a: 7}", .metric = 0.3},
    {.point = "{b: x, a: 1}", .metric = 0.9},
    {.point = "{b: x, a: 1}", .status = TRIAL_DIVERGED, .metric = 0.8},
};

static const char accuracy[] = "{name: validation_accuracy, goal: maximize}";

/* Points 1, 2 and 5 are common: in another order of the space, several times, diverged. */
static void points_are_paired(void **state) {
  Comparison c;
  Err e = {0};
  assert_int_equal(compare_runs(*state, run_of(*state, accuracy, first, COUNT(first)),
                                run_of(*state, accuracy, second, COUNT(second)), &c, &e),
                   OK);
  assert_int_equal(c.n, 3);
  assert_int_equal(c.only_a, 2);
  assert_int_equal(c.only_b, 2);
  assert_string_equal(c.points[0].point, "{a: 2, b: x}");
  assert_string_equal(c.points[1].point, "{a: 1, b: x}");
  assert_true(isnan(c.points[1].b) && c.points[1].n_b == 2 && c.points[1].rank_b == 3);
  assert_true(c.points[2].a == 0.25 && c.points[2].n_a == 2 && c.points[2].b == 0.3);
  assert_int_equal(c.verdict, COMPARE_TOO_FEW);
}

static const char *refused(Arena *a, const RunDir *x, const RunDir *y) {
  Comparison c;
  Err *e = ARENA_NEW(a, Err);
  assert_int_equal(compare_runs(a, x, y, &c, e), E_DATA);
  return e->text;
}

static void other_metrics_are_refused(void **state) {
  const RunDir *x = run_of(*state, accuracy, first, COUNT(first));
  const RunDir *loss = run_of(*state, "{name: validation_loss, goal: minimize}", first, 2);
  const RunDir *down = run_of(*state, "{name: validation_accuracy, goal: minimize}", first, 2);
  assert_contains(refused(*state, x, loss), "other metrics");
  assert_contains(refused(*state, x, down), "other goals");
  assert_contains(refused(*state, x, run_of(*state, accuracy, second + 3, 1)),
                  "no point in common (5 and 1 points)");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)
  const struct CMUnitTest tests[] = {
      TEST(ranks_of_equals_are_their_mean),
      TEST(spearman_by_hand),
      TEST(kendall_is_a_count_of_pairs),
      TEST(better_is_a_share),
      TEST(intervals_cover),
      TEST(verdicts),
      TEST(ranks_of_points),
      TEST(points_are_paired),
      TEST(other_metrics_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
