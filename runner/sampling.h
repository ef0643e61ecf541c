/*
 * What samplers share: the results told in the order of their worth, cells of axes, draws.
 * Files sampling*.c are the samplers' mathematics; like theirs, every bit of it counts.
 */
#ifndef CAVIAR_SAMPLING_H
#define CAVIAR_SAMPLING_H

#include "base/rng.h"
#include "sampler.h"

/* The largest number below 1: places are in [0, 1). */
#define SAMPLING_BELOW_1 (1 - 0x1p-53)

/* The draws of a method for trial n; `which` tells several streams of one trial apart. */
Rng sampling_draws(const SamplerAsk *ask, uint32_t which);

/* Into [0, 1). */
double sampling_clamp(double u);

/* The cell of u on an axis with values: 0 .. n_values - 1; 0 on a continuous one. */
int sampling_cell(SamplerAxis axis, double u);
/* The middle of u's cell: where a result has it once it is told. u on a continuous axis. */
double sampling_middle(SamplerAxis axis, double u);
/* Are two places one point? Continuous axes: to the bit. */
bool sampling_same(const SamplerAsk *ask, const double *u, const double *v);
/* Was that point told, or is it pending? */
bool sampling_seen(const SamplerAsk *ask, const double *u);

/* Trial n of the start of methods that learn: scrambled Sobol. u: (n_axes) */
void sampling_start(const SamplerAsk *ask, double *u);

/* n_told of trial n; with brackets it may be less. */
int64_t sampling_n_told(const SamplerAsk *ask, int64_t n);

/* a before b: the smaller loss, NaN last, of equal ones the earlier trial. */
bool sampling_better(const SamplerTold *told, int64_t a, int64_t b);
/* Trial numbers 0 .. n - 1, best first. Returns how many have a loss (no NaN). order: (n) */
int64_t sampling_order(Arena *a, const SamplerTold *told, int64_t n, int64_t *order);

#endif
