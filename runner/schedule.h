/*
 * The queue of a search: which trials are missing, who has which, what a result is worth.
 *
 * Pure: no MPI, no clock, no files; rank 0 holds it, tests feed it fake trials. Trials are handed
 * out in the order of their numbers. A result counts once, from the one who was given the trial;
 * anything else is refused, so that a rank that repeats itself or gets its numbers wrong cannot
 * change the record.
 *
 * A search that looks at results has a window: trial n may be handed out when all trials below
 * n - window + 1 are done, so a result may open the window for somebody who asked before.
 */
#ifndef CAVIAR_SCHEDULE_H
#define CAVIAR_SCHEDULE_H

#include <stdint.h>
#include "base/arena.h"

typedef struct {
  int64_t n_trials, n_done, n_given;
  int64_t next;    /* every trial below it is given or done */
  int64_t window;  /* 0: there is none */
  int64_t front;   /* every trial below it is done */
  int64_t limit;   /* those below it may be handed out, */
  int64_t n_below; /*   so many of them are done */
  int32_t *holder; /* (n_trials) who has it (>= 0), or one of: */
} Schedule;

enum { SCHEDULE_FREE = -1, SCHEDULE_DONE = -2 };

typedef enum {
  SCHEDULE_NEW,     /* the trial's first result: record it */
  SCHEDULE_REPEAT,  /* it is done already: drop this one */
  SCHEDULE_REFUSED, /* no such trial, or `who` was never given it */
} ScheduleAnswer;

void schedule_init(Schedule *s, Arena *a, int64_t n_trials);

/* Before the first result: at most so many trials (>= 1) at a time, see above. */
void schedule_set_window(Schedule *s, int64_t window);

/* A result that the journal already has. False: no such trial. */
bool schedule_known(Schedule *s, int64_t number);

/* The next missing trial, now given to `who` (>= 0); -1: all are given or done, or the next one
 * waits for results. */
int64_t schedule_next(Schedule *s, int32_t who);

ScheduleAnswer schedule_result(Schedule *s, int32_t who, int64_t number);

/* `who` gives the trial back unfinished; it is missing again. False: it was not theirs. */
bool schedule_return(Schedule *s, int32_t who, int64_t number);

bool schedule_complete(const Schedule *s);

/* How many trials are missing, given to nobody, and may be handed out now. */
int64_t schedule_left(const Schedule *s);

#endif
