/*
 * Objectives: where a trial's result comes from when nothing is trained here. One file and one row
 * of objectives.def each; what none of them applies to is a training (trial.c).
 *
 * A search, its ranks, journal and record know nothing of them: a trial is a point that comes to a
 * TrialResult. An objective is one rank's work, and keeps no checkpoints.
 */
#ifndef CAVIAR_OBJECTIVE_H
#define CAVIAR_OBJECTIVE_H

#include "trial.h"

typedef struct {
  const char *name, *doc;
  bool (*applies)(const Spec *s); /* the first row that does is the one */
  /* As trial_plan, which then looks for the metric among out->names. */
  Status (*plan)(Arena *a, const TrialEnv *env, const Spec *trial, Diag *d, TrialPlan *out, Err *e);
  /* As trial_run; `out` has its number and seed. All but seconds, rank and host must follow from the
   * trial and its inputs. */
  Status (*run)(Arena *a, const TrialEnv *env, const Spec *trial, TrialResult *out, Err *e);
} Objective;

/* NULL: a training. */
const Objective *objective_of(const Spec *s);

/* A curve of n_epochs rows in `a`, zeros; names are copied. */
Curves objective_curves(Arena *a, const char *const *names, int n_names, int n_epochs);

#endif
