/*
 * The queue of a search: which trials are missing, who has which, what a result is worth.
 *
 * Pure: no MPI, no clock, no files; rank 0 holds it, tests feed it fake trials. Trials are handed
 * out in the order of their numbers. A result counts once, from the one who was given the trial;
 * anything else is refused, so that a rank that repeats itself or gets its numbers wrong cannot
 * change the record.
 *
 * Trials may have to wait: those from `limit` on for results that they depend on, and a trial that
 * has come to a rung (rungs.h) for the others of its bracket; both are the owner's to say.
 */
#ifndef CAVIAR_SCHEDULE_H
#define CAVIAR_SCHEDULE_H

#include <stdint.h>
#include "base/arena.h"

typedef struct {
  int64_t n_trials, n_done, n_given;
  int64_t next;     /* every trial below it is given or done */
  int64_t limit;    /* those below it may be handed out, */
  int64_t n_below;  /*   so many of them are done */
  int64_t n_paused; /* have come to the end of a leg */
  int32_t *holder;  /* (n_trials) who has it (>= 0), or one of: */
  int64_t *again, first_again,
      end_again; /* a ring of (n_trials): paused trials that are to go on */
  Arena *arena;
} Schedule;

enum { SCHEDULE_FREE = -1, SCHEDULE_DONE = -2, SCHEDULE_PAUSED = -3 };

typedef enum {
  SCHEDULE_NEW,     /* the result that was asked for: record it */
  SCHEDULE_REPEAT,  /* it is done already: drop this one */
  SCHEDULE_REFUSED, /* no such trial, or `who` was never given it */
} ScheduleAnswer;

void schedule_init(Schedule *s, Arena *a, int64_t n_trials);

/* At the start: no trial may be handed out yet, but those below `limit`, which only grows. */
void schedule_hold(Schedule *s);
void schedule_allow(Schedule *s, int64_t limit);

/* Nothing is left to do for it: a result that the journal has, or that was just recorded. False: no
 * such trial. */
bool schedule_done(Schedule *s, int64_t number);

/* The next missing trial, now given to `who` (>= 0); -1: all are given or done, or the next one
 * waits for results. */
int64_t schedule_next(Schedule *s, int32_t who);

/* NEW: the trial is done. */
ScheduleAnswer schedule_result(Schedule *s, int32_t who, int64_t number);

/* A trial that is free or done has only come to the end of a leg: it waits until it is done, or is
 * to be handed out again, before those that have not begun. */
void schedule_pause(Schedule *s, int64_t number);
void schedule_again(Schedule *s, int64_t number);

/* `who` gives the trial back unfinished; it is missing again. False: it was not theirs. */
bool schedule_return(Schedule *s, int32_t who, int64_t number);

bool schedule_complete(const Schedule *s);

/* How many trials are missing, given to nobody, and may be handed out now. */
int64_t schedule_left(const Schedule *s);

#endif
