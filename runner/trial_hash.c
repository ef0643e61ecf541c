#include "trial_state.h"

#include <math.h>

enum { PIECE = 1024 };

/* v (n), every NaN as one pattern: which of them a processor makes is its own affair. */
static void add_vector(Hash *h, const Real *v, size_t n) {
  Real piece[PIECE];
  for (size_t first = 0; first < n; first += PIECE) {
    size_t count = n - first < PIECE ? n - first : PIECE;
    for (size_t i = 0; i < count; i++) piece[i] = isnan(v[first + i]) ? (Real)NAN : v[first + i];
    hash_add(h, piece, sizeof(Real) * count);
  }
}

void trial_hash_weights(const Real *weights, size_t n_weights, const Real *statistics,
                        size_t n_statistics, char out[HASH_HEX]) {
  Arena a;
  arena_init(&a);
  Hash *h = hash_new(&a);
  add_vector(h, weights, n_weights);
  add_vector(h, statistics, n_statistics);
  hash_hex(h, out);
  arena_free(&a);
}
