/*
 * A team (team.h) whose members are ranks of the job, made of point-to-point messages.
 *
 * Its messages travel over a communicator of their own, so whoever looks for messages on
 * MPI_COMM_WORLD never sees them. Sums are trees over the places, at distance 1, then 2, 4 ..: short
 * vectors by recursive doubling, long ones by halving and an allgather; the lower place is always
 * the left operand. So every member has the bits of base/sum.h's tree over the members in order.
 *
 * A member that waits polls for some 50 us, then gives its core away between two looks, and calls
 * team.tick meanwhile. One that waits for very long says for whom, and in the end the job ends
 * (mpi_team_stall). Members that enter different collectives are a bug; the job ends with a line
 * that names both.
 *
 * The functions without "collective" in their comment are local. A team of one sends nothing, so it
 * works where MPI was not started.
 */
#ifndef CAVIAR_MPI_TEAM_H
#define CAVIAR_MPI_TEAM_H

#include "team.h"

enum { MPI_TEAM_MOST = TEAM_MOST }; /* members: the range of train.shards */

typedef struct MpiTeam {
  Team team;                       /* its ctx is this MpiTeam, so neither is to be copied */
  int n, ranks[MPI_TEAM_MOST];     /* ranks in MPI_COMM_WORLD, place by place */
  int n_next, next[MPI_TEAM_MOST]; /* place 0: what the team is to become; n_next 0: nothing */
  const char *what;  /* the trial, in words, for the messages of a stall; may be NULL */
  uint32_t sequence; /* collectives entered since the team was formed */
  Arena buffers;
  struct MpiTeamBuffers *b;
} MpiTeam;

/* Collective over the job, once, before any team: the communicator, and who is on which host.
 * Nothing where MPI was not started. mpi_team_end is collective too. */
void mpi_team_start(void);
void mpi_team_end(void);

/* Takes its buffers, some 2 MiB whatever is sent; no collective allocates. */
void mpi_team_init(MpiTeam *t);
void mpi_team_free(MpiTeam *t);

/* Models laid out from now on are in memory that members on this host read in place. */
void mpi_team_offer_memory(void);

/* This rank's team is these ranks, this rank among them; n is a power of two. team.tick, tick_ctx
 * and `what` stay, nothing is wished or agreed. */
void mpi_team_form(MpiTeam *t, const int *ranks, int n);

/* Place 0, before it wishes TEAM_GROW: what team.grow makes the team. Its first members are the
 * present ones in their places. Those who join call mpi_team_form with the same list. */
void mpi_team_next(MpiTeam *t, const int *ranks, int n);

/* Of all teams, and of world_agree and world_share: a rank that waits so long for another warns,
 * again after twice that, and so on; after ten times the job ends with exit code 75. Time in which
 * the waiting rank itself stood still does not count. 60 from the start. */
void mpi_team_stall(double seconds);

/* Collective over the team: the median time of a sum of n Real, in microseconds, measured for
 * `seconds`; the same number on all members. *mpi, unless NULL: of MPI_Allreduce, in turns with it;
 * then the team is all ranks in order. */
void mpi_team_measure(MpiTeam *t, size_t n, double seconds, double *us, double *mpi);

/* Collective over the job, but only its first and its last rank take part; the same numbers on both,
 * 0 elsewhere and in a job of one: seconds that a short message takes from one to the other, and
 * bytes a second of a long sum between them, additions included. Measured for `seconds`. */
void mpi_team_link(double seconds, double *latency, double *bandwidth);

#endif
