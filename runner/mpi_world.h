/*
 * The ranks of a job at its two ends: what rank 0 read arrives everywhere, and all agree on one
 * status. Point-to-point and asleep while waiting; without MPI (main.c did not start it) there is
 * one rank and every call is trivially true.
 */
#ifndef CAVIAR_MPI_WORLD_H
#define CAVIAR_MPI_WORLD_H

#include "identity.h"

/* Every tag of every message. */
typedef enum {
  TAG_STATUS = 1, /* rank -> 0: how it went; Verdict */
  TAG_VERDICT,    /* 0 -> rank: how it went for all */
  TAG_SHARE,      /* 0 -> rank: text */
  TAG_IDENTITY,   /* rank -> 0: its host, then identity_text */
  TAG_DATA,       /* rank -> rank of its host: fingerprints of the data that both mapped */
  TAG_ASK,        /* rank -> 0: give me a trial */
  TAG_TASK,       /* 0 -> rank: JSON of a Task, to be trained with its ranks */
  TAG_JOIN,       /* 0 -> rank: JSON of a Task, to be joined when its leader gives the word */
  TAG_GROW,       /* 0 -> leader: Ranks, who are to join its trial */
  TAG_WORD,       /* leader -> rank: Ranks, the team that it is in now; of none: it is not */
  TAG_GREW,       /* leader -> 0: Grew */
  TAG_BACK,       /* 0 -> leader: int64_t, its trial is asked back after a step */
  TAG_RESULT,     /* leader -> 0: JSON of a TrialResult */
  TAG_RETURNED,   /* leader -> 0: Returned, a trial given back unfinished */
  TAG_EPOCHS,     /* leader -> 0: Epochs */
  TAG_STOP,       /* 0 -> rank: finish or save what you do, ask for nothing more */
  TAG_BYE,        /* rank -> 0: its last message of the search */
} WorldTag;

bool world_started(void); /* MPI, by main.c */
int world_rank(void);
int world_size(void);
const char *world_host(Arena *a);
const char *world_mpi_version(Arena *a); /* "none" where MPI was not started */

/* Collective. Rank 0's text on every rank. */
const char *world_share(Arena *a, const char *text);

/*
 * Collective. Everyone brings its status; everyone gets the verdict: OK if all are, else the status
 * of the lowest rank that is not, and on rank 0 its message with the rank and host (left out where
 * rank 0 itself has failed). On the other ranks the message is empty: rank 0 prints.
 */
MUST_CHECK Status world_agree(Status s, Err *e);

/* Collective. Is everyone like rank 0 (identity.h)? The verdict is that of world_agree. */
MUST_CHECK Status world_compare(const Identity *id, Err *e);

/* Collective, at the end: rank 0's status for everyone; the others sleep until it comes. */
MUST_CHECK Status world_conclude(Status s, Err *e);

/* What ends the whole job where it cannot go on: MPI_Abort with err_exit_code(why). Set once, by
 * main; must not return. */
void world_on_end(void (*handler)(Status why));

#endif
