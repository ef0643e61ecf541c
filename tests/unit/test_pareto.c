/* Several objectives: fronts and scalars by hand, what a method is told, and that methods that look
 * find a better front than random ones. */
#include "runner/pareto.h"

#include <math.h>
#include <stdlib.h>

#include "runner/history.h"
#include "spec_rig.h"

static bool near(double x, double y) {
  return fabs(x - y) < 1e-12;
}

static void fronts_by_hand(void **state) {
  (void)state;
  static const double losses[][2] = {
      {1, 5},        {2, 3},        {3, 3} /* (2, 3) is as good, and better in one */,
      {4, 1},        {1, 6},        {2, 3},
      {NAN, 0},      {0, INFINITY}, {5, 5},
      {-INFINITY, 0}};
  static const bool want[] = {true, true, false, true, false, true, false, false, false, false};
  bool front[COUNT(want)];
  pareto_front(&losses[0][0], COUNT(want), 2, front);
  for (int i = 0; i < COUNT(want); i++) assert_int_equal(front[i], want[i]);
  static const double three[][3] = {{1, 1, 1}, {1, 1, 2}, {0, 2, 2}, {2, 2, 0.5}};
  pareto_front(&three[0][0], 4, 3, front);
  assert_true(front[0] && !front[1] && front[2] && front[3]);
  pareto_front(&three[0][0], 4, 1, front); /* of one objective the best */
  pareto_front(NULL, 0, 2, front);
}

/* Losses 10, 20, 30 and 1, 0, 3 are 0, 1/2, 1 and 1/3, 0, 1. */
static void scalars_by_hand(void **state) {
  (void)state;
  static const double losses[] = {10, 1, 20, 0, 30, 3, NAN, -5, -5, NAN, INFINITY, 0};
  static const double w[] = {0.25, 0.75};
  double out[6];
  pareto_scalars(losses, 6, 2, w, out);
  assert_true(near(out[0], 0.25 + 0.05 * 0.25));
  assert_true(near(out[1], 0.125 + 0.05 * 0.125));
  assert_true(near(out[2], 0.75 + 0.05 * 1));
  assert_true(isnan(out[3]) && isnan(out[4]) && isnan(out[5])); /* and scale nothing */
  static const double alike[] = {7, 1, 7, 2};
  pareto_scalars(alike, 2, 2, w, out);
  assert_true(out[0] == 0 && near(out[1], 0.75 * 1.05));
}

/* Even on the simplex: of three weights each has mean 1/3 and mean square 1/6. */
static void weights_are_even(void **state) {
  (void)state;
  double sum[3] = {0}, square[3] = {0}, w[3], again[3];
  for (int n = 0; n < 20000; n++) {
    pareto_weights(5, n, 3, w);
    for (int j = 0; j < 3; j++) {
      assert_true(w[j] >= 0);
      sum[j] += w[j] / 20000;
      square[j] += w[j] * w[j] / 20000;
    }
    assert_true(near(w[0] + w[1] + w[2], 1));
  }
  for (int j = 0; j < 3; j++) {
    assert_true(fabs(sum[j] - 1.0 / 3) < 0.01);
    assert_true(fabs(square[j] - 1.0 / 6) < 0.01);
  }
  pareto_weights(5, 19999, 3, again);
  assert_memory_equal(again, w, sizeof w);
  pareto_weights(6, 19999, 3, again);
  assert_true(again[0] != w[0]);
  pareto_weights(5, 3, 1, again);
  assert_true(again[0] == 1);
}

/* ---- a search -------------------------------------------------------------------------------- */

enum { N = 40, SEEDS = 15 };

static Spec *search(Arena *a, const char *method, int seed) {
  return rig_load(a, arena_printf(a,
                                  "seed: %d\n%smetric: [{name: validation_loss}, "
                                  "{name: n_parameters}]\n"
                                  "search:\n  method: %s\n  trials: %d\n  max_concurrent: 1\n"
                                  "  parameters:\n"
                                  "    train.optimizer.learning_rate: {min: 1, max: 2}\n"
                                  "    train.l1: {min: 1, max: 2}\n"
                                  "    train.l2: {min: 1, max: 2}\n",
                                  seed, RIG_SMALL, method, N));
}

/* Squared distances from two corners of a face: on the line between them is the front. */
static void function(const Space *s, const Point *p, double *losses) {
  double u[3];
  space_units(s, p, u);
  losses[0] = losses[1] = (u[2] - 0.3) * (u[2] - 0.3);
  for (int i = 0; i < 2; i++) {
    losses[0] += (u[i] - 0.2) * (u[i] - 0.2);
    losses[1] += (u[i] - 0.8) * (u[i] - 0.8);
  }
}

static int by_first(const void *x, const void *y) {
  const double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

/* Of what the points dominate below (1, 1). */
static double hypervolume(const double *losses, int n) {
  double sorted[N][2], sum = 0, height = 1;
  memcpy(sorted, losses, sizeof(double) * 2 * (size_t)n);
  qsort(sorted, (size_t)n, sizeof sorted[0], by_first);
  for (int i = 0; i < n; i++) {
    if (sorted[i][0] >= 1 || sorted[i][1] >= height) continue;
    sum += (1 - sorted[i][0]) * (height - sorted[i][1]);
    height = sorted[i][1];
  }
  return sum;
}

static double volume_of(const char *method, int seed) {
  Arena a;
  arena_init(&a);
  const Spec *s = search(&a, method, seed);
  History h;
  double losses[N][2];
  history_init(&h, &a, s);
  for (int n = 0; n < N; n++) {
    Point p;
    history_propose(&a, &h, n, &p);
    function(&s->search.space, &p, losses[n]);
    history_tell_all(&h, n, history_point(&a, &h, n), losses[n]);
  }
  const double volume = hypervolume(&losses[0][0], N);
  arena_free(&a);
  return volume;
}

static double median_volume(const char *method) {
  double x[SEEDS];
  for (int i = 0; i < SEEDS; i++) x[i] = volume_of(method, i + 1);
  qsort(x, SEEDS, sizeof x[0], by_first);
  return x[SEEDS / 2];
}

static void looking_finds_better_fronts(void **state) {
  (void)state;
  static const char *const methods[] = {"tpe", "gp", "cma_es", "evolution"};
  const double random = median_volume("random");
  print_message("random %.4f\n", random);
  for (int i = 0; i < COUNT(methods); i++) {
    const double volume = median_volume(methods[i]);
    print_message("%s %.4f\n", methods[i], volume);
    if (volume <= random) fail_msg("%s finds no better front than random", methods[i]);
  }
}

/* A method is told the scalar by the proposed trial's weights; the first objective stays in told. */
static void is_told_scalars(void **state) {
  Arena *a = *state;
  const Spec *s = search(a, "tpe", 3);
  History h;
  history_init(&h, a, s);
  assert_int_equal(h.n_objectives, 2);
  static const double losses[3][2] = {{10, 1}, {20, 0}, {30, 3}};
  for (int n = 0; n < 3; n++) history_tell_all(&h, n, history_point(a, &h, n), losses[n]);
  assert_true(h.told[1].loss == 20);
  const SamplerAsk ask = history_ask(a, &h, 3);
  double w[2], want[3];
  pareto_weights((uint64_t)s->seed, 3, 2, w);
  pareto_scalars(&losses[0][0], 3, 2, w, want);
  assert_int_equal(ask.n_told, 3);
  for (int i = 0; i < 3; i++) assert_true(ask.told[i].loss == want[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fronts_by_hand),
      cmocka_unit_test(scalars_by_hand),
      cmocka_unit_test(weights_are_even),
      cmocka_unit_test(is_told_scalars),
      cmocka_unit_test(looking_finds_better_fronts),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
