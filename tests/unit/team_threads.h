/*
 * A team (runner/team.h) whose members are threads of this process: what the team of messages does,
 * in the same tree, with barriers for messages. Stricter where it can be: what a reduce_part leaves
 * undefined becomes NaN, and members in different collectives abort.
 *
 *   static void body(void *ctx, int place, Team *team) { .. }    no cmocka in it: other threads
 *   team_threads_run(&(TeamThreads){.n = 4}, body, &ctx);
 *
 * With `n_start`, the first so many are a team by themselves until its members call team->grow; the
 * others' team is the large one from their start. Each thread has a Team of its own, good until
 * body returns.
 */
#ifndef CAVIAR_TEST_TEAM_THREADS_H
#define CAVIAR_TEST_TEAM_THREADS_H

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runner/team.h"

enum { TEAM_THREADS_MOST = 8 };

/* A team may have a fault, to see that it is found. */
typedef enum {
  TEAM_HONEST,
  TEAM_CHAIN,       /* ((0 + 1) + 2) + 3 */
  TEAM_ARRIVAL,     /* in the order in which members came */
  TEAM_DROPS_ONE,   /* what the last place brings to a sum is lost */
  TEAM_NO_MOMENTS,  /* those of batch norm stay each member's own */
  TEAM_STALE_SHARE, /* a share of `stale` bytes leaves the others' as they were */
} TeamFault;

/* What one member brings to the collective that is going on. */
typedef struct {
  const char *what;
  void *v;
  size_t n;
  unsigned agreed;
} TeamThreadsPart;

typedef struct {
  int n;       /* members, a power of two */
  int n_start; /* of the team that grows; 0: all from the start */
  TeamFault fault;
  size_t stale;
  /* the rest is its own */
  pthread_mutex_t mutex;
  int arrived[TEAM_THREADS_MOST], n_arrived; /* places, of the reduction that is going on */
  pthread_barrier_t small, large;
  TeamThreadsPart parts[TEAM_THREADS_MOST];
} TeamThreads;

typedef void TeamThreadsBody(void *ctx, int place, Team *team);

typedef struct {
  TeamThreads *all;
  TeamThreadsBody *body;
  void *body_ctx;
  Team team;
} TeamThread;

static inline void team_threads_wait(TeamThread *t) {
  pthread_barrier_wait(t->team.size == t->all->n ? &t->all->large : &t->all->small);
}

/* Everyone's part is there afterwards, and stays until the next wait. */
static inline const TeamThreadsPart *team_threads_enter(TeamThread *t, const char *what, void *v,
                                                        size_t n) {
  TeamThreadsPart *parts = t->all->parts, *own = &parts[t->team.place];
  *own = (TeamThreadsPart){.what = what, .v = v, .n = n, .agreed = t->team.agreed};
  if (t->all->fault == TEAM_ARRIVAL) {
    pthread_mutex_lock(&t->all->mutex);
    t->all->arrived[t->all->n_arrived++ % t->team.size] = t->team.place;
    pthread_mutex_unlock(&t->all->mutex);
  }
  team_threads_wait(t);
  if (strcmp(parts[0].what, what) != 0 || parts[0].n != n) {
    fprintf(stderr, "place %d is in %s of %zu, place 0 in %s of %zu\n", t->team.place, what, n,
            parts[0].what, parts[0].n);
    abort();
  }
  return parts;
}

static inline void team_threads_merge(NnReduce kind, void *left, const void *right, size_t n) {
  switch (kind) {
  case NN_SUM_REAL:
    for (size_t i = 0; i < n; i++) ((Real *)left)[i] += ((const Real *)right)[i];
    break;
  case NN_SUM_F64:
    for (size_t i = 0; i < n; i++) ((double *)left)[i] += ((const double *)right)[i];
    break;
  case NN_MOMENTS:
    nn_moments_merge(left, right, n);
    break;
  }
}

static inline size_t team_threads_bytes(NnReduce kind, size_t n) {
  return n * (kind == NN_SUM_F64 ? sizeof(double) : sizeof(Real));
}

/* One after the other, in place 0. */
static inline void team_threads_chain(TeamThread *t, NnReduce kind, size_t n) {
  const TeamThreads *all = t->all;
  const int size = t->team.size;
  int order[TEAM_THREADS_MOST] = {0};
  for (int i = 0; i < size; i++) order[i] = all->fault == TEAM_ARRIVAL ? all->arrived[i] : i;
  void *first = all->parts[order[0]].v;
  for (int i = 1; i < size; i++) team_threads_merge(kind, first, all->parts[order[i]].v, n);
  if (order[0] != 0) memcpy(all->parts[0].v, first, team_threads_bytes(kind, n));
}

/* The total over all in place 0's vector; the others' are used up. */
static inline void team_threads_tree(TeamThread *t, NnReduce kind, size_t n) {
  const TeamThreadsPart *parts = t->all->parts;
  const int place = t->team.place, size = t->team.size;
  const TeamFault fault = t->all->fault;
  if (fault == TEAM_CHAIN || fault == TEAM_ARRIVAL) {
    if (place == 0) team_threads_chain(t, kind, n);
    team_threads_wait(t);
    return;
  }
  for (int apart = 1; apart < size; apart *= 2) {
    if (place % (2 * apart) == 0 && !(fault == TEAM_DROPS_ONE && place + apart == size - 1))
      team_threads_merge(kind, parts[place].v, parts[place + apart].v, n);
    team_threads_wait(t);
  }
  team_threads_wait(t);
}

static inline void team_threads_reduce(void *ctx, NnReduce kind, void *v, size_t n) {
  TeamThread *t = ctx;
  static const char *const names[] = {"reduce of Real", "reduce of f64", "reduce of moments"};
  const TeamThreadsPart *parts = team_threads_enter(t, names[kind], v, n);
  if (kind == NN_MOMENTS && t->all->fault == TEAM_NO_MOMENTS) {
    team_threads_wait(t);
    return;
  }
  if (kind == NN_SUM_F64)
    for (int i = 0; i < t->team.size; i++) t->team.agreed |= parts[i].agreed;
  team_threads_tree(t, kind, n);
  if (t->team.place > 0) memcpy(v, parts[0].v, team_threads_bytes(kind, n));
  team_threads_wait(t);
}

/* Halving at distance 1: bit 0 of the place chooses the half, bit 1 the half of that .. */
static inline void team_threads_part(int place, int size, size_t n, size_t *first, size_t *count) {
  *first = 0;
  *count = n;
  for (; size > 1; size /= 2, place /= 2) {
    const size_t half = *count / 2;
    if (place & 1) *first += half;
    *count = place & 1 ? *count - half : half;
  }
}

static inline void team_threads_reduce_part(void *ctx, Real *v, size_t n, size_t *first,
                                            size_t *count) {
  TeamThread *t = ctx;
  const TeamThreadsPart *parts = team_threads_enter(t, "reduce_part", v, n);
  const Real *total = parts[0].v;
  team_threads_part(t->team.place, t->team.size, n, first, count);
  team_threads_tree(t, NN_SUM_REAL, n);
  if (v != total) memcpy(v + *first, total + *first, *count * sizeof *v);
  team_threads_wait(t);
  for (size_t i = 0; i < n; i++)
    if (i < *first || i >= *first + *count) v[i] = (Real)NAN;
}

static inline void team_threads_gather_parts(void *ctx, Real *v, size_t n) {
  TeamThread *t = ctx;
  const TeamThreadsPart *parts = team_threads_enter(t, "gather_parts", v, n);
  for (int i = 0; i < t->team.size; i++) {
    size_t first, count;
    team_threads_part(i, t->team.size, n, &first, &count);
    if (i != t->team.place) memcpy(v + first, (const Real *)parts[i].v + first, count * sizeof *v);
  }
  team_threads_wait(t);
}

static inline void team_threads_share(void *ctx, void *bytes, size_t n) {
  TeamThread *t = ctx;
  const TeamThreadsPart *parts = team_threads_enter(t, "share", bytes, n);
  const bool stale = t->all->fault == TEAM_STALE_SHARE && n == t->all->stale;
  if (t->team.place > 0 && n > 0 && !stale) memcpy(bytes, parts[0].v, n);
  team_threads_wait(t);
}

static inline void team_threads_collect(void *ctx, void *v, size_t unit, const size_t *first) {
  TeamThread *t = ctx;
  const int size = t->team.size;
  const TeamThreadsPart *parts = team_threads_enter(t, "collect", v, unit * first[size]);
  for (int i = 1; i < size && t->team.place == 0; i++) {
    const size_t at = unit * first[i], bytes = unit * first[i + 1] - at;
    if (bytes > 0) memcpy((char *)v + at, (const char *)parts[i].v + at, bytes);
  }
  team_threads_wait(t);
}

static inline void team_threads_grow(void *ctx) {
  TeamThread *t = ctx;
  team_threads_enter(t, "grow", NULL, 0);
  team_threads_wait(t);
  t->team.size = t->all->n;
  t->team.wish &= ~(unsigned)TEAM_GROW;
  t->team.agreed = 0;
}

static inline void team_threads_shrink(void *ctx, int n) {
  TeamThread *t = ctx;
  if (n != t->all->n_start) abort();
  t->team.size = n;
}

static inline void *team_threads_main(void *arg) {
  TeamThread *t = arg;
  t->body(t->body_ctx, t->team.place, &t->team);
  return NULL;
}

/* Runs body on n threads, to their end. */
static inline void team_threads_run(TeamThreads *all, TeamThreadsBody *body, void *ctx) {
  pthread_t threads[TEAM_THREADS_MOST];
  TeamThread t[TEAM_THREADS_MOST];
  const int n_start = all->n_start ? all->n_start : all->n;
  pthread_mutex_init(&all->mutex, NULL);
  all->n_arrived = 0;
  pthread_barrier_init(&all->small, NULL, (unsigned)n_start);
  pthread_barrier_init(&all->large, NULL, (unsigned)all->n);
  for (int i = 0; i < all->n; i++) {
    t[i] = (TeamThread){.all = all, .body = body, .body_ctx = ctx};
    t[i].team = (Team){.place = i,
                       .size = i < n_start ? n_start : all->n,
                       .ctx = &t[i],
                       .reduce = team_threads_reduce,
                       .reduce_part = team_threads_reduce_part,
                       .gather_parts = team_threads_gather_parts,
                       .share = team_threads_share,
                       .collect = team_threads_collect,
                       .grow = team_threads_grow,
                       .shrink = team_threads_shrink};
  }
  for (int i = 0; i < all->n; i++)
    if (pthread_create(&threads[i], NULL, team_threads_main, &t[i]) != 0) abort();
  for (int i = 0; i < all->n; i++) pthread_join(threads[i], NULL);
  pthread_barrier_destroy(&all->small);
  pthread_barrier_destroy(&all->large);
  pthread_mutex_destroy(&all->mutex);
}

#endif
