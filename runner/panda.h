/*
 * Changes to the one training of a run while it goes on, as rank 0 sees them: tune, rewind, pause,
 * resume (requests.h).
 *
 * The training is asked back: its team saves a checkpoint between two steps and gives it back, as on
 * a signal. Then the request is carried out, in the journal first, and the training is handed out
 * again, with the edits so far; it goes on from the checkpoint. So an edit takes effect at a step on
 * which all ranks agree, and a killed job that is run again has the same edits at the same steps.
 *
 * Each return leaves its checkpoint in checkpoints/kept/, for rewinding; these go when the training
 * is over.
 */
#ifndef CAVIAR_PANDA_H
#define CAVIAR_PANDA_H

#include "requests.h"
#include "run_dir.h"

typedef struct {
  RunDir *run;
  Request now;      /* not answered yet; id NULL: none */
  Arena arena;      /* of it */
  bool wants;       /* the training is asked back */
  bool holds;       /* it is paused: nobody trains, `place` is where */
  TrialPlace place; /* where it goes on, */
  int64_t saved;    /*   and the updates of its checkpoint */
  double looked;
} Panda;

void panda_init(Panda *p, RunDir *run);

/* Often; looks for requests about ten times a second. `trains`: the training was handed out. An error is
 * one of the journal's. */
MUST_CHECK Status panda_tick(Panda *p, bool trains, Err *e);
/* It was given back because panda_tick has asked for it. */
MUST_CHECK Status panda_returned(Panda *p, const TrialPlace *place, Err *e);
/* Its result is there. */
void panda_over(Panda *p);

/* ---- checkpoints that are kept (panda_keep.c) -------------------------------------------------- */

/* The trial's checkpoint, which is of so many updates. */
void panda_keep(const RunDir *run, int64_t updates);
/* The trial's checkpoint, of `saved` updates, becomes the last one of at most `step`; those behind it
 * go. Returns its updates; 0: there is none, the training begins anew. */
int64_t panda_back_to(const RunDir *run, int64_t saved, int64_t step);
void panda_keep_none(const RunDir *run);

#endif
