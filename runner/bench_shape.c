/*
 * A step of one shape: time beside the floor, memory beside the plan; for each engine in one run.
 * The floor is that of the faster engine, whichever the step uses.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>

#include "io/json.h"

enum { ENGINES = 2 };
static const char *const engines[ENGINES] = {"fixed", "openblas"};
static const char *const pass_names[BENCH_PASSES] = {"training", "inference"};

typedef struct {
  const char *gemm;
  BenchModel model;
  BenchFloor floor;
  Arena floor_numbers;
  size_t planned, used; /* bytes of the model; used 0: not known */
  double us, floor_us;
} Engine;

typedef struct {
  BenchPass pass;
  Engine engines[ENGINES];
  int n, fastest; /* engines; the one with the lowest floor */
  double flops;
} Result;

/* Opens the model and takes one step, with an eye on the memory that this costs. */
static Status open_watched(Arena *a, const BenchShape *s, BenchPass pass, Engine *g, Err *e) {
  TRY(bench_plan(a, s, g->gemm, pass, &g->model, e));
  g->planned = nn_model_bytes(g->model.model);
  const size_t before = bench_resident();
  TRY(bench_open(s, &g->model, e));
  (pass == BENCH_TRAINING ? bench_step : bench_infer)(&g->model);
  const size_t after = bench_resident();
  g->used = after > before ? after - before : 0;
  return OK;
}

static Status measure(Arena *a, const BenchShape *s, double seconds, Result *r, Err *e) {
  for (int i = 0; i < r->n; i++) {
    Engine *g = &r->engines[i];
    TRY(open_watched(a, s, r->pass, g, e));
    TRY(bench_open_floor(&g->floor_numbers, s, g->gemm, &g->floor, e));
  }
  const bool training = r->pass == BENCH_TRAINING;
  BenchTurn turns[2 * ENGINES];
  double us[2 * ENGINES];
  for (int i = 0; i < r->n; i++) {
    Engine *g = &r->engines[i];
    turns[2 * i] = (BenchTurn){.call = training ? bench_step : bench_infer, .subject = &g->model};
    turns[2 * i + 1] = (BenchTurn){.call = training ? bench_floor_training : bench_floor_inference,
                                   .subject = &g->floor};
  }
  bench_time(a, turns, 2 * r->n, seconds, us);
  for (int i = 0; i < r->n; i++) {
    Engine *g = &r->engines[i];
    g->us = us[2 * i];
    g->floor_us = us[2 * i + 1];
    if (g->floor_us < r->engines[r->fastest].floor_us) r->fastest = i;
    CHECK(e, isfinite(g->model.score.loss), E_TRIAL, "bench: %s diverged", s->name);
  }
  r->flops = bench_floor_flops(&r->engines[0].floor, r->pass);
  return OK;
}

/* ---- the report ------------------------------------------------------------------------------ */

void bench_shape_head(const BenchOptions *o) {
  if (o->json) return;
  printf("one core, %s; floor: the pass's matrix products alone, by the faster engine\n",
         cpu_level_name(cpu_level()));
  printf("memory: of a model opened and used once, planned and as the process grew\n");
  printf("%-22s %5s %-9s %-8s %9s %9s %5s %7s %8s %8s %5s   %s\n", "shape", "batch", "pass",
         "engine", "us/step", "floor us", "ratio", "GFLOP/s", "plan MB", "used MB", "ratio",
         "PyTorch 1.13, another machine: us/step");
}

static void print_row(const BenchShape *s, const Result *r, const Engine *g) {
  const double floor_us = r->engines[r->fastest].floor_us;
  printf("%-22s %5d %-9s %-8s %9.1f %9.1f %5.2f %7.1f %8.2f ", s->name, s->batch,
         pass_names[r->pass], g->gemm, g->us, floor_us, floor_us / g->us, 1e-3 * r->flops / g->us,
         1e-6 * (double)g->planned);
  if (g->used > 0)
    printf("%8.2f %5.2f", 1e-6 * (double)g->used, (double)g->used / (double)g->planned);
  else
    printf("%8s %5s", "-", "-");
  if (r->pass == BENCH_TRAINING) printf("   %.0f", s->pytorch_us);
  printf("\n");
}

static void print_json(Arena *a, const BenchShape *s, const Result *r, const Engine *g) {
  const Engine *fastest = &r->engines[r->fastest];
  Str line = str_new(a);
  JsonWriter j = json_writer(&line);
  json_open(&j, '{');
  json_key(&j, "schema_version"), json_int(&j, 1);
  json_key(&j, "shape"), json_str(&j, s->name);
  json_key(&j, "batch"), json_int(&j, s->batch);
  json_key(&j, "pass"), json_str(&j, pass_names[r->pass]);
  json_key(&j, "us_per_step"), json_f64(&j, bench_rounded(g->us, 100));
  json_key(&j, "floor_us"), json_f64(&j, bench_rounded(fastest->floor_us, 100));
  json_key(&j, "floor_gemm"), json_str(&j, fastest->gemm);
  json_key(&j, "ratio"), json_f64(&j, bench_rounded(fastest->floor_us / g->us, 1000));
  json_key(&j, "gflops"), json_f64(&j, bench_rounded(1e-3 * r->flops / g->us, 10));
  json_key(&j, "planned_bytes"), json_int(&j, (int64_t)g->planned);
  json_key(&j, "used_bytes"), json_int(&j, (int64_t)g->used);
  json_key(&j, "gemm"), json_str(&j, g->gemm);
  json_key(&j, "cpu"), json_str(&j, cpu_level_name(cpu_level()));
  json_close(&j, '}');
  printf("%s\n", str_text(&line));
}

static Status bench_pass(Arena *a, const BenchShape *s, const BenchOptions *o, BenchPass pass,
                         Err *e) {
  Result r = {.pass = pass};
  for (int i = 0; i < ENGINES; i++)
    if (str_eq(o->gemm, "all") || str_eq(o->gemm, engines[i])) r.engines[r.n++].gemm = engines[i];
  const Status status = measure(a, s, o->seconds, &r, e);
  for (int i = 0; i < r.n; i++) {
    if (status == OK && o->json) print_json(a, s, &r, &r.engines[i]);
    if (status == OK && !o->json) print_row(s, &r, &r.engines[i]);
    arena_free(&r.engines[i].model.numbers);
    arena_free(&r.engines[i].floor_numbers);
  }
  fflush(stdout);
  return status;
}

Status bench_shape(Arena *a, const BenchShape *s, const BenchOptions *o, Err *e) {
  for (int pass = 0; pass < BENCH_PASSES; pass++)
    if (o->passes[pass]) TRY(bench_pass(a, s, o, (BenchPass)pass, e));
  return OK;
}
