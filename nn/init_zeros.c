/* All zero: right for biases and for a softmax regression, wrong for hidden layers (units stay
 * equal). */
#include "kinds.h"

static void fill(const void *config, int fan_in, int fan_out, uint64_t seed, uint32_t block,
                 size_t n, Real *w) {
  (void)config, (void)fan_in, (void)fan_out, (void)seed, (void)block;
  for (size_t i = 0; i < n; i++) w[i] = 0;
}

const NnInitialiserKind nn_init_zeros = {
    .head = {.name = "zeros", .doc = "all zero; hidden units would stay equal"},
    .fill = fill,
};
