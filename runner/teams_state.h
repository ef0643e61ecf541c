/*
 * The state behind teams.h; private to runner/teams*.c.
 *
 * A Running is a trial that was handed out, with its team: `n_unit` ranks in a row from `leader`
 * on, and those who joined it. A rank has at most two: the one it trains (`now`) and, since it asks
 * during its last epoch, the one that follows (`then`). Lists of ranks are chained by Rank.next.
 */
#ifndef CAVIAR_TEAMS_STATE_H
#define CAVIAR_TEAMS_STATE_H

#include "rank_set.h"
#include "teams.h"

enum { NOBODY = -1 };

typedef struct {
  bool asked;    /* and was not yet given what it asked for */
  int now, then; /* of Teams.running; NOBODY */
  int next;      /* in the list of those who joined, or are to join, the trial `now` */
} Rank;

typedef struct {
  int64_t trial;
  int leader, n_unit, size; /* size: members, without those who are to join */
  int joined;               /* list: members beyond the unit */
  int joining, n_joining;   /* list: a GROW is on its way; in the order of its members */
  bool begun;               /* its leader trains it: it is the leader's `now` */
  bool closed;              /* a GROW came to less than was offered: no other */
  int64_t done;             /* epochs reported */
  int64_t from;             /* epochs that were done, */
  double since;             /*   and when, as it began or had grown */
  double end;               /* when the trial will end: an estimate; infinite before the first */
  int heap, place;          /* among those that may grow: class, and where; place NOBODY: not */
} Running;

/* Trials that may grow, all of one size: a binary heap, the latest end first, then the lowest
 * number. Ends are moments, so time that passes leaves the order alone. */
typedef struct {
  int *running; /* (n) */
  int n;
} GrowHeap;

enum { GROW_CLASSES = 11 }; /* sizes 1, 2, 4 .. 1024: class c is 2^c */

struct Teams {
  int n_ranks, shards, ranks;
  Schedule *queue;
  Rank *rank;            /* (n_ranks) */
  Running *running;      /* (2 n_ranks) */
  int *free, n_free;     /* of `running`, a stack */
  int *of_trial;         /* (n_trials) running + 1; 0: nobody trains it */
  int *unit, *n_unit;    /* (n_ranks) the unit of a rank: its first rank, its size; 0: of no unit */
  int *n_asked, *n_idle; /* (n_ranks) at a unit's first rank: how many of it */
  int n_units;
  RankSet idle;          /* ranks */
  RankSet ready, vacant; /* units, by first rank: all have asked; all are idle */
  GrowHeap grow[GROW_CLASSES];
  double now;   /* the latest that was heard of */
  int *members; /* (n_ranks) of the last action */
};

/* Somebody's state has changed; keeps the sets and counts right. */
void teams_set_rank(Teams *t, int rank, Rank to);

/* Puts it among those that may grow, or takes it out, as its state says; after every change. */
void teams_place_growing(Teams *t, int running);

/* The largest growth that is worth it at t->now. */
bool teams_next_grow(Teams *t, TeamsAction *out);

#endif
