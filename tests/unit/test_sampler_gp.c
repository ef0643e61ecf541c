/* Cholesky, the Gaussian process, expected improvement and what climbs it: against closed forms and
 * differences. */
#include "runner/sampling_cholesky.h"
#include "runner/sampling_gp.h"
#include "runner/sampling_rprop.h"
#include "sampler_rig.h"

static bool near(double x, double expected, double tolerance) {
  const bool ok = fabs(x - expected) <= tolerance * (1 + fabs(expected));
  if (!ok) print_error("%.15g, expected %.15g\n", x, expected);
  return ok;
}

/* ---- Cholesky -------------------------------------------------------------------------------- */

/* [4 12 -16; 12 37 -43; -16 -43 98] = U^T U, U = [2 6 -8; 0 1 5; 0 0 3]: exact. */
static void cholesky_of_a_known_matrix(void **state) {
  double a[9] = {4, 12, -16, 99, 37, -43, 99, 99, 98}; /* the lower triangle is not read */
  static const double u[3][3] = {{2, 6, -8}, {0, 1, 5}, {0, 0, 3}};
  (void)state;
  assert_true(cholesky(a, 3));
  for (int i = 0; i < 3; i++)
    for (int j = i; j < 3; j++) assert_true(a[3 * i + j] == u[i][j]);
  const double b[3] = {2, 5, 9}; /* U^T (1, -1, 22/3) */
  double x[3];
  cholesky_solve_lower(a, 3, b, x);
  assert_true(near(x[0], 1, 1e-15) && near(x[1], -1, 1e-15) && near(x[2], 22.0 / 3, 1e-15));
  const double c[3] = {0, 6, 3}; /* U (1, 1, 1) */
  cholesky_solve_upper(a, 3, c, x);
  assert_true(near(x[0], 1, 1e-15) && near(x[1], 1, 1e-15) && near(x[2], 1, 1e-15));
  assert_true(near(cholesky_log_det(a, 3), fm_log(36), 1e-15));
}

/* Hilbert's matrix of six: its inverse is of integers; its determinant is 1 / 186313420339200000. */
static void cholesky_of_hilbert(void **state) {
  enum { N = 6 };
  double a[N * N], inverse[N * N], scratch[N * N];
  (void)state;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) a[N * i + j] = 1.0 / (i + j + 1);
  assert_true(cholesky(a, N));
  assert_true(near(cholesky_log_det(a, N), -fm_log(186313420339200000.0), 1e-9));
  cholesky_inverse(a, N, inverse, scratch);
  static const double first[N] = {36, -630, 3360, -7560, 7560, -2772};
  for (int j = 0; j < N; j++) {
    assert_true(near(inverse[j], first[j], 1e-7));
    assert_true(inverse[N * j] == inverse[j]);
  }
  assert_true(near(inverse[N * N - 1], 698544, 1e-7));
}

static void cholesky_refuses_and_jitters(void **state) {
  double a[4] = {1, 2, 0, 1}, ones[4] = {1, 1, 1, 1}, nans[4] = {NAN, 0, 0, 1}, scratch[4];
  (void)state;
  assert_false(cholesky(a, 2));
  assert_true(cholesky_jitter(ones, 2, scratch));
  assert_true(near(ones[3], sqrt(2e-10), 1e-3));
  assert_false(cholesky_jitter(nans, 2, scratch));
}

/* A random matrix: U^T U gives it back, to the last bits. */
static void cholesky_multiplies_back(void **state) {
  enum { N = 37 };
  static double a[N][N], u[N][N];
  Rng draws = rng_stream(2, RNG_TEST, 0, 0);
  (void)state;
  for (int i = 0; i < N; i++)
    for (int j = i; j < N; j++) a[i][j] = u[i][j] = (i == j ? N : 0) + rng_f64(&draws);
  assert_true(cholesky(&u[0][0], N));
  for (int i = 0; i < N; i++)
    for (int j = i; j < N; j++) {
      double sum = 0;
      for (int k = 0; k <= i; k++) sum += u[k][i] * u[k][j];
      assert_true(near(sum, a[i][j], 1e-14));
    }
}

/* ---- the process ----------------------------------------------------------------------------- */

/*
 * Two points r = 0.5 apart with l = 1: c = k(0.5) = (1 + q + q^2 / 3) e^-q, q = sqrt(5) / 2. Mean m
 * = (y0 + y1) / 2 by symmetry; alpha = (y - m) / (1 + noise - c), opposite; s = ((y0 - y1)^2 / 2 /
 * (1 + noise - c) + 2) / 4. Midway k = (b, b): mean m, variance s (1 - 2 b^2 / (1 + noise + c)).
 */
static void two_points_in_closed_form(void **state) {
  const SamplerAxis axis = {0};
  const double u0 = 0.25, u1 = 0.75, *u[2] = {&u0, &u1}, y[2] = {1, -0.5}, middle = 0.5;
  const GpData data = {.axes = &axis, .n_axes = 1, .u = u, .y = y, .n = 2};
  double l = 1;
  const double noise = 0.01, q = sqrt(5) / 2, c = (1 + q + q * q / 3) * fm_exp(-q);
  const double b = (1 + q / 2 + q * q / 12) * fm_exp(-q / 2);
  Gp g;
  assert_true(gp_condition(*state, &data, &l, noise, &g));
  assert_true(near(g.mean, 0.25, 1e-12));
  assert_true(near(g.s, (1.5 * 1.5 / 2 / (1 + noise - c) + 2) / 4, 1e-12));
  GpBelief f = gp_predict(&g, &middle, NULL, NULL);
  assert_true(near(f.mean, 0.25, 1e-12));
  assert_true(near(f.variance, g.s * (1 - 2 * b * b / (1 + noise + c)), 1e-12));
  f = gp_predict(&g, &u0, NULL, NULL);
  assert_true(near(f.mean, 0.25 + 0.75 * (1 - c) / (1 + noise - c), 1e-12));
}

static const SamplerAxis axes[3] = {{0}, {.n_values = 9}, {.unordered = true, .n_values = 3}};

/* 12 points of a smooth function of three axes, the last a category. */
static GpData some_data(Arena *a) {
  enum { N = 12 };
  const double **u = ARENA_ARRAY(a, const double *, N);
  double *y = ARENA_ARRAY(a, double, N);
  Rng draws = rng_stream(9, RNG_TEST, 1, 0);
  for (int i = 0; i < N; i++) {
    double *x = ARENA_ARRAY(a, double, 3);
    for (int k = 0; k < 3; k++) x[k] = sampling_middle(axes[k], rng_f64(&draws));
    u[i] = x;
    y[i] = 2 * (x[0] - 0.4) * (x[0] - 0.4) + x[1] - 0.5 * (sampling_cell(axes[2], x[2]) == 1);
  }
  return (GpData){.axes = axes, .n_axes = 3, .u = u, .y = y, .n = N};
}

/* Without noise the process goes through the points, and is sure there. */
static void interpolates(void **state) {
  const GpData data = some_data(*state);
  double l[3] = {0.5, 1, 2};
  Gp g;
  assert_true(gp_condition(*state, &data, l, 1e-10, &g));
  for (int i = 0; i < data.n; i++) {
    const GpBelief f = gp_predict(&g, data.u[i], NULL, NULL);
    assert_true(near(f.mean, data.y[i], 1e-6) && f.variance < 1e-6);
  }
}

/* Gradients of mean and variance by u, of log EI by both: central differences. */
static void gradients_are_slopes(void **state) {
  const GpData data = some_data(*state);
  double l[3] = {0.5, 1, 2}, u[3] = {0.37, 0.61, 0.5}, gmean[3], gvariance[3], h = 1e-5;
  Gp g;
  assert_true(gp_condition(*state, &data, l, 1e-3, &g));
  (void)gp_predict(&g, u, gmean, gvariance);
  for (int k = 0; k < 2; k++) {
    double v[3];
    memcpy(v, u, sizeof(v));
    v[k] = u[k] + h;
    const GpBelief more = gp_predict(&g, v, NULL, NULL);
    v[k] = u[k] - h;
    const GpBelief less = gp_predict(&g, v, NULL, NULL);
    assert_true(near(gmean[k], (more.mean - less.mean) / (2 * h), 1e-8));
    assert_true(near(gvariance[k], (more.variance - less.variance) / (2 * h), 1e-7));
  }
  assert_true(gmean[2] == 0 && gvariance[2] == 0);
  static const double means[] = {-1, 0.2, 0.9, 2.99, 3.01, 30};
  for (int i = 0; i < COUNT(means); i++) {
    double by_mean, by_deviation, rest;
    (void)gp_log_improvement(0, means[i], 1, &by_mean, &by_deviation);
    const double slope = (gp_log_improvement(0, means[i] + h, 1, &rest, &rest) -
                          gp_log_improvement(0, means[i] - h, 1, &rest, &rest)) /
                         (2 * h);
    assert_true(near(by_mean, slope, 1e-5));
    const double wider = (gp_log_improvement(0, means[i], 1 + h, &rest, &rest) -
                          gp_log_improvement(0, means[i], 1 - h, &rest, &rest)) /
                         (2 * h);
    assert_true(near(by_deviation, wider, 1e-5));
  }
}

/* E max(0, best - f): 1 / sqrt(2 pi) at z = 0; tables of h(z) = phi + z Phi far out: h(-3) =
 * 3.8215e-4, h(-5) = 5.3463e-8 (by 40 digits); z^-2 phi (1 - 3 / z^2 + 15 / z^4 ..) at -40. */
static void improvement_by_known_values(void **state) {
  double a, b;
  (void)state;
  assert_true(near(gp_log_improvement(2, 2, 0.5, &a, &b), fm_log(0.5 * 0.3989422804014327), 1e-14));
  assert_true(near(fm_exp(gp_log_improvement(0, 3, 1, &a, &b)), 3.82154e-4, 1e-8));
  assert_true(near(gp_log_improvement(0, 5, 1, &a, &b), fm_log(5.34616e-8), 1e-6));
  const double series = 1 - 3.0 / 1600 + 15.0 / 2560000 - 105.0 / 4096000000.0;
  assert_true(near(gp_log_improvement(0, 40, 1, &a, &b),
                   -800 - 0.9189385332046727 - fm_log(1600) + fm_log(series), 1e-12));
  assert_true(near(gp_log_improvement(10, 0, 1, &a, &b), fm_log(10), 1e-12));
  /* The two formulas meet at z = -3. */
  assert_true(near(gp_log_improvement(0, 3 - 1e-12, 1, &a, &b),
                   gp_log_improvement(0, 3 + 1e-12, 1, &a, &b), 1e-11));
}

/* What gp_fit finds is a maximum of the posterior: moving any length scale or the noise by a tenth
 * lowers it, so the gradient in it is right. */
static void fit_is_a_maximum(void **state) {
  const GpData data = some_data(*state);
  Gp g;
  assert_true(gp_fit(*state, &data, 200, &g));
  for (int k = 0; k < 4; k++)
    for (int sign = -1; sign <= 1; sign += 2) {
      double l[3] = {g.l[0], g.l[1], g.l[2]}, noise = g.noise;
      *(k < 3 ? &l[k] : &noise) *= fm_exp(0.1 * sign);
      Gp other;
      assert_true(gp_condition(*state, &data, l, noise, &other));
      if (!(other.log_posterior < g.log_posterior))
        print_error("%d: %.12g %.12g\n", k, g.log_posterior, other.log_posterior);
      assert_true(other.log_posterior < g.log_posterior);
    }
}

/* ---- rprop ----------------------------------------------------------------------------------- */

static double valley(void *context, const double *x, double *gradient) {
  (void)context;
  gradient[0] = -2 * (x[0] - 0.3) - 10 * (x[0] - 2 * x[1]);
  gradient[1] = 20 * (x[0] - 2 * x[1]);
  return -(x[0] - 0.3) * (x[0] - 0.3) - 5 * (x[0] - 2 * x[1]) * (x[0] - 2 * x[1]);
}

static void rprop_finds_the_top(void **state) {
  const double low[2] = {-1, -1}, high[2] = {1, 1}, near_high[2] = {0.1, 1};
  double x[2] = {-0.9, 0.8};
  Rprop r = {.n = 2, .low = low, .high = high, .step = 0.1, .evaluations = 200, .f = valley};
  assert_true(near(rprop_maximise(*state, &r, x), 0, 1e-6));
  assert_true(near(x[0], 0.3, 1e-2) && near(x[1], 0.15, 1e-2));
  r.high = near_high; /* at the wall */
  assert_true(near(rprop_maximise(*state, &r, x), -0.04, 1e-4));
  assert_true(x[0] == 0.1);
}

/* ---- proposals ------------------------------------------------------------------------------- */

/* More results than are fitted: it still finds what is there, and a diverging corner is left. */
static void gp_with_more_results_than_it_fits(void **state) {
  Rig r = rig_new(*state, "gp", "max_points=30", 4, 3, 70, 2);
  rig_axes(&r, &rig_objectives[2]);
  rig_run(&r, rig_mixed);
  if (r.best > 1e-3) print_error("best %g\n", r.best);
  assert_true(r.best < 1e-3);
  int n_nan = 0;
  for (int n = 40; n < 70; n++) n_nan += isnan(r.told[n].loss);
  assert_true(n_nan < 6); /* a fifth of the space */
}

/* What still runs counts: asked for trial 30 with trials 22 .. 29 pending, the place that gp had
 * proposed for it is given to one of them, and it proposes one that is clearly another. */
static void batches_spread(void **state) {
  Rig r = rig_new(*state, "gp", "", 2, 5, 31, 8);
  for (int n = 0; n < 30; n++) rig_step(&r, n, rig_branin);
  double u[2], v[2];
  rig_propose(&r, 30, u);
  memcpy(r.u[29], u, sizeof(u));
  rig_propose(&r, 30, v);
  const double d = fabs(u[0] - v[0]) + fabs(u[1] - v[1]);
  if (d < 0.02) print_error("%g apart\n", d);
  assert_true(d >= 0.02);
}

/* 30 points in all: nothing is tried twice before all were. */
static void gp_tries_every_point_of_a_small_space(void **state) {
  Rig r = rig_new(*state, "gp", "n_startup=4", 2, 5, 30, 3);
  r.axes[0] = (SamplerAxis){.n_values = 10};
  r.axes[1] = (SamplerAxis){.unordered = true, .n_values = 3};
  rig_run(&r, rig_branin);
  int n_twice = 0;
  const SamplerAsk ask = rig_ask(&r, 29);
  for (int i = 4; i < 30; i++)
    for (int j = 0; j < i; j++) n_twice += sampling_same(&ask, r.u[i], r.u[j]);
  if (n_twice > 0) print_error("%d trials are another's place\n", n_twice);
  assert_int_equal(n_twice, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cholesky_of_a_known_matrix),
      cmocka_unit_test(cholesky_of_hilbert),
      cmocka_unit_test(cholesky_refuses_and_jitters),
      cmocka_unit_test(cholesky_multiplies_back),
      cmocka_unit_test(two_points_in_closed_form),
      cmocka_unit_test(interpolates),
      cmocka_unit_test(gradients_are_slopes),
      cmocka_unit_test(improvement_by_known_values),
      cmocka_unit_test(fit_is_a_maximum),
      cmocka_unit_test(rprop_finds_the_top),
      cmocka_unit_test(gp_with_more_results_than_it_fits),
      cmocka_unit_test(batches_spread),
      cmocka_unit_test(gp_tries_every_point_of_a_small_space),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
