/*
 * Mean squared error: L = 1/d sum over outputs of (z - y)^2,  dL/dz = 2 (z - y) / d.
 *
 * Legendre 1805. A row's loss is summed over its outputs in order in f64, rows in order.
 */
#include <string.h>
#include "value_loss.h"

static const NnLossCase cases[] = {
    {.params = "", .d = 1, .targets = {.n_values = 1}},
    {.params = "", .d = 3, .targets = {.n_values = 3}},
    {.params = "", .d = 3, .targets = {.n_classes = 3}},
};

static Status plan(const void *config, int d, NnTargets t, NnTargetForm *form, int *n_values,
                   Err *e) {
  (void)config;
  return nn_plan_value_loss("mean_squared_error", d, t, form, n_values, e);
}

static void forward(const void *config, int rows, int d, const Real *z, const int32_t *labels,
                    const Real *values, Real *p, NnScore *score) {
  (void)config, (void)labels;
  memcpy(p, z, (size_t)rows * (size_t)d * sizeof *p);
  for (int i = 0; i < rows && values; ++i, z += d, values += d) {
    double loss = 0;
    for (int j = 0; j < d; ++j) {
      const double error = (double)z[j] - (double)values[j];
      loss += error * error;
    }
    score->loss += loss / d;
  }
}

/* gz = 2 (p - y) / (d m); gz may be p. */
static void backward(const void *config, int rows, int d, int m, const Real *p,
                     const int32_t *labels, const Real *values, Real *gz) {
  (void)config, (void)labels;
  const Real share = 2 / ((Real)d * (Real)m);
  EACH_ELEMENT
  for (size_t i = 0; i < (size_t)rows * (size_t)d; ++i) gz[i] = (p[i] - values[i]) * share;
}

const NnLossKind NN_EXPORT(nn_loss_mean_squared_error) = {
    .head = {.name = "mean_squared_error",
             .doc = "squares of the errors, averaged over the outputs",
             .source =
                 "Legendre 1805; Bishop 2006, Pattern Recognition and Machine Learning, 3.1.1"},
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
