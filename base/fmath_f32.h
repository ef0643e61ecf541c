/*
 * The f32 functions: static, branch-free, so that a loop over one vectorises at any width and gives
 * the same bits at each. Selections are written so that a nan falls through. Denormals, as
 * arguments of log and as results of exp, count as 0, whether the processor flushes them or not.
 *
 * Errors are the largest over all 2^32 arguments, against libm's f64 functions (test_fmath_f32).
 */
#ifndef CAVIAR_FMATH_F32_H
#define CAVIAR_FMATH_F32_H

#include <stdint.h>
#include <string.h>

static inline uint32_t fm_bitsf(float x) {
  uint32_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

static inline float fm_from_bitsf(uint32_t u) {
  float x;
  memcpy(&x, &u, sizeof x);
  return x;
}

static inline float fm_fabsf(float x) {
  return fm_from_bitsf(fm_bitsf(x) & 0x7FFFFFFFu);
}

static inline float fm_copysignf(float x, float sign) {
  return fm_from_bitsf((fm_bitsf(x) & 0x7FFFFFFFu) | (fm_bitsf(sign) & 0x80000000u));
}

/* min(x, most), max(x, least); nan stays. */
static inline float fm_at_mostf(float x, float most) {
  return most < x ? most : x;
}
static inline float fm_at_leastf(float x, float least) {
  return least > x ? least : x;
}

/*
 * x = k ln 2 + r, |r| <= ln 2 / 2 and a little, for |x| <= 126: *k from the low bits of a sum
 * with 1.5 2^23; ln 2 in a piece of 9 bits, so that the product is exact, and a rest (Cephes,
 * expf.c). Returns e^r - 1.
 */
static inline float fm_exp_reducedf(float x, int32_t *k) {
  const float shift = 0x1.8p23f;
  float shifted = x * 0x1.715476p+0f + shift;
  float n = shifted - shift;
  *k = (int32_t)(fm_bitsf(shifted) - 0x4B400000u);
  float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * (r * r) + r;
}

/* 2^k, -126 <= k <= 127 */
static inline float fm_power_of_twof(int32_t k) {
  return fm_from_bitsf((uint32_t)(k + 127) << 23);
}

/* e^x. Results below 2^-126 are 0. */
static inline float fm_expf(float x) {
  int32_t k;
  float y = 1.0f + fm_exp_reducedf(fm_at_leastf(fm_at_mostf(x, 90.0f), -90.0f), &k);
  int32_t half = k >> 1;
  y = y * fm_power_of_twof(half) * fm_power_of_twof(k - half);
  return x < -0x1.5d589ep+6f ? 0.0f : y; /* ln 2^-126 */
}

/* ln x; x below 2^-126: -inf; x < 0: nan. Polynomial of Cephes, logf.c, sqrt(1/2) <= m < sqrt(2).
 */
static inline float fm_logf(float x) {
  uint32_t u = fm_bitsf(x) + (0x3F800000u - 0x3F3504F3u);
  float k = (float)((int32_t)(u >> 23) - 127);
  float f = fm_from_bitsf((u & 0x007FFFFFu) + 0x3F3504F3u) - 1.0f;
  float z = f * f;
  float p = 7.0376836292e-2f;
  p = p * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  float y = p * f * z + k * -2.12194440e-4f - 0.5f * z;
  y = (f + y) + k * 0.693359375f;
  y = x < 0x1p-126f ? -__builtin_inff() : y;
  y = x <= -0x1p-126f ? __builtin_nanf("") : y;
  return x < __builtin_inff() ? y : x; /* inf, nan */
}

/* ln(1 + x): the logarithm of the rounded sum, and what the rounding lost. */
static inline float fm_log1pf(float x) {
  float u = 1.0f + x, t = u - 1.0f;
  float lost = (1.0f - (u - t)) + (x - t);
  float correction = lost / u;
  float y = fm_logf(u) + correction;
  y = u > 0.0f ? y : fm_logf(u); /* 0/0 */
  return x < __builtin_inff() ? y : x;
}

/* e^x - 1 = 2^k (e^r - 1) + (2^k - 1), in two factors of 2^k so that only the result overflows. */
static inline float fm_expm1f(float x) {
  int32_t k;
  float p = fm_exp_reducedf(fm_at_leastf(fm_at_mostf(x, 90.0f), -30.0f), &k);
  int32_t half = k >> 1;
  float scale = fm_power_of_twof(k - half);
  return (scale * p + (scale - fm_power_of_twof(-half))) * fm_power_of_twof(half);
}

/* e^x - 1 over itself plus 2, at 2 |x|: tanh without cancellation. */
static inline float fm_tanhf(float x) {
  int32_t k;
  float p = fm_exp_reducedf(fm_at_mostf(2.0f * fm_fabsf(x), 20.0f), &k);
  float scale = fm_power_of_twof(k);
  float e = scale * p + (scale - 1.0f);
  return fm_copysignf(e / (e + 2.0f), x);
}

/* 1 / (1 + e^-x); below -88.7 it is 0. */
static inline float fm_sigmoidf(float x) {
  return 1.0f / (1.0f + fm_expf(-x));
}

/* Two minimax polynomials, x + x P(x^2) and 1 - exp(-Q(|x|)) (N. Juffa). */
static inline float fm_erff(float x) {
  float a = fm_at_mostf(fm_fabsf(x), 4.0f), z = a * a;
  float q = -1.72853470e-5f * a + 3.83197126e-4f;
  float even = -3.88396438e-3f * a + 2.42546219e-2f;
  q = q * z + even;
  q = q * a - 1.06777877e-1f;
  q = q * a - 6.34846687e-1f;
  q = q * a - 1.28717512e-1f;
  q = q * a - a;
  float far = 1.0f - fm_expf(q);
  float p = -5.96761703e-4f;
  p = p * z + 4.99119423e-3f;
  p = p * z - 2.67681349e-2f;
  p = p * z + 1.12819925e-1f;
  p = p * z - 3.76125336e-1f;
  p = p * z + 1.28379166e-1f;
  float near = p * a + a;
  return fm_copysignf(a > 0.927734375f ? far : near, x);
}

#endif
