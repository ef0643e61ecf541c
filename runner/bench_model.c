/* The five shapes as models. */
#include "bench.h"

#include "base/rng.h"

const BenchShape bench_shapes[BENCH_SHAPES] = {
    {"64-64-32-10", 64, 2, {64, 32}, 64, "relu", "adam", 347},
    {"784-100-100-100-10", 784, 3, {100, 100, 100}, 60, "sigmoid", "momentum", 894},
    {"784-256-128-10", 784, 2, {256, 128}, 128, "relu", "adam", 2190},
    {"784-1024-1024-10", 784, 2, {1024, 1024}, 256, "relu", "adam", 31100},
    {"784-2048-2048-2048-10", 784, 3, {2048, 2048, 2048}, 512, "relu", "adam", 284000},
};

Status bench_kind(Arena *a, const Registry *r, const char *name, KindValue *out, Err *e) {
  const Kind *kind = kind_find(r, name);
  CHECK(e, kind, E_INTERNAL, "bench: there is no %s \"%s\"", r->noun, name);
  *out = kind_default(kind, a);
  return OK;
}

Status bench_add_layer(Arena *a, NnGraph *g, const char *name, const char *units, const char *next,
                       int *id, Err *e) {
  KindValue v = {0}, after = {0};
  TRY(bench_kind(a, &nn_layers, name, &v, e));
  if (next) TRY(bench_kind(a, &nn_layers, next, &after, e));
  if (units) {
    const Param *p = param_find(v.kind->params, v.kind->n_params, "units");
    const Scalar value = scalar_parse(units, false);
    CHECK(e, p, E_INTERNAL, "bench: layer \"%s\" has no units", name);
    TRY(param_set(p, v.config, &value, e));
  }
  nn_layer_resolve(v.kind, v.config, after.kind);
  return nn_graph_add(g, v.kind, v.config, arena_printf(a, "%s.%d", name, *id + 1), id, 1, id, e);
}

static Status build(Arena *a, const BenchShape *s, NnGraph **graph, Err *e) {
  NnGraph *g = nn_graph_new(a, s->features, (NnTargets){.n_classes = BENCH_CLASSES});
  int id = NN_INPUT;
  for (int i = 0; i < s->n_hidden; i++) {
    TRY(bench_add_layer(a, g, "dense", arena_printf(a, "%d", s->hidden[i]), "batch_norm", &id, e));
    TRY(bench_add_layer(a, g, "batch_norm", NULL, NULL, &id, e));
    TRY(bench_add_layer(a, g, s->activation, NULL, NULL, &id, e));
  }
  TRY(bench_add_layer(a, g, "dense", "classes", NULL, &id, e));
  KindValue loss = {0};
  TRY(bench_kind(a, &nn_losses, "softmax_cross_entropy", &loss, e));
  TRY(nn_graph_loss(g, loss.kind, loss.config, id, e));
  *graph = g;
  return OK;
}

static Status plan(Arena *a, const BenchShape *s, const char *gemm, BenchPass pass,
                   const NnTeam *team, BenchModel *out, Err *e) {
  NnGraph *graph;
  NnOptions options = {.batch_rows = s->batch,
                       .eval_rows = s->batch,
                       .team = *team,
                       .cpu = cpu_level(),
                       .gemm = gemm};
  int first;
  *out = (BenchModel){.batch = s->batch};
  nn_team_rows(team, s->batch, &first, &out->rows);
  TRY(build(a, s, &graph, e));
  if (pass == BENCH_TRAINING) {
    TRY(bench_kind(a, &nn_optimizers, s->optimizer, &options.optimizer, e));
    out->learning_rate = nn_optimizer_learning_rate(options.optimizer);
  }
  return nn_model_new(a, graph, &options, &out->model, e);
}

Status bench_plan(Arena *a, const BenchShape *s, const char *gemm, BenchPass pass, BenchModel *out,
                  Err *e) {
  const NnTeam solo = nn_team_solo(1);
  return plan(a, s, gemm, pass, &solo, out, e);
}

Status bench_plan_team(Arena *a, const BenchShape *s, const char *gemm, const NnTeam *team,
                       BenchModel *out, Err *e) {
  return plan(a, s, gemm, BENCH_TRAINING, team, out, e);
}

Status bench_open(const BenchShape *s, BenchModel *m, Err *e) {
  TRY(nn_model_open(m->model, &m->numbers, e));
  nn_model_init(m->model, BENCH_SEED);
  Rng rng = rng_stream(BENCH_SEED, RNG_GENERATE, 0, 0);
  Real *x = nn_model_x(m->model);
  int32_t *labels = nn_model_labels(m->model);
  for (int i = 0; i < m->rows * s->features; i++) x[i] = (Real)rng_normal(&rng);
  for (int i = 0; i < m->rows; i++) labels[i] = (int32_t)rng_below(&rng, BENCH_CLASSES);
  return OK;
}

void bench_step(void *subject) {
  BenchModel *m = subject;
  nn_model_step(m->model, m->batch, (NnPlace){.epoch = 1}, m->learning_rate, &m->score);
}

void bench_infer(void *subject) {
  BenchModel *m = subject;
  nn_model_evaluate(m->model, m->batch, NULL);
}
