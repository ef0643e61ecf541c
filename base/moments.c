#include "moments.h"

#include <string.h>

static size_t width(int d) {
  return 1 + 2 * (size_t)d;
}

size_t moments_size(int d) {
  return (MOMENTS_LEVELS + 1) * width(d);
}

void moments_start(Moments *m, int d, double *numbers) {
  *m = (Moments){.d = d, .numbers = numbers};
}

static double *level(const Moments *m, int k) {
  return m->numbers + (size_t)k * width(m->d);
}

double *moments_chunk(const Moments *m) {
  return level(m, MOMENTS_LEVELS);
}

/* left := left and right together. Chan, Golub and LeVeque 1983, equations 2.1. */
static void merge(double *restrict left, const double *restrict right, int d) {
  const double n = left[0] + right[0], share = right[0] / n, weight = left[0] * share;
  double *mean = left + 1, *m2 = left + 1 + d;
  const double *mean_right = right + 1, *m2_right = right + 1 + d;
  for (int j = 0; j < d; j++) {
    const double delta = mean_right[j] - mean[j];
    mean[j] += delta * share;
    m2[j] += m2_right[j] + delta * delta * weight;
  }
  left[0] = n;
}

/* As a carry runs through a binary counter. */
void moments_add(Moments *m) {
  const double *carry = moments_chunk(m);
  int k = 0;
  for (unsigned long long bits = m->chunks; bits & 1; bits >>= 1, k++) {
    merge(level(m, k), carry, m->d);
    carry = level(m, k);
  }
  memcpy(level(m, k), carry, width(m->d) * sizeof *carry);
  m->chunks++;
}

const double *moments_total(Moments *m) {
  const double *total = NULL;
  int k = 0;
  for (unsigned long long bits = m->chunks; bits; bits >>= 1, k++) {
    if (!(bits & 1)) continue;
    if (total) merge(level(m, k), total, m->d); /* the higher level is the earlier rows */
    total = level(m, k);
  }
  return total;
}

/* As sum_tree_f64. */
void moments_tree(double *parts, size_t n_parts, int d) {
  for (size_t apart = 1; apart < n_parts; apart *= 2)
    for (size_t i = 0; i + apart < n_parts; i += 2 * apart)
      merge(parts + i * width(d), parts + (i + apart) * width(d), d);
}

#define MOMENTS_OF(name, Number)                                                                   \
  void name(const Number *x, int rows, int d, double *chunk) {                                     \
    const size_t n = (size_t)d;                                                                    \
    double *restrict mean = chunk + 1, *restrict m2 = chunk + 1 + d;                               \
    memset(chunk, 0, width(d) * sizeof *chunk);                                                    \
    chunk[0] = rows;                                                                               \
    for (size_t i = 0; i < (size_t)rows; i++)                                                      \
      for (size_t j = 0; j < n; j++) mean[j] += (double)x[i * n + j];                              \
    for (size_t j = 0; j < n; j++) mean[j] /= rows;                                                \
    for (size_t i = 0; i < (size_t)rows; i++)                                                      \
      for (size_t j = 0; j < n; j++)                                                               \
        m2[j] += ((double)x[i * n + j] - mean[j]) * ((double)x[i * n + j] - mean[j]);              \
  }
MOMENTS_OF(moments_of_f32, float)
MOMENTS_OF(moments_of_f64, double)
