/* Small networks for tests of nn: from a list of words to a model with a batch of random data. */
#ifndef CAVIAR_MODEL_RIG_H
#define CAVIAR_MODEL_RIG_H

#include "nn_case.h"

typedef struct {
  const char *kind, *params;
} LayerWords;

typedef struct {
  const LayerWords *layers;
  int n_layers, features;
  int n_branches; /* the first so many layers read the data, the next one them; 0: a chain */
  const Kind *op; /* the next one, if it is an op */
  bool positive;  /* its inputs are made so */
  NnTargets targets;
  const char *loss, *loss_params, *optimizer, *optimizer_params, *gemm;
  const double *class_rows;
  CpuLevel cpu;
  NnTeam team;
  int batch_rows;
  int micro_rows; /* steps are of so many rows at a time; 0: all at once */
  NnRules rules;
} ModelWords;

typedef struct {
  Arena arena, numbers;
  NnGraph *graph;
  NnModel *model;
  ModelWords words;
  int first; /* of this rank's rows in the last batch */
} ModelRig;

/* A network around a case of a layer or op: a dense layer for each of its inputs, itself, a dense
 * one. */
typedef struct {
  char units[NN_MAX_INPUTS][32];
  LayerWords layers[NN_MAX_INPUTS + 2];
} Around;

static inline void model_around(const Kind *kind, const NnCase *c, Around *out, ModelWords *w) {
  int in[NN_MAX_INPUTS];
  w->n_branches = nn_case_inputs(c, in);
  w->n_layers = 0;
  w->layers = out->layers;
  w->op = kind_find(&nn_ops, kind->name); /* a layer may have the same name */
  if (w->op && &nn_op_at(w->op, cpu_level())->layer.head != kind) w->op = NULL;
  w->positive = c->numbers == NN_POSITIVE || c->numbers == NN_FAR_FROM_0;
  for (int k = 0; k < w->n_branches; ++k) {
    snprintf(out->units[k], sizeof out->units[k], "units: %d", in[k]);
    out->layers[w->n_layers++] = (LayerWords){"dense", out->units[k]};
  }
  out->layers[w->n_layers++] = (LayerWords){kind->name, c->params};
  out->layers[w->n_layers++] = (LayerWords){"dense", "units: classes"};
}

static inline int model_kind(ModelRig *r, int i, const int *inputs, int n_inputs) {
  const ModelWords *w = &r->words;
  const LayerWords *l = &w->layers[i];
  const int reader = i < w->n_branches ? w->n_branches : i + 1;
  const bool op_reads = w->op && reader == w->n_branches;
  int id = -2;
  if (w->op && i == w->n_branches) {
    MUST(nn_graph_op(r->graph, w->op->name, inputs, n_inputs, &id, e));
    return id;
  }
  const KindValue v = nn_case_config(&r->arena, nn_case_layer(l->kind), l->params);
  nn_layer_resolve(v.kind, v.config,
                   reader < w->n_layers && !op_reads ? nn_case_layer(w->layers[reader].kind)
                                                     : NULL);
  const char *path = arena_printf(&r->arena, "%d.%s", i, l->kind);
  MUST(nn_graph_add(r->graph, v.kind, v.config, path, inputs, n_inputs, &id, e));
  return id;
}

/* What an op reads: a parameter times the branch, or the sigmoid of that. */
static inline int model_before_op(ModelRig *r, int parameter, int branch) {
  const int factors[] = {parameter, branch};
  int id = -2;
  MUST(nn_graph_op(r->graph, "mul", factors, 2, &id, e));
  if (r->words.positive) MUST(nn_graph_op(r->graph, "sigmoid", &id, 1, &id, e));
  return id;
}

static inline void model_layers(ModelRig *r) {
  const ModelWords *w = &r->words;
  const double one = 1;
  int branches[NN_MAX_INPUTS], parameter = -2, id = NN_INPUT;
  if (w->op) MUST(nn_graph_parameter(r->graph, "factor", 1, &one, &parameter, e));
  for (int i = 0; i < w->n_layers; ++i) {
    if (i < w->n_branches) {
      const int data = NN_INPUT;
      branches[i] = model_kind(r, i, &data, 1);
      if (w->op) branches[i] = model_before_op(r, parameter, branches[i]);
    } else if (i == w->n_branches && i > 0) {
      id = model_kind(r, i, branches, w->n_branches);
    } else {
      id = model_kind(r, i, &id, 1);
    }
  }
  const KindValue loss =
      nn_case(&r->arena, &nn_losses, w->loss, w->loss_params ? w->loss_params : "");
  MUST(nn_graph_loss(r->graph, loss.kind, loss.config, id, e));
}

static inline void model_open(ModelRig *r, const ModelWords *w) {
  *r = (ModelRig){.words = *w};
  arena_init(&r->arena);
  Arena *a = &r->arena;
  r->graph = nn_graph_new(a, w->features, w->targets);
  model_layers(r);
  const NnOptions o = {
      .batch_rows = w->micro_rows ? w->micro_rows : w->batch_rows,
      .eval_rows = 64,
      .team = w->team,
      .cpu = w->cpu,
      .gemm = w->gemm,
      .rules = w->rules,
      .accumulate = w->micro_rows ? (w->batch_rows + w->micro_rows - 1) / w->micro_rows : 0,
      .class_rows = w->class_rows,
      .optimizer =
          nn_case(a, &nn_optimizers, w->optimizer, w->optimizer_params ? w->optimizer_params : ""),
  };
  MUST(nn_model_new(a, r->graph, &o, &r->model, e));
  MUST(nn_model_open(r->model, &r->numbers, e));
  nn_model_init(r->model, 42);
}

static inline void model_close(ModelRig *r) {
  arena_free(&r->numbers);
  arena_free(&r->arena);
}

/* Rows first .. first + count of batch number `batch`, whoever computes them: keyed by the row. */
static inline void model_fill(ModelRig *r, uint32_t batch, int first, int count) {
  int n_values;
  const NnTargetForm form = nn_model_target_form(r->model, &n_values);
  const int d = r->words.features;
  for (int i = 0; i < count; ++i) {
    Rng g = rng_stream(batch, RNG_TEST, (uint64_t)(first + i), 0);
    Real *x = nn_model_x(r->model) + (size_t)i * (size_t)d;
    for (int j = 0; j < d; ++j) x[j] = (Real)(2 * rng_f64(&g) - 1);
    const int label = (int)rng_below(&g, (uint64_t)(r->words.targets.n_classes + 1)) - 1;
    if (form == NN_TARGET_LABELS) nn_model_labels(r->model)[i] = label < 0 ? 0 : label;
    for (int j = 0; j < n_values; ++j) {
      nn_model_values(r->model)[(size_t)i * (size_t)n_values + (size_t)j] = (Real)rng_f64(&g);
    }
  }
}

/* Steps of several batches: the same rows as model_step's, micro_rows of them at a time. */
static inline NnScore model_accumulate(ModelRig *r, uint32_t batch, int rows,
                                       double learning_rate) {
  NnScore sum = {0}, score;
  for (int at = 0; at < rows; at += r->words.micro_rows) {
    const int left = rows - at, n = left < r->words.micro_rows ? left : r->words.micro_rows;
    int first, count;
    nn_team_rows(&r->words.team, n, &first, &count);
    model_fill(r, batch, at + first, count);
    const NnPlace place = {.epoch = 1, .position = batch * 100 + (uint64_t)at};
    nn_model_batch(r->model, n, rows, at == 0, place, &score);
    sum.loss += score.loss;
    sum.correct += score.correct;
    sum.rows += score.rows;
  }
  nn_model_update(r->model, learning_rate);
  return sum;
}

static inline NnScore model_step(ModelRig *r, uint32_t batch, int rows, double learning_rate) {
  if (r->words.micro_rows) return model_accumulate(r, batch, rows, learning_rate);
  int first, count;
  NnScore score;
  nn_team_rows(&r->words.team, rows, &first, &count);
  model_fill(r, batch, first, count);
  nn_model_step(r->model, rows, (NnPlace){.epoch = 1, .position = batch * 100}, learning_rate,
                &score);
  return score;
}

/* Weights, statistics and optimizer state one after the other; the caller gives enough room. */
static inline size_t model_state(ModelRig *r, Real *out, size_t room) {
  const NnVector which[] = {NN_WEIGHTS, NN_STATISTICS, NN_OPTIMIZER_STATE};
  size_t total = 0, n;
  for (int i = 0; i < COUNT(which); ++i) {
    const Real *v = nn_model_vector(r->model, which[i], &n);
    assert_true(total + n <= room);
    memcpy(out + total, v, n * sizeof *out);
    total += n;
  }
  return total;
}

#endif
