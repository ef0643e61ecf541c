#include "sum.h"

#include <stdbool.h>
#include <string.h>

/* Both: at level k the neighbours 2^k apart are added, the left one first. */
void sum_tree_f32(float *parts, size_t n_parts, size_t n) {
  for (size_t apart = 1; apart < n_parts; apart *= 2) {
    for (size_t i = 0; i + apart < n_parts; i += 2 * apart) {
      float *restrict left = parts + i * n;
      const float *restrict right = parts + (i + apart) * n;
      for (size_t j = 0; j < n; j++) left[j] += right[j];
    }
  }
}

void sum_tree_f64(double *parts, size_t n_parts, size_t n) {
  for (size_t apart = 1; apart < n_parts; apart *= 2) {
    for (size_t i = 0; i + apart < n_parts; i += 2 * apart) {
      double *restrict left = parts + i * n;
      const double *restrict right = parts + (i + apart) * n;
      for (size_t j = 0; j < n; j++) left[j] += right[j];
    }
  }
}

/*
 * A binary counter: bit k of `blocks` says that level[k] holds the sum of 2^k neighbouring blocks.
 * Adding a block carries; the total joins what is left from the right, which is the shape that
 * sum_tree has when neighbours are missing.
 */
void sum_init(SumTree *s) {
  memset(s, 0, sizeof *s);
}

static void end_block(SumTree *s) {
  double carry = s->block;
  int k = 0;
  for (unsigned long long bits = s->blocks; bits & 1; bits >>= 1, k++) carry = s->level[k] + carry;
  s->level[k] = carry;
  s->blocks++;
  s->block = 0;
  s->in_block = 0;
}

void sum_add(SumTree *s, double x) {
  s->block += x;
  if (++s->in_block == 256) end_block(s);
}

double sum_total(const SumTree *s) {
  bool any = s->in_block > 0;
  double total = s->block;
  int k = 0;
  for (unsigned long long bits = s->blocks; bits; bits >>= 1, k++) {
    if (!(bits & 1)) continue;
    total = any ? s->level[k] + total : s->level[k];
    any = true;
  }
  return total;
}
