/* A run as an experiment that may lie anywhere. */
#ifndef CAVIAR_RUN_EXPORT_H
#define CAVIAR_RUN_EXPORT_H

#include "run_dir.h"

/* The experiment of the run with its edits, relative paths of data made absolute. `t`: one of its
 * trials; what others have ended stops where it did; NULL: the whole run. `stop_at`: the epoch that it
 * ends with anyway (lineage.h); 0: its last. NULL after errors. */
Spec *run_export(Arena *a, const RunDir *r, const TrialResult *t, int64_t stop_at, Diag *d);

#endif
