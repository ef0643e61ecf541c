/*
 * Xavier (Glorot) initialisation: uniform in +-sqrt(6 / (fan_in + fan_out)), variance 2 / (fan_in +
 * fan_out). Glorot & Bengio 2010, equation 16 (the "normalized initialization").
 */
#include <math.h>

#include "draw.h"
#include "kinds.h"

static void fill(const void *config, int fan_in, int fan_out, uint64_t seed, uint32_t block,
                 size_t n, Real *w) {
  (void)config;
  nn_draw_uniform(sqrt(6.0 / ((double)fan_in + fan_out)), seed, block, n, w);
}

const NnInitialiserKind nn_init_xavier = {
    .head = {.name = "xavier",
             .doc = "uniform in +-sqrt(6 / (fan_in + fan_out)), for sigmoid and tanh layers",
             .source = "Glorot & Bengio 2010, equation 16"},
    .fill = fill,
};
