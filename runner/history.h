/*
 * What a search has come to: the points that were proposed, and the results that its method may
 * look at. From these follows the point of any trial, on rank 0, in a resumed run, in `sample`.
 *
 * A method that looks, or a rule that ends trials by the curves of others, sees, for trial n, the results of trials 0 .. n - max_concurrent and the
 * points of those behind them. Each point is proposed once and kept. What is told of a trial first
 * is what counts: a FAILED one is told as worse than any, also after a later run has trained it, so
 * that what was proposed from it stands. The journal has all that is told, in this order.
 *
 * Of a method that does not look nothing is kept. Pure: no clock, no files.
 */
#ifndef CAVIAR_HISTORY_H
#define CAVIAR_HISTORY_H

#include "rungs.h"
#include "sampler.h"
#include "spec.h"

typedef struct {
  const Spec *base;
  Arena *arena;
  int64_t window; /* 0: the method does not look, and the rest is empty */
  int64_t n_trials;
  const char **points; /* (n_trials) NULL: not proposed yet */
  const double **u;    /* (n_trials) of the points, (space.n) each */
  SamplerTold *told;   /* (n_trials) of those that are known; before them n_prior of another run */
  int64_t n_prior;
  bool *known;        /* (n_trials) a result was told */
  int64_t n_proposed; /* every trial below it has a point */
  int64_t front;      /* every trial below it is known */
  Rungs rungs;        /* for the brackets alone */
} History;

/* `base` and `a` must outlive it. */
void history_init(History *h, Arena *a, const Spec *base);

/* The same search with more trials. */
void history_grow(History *h, const Spec *base);

/* A trial that is over, at a point as history_point wrote it. `loss`: the smaller, the better; NaN:
 * DIVERGED or FAILED. No such trial: nothing happens. */
void history_tell(History *h, int64_t n, const char *point, double loss);

/* Trials below it are told for trial n. With brackets (stopper.h) whole ones, and none of n's own:
 * those that end max_concurrent - 1 trials or more before n's begins. */
int64_t history_n_told(const History *h, int64_t n);

/* Are all results there that the point of trial n depends on? */
bool history_ready(const History *h, int64_t n);

/* The point of trial n as text (plan.h), in `a` or kept; "" without a search. NULL: not ready. */
const char *history_point(Arena *a, History *h, int64_t n);

/* The same as values, proposed anew, in `a`. It must be ready. */
void history_propose(Arena *a, History *h, int64_t n, Point *out);

#endif
