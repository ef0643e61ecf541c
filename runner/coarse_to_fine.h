/*
 * Coarse to fine: the stages of the search, and the box that each draws from. The box of a stage is
 * a function of the results that were told at the stage's first trial, so it is the same for all its
 * trials, and for whoever writes it down.
 */
#ifndef CAVIAR_COARSE_TO_FINE_H
#define CAVIAR_COARSE_TO_FINE_H

#include "sampler.h"

typedef struct {
  double *low, *high; /* (n_axes) of u; ranges: where this stage draws, low < high */
  bool **kept;        /* (n_axes) of categories: (n_values) those that are drawn; NULL on ranges */
  int64_t n_kept;     /* the best trials that lie in it; 0: the box of the stage before */
} CoarseBox;

/* Of an ask of the method coarse_to_fine: the stage of trial n, from 0. */
int64_t coarse_to_fine_stage(const SamplerAsk *ask, int64_t n);
/* The first trial of a stage. */
int64_t coarse_to_fine_first(const SamplerAsk *ask, int64_t stage);
/* The box of a stage. ask->told must reach as far as the stage's first trial saw: n_told of any of
 * its trials will do. */
CoarseBox coarse_to_fine_box(Arena *a, const SamplerAsk *ask, int64_t stage);

#endif
