/*
 * The plan of an experiment: how many trials, what each of them is, and whether all of them can be
 * trained. Pure, so that every rank and every resumed run finds the same.
 *
 * A point travels and is kept as text, a YAML map on one line in the order of the search space:
 * `{train.batch_size: 64, train.optimizer.learning_rate: 0.013}`; "" where there is no search.
 */
#ifndef CAVIAR_PLAN_H
#define CAVIAR_PLAN_H

#include "history.h"
#include "trial.h"

/* Trainings: of each point search.repeats, side by side: trial n is repeat n % repeats of point
 * n / repeats. 1 without a search. */
int64_t plan_n_trials(const Spec *base);
int64_t plan_repeats(const Spec *base);

/* Does the method look at results? Then a point is what a History (history.h) says. */
bool plan_looks(const Spec *base);

/* Trial n: its seed (the experiment's own without a search) and its point, as far as that depends
 * on no result; else NULL. */
int64_t plan_seed(const Spec *base, int64_t n);
const char *plan_point(Arena *a, const Spec *base, int64_t n);

/* The text of a point. */
const char *plan_point_text(Arena *a, const Space *space, const Point *p);

/* The values of a point by path; NULL: not such a text. */
const YamlNode *plan_point_map(Arena *a, const char *point);

/* The experiment of trial n at a point (as history_point wrote it, here or on another rank). NULL and
 * diagnostics if the point is not one of this space or is illegal. */
Spec *plan_trial(Arena *a, const Spec *base, int64_t n, const char *point, Diag *d);

typedef struct {
  int64_t n_trials, n_checked; /* the first 10,000 are checked; of a method that looks those that */
  int64_t n_places;            /*   depend on no result, and so many places all over the space */
  int64_t largest;             /* the trial that takes the most memory; -1: such a place, */
  size_t bytes;                /*   how much, */
  size_t n_parameters;         /*   and its weights */
  int64_t batches, steps;      /* mini-batches and updates of an epoch of trial 0, */
  int64_t step_rows;           /*   rows of an update, */
  double rate_scale;           /*   and what its learning rate is multiplied by */
  int64_t least_rows;          /* of a full mini-batch of a trial, */
  int64_t most_rows;           /*   most, */
  int64_t by_shard_rows;       /*   least where the trial normalises within shards; 0: none does */
  int64_t dropped_rows;        /* most left-over rows that an epoch of a trial does not use */
} PlanSummary;

/* Resolves every trial and plans its model on the data: what the user can get wrong is in `d`
 * before anything is trained or written. E_MEMORY and the like in `e`. */
MUST_CHECK Status plan_check(const Spec *base, const TrialEnv *env, Diag *d, PlanSummary *out,
                             Err *e);

#endif
