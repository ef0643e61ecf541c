/*
 * A Gaussian process in the unit cube (Rasmussen & Williams 2006): Matern 5/2 with a length scale
 * for each axis, a constant mean, noise.
 *
 *   k(x, x') = s (1 + q + q^2 / 3) exp(-q),   q = sqrt(5) r,   r^2 = sum_k d_k^2 / l_k^2
 *
 * d_k is x_k - x'_k; on categories 0 where they are the same and 1 where not (half the squared
 * distance of one-hot codes).
 */
#ifndef CAVIAR_SAMPLING_GP_H
#define CAVIAR_SAMPLING_GP_H

#include "sampling.h"

typedef struct {
  const SamplerAxis *axes; /* (n_axes) */
  int n_axes;
  const double *const *u; /* (n) places */
  const double *y;        /* (n) values, of variance near 1 */
  int n;
} GpData;

typedef struct {
  GpData data;
  double *l;            /* (n_axes) length scales */
  double noise;         /* variance of the noise over s */
  double s, mean;       /* signal variance, constant mean: the most likely ones of l and noise */
  double log_posterior; /* of (l, noise), up to a constant */
  double *root;         /* (n, n) Cholesky's U of K / s */
  double *alpha;        /* (n) (K / s)^-1 (y - mean) */
  double *k, *v, *dk;   /* (n) scratch of gp_predict */
} Gp;

/* With given length scales and noise. False: the matrix is not positive definite. Keeps the pointers
 * of `data` and l. */
bool gp_condition(Arena *a, const GpData *data, double *l, double noise, Gp *out);
/* With those of the maximum of the marginal likelihood (equation 5.9) times priors. */
bool gp_fit(Arena *a, const GpData *data, int evaluations, Gp *out);

typedef struct {
  double mean, variance; /* of the function, without noise (equations 2.25, 2.26) */
} GpBelief;

/* gmean, gvariance: (n_axes) gradients by u, on axes that are not categories; NULL: not wanted. */
GpBelief gp_predict(const Gp *g, const double *u, double *gmean, double *gvariance);

/*
 * log E max(0, best - f), f normal: the expected improvement (Jones, Schonlau & Welch 1998, equation
 * 15), as a logarithm that is exact far out in the tail (Ament et al. 2023, arXiv:2310.20708).
 * *by_mean, *by_deviation: its derivatives.
 */
double gp_log_improvement(double best, double mean, double deviation, double *by_mean,
                          double *by_deviation);

#endif
