/*
 * Who trains how far: trials in brackets (stopper.h) train from rung to rung, and of those that
 * reach one the best go on, when all are there. Without brackets a trial is one leg.
 *
 * Pure: no clock, no files. What follows from a set of results does not depend on the order in which
 * they are told. Of a trial the first result of a leg counts.
 */
#ifndef CAVIAR_RUNGS_H
#define CAVIAR_RUNGS_H

#include "stopper.h"

typedef enum {
  RUNG_TRAINS, /* its leg is to be trained, or is being trained */
  RUNG_WAITS,  /* for the others of its bracket */
  RUNG_OVER,   /* it trains no further */
} RungState;

typedef struct {
  const Stopper *stopper; /* NULL: no brackets, and the rest is empty but for `changed` */
  const void *config;
  int64_t n_trials, epochs;
  struct RungTrial *trials; /* (n_trials) */
  int64_t *changed;         /* (n_changed) trials that the last result has settled: over, or to
                               train their next leg */
  int64_t n_changed;
} Rungs;

void rungs_init(Rungs *r, Arena *a, const KindValue *stopper, int64_t n_trials, int64_t epochs);

RungState rungs_state(const Rungs *r, int64_t n);
/* The epoch at which the present leg of trial n ends; 0: there are no brackets. */
int64_t rungs_epoch(const Rungs *r, int64_t n);
/* Has it reached a rung before? Then this leg goes on from a checkpoint. */
bool rungs_goes_on(const Rungs *r, int64_t n);
/* The bracket's first trial, n itself where there are no brackets. */
int64_t rungs_first(const Rungs *r, int64_t n);

/* Trial n has come to the end of its leg, or to its own end: then it has `ended`. The smaller the
 * loss, the better; NaN: worse than any. Of equals the lower number. */
void rungs_tell(Rungs *r, int64_t n, double loss, bool ended);

#endif
