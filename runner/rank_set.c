/* A set of ranks, one bit each. */
#include "rank_set.h"

enum { BITS = 64 };

RankSet rank_set_new(Arena *a, int n_ranks) {
  return (RankSet){.words = ARENA_ARRAY(a, uint64_t, n_ranks / BITS + 1), .n_ranks = n_ranks};
}

bool rank_set_has(const RankSet *s, int rank) {
  return s->words[rank / BITS] >> (rank % BITS) & 1;
}

void rank_set_put(RankSet *s, int rank, bool member) {
  if (rank_set_has(s, rank) == member) return;
  s->words[rank / BITS] ^= (uint64_t)1 << (rank % BITS);
  s->n += member ? 1 : -1;
}

int rank_set_up(const RankSet *s, int from) {
  if (from < 0) from = 0;
  if (from >= s->n_ranks) return -1;
  uint64_t word = s->words[from / BITS] & (~(uint64_t)0 << (from % BITS));
  for (int w = from / BITS;; word = s->words[w]) {
    if (word) return w * BITS + __builtin_ctzll(word);
    if (++w > (s->n_ranks - 1) / BITS) return -1;
  }
}

int rank_set_down(const RankSet *s, int from) {
  if (from >= s->n_ranks) from = s->n_ranks - 1;
  if (from < 0) return -1;
  uint64_t word = s->words[from / BITS] & (~(uint64_t)0 >> (BITS - 1 - from % BITS));
  for (int w = from / BITS;; word = s->words[w]) {
    if (word) return w * BITS + BITS - 1 - __builtin_clzll(word);
    if (--w < 0) return -1;
  }
}

int rank_set_near(const RankSet *s, int rank) {
  const int up = rank_set_up(s, rank), down = rank_set_down(s, rank);
  if (up < 0) return down;
  if (down < 0) return up;
  return up - rank < rank - down ? up : down;
}
