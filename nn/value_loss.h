/* The plan of a loss that compares each output with a number: values, or classes as numbers. */
#ifndef CAVIAR_VALUE_LOSS_H
#define CAVIAR_VALUE_LOSS_H

#include "kinds.h"

static inline Status nn_plan_value_loss(const char *loss, int d, NnTargets t, NnTargetForm *form,
                                        int *n_values, Err *e) {
  *form = NN_TARGET_VALUES;
  *n_values = d;
  if (t.n_classes > 0) {
    CHECK(e, d == t.n_classes || (d == 1 && t.n_classes == 2), E_SHAPE,
          "%s: %d classes, but %d outputs; write \"units: classes\" in the last dense layer, or "
          "use softmax_cross_entropy",
          loss, t.n_classes, d);
    return OK;
  }
  CHECK(e, d == t.n_values, E_SHAPE,
        "%s: %d target values a row, but %d outputs; write \"units: %d\" in the last dense layer",
        loss, t.n_values, d, t.n_values);
  return OK;
}

#endif
