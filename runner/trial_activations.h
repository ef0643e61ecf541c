/*
 * What the activation layers read, epoch by epoch: percentiles of their input over the first
 * EVAL_ROWS rows of the validation part (of the training part where there is none), in test mode;
 * over all units together and of the layer's first unit, "a typical one" (Ioffe & Szegedy 2015,
 * figure 1 b, c). Private to runner/trial*.c; the results are in trial.h.
 */
#ifndef CAVIAR_TRIAL_ACTIVATIONS_H
#define CAVIAR_TRIAL_ACTIVATIONS_H

#include "trial_state.h"

/* p->activations: which layers and percentiles; no layers where nothing is to be recorded. */
void trial_plan_activations(Arena *a, const Spec *s, TrialPlan *p);
/* Numbers of an epoch. */
size_t trial_activations_width(const Activations *x);
/* Fills the row of the epoch that ends. */
void trial_observe(const TrialRun *r);
/* What was recorded, copied to `a`. */
void trial_conclude_activations(Arena *a, const TrialRun *r, Activations *out);
/* "activations" of a result; nothing where nothing was recorded. */
void trial_write_activations(JsonWriter *j, const Activations *x);
MUST_CHECK Status trial_read_activations(Arena *a, const JsonValue *result, int n_epochs,
                                         Activations *out, Err *e);

#endif
