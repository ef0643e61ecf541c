/* Models made of ops, for tests: a graph with short words for its nodes, opened with an optimizer by
 * name. */
#ifndef CAVIAR_OPS_RIG_H
#define CAVIAR_OPS_RIG_H

#include <math.h>
#include "nn/ops.h"
#include "nn_case.h"

typedef struct {
  Arena arena, numbers;
  NnGraph *graph;
  NnModel *model;
  int features;
} OpsRig;

static inline void ops_open(OpsRig *r, int features) {
  *r = (OpsRig){.features = features};
  arena_init(&r->arena);
  r->graph = nn_graph_new(&r->arena, features, (NnTargets){0});
}

static inline void ops_close(OpsRig *r) {
  arena_free(&r->numbers);
  arena_free(&r->arena);
}

static inline int ops_parameter(OpsRig *r, const char *name, int n, const double *start) {
  int id = -2;
  MUST(nn_graph_parameter(r->graph, name, n, start, &id, e));
  return id;
}

static inline int ops_constants(OpsRig *r, int n, const double *value) {
  int id = -2;
  MUST(nn_graph_constant(r->graph, n, value, &id, e));
  return id;
}

static inline int ops_constant(OpsRig *r, double value) {
  return ops_constants(r, 1, &value);
}

static inline int ops_slice(OpsRig *r, int of, int first, int n) {
  int id = -2;
  MUST(nn_graph_slice(r->graph, of, first, n, &id, e));
  return id;
}

static inline int ops_one(OpsRig *r, const char *op, int x) {
  int id = -2;
  MUST(nn_graph_op(r->graph, op, &x, 1, &id, e));
  return id;
}

static inline int ops_two(OpsRig *r, const char *op, int a, int b) {
  const int inputs[] = {a, b};
  int id = -2;
  MUST(nn_graph_op(r->graph, op, inputs, 2, &id, e));
  return id;
}

/* The model of the graph, for at most `rows` rows at a time in `shards` parts. */
static inline void ops_model(OpsRig *r, const char *optimizer, const char *words, int rows,
                             int shards) {
  const NnOptions o = {.batch_rows = rows,
                       .eval_rows = rows,
                       .team = nn_team_solo(shards),
                       .cpu = cpu_level(),
                       .gemm = "fixed",
                       .optimizer = nn_case(&r->arena, &nn_optimizers, optimizer, words)};
  MUST(nn_model_new(&r->arena, r->graph, &o, &r->model, e));
  MUST(nn_model_open(r->model, &r->numbers, e));
  nn_model_init(r->model, 1);
}

static inline Real *ops_weights(OpsRig *r) {
  size_t n;
  return nn_model_vector(r->model, NN_WEIGHTS, &n);
}

static inline void ops_minimize(OpsRig *r, int id, const char *optimizer, const char *words,
                                int rows, int shards) {
  MUST(nn_graph_minimize(r->graph, id, e));
  ops_model(r, optimizer, words, rows, shards);
}

/* J at the weights as they are, and its gradient. */
static inline double ops_gradient(OpsRig *r, int rows) {
  NnScore s;
  nn_model_gradient(r->model, rows, (NnPlace){.epoch = 1}, &s);
  return s.loss / s.rows;
}

static inline double ops_step(OpsRig *r, int rows, double learning_rate) {
  NnScore s;
  nn_model_step(r->model, rows, (NnPlace){.epoch = 1}, learning_rate, &s);
  return s.loss / s.rows;
}

#endif
