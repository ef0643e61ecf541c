/*
 * `replay: RUN`: nothing is trained; a trial takes its curve from the trial of a finished run that
 * trained the same. Early stopping cuts the curve where it would have ended the training, so the
 * epochs that a search uses are counted.
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

typedef struct {
  int epochs;    /* so many of the curve */
  int best;      /* the best of them, the earliest of equal ones; 0: none */
  bool is_stale; /* early stopping ends it there */
} Watched;

static double value_at(const Curves *c, int epoch, int column) {
  return c->values[(epoch - 1) * c->n_names + column];
}

/* As a training watches its own. */
static Watched watch(const Spec *s, const TrialResult *t, int column) {
  TrialRun r = {.spec = s, .progress = {.watched = NAN}};
  Watched w = {0};
  while (w.epochs < t->curves.n_epochs && !w.is_stale) {
    const double x = value_at(&t->curves, ++w.epochs, column);
    const double best = w.best ? value_at(&t->curves, w.best, column) : NAN;
    if (w.best == 0 || trial_better(x, best, s->search.metric.maximize)) w.best = w.epochs;
    trial_watch(&r, x);
    w.is_stale = trial_stale(&r);
  }
  return w;
}

static int column_of(const Curves *c, const char *name) {
  for (int i = 0; i < c->n_names; i++)
    if (str_eq(c->names[i], name)) return i;
  return -1;
}

/* Of a curve that was followed to its end, or to where early stopping would have ended it. */
static Status conclude(Arena *a, const Spec *s, const TrialResult *t, TrialResult *out, Err *e) {
  const int column = column_of(&t->curves, s->search.metric.name);
  CHECK(e, column >= 0 || t->curves.n_epochs == 0, E_TRIAL, "trial %lld of the table has no %s",
        (long long)t->number, s->search.metric.name);
  const Watched w = watch(s, t, column);
  out->curves = replay_curve(a, t, w.epochs);
  out->seconds = t->curves.n_epochs ? t->seconds * w.epochs / t->curves.n_epochs : 0;
  if (t->status == TRIAL_DIVERGED && !w.is_stale) {
    out->status = TRIAL_DIVERGED;
    out->diverged_step = t->diverged_step;
    out->reason = t->reason;
    return OK;
  }
  const bool is_short = w.epochs < t->curves.n_epochs || t->status == TRIAL_DIVERGED;
  CHECK(e, w.is_stale || !t->stopped_early, E_TRIAL,
        "trial %lld of the table was stopped early after epoch %d, which is not enough; make the "
        "table without train.early_stopping",
        (long long)t->number, t->curves.n_epochs);
  out->status = TRIAL_COMPLETED;
  out->stopped_early = is_short || t->stopped_early;
  out->chosen_epoch = s->search.metric.at_best ? w.best : w.epochs;
  out->metric = value_at(&out->curves, (int)out->chosen_epoch, column);
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
  TRY(conclude(a, s, t, out, e));
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
