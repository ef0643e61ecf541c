/* What is known of the trials of a search before any of them trains. */
#include <string.h>

#include "base/rng.h"
#include "clock.h"
#include "forecast.h"

/* Trials differ by their matrices; the rest of a step is small beside them, or all there is of a
 * cost. */
static const double adds_a_weight = 8; /* of an update */

static double matrix_size(const TrialPlan *p) {
  double size = 0;
  for (int i = 0; i < nn_model_n_blocks(p->model); i++) {
    const NnBlock *b = nn_model_block(p->model, i);
    if (b->decays) size += (double)b->rows * b->cols;
  }
  return size;
}

/* Of a layer that normalises over the whole batch. */
static int features_of(const TrialPlan *p, const char *path) {
  for (int i = 0; i < nn_model_n_blocks(p->model); i++) {
    const NnBlock *b = nn_model_block(p->model, i);
    if (b->vector == NN_STATISTICS && str_eq(b->path, path)) return b->rows;
  }
  return 0;
}

static void note_norms(const Spec *trial, const TrialPlan *p, ForecastTrial *out) {
  for (int i = 0; i < trial->model.n_layers; i++) {
    const LayerSpec *l = &trial->model.layers[i];
    if (!nn_layer_couples_rows(l->kind) || nn_layer_is_by_shard(l->kind, l->config)) continue;
    out->n_norms++;
    out->norm_features += features_of(p, l->path);
  }
}

/* Of one with a parent those on top of the parent's. */
static int64_t epochs_of(const Forecast *f, const Spec *trial, const TrialPlan *p) {
  const Generations g = sampler_generations(&f->spec->search.method);
  const int64_t stop = g.members > 0 ? g.epochs : trial->train.stop_at;
  return stop > 0 && stop < p->epochs ? stop : p->epochs;
}

static void note_trial(const Forecast *f, const Spec *trial, const RunData *data,
                       const TrialPlan *p, ForecastTrial *out) {
  const NnRules *rules = &trial->train.rules;
  const double rows = data->parts[PART_TRAIN].n, matrices = matrix_size(p);
  const double batches = (rows - (double)p->dropped_rows) / p->batch_rows;
  const int64_t epochs = epochs_of(f, trial, p);
  out->epochs = epochs;
  out->steps = epochs < p->epochs ? epochs * p->steps_per_epoch : p->steps;
  out->rows = p->batch_rows;
  out->accumulate = p->accumulate;
  out->whole_steps = (double)out->steps;
  if (!p->cost) out->whole_steps *= batches / p->accumulate / (double)p->steps_per_epoch;
  out->whole_gradient = rules->clip_norm > 0 || rules->max_norm > 0;
  out->n_weights = p->n_parameters;
  (void)nn_model_vector(p->model, NN_OPTIMIZER_STATE, &out->n_state);
  note_norms(trial, p, out);
  out->step_size = p->accumulate * (3.0 * p->batch_rows * matrices + (double)p->n_parameters) +
                   adds_a_weight * (double)p->n_parameters;
  out->end_size = (double)data->parts[PART_VALIDATION].n * matrices + (double)p->n_parameters;
  if (nn_model_n_exact(p->model) > 0) out->end_size += rows * matrices;
}

/* A method that looks is told something. */
static const char *propose(Arena *a, Forecast *f, History *h, int64_t number) {
  const double before = clock_now();
  const char *point = arena_strdup(a, history_point(a, h, number));
  f->point += clock_now() - before;
  Rng rng = rng_stream((uint64_t)f->spec->seed, RNG_TEST, (uint64_t)number, 0);
  if (h->window > 0) history_tell(h, number, point, rng_f64(&rng));
  return point;
}

static Status plan_one(Arena *a, const Forecast *f, const TrialEnv *env, ForecastTrial *out,
                       Err *e) {
  TrialPlan plan;
  Diag d = diag_new(a);
  const Spec *trial = plan_trial(a, f->spec, out->number, out->point, &d);
  CHECK(e, trial, E_SPEC, "trial %lld of this search cannot be trained: %s", (long long)out->number,
        out->point);
  TRY(trial_plan(a, env, trial, &d, &plan, e));
  note_trial(f, trial, env->data, &plan, out);
  return OK;
}

Status forecast_trials(Arena *a, const Spec *s, const TrialEnv *env, Forecast *out, Err *e) {
  History history;
  Arena scratch = {0};
  Status status = OK;
  out->spec = s;
  out->n_trials = plan_n_trials(s);
  out->n = out->n_trials < FORECAST_TRIALS ? (int)out->n_trials : FORECAST_TRIALS;
  out->trials = ARENA_ARRAY(a, ForecastTrial, out->n);
  history_init(&history, a, s);
  /* whole points: the first trial of one waits for those of the points that it sees */
  out->window = history.window > 0 ? (history.window - 1) * history.repeats + 1 : 0;
  arena_init(&scratch);
  for (int i = 0; i < out->n && status == OK; i++) {
    ForecastTrial *t = &out->trials[i];
    t->number = history.window > 0 ? i : i * out->n_trials / out->n;
    t->point = propose(a, out, &history, t->number);
    status = plan_one(&scratch, out, env, t, e);
    arena_free(&scratch);
  }
  out->point /= out->n;
  return status;
}
