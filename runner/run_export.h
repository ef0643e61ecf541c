/* A run as an experiment that may lie anywhere. */
#ifndef CAVIAR_RUN_EXPORT_H
#define CAVIAR_RUN_EXPORT_H

#include "run_dir.h"

/* The experiment of the run with its edits, relative paths of data made absolute. `t`: one of its
 * trials; what others have ended stops where it did; NULL: the whole run. NULL after errors. */
Spec *run_export(Arena *a, const RunDir *r, const TrialResult *t, Diag *d);

/* A trial's experiment that says with which epoch it ends (lineage.h); `s` itself where stop_at is 0
 * or its last. NULL after errors. */
Spec *run_export_until(Arena *a, Spec *s, int64_t stop_at, Diag *d);

#endif
