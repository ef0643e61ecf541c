/*
 * What the rows of the registries are made of; private to nn.
 *
 * A layer is an op of the graph: plan (shapes and sizes; may fail), forward, backward, on one
 * screen, in nn/layer_<name>.c with a row in nn/layers.def. Losses, optimizers, schedules and
 * initialisers likewise. Layers, losses and optimizers are compiled once a level: `const
 * NnLayerKind NN_EXPORT(nn_layer_dense) = {..}`. forward, backward and everything below them return
 * void, allocate nothing and know no rank.
 */
#ifndef CAVIAR_KINDS_H
#define CAVIAR_KINDS_H

#include "base/sum.h"
#include "gemm.h"
#include "level.h"
#include "nn.h"

enum { NN_MAX_TENSORS = 4 };

typedef struct NnNode NnNode;

/* One step, as the ops see it. */
typedef struct {
  const NnTeam *team;
  const int *start; /* (n_local + 1) offsets of this rank's shards: shard s is rows start[s] ..
                       start[s+1] */
  int rows;         /* of this rank: start[n_local] */
  int batch_rows;   /* m, over the whole team */
  bool training;
  NnPlace place;    /* of this rank's first row */
  uint64_t seed;    /* keys dropout */
  uint64_t batches; /* training batches before this one: the t of moving averages */
  const NnGemm *gemm;
  Real *scratch; /* as large as the largest scratch of any node */
} NnStep;

/* A block of weights (v and g) or of statistics (v alone) of a node. */
typedef struct {
  const char *name; /* "w" */
  int rows, cols;
  KindValue init;       /* weights: how they start; fans are rows (in) and cols (out) */
  double start;         /* where init.kind is NULL: all this, */
  const double *starts; /* or these (rows, cols) */
  bool decays;          /* a matrix (inputs, units): for weight decay, l1, l2 and max_norm */
  Real *v, *g;          /* set by layout */
} NnTensor;

struct NnNode {
  const struct NnLayerKind *kind;
  const void *config;
  const char *path;
  int index;    /* in the graph */
  uint32_t key; /* the first of ceil(d / 4) counters of its own: keys dropout */
  int n_inputs;
  NnNode *inputs[NN_MAX_INPUTS]; /* NULL: the data */
  int in[NN_MAX_INPUTS];         /* features of each */
  /* set by kind->plan */
  int d; /* features of the output */
  int n_weights, n_stats;
  NnTensor weights[NN_MAX_TENSORS], stats[NN_MAX_TENSORS];
  size_t saved_per_row; /* Real kept a row from forward to backward, */
  size_t saved_fixed;   /*   and whatever the number of rows */
  size_t scratch;       /* Real in NnStep.scratch */
  /* set by layout */
  const Real *x[NN_MAX_INPUTS]; /* (rows, inputs[i]->d) */
  Real *gx[NN_MAX_INPUTS];      /* where backward writes the gradient of x[i]; NULL: not wanted (the
                                   data) */
  Real *y;                      /* (rows, d) */
  Real *gy;                     /* (rows, d) gradient of y, complete when backward is called */
  Real *saved_rows;             /* (rows, saved_per_row), */
  Real *saved;                  /*   and (saved_fixed): from forward to backward and finish */
};

/* What plan may look at. It runs when a layer is added (batch_rows 0: only shapes are known) and
 * again when a model is made. */
typedef struct {
  NnTargets targets;
  int n_shards; /* local */
  const NnGemm *gemm;
  int in[NN_MAX_INPUTS]; /* features of each input */
  int rows;              /* most in a call on this rank; 0: not known */
  int batch_rows;        /* of a training batch of the team; 0: not known, or never trained */
} NnPlan;

/* Which numbers a case takes for inputs: those where a kind has a value, away from kinks. */
typedef enum {
  NN_BOTH_SIGNS, /* at least 0.2 from 0 */
  NN_FAR_FROM_0, /* of both signs, at least 0.5 from 0 */
  NN_POSITIVE,   /* at least 0.5 */
  NN_APART,      /* no two of a row within 0.1 */
} NnNumbers;

/* A case of a kind for the registry tests: a config in the words of an experiment file. */
typedef struct {
  const char *params;          /* "units: 5, bias: false" */
  int features;                /* of the input */
  int more[NN_MAX_INPUTS - 1]; /* of further inputs; 0: no more */
  NnNumbers numbers;
} NnCase;

typedef struct {
  const char *params;
  int d; /* of the last layer */
  NnTargets targets;
} NnLossCase;

typedef struct NnLayerKind {
  Kind head;
  bool absorbs_bias; /* a dense layer before it needs no bias */
  bool couples_rows; /* normalises over the rows of a batch */
  bool in_place;     /* y may lie over x[0] and gx[0] over gy; backward does not read x[0] */
  bool gx_over_gy;   /* gx[0] may lie over gy, though y may not lie over x[0] */
  bool needs_output; /* backward reads y: a successor may not work in place */
  void (*resolve)(void *config, const Kind *next); /* may be NULL */
  Status (*plan)(const NnPlan *p, NnNode *n, Err *e);
  void (*forward)(const NnStep *s, NnNode *n);
  void (*backward)(const NnStep *s, NnNode *n); /* overwrites gx[i] (not NULL) and all weights' g */
  void (*finish)(const NnStep *s,
                 NnNode *n); /* after backward, once a training batch: statistics. May be NULL */
  /* Do its numbers depend on how a batch is cut into shards, beyond rounding? NULL: never. */
  bool (*is_by_shard)(const void *config);
  /* Statistics for test time that are those of x[0] over the whole training set: does the config
   * ask for them, and the mean and biased variance (d) into stats. Both NULL: never. */
  bool (*wants_exact)(const void *config);
  void (*take_exact)(NnNode *n, const double *mean, const double *variance);
  const NnCase *cases;
  int n_cases;
} NnLayerKind;

/* An op of nn/ops.h: a layer without weights and words. */
typedef struct {
  NnLayerKind layer;
  int n_inputs;
} NnOpKind;

/* The plan of a layer that keeps its input's shape and nothing else. */
static inline Status nn_plan_elementwise(const NnPlan *p, NnNode *n, Err *e) {
  (void)e;
  n->d = p->in[0];
  return OK;
}

enum { NN_BALANCED = -1 }; /* word of class_weights: the numbers follow from the training part */

typedef struct {
  Kind head;
  bool counts_correct;
  size_t class_weights; /* offset of that parameter in the config (Reals); 0: there is none */
  void (*plain)(void *config); /* takes out what only training does; NULL: nothing does */
  /* d features of the last layer; says which form of target it wants. E_SHAPE. */
  Status (*plan)(const void *config, int d, NnTargets t, NnTargetForm *form, int *n_values, Err *e);
  /* p (rows, d) predictions from z (rows, d); with targets also the sums of the rows' losses and of
   * correct ones. */
  void (*forward)(const void *config, int rows, int d, const Real *z, const int32_t *labels,
                  const Real *values, Real *p, NnScore *score);
  /* gz (rows, d) = d(mean loss over m rows)/dz; may alias p. */
  void (*backward)(const void *config, int rows, int d, int m, const Real *p, const int32_t *labels,
                   const Real *values, Real *gz);
  const NnLossCase *cases;
  int n_cases;
} NnLossKind;

/* One step of an optimizer, on all weights or on a run of them. */
typedef struct {
  uint64_t t; /* from 1 */
  double learning_rate;
  size_t stride; /* from one vector of the state to the next: the number of all weights */
  bool decays;   /* these weights are of matrices; told only to a kind that asks */
} NnUpdate;

typedef struct {
  Kind head;
  int n_state;          /* vectors as long as the weights; all start at 0 */
  size_t learning_rate; /* offset of that parameter in the config (a double) */
  bool decays;          /* treats matrices apart: called for each run of them and of the rest */
  /* w, g (n), state (n_state, stride) from the run's first weight on. One fused loop, elementwise:
   * bits do not depend on how the vectors are cut. */
  void (*update)(const void *config, const NnUpdate *u, size_t n, Real *w, const Real *g,
                 Real *state);
} NnOptimizerKind;

typedef struct {
  Kind head;
  bool absolute; /* the rates are its own: learning_rate has no part in them */
  double (*rate)(const void *config, double learning_rate, int64_t epoch, int64_t n_epochs);
} NnScheduleKind;

/* A staircase: epochs 1 .. every are stair 1, as many again stair 2; without `every` (0) each epoch
 * is a stair. */
static inline int64_t nn_stair(int64_t epoch, int64_t every) {
  return every == 0 ? epoch : (epoch - 1) / every + 1;
}

#define NN_EVERY(Type)                                                                             \
  {                                                                                                \
    "every", P_INT, offsetof(Type, every),                                                         \
        .optional = true, .lo = 1, .hi = 1e9, .unit = "epochs",                                    \
        .doc = "a staircase: the rate changes every so many epochs, which count as one"            \
  }

/* Epochs in ascending order, for the check of a schedule. */
static inline Status nn_check_epochs(Reals epochs, const char *name, ParamPlace *place, Err *e) {
  for (int i = 0; i < epochs.n; ++i) {
    const double v = epochs.v[i];
    *place = (ParamPlace){name, i};
    CHECK(e, v == (double)(int64_t)v, E_SPEC, "%s: expected whole epochs, found %g", name, v);
    CHECK(e, i == 0 || v > epochs.v[i - 1], E_SPEC, "%s: epochs must ascend, but %g follows %g",
          name, v, epochs.v[i - 1]);
  }
  return OK;
}

typedef struct {
  Kind head;
  /* Element i is keyed by (seed, RNG_INIT, block, i / 4) or pairs of draws: never by order. */
  void (*fill)(const void *config, int fan_in, int fan_out, uint64_t seed, uint32_t block, size_t n,
               Real *w);
} NnInitialiserKind;

typedef struct NnMetricKind {
  Kind head;
  bool matrix;   /* its counts are what it measures; value is NULL */
  bool minimize; /* less is better */
  /* Does it apply to m->targets? Sets n_counts, n_numbers, n_sums. E_SHAPE. */
  Status (*plan)(NnMetric *m, Err *e);
  void (*rows)(NnMetric *m, const NnPredictions *p);
  double (*value)(NnMetric *m);
  const char *(*name)(Arena *a, const void *config); /* NULL: the kind's */
} NnMetricKind;

struct NnMetric {
  const NnMetricKind *kind;
  const void *config;
  NnTargets targets;
  int d;          /* outputs of the model */
  int64_t n_rows; /* most that are fed */
  /* set by kind->plan */
  size_t n_counts, n_numbers, n_sums;
  /* set by nn_metric_open, zero at start */
  int64_t *counts; /* (n_counts) */
  double *numbers; /* (n_numbers) */
  SumTree *sums;   /* (n_sums) */
  int64_t fed;     /* rows; counted after kind->rows */
};

/* The kind compiled for a level (nn/registry.c); a kind of no registry is its own. */
const NnLayerKind *nn_layer_at(const Kind *kind, CpuLevel level);
const NnLossKind *nn_loss_at(const Kind *kind, CpuLevel level);
const NnOptimizerKind *nn_optimizer_at(const Kind *kind, CpuLevel level);
const NnOpKind *nn_op_at(const Kind *kind, CpuLevel level); /* of nn_ops */

#endif
