/*
 * What a normalizer is made of: a row in normalizers.def and runner/normalizer_<name>.c. It learns
 * from the training part alone, so that validation and test rows are to a model what later rows
 * will be; what it learned goes into the checkpoint and is applied again at prediction.
 */
#ifndef CAVIAR_NORMALIZER_H
#define CAVIAR_NORMALIZER_H

#include "data.h"

typedef struct {
  Kind head;
  /* E_DATA: it does not suit the data. */
  Status (*learn)(Arena *a, const void *config, const DataPart *train, Normalization *out, Err *e);
} Normalizer;

/* x -> (x - mean) * scale; mean and scale (d) are kept by pointer, their rounded copies made. */
Normalization normalizer_linear(Arena *a, int d, double *mean, double *scale);

#endif
