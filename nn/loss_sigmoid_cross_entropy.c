/*
 * Sigmoid and cross-entropy in one, an independent yes or no at each of d outputs:
 *
 *   p = 1 / (1 + exp(-z)),   L = sum over outputs of max(z, 0) - z y + log(1 + exp(-|z|))
 *   dL/dz = p - y
 *
 * Goodfellow, Bengio & Courville 2016, section 6.2.2.2. Nothing overflows. A row's loss is summed
 * over its outputs in order in f64, rows in order. A row counts as right when, with one output, p
 * and y are on the same side of 1/2, and with several, the largest p is where the largest y is
 * (first of equals).
 *
 * Label smoothing is between the two outcomes of each output: y' = (1 - e) y + e / 2. The class of a
 * weighted row is y itself where there is one output, else where the largest y is.
 */
#include "class_loss.h"
#include "real.h"

static const Param params[] = {NN_LABEL_SMOOTHING, NN_CLASS_WEIGHTS};

static const NnLossCase cases[] = {
    {.params = "", .d = 1, .targets = {.n_classes = 2}},
    {.params = "", .d = 3, .targets = {.n_classes = 3}},
    {.params = "", .d = 4, .targets = {.n_values = 4}},
    {.params = "label_smoothing: 0.1", .d = 4, .targets = {.n_values = 4}},
    {.params = "label_smoothing: 0.3, class_weights: [0.5,3]", .d = 1, .targets = {.n_classes = 2}},
    {.params = "class_weights: [1,0.2,3]", .d = 3, .targets = {.n_classes = 3}},
};

static Status plan(const void *config, int d, NnTargets t, NnTargetForm *form, int *n_values,
                   Err *e) {
  (void)config;
  *form = NN_TARGET_VALUES;
  *n_values = d;
  if (t.n_classes > 0) {
    CHECK(
        e, d == t.n_classes || (d == 1 && t.n_classes == 2), E_SHAPE,
        "sigmoid_cross_entropy: %d classes, but %d outputs; write \"units: classes\"%s in the last "
        "dense layer",
        t.n_classes, d, t.n_classes == 2 ? " or \"units: 1\"" : "");
    return OK;
  }
  CHECK(e, d == t.n_values, E_SHAPE,
        "sigmoid_cross_entropy: %d target values a row, but %d outputs; write \"units: %d\" in the "
        "last dense layer",
        t.n_values, d, t.n_values);
  return OK;
}

static int first_largest(int d, const Real *v) {
  int best = 0;
  for (int j = 1; j < d; ++j) best = v[j] > v[best] ? j : best;
  return best;
}

static bool is_right(int d, const Real *p, const Real *y) {
  if (d == 1) return (2 * p[0] > 1) == (2 * y[0] > 1);
  return first_largest(d, p) == first_largest(d, y);
}

static Real element_loss(Real z, Real y) {
  const Real positive = z < 0 ? 0 : z; /* nan stays nan */
  return positive - z * y + real_log1p(real_exp(-real_fabs(z)));
}

static Real row_weight(const NnClassLoss *c, int d, const Real *y) {
  return nn_class_weight(c, d == 1 ? 2 * y[0] > 1 : c->class_weights.v ? first_largest(d, y) : 0);
}

static void forward(const void *config, int rows, int d, const Real *z, const int32_t *labels,
                    const Real *values, Real *p, NnScore *score) {
  (void)labels;
  const NnClassLoss *c = config;
  const Real keep = (Real)(1 - c->label_smoothing), even = (Real)(c->label_smoothing / 2);
  for (size_t i = 0; i < (size_t)rows * (size_t)d; ++i) p[i] = real_sigmoid(z[i]);
  for (int i = 0; i < rows && values; ++i, z += d, p += d, values += d) {
    double loss = 0;
    for (int j = 0; j < d; ++j) loss += (double)element_loss(z[j], keep * values[j] + even);
    score->loss += loss * (double)row_weight(c, d, values);
    score->correct += is_right(d, p, values);
  }
}

/* gz = w (p - y') / m; gz may be p. */
static void backward(const void *config, int rows, int d, int m, const Real *p,
                     const int32_t *labels, const Real *values, Real *gz) {
  (void)labels;
  const NnClassLoss *c = config;
  const Real keep = (Real)(1 - c->label_smoothing), even = (Real)(c->label_smoothing / 2);
  for (int i = 0; i < rows; ++i, p += d, values += d, gz += d) {
    const Real share = row_weight(c, d, values) * (1 / (Real)m);
    EACH_ELEMENT
    for (int j = 0; j < d; ++j) gz[j] = (p[j] - (keep * values[j] + even)) * share;
  }
}

const NnLossKind NN_EXPORT(nn_loss_sigmoid_cross_entropy) = {
    .head = {.name = "sigmoid_cross_entropy",
             .doc = "independent yes or no at each output; logistic regression's loss",
             .source = "Goodfellow, Bengio & Courville 2016, section 6.2.2.2",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(NnClassLoss)},
    .class_weights = offsetof(NnClassLoss, class_weights),
    .plain = nn_class_loss_plain,
    .counts_correct = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
