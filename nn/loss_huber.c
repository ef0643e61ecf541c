/*
 * Huber's loss: with u = z - y and a bend at delta,
 *
 *   L = 1/d sum over outputs of  u^2 / 2                     where |u| <= delta
 *                                delta (|u| - delta / 2)     beyond
 *   dL/dz = max(-delta, min(u, delta)) / d
 *
 * Huber 1964. A row's loss is summed over its outputs in order in f64, rows in order.
 */
#include <math.h>
#include <string.h>

#include "value_loss.h"

typedef struct {
  double delta;
} Huber;

static const Param params[] = {
    {"delta", P_REAL, offsetof(Huber, delta), .def = "1", .lo = 0, .lo_open = true, .hi = INFINITY,
     .hi_open = true, .doc = "errors up to it count by their squares, larger ones by their size"},
};

static const NnLossCase cases[] = {
    {.params = "", .d = 1, .targets = {.n_values = 1}},
    {.params = "delta: 0.5", .d = 3, .targets = {.n_values = 3}},
    {.params = "delta: 10", .d = 3, .targets = {.n_classes = 3}},
};

static Status plan(const void *config, int d, NnTargets t, NnTargetForm *form, int *n_values,
                   Err *e) {
  (void)config;
  return nn_plan_value_loss("huber", d, t, form, n_values, e);
}

static void forward(const void *config, int rows, int d, const Real *z, const int32_t *labels,
                    const Real *values, Real *p, NnScore *score) {
  (void)labels;
  const double delta = ((const Huber *)config)->delta;
  memcpy(p, z, (size_t)rows * (size_t)d * sizeof *p);
  for (int i = 0; i < rows && values; ++i, z += d, values += d) {
    double loss = 0;
    for (int j = 0; j < d; ++j) {
      const double u = (double)z[j] - (double)values[j], size = fabs(u);
      loss += size > delta ? delta * (size - 0.5 * delta) : 0.5 * u * u;
    }
    score->loss += loss / d;
  }
}

/* gz = max(-delta, min(p - y, delta)) / (d m); gz may be p. */
static void backward(const void *config, int rows, int d, int m, const Real *p,
                     const int32_t *labels, const Real *values, Real *gz) {
  (void)labels;
  const Real share = 1 / ((Real)d * (Real)m), delta = (Real)((const Huber *)config)->delta;
  EACH_ELEMENT
  for (size_t i = 0; i < (size_t)rows * (size_t)d; ++i) {
    const Real u = p[i] - values[i];
    gz[i] = (u > delta ? delta : u < -delta ? -delta : u) * share;
  }
}

const NnLossKind NN_EXPORT(nn_loss_huber) = {
    .head = {.name = "huber",
             .doc = "squares of small errors, sizes of large ones",
             .source = "Huber 1964, Robust Estimation of a Location Parameter",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Huber)},
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
