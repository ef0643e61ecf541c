/*
 * Ranks as threads: a team for nn whose members meet at barriers. Every member computes the whole
 * tree on copies of its own; what lies outside its part is spoiled, so that nothing can live on it.
 * A world may have a fault, to see that it is found.
 */
#ifndef CAVIAR_RANKS_RIG_H
#define CAVIAR_RANKS_RIG_H

#include <math.h>
#include <pthread.h>
#include "model_rig.h"

enum { MAX_RANKS = 8, ROOM = 4096, MAX_STEPS = 8 };

typedef enum {
  CUT_HALVES, /* bit 0 of the place says which half, bit 1 which half of that .. */
  CUT_ODD,    /* parts of other sizes, aligned to nothing, the last place's first */
  CUT_NONE,   /* every part is everything */
  N_CUTS
} Cut;

typedef enum {
  HONEST,
  CHAIN,           /* ((0 + 1) + 2) + 3 */
  FAR_FIRST,       /* (0 + 2) + (1 + 3) */
  DROPS_ONE,       /* what the last place brings is lost */
  NO_MOMENTS,      /* batch norm's moments stay each rank's own, */
  NO_SUMS,         /*   or its sums backward do */
  PART_OFF_BY_ONE, /* the first element of a part is forgotten */
} Fault;

typedef struct {
  int n;
  Cut cut;
  Fault fault;
  pthread_barrier_t barrier;
  pthread_mutex_t
      turn; /* held by the one rank that computes: OpenBLAS without threads of its own is
                           not to be called by several */
  void *(*run)(void *);
  void *vector[MAX_RANKS]; /* what each brought to the collective that is going on */
} World;

typedef struct {
  int reduce[NN_MOMENTS + 1], reduce_part, gather_parts;
} Calls;

typedef struct {
  World *world;
  int place, from, to; /* steps */
  const int *rows;     /* of each step */
  bool gather;         /* the state, at the end */
  ModelRig model;
  NnScore score[MAX_STEPS];
  Calls calls;
  Real state[ROOM]; /* weights, statistics, optimizer's state */
  size_t n_state;
} Rank;

/* ---- what a team does ------------------------------------------------------------------------ */

static inline size_t rank_bytes(NnReduce kind, size_t n) {
  return n * (kind == NN_SUM_F64 ? sizeof(double) : sizeof(Real));
}

static inline void rank_add(NnReduce kind, void *left, const void *right, size_t n) {
  switch (kind) {
  case NN_SUM_REAL:
    for (size_t i = 0; i < n; ++i) ((Real *)left)[i] += ((const Real *)right)[i];
    break;
  case NN_SUM_F64:
    for (size_t i = 0; i < n; ++i) ((double *)left)[i] += ((const double *)right)[i];
    break;
  case NN_MOMENTS:
    nn_moments_merge(left, right, n);
    break;
  }
}

typedef char RankCopies[MAX_RANKS][ROOM * sizeof(double)];

static inline void rank_add_all(const World *w, NnReduce kind, RankCopies copy, size_t n) {
  const int n_here = w->n - (w->fault == DROPS_ONE ? 1 : 0);
  if (w->fault == CHAIN) {
    for (int i = 1; i < n_here; ++i) rank_add(kind, copy[0], copy[i], n);
  } else if (w->fault == FAR_FIRST) {
    for (int apart = w->n / 2; apart > 0; apart /= 2) {
      for (int i = 0; i < apart; ++i) rank_add(kind, copy[i], copy[i + apart], n);
    }
  } else {
    for (int apart = 1; apart < n_here; apart *= 2) {
      for (int i = 0; i + apart < n_here; i += 2 * apart)
        rank_add(kind, copy[i], copy[i + apart], n);
    }
  }
}

static inline void rank_meet(World *w) {
  pthread_mutex_unlock(&w->turn);
  pthread_barrier_wait(&w->barrier);
  pthread_mutex_lock(&w->turn);
}

static inline void rank_sum(Rank *r, NnReduce kind, void *v, size_t n) {
  World *w = r->world;
  RankCopies copy;
  w->vector[r->place] = v;
  rank_meet(w);
  for (int i = 0; i < w->n; ++i) memcpy(copy[i], w->vector[i], rank_bytes(kind, n));
  rank_meet(w);
  rank_add_all(w, kind, copy, n);
  memcpy(v, copy[0], rank_bytes(kind, n));
}

static inline void rank_reduce(void *ctx, NnReduce kind, void *v, size_t n) {
  Rank *r = ctx;
  ++r->calls.reduce[kind];
  if (r->world->fault == NO_MOMENTS && kind == NN_MOMENTS) return;
  if (r->world->fault == NO_SUMS && kind == NN_SUM_REAL) return;
  rank_sum(r, kind, v, n);
}

static inline void rank_part(const World *w, int place, size_t n, size_t *first, size_t *count) {
  *first = 0;
  *count = n;
  if (w->cut == CUT_ODD) {
    const size_t k = (size_t)(w->n - 1 - place), ranks = (size_t)w->n;
    *first = k * k * n / (ranks * ranks);
    *count = (k + 1) * (k + 1) * n / (ranks * ranks) - *first;
  }
  for (int apart = 1; apart < w->n && w->cut == CUT_HALVES; apart *= 2) {
    const size_t half = *count / 2;
    if (place & apart) *first += half;
    *count = place & apart ? *count - half : half;
  }
}

static inline void rank_reduce_part(void *ctx, Real *v, size_t n, size_t *first, size_t *count) {
  Rank *r = ctx;
  ++r->calls.reduce_part;
  rank_sum(r, NN_SUM_REAL, v, n);
  rank_part(r->world, r->place, n, first, count);
  for (size_t i = 0; i < n; ++i) {
    if (i < *first || i >= *first + *count) v[i] = (Real)NAN;
  }
  if (r->world->fault == PART_OFF_BY_ONE && *count > 0) ++*first, --*count;
}

static inline void rank_gather_parts(void *ctx, Real *v, size_t n) {
  Rank *r = ctx;
  World *w = r->world;
  ++r->calls.gather_parts;
  if (w->cut == CUT_NONE) return;
  w->vector[r->place] = v;
  rank_meet(w);
  for (int i = 0; i < w->n; ++i) {
    size_t first, count;
    rank_part(w, i, n, &first, &count);
    if (i != r->place) memcpy(v + first, (Real *)w->vector[i] + first, count * sizeof *v);
  }
  rank_meet(w);
}

static inline void rank_tick(void *ctx) {
  (void)ctx;
}

static inline NnTeam rank_team(Rank *r, int n_shards) {
  const int local = n_shards / r->world->n;
  return (NnTeam){.n_shards = n_shards,
                  .first_shard = r->place * local,
                  .n_local = local,
                  .ctx = r,
                  .reduce = rank_reduce,
                  .reduce_part = rank_reduce_part,
                  .gather_parts = rank_gather_parts,
                  .tick = rank_tick};
}

/* ---- what is trained -------------------------------------------------------------------------- */

enum { RANKS_LARGEST = 64 };
static const int ranks_rows[] = {64, 13, 5, 8, 3, 40, 9}; /* 5 and 3 rows leave shards empty */

static const LayerWords ranks_deep[] = {
    {"dense", "units: 12"},      {"batch_norm", ""},    {"relu", ""},
    {"dropout", "rate: 0.3"},    {"dense", "units: 7"}, {"batch_norm", ""},
    {"dense", "units: classes"},
};

/* Where the defaults would leave a part of a rule out. */
static inline const char *ranks_params(const char *optimizer) {
  if (strcmp(optimizer, "sgd") == 0) return "momentum: 0.9";
  return strcmp(optimizer, "lion") == 0 ? "weight_decay: 0.1" : "";
}

static inline ModelWords ranks_words(const char *gemm, const char *optimizer) {
  return (ModelWords){.layers = ranks_deep,
                      .n_layers = COUNT(ranks_deep),
                      .features = 9,
                      .targets = {.n_classes = 3},
                      .loss = "softmax_cross_entropy",
                      .optimizer = optimizer,
                      .optimizer_params = ranks_params(optimizer),
                      .gemm = gemm,
                      .cpu = cpu_level(),
                      .batch_rows = RANKS_LARGEST};
}

/* ---- training -------------------------------------------------------------------------------- */

/* Rank `place` of the world with a model of its own. */
static inline void rank_open(Rank *r, World *w, int place, int n_shards, const ModelWords *words) {
  *r = (Rank){.world = w, .place = place};
  ModelWords own = *words;
  own.team = rank_team(r, n_shards);
  model_open(&r->model, &own);
}

/* Asserts nothing: cmocka's asserts are for the main thread. */
static inline void *rank_train(void *arg) {
  Rank *r = arg;
  cpu_flush_denormals();
  for (int i = r->from; i < r->to; ++i) {
    r->score[i] = model_step(&r->model, (uint32_t)i, r->rows[i], 0.05);
  }
  if (r->gather) nn_model_gather_state(r->model.model);
  return NULL;
}

static inline void *rank_thread(void *arg) {
  World *w = ((Rank *)arg)->world;
  pthread_mutex_lock(&w->turn);
  w->run(arg);
  pthread_mutex_unlock(&w->turn);
  return NULL;
}

/* `run` on every rank of the world, each a thread; one after the other between their meetings. */
static inline void ranks_run(World *w, Rank *ranks, void *(*run)(void *)) {
  pthread_t threads[MAX_RANKS];
  pthread_mutex_init(&w->turn, NULL);
  w->run = run;
  pthread_barrier_init(&w->barrier, NULL, (unsigned)w->n);
  for (int i = 0; i < w->n; ++i) {
    assert_int_equal(pthread_create(&threads[i], NULL, rank_thread, &ranks[i]), 0);
  }
  for (int i = 0; i < w->n; ++i) pthread_join(threads[i], NULL);
  pthread_barrier_destroy(&w->barrier);
  pthread_mutex_destroy(&w->turn);
}

static inline void ranks_train(World *w, Rank *ranks, const int *rows, int from, int to,
                               bool gather) {
  for (int i = 0; i < w->n; ++i) {
    ranks[i].rows = rows;
    ranks[i].from = from;
    ranks[i].to = to;
    ranks[i].gather = gather;
  }
  ranks_run(w, ranks, rank_train);
}

/* Keeps the end of each rank's training and frees its model. */
static inline void ranks_close(const World *w, Rank *ranks) {
  for (int i = 0; i < w->n; ++i) {
    ranks[i].n_state = model_state(&ranks[i].model, ranks[i].state, ROOM);
    model_close(&ranks[i].model);
  }
}

/* Of a world without a fault: the scores are numbers, of all rows. */
static inline void ranks_check_scores(const World *w, const Rank *ranks, int n_steps) {
  for (int i = 0; i < w->n; ++i) {
    for (int k = 0; k < n_steps; ++k) {
      assert_true(isfinite(ranks[i].score[k].loss));
      assert_int_equal(ranks[i].score[k].rows, ranks[i].rows[k]);
    }
  }
}

/* How many ranks ended with other bits, of state or scores, than `one`. */
static inline int ranks_that_differ(const World *w, const Rank *ranks, const Rank *one) {
  int differ = 0;
  for (int i = 0; i < w->n; ++i) {
    const Rank *r = &ranks[i];
    assert_int_equal(r->n_state, one->n_state);
    differ += memcmp(r->state, one->state, one->n_state * sizeof(Real)) != 0 ||
              memcmp(r->score, one->score, sizeof one->score) != 0;
  }
  return differ;
}

/* A whole training by the world's ranks. */
static inline void ranks_whole(World *w, Rank *ranks, int n_shards, const ModelWords *words,
                               const int *rows, int n_steps) {
  for (int i = 0; i < w->n; ++i) rank_open(&ranks[i], w, i, n_shards, words);
  ranks_train(w, ranks, rows, 0, n_steps, true);
  ranks_close(w, ranks);
}

#endif
