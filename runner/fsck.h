/*
 * The parts of a run directory against each other: journal, experiment.yaml, resolved.yaml, results.h5
 * and checkpoints. The journal is the truth; what can be made from it is made anew on demand.
 */
#ifndef CAVIAR_FSCK_H
#define CAVIAR_FSCK_H

#include "base/arena.h"

typedef struct {
  int n_damaged;  /* parts that are not what was written */
  int n_repaired; /* of them, those that are in order again */
} FsckOutcome;

/*
 * Prints what is found, and what follows, on stdout. `repair`: takes the run's lock, cuts damaged
 * records out of the journal (the old one stays as journal.damaged), writes resolved.yaml and results.h5
 * anew, puts damaged checkpoints aside (NAME.damaged), removes what killed writers left. E_DATA where the journal cannot be used
 * at all; E_IO, E_BUSY.
 */
MUST_CHECK Status fsck_run(Arena *a, const char *dir, bool repair, FsckOutcome *out, Err *e);

#endif
