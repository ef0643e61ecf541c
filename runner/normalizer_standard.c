/* x -> (x - mean) / sd of the training part, feature by feature; population standard deviation. */
#include "normalizer.h"

#include <math.h>
#include <string.h>

enum { NORMALIZE_ROWS = 256 }; /* rows of a chunk; a constant, for bits depend on it */

/* Count, mean and sum of squared deviations of every feature over some rows. */
typedef struct {
  double count;
  double *mean, *m2; /* (d) */
} Moments;

enum { LEVELS = 24 }; /* 2^24 chunks of 256 rows */

static Moments moments_new(Arena *a, int d) {
  return (Moments){0, ARENA_ARRAY(a, double, d), ARENA_ARRAY(a, double, d)};
}

/* left := left and right together. Chan, Golub and LeVeque 1983, equations 2.1. */
static void merge(Moments *left, const Moments *right, int d) {
  double n = left->count + right->count, share = right->count / n;
  double weight = left->count * share;
  for (int j = 0; j < d; j++) {
    /* Only a measuring arena hands out NULL. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    double delta = right->mean[j] - left->mean[j];
    left->mean[j] += delta * share;
    left->m2[j] += right->m2[j] + delta * delta * weight;
  }
  left->count = n;
}

/*
 * Rows rows[0..n) in two passes, in order. `shift` (d) is a row of the data that is subtracted
 * first: a constant column is then exactly zero, and a large common offset costs no digits.
 */
static void chunk(const IoDataset *set, const uint32_t *rows, uint32_t n, const double *shift,
                  double *row, Moments *out) {
  int d = set->d;
  memset(out->mean, 0, sizeof(double) * (size_t)d);
  memset(out->m2, 0, sizeof(double) * (size_t)d);
  out->count = n;
  for (uint32_t i = 0; i < n; i++) {
    io_dataset_row_f64(set, rows[i], row);
    for (int j = 0; j < d; j++) out->mean[j] += row[j] - shift[j];
  }
  for (int j = 0; j < d; j++) out->mean[j] /= n;
  for (uint32_t i = 0; i < n; i++) {
    io_dataset_row_f64(set, rows[i], row);
    for (int j = 0; j < d; j++) {
      double deviation = row[j] - shift[j] - out->mean[j];
      out->m2[j] += deviation * deviation;
    }
  }
}

/*
 * Chunks are merged over the tree of base/sum.h as they come: level l holds 2^l chunks, and a chunk
 * that completes a pair is merged upwards, as a carry runs through a binary counter.
 * mean (d) and scale (d) = 1 / standard deviation, 0 for a column that does not vary.
 */
static void moments(const DataPart *part, double *mean, double *scale) {
  int d = part->set->d;
  Arena scratch;
  arena_init(&scratch);
  double *shift = ARENA_ARRAY(&scratch, double, d), *row = ARENA_ARRAY(&scratch, double, d);
  io_dataset_row_f64(part->set, part->rows[0], shift);
  Moments level[LEVELS] = {{0}}, now = moments_new(&scratch, d);
  for (uint32_t first = 0; first < part->n; first += NORMALIZE_ROWS) {
    uint32_t left = part->n - first, n = left < NORMALIZE_ROWS ? left : NORMALIZE_ROWS;
    chunk(part->set, part->rows + first, n, shift, row, &now);
    int l = 0;
    for (; level[l].count > 0; l++) {
      merge(&level[l], &now, d);
      Moments merged = level[l];
      level[l] = now;
      level[l].count = 0;
      now = merged;
    }
    Moments empty = level[l].mean ? level[l] : moments_new(&scratch, d);
    level[l] = now;
    now = empty;
  }
  now.count = 0;
  for (int l = 0; l < LEVELS; l++) { /* what is left: the higher level is the earlier rows */
    if (level[l].count <= 0) continue;
    if (now.count > 0) merge(&level[l], &now, d);
    now = level[l];
  }
  for (int j = 0; j < d; j++) {
    double sd = sqrt(now.m2[j] / now.count);
    mean[j] = shift[j] + now.mean[j];
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
