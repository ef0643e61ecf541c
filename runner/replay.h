/*
 * A finished run as a table: the trials of another experiment take their curves from it.
 *
 * The table's trial is found by all that was trained: the resolved experiment of the trial but for
 * what does not train it (names, seeds, data files, search, metric, metrics, early stopping,
 * records ..). So the other experiment is the same file with `replay: RUN`, and may search the same
 * space by another method, choose by another metric or stop earlier. The data are not opened. The
 * fingerprint of the table, which stands in place of the data's, is the digest of its run.
 */
#ifndef CAVIAR_REPLAY_H
#define CAVIAR_REPLAY_H

#include "data.h"
#include "trial.h"

typedef struct ReplayTable ReplayTable;

/* Reads the run at s->replay into `a`, as the data of an experiment. E_DATA, E_IO. Part of
 * data_open. */
MUST_CHECK Status replay_open(Arena *a, const DataSpec *s, RunData *out, Err *e);

/* The table's trial that trained the same, of several the first. NULL: there is none; *why names
 * what was asked for and the nearest. */
const TrialResult *replay_find(Arena *a, const ReplayTable *t, const Spec *trial, const char **why);

/* Its curve up to and with that epoch, at most to its end. */
Curves replay_curve(Arena *a, const TrialResult *t, int n_epochs);

const char *replay_dir(const ReplayTable *t);
int64_t replay_n_trials(const ReplayTable *t);
int replay_n_epochs(const ReplayTable *t); /* of the longest curve */
/* The digest of the replayed run. */
const char *replay_digest(const ReplayTable *t);

#endif
