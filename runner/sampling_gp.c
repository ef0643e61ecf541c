/* A Gaussian process in the unit cube. */
#include "sampling_gp.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "sampling_cholesky.h"
#include "sampling_rprop.h"

static const double root5 = 2.23606797749979;

/* ---- kernel ---------------------------------------------------------------------------------- */

static double square_distance(SamplerAxis x, double u, double v) {
  if (x.unordered) return sampling_cell(x, u) != sampling_cell(x, v);
  return (u - v) * (u - v);
}

/* k / s, and *slope = -2 d(k / s) / d(r^2): (5 / 3) (1 + q) exp(-q). */
static double matern(double r2, double *slope) {
  const double q = root5 * sqrt(r2), e = fm_exp(-q);
  *slope = 5.0 / 3 * (1 + q) * e;
  return (1 + q + q * q / 3) * e;
}

static double scaled_distance(const Gp *g, const double *u, const double *v) {
  double r2 = 0;
  for (int k = 0; k < g->data.n_axes; k++)
    r2 += square_distance(g->data.axes[k], u[k], v[k]) / (g->l[k] * g->l[k]);
  return r2;
}

/* ---- given length scales --------------------------------------------------------------------- */

/* Priors: of log l normal about log 0.5 with deviation 0.5; of log noise about log 1e-4 with deviation
 * 2.5; of s inverse gamma, weak, about 1, and s integrated out. */
static const double l_centre = -0.6931471805599453, l_deviation = 0.5;
static const double noise_centre = -9.210340371976182, noise_deviation = 2.5;
static const double s_count = 2, s_sum = 2;

static double log_normal_prior(double x, double centre, double deviation) {
  const double z = (x - centre) / deviation;
  return -0.5 * z * z;
}

static double dot(const double *x, const double *y, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

/* `slopes` (n, n), upper triangle: for the gradient; NULL: not wanted. */
static bool condition(Gp *g, double *slopes, double *scratch) {
  const int n = g->data.n;
  const size_t stride = (size_t)n;
  for (int i = 0; i < n; i++) {
    g->root[(size_t)i * stride + (size_t)i] = 1 + g->noise;
    for (int j = i + 1; j < n; j++) {
      double slope;
      const double k = matern(scaled_distance(g, g->data.u[i], g->data.u[j]), &slope);
      g->root[(size_t)i * stride + (size_t)j] = k;
      if (slopes) slopes[(size_t)i * stride + (size_t)j] = slope;
    }
  }
  if (!cholesky_jitter(g->root, n, scratch)) return false;
  /* The mean by generalised least squares. */
  double *one = g->k, *solved = g->v;
  for (int i = 0; i < n; i++) one[i] = 1;
  cholesky_solve_lower(g->root, n, one, solved);
  cholesky_solve_lower(g->root, n, g->data.y, g->alpha);
  g->mean = dot(solved, g->alpha, n) / dot(solved, solved, n);
  for (int i = 0; i < n; i++) g->alpha[i] -= g->mean * solved[i];
  const double fit = dot(g->alpha, g->alpha, n);
  cholesky_solve_upper(g->root, n, g->alpha, g->alpha);
  g->s = (fit + s_sum) / (n + s_count);
  g->log_posterior = -0.5 * (n + s_count) * fm_log(fit + s_sum) -
                     0.5 * cholesky_log_det(g->root, n) +
                     log_normal_prior(fm_log(g->noise), noise_centre, noise_deviation);
  for (int k = 0; k < g->data.n_axes; k++)
    g->log_posterior += log_normal_prior(fm_log(g->l[k]), l_centre, l_deviation);
  return true;
}

static Gp gp_new(Arena *a, const GpData *data) {
  return (Gp){.data = *data,
              .root = ARENA_ARRAY(a, double, (size_t)data->n *(size_t)data->n),
              .alpha = ARENA_ARRAY(a, double, data->n),
              .k = ARENA_ARRAY(a, double, data->n),
              .v = ARENA_ARRAY(a, double, data->n),
              .dk = ARENA_ARRAY(a, double, data->n)};
}

bool gp_condition(Arena *a, const GpData *data, double *l, double noise, Gp *out) {
  Gp g = gp_new(a, data);
  g.l = l;
  g.noise = noise;
  double *scratch = ARENA_ARRAY(a, double, (size_t)data->n *(size_t)data->n);
  const bool ok = condition(&g, NULL, scratch);
  *out = g;
  return ok;
}

/* ---- length scales and noise ----------------------------------------------------------------- */

typedef struct {
  Gp g;
  double *slopes, *inverse, *scratch; /* (n, n) */
} Fit;

/* x: log l, then log noise. dL/dx = 1/2 sum_ij ((n + 2) a_i a_j / fit - K^-1_ij) dK_ij/dx
 * (equation 5.9 with s integrated out). */
static double log_posterior(void *context, const double *x, double *gradient) {
  Fit *f = context;
  Gp *g = &f->g;
  const int n = g->data.n, d = g->data.n_axes;
  const size_t stride = (size_t)n;
  for (int k = 0; k < d; k++) g->l[k] = fm_exp(x[k]);
  g->noise = fm_exp(x[d]);
  if (!condition(g, f->slopes, f->scratch)) return NAN;
  cholesky_inverse(g->root, n, f->inverse, f->scratch);
  memset(gradient, 0, sizeof(double) * (size_t)(d + 1));
  for (int i = 0; i < n; i++) {
    const double *inverse = f->inverse + (size_t)i * stride;
    gradient[d] += 0.5 * (g->alpha[i] * g->alpha[i] / g->s - inverse[i]) * g->noise;
    for (int j = i + 1; j < n; j++) {
      const double w = (g->alpha[i] * g->alpha[j] / g->s - inverse[j]) *
                       f->slopes[(size_t)i * stride + (size_t)j];
      for (int k = 0; k < d; k++)
        gradient[k] += w * square_distance(g->data.axes[k], g->data.u[i][k], g->data.u[j][k]);
    }
  }
  for (int k = 0; k < d; k++)
    gradient[k] =
        gradient[k] / (g->l[k] * g->l[k]) - (x[k] - l_centre) / (l_deviation * l_deviation);
  gradient[d] -= (x[d] - noise_centre) / (noise_deviation * noise_deviation);
  return g->log_posterior;
}

bool gp_fit(Arena *a, const GpData *data, int evaluations, Gp *out) {
  const int n = data->n, d = data->n_axes;
  const size_t size = (size_t)n * (size_t)n;
  Fit f = {.g = gp_new(a, data),
           .slopes = ARENA_ARRAY(a, double, size),
           .inverse = ARENA_ARRAY(a, double, size),
           .scratch = ARENA_ARRAY(a, double, size)};
  double *x = ARENA_ARRAY(a, double, d + 1), *low = ARENA_ARRAY(a, double, d + 1),
         *high = ARENA_ARRAY(a, double, d + 1);
  f.g.l = ARENA_ARRAY(a, double, d);
  for (int k = 0; k < d; k++) {
    x[k] = l_centre;
    low[k] = -4; /* exp(-4): 1 / 55 of the axis */
    high[k] = 4;
  }
  x[d] = noise_centre;
  low[d] = -18;
  high[d] = 1;
  const Rprop r = {.n = d + 1,
                   .low = low,
                   .high = high,
                   .step = 0.3,
                   .evaluations = evaluations,
                   .f = log_posterior,
                   .context = &f};
  const double best = rprop_maximise(a, &r, x);
  for (int k = 0; k < d; k++) f.g.l[k] = fm_exp(x[k]);
  f.g.noise = fm_exp(x[d]);
  *out = f.g;
  return best == best && condition(out, NULL, f.scratch);
}

/* ---- prediction ------------------------------------------------------------------------------ */

/* slopes: (n) k'(r^2) of each point; solved: (n) K^-1 k. */
static void gradients(const Gp *g, const double *u, const double *slopes, const double *solved,
                      double *gmean, double *gvariance) {
  for (int k = 0; k < g->data.n_axes; k++) {
    gmean[k] = gvariance[k] = 0;
    if (g->data.axes[k].unordered) continue;
    for (int i = 0; i < g->data.n; i++) {
      const double by_u = -slopes[i] * (u[k] - g->data.u[i][k]) / (g->l[k] * g->l[k]);
      gmean[k] += g->alpha[i] * by_u;
      gvariance[k] -= 2 * g->s * solved[i] * by_u;
    }
  }
}

GpBelief gp_predict(const Gp *g, const double *u, double *gmean, double *gvariance) {
  const int n = g->data.n;
  for (int i = 0; i < n; i++) g->k[i] = matern(scaled_distance(g, u, g->data.u[i]), &g->dk[i]);
  cholesky_solve_lower(g->root, n, g->k, g->v);
  GpBelief b = {.mean = g->mean + dot(g->k, g->alpha, n),
                .variance = g->s * (1 - dot(g->v, g->v, n))};
  if (!(b.variance > 1e-14 * g->s)) b.variance = 1e-14 * g->s;
  if (gmean) {
    cholesky_solve_upper(g->root, n, g->v, g->v);
    gradients(g, u, g->dk, g->v, gmean, gvariance);
  }
  return b;
}

/* ---- expected improvement -------------------------------------------------------------------- */

enum { TERMS = 60 };

/* c of Mills' ratio Q(t) / phi(t) = 1 / (t + c), c = 1 / (t + 2 / (t + 3 / ..)) (Laplace). */
static double mills_rest(double t) {
  double x = t;
  for (int k = TERMS; k >= 2; k--) x = t + k / x;
  return 1 / x;
}

/* With z = (best - mean) / deviation: EI = deviation h(z), h = phi(z) + z Phi(z). */
double gp_log_improvement(double best, double mean, double deviation, double *by_mean,
                          double *by_deviation) {
  const double z = (best - mean) / deviation, log_phi = -0.5 * z * z - 0.9189385332046727;
  double log_h, phi_h, cdf_h; /* phi / h, Phi / h */
  if (z > -3) {
    const double phi = fm_exp(log_phi), cdf = 0.5 * (1 + fm_erf(z * 0.7071067811865476));
    const double h = phi + z * cdf;
    log_h = fm_log(h);
    phi_h = phi / h;
    cdf_h = cdf / h;
  } else { /* h = phi (1 - t R) = phi c / (t + c) */
    const double t = -z, c = mills_rest(t);
    log_h = log_phi + fm_log(c / (t + c));
    phi_h = (t + c) / c;
    cdf_h = 1 / c;
  }
  *by_mean = -cdf_h / deviation;
  *by_deviation = phi_h / deviation;
  return fm_log(deviation) + log_h;
}
