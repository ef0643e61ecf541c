#include "trial.h"

#include <math.h>
#include <string.h>
#include "base/cpu.h"
#include "base/rng.h"
#include "base/log.h"
#include "clock.h"
#include "io/files.h"
#include "objective.h"
#include "trial_activations.h"
#include "trial_cost.h"

void trial_buffers(Arena *a, const Spec *s, const RunData *data, const TrialPlan *p,
                   TrialBuffers *out) {
  out->order = ARENA_ARRAY(a, uint32_t, data->parts[PART_TRAIN].n);
  out->exact = ARENA_ARRAY(a, double, trial_exact_size(s, data, p->model));
  out->curves = (double *)arena_alloc(a, (size_t)p->epochs, sizeof(double) * (size_t)p->n_names);
  const size_t width = trial_activations_width(&p->activations);
  if (width > 0)
    out->activations = (double *)arena_alloc(a, (size_t)p->epochs, sizeof(double) * width);
  if (data->parts[PART_VALIDATION].n > 0) {
    const size_t n = (size_t)p->measure.n_classes;
    measure_open(&p->measure, a);
    trial_evaluation(a, data, PART_VALIDATION, &p->measure, p->model, (int)s->train.shards,
                     &out->validation);
    if (p->measure.matrix) out->confusion = ARENA_ARRAY(a, int64_t, n * n);
  }
  if (s->search.metric.at_best) out->best = ARENA_ARRAY(a, Real, p->n_parameters + p->n_statistics);
}

const Real *trial_chosen(const TrialRun *r, NnVector which, size_t *n) {
  const Real *present = nn_model_vector(r->model, which, n);
  if (!r->buffers.best || r->progress.best_epoch == 0) return present;
  return which == NN_WEIGHTS ? r->buffers.best : r->buffers.best + r->plan.n_parameters;
}

static void keep_best(TrialRun *r) {
  memcpy(r->buffers.best, nn_model_vector(r->model, NN_WEIGHTS, &(size_t){0}),
         sizeof(Real) * r->plan.n_parameters);
  if (r->plan.n_statistics > 0)
    memcpy(r->buffers.best + r->plan.n_parameters,
           nn_model_vector(r->model, NN_STATISTICS, &(size_t){0}),
           sizeof(Real) * r->plan.n_statistics);
}

/* Rows of the epoch's order from `first` on: those of n mini-batches, or all that are left. */
static int rows_of(const TrialRun *r, int64_t first, int64_t n) {
  int64_t rows = n * r->plan.batch_rows, left = r->env->data->parts[PART_TRAIN].n - first;
  return (int)(left < rows ? left : rows);
}

enum { ROWS_AHEAD = 256 };

/* At the mini-batch that begins with row `first` of the epoch: one some rows ahead. */
static void announce_batch(const TrialRun *r, int64_t first) {
  const int64_t rows = r->plan.batch_rows, next = first + (ROWS_AHEAD + rows - 1) / rows * rows;
  int mine, count;
  if (next >= r->env->data->parts[PART_TRAIN].n) return;
  nn_team_rows(&r->plan.team, rows_of(r, next, 1), &mine, &count);
  data_announce(r->env->data, PART_TRAIN, r->buffers.order + next + mine, 0, count);
}

/* Mini-batch `batch` of the epoch, one of a step over step_rows rows. False: its loss is not
 * finite. */
static bool train_batch(TrialRun *r, int64_t epoch, int64_t batch, bool starts, int step_rows) {
  TrialProgress *p = &r->progress;
  int64_t first = batch * r->plan.batch_rows;
  int rows = rows_of(r, first, 1), mine, count;
  nn_team_rows(&r->plan.team, rows, &mine, &count);
  data_gather(r->env->data, PART_TRAIN, r->buffers.order + first + mine, 0, count, r->model);
  announce_batch(r, first);
  NnScore score;
  NnPlace place = {.epoch = (uint32_t)epoch, .position = (uint64_t)first};
  nn_model_batch(r->model, rows, step_rows, starts, place, &score);
  if (!isfinite(score.loss)) return false;
  p->running.loss += score.loss;
  p->running.correct += score.correct;
  p->running.rows += score.rows;
  return true;
}

/* The learning rate of the update to come. */
static double next_rate(const TrialRun *r) {
  const uint64_t t = nn_model_updates(r->model) + 1;
  return trial_rate(r->spec, &r->plan, r->progress.epoch + 1, t);
}

/* One update, from as many mini-batches as accumulate. False: the loss of one is not finite, and
 * the weights are as they were. */
static bool train_step(TrialRun *r, int64_t epoch) {
  const TrialHooks *hooks = &r->env->hooks;
  int64_t first = r->progress.batch * r->plan.accumulate, n = r->plan.batches - first;
  if (n > r->plan.accumulate) n = r->plan.accumulate;
  int rows = rows_of(r, first * r->plan.batch_rows, n);
  for (int64_t i = 0; i < n; i++) {
    if (!train_batch(r, epoch, first + i, i == 0, rows)) return false;
    if (hooks->tick) hooks->tick(hooks->ctx);
  }
  nn_model_update(r->model, next_rate(r));
  r->progress.batch++;
  return true;
}

static void keep_confusion(TrialRun *r) {
  const size_t n = (size_t)r->plan.measure.n_classes;
  if (!r->buffers.confusion) return;
  memcpy(r->buffers.confusion, nn_metric_matrix(r->plan.measure.matrix), n * n * sizeof(int64_t));
}

/* metric.at last: this epoch counts so far; best: if it is better, the earliest of equal ones. */
static void note_metric(TrialRun *r, double metric) {
  TrialProgress *p = &r->progress;
  trial_watch(r, metric);
  if (!r->buffers.best) {
    keep_confusion(r);
    return;
  }
  if (p->best_epoch > 0 && !trial_better(metric, p->best_metric, r->spec->search.metric.maximize))
    return;
  p->best_epoch = p->epoch;
  p->best_metric = metric;
  p->best_batches = (int64_t)nn_model_batches(r->model);
  keep_best(r);
  keep_confusion(r);
}

/* What place 0 knows of the epoch that ended. False: the cost that it came to is not finite, and
 * there is no row of the curves. */
static bool measure_epoch(TrialRun *r) {
  TrialProgress *p = &r->progress;
  const double rate = trial_rate(r->spec, &r->plan, p->epoch + 1, nn_model_updates(r->model));
  EpochMeasures m = {
      .train = p->running, .penalty = nn_model_penalty(r->model), .learning_rate = rate};
  double *row = r->buffers.curves + p->epoch * r->plan.n_names;
  if (r->plan.cost && !trial_cost_measure(r, &m.train)) return false;
  trial_exact_statistics(r);
  if (r->env->data->parts[PART_VALIDATION].n > 0)
    trial_evaluate(&r->buffers.validation, r->model, r->team, &r->env->hooks, &m.validation);
  if (r->team->place > 0) return true;
  trial_fill_columns(&r->plan, &m, row);
  trial_observe(r);
  return true;
}

static bool end_epoch(TrialRun *r) {
  TrialProgress *p = &r->progress;
  if (!measure_epoch(r)) return false;
  p->epoch++;
  p->batch = 0;
  p->running = (NnScore){0};
  if (r->team->place == 0)
    note_metric(r, r->buffers.curves[(p->epoch - 1) * r->plan.n_names + r->plan.metric_column]);
  r->over = trial_stale(r) || trial_is_behind(r);
  if (r->spec->train.early_stopping.patience > 0 || r->env->n_limits > 0)
    r->team->share(r->team->ctx, &r->over, sizeof r->over);
  return true;
}

void trial_watch(TrialRun *r, double metric) {
  TrialProgress *p = &r->progress;
  const bool maximize = r->spec->search.metric.maximize;
  const double delta = r->spec->train.early_stopping.min_delta;
  p->stale++;
  if (!trial_better(maximize ? metric - delta : metric + delta, p->watched, maximize)) return;
  p->watched = metric;
  p->stale = 0;
}

bool trial_stale(const TrialRun *r) {
  const int64_t patience = r->spec->train.early_stopping.patience;
  return patience > 0 && r->progress.stale >= patience;
}

bool trial_is_behind(const TrialRun *r) {
  const TrialPlan *p = &r->plan;
  const bool maximize = r->spec->search.metric.maximize;
  double best = NAN;
  for (int64_t k = 0; k < r->progress.epoch && k < r->env->n_limits; k++) {
    const double metric = r->buffers.curves[k * p->n_names + p->metric_column];
    if (trial_better(metric, best, maximize)) best = metric;
    if (!isnan(r->env->limits[k]) && trial_better(r->env->limits[k], best, maximize)) return true;
  }
  return false;
}

static double seconds(const TrialRun *r) {
  return r->progress.seconds + (clock_now() - r->started);
}

/* From wherever progress stands in it to its end. */
static Status train_epoch(TrialRun *r, Err *e) {
  const TrialHooks *hooks = &r->env->hooks;
  int64_t epoch = r->progress.epoch + 1;
  int64_t steps = r->plan.steps - r->progress.epoch * r->plan.steps_per_epoch;
  if (steps > r->plan.steps_per_epoch) steps = r->plan.steps_per_epoch;
  rng_permute((uint64_t)r->spec->seed, RNG_SHUFFLE, (uint64_t)epoch, r->buffers.order,
              r->env->data->parts[PART_TRAIN].n);
  while (r->progress.batch < steps) {
    trial_edit(r);
    if (r->team->size > 1) trial_wish(r);
    if (!(r->plan.cost ? trial_cost_step(r, next_rate(r)) : train_step(r, epoch))) {
      r->diverged_step = (int64_t)nn_model_updates(r->model) + 1;
      return OK;
    }
    TRY(trial_obey(r, e));
  }
  if (!end_epoch(r)) {
    r->diverged_step = (int64_t)nn_model_updates(r->model) + 1;
    return OK;
  }
  if (hooks->epoch) hooks->epoch(hooks->ctx, r->number, epoch, r->target);
  return OK;
}

static void copy_confusion(Arena *a, const TrialRun *r, Confusion *out) {
  const Measure *m = &r->plan.measure;
  const size_t n = (size_t)m->n_classes;
  if (!r->buffers.confusion) return;
  *out = (Confusion){.n = m->n_classes,
                     .classes = ARENA_ARRAY(a, const char *, n),
                     .counts = ARENA_ARRAY(a, int64_t, n * n)};
  for (size_t i = 0; i < n; i++)
    out->classes[i] = arena_strdup(a, r->env->data->main.class_names[i]);
  memcpy(out->counts, r->buffers.confusion, n * n * sizeof *out->counts);
}

static void conclude(Arena *a, const TrialRun *r, TrialResult *out) {
  const TrialPlan *p = &r->plan;
  size_t values = (size_t)r->progress.epoch * (size_t)p->n_names;
  out->curves = (Curves){.names = ARENA_ARRAY(a, const char *, p->n_names),
                         .n_names = p->n_names,
                         .n_epochs = (int)r->progress.epoch,
                         .values = ARENA_ARRAY(a, double, values)};
  memcpy(out->curves.names, p->names, sizeof(const char *) * (size_t)p->n_names);
  if (values > 0) memcpy(out->curves.values, r->buffers.curves, sizeof(double) * values);
  trial_conclude_activations(a, r, &out->activations);
  out->seconds = seconds(r);
  if (!p->cost) out->n_weights = (int64_t)p->n_parameters;
  out->multiply_adds = (int64_t)p->multiply_adds;
  if (r->diverged_step) {
    out->status = TRIAL_DIVERGED;
    out->diverged_step = r->diverged_step;
    return;
  }
  out->status = TRIAL_COMPLETED;
  out->stopped_early = trial_stale(r) && r->progress.epoch < p->epochs;
  out->terminated = !out->stopped_early && trial_is_behind(r) && r->progress.epoch < p->epochs;
  out->chosen_epoch = r->buffers.best ? r->progress.best_epoch : r->progress.epoch;
  out->metric = r->buffers.curves[(out->chosen_epoch - 1) * p->n_names + p->metric_column];
  copy_confusion(a, r, &out->confusion);
  size_t n_weights, n_statistics;
  const Real *weights = trial_chosen(r, NN_WEIGHTS, &n_weights);
  const Real *statistics = trial_chosen(r, NN_STATISTICS, &n_statistics);
  trial_hash_weights(weights, n_weights, statistics, n_statistics, out->weights);
}

static void copy_teams(Arena *a, const TrialRun *r, TrialResult *out) {
  if (r->n_teams == 0 || (r->n_teams == 1 && r->teams[0].n == 1)) return;
  TrialTeam *teams = ARENA_ARRAY(a, TrialTeam, r->n_teams);
  for (int i = 0; i < r->n_teams; i++) {
    const TrialTeam *t = &r->teams[i];
    int *ranks = ARENA_ARRAY(a, int, t->n);
    memcpy(ranks, t->ranks, (size_t)t->n * sizeof *ranks);
    teams[i] = (TrialTeam){.step = t->step, .n = t->n, .ranks = ranks};
  }
  out->teams = teams;
  out->n_teams = r->n_teams;
}

static Status start(Arena *a, TrialRun *r, Err *e) {
  Diag d = diag_new(a); /* the messages are in `e` too; check shows them at their places */
  TRY(trial_plan(a, r->env, r->spec, &d, &r->plan, e));
  r->model = r->plan.model;
  r->target = r->plan.epochs;
  if (r->env->stop_at > 0 && r->env->stop_at < r->target) r->target = r->env->stop_at;
  if (r->spec->train.stop_at > 0 && r->spec->train.stop_at < r->target)
    r->target = r->spec->train.stop_at;
  TRY(arena_init_fixed(&r->arena, r->plan.buffer_bytes, "the trial's buffers", e));
  trial_buffers(&r->arena, r->spec, r->env->data, &r->plan, &r->buffers);
  TRY(nn_model_open(r->model, &r->numbers, e));
  nn_model_init(r->model, (uint64_t)r->spec->seed);
  r->progress.watched = NAN;
  return OK;
}

/* The finished checkpoint; of a trial that is not worth one, none. One that waits at a rung has it
 * too: it may be finished, or go on from there. The result stands whatever becomes of the file: a
 * full disk must not decide what a search finds. */
static void keep_or_remove(const TrialRun *r, const TrialResult *result) {
  const TrialHooks *hooks = &r->env->hooks;
  const bool goes_on = r->env->stop_at > 0 && r->target < r->plan.epochs && !r->over;
  const bool keep = result->status == TRIAL_COMPLETED &&
                    (goes_on || !hooks->keep || hooks->keep(hooks->ctx, result));
  Err e = {0}, second = {0};
  if (keep && trial_checkpoint_save(r, result, &e) == OK) return;
  if (keep) log_line(LOG_WARNING, "%s; its result counts, but its weights are not kept", e.text);
  if (!goes_on && trial_checkpoint_remove(r->env->checkpoint_dir, r->number, &second) != OK)
    log_line(LOG_WARNING, "%s", second.text);
}

/* Everyone ready and where the leader is; it goes on from a checkpoint if there is one. */
static Status begin(Arena *a, TrialRun *r, bool *finished, TrialResult *out, Err *e) {
  const TrialHooks *hooks = &r->env->hooks;
  TRY(trial_agree(r, start(a, r, e), e));
  if (r->team->place == 0 && r->env->checkpoint_dir) trial_checkpoint_load(a, r, finished, out);
  trial_share(r, finished);
  trial_note_team(r);
  if (!*finished && hooks->begin) hooks->begin(hooks->ctx, r->number, r->progress.epoch, r->target);
  return OK;
}

static Status run(Arena *a, TrialRun *r, TrialResult *out, Err *e) {
  bool finished = false;
  TRY(begin(a, r, &finished, out, e));
  if (finished) return OK;
  while (r->progress.epoch < r->target && !r->diverged_step && !r->over) TRY(train_epoch(r, e));
  trial_sound(r);
  if (r->team->place > 0) return OK;
  conclude(a, r, out);
  copy_teams(a, r, out);
  if (r->plan.cost) trial_cost_conclude(a, r, out);
  if (r->env->checkpoint_dir) keep_or_remove(r, out);
  return OK;
}

Status trial_run(Arena *a, const TrialEnv *env, const Spec *trial, int64_t number, TrialResult *out,
                 Err *e) {
  const Objective *objective = objective_of(trial);
  cpu_flush_denormals();
  *out = (TrialResult){.number = number, .seed = trial->seed, .point = "", .metric = NAN};
  if (objective) return objective->run(a, env, trial, out, e);
  TrialEnv own = *env;
  Team alone = team_solo();
  TrialRun r = {.env = &own, .spec = trial, .trial = trial, .number = number};
  if (!own.team) own.team = &alone;
  r.team = own.team;
  r.team->tick = env->hooks.tick;
  r.team->tick_ctx = env->hooks.ctx;
  arena_init(&r.numbers);
  arena_init(&r.arena);
  arena_init(&r.small);
  r.started = r.saved = clock_now();
  Status status = run(a, &r, out, e);
  if (status == E_STOPPED)
    out->place = (TrialPlace){.updates = (int64_t)nn_model_updates(r.model),
                              .epoch = r.progress.epoch,
                              .steps_per_epoch = r.plan.steps_per_epoch,
                              .steps = r.plan.steps,
                              .epochs = r.plan.epochs};
  arena_free(&r.numbers);
  arena_free(&r.arena);
  arena_free(&r.small);
  return status;
}
