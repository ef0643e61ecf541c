/*
 * A trained model out of a finished trial's checkpoint, ready for evaluation: it needs neither the
 * data that it was trained on nor the experiment's file. The arena given to trial_model_open keeps
 * the small things; the numbers are freed by trial_model_close.
 */
#ifndef CAVIAR_TRIAL_MODEL_H
#define CAVIAR_TRIAL_MODEL_H

#include "trial.h"

typedef struct {
  const Spec *spec; /* of the trial, resolved */
  NnModel *model;
  Arena numbers;
  int n_features;
  NnTargets targets;
  const char **class_names; /* (targets.n_classes) */
  Normalization normalization;
  const char *fingerprint; /* of the data it was trained on */
  TrialResult result;
} TrialModel;

/* E_IO, E_DATA (damaged, unfinished, of another format); messages start with the path. */
MUST_CHECK Status trial_model_open(Arena *a, const char *path, CpuLevel cpu, TrialModel *out,
                                   Err *e);
void trial_model_close(TrialModel *m);

#endif
