/*
 * Softmax and cross-entropy in one:
 *
 *   p_j = exp(z_j - max z) / sum_k exp(z_k - max z)
 *   L = -sum_j y_j log p_j = log(sum) - sum_j y_j (z_j - max z),   dL/dz = p - y
 *
 * y is one-hot, in training perhaps smoothed: y' = (1 - e) y + e / d.
 *
 * Bridle 1990; Goodfellow, Bengio & Courville 2016, section 6.2.2.3. The maximum is taken off
 * first, so nothing overflows. Sums over the d classes in order; losses of rows are added in f64,
 * in order.
 */
#include "class_loss.h"
#include "real.h"

static const Param params[] = {NN_LABEL_SMOOTHING, NN_CLASS_WEIGHTS};

static const NnLossCase cases[] = {
    {.params = "", .d = 4, .targets = {.n_classes = 4}},
    {.params = "", .d = 2, .targets = {.n_classes = 2}},
    {.params = "label_smoothing: 0.1", .d = 3, .targets = {.n_classes = 3}},
    {.params = "class_weights: [1,2,0.5]", .d = 3, .targets = {.n_classes = 3}},
    {.params = "label_smoothing: 0.5, class_weights: [3,0]", .d = 2, .targets = {.n_classes = 2}},
};

static Status plan(const void *config, int d, NnTargets t, NnTargetForm *form, int *n_values,
                   Err *e) {
  (void)config;
  CHECK(e, t.n_classes > 0, E_SHAPE,
        "softmax_cross_entropy needs class labels, but the targets are numbers; use "
        "mean_squared_error");
  CHECK(e, d == t.n_classes, E_SHAPE,
        "softmax_cross_entropy needs one output a class: %d classes, but %d outputs; write "
        "\"units: classes\" in the last dense layer",
        t.n_classes, d);
  *form = NN_TARGET_LABELS;
  *n_values = 0;
  return OK;
}

enum { BLOCK = 64 }; /* rows at a time */

/* sum_j y'_j p_j, y' smoothed by e; p (d) = z - max. Classes in order. */
static Real smoothed(double e, int d, const Real *p, int label) {
  Real sum = 0;
  for (int j = 0; j < d; ++j) sum += p[j];
  return (Real)(1 - e) * p[label] + (Real)(e / d) * sum;
}

/* p = z - max of the row; what the targets make of it goes to shifted. Returns how many labels are
 * the first of the largest: counted without branches, since whether a row is right cannot be
 * predicted. */
static int shift_rows(double e, int rows, int d, const Real *z, const int32_t *labels, Real *p,
                      Real *shifted) {
  int correct = 0;
  for (int i = 0; i < rows; ++i, z += d, p += d) {
    Real max = z[0];
    int best = 0;
    for (int j = 1; j < d; ++j) {
      best = z[j] > max ? j : best;
      max = z[j] > max ? z[j] : max;
    }
    for (int j = 0; j < d; ++j) p[j] = z[j] - max;
    if (!labels) continue;
    shifted[i] = e > 0 ? smoothed(e, d, p, labels[i]) : p[labels[i]];
    correct += best == labels[i];
  }
  return correct;
}

static void forward_block(const NnClassLoss *c, int rows, int d, const Real *z,
                          const int32_t *labels, Real *p, NnScore *score) {
  Real shifted[BLOCK] = {0}, sum[BLOCK], log_sum[BLOCK];
  const int correct = shift_rows(c->label_smoothing, rows, d, z, labels, p, shifted);
  for (size_t i = 0; i < (size_t)rows * (size_t)d; ++i) p[i] = real_exp(p[i]);
  for (int i = 0; i < rows; ++i) {
    Real *row = p + (size_t)i * (size_t)d;
    sum[i] = 0;
    for (int j = 0; j < d; ++j) sum[i] += row[j];
    const Real scale = 1 / sum[i];
    for (int j = 0; j < d; ++j) row[j] *= scale;
  }
  if (!labels) return;
  score->correct += correct;
  for (int i = 0; i < rows; ++i) log_sum[i] = real_log(sum[i]);
  for (int i = 0; i < rows; ++i)
    score->loss += (double)(nn_class_weight(c, labels[i]) * (log_sum[i] - shifted[i]));
}

static void forward(const void *config, int rows, int d, const Real *z, const int32_t *labels,
                    const Real *values, Real *p, NnScore *score) {
  (void)values;
  for (int first = 0; first < rows; first += BLOCK) {
    const int left = rows - first, n = left < BLOCK ? left : BLOCK;
    const size_t at = (size_t)first * (size_t)d;
    forward_block(config, n, d, z + at, labels ? labels + first : NULL, p + at, score);
  }
}

/* gz = w (p - y') / m; gz may be p. */
static void backward(const void *config, int rows, int d, int m, const Real *p,
                     const int32_t *labels, const Real *values, Real *gz) {
  (void)values;
  const NnClassLoss *c = config;
  const Real keep = (Real)(1 - c->label_smoothing), even = (Real)(c->label_smoothing / d);
  for (int i = 0; i < rows; ++i, p += d, gz += d) {
    const Real share = nn_class_weight(c, labels[i]) * (1 / (Real)m);
    const Real hit = (p[labels[i]] - even - keep) * share;
    EACH_ELEMENT
    for (int j = 0; j < d; ++j) gz[j] = (p[j] - even) * share;
    gz[labels[i]] = hit;
  }
}

const NnLossKind NN_EXPORT(nn_loss_softmax_cross_entropy) = {
    .head = {.name = "softmax_cross_entropy",
             .doc = "class probabilities by softmax; minus the log of the right one's",
             .source = "Bridle 1990; Goodfellow, Bengio & Courville 2016, section 6.2.2.3",
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
