#include "percentile.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Keys in the order of the numbers: the sign bit of positive ones is set, negative ones turn
 * around. */
static uint32_t key_of(float x) {
  uint32_t bits;
  if (isnan(x)) return UINT32_MAX;
  x += 0.0f; /* one zero */
  memcpy(&bits, &x, sizeof bits);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

static float number_of(uint32_t key) {
  const uint32_t bits = key >> 31 ? key & 0x7fffffffu : ~key;
  float x;
  if (key == UINT32_MAX) return NAN;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* Byte by byte from the top: how many of the numbers that begin like the wanted one go on with each
 * value of the next byte. */
float percentile_f32(const float *x, size_t n, size_t stride, double p) {
  const double wanted = ceil((double)n * p / 100);
  size_t rank = wanted < 1 ? 0 : (size_t)wanted - 1; /* from 0, among those that begin so */
  uint32_t key = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    size_t count[256] = {0};
    for (size_t i = 0; i < n; i++) {
      const uint32_t k = key_of(x[i * stride]);
      if (((uint64_t)(k ^ key) >> (shift + 8)) == 0) count[k >> shift & 255]++;
    }
    uint32_t byte = 0;
    for (; rank >= count[byte]; byte++) rank -= count[byte];
    key |= byte << shift;
  }
  return number_of(key);
}
