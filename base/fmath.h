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

double fm_exp(double x);
double fm_log(double x); /* x = 0: -inf, x < 0: nan */
double fm_log1p(double x);
double fm_expm1(double x);
double fm_pow(double x, double y);   /* x > 0, or x = 0, or x < 0 with integral y */
double fm_powi(double x, int64_t n); /* by squaring; exact order stated */
double fm_sin(double x);             /* |x| up to 1e6 */
double fm_cos(double x);
double fm_tanh(double x);
double fm_erf(double x);
double fm_fabs(double x);

#include "fmath_f32.h" /* fm_expf, fm_logf, fm_log1pf, fm_tanhf, fm_sigmoidf, fm_erff: static inline */

#endif
