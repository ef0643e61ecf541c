#include "sampling_rprop.h"

#include <string.h>

static double clamp(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

/* One step along the signs; a sign that changed halves its step and waits. */
static void move(const Rprop *r, double *gradient, double *last, double *step, double *at) {
  for (int i = 0; i < r->n; i++) {
    const double turn = gradient[i] * last[i];
    if (turn > 0 && step[i] < 8 * r->step) step[i] *= 1.3;
    if (turn < 0) {
      step[i] *= 0.5;
      gradient[i] = 0;
    }
    last[i] = gradient[i];
    const double sign = gradient[i] > 0 ? 1 : gradient[i] < 0 ? -1 : 0;
    at[i] = clamp(at[i] + sign * step[i], r->low[i], r->high[i]);
  }
}

double rprop_maximise(Arena *a, const Rprop *r, double *x) {
  double *at = ARENA_ARRAY(a, double, r->n), *gradient = ARENA_ARRAY(a, double, r->n);
  double *last = ARENA_ARRAY(a, double, r->n), *step = ARENA_ARRAY(a, double, r->n);
  double best = __builtin_nan("");
  for (int i = 0; i < r->n; i++) {
    at[i] = clamp(x[i], r->low[i], r->high[i]);
    step[i] = r->step;
  }
  for (int k = 0; k < r->evaluations; k++) {
    const double value = r->f(r->context, at, gradient);
    if (value != value) break;
    if (!(value <= best)) {
      best = value;
      memcpy(x, at, sizeof(double) * (size_t)r->n);
    }
    move(r, gradient, last, step, at);
  }
  return best;
}
