/*
 * One row of data made input of a model: numbers of a type, normalised or cut at a threshold.
 * Compiled once a level (nn/kernel_rows.c), the same bits from each.
 *
 * x (d) -> out (d). mean, scale (d): (x - mean) * scale, or both NULL: x as it is. binary: 1 where
 * x > threshold, else 0; a nan is 0.
 */
#ifndef CAVIAR_ROWS_H
#define CAVIAR_ROWS_H

#include "nn.h"

typedef struct {
  void (*u8)(int d, const uint8_t *x, const float *mean, const float *scale, Real *out);
  void (*f32)(int d, const float *x, const float *mean, const float *scale, Real *out);
  void (*f64)(int d, const double *x, const double *mean, const double *scale, Real *out);
  void (*binary_u8)(int d, const uint8_t *x, double threshold, Real *out);
  void (*binary_f32)(int d, const float *x, double threshold, Real *out);
  void (*binary_f64)(int d, const double *x, double threshold, Real *out);
} NnRowKernel;

const NnRowKernel *nn_row_kernel(CpuLevel level);
/* That of the model's level. */
const NnRowKernel *nn_model_rows(const NnModel *m);

#endif
