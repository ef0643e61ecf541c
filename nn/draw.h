/*
 * Random vectors for the initialisers. Element i is one word or half a pair of words of the Philox
 * block keyed by (seed, RNG_INIT, block, i / 4): a pure function of i, so any part of a vector can
 * be filled alone. Computed in f64, rounded once to Real.
 */
#ifndef CAVIAR_DRAW_H
#define CAVIAR_DRAW_H

#include "nn.h"

/* w (n): uniform in [-limit, limit], on the midpoints of 2^32 equal cells. */
void nn_draw_uniform(double limit, uint64_t seed, uint32_t block, size_t n, Real *w);

/* w (n): normal; Box & Muller 1958 on the word pairs (0, 1) and (2, 3) of a block: cos, then sin.
 */
void nn_draw_normal(double mean, double sd, uint64_t seed, uint32_t block, size_t n, Real *w);

#endif
