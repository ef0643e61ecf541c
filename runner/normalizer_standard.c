/* x -> (x - mean) / sd of the training part, feature by feature; population standard deviation. */
#include "normalizer.h"

#include <math.h>
#include <string.h>
#include "base/moments.h"

enum { NORMALIZE_ROWS = 256 }; /* rows of a chunk; a constant, for bits depend on it */

/*
 * Rows rows[0..n) in two passes, in order. `shift` (d) is a row of the data that is subtracted
 * first: a constant column is then exactly zero, and a large common offset costs no digits. out:
 * count, mean (d), M2 (d).
 */
static void chunk(const IoDataset *set, const uint32_t *rows, uint32_t n, const double *shift,
                  double *row, double *out) {
  const int d = set->d;
  double *mean = out + 1, *m2 = out + 1 + d;
  memset(mean, 0, 2 * sizeof(double) * (size_t)d);
  out[0] = n;
  for (uint32_t i = 0; i < n; i++) {
    io_dataset_row_f64(set, rows[i], row);
    for (int j = 0; j < d; j++) mean[j] += row[j] - shift[j];
  }
  for (int j = 0; j < d; j++) mean[j] /= n;
  for (uint32_t i = 0; i < n; i++) {
    io_dataset_row_f64(set, rows[i], row);
    for (int j = 0; j < d; j++) {
      double deviation = row[j] - shift[j] - mean[j];
      m2[j] += deviation * deviation;
    }
  }
}

/* mean (d) and scale (d) = 1 / standard deviation, 0 for a column that does not vary. */
static void moments(const DataPart *part, double *mean, double *scale) {
  const int d = part->set->d;
  Arena scratch;
  arena_init(&scratch);
  double *shift = ARENA_ARRAY(&scratch, double, d), *row = ARENA_ARRAY(&scratch, double, d);
  Moments m;
  moments_start(&m, d, ARENA_ARRAY(&scratch, double, moments_size(d)));
  io_dataset_row_f64(part->set, part->rows[0], shift);
  for (uint32_t first = 0; first < part->n; first += NORMALIZE_ROWS) {
    uint32_t left = part->n - first, n = left < NORMALIZE_ROWS ? left : NORMALIZE_ROWS;
    chunk(part->set, part->rows + first, n, shift, row, moments_chunk(&m));
    moments_add(&m);
  }
  const double *total = moments_total(&m);
  for (int j = 0; j < d; j++) {
    double sd = sqrt(total[1 + d + j] / total[0]);
    mean[j] = shift[j] + total[1 + j];
    scale[j] = sd > 0 ? 1 / sd : 0;
  }
  arena_free(&scratch);
}

static Status learn(Arena *a, const void *config, const DataPart *train, Normalization *out,
                    Err *e) {
  (void)e;
  const int d = train->set->d;
  double *mean = ARENA_ARRAY(a, double, d), *scale = ARENA_ARRAY(a, double, d);
  (void)config;
  moments(train, mean, scale);
  *out = normalizer_linear(a, d, mean, scale);
  return OK;
}

const Normalizer run_normalizer_standard = {
    .head = {.name = "standard",
             .doc = "(x - mean) / standard deviation of the training part, per feature"},
    .learn = learn,
};
