/* Parzen windows: densities by hand, integrals, draws that follow the density; TPE's proposals. */
#include "runner/sampling_parzen.h"
#include "sampler_rig.h"

static const SamplerAxis mixed_axes[] = {
    {0}, {.n_values = 5}, {.unordered = true, .n_values = 3}, {0}};
static const double points[4][4] = {{0.1, 0.3, 0.5, 0.9},
                                    {0.5, 0.5, 0.5, 0.2},
                                    {0.95, 0.9, 1.0 / 6, 0.25},
                                    {0.13, 0.1, 5.0 / 6, 0.999}};
static const double *const at[4] = {points[0], points[1], points[2], points[3]};
static const double weights[4] = {1, 2, 0.5, 1};

static ParzenOf mixture(int first, int n_axes) {
  return (ParzenOf){.axes = mixed_axes,
                    .first = first,
                    .n_axes = n_axes,
                    .u = at,
                    .weight = weights,
                    .n = 4,
                    .prior_weight = 0.5,
                    .prior_spread = 1,
                    .bandwidth = 0.4,
                    .min_bandwidth = 0.01};
}

/* One point at 0.5, h 0.25: N(0; 1) / 0.25 / P(|z| < 2) = 1.671838 at the point; with a prior of the
 * same weight half of it and half of 1. */
static void one_point_by_hand(void **state) {
  const double half = 0.5, *u = &half;
  const SamplerAxis axis = {0};
  ParzenOf of = {.axes = &axis,
                 .n_axes = 1,
                 .u = &u,
                 .n = 1,
                 .prior_weight = 1,
                 .bandwidth = 1e-9,
                 .min_bandwidth = 0.25};
  Parzen p;
  parzen_init(*state, &of, &p);
  const double x = 0.75;
  assert_true(fabs(parzen_density(&p, u) - (1.671838 + 1) / 2) < 1e-6);
  assert_true(fabs(parzen_density(&p, &x) - (1.671838 * 0.60653066 + 1) / 2) < 1e-6);
  /* Two points at 0.25 and 0.75, weights 3 and 1: mean 0.375, variance 3/64; with the uniform one
   * as one more point of weight 1: (4 * 3/64 + 1/12) / 5 = 0.05416667; h = sd * 2^(-1/5). */
  const double a = 0.25, b = 0.75, *two[2] = {&a, &b}, w[2] = {3, 1};
  of = (ParzenOf){.axes = &axis,
                  .n_axes = 1,
                  .u = two,
                  .weight = w,
                  .n = 2,
                  .prior_weight = 1,
                  .prior_spread = 1,
                  .bandwidth = 1,
                  .min_bandwidth = 0.01};
  parzen_init(*state, &of, &p);
  assert_true(fabs(p.h[0] - 0.2026096) < 1e-6);
}

/* Categories: 1 in the own and 1 / 2 in each of three, of 2.5. Three cells away nothing is left of
 * a kernel a tenth as wide as a cell. */
static void categories_and_steps_by_hand(void **state) {
  const double u0 = 0.5, u1 = 0.5, *u[2] = {&u0, &u1}, other = 0.1;
  const SamplerAxis three = {.unordered = true, .n_values = 3}, five = {.n_values = 5};
  ParzenOf of = {.axes = &three,
                 .n_axes = 1,
                 .u = u,
                 .n = 2,
                 .prior_weight = 1e-9,
                 .bandwidth = 1,
                 .min_bandwidth = 0.02};
  Parzen p;
  parzen_init(*state, &of, &p);
  assert_true(fabs(parzen_density(&p, &u0) - 3 * 1.5 / 2.5) < 1e-6);
  assert_true(fabs(parzen_density(&p, &other) - 3 * 0.5 / 2.5) < 1e-6);
  of.axes = &five;
  parzen_init(*state, &of, &p);
  assert_true(fabs(parzen_density(&p, &u0) - 5) < 1e-5);
  assert_true(parzen_density(&p, &other) < 1e-6);
}

/* Over a fine grid of the four axes the density's mean is 1. */
static void densities_integrate_to_one(void **state) {
  enum { FINE = 64 };
  Parzen p;
  const ParzenOf of = mixture(0, 4);
  parzen_init(*state, &of, &p);
  double sum = 0;
  for (int i = 0; i < FINE; i++)
    for (int j = 0; j < 5; j++)
      for (int k = 0; k < 3; k++)
        for (int l = 0; l < FINE; l++) {
          const double u[4] = {(i + 0.5) / FINE, (j + 0.5) / 5, (k + 0.5) / 3, (l + 0.5) / FINE};
          sum += parzen_density(&p, u) / (FINE * 5 * 3 * FINE);
        }
  if (fabs(sum - 1) > 1e-3) print_error("integral %g\n", sum);
  assert_true(fabs(sum - 1) < 1e-3);
}

/* Chi square of draws against the density, in 10 x 5 x 3 cells of the first three axes. */
static void draws_follow_the_density(void **state) {
  enum { DRAWS = 60000, FINE = 40 };
  Parzen p;
  const ParzenOf of = mixture(0, 3);
  parzen_init(*state, &of, &p);
  static int counts[10][5][3];
  memset(counts, 0, sizeof(counts));
  Rng draws = rng_stream(4, RNG_TEST, 0, 0);
  for (int n = 0; n < DRAWS; n++) {
    double u[4];
    parzen_draw(&p, &draws, u);
    assert_true(u[0] >= 0 && u[0] < 1 && u[1] >= 0 && u[1] < 1 && u[2] >= 0 && u[2] < 1);
    counts[(int)(u[0] * 10)][(int)(u[1] * 5)][(int)(u[2] * 3)]++;
  }
  double chi = 0;
  for (int i = 0; i < 10; i++)
    for (int j = 0; j < 5; j++)
      for (int k = 0; k < 3; k++) {
        double expected = 0;
        for (int l = 0; l < FINE; l++) {
          const double u[3] = {(i + (l + 0.5) / FINE) / 10, (j + 0.5) / 5, (k + 0.5) / 3};
          expected += DRAWS * parzen_density(&p, u) / (150.0 * FINE);
        }
        chi += (counts[i][j][k] - expected) * (counts[i][j][k] - expected) / expected;
      }
  /* 149 degrees of freedom, 4 standard deviations */
  if (chi > 149 + 4 * sqrt(298)) print_error("chi square %g\n", chi);
  assert_true(chi < 149 + 4 * sqrt(298));
}

/* By single axes the axes before and after are not touched. */
static void one_axis_alone(void **state) {
  Parzen p;
  const ParzenOf of = mixture(1, 1);
  parzen_init(*state, &of, &p);
  double u[4] = {7, 7, 7, 7};
  Rng draws = rng_stream(4, RNG_TEST, 0, 0);
  parzen_draw(&p, &draws, u);
  assert_true(u[0] == 7 && u[1] < 1 && u[2] == 7 && u[3] == 7);
  double sum = 0;
  for (int j = 0; j < 5; j++) {
    u[1] = (j + 0.5) / 5;
    sum += parzen_density(&p, u) / 5;
  }
  assert_true(fabs(sum - 1) < 1e-9);
}

static double bowl(const double *u) {
  return (u[0] - 0.3) * (u[0] - 0.3) + (u[1] - 0.8) * (u[1] - 0.8);
}

/* Most of what is proposed late lies near the minimum, by both ways; what still runs is avoided. */
static void tpe_gathers_at_the_minimum(void **state) {
  static const char *const settings[] = {"", "multivariate=false"};
  for (int i = 0; i < 2; i++) {
    Rig r = rig_new(*state, "tpe", settings[i], 2, 3, 100, 4);
    rig_run(&r, bowl);
    int near = 0;
    for (int n = 60; n < 100; n++) near += r.told[n].loss < 0.02; /* 6 % of the square */
    if (near < 25) print_error("%s: %d of 40\n", settings[i], near);
    assert_true(near >= 25);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_point_by_hand),
      cmocka_unit_test(categories_and_steps_by_hand),
      cmocka_unit_test(densities_integrate_to_one),
      cmocka_unit_test(draws_follow_the_density),
      cmocka_unit_test(one_axis_alone),
      cmocka_unit_test(tpe_gathers_at_the_minimum),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
