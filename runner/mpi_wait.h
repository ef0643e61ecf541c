/*
 * Waiting for another rank: how, and for how long. Only for files named mpi_*.c.
 *
 * Two ways to wait: wait_request within a team, ready to go on within a microsecond; or asleep
 * between looks (clock_idle) with wait_watch beside it. Both warn when it takes too long and end the
 * job when it takes far too long; mpi_team_stall says what that is.
 */
#ifndef CAVIAR_MPI_WAIT_H
#define CAVIAR_MPI_WAIT_H

#include <mpi.h>
#include "base/err.h"

/* For whom and in what; for the words of a warning. */
typedef struct {
  int rank;
  const char *what;        /* "agreement" */
  const char *trial;       /* "trial 17", or NULL */
  double patience;         /* 1, or more for who is likely to wait for one that waits itself */
  void (*tick)(void *ctx); /* called now and then by wait_request; may be NULL */
  void *tick_ctx;
} Waiting;

/* Of one wait; starts zeroed. */
typedef struct {
  double seen, waited, next; /* when it last looked; seconds so far; and at the next warning */
} Watch;

/* To be called some ten times a second at least, or the time between does not count in full: a rank
 * that was itself stopped for an hour has not waited for an hour. */
void wait_watch(Watch *x, const Waiting *w);

/* Until the request is done. */
void wait_request(const Waiting *w, MPI_Request *r);

/* Collective over the job: who is on which host. */
void wait_start(void);
void wait_stop(void);

/* Ends the job: the handler of world_on_end. */
_Noreturn void wait_end_job(Status why);

/* The name of a rank's host; "" before mpi_team_start. */
const char *wait_host(int rank);
int wait_rank(void);       /* this one */
int wait_neighbours(void); /* other ranks on its host */

#endif
