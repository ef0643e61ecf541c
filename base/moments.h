/*
 * Count, mean and sum of squared deviations of the columns of many rows, in f64. Rows come in
 * chunks; the moments of chunks are merged over the tree of base/sum.h as they come, so the bits
 * depend on the chunks and their order alone.
 *
 *   double numbers[moments_size(d)];
 *   moments_start(&m, d, numbers);
 *   for each chunk: fill moments_chunk(&m) with count, mean (d), M2 (d); moments_add(&m);
 *   total = moments_total(&m);
 */
#ifndef CAVIAR_MOMENTS_H
#define CAVIAR_MOMENTS_H

#include <stddef.h>

typedef struct {
  int d;
  unsigned long long chunks; /* bit k: level k holds 2^k neighbouring chunks */
  double *numbers;           /* (MOMENTS_LEVELS + 1, 1 + 2 d): the levels, then the next chunk */
} Moments;

enum { MOMENTS_LEVELS = 25 }; /* fewer than 2^25 chunks: 2^32 rows in chunks of 256 */

/* Doubles that moments of d columns need. */
size_t moments_size(int d);
/* `numbers` (moments_size(d)) stays the caller's. */
void moments_start(Moments *m, int d, double *numbers);
/* Where the next chunk goes: count, mean (d), M2 (d). */
double *moments_chunk(const Moments *m);
/* Takes the chunk in. One of count 0 must not be added. */
void moments_add(Moments *m);
/* count, mean (d), M2 (d) of all chunks, at least one; uses the levels up. */
const double *moments_total(Moments *m);

/* parts (n_parts, 1 + 2 d), each the total of so many neighbouring chunks, a power of two and the
 * same of all but the last: parts[0] becomes what the total of all these chunks is, bit for bit.
 * The rest is scratch afterwards. */
void moments_tree(double *parts, size_t n_parts, int d);

/* chunk: the moments of x (rows, d), rows > 0, by two passes in the order of the rows. */
void moments_of_f32(const float *x, int rows, int d, double *chunk);
void moments_of_f64(const double *x, int rows, int d, double *chunk);

#endif
