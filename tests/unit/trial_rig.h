/* Trials from a text in memory, for tests of what comes out of one. */
#ifndef CAVIAR_TEST_TRIAL_RIG_H
#define CAVIAR_TEST_TRIAL_RIG_H

#include "base/rng.h"
#include "runner/trial.h"
#include "spec_rig.h"

static inline RunData *trial_rig_data(Arena *a, const Spec *s) {
  RunData *d = ARENA_NEW(a, RunData);
  Err e = {0};
  if (data_open(a, &s->data, d, &e) != OK) fail_msg("%s", e.text);
  return d;
}

enum { TRIAL_RIG_FEATURES = 3 };

/* Data made in memory, in place of the experiment's: rows to train on, then rows to validate on,
 * in order. Classes or values follow from the features, and some noise. */
static inline RunData *trial_rig_rows(Arena *a, uint32_t train, uint32_t validation,
                                      NnTargets targets) {
  const uint32_t n = train + validation, width = (uint32_t)targets.n_values;
  RunData *data = ARENA_NEW(a, RunData);
  float *x = ARENA_ARRAY(a, float, n *TRIAL_RIG_FEATURES);
  int32_t *labels = ARENA_ARRAY(a, int32_t, n);
  double *values = ARENA_ARRAY(a, double, n *width);
  uint32_t *rows = ARENA_ARRAY(a, uint32_t, n);
  const char **names = ARENA_ARRAY(a, const char *, targets.n_classes);
  for (uint32_t i = 0; i < n; i++) {
    Rng r = rng_stream(5, RNG_TEST, i, 0);
    float *of = x + i * TRIAL_RIG_FEATURES;
    for (int j = 0; j < TRIAL_RIG_FEATURES; j++) of[j] = (float)(2 * rng_f64(&r) - 1);
    const double u = 0.7 * rng_f64(&r) + 0.15 * (1 + (double)of[0]);
    labels[i] = (int32_t)(u * targets.n_classes);
    for (uint32_t j = 0; j < width; j++)
      values[i * width + j] = 10 * j + (j + 1) * (double)of[0] - (double)(of[1] * of[2]) + u;
    rows[i] = i;
  }
  for (int c = 0; c < targets.n_classes; c++) names[c] = arena_printf(a, "%d", c);
  *data = (RunData){.targets = targets, .n_features = TRIAL_RIG_FEATURES};
  data->main = (IoDataset){.n = n, .d = TRIAL_RIG_FEATURES, .x_type = IO_F32, .x = x};
  data->main.class_names = names;
  if (targets.n_classes) data->main.labels = labels;
  if (width) data->main.values = values;
  data->main.n_classes = targets.n_classes;
  data->main.n_values = targets.n_values;
  data->parts[PART_TRAIN] = (DataPart){&data->main, rows, train};
  data->parts[PART_VALIDATION] = (DataPart){&data->main, rows + train, validation};
  return data;
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
