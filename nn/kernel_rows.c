/* Rows of data; see rows.h. */
#include "rows.h"

#include "level.h"

static void u8(int d, const uint8_t *restrict x, const float *restrict mean,
               const float *restrict scale, Real *restrict out) {
  if (!mean) {
    for (int j = 0; j < d; j++) out[j] = (Real)x[j];
    return;
  }
  for (int j = 0; j < d; j++) out[j] = ((Real)x[j] - (Real)mean[j]) * (Real)scale[j];
}

static void f32(int d, const float *restrict x, const float *restrict mean,
                const float *restrict scale, Real *restrict out) {
  if (!mean) {
    for (int j = 0; j < d; j++) out[j] = (Real)x[j];
    return;
  }
  for (int j = 0; j < d; j++) out[j] = ((Real)x[j] - (Real)mean[j]) * (Real)scale[j];
}

static void f64(int d, const double *restrict x, const double *restrict mean,
                const double *restrict scale, Real *restrict out) {
  if (!mean) {
    for (int j = 0; j < d; j++) out[j] = (Real)x[j];
    return;
  }
  for (int j = 0; j < d; j++) out[j] = (Real)((x[j] - mean[j]) * scale[j]);
}

static void binary_u8(int d, const uint8_t *restrict x, double threshold, Real *restrict out) {
  const int least = threshold < 0 ? 0 : !(threshold < 255) ? 256 : (int)threshold + 1;
  for (int j = 0; j < d; j++) out[j] = (Real)(x[j] >= least);
}

static void binary_f32(int d, const float *restrict x, double threshold, Real *restrict out) {
  for (int j = 0; j < d; j++) out[j] = (Real)((double)x[j] > threshold);
}

static void binary_f64(int d, const double *restrict x, double threshold, Real *restrict out) {
  for (int j = 0; j < d; j++) out[j] = (Real)(x[j] > threshold);
}

extern const NnRowKernel NN_EXPORT(nn_row_kernel);
const NnRowKernel NN_EXPORT(nn_row_kernel) = {
    .u8 = u8,
    .f32 = f32,
    .f64 = f64,
    .binary_u8 = binary_u8,
    .binary_f32 = binary_f32,
    .binary_f64 = binary_f64,
};
