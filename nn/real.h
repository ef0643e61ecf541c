/*
 * Elementary functions of Real: base/fmath's f32 ones or its f64 ones, whichever the library is
 * built for. Inner loops over the f32 ones vectorise; each has the same bits at every vector level.
 */
#ifndef CAVIAR_REAL_H
#define CAVIAR_REAL_H

#include <math.h>

#include "base/fmath.h"
#include "nn.h"

/* A constant of the width of Real, so that no double creeps into an f32 loop. */
#define REAL(x) ((Real)(x))

#ifdef NN_F64
#define real_exp   fm_exp
#define real_log   fm_log
#define real_log1p fm_log1p
#define real_expm1 fm_expm1
#define real_tanh  fm_tanh
#define real_erf   fm_erf
#define real_sin   fm_sin
#define real_cos   fm_cos
#define real_sqrt  sqrt
#define real_fabs  fabs
static inline double real_sigmoid(double x) {
  return 1 / (1 + fm_exp(-x));
}
#else
#define real_exp     fm_expf
#define real_log     fm_logf
#define real_log1p   fm_log1pf
#define real_expm1   fm_expm1f
#define real_tanh    fm_tanhf
#define real_erf     fm_erff
#define real_sin     fm_sinf
#define real_cos     fm_cosf
#define real_sqrt    sqrtf
#define real_fabs    fabsf
#define real_sigmoid fm_sigmoidf
#endif

#endif
