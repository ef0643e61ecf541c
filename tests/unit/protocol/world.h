/*
 * A job in one thread: its ranks are fibers that take turns under a virtual clock, and a seed decides
 * how long everything takes. What is sent arrives later, of a pair in order; long messages wait for
 * their receiver, as MPI's do. A crash takes all ranks and their memory, and of the journal what
 * was not brought to disk, from any byte on.
 */
#ifndef CAVIAR_TEST_PROTOCOL_WORLD_H
#define CAVIAR_TEST_PROTOCOL_WORLD_H

#include "base/rng.h"
#include "base/str.h"
#include "seam.h"

enum { SIM_RANKS = 8, SIM_TRIALS = 32, SIM_STEPS = 2 };

/* Breaks one thing, to show that it would be noticed. */
typedef enum {
  BREAK_NOTHING,
  BREAK_WORD,   /* a leader whose trial has ended gives no word */
  BREAK_STOP,   /* STOP overtakes what was sent before it */
  BREAK_RESULT, /* a result is lost */
  BREAK_TASK,   /* a task is sent twice */
  BREAK_TORN,   /* the torn end of a journal is not cut off */
  BREAK_SYNC,   /* what was brought to disk is not there after a crash */
  BREAK_BITS,   /* a result depends on who trained it */
  BREAK_GROW,   /* the leader hears nothing of those who are to join */
} Break;

typedef struct {
  Rng r;
  Break what;
  double now;
  /* the disk */
  char *journal;
  size_t n_journal, n_synced, n_read, journal_room;
  int64_t saved[SIM_TRIALS]; /* steps that the checkpoint of a trial has */
  /* the job */
  int n_ranks;
  bool asked, signalled[SIM_RANKS]; /* to stop */
  int trained_by[SIM_TRIALS];       /* its leader + 1; 0: nobody */
  double slowest;                   /* a message takes so long at most, */
  double step;                      /*   and a step of one rank about so long */
  size_t eager;                     /* longer messages wait for their receiver */
  void (*on_signal)(void);          /* what the signal does on rank 0; may be NULL */
  int64_t jobs;
  int64_t turns;
  char problem[300]; /* the first thing that went wrong; "": nothing */
} Sim;

extern Sim sim;

int sim_any(int n); /* 0 .. n - 1 */
void sim_problem(const char *format, ...) PRINTF_LIKE(1, 2);

/* Runs body(rank) on all ranks until all have returned; or, if that comes first, until `crash`
 * seconds from now. True: they have returned. Deadlocks are a problem. */
bool sim_job(int n_ranks, void (*body)(int rank), double crash, double signal);

/* The fiber that runs sleeps until then, or with INFINITY until a message or a meeting wakes it. */
void sim_sleep_until(double when);
void sim_wake(int rank, double when);
bool sim_in_job(void);

#endif
