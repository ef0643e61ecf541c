/* CMA-ES: it converges as such a strategy should, learns a rotated shape, restarts, and keeps steps and
 * categories alive. Trials and seeds are fixed, so are the numbers. */
#include "sampler_rig.h"

enum { D = 4 };

static double sphere(const double *u) {
  double sum = 0;
  for (int i = 0; i < D; i++) sum += (u[i] - 0.3 - 0.1 * i) * (u[i] - 0.3 - 0.1 * i);
  return sum;
}

/* x in [-2, 2]; minimum at x = 1, u = 0.75. */
static double rosenbrock(const double *u) {
  double sum = 0;
  for (int i = 0; i + 1 < D; i++) {
    const double x = 4 * u[i] - 2, y = 4 * u[i + 1] - 2;
    sum += 100 * (y - x * x) * (y - x * x) + (1 - x) * (1 - x);
  }
  return sum;
}

/* Axes 1000 times as long as others (a condition number of 1e6), along the rows of Hadamard's matrix. */
static double rotated_ellipsoid(const double *u) {
  static const double h[D][D] = {{1, 1, 1, 1}, {1, -1, 1, -1}, {1, 1, -1, -1}, {1, -1, -1, 1}};
  static const double weight[D] = {1, 1e2, 1e4, 1e6};
  double sum = 0;
  for (int i = 0; i < D; i++) {
    double x = 0;
    for (int k = 0; k < D; k++) x += 0.5 * h[i][k] * (u[k] - 0.4 - 0.05 * k);
    sum += weight[i] * x * x;
  }
  return sum;
}

static double best_of(const char *settings, double (*f)(const double *), int trials, int window) {
  double best[3];
  for (int seed = 1; seed <= 3; seed++) {
    Arena a;
    arena_init(&a);
    Rig r = rig_new(&a, "cma_es", settings, D, (uint64_t)seed, trials, window);
    rig_run(&r, f);
    best[seed - 1] = r.best;
    arena_free(&a);
  }
  return rig_median(best, 3);
}

static void assert_below(double x, double bound, const char *what) {
  if (!(x < bound)) print_error("%s: %g\n", what, x);
  assert_true(x < bound);
}

static void converges(void **state) {
  (void)state;
  assert_below(best_of("tolerance=1e-9", sphere, 500, 1), 1e-8, "sphere");
  assert_below(best_of("tolerance=1e-9", sphere, 800, 16), 1e-6, "sphere, window 16");
  assert_below(best_of("tolerance=1e-9", rosenbrock, 1500, 1), 1e-5, "Rosenbrock");
  assert_below(best_of("tolerance=1e-9", rotated_ellipsoid, 1500, 1), 1e-4, "rotated ellipsoid");
  assert_below(best_of("population=12 tolerance=1e-9", sphere, 1000, 1), 1e-7, "sphere, 12");
}

/* Two bowls; the narrow one is deeper. Only one that begins again elsewhere finds it from the wide. */
static double two_bowls(const double *u) {
  const double wide = (u[0] - 0.2) * (u[0] - 0.2), narrow = 20 * (u[0] - 0.9) * (u[0] - 0.9) - 0.5;
  return wide < narrow ? wide : narrow;
}

static void begins_again_elsewhere(void **state) {
  Rig r = rig_new(*state, "cma_es", "tolerance=0.01 n_startup=1 sigma=0.02", 1, 4, 400, 1);
  rig_run(&r, two_bowls);
  int n_far = 0;
  for (int n = 100; n < 400; n++) n_far += fabs(r.u[n][0] - r.u[n - 1][0]) > 0.3;
  assert_true(n_far > 3);
  assert_true(r.best < -0.49);
}

/* The best category and the best step among those that a wrong start could have lost. */
static double kinds(const double *u) {
  const int kind = (int)(u[1] * 5), step = (int)(u[2] * 6);
  return (u[0] - 0.5) * (u[0] - 0.5) + 0.2 * (kind != 3) + 0.05 * fabs(step - 4.0);
}

static void categories_and_steps(void **state) {
  Rig r = rig_new(*state, "cma_es", "", 3, 2, 200, 2);
  r.axes[1] = (SamplerAxis){.unordered = true, .n_values = 5};
  r.axes[2] = (SamplerAxis){.n_values = 6};
  rig_run(&r, kinds);
  int n_right = 0, n_steps = 0;
  for (int n = 100; n < 200; n++) {
    n_right += (int)(r.u[n][1] * 5) == 3;
    n_steps += (int)(r.u[n][2] * 6) != 4;
  }
  assert_true(r.best < 1e-3);
  assert_true(n_right > 50);
  assert_true(n_steps > 0); /* still alive */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(converges),
      cmocka_unit_test(begins_again_elsewhere),
      cmocka_unit_test(categories_and_steps),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
