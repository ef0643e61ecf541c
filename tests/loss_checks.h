/* As layer_checks.h, for losses. */
#ifndef CAVIAR_LOSS_CHECKS_H
#define CAVIAR_LOSS_CHECKS_H

#include "layer_rig.h"

enum { LOSS_ROWS = 7, LOSS_MAX = 64 };

typedef struct {
  const NnLossKind *kind;
  const void *config;
  int d;
  int32_t labels[LOSS_ROWS];
  Real values[LOSS_MAX], z[LOSS_MAX], p[LOSS_MAX], gz[LOSS_MAX];
} LossRig;

static inline void loss_open(LossRig *b, Arena *a, const NnLossKind *kind, const NnLossCase *c) {
  *b = (LossRig){.kind = kind, .d = c->d};
  b->config = nn_case_config(a, &kind->head, c->params).config;
  NnTargetForm form;
  int n_values;
  MUST(kind->plan(b->config, c->d, c->targets, &form, &n_values, e));
  nn_case_numbers(20, (size_t)(LOSS_ROWS * b->d), b->z);
  nn_case_numbers(21, (size_t)(LOSS_ROWS * b->d), b->values);
  for (int i = 0; i < LOSS_ROWS; ++i) b->labels[i] = i * 5 % b->d;
}

static inline double loss_of(LossRig *b) {
  NnScore score = {0};
  b->kind->forward(b->config, LOSS_ROWS, b->d, b->z, b->labels, b->values, b->p, &score);
  return score.loss / LOSS_ROWS;
}

static inline double loss_slope(LossRig *b, Real *z) {
  const Real kept = *z;
  double f[5];
  for (int i = -2; i <= 2; ++i) {
    *z = (Real)((double)kept + i * RIG_STEP);
    f[i + 2] = i == 0 ? 0 : loss_of(b);
  }
  *z = kept;
  return (f[0] - 8 * f[1] + 8 * f[3] - f[4]) / (12 * RIG_STEP);
}

/* Wrong coordinates of gz times `factor`; the gradient is written over p if `over`. */
static inline int loss_wrong(LossRig *b, Real factor, bool over) {
  loss_of(b);
  b->kind->backward(b->config, LOSS_ROWS, b->d, LOSS_ROWS, b->p, b->labels, b->values,
                    over ? b->p : b->gz);
  if (over) memcpy(b->gz, b->p, sizeof b->gz);
  int wrong = 0;
  for (int i = 0; i < LOSS_ROWS * b->d; ++i) {
    const double numeric = loss_slope(b, &b->z[i]), ours = (double)(factor * b->gz[i]);
    const double scale = fmax(fmax(fabs(numeric), fabs(ours)), 0.01);
    if (!(fabs(ours - numeric) <= RIG_TOLERANCE * scale)) ++wrong;
  }
  return wrong;
}

static void test_loss_gradients(void **state) {
  (void)state;
  for (int i = 0; i < nn_losses.n; ++i) {
    const NnLossKind *kind = nn_loss_at(nn_losses.kinds[i], cpu_level());
    for (int k = 0; k < kind->n_cases; ++k) {
      Arena a;
      LossRig b;
      arena_init(&a);
      loss_open(&b, &a, kind, &kind->cases[k]);
      const int wrong = loss_wrong(&b, 1, false);
      if (wrong) fail_msg("%s, case %d: %d wrong", kind->head.name, k, wrong);
      assert_int_equal(loss_wrong(&b, 1, true), 0);
      assert_true(loss_wrong(&b, -1, false) > 0); /* lies are caught */
      assert_true(loss_wrong(&b, 0, false) > 0);
      arena_free(&a);
    }
  }
}

#endif
