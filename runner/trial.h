/*
 * A trial: one training of one resolved experiment, and what came of it.
 *
 * trial_run is a pure function of the trial's Spec and the data: no rank, no clock but for the
 * timings, no order. Its Result travels as JSON text: over MPI, into the journal, out of `show
 * --json`.
 */
#ifndef CAVIAR_TRIAL_H
#define CAVIAR_TRIAL_H

#include "data.h"
#include "measure.h"
#include "spec.h"
#include "stopper.h"
#include "team.h"

/* Changes when the same experiment would give other bits: kernels' definition, samplers, random
 * numbers, generators. Part of the digest; runs and checkpoints of another one are not continued. */
#define TRIAL_NUMERICS "caviar numerics 1"

typedef enum { TRIAL_COMPLETED, TRIAL_DIVERGED, TRIAL_FAILED } TrialStatus;
extern const char *const trial_status_names[]; /* "COMPLETED", "DIVERGED", "FAILED" */

/* One row per epoch; columns in the order of `names`: train_loss, train_accuracy, validation_loss,
 * validation_accuracy, penalty (with l1 or l2: what they add to J when the epoch ends),
 * learning_rate (what the loss and the parts give). */
typedef struct {
  const char **names;
  int n_names, n_epochs;
  double *values; /* (n_epochs, n_names) */
} Curves;

/* With `records: {activations: percentiles}`: percentiles of what each activation layer reads, a
 * row an epoch, as the curves. n_layers 0: not recorded. No part of the digest. */
enum { ACTIVATIONS_ALL, ACTIVATIONS_FIRST_UNIT, ACTIVATIONS_OF };
typedef struct {
  const double *percentiles; /* (n_percentiles) "15", .. */
  const char **paths;        /* (n_layers) "hidden.0.sigmoid" */
  int n_percentiles, n_layers, n_epochs;
  double *values; /* (n_epochs, n_layers, ACTIVATIONS_OF, n_percentiles) */
} Activations;
double *trial_activation(const Activations *x, int epoch, int layer, int of, int percentile);

/* A trained parameter of a cost. */
typedef struct {
  const char *name;
  bool is_list; /* [5], not 5 */
  int n;
  const float *values; /* (n) */
} TrialParameter;

/* Ranks that trained a trial from that step (updates done) on, place by place. */
typedef struct {
  int64_t step;
  int n;
  const int *ranks; /* (n) */
} TrialTeam;
enum { TRIAL_TEAMS = 12 }; /* a team doubles at least; 2^10 is the largest */

/* Its point's trials, where search.repeats is above 1. */
typedef struct {
  int64_t point, n, of; /* number of the point; so many are finished, of so many */
  double mean, sd;      /* of the metric; NaN: one has none */
} TrialRepeats;
/* Where a training stands between two steps. */
typedef struct {
  int64_t updates;                        /* done, */
  int64_t epoch;                          /*   of which whole epochs */
  int64_t steps_per_epoch, steps, epochs; /* of the whole training */
} TrialPlace;

typedef struct {
  int64_t number;
  int64_t seed;
  TrialStatus status;
  const char *point; /* flow YAML of the point: {"path": value, ...}; "" without search */
  Curves curves;
  Activations activations;
  int64_t chosen_epoch; /* the epoch whose weights and metrics count (metric.at), from 1; 0: none */
  double metric;        /* search.metric there; NaN unless COMPLETED */
  bool stopped_early;   /* by train.early_stopping, before the last epoch */
  bool terminated;      /* by limits that other trials set (search.early_terminate) */
  bool has_parent;      /* of a population: it went on with the training of trial `parent`, */
  int64_t parent;       /*   and its point is what its last epochs were trained by (lineage.h) */
  Confusion confusion;  /* of the validation part at the chosen epoch; n 0: not asked for */
  Confusion test_confusion; /* of the test part; put in by who shows the chosen trial */
  TrialRepeats repeats;     /* likewise; n 0: not shown */
  int64_t diverged_step;    /* from 1; 0: did not */
  char weights[HASH_HEX];   /* hash of weights and statistics; "" unless COMPLETED */
  const char *error;        /* FAILED: why; else NULL */
  bool again; /* FAILED first: methods and rules know that of it (history.h); not in its JSON */
  /* Of a cost: its parameters at the chosen epoch, none unless COMPLETED; which part of it was not
   * finite and why, if DIVERGED. */
  const TrialParameter *parameters;
  int n_parameters;
  const char *reason;
  int64_t n_weights, multiply_adds; /* of a model; 0: unknown. They follow from the point */
  double seconds;                   /* outside the digest, */
  int rank;                         /*   as is this, */
  const char *host;
  const double *objectives; /* of a result that was read without its curves: what they say of each
                               objective, where there are several; else NULL */
  const TrialTeam *teams;   /* (n_teams) and who trained with it; n_teams 0: that rank alone */
  int n_teams;
  TrialPlace place; /* of one that was stopped (E_STOPPED): where; not in its JSON */
} TrialResult;

/* What the caller is told and may ask for while a trial runs; every member may be NULL. */
typedef struct {
  void *ctx;
  void (*tick)(void *ctx); /* between mini-batches and layers: serve messages */
  /* This rank begins, or joins, with `done` epochs over. */
  void (*begin)(void *ctx, int64_t number, int64_t done, int64_t n_epochs);
  void (*epoch)(void *ctx, int64_t number, int64_t done, int64_t n_epochs); /* one more is over */
  void (*growing)(void *ctx); /* place 0: team->grow comes next; */
  void (*grown)(void *ctx);   /*   and the team's size is what came of it, larger or not */
  bool (*stop)(void *ctx);    /* true: save a checkpoint and return E_STOPPED */
  /* Training is over, r says how: is the finished checkpoint worth a file? (NULL: yes.) False for a
   * trial that cannot be among the best `checkpoint.keep_trials`; one of it that is there is then
   * removed. */
  bool (*keep)(void *ctx, const TrialResult *r);
} TrialHooks;

typedef struct {
  const RunData *data;
  CpuLevel cpu;
  const char *checkpoint_dir; /* NULL: no checkpoints */
  const char *output_dir;     /* for what commands write; NULL: it is not kept */
  TrialHooks hooks;
  Team *team;      /* that trains it; NULL: this rank alone */
  int64_t stop_at; /* the leg that is to be trained ends with this epoch; 0: with the training */
  const double *limits; /* (n_limits) StopperLimits: the trial ends where it is worse; NULL: none */
  int n_limits;
  bool has_parent; /* then, without a checkpoint of its own, it goes on from that of: */
  int64_t parent;  /*   this trial, whose training is the same so far */
} TrialEnv;

/* Trains; collective on env->team, of which place 0 gets the result (the others' has no curves).
 * A rank that joins a team enters here too. A checkpoint of this very trial in checkpoint_dir is continued, a finished one gives its
 * result; any other is passed over with a warning. point, rank and host of the result are the
 * caller's to fill. What trial_plan refuses, E_MEMORY, E_STOPPED (after a checkpoint); a diverged
 * loss is a result, and a checkpoint that cannot be written a warning. */
MUST_CHECK Status trial_run(Arena *a, const TrialEnv *env, const Spec *trial, int64_t number,
                            TrialResult *out, Err *e);

/* Updates of an epoch of so many training rows; 0: too few. Of a model. */
int64_t trial_updates_of_epoch(const Spec *trial, int64_t rows);

enum { EVAL_ROWS = 256 }; /* rows of an evaluation chunk; a constant, for bits depend on it */

struct EpochMeasures;
/* Gives a column of the curves its value at the end of an epoch; see trial_columns.c. */
typedef double ColumnValue(const struct EpochMeasures *m);

/* What a training will be, known before its first step. */
typedef struct {
  int batch_rows;          /* rows of a full mini-batch */
  int accumulate;          /* mini-batches to an update; the last of an epoch may have fewer */
  int64_t batches;         /* of an epoch; the left-over rows are one where they are used */
  int64_t steps_per_epoch; /* updates */
  int64_t warmup_steps;    /* updates during which the learning rate rises; 0: none */
  int64_t step_rows;       /* of an update that has all its mini-batches */
  double rate_scale;       /* of the learning rate: step_rows / train.base_batch_size; else 1 */
  int64_t dropped_rows;    /* left-over, in no batch: drop_last, or a row alone for batch norm */
  int64_t epochs, steps; /* of the whole training; with train.steps the last epoch may be partial */
  int metric_column;     /* search.metric in the curves */
  const char **names;    /* (n_names) columns of the curves, */
  ColumnValue **values;  /*   and what fills them; NULL: the next one of measure, */
  int n_names;
  Measure measure;         /*   the metrics of the list, of the validation part */
  Activations activations; /* what will be recorded; no values yet */
  int *activation_nodes;   /* (activations.n_layers) in the graph */
  size_t n_parameters;     /* weights */
  size_t multiply_adds;    /* of the weight matrices on one row, forward; 0: no model */
  size_t n_statistics;
  size_t buffer_bytes; /* of the trial's own buffers */
  size_t bytes;        /* of those, the model, its optimizer and a checkpoint in the making */
  NnTeam team;
  NnModel *model;   /* planned, not opened */
  NnModel **edited; /* (trial->n_edits) the same with the numbers of each edit, never opened */
  struct CostGraph *cost; /* NULL: a model */
} TrialPlan;

/* Everything that can be wrong with a trial on this data: shapes, a batch larger than the training
 * part, a metric that nothing measures. E_SPEC, E_SHAPE (then also in `d`). Small things go to `a`.
 */
MUST_CHECK Status trial_plan(Arena *a, const TrialEnv *env, const Spec *trial, Diag *d,
                             TrialPlan *out, Err *e);

/* The learning rate of update t (from 1), which belongs to that epoch: the schedule's, with
 * train.base_batch_size times plan.rate_scale, and during W warm-up steps t/W of that. Goyal et al.
 * 2017, arXiv:1706.02677: the linear scaling rule, section 2.1; gradual warm-up, section 2.2 (there
 * from the unscaled rate on, here from 0). */
double trial_rate(const Spec *s, const TrialPlan *p, int64_t epoch, uint64_t t);

/* What a model came to on a part: sums over its rows, and the metrics of the list. */
typedef struct {
  NnScore score;
  Metrics metrics;
} TrialTest;

/* The trial with that checkpoint on the data's test part. E_DATA, E_IO. */
MUST_CHECK Status trial_test(Arena *a, const TrialEnv *env, const char *checkpoint, TrialTest *out,
                             Err *e);

/* checkpoint_dir/trial-000017.h5, and of a running trial the one before it, trial-000017.previous.h5 */
char *trial_checkpoint_path(Arena *a, const char *checkpoint_dir, int64_t number);
char *trial_checkpoint_previous(Arena *a, const char *checkpoint_dir, int64_t number);
/* Of which trial a file of such a name is; -1: it has another name. */
int64_t trial_checkpoint_number(const char *name, bool *previous);
/* Both; not there: fine. E_IO. */
MUST_CHECK Status trial_checkpoint_remove(const char *checkpoint_dir, int64_t number, Err *e);

/* The key "point", and "point_yaml" where it says more; `text` as plan.h has it. Scratch in `a`. */
void trial_write_point(Arena *a, JsonWriter *j, const char *text);
void trial_write_json(const TrialResult *r, Str *out);
void trial_write_value(JsonWriter *j, const YamlNode *n); /* of a point: typed as YAML has it */
void trial_write_teams(const TrialResult *r, Str *out);   /* its teams alone, a list */
/* Copies into `a`. E_DATA. */
MUST_CHECK Status trial_read_json(Arena *a, const JsonValue *v, TrialResult *out, Err *e);

/*
 * Curves are nearly all of a result's text, and few who read it look at them. trial_brief_text finds
 * them by the form that trial_write_json gives them, without looking at the numbers, and writes the
 * text (a result, or an object that holds one) with null in their place. False: it has no such form.
 * What comes of it counts only if it can be parsed and the result in it is brief; else whatever was
 * taken out was not the curves, and the whole text is to be read.
 */
bool trial_brief_text(const char *json, size_t n, Str *out);
bool trial_is_brief(const JsonValue *result);
/* All but the curves, of which only n_epochs is set. */
MUST_CHECK Status trial_read_brief_json(Arena *a, const JsonValue *v, TrialResult *out, Err *e);

/* Is x the better metric? Any number is better than NaN; equal is not better. */
bool trial_better(double x, double y, bool maximize);

/* The column `name` of its curves. */
StopperCurve trial_metric_curve(Arena *a, const TrialResult *r, const char *name);

/* Order of the leaderboard: < 0 if a is better. Best metric first; DIVERGED, then FAILED last; ties
 * to the lower number. */
int trial_compare(const TrialResult *a, const TrialResult *b, bool maximize);

#endif
