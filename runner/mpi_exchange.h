/*
 * Bytes between two members of a team, which both know the collective they are in. Only for files
 * named mpi_*.c.
 *
 * Every meeting of two members begins with an envelope: a head that says which collective its
 * sender is in, and the bytes themselves where they are few. Many bytes follow in pieces, sent from
 * and, if nothing is to be added, received in place; or none follow, because each reads them where
 * they are (mpi_view.h). So each member can check the other's head, and
 * no receive is ever too small: the job ends with both heads in words, not in a hang.
 */
#ifndef CAVIAR_MPI_EXCHANGE_H
#define CAVIAR_MPI_EXCHANGE_H

#include "mpi_team.h"
#include "mpi_view.h"

/* The collectives of a team. */
typedef enum {
  TEAM_SUM,
  TEAM_SUM_F64,
  TEAM_MOMENTS,
  TEAM_PART,
  TEAM_GATHER,
  TEAM_SHARE,
  TEAM_COLLECT
} TeamCall;

/* The same on all members, but for agreed. */
typedef struct {
  uint32_t call; /* TeamCall */
  uint32_t sequence;
  uint64_t n; /* as the caller gave it */
  uint32_t agreed;
  uint32_t unused[3];
} Head;

/* Smaller pieces cost more: each is negotiated. Larger ones fall out of the second-level cache. */
enum { ENVELOPE_BYTES = 4112 * sizeof(Real), PIECE_BYTES = 1 << 20, PIECES = 2 };

typedef struct {
  Head head;
  char bytes[ENVELOPE_BYTES];
} Envelope;

enum { MOST_LEVELS = 10 }; /* 2^10 = MPI_TEAM_MOST */

typedef struct MpiTeamBuffers {
  Envelope out, in;
  char piece[PIECES][PIECE_BYTES]; /* that have arrived and are to be added */
  void (*add)(size_t n, const Real *x, Real *sum);
  View views[MOST_LEVELS]; /* of the partner at distance 2^i */
} MpiTeamBuffers;

/* The communicator of team traffic. */
void exchange_start(void);
void exchange_end(void);

/* Both swap heads and n <= ENVELOPE_BYTES bytes; the partner's are in t->b->in until the next one.
 */
void exchange_short(MpiTeam *t, const Head *head, int place, const void *bytes, size_t n);

/* Swaps `out` for `in`, which lie apart; add: what comes is Real, added to what is in `in`. The
 * partner's place is another in one bit. */
void exchange_long(MpiTeam *t, const Head *head, int place, const void *out, size_t n_out, void *in,
                   size_t n_in, bool add);

/* One way. */
void exchange_give(MpiTeam *t, const Head *head, int place, const void *bytes, size_t n);
void exchange_take(MpiTeam *t, const Head *head, int place, void *bytes, size_t n);

#endif
