/* normalize: standard. The statistics of a part's features; private to runner/data*.c. */
#ifndef CAVIAR_DATA_NORMALIZE_H
#define CAVIAR_DATA_NORMALIZE_H

#include "data.h"

enum { NORMALIZE_ROWS = 256 }; /* rows of a chunk; a constant, for bits depend on it */

/* mean (d) and scale (d) = 1 / population standard deviation, 0 for a column that does not vary. */
void data_standard(const DataPart *part, double *mean, double *scale);

#endif
