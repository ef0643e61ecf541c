/*
 * Do two runs rank the points that they have in common alike?
 *
 * Points are common where they have the same values by the same paths, whatever the order. A point
 * that a run has several times (other seeds) counts once, with the mean of its metrics. A DIVERGED
 * trial is worse than any metric, and so is a point that has one; FAILED trials are left out. One that was ended
 * early counts with the metric that it had.
 */
#ifndef CAVIAR_COMPARE_H
#define CAVIAR_COMPARE_H

#include "rank_stats.h"
#include "run_dir.h"

typedef struct {
  const char *point;     /* flow YAML, paths in order of the alphabet */
  double a, b;           /* metric in each run; NaN: diverged */
  int n_a, n_b;          /* trials */
  double rank_a, rank_b; /* from 1, the best, among the common points; equals have the mean */
} ComparePoint;

/* What can be said. */
typedef enum {
  COMPARE_TOO_FEW, /* fewer than COMPARE_LEAST points, or all alike */
  COMPARE_HOLDS,   /* Spearman's correlation surely above 0.5 */
  COMPARE_PARTLY,  /* surely above 0 */
  COMPARE_OPEN,    /* may be above 0.5, may be 0 */
  COMPARE_NO_MORE, /* not above 0.5, and may be 0 or less */
} CompareVerdict;

enum { COMPARE_LEAST = 5 };

typedef struct {
  bool maximize;
  int n, only_a, only_b;                  /* points */
  int terminated;                         /* trials of both that were ended early */
  const ComparePoint *points;             /* (n) best in A first */
  RankInterval spearman, kendall, better; /* better: P(A > B), of a common point drawn by chance */
  int k, overlap;                         /* how many of A's best k are among B's best k */
  double by_chance; /* of two rankings that have nothing to do with each other */
  double best_in_b; /* the rank in B of A's best */
  CompareVerdict verdict;
} Comparison;

/* E_DATA: other metrics or goals, no common point. */
MUST_CHECK Status compare_runs(Arena *a, const RunDir *x, const RunDir *y, Comparison *out, Err *e);

/* The numbers for points that have a, b, n_a, n_b: ranks them, sorts them, fills the rest but for
 * only_a, only_b and terminated. Pure. */
void compare_points(Arena *a, ComparePoint *points, int n, bool maximize, Comparison *out);

extern const char *const compare_verdict_names[]; /* "holds", .. */

#endif
