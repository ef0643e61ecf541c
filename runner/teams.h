/*
 * Who trains what with whom: rank 0's decisions over all ranks of a job.
 *
 * Pure: no MPI, no clock (the time comes as an argument), no files. mpi_sched.c feeds it messages,
 * plan's simulation and the tests feed it events. Nothing it decides changes a bit of a result.
 *
 * A rank asks for work once for each piece of it, at the earliest during its last epoch; it is
 * idle when it has asked and the trial that it had is over. Trials come from the Schedule in order.
 *
 * `ranks` 0 (auto): one rank a trial while trials are as many as ranks; else the largest teams that
 * all the ranks make, a power of two up to the trial's shards, of neighbouring ranks; and idle
 * ranks that no trial is left for join running ones, so that a team doubles or more, the one
 * with the most left to do first. `ranks` n: ranks k n .. k n + n - 1 are a team for the whole
 * job; of the ranks left over, the largest powers of two are teams likewise. Nobody joins.
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
  const int *members; /* (n) until the next call of teams_next; TRAIN: with the leader, first */
} TeamsAction;

/* `shards`: of every trial. Lives in `a`; `queue` must outlive it. */
Teams *teams_new(Arena *a, int n_ranks, int shards, int ranks, Schedule *queue);

/* What happens. */
void teams_ask(Teams *t, int rank);
/* Of a trial's `epochs` `done` are, at `now` seconds on any clock. */
void teams_epoch(Teams *t, int64_t trial, int64_t done, int64_t epochs, double now);
/* The team of the trial has taken in those of the last GROW, or fewer, and has `size` members. */
void teams_grew(Teams *t, int64_t trial, int size);
/* The trial's result is there, or it was given back: its members, and whoever was to join them,
 * are free. Unknown trials are ignored. */
void teams_ended(Teams *t, int64_t trial);

/* What is to be done next; false: nothing at present. To be called until false, after events. */
bool teams_next(Teams *t, double now, TeamsAction *out);

/* How many ranks are idle; how many train the trial (0: nobody). */
int teams_idle(const Teams *t);
int teams_size(const Teams *t, int64_t trial);

#endif
