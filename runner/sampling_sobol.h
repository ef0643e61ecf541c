/*
 * Sobol's sequence in base 2 with the direction numbers of Joe & Kuo 2008, "Constructing Sobol
 * sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30 (new-joe-kuo-6).
 */
#ifndef CAVIAR_SAMPLING_SOBOL_H
#define CAVIAR_SAMPLING_SOBOL_H

#include <stdint.h>

enum { SOBOL_DIMS = 128 };

/* 32 binary digits of coordinate `dim` (below SOBOL_DIMS) of point n. */
uint32_t sobol_bits(uint32_t n, int dim);

/*
 * Coordinate `dim`, of any number, of point n of the sequence scrambled by Owen's nested uniform
 * permutations (Owen 1995, "Randomly permuted (t,m,s)-nets and (t,s)-sequences"), keyed by the
 * seed: each digit is flipped or not by a hash of the digits before it. Every 2^k points from a
 * multiple of 2^k on have one in each interval of 1 / 2^k. Dimensions beyond SOBOL_DIMS are those of
 * the table again with the numbers of the points scrambled in the same way (Burley 2020,
 * "Practical hash-based Owen scrambling", JCGT 9).
 */
double sobol_scrambled(uint64_t seed, uint64_t n, int dim);

#endif
