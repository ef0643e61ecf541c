/* Parzen windows in the unit cube. */
#include "sampling_parzen.h"

#include <math.h>

#include "base/fmath.h"

enum { MAX_STEPS = 4096 }; /* finer ones count as continuous */

static const double far_away = 40; /* exp(-40): nothing beside the prior */

/* The normal distribution's share of [low, high], centre 0, width 1. */
static double share(double low, double high) {
  const double s = 0.7071067811865476;
  return 0.5 * (fm_erf(high * s) - fm_erf(low * s));
}

static bool is_smooth(SamplerAxis x) {
  return !x.unordered && (x.n_values <= 0 || x.n_values > MAX_STEPS);
}

static double weight_of(const ParzenOf *of, int i) {
  return of->weight ? of->weight[i] : 1;
}

/* The points' weighted standard deviation on axis k; the uniform density's, sqrt(1 / 12), counts as
 * prior_spread points. */
static double spread(const ParzenOf *of, int k) {
  double sum = 0, mean = 0, square = 0;
  for (int i = 0; i < of->n; i++) {
    sum += weight_of(of, i);
    mean += weight_of(of, i) * of->u[i][k];
  }
  mean /= sum;
  for (int i = 0; i < of->n; i++)
    square += weight_of(of, i) * (of->u[i][k] - mean) * (of->u[i][k] - mean);
  return sqrt((square + of->prior_spread / 12) / (sum + of->prior_spread));
}

/* Scott 1992, "Multivariate density estimation", equation 6.42. */
static double bandwidth_of(const ParzenOf *of, int k) {
  if (of->n == 0) return 1;
  const double n = of->n, h = of->bandwidth * spread(of, k) * fm_exp(-fm_log(n) / (of->n_axes + 4));
  return h > of->min_bandwidth ? h : of->min_bandwidth;
}

/* Shares of cells 0, 1 .. n - 1 cells away from the point's own, times the number of cells. */
static const double *step_masses(Arena *a, SamplerAxis x, double h) {
  double *mass = ARENA_ARRAY(a, double, x.n_values);
  const double n = x.n_values;
  for (int d = 0; d < x.n_values; d++)
    mass[d] = n * share((d - 0.5) / (n * h), (d + 0.5) / (n * h));
  return mass;
}

/* A count of 1 in the point's own category and of 1 / n in each. */
static const double *category_masses(Arena *a, int n_points, SamplerAxis x) {
  double *mass = ARENA_ARRAY(a, double, 2);
  const double n = x.n_values, other = 1.0 / (n_points > 0 ? n_points : 1);
  mass[1] = n * other / (1 + n * other);
  mass[0] = mass[1] + n / (1 + n * other);
  return mass;
}

void parzen_init(Arena *a, const ParzenOf *of, Parzen *out) {
  Parzen p = {.of = *of,
              .h = ARENA_ARRAY(a, double, of->n_axes),
              .factor = ARENA_ARRAY(a, double, of->n),
              .sum = ARENA_ARRAY(a, double, of->n + 1),
              .mass = ARENA_ARRAY(a, const double *, of->n_axes),
              .z = ARENA_ARRAY(a, double, of->n_axes)};
  double total = of->prior_weight, running = of->prior_weight;
  for (int i = 0; i < of->n; i++) total += weight_of(of, i);
  p.prior = of->prior_weight / total;
  p.sum[0] = p.prior;
  for (int i = 0; i < of->n; i++) {
    running += weight_of(of, i);
    p.sum[i + 1] = running / total;
    p.factor[i] = weight_of(of, i) / total;
  }
  for (int k = 0; k < of->n_axes; k++) {
    const SamplerAxis x = of->axes[of->first + k];
    if (x.unordered) {
      p.mass[k] = category_masses(a, of->n, x);
      continue;
    }
    const double h = p.h[k] = bandwidth_of(of, of->first + k);
    if (!is_smooth(x)) p.mass[k] = step_masses(a, x, h);
    const double top = is_smooth(x) ? 0.3989422804014327 / h : 1;
    for (int i = 0; i < of->n; i++) {
      const double u = of->u[i][of->first + k];
      p.factor[i] *= top / share(-u / h, (1 - u) / h);
    }
  }
  *out = p;
}

/* Relative to the uniform density, without factor[i]. */
static double kernel(const Parzen *p, int i, const double *u) {
  const double *centre = p->of.u[i] + p->of.first;
  double q = 0, product = 1;
  for (int k = 0; k < p->of.n_axes; k++) {
    const SamplerAxis x = p->of.axes[p->of.first + k];
    if (p->mass[k]) {
      int d = sampling_cell(x, centre[k]) - sampling_cell(x, u[k]);
      if (d < 0) d = -d;
      product *= p->mass[k][x.unordered && d > 1 ? 1 : d];
    } else {
      const double z = (u[k] - centre[k]) / p->h[k];
      q += 0.5 * z * z;
      if (q > far_away) return 0;
    }
  }
  return product * fm_exp(-q);
}

double parzen_density(const Parzen *p, const double *u) {
  double sum = p->prior;
  for (int i = 0; i < p->of.n; i++) sum += p->factor[i] * kernel(p, i, u + p->of.first);
  return sum;
}

/* Of the density cut at 0 and 1: what falls outside is drawn again. */
static double draw_normal(double centre, double h, Rng *draws) {
  for (;;) {
    const double u = centre + h * rng_normal(draws);
    if (u >= 0 && u < 1) return u;
  }
}

static double draw_category(const Parzen *p, int k, SamplerAxis x, double centre, Rng *draws) {
  const double u = rng_f64(draws);
  /* The own category with what it has more than the others, else any. */
  const double own = (p->mass[k][0] - p->mass[k][1]) / x.n_values;
  return rng_f64(draws) < own ? centre : sampling_middle(x, u);
}

void parzen_draw(const Parzen *p, Rng *draws, double *u) {
  const ParzenOf *of = &p->of;
  const double which = rng_f64(draws);
  int i = -1; /* the prior */
  while (i + 1 < of->n && which >= p->sum[i + 1]) i++;
  for (int k = 0; k < of->n_axes; k++) {
    const SamplerAxis x = of->axes[of->first + k];
    double *to = &u[of->first + k];
    const double centre = i < 0 ? 0.5 : of->u[i][of->first + k];
    if (i < 0)
      *to = rng_f64(draws);
    else if (x.unordered)
      *to = draw_category(p, k, x, centre, draws);
    else
      *to = draw_normal(centre, p->h[k], draws);
    *to = sampling_middle(x, *to);
  }
}
