/*
 * `train: {steps: 0}`: a cost is evaluated in f64 where the search says, and nothing is trained. Its
 * curve is one row.
 */
#include <math.h>

#include "clock.h"
#include "cost.h"
#include "objective.h"

static const char *const columns[] = {"cost"};

static bool applies(const Spec *s) {
  return s->cost.text && s->train.steps == 0;
}

static Status plan(Arena *a, const TrialEnv *env, const Spec *s, Diag *d, TrialPlan *out, Err *e) {
  CHECK(e, cost_check(&s->cost, env->data->columns, env->data->n_columns, d), E_SPEC,
        "the cost does not suit the data");
  const Curves c = objective_curves(a, columns, COUNT(columns), 0);
  out->epochs = 1;
  out->names = c.names;
  out->n_names = c.n_names;
  for (int i = 0; i < s->cost.n_parameters; i++)
    out->n_parameters += (size_t)s->cost.parameters[i].n;
  out->bytes = sizeof(double) * out->n_parameters;
  return OK;
}

static Status run(Arena *a, const TrialEnv *env, const Spec *s, TrialResult *out, Err *e) {
  const TrialHooks *hooks = &env->hooks;
  const double started = clock_now();
  Diag d = diag_new(a);
  CHECK(e, cost_check(&s->cost, env->data->columns, env->data->n_columns, &d), E_SPEC,
        "the cost does not suit the data");
  if (hooks->begin) hooks->begin(hooks->ctx, out->number, 0, 1);
  const double value = cost_value(a, s, env->data, &out->reason);
  out->curves = objective_curves(a, columns, COUNT(columns), isfinite(value) ? 1 : 0);
  if (isfinite(value)) {
    out->status = TRIAL_COMPLETED;
    out->curves.values[0] = out->metric = value;
    out->chosen_epoch = 1;
  } else {
    out->status = TRIAL_DIVERGED;
    out->diverged_step = 1;
  }
  out->seconds = clock_now() - started;
  if (hooks->epoch) hooks->epoch(hooks->ctx, out->number, 1, 1);
  return OK;
}

const Objective run_objective_evaluate = {
    .name = "evaluate",
    .doc = "a cost, at its parameters",
    .applies = applies,
    .plan = plan,
    .run = run,
};
