/*
 * Rank 0 over all ranks: what they report goes to Search and Teams, what Teams decides goes out as
 * messages. Only for files named mpi_*.c; mpi_sched.h has the protocol.
 */
#ifndef CAVIAR_MPI_LEAD_H
#define CAVIAR_MPI_LEAD_H

#include "search.h"
#include "teams.h"

/* ---- what travels ---------------------------------------------------------------------------- */

typedef struct {
  int64_t trial, done, n_epochs, more; /* more: epochs since the last report */
} Epochs;

typedef struct {
  int64_t trial, size;
} Grew;

typedef struct {
  int64_t trial, is_back; /* is_back: for it was asked back, and stands at: */
  TrialPlace place;
} Returned;

typedef struct {
  int64_t trial;
  int32_t n, ranks[TEAM_MOST]; /* only n of them travel */
} Ranks;

/* Bytes of it that travel. */
static inline size_t ranks_bytes(const Ranks *r) {
  return offsetof(Ranks, ranks) + (size_t)r->n * sizeof r->ranks[0];
}

/* ---- rank 0 ---------------------------------------------------------------------------------- */

typedef struct {
  Search *search;
  Teams *teams;
  Arena arena; /* of one round of messages */
  int n_gone;  /* said BYE */
  bool told;   /* STOP was sent */
  bool wants;  /* BACK was sent, and the trial is not back */
  void (*send)(void *ctx, int to, int tag, const void *bytes, size_t n); /* also to itself */
  void *ctx;
} Lead;

/* Teams in `a`. */
void lead_init(Lead *l, Arena *a, Search *s, int n_ranks);
/* A report of a worker. */
void lead_take(Lead *l, int source, int tag, const void *bytes, size_t n);
/* Sends out what is to be done by now. */
void lead_act(Lead *l);

#endif
