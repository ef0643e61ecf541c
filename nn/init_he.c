/*
 * He initialisation: normal, mean 0, variance 2 / fan_in; keeps the variance through ReLU layers.
 * He et al. 2015, arXiv:1502.01852, equation 10.
 */
#include <math.h>

#include "draw.h"
#include "kinds.h"

static void fill(const void *config, int fan_in, int fan_out, uint64_t seed, uint32_t block,
                 size_t n, Real *w) {
  (void)config, (void)fan_out;
  nn_draw_normal(0, sqrt(2.0 / fan_in), seed, block, n, w);
}

const NnInitialiserKind nn_init_he = {
    .head = {.name = "he",
             .doc = "normal with variance 2 / fan_in, for ReLU layers",
             .source = "He et al. 2015, equation 10"},
    .fill = fill,
};
