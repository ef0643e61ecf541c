#include "trial.h"

#include <math.h>

#include "objective.h"
#include "trial_activations.h"
#include "trial_cost.h"

/* An error that the experiment file caused: in `d` at the parameter's place, and in `e`. */
static Status refuse(Arena *a, const Spec *s, Diag *d, const char *path, const char *why, Err *e) {
  const YamlNode *node = spec_find(s->tree, path);
  if (node && node->mark.source) diag_add(d, DIAG_ERROR, node->mark, "%s: %s", path, why);
  return err_set(e, E_SPEC, "%s", arena_printf(a, "%s: %s", path, why));
}

/* How an epoch of so many rows, a mini-batch at least, is cut. */
static void cut_epoch(const Spec *s, int64_t rows, TrialPlan *p) {
  const TrainSpec *t = &s->train;
  const int64_t batch = t->batch_size ? t->batch_size : rows, left = rows % batch;
  const bool use_left = left > 0 && !t->drop_last && !(left == 1 && spec_couples_rows(s));
  p->batch_rows = (int)batch;
  p->dropped_rows = use_left ? 0 : left;
  p->accumulate = t->accumulate ? (int)t->accumulate : 1;
  p->batches = rows / batch + (use_left ? 1 : 0);
  p->steps_per_epoch = (p->batches + p->accumulate - 1) / p->accumulate;
}

int64_t trial_updates_of_epoch(const Spec *s, int64_t rows) {
  TrialPlan p = {0};
  if (rows < 1 || s->train.batch_size > rows) return 0;
  cut_epoch(s, rows, &p);
  return p.steps_per_epoch;
}

static Status plan_batches(Arena *a, const Spec *s, int64_t rows, Diag *d, TrialPlan *p, Err *e) {
  const TrainSpec *t = &s->train;
  int64_t batch = t->batch_size ? t->batch_size : rows;
  bool couples = spec_couples_rows(s);
  if (batch > rows)
    return refuse(a, s, d, "train.batch_size",
                  arena_printf(a, "%lld is more than the %lld rows of the training part",
                               (long long)batch, (long long)rows),
                  e);
  if (couples && batch < 2)
    return refuse(a, s, d, "train.batch_size",
                  "the model normalises over the rows of a mini-batch, which takes at least 2", e);
  cut_epoch(s, rows, p);
  p->steps = t->steps ? t->steps : t->epochs * p->steps_per_epoch;
  p->epochs = t->steps ? (t->steps + p->steps_per_epoch - 1) / p->steps_per_epoch : t->epochs;
  p->step_rows = batch * p->accumulate < rows ? batch * p->accumulate : rows - p->dropped_rows;
  if (t->base_batch_size) p->rate_scale = (double)p->step_rows / (double)t->base_batch_size;
  return OK;
}

static Status plan_warmup(Arena *a, const Spec *s, Diag *d, TrialPlan *p, Err *e) {
  const double epochs = s->train.warmup_epochs, steps = epochs * (double)p->steps_per_epoch;
  if (epochs == 0) return OK;
  if (steps > (double)p->steps)
    return refuse(a, s, d, "train.warmup_epochs",
                  arena_printf(a, "%g epochs are %.0f updates, but the whole training has %lld",
                               epochs, steps, (long long)p->steps),
                  e);
  p->warmup_steps = steps < 1 ? 1 : (int64_t)floor(steps + 0.5);
  return OK;
}

static Status plan_metric(Arena *a, const Spec *s, Diag *d, TrialPlan *p, Err *e) {
  Str known = str_new(a);
  for (int i = 0; i < p->n_names; i++) {
    if (str_eq(p->names[i], s->search.metric.name)) {
      p->metric_column = i;
      return OK;
    }
    str_addf(&known, "%s%s", i ? ", " : "", p->names[i]);
  }
  return refuse(a, s, d, "metric.name",
                arena_printf(a,
                             "\"%s\" is not measured here; with this loss and split there are %s",
                             s->search.metric.name, str_text(&known)),
                e);
}

/* The rows of each class where the loss wants them; else NULL. */
static const double *class_rows(Arena *a, const Spec *s, const RunData *data) {
  if (!nn_loss_is_balanced(s->model.loss) || data->targets.n_classes == 0) return NULL;
  double *rows = ARENA_ARRAY(a, double, data->targets.n_classes);
  data_class_rows(data, rows);
  return rows;
}

Status trial_model_plan(Arena *a, const Spec *s, int n_features, NnTargets targets, int batch_rows,
                        const NnTeam *team, CpuLevel cpu, const RunData *train, Diag *d,
                        NnModel **out, Err *e) {
  NnGraph *graph;
  TRY(spec_graph(a, s, n_features, targets, d, &graph, e));
  NnOptions o = {.batch_rows = batch_rows,
                 .eval_rows = EVAL_ROWS,
                 .team = *team,
                 .cpu = cpu,
                 .gemm = spec_gemm_names[s->train.gemm],
                 .rules = s->train.rules,
                 .accumulate = (int)s->train.accumulate};
  if (train) o.optimizer = s->train.optimizer;
  if (train) o.class_rows = class_rows(a, s, train);
  return nn_model_new(a, graph, &o, out, e);
}

Status trial_plan(Arena *a, const TrialEnv *env, const Spec *trial, Diag *d, TrialPlan *out,
                  Err *e) {
  const RunData *data = env->data;
  const Objective *objective = objective_of(trial);
  *out = (TrialPlan){.rate_scale = 1};
  if (objective) {
    TRY(objective->plan(a, env, trial, d, out, e));
    return plan_metric(a, trial, d, out, e);
  }
  if (trial->cost.text)
    trial_cost_batches(trial, out);
  else
    TRY(plan_batches(a, trial, data->parts[PART_TRAIN].n, d, out, e));
  TRY(plan_warmup(a, trial, d, out, e));
  NnTeam team = nn_team_solo((int)trial->train.shards);
  if (env->team) team = team_nn(env->team, (int)trial->train.shards);
  if (trial->cost.text)
    TRY(trial_cost_model(a, env, trial, &team, d, out, e));
  else
    TRY(trial_model_plan(a, trial, data->n_features, data->targets, out->batch_rows, &team,
                         env->cpu, data, d, &out->model, e));
  TRY(measure_plan(a, trial, out->model, data->targets, data->parts[PART_VALIDATION].n, d,
                   &out->measure, e));
  trial_plan_columns(a, trial, data, out);
  TRY(plan_metric(a, trial, d, out, e));
  for (int i = 0; i < nn_model_n_blocks(out->model); i++) {
    const NnBlock *b = nn_model_block(out->model, i);
    size_t n = (size_t)b->rows * (size_t)b->cols;
    if (b->vector == NN_WEIGHTS) out->n_parameters += n;
    if (b->decays && !trial->cost.text) out->multiply_adds += n; /* the matrices */
    if (b->vector == NN_STATISTICS) out->n_statistics += n;
  }
  out->team = team;
  TRY(trial_plan_edits(a, env, trial, d, out, e));
  trial_plan_activations(a, trial, out);
  Arena measure;
  arena_init_measuring(&measure);
  trial_buffers(&measure, trial, data, out, &(TrialBuffers){0});
  out->buffer_bytes = measure.used;
  out->bytes = nn_model_bytes(out->model) + measure.used + trial_checkpoint_bytes(trial, out);
  return OK;
}
