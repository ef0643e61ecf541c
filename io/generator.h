/*
 * What a generator of data is made of. A row in generators.def and io/generator_<name>.c.
 *
 * Every row is a pure function of (seed, row): drawn from rng_stream(seed, RNG_GENERATE, row, 0),
 * so that the first 100 rows do not change with the number of rows.
 */
#ifndef CAVIAR_GENERATOR_H
#define CAVIAR_GENERATOR_H

#include "dataset.h"

typedef struct {
  Kind head;
  /* Fills n, d, x_type, x, labels, n_classes in `a`; class names and fingerprint follow. */
  Status (*generate)(Arena *a, const void *config, uint64_t seed, IoDataset *out, Err *e);
} Generator;

/* Labels (n): each run of n_classes rows is a keyed permutation of the classes, so they are
 * balanced and every class is in any part of a few hundred rows. */
int32_t *generator_labels(Arena *a, uint64_t seed, int64_t n, int n_classes);

#endif
