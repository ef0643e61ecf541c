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

static inline Real real_exp(Real x) {
  return fm_exp(x);
}
static inline Real real_log(Real x) {
  return fm_log(x);
}
static inline Real real_log1p(Real x) {
  return fm_log1p(x);
}
static inline Real real_tanh(Real x) {
  return fm_tanh(x);
}
static inline Real real_sigmoid(Real x) {
  return 1.0 / (1.0 + fm_exp(-x));
}
static inline Real real_sqrt(Real x) {
  return sqrt(x);
}
static inline Real real_fabs(Real x) {
  return fabs(x);
}

#else

static inline Real real_exp(Real x) {
  return fm_expf(x);
}
static inline Real real_log(Real x) {
  return fm_logf(x);
}
static inline Real real_log1p(Real x) {
  return fm_log1pf(x);
}
static inline Real real_tanh(Real x) {
  return fm_tanhf(x);
}
static inline Real real_sigmoid(Real x) {
  return fm_sigmoidf(x);
}
static inline Real real_sqrt(Real x) {
  return sqrtf(x);
}
static inline Real real_fabs(Real x) {
  return fabsf(x);
}

#endif
#endif
