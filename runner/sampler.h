/*
 * Samplers: methods that propose points of a search space. Kinds, one file and one row each.
 *
 * Pure ask/tell: proposal n is a function of the seed, the space and the results of trials
 * 0 .. n_told - 1, in the order of their numbers, n_told = max(0, n - max_concurrent + 1) (sampler_n_told). No clock, no
 * MPI, no finishing order. So a search has one digest on any number of ranks.
 *
 * A sampler sees the space as a cube: u[i] in [0, 1) is the place on axis i, uniform where random
 * search is, so scales are behind it. What was told has its u in the middle of the cell that
 * belongs to its value: of a category k of n at (k + 0.5) / n, of a step likewise; a parameter that
 * a condition left out is at 0.5.
 */
#ifndef CAVIAR_SAMPLER_H
#define CAVIAR_SAMPLER_H

#include "space.h"

typedef struct {
  bool unordered; /* categories: equal or not, nothing else */
  int n_values;   /* categories, or steps of a range (of equal width on a linear scale); 0:
                     continuous */
  bool fixed;     /* it cannot change while a training goes on (Dim.fixed) */
} SamplerAxis;

/* Trials that go on from others: trial n is of generation n / members, which trains up to epoch
 * (n / members + 1) * epochs and sees all results of the generations before, and none of its own. */
typedef struct {
  int64_t members; /* 0: trials are trainings of their own */
  int64_t epochs;
} Generations;

typedef struct {
  const double *u; /* (n_axes) */
  double loss;     /* the metric, smaller is better; NaN: DIVERGED or FAILED, worse than any */
} SamplerTold;

typedef struct {
  const Space *space;
  const SamplerAxis *axes; /* (n_axes) one a dimension of the space */
  int n_axes;
  const void *config; /* of the kind */
  uint64_t seed;
  int64_t n_trials, window;
  int64_t n;               /* the trial that is to be proposed */
  const SamplerTold *told; /* (n_told) */
  int64_t n_told;
  const double *const *pending; /* (n - n_told) u of trials n_told .. n - 1, whose results are not
                                   to be used */
} SamplerAsk;

typedef struct {
  Kind head;
  bool looks; /* at results: the window counts. Else told and pending are not given (n_told 0) */
  bool whole; /* the points depend on n_trials: a search that has begun gets no more */
  /* How many trials: the user's number (0: not given), or the method's own. <= 0 and an error: why.
   */
  int64_t (*count)(const Space *s, int64_t asked, Err *e);
  /* Trial n at u (n_axes). Scratch in `a`. */
  void (*propose)(Arena *a, const SamplerAsk *ask, double *u);
  /* Of a method with generations, else NULL. What they are; and the trial whose training trial n
   * goes on with (-1: none, it begins at propose's u), at u, but with the parent's own value on the
   * axes that are `kept` (n_axes). */
  Generations (*generations)(const void *config);
  int64_t (*inherit)(Arena *a, const SamplerAsk *ask, double *u, bool *kept);
  /* Instead of propose, for methods that name values, not places (grid). */
  void (*values)(Arena *a, const SamplerAsk *ask, Point *out);
} Sampler;

extern const Registry run_samplers;

/* Trials below it are told for trial n, so that `window` of them can be trained at a time. */
static inline int64_t sampler_n_told(int64_t n, int64_t window) {
  if (window < 1) window = 1;
  return n >= window ? n - window + 1 : 0;
}

/* Of a method; members 0 where it has none. */
Generations sampler_generations(const KindValue *method);

/* out: (s->n). */
void sampler_axes(const Space *s, SamplerAxis *out);

/* The point at u (s->n). */
void sampler_place(Arena *a, const Space *s, const double *u, Point *out);

/* The point that the sampler proposes. */
void sampler_point(Arena *a, const Sampler *sampler, const SamplerAsk *ask, Point *out);

#endif
