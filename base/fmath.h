/*
 * Elementary functions with the same bits everywhere: only +, -, *, /, sqrt, comparisons and
 * integer operations on the bits, never libm, never a fused multiply-add, so that every vector
 * width and every compiler gives one result. f32 functions are `static inline` and branch-free
 * where the inner loops of nn/ vectorise over them; f64 functions are for initialisers, schedules,
 * samplers and the f64 build of nn/.
 *
 * Error bounds (ulp) are stated at each function and tested (f32: exhaustively or over dense
 * grids).
 */
#ifndef CAVIAR_FMATH_H
#define CAVIAR_FMATH_H

#include <stdint.h>

double fm_exp(double x);             /* 0.7 ulp; results below 2^-1022 are 0 */
double fm_log(double x);             /* 0.51 ulp; x below 2^-1022: -inf; x < 0: nan */
double fm_log1p(double x);           /* 0.7 ulp */
double fm_expm1(double x);           /* 1.1 ulp */
double fm_pow(double x, double y);   /* 0.8 ulp; limits as C's pow, but zeros have no sign */
double fm_powi(double x, int64_t n); /* |n| ulp; squares from the lowest bit up; n < 0: 1 / x^-n */
double fm_sin(double x);             /* 0.8 ulp for |x| up to 2^20, nan beyond */
double fm_cos(double x);             /* likewise */
double fm_tanh(double x);            /* 2.5 ulp */
double fm_erf(double x);             /* 1 ulp */
double fm_fabs(double x);            /* exact */

/* Static inline, branch-free: fm_expf 1 ulp, fm_logf 0.85, fm_log1pf 1.5, fm_expm1f 1.6, fm_tanhf 2.5,
 * fm_sigmoidf 2.5, fm_erff 1.2, fm_fabsf exact. */
#include "fmath_f32.h"

/* One by one, rounded from f64: 0.501 ulp for |x| up to 2^20, nan beyond. */
static inline float fm_sinf(float x) {
  return (float)fm_sin((double)x);
}
static inline float fm_cosf(float x) {
  return (float)fm_cos((double)x);
}

#endif
