/*
 * Counter-based random numbers: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
 * easy as 1, 2, 3", SC11). A draw is a pure function of (seed, purpose, a, b, c): no generator
 * state, no dependence on order, rank, shard or worker.
 */
#ifndef CAVIAR_RNG_H
#define CAVIAR_RNG_H

#include <stdint.h>

/* What a draw is for; part of the counter. Numbers never change: they are in the digest. */
typedef enum {
  RNG_TRIAL_SEED = 1, /* a: trial number */
  RNG_SAMPLE = 2,     /* a: trial number, b: dimension of the search space */
  RNG_SPLIT = 3,      /* permutation of the rows of a dataset */
  RNG_SHUFFLE = 4,    /* a: epoch; permutation of the training rows */
  RNG_INIT = 5,       /* a: parameter block, b: element / 4 */
  RNG_DROPOUT = 6,    /* a: position of the row in the epoch, b: epoch, c: layer and feature / 4 */
  RNG_GENERATE = 7,   /* a: row of a generated dataset, b: draw */
  RNG_PROPOSE = 8,    /* a: trial number, b: stream of a method that learns */
  RNG_SCRAMBLE = 9,   /* a: digits or place, b: dimension, c: digit or round */
  RNG_WEIGHTS = 10,   /* a: trial number; of several objectives */
  RNG_FOREST = 40,    /* a: tree; draws of its growth */
  RNG_BOOTSTRAP = 41, /* a: resample, b: what of; draws of rows */
  RNG_TEST = 255,
} RngPurpose;

typedef struct {
  uint32_t v[4];
} RngBlock;

/* The raw function: ten rounds. */
RngBlock rng_philox(const uint32_t counter[4], const uint32_t key[2]);

/* Counter words: a, b, c, purpose. Key: seed. `c` below 2^24: purpose is put in the upper 8 bits of
 * the fourth word and c in the lower 24. a is 64 bits wide. */
RngBlock rng_block(uint64_t seed, RngPurpose purpose, uint64_t a, uint32_t b, uint32_t c);

/* A stream of draws for code that draws a varying number, at most 2^26 words: block after block of
 * (purpose, a, b). */
typedef struct {
  uint64_t seed, a;
  RngPurpose purpose;
  uint32_t b, next; /* next: draws taken so far */
  RngBlock block;
} Rng;
Rng rng_stream(uint64_t seed, RngPurpose purpose, uint64_t a, uint32_t b);
uint32_t rng_u32(Rng *r);
uint64_t rng_u64(Rng *r);
double rng_f64(Rng *r);                 /* uniform in [0, 1), 53 bits */
double rng_normal(Rng *r);              /* mean 0, variance 1; Box-Muller with fmath */
uint64_t rng_below(Rng *r, uint64_t n); /* uniform in [0, n), unbiased; n > 0 */

/* A hash of (seed, n): the seed of trial n. Never 0; below 2^53, so that it survives any reader. */
uint64_t rng_trial_seed(uint64_t seed, uint64_t n);

/* Fisher-Yates: a keyed permutation of 0..n-1 into `out`. */
void rng_permute(uint64_t seed, RngPurpose purpose, uint64_t a, uint32_t *out, uint32_t n);

#endif
