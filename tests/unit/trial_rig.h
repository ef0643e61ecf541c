/* Trials from a text in memory, for tests of what comes out of one. */
#ifndef CAVIAR_TEST_TRIAL_RIG_H
#define CAVIAR_TEST_TRIAL_RIG_H

#include "runner/trial.h"
#include "spec_rig.h"

static inline RunData *trial_rig_data(Arena *a, const Spec *s) {
  RunData *d = ARENA_NEW(a, RunData);
  Err e = {0};
  if (data_open(a, &s->data, d, &e) != OK) fail_msg("%s", e.text);
  return d;
}

/* Trial 0; `checkpoint_dir` may be NULL. */
static inline TrialResult trial_rig_run(Arena *a, const Spec *s, const RunData *data,
                                        const char *checkpoint_dir) {
  TrialResult r;
  Err e = {0};
  const TrialEnv env = {.data = data, .cpu = cpu_level(), .checkpoint_dir = checkpoint_dir};
  if (trial_run(a, &env, s, 0, &r, &e) != OK) fail_msg("%s", e.text);
  return r;
}

/* A column of the curves in an epoch, from 1. */
static inline double trial_rig_curve(const TrialResult *r, int epoch, const char *name) {
  for (int i = 0; i < r->curves.n_names; i++)
    if (str_eq(r->curves.names[i], name))
      return r->curves.values[(epoch - 1) * r->curves.n_names + i];
  fail_msg("no curve %s", name);
  return 0;
}

#endif
