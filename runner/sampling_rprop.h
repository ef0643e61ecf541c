/*
 * Maximum of a function in a box by its gradient's signs: iRprop-, Igel & Huesken 2003,
 * Neurocomputing 50. Deterministic, no line search; for likelihoods of Gaussian processes as good as
 * conjugate gradients (Blum & Riedmiller 2013, ESANN).
 */
#ifndef CAVIAR_SAMPLING_RPROP_H
#define CAVIAR_SAMPLING_RPROP_H

#include "base/arena.h"

typedef struct {
  int n;                    /* variables */
  const double *low, *high; /* (n) the box */
  double step;              /* the first, in units of x */
  int evaluations;
  /* The value at x and its gradient (n); NaN: not there. */
  double (*f)(void *context, const double *x, double *gradient);
  void *context;
} Rprop;

/* x (n): where it starts, then the best place that was seen. Returns the value there; NaN: none. */
double rprop_maximise(Arena *a, const Rprop *r, double *x);

#endif
