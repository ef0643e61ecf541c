/*
 * A training in progress; private to runner/trial*.c and objective_replay.c, which watches a metric.
 *
 * `progress` is all that changes besides the model's vectors and the best weights: what a
 * checkpoint stores and a resumed trial goes on with. It may stand inside an epoch: `batch`
 * updates of epoch + 1 are done and `running` holds their sums, so a resumed trial gives the
 * bits of an undisturbed one wherever it stopped.
 */
#ifndef CAVIAR_TRIAL_STATE_H
#define CAVIAR_TRIAL_STATE_H

#include "trial.h"

typedef struct {
  int64_t epoch;      /* epochs completed */
  int64_t batch;      /* updates done of the next one: mini-batches, or groups of them */
  NnScore running;    /* their sums */
  int64_t best_epoch; /* metric.at best: from 1; 0: none yet */
  double best_metric;
  int64_t best_batches; /* training batches until then: the t of its statistics */
  double watched;       /* train.early_stopping: the metric to beat; NaN: none yet. Both follow */
  int64_t stale;        /*   from the curves: epochs since without a better one */
  double seconds;       /* of training, up to the checkpoint that was continued */
} TrialProgress;

/*
 * An evaluation of a part of the data, EVAL_ROWS rows at a time: `at_once` chunks are cut among the
 * members of the team, then place 0 gets what came of them.
 */
typedef struct {
  const RunData *data;
  Part part;
  const Measure *measure;
  size_t chunks, at_once;
  double *sums;      /* (chunks, 2) loss, correct */
  Real *predictions; /* (at_once, EVAL_ROWS, d) for measure; NULL: it is empty */
  int d;             /* outputs of the model */
} Evaluation;

/* All that a training needs besides the model, laid out before the first step. */
typedef struct {
  uint32_t *order; /* (training rows) of the epoch */
  Evaluation validation;
  double *exact;       /* (trial_exact_size) for trial_exact_statistics */
  double *curves;      /* (epochs, n_names) */
  double *activations; /* (epochs, trial_activations_width); NULL: not recorded */
  int64_t *confusion;  /* (C, C) of the chosen epoch so far; NULL: not asked for */
  Real *best;          /* weights, then statistics, of best_epoch; NULL unless metric.at is best */
} TrialBuffers;

typedef struct {
  const TrialEnv *env;
  const Spec *spec;  /* that the updates at present go by: `trial` or one of its edits */
  const Spec *trial; /* the trial's own */
  int n_edited;      /* so many of its edits have come */
  int64_t number;
  Team *team; /* env->team */
  TrialPlan plan;
  NnModel *model;       /* plan.model */
  Arena numbers, arena; /* the model's memory and that of: */
  TrialBuffers buffers;
  TrialProgress progress;
  int64_t diverged_step;
  int64_t target;               /* the epoch that training goes to */
  bool over;                    /* the leader has seen enough: trial_stale, trial_is_behind */
  double started, saved;        /* seconds on the clock */
  bool unsaved;                 /* the last checkpoint could not be written, which was said */
  TrialTeam teams[TRIAL_TEAMS]; /* so far; their ranks in: */
  int n_teams;
  Arena small;
} TrialRun;

/* ---- the team (trial_team.c) ----------------------------------------------------------------- */

/* Collective on team: OK if it went well for all, else the first failure in the order of places. */
MUST_CHECK Status trial_agree(const TrialRun *r, Status s, Err *e);

/* Before anything is kept that came of the data: they are what they were, for every member. Otherwise
 * the job ends (mapping_lost), for every trial would be of such data. Collective on team. */
void trial_sound(const TrialRun *r);
/* Collective on team: everyone is where place 0 is, which knows whether the trial is finished. */
void trial_share(TrialRun *r, bool *finished);
void trial_note_team(TrialRun *r);
/* Before a step: what this member would have all do after it. */
void trial_wish(TrialRun *r);
/* Collective on team, after a step: saves, stops (E_STOPPED) or grows, as was agreed. */
MUST_CHECK Status trial_obey(TrialRun *r, Err *e);

/* ---- edits (trial_edit.c) --------------------------------------------------------------------- */

/* Plans out->edited: E_SHAPE, and in `d`, where an edit would need another model. */
MUST_CHECK Status trial_plan_edits(Arena *a, const TrialEnv *env, const Spec *trial, Diag *d,
                                   TrialPlan *out, Err *e);
/* So many updates are done elsewhere (a checkpoint, a team): goes by what the last was trained by. */
void trial_go_by(TrialRun *r, int64_t updates);
/* Before a step: goes by what the next update is trained by. Collective on team. */
void trial_edit(TrialRun *r);
/* Updates when an epoch (from 1) is over. */
int64_t trial_updates_at(const TrialPlan *p, int64_t epoch);

/* What an epoch came to: all that the columns of the curves are made from. */
typedef struct EpochMeasures {
  NnScore train;      /* sums over the epoch's mini-batches */
  NnScore validation; /* sums over the validation part; rows 0: there is none */
  double penalty;     /* what l1 and l2 add to J when the epoch ends */
  double learning_rate;
} EpochMeasures;

/* Names of the columns and what fills them; row (n_names) of the epoch that ended. */
void trial_plan_columns(Arena *a, const Spec *s, const RunData *data, TrialPlan *p);
void trial_fill_columns(const TrialPlan *p, const EpochMeasures *m, double *row);

/* Lays the buffers out in `a`; called twice, the first time to measure. */
void trial_buffers(Arena *a, const Spec *s, const RunData *data, const TrialPlan *p,
                   TrialBuffers *out);

/* Lays an evaluation of models like `m` out in `a`, for teams of at most so many shards. `measure`
 * must outlive it. */
size_t trial_chunks(const DataPart *p);
void trial_evaluation(Arena *a, const RunData *data, Part part, const Measure *measure,
                      const NnModel *m, int shards, Evaluation *out);

/* Sums over the part's rows, those of its chunks added over base/sum.h's tree, at place 0; there
 * `measure` is started and fed with all rows in order. The others get none. Collective on team. */
void trial_evaluate(const Evaluation *v, NnModel *m, Team *team, const TrialHooks *hooks,
                    NnScore *out);

/* train.early_stopping: an epoch ended with this metric; is training to end? */
void trial_watch(TrialRun *r, double metric);
bool trial_stale(const TrialRun *r);

/* env->limits: are the limits of a past epoch better than the best metric up to it? */
bool trial_is_behind(const TrialRun *r);

/* `statistics: exact`: takes them from the training part, EVAL_ROWS rows at a time in the file's
 * order. Nothing where no layer wants them. Collective on team; all have the same afterwards.
 * Doubles that it needs: trial_exact_size. */
size_t trial_exact_size(const Spec *s, const RunData *data, const NnModel *m);
void trial_exact_statistics(const TrialRun *r);

/* Hash of weights and statistics, every NaN as one pattern. */
void trial_hash_weights(const Real *weights, size_t n_weights, const Real *statistics,
                        size_t n_statistics, char out[HASH_HEX]);

/* The graph of the spec and a model planned on it, to train on `train`; NULL: evaluation only. */
MUST_CHECK Status trial_model_plan(Arena *a, const Spec *s, int n_features, NnTargets targets,
                                   int batch_rows, const NnTeam *team, CpuLevel cpu,
                                   const RunData *train, Diag *d, NnModel **out, Err *e);

/* The vector by which a result is judged: the best epoch's or the present one's. */
const Real *trial_chosen(const TrialRun *r, NnVector which, size_t *n);

/* Replaces the trial's checkpoint. `result`: the trial is finished; NULL: it goes on. E_IO. */
MUST_CHECK Status trial_checkpoint_save(const TrialRun *r, const TrialResult *result, Err *e);

/* Memory that saving such a trial takes: the whole file is made there first. */
size_t trial_checkpoint_bytes(const Spec *s, const TrialPlan *p);

/* Continues from the trial's checkpoint, if there is one that fits; warns of one that does not and
 * leaves the run as it was. TRUE in *finished: `result` is what it came to, nothing is left to do.
 */
void trial_checkpoint_load(Arena *a, TrialRun *r, bool *finished, TrialResult *result);

#endif
