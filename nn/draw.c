#include "draw.h"

#include <math.h>

#include "base/fmath.h"
#include "base/rng.h"

/* The midpoint of cell u of 2^32 in (0, 1). */
static double unit(uint32_t u) {
  return ((double)u + 0.5) * 0x1p-32;
}

void nn_draw_uniform(double limit, uint64_t seed, uint32_t block, size_t n, Real *w) {
  for (size_t i = 0; i < n; i += 4) {
    RngBlock r = rng_block(seed, RNG_INIT, block, (uint32_t)(i / 4), 0);
    for (size_t k = 0; k < 4 && i + k < n; k++) w[i + k] = (Real)(limit * (2 * unit(r.v[k]) - 1));
  }
}

void nn_draw_normal(double mean, double sd, uint64_t seed, uint32_t block, size_t n, Real *w) {
  const double two_pi = 6.28318530717958647693;
  for (size_t i = 0; i < n; i += 4) {
    RngBlock r = rng_block(seed, RNG_INIT, block, (uint32_t)(i / 4), 0);
    for (size_t k = 0; k < 4 && i + k < n; k += 2) {
      double radius = sd * sqrt(-2 * fm_log(unit(r.v[k]))), angle = two_pi * unit(r.v[k + 1]);
      w[i + k] = (Real)(mean + radius * fm_cos(angle));
      if (i + k + 1 < n) w[i + k + 1] = (Real)(mean + radius * fm_sin(angle));
    }
  }
}
