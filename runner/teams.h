/*
 * Who trains what with whom: rank 0's decisions over all ranks of a job.
 *
 * Pure: no MPI, no clock (the time comes as an argument), no files. mpi_sched.c feeds it messages,
 * plan's simulation and the tests feed it events. Nothing it decides changes a bit of a result.
 *
 * A rank asks for work once for each piece of it, at the earliest during its last epoch; it is
 * idle when it has asked and the trial that it had is over. Trials come from the Schedule in order.
 * While there are plenty of them a rank is given the next one as soon as it asks, so it may lead one
 * trial and have the following one waiting; at the end of a search it gets one when it is idle, for
 * somebody else may be idle before it. A rank that was to join a trial and did not (it ended before,
 * or took in fewer) waits again without a new ask.
 *
 * `ranks` 0 (auto): one rank a trial while trials are as many as ranks. A job that begins with
 * fewer makes the largest teams that all the ranks make, a power of two up to the trial's shards,
 * of ranks k n .. k n + n - 1; each gets its trial when all its ranks have asked. Idle ranks that
 * no trial is left for join running ones, the nearest to its leader first, so that a team doubles
 * or more: the one with the most left to do, as often as no other has more left. `ranks` n: ranks
 * k n .. k n + n - 1 are a team for the whole job; of the ranks left over, the largest powers of
 * two are teams likewise. Nobody joins.
 *
 * Every event costs time that hardly grows with the ranks (bits and heaps), except that of a team
 * costs as much as it has members. Events that cannot be (unknown ranks and trials, an ask twice)
 * change nothing.
 */
#ifndef CAVIAR_TEAMS_H
#define CAVIAR_TEAMS_H

#include "schedule.h"

typedef struct Teams Teams;

typedef enum {
  TEAMS_TRAIN, /* `leader` trains `trial` with members[1 .. n) */
  TEAMS_GROW,  /* the team that `leader` leads takes in members[0 .. n) at the end of a step */
} TeamsOrder;

typedef struct {
  TeamsOrder order;
  int64_t trial;
  int leader;
  int n;
  const int *members; /* (n) until the next call; TRAIN: the leader first */
} TeamsAction;

/* `shards`: of every trial, a power of two. Lives in `a`; `queue` must outlive it and know what the
 * journal has: trials are handed out of it by teams_next, to the leader. */
Teams *teams_new(Arena *a, int n_ranks, int shards, int ranks, Schedule *queue);

/* What happens. */
void teams_ask(Teams *t, int rank);
/* Of a trial's `epochs` `done` are, at `now` seconds on any clock: what is left is guessed from
 * these; of a trial that has reported none there is more left than of any other. */
void teams_epoch(Teams *t, int64_t trial, int64_t done, int64_t epochs, double now);
/* The team of the trial has taken in those of the last GROW, or only the first of them, and has
 * `size` members, a power of two. In that case it is offered no more, and the others are idle again. */
void teams_grew(Teams *t, int64_t trial, int size);
/* The trial's result is there, or it was given back (the Schedule knows it before): its members,
 * and whoever was to join them, are free. */
void teams_ended(Teams *t, int64_t trial);

/* What is to be done next; false: nothing at present. To be called until false, after events. One
 * GROW of a trial at a time: the next comes after teams_grew. */
bool teams_next(Teams *t, double now, TeamsAction *out);

/* How many ranks are idle; how many train the trial or are to (0: nobody). */
int teams_idle(const Teams *t);
int teams_size(const Teams *t, int64_t trial);

#endif
