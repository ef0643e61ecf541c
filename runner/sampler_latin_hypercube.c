/*
 * Latin hypercube: with n trials each parameter's scale is cut into n intervals, and every interval
 * is drawn from once; which trial draws from which is a permutation of its own a parameter.
 * McKay, Beckman & Conover 1979, Technometrics 21. Results are not looked at.
 */
#include "sampling.h"

enum { ROUNDS = 8 };

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s;
  if (asked <= 0)
    err_set(e, E_SPEC,
            "\"trials\" is missing: into how many intervals latin_hypercube cuts each "
            "parameter");
  return asked;
}

/* A permutation of [0, 4^half) by Feistel's network (Luby & Rackoff 1988) with Philox as its round
 * function: a place costs the same however many there are. */
static uint64_t feistel(uint64_t seed, uint32_t dim, int half, uint64_t x) {
  const uint64_t mask = ((uint64_t)1 << half) - 1;
  uint64_t left = x >> half, right = x & mask;
  for (uint32_t round = 0; round < ROUNDS; round++) {
    const RngBlock b = rng_block(seed, RNG_SCRAMBLE, right, dim, 256 + round);
    const uint64_t next = left ^ (((uint64_t)b.v[0] << 32 | b.v[1]) & mask);
    left = right;
    right = next;
  }
  return left << half | right;
}

/* A permutation of [0, n): what falls outside is permuted again. */
static uint64_t permuted(uint64_t seed, uint32_t dim, uint64_t n, uint64_t x) {
  int half = 1;
  while ((uint64_t)1 << 2 * half < n) half++;
  do {
    x = feistel(seed, dim, half, x);
  } while (x >= n);
  return x;
}

static void propose(Arena *a, const SamplerAsk *ask, double *u) {
  (void)a;
  const uint64_t n = (uint64_t)ask->n_trials;
  Rng draws = sampling_draws(ask, 0);
  for (int i = 0; i < ask->n_axes; i++) {
    const uint64_t cell = permuted(ask->seed, (uint32_t)i, n, (uint64_t)ask->n % n);
    u[i] = sampling_clamp(((double)cell + rng_f64(&draws)) / (double)n);
  }
}

const Sampler run_sampler_latin_hypercube = {
    .head = {.name = "latin_hypercube",
             .doc = "each parameter once in each of as many equal intervals as there are trials",
             .source = "McKay, Beckman & Conover 1979, Technometrics 21"},
    .whole = true,
    .count = count,
    .propose = propose,
};
