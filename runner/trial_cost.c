/* What a trial does otherwise where it minimises a cost: one row of data, as many steps as there
 * are, a point of the curve every so many of them. */
#include <math.h>

#include "cost.h"
#include "trial_cost.h"

int64_t trial_cost_interval(int64_t steps) {
  return (steps + COST_MAX_POINTS - 1) / COST_MAX_POINTS;
}

void trial_cost_batches(const Spec *s, TrialPlan *p) {
  p->batch_rows = 1;
  p->steps = s->train.steps;
  p->steps_per_epoch = trial_cost_interval(p->steps);
  p->epochs = (p->steps + p->steps_per_epoch - 1) / p->steps_per_epoch;
}

Status trial_cost_model(Arena *a, const TrialEnv *env, const Spec *s, const NnTeam *team, Diag *d,
                        TrialPlan *p, Err *e) {
  CHECK(e, cost_check(&s->cost, env->data->columns, env->data->n_columns, d), E_SPEC,
        "the cost does not suit the data");
  CostGraph *graph = ARENA_NEW(a, CostGraph);
  TRY(cost_graph(a, s, env->data, graph, e));
  p->cost = graph;
  const NnOptions o = {.batch_rows = 1,
                       .eval_rows = 1,
                       .team = *team,
                       .cpu = env->cpu,
                       .gemm = spec_gemm_names[s->train.gemm],
                       .optimizer = s->train.optimizer,
                       .rules = s->train.rules};
  return nn_model_new(a, graph->graph, &o, &p->model, e);
}

bool trial_cost_step(TrialRun *r, double rate) {
  const TrialHooks *hooks = &r->env->hooks;
  NnScore score;
  data_gather(r->env->data, PART_TRAIN, NULL, 0, 1, r->model);
  nn_model_step(r->model, 1, (NnPlace){0}, rate, &score);
  if (!isfinite(score.loss)) return false;
  r->progress.batch++;
  if (hooks->tick) hooks->tick(hooks->ctx);
  return true;
}

bool trial_cost_measure(TrialRun *r, NnScore *out) {
  data_gather(r->env->data, PART_TRAIN, NULL, 0, 1, r->model);
  nn_model_evaluate(r->model, 1, out);
  return isfinite(out->loss);
}

/* The vector of a parameter, out of the chosen weights. */
static const Real *find_block(const TrialRun *r, const char *name, const Real *weights) {
  for (int i = 0; i < nn_model_n_blocks(r->model); i++) {
    const NnBlock *b = nn_model_block(r->model, i);
    if (b->vector == NN_WEIGHTS && str_eq(b->path, name)) return weights + b->offset;
  }
  return NULL;
}

void trial_cost_conclude(Arena *a, const TrialRun *r, TrialResult *out) {
  const CostSpec *c = &r->trial->cost;
  if (out->status == TRIAL_DIVERGED) {
    out->reason = cost_reason(a, r->trial, r->plan.cost, r->env->data, r->model);
    return;
  }
  size_t n;
  const Real *weights = trial_chosen(r, NN_WEIGHTS, &n);
  TrialParameter *p = ARENA_ARRAY(a, TrialParameter, c->n_parameters);
  for (int i = 0; i < c->n_parameters; i++) {
    const CostVector *v = &c->parameters[i];
    const Real *w = find_block(r, v->name, weights);
    float *values = ARENA_ARRAY(a, float, v->n);
    for (int k = 0; w && k < v->n; k++) values[k] = (float)w[k];
    p[i] = (TrialParameter){
        .name = arena_strdup(a, v->name), .is_list = v->is_list, .n = v->n, .values = values};
  }
  out->parameters = p;
  out->n_parameters = c->n_parameters;
}

void trial_cost_text(const TrialParameter *p, Str *out) {
  char number[32];
  if (p->is_list) str_add(out, "[");
  for (int i = 0; i < p->n; i++)
    str_addf(out, "%s%s", i ? ", " : "", str_f32(p->values[i], number));
  if (p->is_list) str_add(out, "]");
}
