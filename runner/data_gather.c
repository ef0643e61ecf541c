#include "data.h"

#include <string.h>

/* x (d) -> out (d). mean, scale (d), or NULL. */
static void row_u8(const uint8_t *restrict x, int d, const float *restrict mean,
                   const float *restrict scale, Real *restrict out) {
  if (!mean) {
    for (int j = 0; j < d; j++) out[j] = (Real)x[j];
    return;
  }
  for (int j = 0; j < d; j++) out[j] = ((Real)x[j] - mean[j]) * scale[j];
}

static void row_f32(const float *restrict x, int d, const float *restrict mean,
                    const float *restrict scale, Real *restrict out) {
  if (!mean) {
    for (int j = 0; j < d; j++) out[j] = (Real)x[j];
    return;
  }
  for (int j = 0; j < d; j++) out[j] = ((Real)x[j] - mean[j]) * scale[j];
}

static void row_f64(const double *restrict x, int d, const double *restrict mean,
                    const double *restrict scale, Real *restrict out) {
  if (!mean) {
    for (int j = 0; j < d; j++) out[j] = (Real)x[j];
    return;
  }
  for (int j = 0; j < d; j++) out[j] = (Real)((x[j] - mean[j]) * scale[j]);
}

/* 1 where x > threshold. */
static void binarize_u8(const uint8_t *restrict x, int d, double threshold, Real *restrict out) {
  const int least = threshold < 0 ? 0 : !(threshold < 255) ? 256 : (int)threshold + 1;
  for (int j = 0; j < d; j++) out[j] = x[j] >= least;
}

static void binarize_f32(const float *restrict x, int d, double threshold, Real *restrict out) {
  for (int j = 0; j < d; j++) out[j] = (double)x[j] > threshold;
}

static void binarize_f64(const double *restrict x, int d, double threshold, Real *restrict out) {
  for (int j = 0; j < d; j++) out[j] = x[j] > threshold;
}

static void gather_binary(const Normalization *n, const IoDataset *s, size_t at, Real *out) {
  switch (s->x_type) {
  case IO_U8:
    binarize_u8((const uint8_t *)s->x + at, s->d, n->threshold, out);
    break;
  case IO_F32:
    binarize_f32((const float *)s->x + at, s->d, n->threshold, out);
    break;
  case IO_F64:
    binarize_f64((const double *)s->x + at, s->d, n->threshold, out);
    break;
  }
}

static void gather_row(const Normalization *n, const IoDataset *s, size_t row, Real *out) {
  const size_t at = row * (size_t)s->d;
  if (n->binarize) {
    gather_binary(n, s, at, out);
    return;
  }
  switch (s->x_type) {
  case IO_U8:
    row_u8((const uint8_t *)s->x + at, s->d, n->mean_f32, n->scale_f32, out);
    break;
  case IO_F32:
    row_f32((const float *)s->x + at, s->d, n->mean_f32, n->scale_f32, out);
    break;
  case IO_F64:
    row_f64((const double *)s->x + at, s->d, n->mean, n->scale, out);
    break;
  }
}

/* k numbers a row: the set's values, a class as 0 or 1 (k = 1), or one-hot. */
static void target_values(const IoDataset *s, size_t row, int k, Real *out) {
  if (s->values) {
    for (int j = 0; j < k; j++) out[j] = (Real)s->values[row * (size_t)s->n_values + (size_t)j];
  } else if (k == 1) {
    out[0] = (Real)s->labels[row];
  } else {
    memset(out, 0, sizeof(Real) * (size_t)k);
    out[s->labels[row]] = 1;
  }
}

void data_gather(const RunData *data, Part part, const uint32_t *order, uint32_t first, int n,
                 NnModel *m) {
  const DataPart *p = &data->parts[part];
  const IoDataset *s = p->set;
  int k = 0;
  NnTargetForm form = nn_model_target_form(m, &k);
  bool labels = form == NN_TARGET_LABELS && s->labels;
  bool values = form == NN_TARGET_VALUES && (s->labels || s->values);
  Real *x = nn_model_x(m), *v = nn_model_values(m);
  int32_t *y = nn_model_labels(m);
  for (int i = 0; i < n; i++) {
    size_t row = p->rows[order ? order[i] : first + (uint32_t)i];
    gather_row(&data->normalization, s, row, x + (size_t)i * (size_t)s->d);
    if (labels) y[i] = s->labels[row];
    if (values) target_values(s, row, k, v + (size_t)i * (size_t)k);
  }
}
