/*
 * nn: numbers. A graph of ops with reverse-mode differentiation over flat vectors of weights and
 * gradients; layers, losses, optimizers, schedules, initialisers; the training step.
 *
 * Knows no MPI, YAML, HDF5, files, clock, environment, stdio or global state. The library is built
 * twice: `nn` with Real = float, `nn_f64` with Real = double (gradients are checked there).
 *
 * Life of a model:
 *   nn_graph_new, nn_graph_add .., nn_graph_loss   shapes are checked; may fail because of the user
 *   nn_model_new                                   plan: sizes known, nothing big allocated
 *   nn_model_open                                  one block of memory for everything; may fail
 *   nn_model_init                                  weights from a seed, or nn_model_vector
 *   nn_model_step, nn_model_evaluate, ..           cannot fail, allocate nothing, call no system
 * All matrices are row-major, batch first: (rows, features).
 */
#ifndef CAVIAR_NN_H
#define CAVIAR_NN_H

#include "base/arena.h"
#include "base/cpu.h"
#include "base/param.h"

#ifdef NN_F64
typedef double Real;
#else
typedef float Real;
#endif

/* The registries; every Kind in them is the head of a larger struct private to nn (nn/kinds.h). */
extern const Registry nn_layers, nn_losses, nn_optimizers, nn_schedules, nn_initialisers,
    nn_metrics;
/* The layers that `activation: relu` may name (rows NN_ACTIVATION of nn/layers.def: shape kept, no
 * required parameter). They are in nn_layers too. */
extern const Registry nn_activations;
/* Layers of several inputs (rows NN_JOIN): where branches of a graph come together. Not in
 * nn_layers: an experiment file says `residual:` and `concatenate:` instead. */
extern const Registry nn_joins;

/* ---- the team: shards of a batch, and who computes them -------------------------------------- */

typedef enum {
  NN_SUM_REAL, /* v: n Real, elementwise sum */
  NN_SUM_F64,  /* v: n double, elementwise sum */
  NN_MOMENTS,  /* v: n Real = 1 + 2 d: count, mean[d], M2[d]; merged by Chan et al. 1983 */
} NnReduce;

/*
 * Of a batch of m rows, shard k is rows floor(k m / V) to floor((k + 1) m / V), V = n_shards, a
 * power of two. This rank computes shards first_shard .. first_shard + n_local - 1, an aligned
 * subtree. nn sums the local shards itself, over the fixed tree of base/sum.h, and then calls
 * reduce with that subtotal; reduce replaces it by the total over all ranks of the team, in the
 * same tree shape. With one rank n_local == n_shards and reduce leaves v alone. Collective on the
 * team.
 */
typedef struct NnTeam {
  int n_shards, first_shard, n_local;
  void *ctx;
  void (*reduce)(void *ctx, NnReduce kind, void *v, size_t n);
  /* As reduce with NN_SUM_REAL, but only this rank's part of v, elements *first .. *first + *count,
   * need be right afterwards. The parts of all ranks cover v; the same n gives the same parts. */
  void (*reduce_part)(void *ctx, Real *v, size_t n, size_t *first, size_t *count);
  /* v cut as by reduce_part: every rank brings its part and gets the others'. Parts may overlap (a
   * short v: each is all of it); all who have an element then bring the same bits. */
  void (*gather_parts)(void *ctx, Real *v, size_t n);
  void (*tick)(void *ctx); /* called between layers: a chance to serve messages */
} NnTeam;

NnTeam nn_team_solo(int n_shards); /* all shards here; reduce and tick do nothing */

/* left = left and right together; n = 1 + 2 d as for NN_MOMENTS. A side of count 0 adds nothing.
 * What a reduce must use. */
void nn_moments_merge(Real *left, const Real *right, size_t n);

/* The rows of an m-row batch that this rank computes: [*first, *first + *count). */
void nn_team_rows(const NnTeam *t, int m, int *first, int *count);

/* ---- the graph ------------------------------------------------------------------------------- */

typedef struct NnGraph NnGraph;

/* What the targets of a batch are: a class a row (int32), or numbers (rows, n). */
typedef struct {
  int n_classes; /* 0: no class labels */
  int n_values;  /* 0: no numeric targets */
} NnTargets;

#define NN_INPUT (-1)       /* the id of the data itself */
enum { NN_MAX_INPUTS = 8 }; /* that one node may read */

/* Lives in `a` with everything added to it. */
NnGraph *nn_graph_new(Arena *a, int n_features, NnTargets targets);

/*
 * Adds a layer that reads `inputs` (ids of earlier nodes or NN_INPUT). `config` is the struct that
 * kind->params describe; it and `path` ("hidden.0.dense", used in errors and as the name of the
 * weights) must outlive the graph. `units: classes` (config word -1) becomes targets.n_classes.
 * Errors: E_SHAPE, starting with the path.
 */
MUST_CHECK Status nn_graph_add(NnGraph *g, const Kind *kind, const void *config, const char *path,
                               const int *inputs, int n_inputs, int *id, Err *e);

/* Features of the output of node `id`, or of the data (NN_INPUT). */
int nn_graph_features(const NnGraph *g, int id);

/* The loss on node `id`; once. */
MUST_CHECK Status nn_graph_loss(NnGraph *g, const Kind *kind, const void *config, int id, Err *e);

/* Lets a layer settle a parameter that depends on its successor (dense: `bias: auto`). Changes
 * config to what is meant; the resolved experiment then says it. `next` is the kind of all that
 * read its output; NULL where their kinds differ, or the loss reads it. */
void nn_layer_resolve(const Kind *kind, void *config, const Kind *next);

/* True if the kind normalises over the rows of a batch (batch_norm): such a batch needs two rows.
 */
bool nn_layer_couples_rows(const Kind *kind);
/* True if it does so within each shard (`batch_norm: {sync: false}`): then the result depends on the
 * number of shards, though never on who computes them. */
bool nn_layer_is_by_shard(const Kind *kind, const void *config);

/* What the parameters of a loss ask of the targets: one weight a class. E_SHAPE; *place: where. */
MUST_CHECK Status nn_loss_check(KindValue loss, NnTargets targets, ParamPlace *place, Err *e);
/* True if the loss is `class_weights: balanced`: then a training needs NnOptions.class_rows. */
bool nn_loss_is_balanced(KindValue loss);

/* True if a loss tells right predictions from wrong ones: then there is a <part>_accuracy. */
bool nn_loss_counts_correct(const Kind *loss);

/* ---- the model ------------------------------------------------------------------------------- */

typedef struct NnModel NnModel;

/*
 * What a step does besides the optimizer's own rule, in this order; 0: not. "Matrices" are the
 * weights of dense and its like, not biases, gamma or beta.
 */
typedef struct {
  double l1, l2;     /* J += l1 sum |w| + l2 / 2 sum w^2 over the matrices: part of the gradient */
  double clip_value; /* then every element of the gradient is cut to at most this, either sign, */
  double clip_norm;  /* then all of it is scaled so that its norm is at most this */
  double max_norm;   /* after the update, a column of a matrix (what goes into one unit) likewise */
} NnRules;

typedef struct {
  int batch_rows; /* most rows in a training batch, over the whole team */
  int eval_rows;  /* rows of an evaluation chunk (a constant of the caller) */
  NnTeam team;
  CpuLevel cpu;        /* cpu_level(), or lower to force a version */
  const char *gemm;    /* "openblas" */
  KindValue optimizer; /* NULL kind: no training, evaluation only */
  NnRules rules;
  int accumulate;           /* most batches to a step; 0 or 1: one */
  const double *class_rows; /* (n_classes) of the training part, for a balanced loss; else NULL */
} NnOptions;

/* Plans a model; small things go to `a`, the graph must outlive it. Errors: E_SHAPE. */
MUST_CHECK Status nn_model_new(Arena *a, const NnGraph *g, const NnOptions *options,
                               NnModel **model, Err *e);
/* Bytes that nn_model_open will take. */
size_t nn_model_bytes(const NnModel *m);
/* Lays the model out in one block inside `numbers` (made here, freed by arena_free). E_MEMORY. */
MUST_CHECK Status nn_model_open(NnModel *m, Arena *numbers, Err *e);

/* Fresh weights, statistics and optimizer state, keyed by the trial's seed (also keys dropout). */
void nn_model_init(NnModel *m, uint64_t seed);

/* This rank's buffers for the next batch, to be filled by the caller before step or evaluate:
 * x (rows, n_features); labels (rows) or values (rows, n_values), whichever nn_model_targets says
 * (the loss decides: class labels are one-hot encoded by the caller where it wants values). */
typedef enum { NN_TARGET_LABELS, NN_TARGET_VALUES } NnTargetForm;
NnTargetForm nn_model_target_form(const NnModel *m, int *n_values);
Real *nn_model_x(NnModel *m);
int32_t *nn_model_labels(NnModel *m);
Real *nn_model_values(NnModel *m);

/* Sums over the rows of a batch (all ranks); means are these divided by rows. */
typedef struct {
  double loss;    /* sum of the rows' losses; not finite: the trial has diverged */
  double correct; /* rows whose prediction is right; -1 where the loss has no such notion */
  double rows;
} NnScore;

/* Which rows these are: keys dropout. Position of the batch's first row in the epoch's order. */
typedef struct {
  uint32_t epoch;
  uint64_t position;
} NnPlace;

/*
 * One training step on an m-row batch (m over the whole team, <= batch_rows): nn_model_batch, then
 * nn_model_update unless score->loss is not finite. Collective on team.
 */
void nn_model_step(NnModel *m, int rows, NnPlace place, double learning_rate, NnScore *score);

/*
 * A step of several batches (options.accumulate): nn_model_batch for each, in order, then
 * nn_model_update. Every batch is normalised by its own statistics and reduced by itself; the
 * gradients add up in order to that of the mean loss over step_rows, the rows of all of them. The
 * score is that of this batch. After a loss that is not finite the step is not to go on. Collective
 * on team: one reduce_part, or reduce, of the gradient and one NN_SUM_F64, of the score.
 */
void nn_model_batch(NnModel *m, int rows, int step_rows, bool first, NnPlace place, NnScore *score);

/*
 * The update alone: options.rules and the optimizer on what nn_model_vector(NN_GRADIENTS) holds.
 * Collective on team: after nn_model_batch a rank has the gradient of its part alone (reduce_part),
 * updates that part of the weights and of the optimizer's state, and gets the others' weights.
 * Their state stays old here. With clip_norm or max_norm, which look at all weights at once, every
 * rank has the whole gradient and updates everything.
 */
void nn_model_update(NnModel *m, double learning_rate);

/* Makes the optimizer's state whole on every rank: before somebody reads it (a checkpoint, a rank
 * that joins) and before nn_model_set_team. Collective on team. */
void nn_model_gather_state(NnModel *m);

/*
 * Another team from the next step on, between two steps: as many shards, and here an aligned
 * subtree of no more of them than options.team had. Parts are others then, so the state must have
 * been gathered in the old team. A rank that joins plans its model for the new team and takes over
 * weights, statistics and state (nn_model_vector), counts (nn_model_set_counts) and the seed
 * (nn_model_set_seed). Not collective.
 */
void nn_model_set_team(NnModel *m, const NnTeam *team);

/*
 * From the next step on the numbers of `as` (learning rate, decay, rules, rates of dropout ..):
 * weights, statistics, the optimizer's state and counts stay. `as` is planned like m, for the team
 * that m was planned for, and never opened; its configs must outlive m. The check: are kinds, shapes
 * and memory the same? E_SHAPE. Retuning then cannot fail. In a team the state must have been gathered
 * before (rules may change whose part is whose). Not collective.
 */
MUST_CHECK Status nn_model_check_retune(const NnModel *m, const NnModel *as, Err *e);
void nn_model_retune(NnModel *m, const NnModel *as);

/* What options.rules adds to J: l1 sum |w| + l2 / 2 sum w^2 over the matrices. */
double nn_model_penalty(const NnModel *m);

/* The parts of a step, for tests: forward in training mode and backward into the gradient, whole on
 * every rank. Collective on team. */
void nn_model_gradient(NnModel *m, int rows, NnPlace place, NnScore *score);

/* Forward in test mode on `rows` <= eval_rows rows of this rank alone; score may be NULL (then no
 * targets are needed). Not collective. */
void nn_model_evaluate(NnModel *m, int rows, NnScore *score);

/* After evaluate: (rows, n) predictions behind the loss's link (softmax, sigmoid, identity). */
const Real *nn_model_output(const NnModel *m, int *n);

/* The nodes of the graph in order: what was added as id i, under its path. */
int nn_model_n_nodes(const NnModel *m);
const char *nn_model_node_path(const NnModel *m, int i);
const Kind *nn_model_node_kind(const NnModel *m, int i);

/*
 * Forward in test mode on `rows` <= eval_rows rows, as nn_model_evaluate without its loss. `see` is
 * called for each input of each node, x (rows, d), just before that node's forward, and once with
 * node = n_nodes for the output that the loss reads. Buffers share memory: x is good only during
 * the call. Changes nothing that training uses. Not collective.
 */
void nn_model_observe(NnModel *m, int rows,
                      void (*see)(void *ctx, int node, int input, const Real *x, int rows, int d),
                      void *ctx);

/*
 * Exact statistics: layers with `statistics: exact` take for test time the mean and variance of the
 * whole training set with the weights as they are (Ioffe & Szegedy 2015, algorithm 2, lines 7 to
 * 11; biased variance). One layer after the other, so that each sees what comes out of the earlier
 * ones with their exact statistics:
 *
 *   for k = 0 .. n_exact - 1:
 *     width = nn_model_exact_begin(m, k);
 *     for each part of the training set, parts (width):
 *       for each chunk of its rows: fill x; nn_model_exact_rows(m, rows);  rows <= eval_rows
 *       nn_model_exact_part(m, part);
 *     moments_tree(parts, n_parts, width / 2);
 *     nn_model_exact_end(m, parts);
 *
 * exact_rows is a forward in test mode that stops before layer k. Parts are of 2^j chunks each, the
 * last may have fewer, and anyone may compute any of them: moments are in f64 and merged over the
 * tree of base/sum.h, so the bits depend on the chunks alone. exact_end changes NN_STATISTICS and
 * nothing else. Not collective.
 */
int nn_model_n_exact(const NnModel *m);
/* Doubles of a part for the widest layer: count, mean, M2; 0: no layer wants them. */
size_t nn_model_exact_width(const NnModel *m);
size_t nn_model_exact_begin(NnModel *m, int k);
void nn_model_exact_rows(NnModel *m, int rows);
void nn_model_exact_part(NnModel *m, double *part);
void nn_model_exact_end(NnModel *m, const double *moments);

/* Flat vectors: all that a checkpoint needs, besides the two counts. */
typedef enum { NN_WEIGHTS, NN_GRADIENTS, NN_STATISTICS, NN_OPTIMIZER_STATE } NnVector;
Real *nn_model_vector(NnModel *m, NnVector which, size_t *n);
uint64_t nn_model_updates(const NnModel *m); /* optimizer steps taken: the t of Adam */
uint64_t nn_model_batches(const NnModel *m); /* training batches seen: the t of batch norm */
void nn_model_set_counts(NnModel *m, uint64_t updates, uint64_t batches);
void nn_model_set_seed(NnModel *m, uint64_t seed); /* keys dropout after a restore */

/* The named blocks of NN_WEIGHTS and NN_STATISTICS, in order. */
typedef struct {
  const char *path, *name; /* "hidden.0.dense", "w" */
  NnVector vector;         /* NN_WEIGHTS or NN_STATISTICS */
  int rows, cols;          /* cols 1 for a vector */
  bool decays;             /* a matrix in the sense of NnRules */
  size_t offset;           /* in Real */
} NnBlock;
int nn_model_n_blocks(const NnModel *m);
const NnBlock *nn_model_block(const NnModel *m, int i);

/* ---- schedules ------------------------------------------------------------------------------- */

/* The learning rate of an epoch (from 1) out of n_epochs. E.g. inverse_time: a0 / (1 + rate *
 * epoch). */
double nn_schedule_rate(KindValue schedule, double learning_rate, int64_t epoch, int64_t n_epochs);
/* True if its rates are its own (table): learning_rate has no part in them. */
bool nn_schedule_is_absolute(const Kind *schedule);
/* The base learning rate of an optimizer's config. */
double nn_optimizer_learning_rate(KindValue optimizer);

/* ---- metrics ---------------------------------------------------------------------------------
 */

/*
 * A number (or a matrix of counts) of rows that were predicted: a pure function of the rows in
 * their order, however they were cut into chunks.
 *
 *   nn_metric_new      does it apply? E_SHAPE. Small things go to `a`, which config must outlive
 *   nn_metric_open     its memory; on a measuring arena too
 *   nn_metric_start, nn_metric_rows .., nn_metric_value     cannot fail, allocate nothing
 */
typedef struct NnMetric NnMetric;

/* Rows of a part and what a model predicted for them. Of class targets either labels, or values as
 * the loss wants them (one-hot; 0 or 1 where one output tells two classes apart). */
typedef struct {
  int rows, d;           /* d outputs of the model */
  const Real *p;         /* (rows, d) behind the loss's link */
  const int32_t *labels; /* (rows) or NULL */
  const Real *values;    /* (rows, d) or NULL */
} NnPredictions;

/* Of the last nn_model_evaluate with targets, whose rows these are. */
NnPredictions nn_model_predictions(const NnModel *m, int rows);

/* For at most n_rows rows of a model with d outputs. */
MUST_CHECK Status nn_metric_new(Arena *a, KindValue metric, NnTargets targets, int d,
                                int64_t n_rows, NnMetric **out, Err *e);
void nn_metric_open(NnMetric *m, Arena *numbers);
void nn_metric_start(NnMetric *m);
void nn_metric_rows(NnMetric *m, const NnPredictions *rows);
/* Of all rows since start; NaN where it is not defined (auc of one class). Not for a matrix. */
double nn_metric_value(NnMetric *m);
/* A matrix's counts (C, C), rows the true classes, columns the predicted ones; NULL: not one. */
const int64_t *nn_metric_matrix(const NnMetric *m);

/* What it is called in the record: "f1", "top_5", "recall_macro". */
const char *nn_metric_name(Arena *a, KindValue metric);
bool nn_metric_is_matrix(const Kind *metric);
bool nn_metric_maximize(const Kind *metric); /* is more better? */

#endif
