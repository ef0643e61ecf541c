/*
 * What both cross-entropies take, and only in training; evaluation is of the plain loss, so that
 * trials with other values compare.
 *
 *   label_smoothing e:  y' = (1 - e) y + e / C          Szegedy et al. 2016, arXiv:1512.00567, 7
 *   class_weights:      J = 1/m sum over rows of w_class L;  balanced: w_c = n / (C n_c), with n
 *                       rows in the training part, n_c of class c (King & Zeng 2001)
 */
#ifndef CAVIAR_CLASS_LOSS_H
#define CAVIAR_CLASS_LOSS_H

#include <math.h>

#include "kinds.h"

typedef struct {
  double label_smoothing;
  Reals class_weights; /* (classes); v NULL: all 1 */
} NnClassLoss;

#define NN_LABEL_SMOOTHING                                                                         \
  {                                                                                                \
    "label_smoothing", P_REAL, offsetof(NnClassLoss, label_smoothing),                             \
        .optional = true, .lo = 0, .hi = 1, .hi_open = true,                                       \
        .doc = "in training, this share of each target is spread evenly over all classes"          \
  }
#define NN_CLASS_WEIGHTS                                                                           \
  {                                                                                                \
    "class_weights", P_REALS, offsetof(NnClassLoss, class_weights),                                \
        .optional = true, .lo = 0, .hi = INFINITY, .hi_open = true, .word = "balanced",            \
        .word_value = NN_BALANCED,                                                                 \
        .doc = "in training, a row's loss counts so much; balanced: rows / (classes * rows of it)" \
  }

static inline void nn_class_loss_plain(void *config) {
  *(NnClassLoss *)config = (NnClassLoss){0};
}

static inline Real nn_class_weight(const NnClassLoss *c, int label) {
  return c->class_weights.v ? (Real)c->class_weights.v[label] : 1;
}

#endif
