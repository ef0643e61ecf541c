/*
 * What a search has come to: the points that were proposed, and the results that its method may
 * look at. From these follows the point of any trial, on rank 0, in a resumed run, in `sample`.
 *
 * A method that looks, or a rule that ends trials by the curves of others, sees, for point n, the
 * results of points 0 .. n - max_concurrent and the places of those behind them. Each point is
 * proposed once and kept. What is told of a trial first is what counts: a FAILED one is told as
 * worse than any, also after a later run has trained it, so that what was proposed from it stands.
 * The journal has all that is told, in this order.
 *
 * With search.repeats a point is that many trials: trial n is repeat n % repeats of point
 * n / repeats. A point is told when all of them are: with their mean, summed in the order of the
 * repeats; NaN where one of them has no number. The functions below take trials' numbers.
 *
 * With several objectives (a list `metric`) a method that looks is told one number of them for each
 * point: pareto_scalars, with weights of the trial that is proposed. `told` has the first objective.
 *
 * A method with generations (sampler.h) sees whole ones: all before point n's own. Then max_concurrent
 * is how many train at a time and nothing else. What it is told is a trial's latest metric
 * (run_dir.c). Each point has a parent, whose training it goes on with (lineage.h).
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
  int64_t window; /* in points; 0: the method does not look, and the rest is empty */
  int64_t repeats;
  int64_t n_points;
  const char **points; /* (n_points) NULL: not proposed yet */
  const double **u;    /* (n_points) of the points, (space.n) each */
  SamplerTold *told;   /* (n_points) of those that are known; before them n_prior of another run */
  int64_t n_prior;
  int n_objectives;
  double *losses;          /* (n_points, repeats, n_objectives) that were told */
  double *means;           /* (n_points, n_objectives) of a point's repeats; told has the first */
  bool *known;             /* (n_points, repeats) a result was told */
  int64_t *n_known;        /* (n_points) of a point's repeats */
  int64_t n_proposed;      /* every point below it is proposed */
  int64_t front;           /* every point below it is known: all its repeats */
  Rungs rungs;             /* for the brackets alone; then repeats is 1 */
  Generations generations; /* members 0: there are none; else repeats is 1 */
  int64_t *parents;        /* (n_points) of those that are proposed; -1: none */
} History;

/* `base` and `a` must outlive it. */
void history_init(History *h, Arena *a, const Spec *base);

/* The same search with more trials. */
void history_grow(History *h, const Spec *base);

/* A trial that is over, at a point as history_point wrote it. `losses` (n_objectives): the smaller,
 * the better; NaN: DIVERGED or FAILED. No such trial: nothing happens. */
void history_tell_all(History *h, int64_t n, const char *point, const double *losses);
/* The same where all objectives, or the only one, came to `loss`. */
void history_tell(History *h, int64_t n, const char *point, double loss);

/* What a result says: trial n has this parent (-1: none). Before it is told; nothing where there are
 * no generations or the point was proposed. */
void history_descends(History *h, int64_t n, int64_t parent);

/* The trial whose seed trial n trains by: the first of its line, once its point is known; without
 * generations n itself. */
int64_t history_root(const History *h, int64_t n);

/* Trials below it are told for trial n: whole points. With brackets (stopper.h) whole ones, and
 * none of n's own: those that end max_concurrent - 1 trials or more before n's begins; with
 * generations those of all before n's. */
int64_t history_n_told(const History *h, int64_t n);

/* Are all results there that the point of trial n depends on? With generations also: are fewer than
 * max_concurrent trials before it missing? */
bool history_ready(const History *h, int64_t n);

/* The point of trial n as text (plan.h), in `a` or kept; "" without a search. NULL: not ready. */
const char *history_point(Arena *a, History *h, int64_t n);

/* What the method is asked for point k: a method that looks knows that there are points to try, and
 * is told what came of them (with several objectives a scalar of them, pareto.h); another one's
 * design stands behind them, as if they were not. Pending are those that are proposed. In `a`. The
 * points to try themselves are not the method's. */
SamplerAsk history_ask(Arena *a, const History *h, int64_t k);

/* The same as values, proposed anew, in `a`. It must be ready. */
void history_propose(Arena *a, History *h, int64_t n, Point *out);

#endif
