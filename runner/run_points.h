/*
 * The points of a run: each was trained search.repeats times, with seeds of its own, and is ranked
 * by the mean. Pure; what it says follows from the results that are there, not from their order.
 */
#ifndef CAVIAR_RUN_POINTS_H
#define CAVIAR_RUN_POINTS_H

#include "run_dir.h"

typedef struct {
  int64_t number;          /* of the point; its trials are number * repeats and those behind it */
  int64_t n;               /* of them that are finished */
  bool complete;           /* all are */
  TrialStatus status;      /* the worst of the finished */
  double mean, sd;         /* of the metric, over the finished trials in order of their numbers; sd
                              with n - 1. NaN unless all of these COMPLETED; sd also of one */
  double seconds;          /* their sum */
  const TrialResult *best; /* of the finished; NULL: none is */
} RunPoint;

int64_t run_repeats(const RunDir *r);
int64_t run_n_points(const RunDir *r);
RunPoint run_point(const RunDir *r, int64_t number);

/* Order of the leaderboard: < 0 if x is better. Complete points come first; then, among either, those
 * with a mean, the best first, those with a trial that DIVERGED, those with one that FAILED, both by
 * their best trial; ties to the lower number. Trials of one point by themselves (trial_compare). Without repeats trial_compare alone. */
int run_compare(const RunDir *r, const TrialResult *x, const TrialResult *y);

/* One metric is one objective. */
int run_n_objectives(const RunDir *r);
ObjectiveSpec run_objective(const RunDir *r, int i);
/* What the trial came to at its chosen epoch; NaN unless COMPLETED, or where it has no such number. */
double run_objective_of(const RunDir *r, const TrialResult *t, int i);
/* All of them, the smaller, the better. out: (run_n_objectives) */
void run_losses(const RunDir *r, const TrialResult *t, double *out);
/* The mean over the point's finished trials; NaN where one has none. */
double run_point_objective(const RunDir *r, const RunPoint *p, int i);
/* Is points[i] complete, and dominated by none of them that is (pareto.h)? (n) In `a`. */
bool *run_front(Arena *a, const RunDir *r, const RunPoint *points, int64_t n);

/* The points of finished trials, best first; n of them. In `a`. */
RunPoint *run_points(Arena *a, const RunDir *r, int64_t *n);

#endif
