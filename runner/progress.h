/*
 * What the person sees while a search runs, on stderr: on a terminal a block of lines that is
 * redrawn at most five times a second; elsewhere a plain line at most once a second when trials
 * have finished, and every ten seconds when none has.
 */
#ifndef CAVIAR_PROGRESS_H
#define CAVIAR_PROGRESS_H

#include "run_dir.h"

typedef struct {
  const RunDir *run;
  int n_ranks;
  int64_t running, finished, reported, epochs; /* of this session */
  double started, drawn;
  bool terminal;
  int lines; /* of the block on the screen */
} Progress;

void progress_init(Progress *p, const RunDir *run, int n_ranks);
void progress_started(Progress *p);  /* a trial was given out */
void progress_finished(Progress *p); /* and is recorded */
void progress_epochs(Progress *p, int64_t n);
void progress_draw(Progress *p, double now); /* if it is time; `now` as clock_now says */
void progress_end(Progress *p);              /* takes the block off the screen */

#endif
