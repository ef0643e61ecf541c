/*
 * Parzen windows in the unit cube: a mixture of one kernel a point, and of the uniform density as the
 * prior, so that it is nowhere 0.
 *
 *   p(x) = w_0 + sum_i w_i prod_k K_k(x_k; u_ik)
 *
 * K on a continuous axis: a normal density of width h_k cut off at 0 and 1; on one of steps: that
 * density's share of the cell times the number of cells; on categories (Aitchison & Aitken 1976): the
 * point's own category more than the others. All densities are relative to the uniform one.
 */
#ifndef CAVIAR_SAMPLING_PARZEN_H
#define CAVIAR_SAMPLING_PARZEN_H

#include "sampling.h"

typedef struct {
  const SamplerAxis *axes; /* (n_axes) of the cube */
  int first, n_axes;       /* the axes that count: first .. first + n_axes - 1 */
  const double *const *u;  /* (n) points of the cube */
  const double *weight;    /* (n) their weights, any sum; NULL: all 1 */
  int n;
  double prior_weight;  /* of the uniform density, in points of weight 1; above 0 */
  double bandwidth;     /* h = bandwidth * spread of the points * n^(-1 / (n_axes + 4)) .. */
  double prior_spread;  /* of the uniform density, in the same, where spreads are measured */
  double min_bandwidth; /* .. at least this */
} ParzenOf;

typedef struct {
  ParzenOf of;
  double *h;           /* (n_axes) */
  double *factor;      /* (n) weight over the sum of weights and over all that normalises */
  double *sum;         /* (n + 1) running sums of weights, the prior's first; the last is 1 */
  double prior;        /* w_0 */
  const double **mass; /* (n_axes) of steps: the share of the cell d cells away, of categories: [0]
                          the own, [1] another; NULL: continuous */
  double *z;           /* (n_axes) scratch */
} Parzen;

/* Keeps the pointers of `of`. */
void parzen_init(Arena *a, const ParzenOf *of, Parzen *out);
/* The density at u, a place of the cube. Above 0. */
double parzen_density(const Parzen *p, const double *u);
/* A draw: sets the axes that count in u. */
void parzen_draw(const Parzen *p, Rng *draws, double *u);

#endif
