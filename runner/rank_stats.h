/*
 * Do two columns rank alike? Pure; -inf is a value like others, smaller than all.
 *
 * Kendall's tau-b in n log n: Knight 1966, "A computer method for calculating Kendall's tau with
 * ungrouped data", JASA 61. Intervals: percentile bootstrap over rows, Efron & Tibshirani 1993, "An
 * introduction to the bootstrap", chapter 13.
 */
#ifndef CAVIAR_RANK_STATS_H
#define CAVIAR_RANK_STATS_H

#include "base/arena.h"
#include "base/rng.h"

typedef struct {
  double x, y;
} RankPair;

typedef double RankStatistic(Arena *scratch, const RankPair *p, int n);

/* NaN where a column is all the same. */
RankStatistic rank_spearman; /* correlation of the ranks; equals have the mean of theirs */
RankStatistic rank_kendall;  /* concordant less discordant pairs, tau-b */
RankStatistic rank_better;   /* share of rows with x > y; equals count half */

/* Ranks from 1 of the n numbers v[0], v[stride] ..: 1 for the smallest, equals the mean of theirs. */
void rank_of(Arena *scratch, const double *v, int stride, int n, double *out);

enum { RANK_RESAMPLES = 1000 };

/* The statistic, and the middle 95 % of it over keyed resamples of the rows; those in which it is
 * NaN are left out. */
typedef struct {
  double value, low, high;
} RankInterval;
RankInterval rank_interval(RankStatistic *f, const RankPair *p, int n);

#endif
