/*
 * Scrambled Sobol points: random ones that keep clear of each other. Every 2^k trials from a
 * multiple of 2^k on have one in each of 2^k intervals of every parameter, and likewise in pairs of
 * parameters; the number of trials may grow later. Results are not looked at.
 */
#include "sampling_sobol.h"
#include "sampler.h"

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s;
  if (asked <= 0)
    err_set(e, E_SPEC, "\"trials\" is missing: how many points sobol draws; best a power of two");
  return asked;
}

static void propose(Arena *a, const SamplerAsk *ask, double *u) {
  (void)a;
  for (int i = 0; i < ask->n_axes; i++) u[i] = sobol_scrambled(ask->seed, (uint64_t)ask->n, i);
}

const Sampler run_sampler_sobol = {
    .head = {.name = "sobol",
             .doc = "points that fill the space evenly, at any number of trials",
             .source = "Sobol 1967; direction numbers of Joe & Kuo 2008, SIAM J. Sci. Comput. 30; "
                       "scrambled as in Owen 1995"},
    .count = count,
    .propose = propose,
};
