/* Percentiles by nearest rank: always one of the numbers, whatever their order. */
#ifndef CAVIAR_PERCENTILE_H
#define CAVIAR_PERCENTILE_H

#include <stddef.h>

/* Of n > 0 numbers x[0], x[stride], x[2 stride] .. in ascending order the ceil(n p / 100)-th, from
 * 1, or for p = 0 the first; 0 <= p <= 100. A NaN counts as larger than all numbers. Needs no
 * memory: four passes over x. */
float percentile_f32(const float *x, size_t n, size_t stride, double p);

#endif
