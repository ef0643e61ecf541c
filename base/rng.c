#include "rng.h"

#include "fmath.h"

/* Constants and rounds of Random123's philox4x32-10. */
RngBlock rng_philox(const uint32_t counter[4], const uint32_t key[2]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0;
    uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    k0 += 0x9E3779B9u; /* golden ratio */
    k1 += 0xBB67AE85u; /* sqrt(3) - 1 */
  }
  return (RngBlock){{c0, c1, c2, c3}};
}

RngBlock rng_block(uint64_t seed, RngPurpose purpose, uint64_t a, uint32_t b, uint32_t c) {
  const uint32_t counter[4] = {(uint32_t)a, (uint32_t)(a >> 32), b,
                               (uint32_t)purpose << 24 | (c & 0xFFFFFFu)};
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  return rng_philox(counter, key);
}

Rng rng_stream(uint64_t seed, RngPurpose purpose, uint64_t a, uint32_t b) {
  return (Rng){.seed = seed, .a = a, .purpose = purpose, .b = b};
}

uint32_t rng_u32(Rng *r) {
  uint32_t lane = r->next % 4;
  if (lane == 0) r->block = rng_block(r->seed, r->purpose, r->a, r->b, r->next / 4);
  r->next++;
  return r->block.v[lane];
}

uint64_t rng_u64(Rng *r) {
  uint64_t low = rng_u32(r);
  return low | (uint64_t)rng_u32(r) << 32;
}

double rng_f64(Rng *r) {
  return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

/* Box & Muller 1958: sqrt(-2 ln u) cos(2 pi v), u in (0, 1]. The sine's half is not used: a draw
 * takes four words whatever was drawn before it. */
double rng_normal(Rng *r) {
  double u = 1 - rng_f64(r), v = rng_f64(r);
  return __builtin_sqrt(-2 * fm_log(u)) * fm_cos(6.283185307179586 * v);
}

/* Lemire 2019, arXiv:1805.10941: the high half of a product; a low half that is too small is
 * drawn again. */
uint64_t rng_below(Rng *r, uint64_t n) {
  uint64_t unfair = (0 - n) % n; /* 2^64 mod n */
  for (;;) {
    unsigned __int128 product = (unsigned __int128)rng_u64(r) * n;
    if ((uint64_t)product >= unfair) return (uint64_t)(product >> 64);
  }
}

uint64_t rng_trial_seed(uint64_t seed, uint64_t n) {
  RngBlock block = rng_block(seed, RNG_TRIAL_SEED, n, 0, 0);
  uint64_t hash = block.v[0] | (uint64_t)(block.v[1] & 0x1FFFFFu) << 32;
  return hash ? hash : 1;
}

/* The draw for place i is lane i % 4 of block (a, i / 4, attempt): no order, no limit below 2^32.
 */
void rng_permute(uint64_t seed, RngPurpose purpose, uint64_t a, uint32_t *out, uint32_t n) {
  RngBlock block = {{0}};
  for (uint32_t i = 0; i < n; i++) {
    if (i % 4 == 0) block = rng_block(seed, purpose, a, i / 4, 0);
    uint64_t sides = (uint64_t)i + 1;
    uint64_t product = block.v[i % 4] * sides;
    if ((uint32_t)product <
        sides) { /* rare: the low half may be among the 2^32 mod sides unfair ones */
      uint32_t unfair = (uint32_t)(0x100000000u % sides);
      for (uint32_t attempt = 1; (uint32_t)product < unfair; attempt++)
        product = rng_block(seed, purpose, a, i / 4, attempt).v[i % 4] * sides;
    }
    uint32_t j = (uint32_t)(product >> 32); /* uniform in 0..i: the inside-out shuffle */
    out[i] = out[j];
    out[j] = i;
  }
}
