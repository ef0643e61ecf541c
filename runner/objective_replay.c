/*
 * `replay: RUN`: nothing is trained; a trial takes its curve from the trial of a finished run that
 * trained the same. Early stopping, rungs and limits (search.early_terminate) and train.stop_at cut
 * the curve where they would have ended the training, so the epochs that a search uses are counted.
 */
#include <math.h>

#include "objective.h"
#include "replay.h"
#include "trial_state.h"

static bool applies(const Spec *s) {
  return s->replay != NULL;
}

static Status plan(Arena *a, const TrialEnv *env, const Spec *s, Diag *d, TrialPlan *out, Err *e) {
  const char *why;
  const TrialResult *t = replay_find(a, env->data->replay, s, &why);
  if (t == NULL) {
    diag_add(d, DIAG_ERROR, spec_find(s->tree, "replay")->mark, "replay: %s", why);
    FAIL(e, E_SPEC, "replay: %s", why);
  }
  const Curves c = replay_curve(a, t, t->curves.n_epochs);
  out->epochs = c.n_epochs;
  out->names = c.names;
  out->n_names = c.n_names;
  return OK;
}

/* ---- the end of the curve -------------------------------------------------------------------- */

static int column_of(const Curves *c, const char *name) {
  for (int i = 0; i < c->n_names; i++)
    if (str_eq(c->names[i], name)) return i;
  return -1;
}

/* Has the table's trial no more epochs because of something else than the end of the training? */
static bool is_cut(const TrialResult *t) {
  return t->status == TRIAL_DIVERGED || t->stopped_early || t->terminated;
}

/* A training that goes along the curve, to where it would have ended. `best`: the best epoch, the
 * earliest of equal ones. */
static TrialRun follow(const TrialEnv *env, const Spec *s, const TrialResult *t, int column) {
  const int64_t all = t->curves.n_epochs;
  const int64_t stops[] = {env->stop_at, s->train.stop_at};
  TrialRun r = {.env = env,
                .spec = s,
                .plan = {.epochs = is_cut(t) ? all + 1 : all,
                         .n_names = t->curves.n_names,
                         .metric_column = column},
                .buffers = {.curves = t->curves.values},
                .progress = {.watched = NAN}};
  TrialProgress *p = &r.progress;
  r.target = r.plan.epochs;
  for (int i = 0; i < COUNT(stops); i++)
    if (stops[i] > 0 && stops[i] < r.target) r.target = stops[i];
  while (p->epoch < all && p->epoch < r.target && !r.over) {
    const double metric = t->curves.values[p->epoch * t->curves.n_names + column];
    p->epoch++;
    trial_watch(&r, metric);
    r.over = trial_stale(&r) || trial_is_behind(&r);
    if (p->best_epoch > 0 && !trial_better(metric, p->best_metric, s->search.metric.maximize))
      continue;
    p->best_epoch = p->epoch;
    p->best_metric = metric;
  }
  return r;
}

static Status conclude(Arena *a, const TrialEnv *env, const Spec *s, const TrialResult *t,
                       TrialResult *out, Err *e) {
  const int column = column_of(&t->curves, s->search.metric.name);
  CHECK(e, column >= 0 || t->curves.n_epochs == 0, E_TRIAL, "trial %lld of the table has no %s",
        (long long)t->number, s->search.metric.name);
  const TrialRun r = follow(env, s, t, column);
  const int64_t epochs = r.progress.epoch;
  const bool runs_out = epochs < r.target && !r.over;
  out->curves = replay_curve(a, t, (int)epochs);
  out->n_weights = t->n_weights;
  out->multiply_adds = t->multiply_adds;
  out->seconds = epochs > 0 ? t->seconds * (double)epochs / t->curves.n_epochs : 0;
  if (runs_out && t->status == TRIAL_DIVERGED) {
    out->status = TRIAL_DIVERGED;
    out->diverged_step = t->diverged_step;
    out->reason = t->reason;
    return OK;
  }
  CHECK(e, !runs_out, E_TRIAL,
        "trial %lld of the table was stopped early after epoch %d, which is not enough; make the "
        "table without train.early_stopping and search.early_terminate",
        (long long)t->number, t->curves.n_epochs);
  out->status = TRIAL_COMPLETED;
  out->stopped_early = trial_stale(&r) && epochs < r.plan.epochs;
  out->terminated = !out->stopped_early && trial_is_behind(&r) && epochs < r.plan.epochs;
  out->chosen_epoch = s->search.metric.at_best ? r.progress.best_epoch : epochs;
  out->metric = out->curves.values[(out->chosen_epoch - 1) * t->curves.n_names + column];
  return OK;
}

static Status run(Arena *a, const TrialEnv *env, const Spec *s, TrialResult *out, Err *e) {
  const TrialHooks *hooks = &env->hooks;
  const char *why;
  const TrialResult *t = replay_find(a, env->data->replay, s, &why);
  CHECK(e, t, E_TRIAL, "replay: %s", why);
  CHECK(e, t->status != TRIAL_FAILED, E_TRIAL, "replay: trial %lld of the table failed: %s",
        (long long)t->number, t->error ? t->error : "");
  if (hooks->begin) hooks->begin(hooks->ctx, out->number, 0, 1);
  TRY(conclude(a, env, s, t, out, e));
  for (int i = 1; hooks->epoch && i <= out->curves.n_epochs; i++)
    hooks->epoch(hooks->ctx, out->number, i, out->curves.n_epochs);
  return OK;
}

const Objective run_objective_replay = {
    .name = "replay",
    .doc = "the curves of a finished run",
    .applies = applies,
    .plan = plan,
    .run = run,
};
