/*
 * Random search: every dimension of every trial is a draw of its own, a pure function of (seed,
 * trial, dimension). Bergstra & Bengio 2012, "Random search for hyper-parameter optimization", JMLR
 * 13: with n trials each parameter is seen at n values, where a grid of n trials sees n^(1/d).
 */
#include "base/rng.h"
#include "sampler.h"

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s;
  if (asked <= 0) err_set(e, E_SPEC, "\"trials\" is missing: how many points random draws");
  return asked;
}

static void propose(Arena *a, const SamplerAsk *ask, double *u) {
  (void)a;
  for (int i = 0; i < ask->n_axes; i++) {
    const RngBlock b = rng_block(ask->seed, RNG_SAMPLE, (uint64_t)ask->n, (uint32_t)i, 0);
    const uint64_t bits = ((uint64_t)b.v[0] << 32) | b.v[1];
    u[i] = (double)(bits >> 11) * 0x1p-53;
  }
}

const Sampler run_sampler_random = {
    .head = {.name = "random",
             .doc = "independent draws, uniform on each parameter's scale",
             .source = "Bergstra & Bengio 2012, JMLR 13"},
    .count = count,
    .propose = propose,
};
