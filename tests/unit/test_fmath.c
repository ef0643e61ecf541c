/* The f64 functions against libm's long double ones (64 bits), over dense grids. */
#define _DEFAULT_SOURCE
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fmath.h"
#include "check.h"

typedef struct {
  const char *name;
  double (*f)(double);
  long double (*reference)(long double);
  double lo, hi;
  bool logarithmic; /* the grid; lo and hi then have one sign */
  double bound;     /* ulp */
} Grid;

static const Grid grids[] = {
    {"exp", fm_exp, expl, -708.3, 709.7, false, 0.7},
    {"exp", fm_exp, expl, 1e-20, 1, true, 0.7},
    {"exp", fm_exp, expl, -1e-20, -1, true, 0.7},
    {"log", fm_log, logl, 1e-307, 1e308, true, 0.51},
    {"log", fm_log, logl, 0.5, 2, false, 0.51},
    {"log", fm_log, logl, 0.999, 1.001, false, 0.51},
    {"log1p", fm_log1p, log1pl, 1e-20, 1e308, true, 0.7},
    {"log1p", fm_log1p, log1pl, -1e-20, -0.999999, true, 0.7},
    {"log1p", fm_log1p, log1pl, -0.9999, 3, false, 0.7},
    {"expm1", fm_expm1, expm1l, 1e-20, 709, true, 1.1},
    {"expm1", fm_expm1, expm1l, -1e-20, -709, true, 1.1},
    {"expm1", fm_expm1, expm1l, -2, 2, false, 1.1},
    {"sin", fm_sin, sinl, -1e6, 1e6, false, 0.8},
    {"sin", fm_sin, sinl, -10, 10, false, 0.8},
    {"sin", fm_sin, sinl, 1e-20, 1, true, 0.8},
    {"cos", fm_cos, cosl, -1e6, 1e6, false, 0.8},
    {"cos", fm_cos, cosl, -10, 10, false, 0.8},
    {"tanh", fm_tanh, tanhl, -25, 25, false, 2.5},
    {"tanh", fm_tanh, tanhl, 1e-20, 25, true, 2.5},
    {"tanh", fm_tanh, tanhl, -1e-20, -25, true, 2.5},
    {"erf", fm_erf, erfl, -6.5, 6.5, false, 1},
    {"erf", fm_erf, erfl, 1e-20, 1, true, 1},
};

static double ulps(double got, long double want) {
  if ((double)want == got) return 0;
  int exponent;
  frexp((double)want, &exponent);
  return (double)(fabsl((long double)got - want) / ldexpl(1, exponent - 53));
}

static double grid_point(const Grid *g, double t) {
  if (!g->logarithmic) return g->lo + (g->hi - g->lo) * t;
  double x = exp(log(fabs(g->lo)) + log(g->hi / g->lo) * t);
  return g->lo < 0 ? -x : x;
}

static void grids_hold_their_bounds(void **state) {
  (void)state;
  enum { N = 100003 };
  for (int i = 0; i < COUNT(grids); i++) {
    const Grid *g = &grids[i];
    double worst = 0, at = 0;
    for (int k = 0; k < N; k++) {
      double x = grid_point(g, (double)k / (N - 1)), error = ulps(g->f(x), g->reference(x));
      if (!(error <= worst)) worst = error, at = x;
    }
    if (!(worst <= g->bound))
      fail_msg("%s on [%g, %g]: %.3f ulp at %.17g, stated %.2f", g->name, g->lo, g->hi, worst, at,
               g->bound);
  }
}

/* Where reduction cancels most: next to the multiples of pi/2. */
static void near_multiples_of_a_quarter_turn(void **state) {
  (void)state;
  for (int k = 1; k < 636000; k += 7) {
    double x = k * 1.5707963267948966;
    assert_true(ulps(fm_sin(x), sinl(x)) <= 0.8);
    assert_true(ulps(fm_cos(x), cosl(x)) <= 0.8);
  }
}

static double fraction(double x) {
  return x - floor(x);
}

static void powers(void **state) {
  (void)state;
  for (int i = 1; i < 200000; i++) {
    double u = fraction(i * 0.6180339887498949), v = fraction(i * 0.7548776662466927);
    double wide = exp(-700 + 1400 * u), exponent = (i & 1 ? 1 : -1) * exp(-10 + 17 * v);
    double near = 0.7 + 0.72 * u, large = (i & 1 ? 1 : -1) * 2000 * v;
    long double a = powl(wide, exponent), b = powl(near, large);
    if (a > DBL_MIN && a < DBL_MAX) assert_true(ulps(fm_pow(wide, exponent), a) <= 0.8);
    if (b > DBL_MIN && b < DBL_MAX) assert_true(ulps(fm_pow(near, large), b) <= 0.8);
    if (a > DBL_MAX * 1.01L) assert_true(isinf(fm_pow(wide, exponent)));
    if (a < DBL_MIN * 0.99L) assert_true(fm_pow(wide, exponent) == 0);
  }
  assert_true(fm_pow(0.9, 1) == 0.9 && fm_pow(10, 2) == 100 && fm_pow(2, 0.5) == sqrt(2));
}

static void powers_at_limits(void **state) {
  (void)state;
  const double values[] = {0,           0.5,  1,  2,  3,  1e300,  (double)INFINITY,
                           (double)NAN, -0.5, -1, -2, -3, -1e300, (double)-INFINITY,
                           2.5,         -2.5};
  for (int i = 0; i < COUNT(values); i++) {
    for (int j = 0; j < COUNT(values); j++) {
      double x = values[i], y = values[j], want = pow(x, y), got = fm_pow(x, y);
      if (isnan(x) && y == 0) want = 1;
      if (want > 0 && want < DBL_MIN) want = 0;
      bool same =
          isnan(want) ? isnan(got) : got == want || fabs(got - want) <= fabs(want) * DBL_EPSILON;
      if (!same) fail_msg("pow(%g, %g) = %g, not %g", x, y, got, want);
    }
  }
}

static void integral_powers(void **state) {
  (void)state;
  for (int n = 2; n <= 60; n++)
    for (double x = -1.4; x < 1.4; x += 0.0137) {
      assert_true(ulps(fm_powi(x, n), powl((long double)x, n)) <= n);
      assert_true(ulps(fm_powi(x, -n), powl((long double)x, -n)) <= n);
    }
  assert_true(fm_powi(3, 5) == 243 && fm_powi(2, -3) == 0.125 && fm_powi(7, 0) == 1);
  assert_true(fm_powi(-2, 3) == -8 && fm_powi(-2, 4) == 16 && fm_powi(0, 0) == 1);
  assert_true(fm_powi(1, INT64_MIN) == 1 && fm_powi(2, INT64_MIN) == 0);
  const double x = 0.999;
  const double x2 = x * x, x4 = x2 * x2, x8 = x4 * x4;
  assert_true(fm_powi(x, 13) == (x * x4) * x8); /* the stated order: bits 1, 4, 8 */
}

static void limits(void **state) {
  (void)state;
  const double inf = (double)INFINITY, nan_value = (double)NAN;
  double (*const all[])(double) = {fm_exp, fm_log,  fm_log1p, fm_expm1, fm_sin,
                                   fm_cos, fm_tanh, fm_erf,   fm_fabs};
  for (int i = 0; i < COUNT(all); i++) assert_true(isnan(all[i](nan_value)));
  assert_true(fm_exp(1000) == inf && fm_exp(-1000) == 0 && fm_exp(inf) == inf && fm_exp(-inf) == 0);
  assert_true(fm_exp(709.79) == inf && isfinite(fm_exp(709.78)));
  assert_true(fm_exp(-708.39) > DBL_MIN && fm_exp(-708.4) == 0);
  assert_true(fm_exp(0) == 1 && fm_exp(-0.0) == 1);
  assert_true(fm_log(0) == -inf && fm_log(-0.0) == -inf && isnan(fm_log(-1)) && fm_log(inf) == inf);
  assert_true(fm_log(DBL_TRUE_MIN) == -inf && fm_log(1) == 0 && isnan(fm_log(-inf)));
  assert_true(fm_log1p(-1) == -inf && isnan(fm_log1p(-1.5)) && fm_log1p(inf) == inf &&
              fm_log1p(0) == 0);
  assert_true(fm_expm1(inf) == inf && fm_expm1(-inf) == -1 && fm_expm1(0) == 0 &&
              fm_expm1(1000) == inf);
  assert_true(isnan(fm_sin(inf)) && isnan(fm_cos(-inf)) && isnan(fm_sin(1.1e6)));
  assert_true(fm_sin(0) == 0 && fm_cos(0) == 1);
  assert_true(fm_tanh(inf) == 1 && fm_tanh(-inf) == -1 && fm_tanh(0) == 0 &&
              signbit(fm_tanh(-0.0)));
  assert_true(fm_erf(inf) == 1 && fm_erf(-inf) == -1 && fm_erf(0) == 0 && fm_erf(-10) == -1);
  assert_true(fm_fabs(-2.5) == 2.5 && fm_fabs(2.5) == 2.5 && !signbit(fm_fabs(-0.0)));
}

/* These bits are in every digest: a sum over a grid, as integers, that must never change. */
static void bits_never_change(void **state) {
  (void)state;
  uint64_t hash = 0;
  for (int i = 0; i < 4000; i++) {
    double x = -20 + 0.01 * i,
           y[] = {fm_exp(x), fm_log(x + 20.5), fm_log1p(x + 20), fm_expm1(x),           fm_sin(x),
                  fm_cos(x), fm_tanh(x),       fm_erf(x / 4),    fm_pow(x + 20.25, 1.7)};
    for (int k = 0; k < COUNT(y); k++) {
      uint64_t u;
      memcpy(&u, &y[k], sizeof u);
      hash = (hash ^ u) * 0x100000001b3u;
    }
  }
  if (hash != 0x2609da67b5fe9ae6u)
    fail_msg("the bits changed: 0x%016llx", (unsigned long long)hash);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(grids_hold_their_bounds),
                                     cmocka_unit_test(near_multiples_of_a_quarter_turn),
                                     cmocka_unit_test(powers),
                                     cmocka_unit_test(powers_at_limits),
                                     cmocka_unit_test(integral_powers),
                                     cmocka_unit_test(limits),
                                     cmocka_unit_test(bits_never_change)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
