/*
 * The ranks that train one trial together, as the trial sees them: a team.
 *
 * Knows no MPI: mpi_team.c makes one of messages, a test of threads; team_solo is a rank alone.
 * Places count from 0. Place 0 leads: it fills the curves, writes the checkpoint, has the result.
 * Every member enters every collective, in the same order; those of `nn` are described in nn.h.
 *
 * Members agree on what to do between two steps without a message of its own: each puts its wishes
 * into `wish`, and the next NN_SUM_F64 reduction (every mini-batch ends with one) carries them, so
 * that `agreed` is the same on all: the wishes of all members, or-ed.
 */
#ifndef CAVIAR_TEAM_H
#define CAVIAR_TEAM_H

#include "nn/nn.h"

enum {
  TEAM_STOP = 1, /* somebody was asked to stop: save, and end */
  TEAM_SAVE = 2, /* a checkpoint is due */
  TEAM_GROW = 4, /* other ranks are ready to join */
};

enum { TEAM_MOST = 1024 }; /* members: the range of train.shards */

typedef struct Team Team;
struct Team {
  int place, size;         /* size: a power of two */
  const int *ranks;        /* (size) who they are, place by place; NULL: nobody wants to know */
  unsigned wish, agreed;   /* reduce finds its own in `agreed` and ors the others' into it */
  void (*tick)(void *ctx); /* called between layers, and while a collective waits; may be NULL */
  void *tick_ctx;
  void *ctx; /* of the functions below */
  void (*reduce)(void *ctx, NnReduce kind, void *v, size_t n);
  void (*reduce_part)(void *ctx, Real *v, size_t n, size_t *first, size_t *count);
  void (*gather_parts)(void *ctx, Real *v, size_t n);
  /* Collective: place 0's n bytes for everyone. */
  void (*share)(void *ctx, void *bytes, size_t n);
  /* Collective: v is made of units of `unit` bytes; place i brings units first[i] .. first[i + 1]
   * (first: size + 1 numbers, ascending, the same everywhere) and place 0 gets them all. */
  void (*collect)(void *ctx, void *v, size_t unit, const size_t *first);
  /* Collective over the members, when TEAM_GROW was agreed: place and size become those of the
   * larger team. A rank that joins calls nothing: its team is the larger one from its start. */
  void (*grow)(void *ctx);
  /* The first n members, this one among them, go on by themselves: the others have left. */
  void (*shrink)(void *ctx, int n);
};

Team team_solo(void);

/* The team as nn wants it: n_shards (at least as many as members) cut evenly. Refers to `t`. To be
 * made anew when the team has grown. */
NnTeam team_nn(Team *t, int n_shards);

/* Of n things in a row, those of each place: first (size + 1). As even as can be. */
void team_cut(const Team *t, size_t n, size_t *first);

#endif
