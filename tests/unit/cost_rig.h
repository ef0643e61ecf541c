/* A cost from the text of an experiment to its value and gradient, for the tests of costs. */
#ifndef CAVIAR_TEST_COST_RIG_H
#define CAVIAR_TEST_COST_RIG_H

#include "runner/cost.h"
#include "runner/trial.h"
#include "spec_rig.h"

typedef struct {
  Arena arena, numbers;
  RunData data;
  TrialPlan plan;
  const Spec *spec;
} Cost;

static inline void open_cost(Cost *c, const char *text) {
  *c = (Cost){0};
  arena_init(&c->arena);
  Spec *s = rig_load(&c->arena, text);
  c->spec = s;
  Diag d = diag_new(&c->arena);
  Err e = {0};
  assert_int_equal(data_open(&c->arena, &s->data, &c->data, &e), OK);
  const TrialEnv env = {.data = &c->data, .cpu = cpu_level()};
  const Status status = trial_plan(&c->arena, &env, s, &d, &c->plan, &e);
  if (status != OK) print_error("%s\n%s\n", text, e.text);
  assert_int_equal(status, OK);
  assert_int_equal(nn_model_open(c->plan.model, &c->numbers, &e), OK);
  nn_model_init(c->plan.model, 1);
}

static inline void close_cost(Cost *c) {
  data_close(&c->data);
  arena_free(&c->numbers);
  arena_free(&c->arena);
}

/* The value, and the gradient left in the model. */
static inline double differentiate(Cost *c) {
  NnScore score;
  data_gather(&c->data, PART_TRAIN, NULL, 0, 1, c->plan.model);
  nn_model_gradient(c->plan.model, 1, (NnPlace){0}, &score);
  return score.loss;
}

#endif
