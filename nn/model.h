/*
 * The inside of graphs and models; private to graph.c and model_*.c.
 *
 * Memory of a model, in one fixed arena: the flat vectors (weights, gradient, optimizer state,
 * statistics), the batch (x, targets), what nodes keep, scratch, and one region of activations. The
 * region is cut into slots by a plan made once: a slot is a buffer of (rows, d) whose users do not
 * overlap in time. Training and evaluation have a plan each and share the region.
 */
#ifndef CAVIAR_MODEL_H
#define CAVIAR_MODEL_H

#include "base/moments.h"
#include "kinds.h"
#include "vector.h"

typedef struct {
  const Kind *kind;
  const void *config;
  const char *path;
  int inputs[NN_MAX_INPUTS], n_inputs;
  int d;
  bool trained; /* weights here or before */
} NnGraphNode;

struct NnGraph {
  Arena *arena;
  int n_features;
  NnTargets targets;
  NnGraphNode *nodes; /* inputs before readers */
  int n, capacity;
  const Kind *loss; /* NULL: not yet */
  const void *loss_config;
  int output; /* the node that the loss reads */
  NnTargetForm form;
  int n_values; /* width of the targets, where form is NN_TARGET_VALUES */
};

/* Plans the node: everything in NnNode that kind->plan sets. */
MUST_CHECK Status nn_graph_plan_node(const NnGraph *g, int id, NnPlan *p, const NnLayerKind *kind,
                                     NnNode *n, Err *e);

/* ---- slots (model_slots.c) ------------------------------------------------------------------- */

typedef struct {
  int d;         /* features of the widest user */
  int users;     /* now, while planning */
  size_t offset; /* in Real, from the start of the region */
} NnSlot;

enum { NN_NO_SLOT = -1 };

/* Where the buffers of a node lie. NN_NO_SLOT: there is none. */
typedef struct {
  int y, gy, saved_rows;
  int gx[NN_MAX_INPUTS];
  bool adds[NN_MAX_INPUTS]; /* gx[i] is a slot of its own, added to the input's gy afterwards */
  bool wants_gradient;      /* weights here or before: backward is called */
} NnBuffers;

typedef struct {
  NnBuffers *nodes;
  int predictions; /* slot of p */
  NnSlot *slots;
  int n_slots;
  size_t size; /* Real in the region */
} NnSlotPlan;

NnSlotPlan nn_slots_train(Arena *a, const NnGraph *g, const NnNode *nodes, int rows);
NnSlotPlan nn_slots_eval(Arena *a, const NnGraph *g, const NnNode *nodes, int rows);

/* ---- the model ------------------------------------------------------------------------------- */

/* Test mode on `rows` rows of this rank alone; start (2) is filled and must outlive the step. */
NnStep nn_step_test(const NnModel *m, int rows, int *start);

/* Neighbouring weights: blocks that are alike, of matrices or of none; or a rank's part. */
typedef struct {
  size_t offset, n;
  bool decays;
} NnRun;

/* Sets train_loss and eval_loss (model_loss.c); copies go to `a`. */
MUST_CHECK Status nn_model_plan_loss(Arena *a, NnModel *m, Err *e);

struct NnModel {
  const NnGraph *graph;
  NnOptions options;
  NnTeam solo; /* evaluation's */
  const NnGemm *gemm;
  const NnVectorKernel *vector;
  const NnLossKind *loss;
  const void *train_loss, *eval_loss; /* configs of the loss: class weights as numbers; plain */
  const NnOptimizerKind *optimizer;   /* NULL: evaluation only */
  int n_nodes;
  NnNode *train,
      *eval; /* (n_nodes) the same weights, other buffers; train NULL without optimizer */
  NnSlotPlan train_slots, eval_slots;
  int train_rows; /* most rows of this rank in a training batch */
  size_t n_weights, n_statistics, scratch;
  NnBlock *blocks;
  int n_blocks;
  int *exact;           /* (n_exact) nodes whose statistics are exact ones */
  int n_exact, exact_d; /* the widest input of theirs */
  NnRun *runs;          /* they cover the weights */
  int n_runs;
  size_t bytes;

  /* set by layout */
  Real *weights, *state, *statistics;
  Real *gradient;       /* of the step: what the update reads */
  Real *batch_gradient; /* where backward writes: the same, unless batches accumulate */
  Real *x, *values;
  int32_t *labels;
  Real *predictions; /* of the last evaluation */
  Real *step_scratch;
  int *start;      /* (n_local + 1) */
  NnScore *scores; /* (n_local) */
  double *moments; /* (moments_size(exact_d)) */

  NnNode *exact_now; /* between exact_begin and exact_end */
  Moments exact_moments;

  NnRun own; /* the part of the gradient that is right here, and that update is for */
  uint64_t seed, updates, batches;
};

/* True if a rule looks at all weights at once: every rank then updates everything. */
static inline bool nn_model_updates_all(const NnModel *m) {
  return m->options.rules.clip_norm > 0 || m->options.rules.max_norm > 0;
}

#endif
