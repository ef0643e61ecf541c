/*
 * A set of ranks, one bit each: 4,096 ranks are 64 words, so a search is a few nanoseconds.
 */
#ifndef CAVIAR_RANK_SET_H
#define CAVIAR_RANK_SET_H

#include <stdint.h>
#include "base/arena.h"

typedef struct {
  uint64_t *words;
  int n_ranks, n; /* n: members */
} RankSet;

RankSet rank_set_new(Arena *a, int n_ranks); /* empty */
bool rank_set_has(const RankSet *s, int rank);
void rank_set_put(RankSet *s, int rank, bool member);

/* The first member that is no smaller than `from`, the last that is no larger; -1: none. */
int rank_set_up(const RankSet *s, int from);
int rank_set_down(const RankSet *s, int from);

/* The member nearest to `rank`, the lower of two; -1: the set is empty. */
int rank_set_near(const RankSet *s, int rank);

#endif
