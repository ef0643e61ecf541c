/*
 * Rules that end trials early, for others do better: search.early_terminate. Kinds, one file and
 * one row each. Pure functions of results in the order of the trials' numbers: no clock, no
 * finishing order, so a search that ends trials early has one digest on any number of ranks.
 *
 * A rule has either of two forms:
 *   bracket   trials in groups that train in legs, from rung to rung; of those that reach a rung
 *             the best go on when all of the group are there (rungs.h)
 *   limits    a trial may not get worse than limits that earlier trials' curves set: those of
 *             trials 0 .. n - max_concurrent
 */
#ifndef CAVIAR_STOPPER_H
#define CAVIAR_STOPPER_H

#include "base/param.h"

enum { RUNGS_MOST = 64 };

typedef struct {
  int64_t first, n; /* trials first .. first + n - 1 */
  int n_rungs;
  int64_t epochs[RUNGS_MOST];  /* at which rung k is reached: ascending, the last is the whole */
  int64_t members[RUNGS_MOST]; /* how many train up to rung k; members[0] is n */
} Bracket;

typedef struct {
  const double *metric; /* (n) epoch by epoch */
  int64_t n;
} StopperCurve;

typedef struct {
  Kind head;
  /* That of trial n, of n_trials that train `epochs`. */
  void (*bracket)(const void *config, int64_t epochs, int64_t n_trials, int64_t n, Bracket *out);
  /* limits[k]: what the best metric of epochs 1 .. k + 1 may not be worse than; NaN: none. */
  void (*limits)(Arena *a, const void *config, const StopperCurve *told, int64_t n_told,
                 bool maximize, int64_t epochs, double *limits);
} Stopper;

extern const Registry run_stoppers;

/* Rungs of a bracket whose first rung is at epochs / eta^s, and of whose n trials 1 / eta go on at
 * each. Rungs that would be at the same epoch are one. */
void stopper_halve(int64_t epochs, double eta, int s, int64_t first, int64_t n, Bracket *out);
/* The largest s with epochs / eta^s >= least. */
int stopper_levels(int64_t epochs, double eta, int64_t least);

#endif
