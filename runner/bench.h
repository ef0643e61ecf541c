/*
 * caviar bench: what cmd_bench.c and bench_*.c share. Timings are medians of single calls; subjects
 * that are compared take turns in one run, so that all see the same machine.
 */
#ifndef CAVIAR_BENCH_H
#define CAVIAR_BENCH_H

#include "nn/gemm.h"
#include "nn/nn.h"

enum { BENCH_SHAPES = 5, BENCH_MAX_HIDDEN = 3, BENCH_CLASSES = 10, BENCH_SEED = 42 };
enum { BENCH_MAX_TEAMS = 8 }; /* of --shards */

/* Each hidden layer is dense, batch_norm, activation; the last dense; softmax cross-entropy. */
typedef struct {
  const char *name;
  int features, n_hidden, hidden[BENCH_MAX_HIDDEN], batch;
  const char *activation, *optimizer;
  double pytorch_us; /* PyTorch 1.13 with OpenBLAS 0.3.21 on one core of another machine */
} BenchShape;
extern const BenchShape bench_shapes[BENCH_SHAPES];

typedef enum { BENCH_TRAINING, BENCH_INFERENCE, BENCH_PASSES } BenchPass;

typedef struct {
  bool json;
  const char *shape, *gemm; /* "all", or one */
  bool passes[BENCH_PASSES];
  double seconds; /* of timing what is compared with each other */
  int shards[BENCH_MAX_TEAMS], n_shards;
} BenchOptions;

/* ---- models (bench_model.c) ------------------------------------------------------------------ */

/* A kind of a registry with its defaults. */
MUST_CHECK Status bench_kind(Arena *a, const Registry *r, const char *name, KindValue *out, Err *e);

/* Adds a layer with its defaults (and `units` where not NULL) behind node *id. */
MUST_CHECK Status bench_add_layer(Arena *a, NnGraph *g, const char *name, const char *units,
                                  const char *next, int *id, Err *e);

typedef struct {
  NnModel *model;
  Arena numbers;   /* freed by the caller */
  int batch, rows; /* of the whole team; and of this rank */
  double learning_rate;
  NnScore score;
} BenchModel;

/* Planned, not opened. */
MUST_CHECK Status bench_plan(Arena *a, const BenchShape *s, const char *gemm, BenchPass pass,
                             BenchModel *out, Err *e);
/* The same for training as this rank of a team. */
MUST_CHECK Status bench_plan_team(Arena *a, const BenchShape *s, const char *gemm,
                                  const NnTeam *team, BenchModel *out, Err *e);
/* Opened, with fresh weights and a batch of normal rows, random labels. */
MUST_CHECK Status bench_open(const BenchShape *s, BenchModel *m, Err *e);

/* A training step, and an inference without targets; subject: a BenchModel. */
void bench_step(void *subject);
void bench_infer(void *subject);

/* ---- the floor (bench_floor.c) --------------------------------------------------------------- */

/* The matrix products of a step and nothing else, on buffers of their own. */
typedef struct {
  const NnGemm *gemm;
  int start[2];                   /* one shard */
  int n, d[BENCH_MAX_HIDDEN + 2]; /* n dense layers, layer l is d[l] -> d[l + 1] */
  Real *x[BENCH_MAX_HIDDEN + 2];  /* (batch, d[l]) */
  Real *gx[BENCH_MAX_HIDDEN + 2]; /* (batch, d[l]) */
  Real *w[BENCH_MAX_HIDDEN + 1], *gw[BENCH_MAX_HIDDEN + 1];
  Real *scratch;
} BenchFloor;

MUST_CHECK Status bench_open_floor(Arena *numbers, const BenchShape *s, const char *gemm,
                                   BenchFloor *f, Err *e);
/* Forward, backward_w and, but for the first layer, backward_x; or forward alone. */
void bench_floor_training(void *subject);
void bench_floor_inference(void *subject);
/* Multiplications and additions of a pass. */
double bench_floor_flops(const BenchFloor *f, BenchPass pass);

/* ---- timing (bench_time.c) ------------------------------------------------------------------- */

typedef struct {
  void (*call)(void *subject);
  void *subject;
  double *us;
  int n;
} BenchTurn;

/* The subjects take turns until `seconds` are over, at least once; medians in microseconds. */
void bench_time(Arena *a, BenchTurn *turns, int n, double seconds, double *us);

/* What bench_time is made of, for who takes turns with other ranks. A turn: one untimed call, which
 * finds the caches full of the others' numbers, then timed ones (5 ms). */
void bench_turn_open(Arena *a, BenchTurn *t);
void bench_turn_note(BenchTurn *t, double us);
void bench_turn_take(BenchTurn *t);
double bench_turn_median(BenchTurn *t);

/* Bytes of memory that the process has in its hands (resident); 0: not known here. */
size_t bench_resident(void);

double bench_rounded(double x, double parts); /* to 1 / parts */

/* ---- what is measured, and printed ----------------------------------------------------------- */

MUST_CHECK Status bench_shape(Arena *a, const BenchShape *s, const BenchOptions *o, Err *e);
void bench_shape_head(const BenchOptions *o);
MUST_CHECK Status bench_optimizers(Arena *a, const BenchOptions *o, Err *e);
MUST_CHECK Status bench_epoch(Arena *a, const BenchOptions *o, Err *e);
MUST_CHECK Status bench_shards(Arena *a, const BenchOptions *o, Err *e);

/* A step of a shape by a team of `ranks`, beside one rank (mpi_bench.h); microseconds. */
typedef struct {
  int shards, ranks;
  double unsharded; /* one rank, one shard */
  double one;       /* one rank, all shards; the others sleep */
  double busy;      /* one rank and one shard, on all ranks at once, each for itself: the slowest */
  double part;      /* a member's own work, all at once, without a message: the slowest */
  double team;
  double sum, mpi; /* a sum of as many floats as there are weights; by MPI_Allreduce; 0: none */
  size_t n_weights;
} BenchRanks;
void bench_ranks_head(const BenchOptions *o, int n_ranks);
void bench_ranks_print(Arena *a, const BenchShape *s, const BenchOptions *o, const BenchRanks *r);
void bench_sum_print(Arena *a, const BenchOptions *o, size_t n, int ranks, double own, double mpi);

#endif
