/*
 * caviar bench: one training step of five shapes, each beside its own floor.
 *
 * The floor is the step's matrix products and nothing else: the same calls of the same engine on
 * buffers of their own: forward, backward_w and, but for the first layer, backward_x. Step and
 * floor take turns in one run, so that both see the same machine. Times are medians of calls.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>

#include "base/rng.h"
#include "clock.h"
#include "command.h"
#include "io/json.h"
#include "nn/gemm.h"
#include "nn/nn.h"

enum { MAX_HIDDEN = 3, CLASSES = 10, MAX_TIMES = 100000, SEED = 42 };

/* Each hidden layer is dense, batch_norm, activation; the last dense; softmax cross-entropy. */
typedef struct {
  const char *name;
  int features, n_hidden, hidden[MAX_HIDDEN], batch;
  const char *activation, *optimizer;
  double pytorch_us; /* PyTorch 1.13 with OpenBLAS 0.3.21 on one core of another machine */
} Shape;

static const Shape shapes[] = {
    {"64-64-32-10", 64, 2, {64, 32}, 64, "relu", "adam", 347},
    {"784-100-100-100-10", 784, 3, {100, 100, 100}, 60, "sigmoid", "momentum", 894},
    {"784-256-128-10", 784, 2, {256, 128}, 128, "relu", "adam", 2190},
    {"784-1024-1024-10", 784, 2, {1024, 1024}, 256, "relu", "adam", 31100},
    {"784-2048-2048-2048-10", 784, 3, {2048, 2048, 2048}, 512, "relu", "adam", 284000},
};

typedef struct {
  bool json;
  const char *shape, *gemm;
  double seconds; /* of timing a shape, step and floor together */
} Options;

/* ---- the model ------------------------------------------------------------------------------- */

static Status find(const Registry *r, const char *name, const Kind **kind, Err *e) {
  *kind = kind_find(r, name);
  CHECK(e, *kind, E_INTERNAL, "bench: there is no %s \"%s\"", r->noun, name);
  return OK;
}

/* Adds a layer with its defaults (and `units` where not NULL) behind node *id. */
static Status add(Arena *a, NnGraph *g, const char *name, const char *units, const char *next,
                  int *id, Err *e) {
  const Kind *kind, *next_kind = NULL;
  TRY(find(&nn_layers, name, &kind, e));
  if (next) TRY(find(&nn_layers, next, &next_kind, e));
  KindValue v = kind_default(kind, a);
  if (units) {
    const Param *p = param_find(kind->params, kind->n_params, "units");
    const Scalar value = scalar_parse(units, false);
    CHECK(e, p, E_INTERNAL, "bench: layer \"%s\" has no units", name);
    TRY(param_set(p, v.config, &value, e));
  }
  nn_layer_resolve(kind, v.config, next_kind);
  return nn_graph_add(g, kind, v.config, arena_printf(a, "%s.%d", name, *id + 1), id, 1, id, e);
}

static Status build(Arena *a, const Shape *s, NnGraph **graph, Err *e) {
  NnGraph *g = nn_graph_new(a, s->features, (NnTargets){.n_classes = CLASSES});
  int id = NN_INPUT;
  for (int i = 0; i < s->n_hidden; i++) {
    TRY(add(a, g, "dense", arena_printf(a, "%d", s->hidden[i]), "batch_norm", &id, e));
    TRY(add(a, g, "batch_norm", NULL, NULL, &id, e));
    TRY(add(a, g, s->activation, NULL, NULL, &id, e));
  }
  TRY(add(a, g, "dense", "classes", NULL, &id, e));
  const Kind *loss;
  TRY(find(&nn_losses, "softmax_cross_entropy", &loss, e));
  TRY(nn_graph_loss(g, loss, kind_default(loss, a).config, id, e));
  *graph = g;
  return OK;
}

/* A model with fresh weights and a batch of normal rows, random labels. */
static Status open_model(Arena *a, Arena *numbers, const Shape *s, const char *gemm,
                         NnModel **model, double *learning_rate, Err *e) {
  NnGraph *graph;
  const Kind *optimizer;
  TRY(build(a, s, &graph, e));
  TRY(find(&nn_optimizers, s->optimizer, &optimizer, e));
  NnOptions options = {.batch_rows = s->batch,
                       .eval_rows = s->batch,
                       .team = nn_team_solo(1),
                       .cpu = cpu_level(),
                       .gemm = gemm,
                       .optimizer = kind_default(optimizer, a)};
  *learning_rate = nn_optimizer_learning_rate(options.optimizer);
  TRY(nn_model_new(a, graph, &options, model, e));
  TRY(nn_model_open(*model, numbers, e));
  nn_model_init(*model, SEED);
  Rng rng = rng_stream(SEED, RNG_GENERATE, 0, 0);
  Real *x = nn_model_x(*model);
  int32_t *labels = nn_model_labels(*model);
  for (int i = 0; i < s->batch * s->features; i++) x[i] = (Real)rng_normal(&rng);
  for (int i = 0; i < s->batch; i++) labels[i] = (int32_t)rng_below(&rng, CLASSES);
  return OK;
}

/* ---- the floor ------------------------------------------------------------------------------- */

typedef struct {
  const NnGemm *gemm;
  int start[2];             /* one shard */
  int n, d[MAX_HIDDEN + 2]; /* n dense layers, layer l is d[l] -> d[l + 1] */
  Real *x[MAX_HIDDEN + 2];  /* (batch, d[l]) */
  Real *gx[MAX_HIDDEN + 2]; /* (batch, d[l]) */
  Real *w[MAX_HIDDEN + 1], *gw[MAX_HIDDEN + 1];
  Real *scratch;
} Floor;

/* Lays the floor's buffers out in `a`, which may be a measuring arena. */
static void layout_floor(Arena *a, const Shape *s, Floor *f) {
  f->start[1] = s->batch;
  f->n = s->n_hidden + 1;
  f->d[0] = s->features;
  for (int l = 0; l < s->n_hidden; l++) f->d[l + 1] = s->hidden[l];
  f->d[f->n] = CLASSES;
  size_t scratch = 0;
  for (int l = 0; l <= f->n; l++) {
    const size_t size = (size_t)s->batch * (size_t)f->d[l];
    f->x[l] = ARENA_ARRAY(a, Real, size);
    f->gx[l] = ARENA_ARRAY(a, Real, size);
    if (l == f->n) break;
    const size_t weights = (size_t)f->d[l] * (size_t)f->d[l + 1];
    f->w[l] = ARENA_ARRAY(a, Real, weights);
    f->gw[l] = ARENA_ARRAY(a, Real, weights);
    const size_t need = f->gemm->scratch_size(s->batch, 1, f->d[l], f->d[l + 1]);
    if (scratch < need) scratch = need;
  }
  f->scratch = ARENA_ARRAY(a, Real, scratch);
}

static void fill(Rng *rng, double scale, size_t n, Real *v) {
  for (size_t i = 0; i < n; i++) v[i] = (Real)(scale * (rng_f64(rng) - 0.5));
}

/* Numbers of ordinary size everywhere: denormals and zeros have times of their own. */
static Status open_floor(Arena *numbers, const Shape *s, const char *gemm, Floor *f, Err *e) {
  *f = (Floor){.gemm = nn_gemm_find(gemm, cpu_level())};
  Arena measure;
  arena_init_measuring(&measure);
  layout_floor(&measure, s, f);
  TRY(arena_init_fixed(numbers, measure.used, "bench: the floor's buffers", e));
  layout_floor(numbers, s, f);
  Rng rng = rng_stream(SEED, RNG_GENERATE, 1, 0);
  fill(&rng, 2, (size_t)s->batch * (size_t)f->d[0], f->x[0]);
  fill(&rng, 0.1, (size_t)s->batch * CLASSES, f->gx[f->n]);
  for (int l = 0; l < f->n; l++) {
    fill(&rng, 2 / sqrt(f->d[l]), (size_t)f->d[l] * (size_t)f->d[l + 1], f->w[l]);
  }
  return OK;
}

static void run_floor(void *subject) {
  const Floor *f = subject;
  for (int l = 0; l < f->n; l++) {
    f->gemm->forward(f->start, 1, f->d[l], f->d[l + 1], f->x[l], f->w[l], f->x[l + 1], f->scratch);
  }
  for (int l = f->n - 1; l >= 0; l--) {
    const int in = f->d[l], out = f->d[l + 1];
    f->gemm->backward_w(f->start, 1, in, out, f->x[l], f->gx[l + 1], f->gw[l], f->scratch);
    if (l > 0)
      f->gemm->backward_x(f->start, 1, in, out, f->gx[l + 1], f->w[l], f->gx[l], f->scratch);
  }
}

/* Multiplications and additions of the matrix products of one step. */
static double floor_flops(const Floor *f) {
  double flops = 0;
  for (int l = 0; l < f->n; l++) {
    const double product = 2.0 * f->start[1] * f->d[l] * f->d[l + 1];
    flops += (l > 0 ? 3 : 2) * product;
  }
  return flops;
}

/* ---- timing ---------------------------------------------------------------------------------- */

typedef struct {
  double *us;
  int n;
} Times;

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(Times *t) {
  qsort(t->us, (size_t)t->n, sizeof *t->us, ascending);
  return 0.5 * (t->us[(t->n - 1) / 2] + t->us[t->n / 2]);
}

/* One untimed call, which finds the caches full of the other's numbers, then timed ones (5 ms). */
static void take_turn(void (*call)(void *subject), void *subject, Times *t) {
  call(subject);
  const double start = clock_now();
  double last = start, now;
  do {
    call(subject);
    now = clock_now();
    if (t->n < MAX_TIMES) t->us[t->n++] = 1e6 * (now - last);
    last = now;
  } while (now - start < 5e-3);
}

typedef struct {
  NnModel *model;
  int batch;
  double learning_rate;
  NnScore score;
} Step;

static void run_step(void *subject) {
  Step *s = subject;
  nn_model_step(s->model, s->batch, (NnPlace){.epoch = 1}, s->learning_rate, &s->score);
}

typedef struct {
  double step_us, floor_us, flops;
} Result;

static Status measure(Arena *a, const Shape *s, const Options *o, Result *r, Err *e) {
  Arena model_numbers = {0}, floor_numbers = {0};
  Step step = {.batch = s->batch};
  Floor f;
  Status status = open_model(a, &model_numbers, s, o->gemm, &step.model, &step.learning_rate, e);
  if (status == OK) status = open_floor(&floor_numbers, s, o->gemm, &f, e);
  if (status != OK) goto done;

  Times steps = {.us = ARENA_ARRAY(a, double, MAX_TIMES)};
  Times floors = {.us = ARENA_ARRAY(a, double, MAX_TIMES)};
  const double end = clock_now() + o->seconds;
  do {
    take_turn(run_step, &step, &steps);
    take_turn(run_floor, &f, &floors);
  } while (clock_now() < end);
  *r = (Result){.step_us = median(&steps), .floor_us = median(&floors), .flops = floor_flops(&f)};
  if (!isfinite(step.score.loss)) status = err_set(e, E_TRIAL, "bench: %s diverged", s->name);
done:
  arena_free(&model_numbers);
  arena_free(&floor_numbers);
  return status;
}

/* ---- the report ------------------------------------------------------------------------------ */

static void print_head(const Options *o) {
  printf("one core, %s, matrix engine %s; floor: the step's matrix products alone\n",
         cpu_level_name(cpu_level()), o->gemm);
  printf("%-22s %5s %12s %10s %6s %8s   %s\n", "shape", "batch", "us/step", "floor us", "ratio",
         "GFLOP/s", "PyTorch 1.13, another machine: us/step");
}

static void print_row(const Shape *s, const Result *r) {
  printf("%-22s %5d %12.1f %10.1f %6.2f %8.1f   %.0f\n", s->name, s->batch, r->step_us, r->floor_us,
         r->floor_us / r->step_us, 1e-3 * r->flops / r->step_us, s->pytorch_us);
}

static double rounded(double x, double parts) {
  return floor(x * parts + 0.5) / parts;
}

static void print_json(Arena *a, const Shape *s, const Options *o, const Result *r) {
  Str line = str_new(a);
  JsonWriter j = json_writer(&line);
  json_open(&j, '{');
  json_key(&j, "schema_version"), json_int(&j, 1);
  json_key(&j, "shape"), json_str(&j, s->name);
  json_key(&j, "batch"), json_int(&j, s->batch);
  json_key(&j, "us_per_step"), json_f64(&j, rounded(r->step_us, 100));
  json_key(&j, "floor_us"), json_f64(&j, rounded(r->floor_us, 100));
  json_key(&j, "ratio"), json_f64(&j, rounded(r->floor_us / r->step_us, 1000));
  json_key(&j, "gflops"), json_f64(&j, rounded(1e-3 * r->flops / r->step_us, 10));
  json_key(&j, "gemm"), json_str(&j, o->gemm);
  json_key(&j, "cpu"), json_str(&j, cpu_level_name(cpu_level()));
  json_close(&j, '}');
  printf("%s\n", str_text(&line));
}

/* ---- the command ----------------------------------------------------------------------------- */

static Status parse_seconds(const char *text, double *seconds, Err *e) {
  const Scalar s = scalar_parse(text, false);
  CHECK(e, (s.type == SCALAR_INT || s.type == SCALAR_REAL) && s.real >= 0 && s.real <= 3600,
        E_USAGE, "bench: --seconds wants a number from 0 to 3600, found \"%s\"", text);
  *seconds = s.real;
  return OK;
}

static Status check_shape(const char *name, Err *e) {
  const char *names[COUNT(shapes) + 1] = {[COUNT(shapes)] = "all"};
  if (str_eq(name, "all")) return OK;
  for (int i = 0; i < COUNT(shapes); i++) {
    if (str_eq(name, shapes[i].name)) return OK;
    names[i] = shapes[i].name;
  }
  const char *near = str_nearest(name, names, COUNT(names));
  FAIL(e, E_USAGE, "bench: there is no shape \"%s\"; %s\"%s\" %s", name,
       near ? "did you mean " : "e.g. ", near ? near : shapes[0].name,
       near ? "?" : "or all; `caviar bench --help` lists them");
}

static Status parse(int argc, char **argv, Options *o, Err *e) {
  static const struct option long_options[] = {{"json", no_argument, NULL, 'j'},
                                               {"shape", required_argument, NULL, 's'},
                                               {"seconds", required_argument, NULL, 't'},
                                               {"gemm", required_argument, NULL, 'g'},
                                               {NULL, 0, NULL, 0}};
  *o = (Options){.shape = "all", .gemm = "fixed", .seconds = 2};
  optind = 1;
  for (int c; (c = getopt_long(argc, argv, ":", long_options, NULL)) != -1;) {
    switch (c) {
    case 'j':
      o->json = true;
      break;
    case 's':
      o->shape = optarg;
      break;
    case 't':
      TRY(parse_seconds(optarg, &o->seconds, e));
      break;
    case 'g':
      o->gemm = optarg;
      break;
    case ':':
      FAIL(e, E_USAGE, "bench: %s wants a value", argv[optind - 1]);
    default:
      FAIL(e, E_USAGE, "bench: unknown option \"%s\"; see `caviar bench --help`", argv[optind - 1]);
    }
  }
  CHECK(e, optind == argc, E_USAGE, "bench: \"%s\" is not an option; see `caviar bench --help`",
        argv[optind]);
  CHECK(e, nn_gemm_find(o->gemm, cpu_level()), E_USAGE,
        "bench: there is no matrix engine \"%s\"; use fixed or openblas", o->gemm);
  return check_shape(o->shape, e);
}

static Status bench(Arena *a, int argc, char **argv, Err *e) {
  Options o;
  TRY(parse(argc, argv, &o, e));
  cpu_flush_denormals();
  if (!o.json) print_head(&o);
  for (int i = 0; i < COUNT(shapes); i++) {
    const Shape *s = &shapes[i];
    Result r;
    if (!str_eq(o.shape, "all") && !str_eq(o.shape, s->name)) continue;
    TRY(measure(a, s, &o, &r, e));
    if (o.json) {
      print_json(a, s, &o, &r);
    } else {
      print_row(s, &r);
    }
    fflush(stdout);
  }
  return OK;
}

const Command run_command_bench = {
    .name = "bench",
    .usage = "bench [--json] [--shape NAME|all] [--seconds S] [--gemm ENGINE]",
    .doc = "time a training step of five shapes beside its own floor",
    .help =
        "The floor is the step's matrix products and nothing else, timed in turns with the step.\n"
        "ratio is floor / step (1 would be a step of nothing but matrix products); GFLOP/s\n"
        "counts the matrix products of a step over the time of the whole step. Times are\n"
        "medians, on one core, with batch norm and softmax cross-entropy. PyTorch's times\n"
        "were measured on another machine: compare orders of magnitude, not percents.\n"
        "\n"
        "  --shape NAME    64-64-32-10, 784-100-100-100-10, 784-256-128-10, 784-1024-1024-10,\n"
        "                  784-2048-2048-2048-10, or all (the default)\n"
        "  --seconds S     time spent on a shape (default 2; at least one turn is taken)\n"
        "  --gemm ENGINE   fixed (the default) or openblas\n"
        "  --json          one object a line\n",
    .main = bench,
};
