/* Reading parts of a checkpoint; private to runner/trial*.c. Errors do not name the file: callers
 * do. */
#ifndef CAVIAR_TRIAL_CHECKPOINT_H
#define CAVIAR_TRIAL_CHECKPOINT_H

#include "io/h5.h"
#include "trial.h"

enum { TRIAL_CHECKPOINT_FORMAT = 1 };

/* Puts the path before a message that does not have it yet (those of io/h5.h do). */
Status trial_checkpoint_context(const char *path, Err *e);

/* E_DATA unless it is of the version that this program writes. */
MUST_CHECK Status trial_checkpoint_version(const H5In *in, Err *e);

/* Exactly n numbers. */
MUST_CHECK Status trial_checkpoint_get(const H5In *in, Arena *a, const char *path, H5Type type,
                                       size_t n, void *out, Err *e);

/* The chosen epoch's NN_WEIGHTS or NN_STATISTICS, block by block, into a flat vector of the model.
 */
MUST_CHECK Status trial_checkpoint_blocks(const H5In *in, Arena *a, const NnModel *m,
                                          NnVector vector, Real *out, Err *e);

/* Updates of the weights and training batches seen; the same without accumulation. */
MUST_CHECK Status trial_checkpoint_counts(const H5In *in, Arena *a, int64_t *updates,
                                          int64_t *batches, Err *e);

/* The batches that the chosen epoch's statistics have seen, where that is another number. */
MUST_CHECK Status trial_checkpoint_best_batches(const H5In *in, Arena *a, int64_t *batches, Err *e);

/* E_DATA if the trial was not finished. */
MUST_CHECK Status trial_checkpoint_result(const H5In *in, Arena *a, TrialResult *out, Err *e);

#endif
