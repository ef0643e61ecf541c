/*
 * The search as rank 0 sees it: who trains what, what is finished, what the person is told, when to
 * stop. Knows no MPI: sched_serial.c feeds it the trials of this process, mpi_sched.c those of all.
 *
 * The first error that ends the search (a full disk under the journal, a rank that lies) stays in
 * `err`; search_stopping is true from then on.
 */
#ifndef CAVIAR_SEARCH_H
#define CAVIAR_SEARCH_H

#include "panda.h"
#include "progress.h"
#include "run_dir.h"
#include "schedule.h"
#include "work.h"

typedef struct {
  RunDir *run;
  Schedule queue;
  Progress progress;
  double publish;   /* when results.h5 will be, at the earliest */
  bool unpublished; /* the last time it could not be, which was said */
  bool stop;        /* somebody was asked to stop */
  Panda panda;      /* changes while it goes on, without a search */
  Err err;
} Search;

void search_init(Search *s, Arena *a, RunDir *run, int n_ranks);

/* The next task for a rank; false: all are given out, or the next one waits for results. Texts in
 * `a`, or kept. */
bool search_next(Search *s, int rank, Arena *a, Task *out);
/* The task of a trial that the queue has given out. Texts likewise. */
void search_task(Search *s, int64_t number, Arena *a, Task *out);
/* A task went out. search_next has said so itself. */
void search_began(Search *s);
/* A rank's result, as work_train wrote it: journaled, then counted. Returns the trial; -1: of none. */
int64_t search_result(Search *s, int rank, const char *json, size_t n);
/* A rank gives a trial back unfinished: it was asked to stop, so all are; or (place not NULL) it was
 * asked back, and is handed out again. */
void search_returned(Search *s, int rank, int64_t number, const TrialPlace *place);
/* Is the trial in training asked back? Is nothing to be handed out, for it is paused? */
bool search_wants_back(const Search *s);
bool search_holds(const Search *s);
void search_epochs(Search *s, int64_t n);

/* Often: syncs the journal, publishes the record, tells the person; each at its own pace. */
void search_tick(Search *s);
bool search_stopping(const Search *s);
/* When nobody trains any more: OK, E_STOPPED where trials are missing, or what ended the search. */
MUST_CHECK Status search_outcome(const Search *s, Err *e);

/* SIGUSR1, SIGTERM and SIGINT ask to stop, as DIR/stop does (io/lock.h); a second one, more than a
 * second later, ends the process at once: by what main set, which is called by a signal handler. */
void search_on_second_signal(void (*end)(void));
void search_catch_signals(void);
bool search_signalled(void);

/* Trains what is missing in this process alone. */
void sched_serial(Search *s, Work *w);

#endif
