/* A training that goes on by other numbers from some update on: the edits of its experiment. */
#include "trial_cost.h"

int64_t trial_updates_at(const TrialPlan *p, int64_t epoch) {
  const int64_t updates = epoch * p->steps_per_epoch;
  return updates < p->steps ? updates : p->steps;
}

/* Planned as the trial itself is, for the same team. */
static Status plan_model(Arena *a, const TrialEnv *env, const Spec *s, Diag *d, const TrialPlan *p,
                         NnModel **out, Err *e) {
  TrialPlan other = *p;
  Status status;
  if (s->cost.text)
    status = trial_cost_model(a, env, s, &p->team, d, &other, e);
  else
    status = trial_model_plan(a, s, env->data->n_features, env->data->targets, p->batch_rows,
                              &p->team, env->cpu, env->data, d, &other.model, e);
  *out = other.model;
  return status == OK ? nn_model_check_retune(p->model, *out, e) : status;
}

Status trial_plan_edits(Arena *a, const TrialEnv *env, const Spec *trial, Diag *d, TrialPlan *out,
                        Err *e) {
  out->edited = ARENA_ARRAY(a, NnModel *, trial->n_edits);
  for (int i = 0; i < trial->n_edits; i++) {
    const EditSpec *edit = &trial->edits[i];
    const int errors = d->n_refusals;
    if (plan_model(a, env, edit->spec, d, out, &out->edited[i], e) == OK) continue;
    if (d->n_refusals == errors && edit->mark.source)
      diag_add(d, DIAG_ERROR, edit->mark, "edits: %s", e->text);
    return err_context(e, "edit at step %lld", (long long)edit->step);
  }
  return OK;
}

static int n_before(const Spec *s, int64_t t) {
  int n = 0;
  while (n < s->n_edits && s->edits[n].step < t) n++;
  return n;
}

static void go_by(TrialRun *r, int n) {
  r->n_edited = n;
  r->spec = n > 0 ? r->trial->edits[n - 1].spec : r->trial;
  if (n > 0) nn_model_retune(r->model, r->plan.edited[n - 1]);
}

void trial_go_by(TrialRun *r, int64_t updates) {
  go_by(r, n_before(r->trial, updates));
}

void trial_edit(TrialRun *r) {
  const int n = n_before(r->trial, (int64_t)nn_model_updates(r->model) + 1);
  if (n == r->n_edited) return;
  nn_model_gather_state(r->model);
  go_by(r, n);
}
