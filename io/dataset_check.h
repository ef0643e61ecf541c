/* What opening, writing, generating and importing a dataset share; private to io. */
#ifndef CAVIAR_DATASET_CHECK_H
#define CAVIAR_DATASET_CHECK_H

#include "dataset.h"

enum { DATASET_MAX_CLASSES = 1 << 20 };

size_t dataset_type_bytes(IoType t);

/* Class names "0", "1", .. */
const char **dataset_number_names(Arena *a, int n);

/* xxh128 of the content: type, shape, x, and the labels with their names or the values. Not of how
 * it is stored: a compressed copy has the same fingerprint. */
void dataset_fingerprint(const IoDataset *d, char out[HASH_HEX]);

/* E_DATA: a label outside of 0 .. n_classes - 1, a value of x or of the targets that is not
 * finite. */
MUST_CHECK Status dataset_check(const IoDataset *d, Err *e);

#endif
