/*
 * The update alone, of every optimizer: memory is all that it costs, so it stands beside a triad
 * a = b + s c over as many bytes. Counted are the bytes of weights, gradient and state that an
 * update reads or writes, each once.
 */
#include "bench.h"

#include <stdio.h>

#include "base/rng.h"
#include "io/json.h"

/* One dense layer without bias: side * side parameters. */
static const struct {
  const char *units;
  int side;
} sizes[] = {{"447", 447}, {"3162", 3162}};

typedef struct {
  NnModel *model;
  Arena numbers;
  double learning_rate;
  size_t n, n_state; /* parameters, Real of state */
} Update;

typedef struct {
  Real *a, *b, *c;
  size_t n;
} Triad;

static void run_update(void *subject) {
  const Update *u = subject;
  nn_model_update(u->model, u->learning_rate);
}

static void run_triad(void *subject) {
  const Triad *t = subject;
  Real *restrict a = t->a;
  const Real *restrict b = t->b, *restrict c = t->c;
  for (size_t i = 0; i < t->n; i++) a[i] = b[i] + (Real)0.5 * c[i];
}

static Status open_update(Arena *a, const char *units, int side, const Kind *kind, Update *u,
                          Err *e) {
  NnOptions options = {.batch_rows = 1,
                       .eval_rows = 1,
                       .team = nn_team_solo(1),
                       .cpu = cpu_level(),
                       .gemm = "fixed",
                       .optimizer = kind_default(kind, a)};
  NnGraph *g = nn_graph_new(a, side, (NnTargets){.n_values = side});
  KindValue loss = {0};
  int id = NN_INPUT;
  u->learning_rate = nn_optimizer_learning_rate(options.optimizer);
  TRY(bench_add_layer(a, g, "dense", units, "batch_norm", &id, e));
  TRY(bench_kind(a, &nn_losses, "mean_squared_error", &loss, e));
  TRY(nn_graph_loss(g, loss.kind, loss.config, id, e));
  TRY(nn_model_new(a, g, &options, &u->model, e));
  TRY(nn_model_open(u->model, &u->numbers, e));
  nn_model_init(u->model, BENCH_SEED);
  Real *gradient = nn_model_vector(u->model, NN_GRADIENTS, &u->n);
  (void)nn_model_vector(u->model, NN_OPTIMIZER_STATE, &u->n_state);
  Rng rng = rng_stream(BENCH_SEED, RNG_GENERATE, 2, 0);
  for (size_t i = 0; i < u->n; i++) gradient[i] = (Real)(rng_f64(&rng) - 0.5);
  return OK;
}

/* Weights are read and written, the gradient is read, the state is read and written. */
static double update_bytes(const Update *u) {
  return (double)sizeof(Real) * (double)(3 * u->n + 2 * u->n_state);
}

static Status open_triad(Arena *numbers, double bytes, Triad *t, Err *e) {
  t->n = (size_t)(bytes / (3 * sizeof(Real)));
  TRY(arena_init_fixed(numbers, 3 * sizeof(Real) * t->n + 4096, "bench: the triad's arrays", e));
  t->a = ARENA_ARRAY(numbers, Real, t->n);
  t->b = ARENA_ARRAY(numbers, Real, t->n);
  t->c = ARENA_ARRAY(numbers, Real, t->n);
  for (size_t i = 0; i < t->n; i++) t->b[i] = t->c[i] = 1;
  return OK;
}

static void print(Arena *a, const BenchOptions *o, const Kind *kind, const Update *u,
                  const double *us) {
  const double bytes = update_bytes(u), ns = 1e3 * us[0] / (double)u->n;
  if (!o->json) {
    printf("%-12s %10zu %13.3f %8.1f %12.1f %6.2f\n", kind->name, u->n, ns, 1e-3 * bytes / us[0],
           1e-3 * bytes / us[1], us[1] / us[0]);
    return;
  }
  Str line = str_new(a);
  JsonWriter j = json_writer(&line);
  json_open(&j, '{');
  json_key(&j, "schema_version"), json_int(&j, 1);
  json_key(&j, "optimizer"), json_str(&j, kind->name);
  json_key(&j, "parameters"), json_int(&j, (int64_t)u->n);
  json_key(&j, "ns_per_parameter"), json_f64(&j, bench_rounded(ns, 1000));
  json_key(&j, "gb_per_second"), json_f64(&j, bench_rounded(1e-3 * bytes / us[0], 10));
  json_key(&j, "triad_gb_per_second"), json_f64(&j, bench_rounded(1e-3 * bytes / us[1], 10));
  json_key(&j, "cpu"), json_str(&j, cpu_level_name(cpu_level()));
  json_close(&j, '}');
  printf("%s\n", str_text(&line));
}

static Status bench_one(Arena *a, const BenchOptions *o, int size, const Kind *kind, Err *e) {
  Update u = {0};
  Triad t = {0};
  Arena numbers = {0};
  double us[2];
  Status status = open_update(a, sizes[size].units, sizes[size].side, kind, &u, e);
  if (status == OK) status = open_triad(&numbers, update_bytes(&u), &t, e);
  if (status == OK) {
    BenchTurn turns[] = {{.call = run_update, .subject = &u}, {.call = run_triad, .subject = &t}};
    bench_time(a, turns, 2, o->seconds, us);
    print(a, o, kind, &u, us);
    fflush(stdout);
  }
  arena_free(&u.numbers);
  arena_free(&numbers);
  return status;
}

Status bench_optimizers(Arena *a, const BenchOptions *o, Err *e) {
  if (!o->json) {
    printf("one core, %s; an update alone, in turns with a triad over as many bytes\n",
           cpu_level_name(cpu_level()));
    printf("%-12s %10s %13s %8s %12s %6s\n", "optimizer", "parameters", "ns/parameter", "GB/s",
           "triad GB/s", "ratio");
  }
  for (int size = 0; size < COUNT(sizes); size++)
    for (int i = 0; i < nn_optimizers.n; i++) TRY(bench_one(a, o, size, nn_optimizers.kinds[i], e));
  return OK;
}
