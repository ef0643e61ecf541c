#include "data.h"

#include <string.h>

#include "nn/rows.h"

static void gather_row(const NnRowKernel *k, const Normalization *n, const IoDataset *s, size_t row,
                       Real *out) {
  const size_t at = row * (size_t)s->d;
  const uint8_t *u8 = (const uint8_t *)s->x + at;
  const float *f32 = (const float *)s->x + at;
  const double *f64 = (const double *)s->x + at;
  switch (s->x_type) {
  case IO_U8:
    if (n->binarize)
      k->binary_u8(s->d, u8, n->threshold, out);
    else
      k->u8(s->d, u8, n->mean_f32, n->scale_f32, out);
    break;
  case IO_F32:
    if (n->binarize)
      k->binary_f32(s->d, f32, n->threshold, out);
    else
      k->f32(s->d, f32, n->mean_f32, n->scale_f32, out);
    break;
  case IO_F64:
    if (n->binarize)
      k->binary_f64(s->d, f64, n->threshold, out);
    else
      k->f64(s->d, f64, n->mean, n->scale, out);
    break;
  }
}

/* Shuffled rows lie anywhere: the first lines of what comes `AHEAD` rows later are asked for now,
 * the rest of a row is read in order, which processors see by themselves. */
enum { AHEAD = 12, LINES = 4, LINE = 64 };

static void prefetch_row(const IoDataset *s, size_t row, size_t row_bytes) {
  const char *x = (const char *)s->x + row * row_bytes;
  for (size_t i = 0; i < LINES && i * LINE < row_bytes; i++) __builtin_prefetch(x + i * LINE);
  if (s->labels) __builtin_prefetch(s->labels + row);
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

void data_gather_targets(const RunData *data, Part part, const uint32_t *order, uint32_t first,
                         int n, NnModel *m) {
  const DataPart *p = &data->parts[part];
  const IoDataset *s = p->set;
  int k = 0;
  const NnTargetForm form = nn_model_target_form(m, &k);
  const bool labels = form == NN_TARGET_LABELS && s->labels;
  const bool values = form == NN_TARGET_VALUES && (s->labels || s->values);
  for (int i = 0; i < n && (labels || values); i++) {
    const size_t row = p->rows[order ? order[i] : first + (uint32_t)i];
    if (labels) nn_model_labels(m)[i] = s->labels[row];
    if (values) target_values(s, row, k, nn_model_values(m) + (size_t)i * (size_t)k);
  }
}

void data_announce(const RunData *data, Part part, const uint32_t *order, uint32_t first, int n) {
  const DataPart *p = &data->parts[part];
  for (int i = 0; i < n && p->set->scattered; i++)
    io_dataset_announce(p->set, p->rows[order ? order[i] : first + (uint32_t)i]);
}

void data_gather(const RunData *data, Part part, const uint32_t *order, uint32_t first, int n,
                 NnModel *m) {
  const DataPart *p = &data->parts[part];
  const IoDataset *s = p->set;
  Real *x = nn_model_x(m);
  const NnRowKernel *kernel = nn_model_rows(m);
  data_announce(data, part, order, first, n);
  const size_t row_bytes = (size_t)s->d * (s->x_type == IO_U8 ? 1 : s->x_type == IO_F32 ? 4 : 8);
  for (int i = -AHEAD; i < n; i++) {
    const int later = i + AHEAD;
    if (later < n)
      prefetch_row(s, p->rows[order ? order[later] : first + (uint32_t)later], row_bytes);
    if (i < 0) continue;
    size_t row = p->rows[order ? order[i] : first + (uint32_t)i];
    gather_row(kernel, &data->normalization, s, row, x + (size_t)i * (size_t)s->d);
  }
  data_gather_targets(data, part, order, first, n, m);
}
