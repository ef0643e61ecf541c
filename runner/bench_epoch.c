/*
 * What an epoch costs besides its steps: the shuffle, and the gathering of rows, bytes made floats
 * and normalised; as shares of the step of the smallest shape.
 */
#include "bench.h"

#include <stdio.h>

#include "base/rng.h"
#include "data.h"
#include "io/json.h"
#include "normalizer.h"

enum { ROWS = 60000 };

typedef struct {
  RunData data;
  uint32_t *order; /* (ROWS) */
  NnModel *model;
  int batch, at; /* rows of a batch; the next batch's first row */
  uint64_t epoch;
} Epoch;

static void run_shuffle(void *subject) {
  Epoch *p = subject;
  rng_permute(BENCH_SEED, RNG_SHUFFLE, ++p->epoch, p->order, ROWS);
}

static void run_gather(void *subject) {
  Epoch *p = subject;
  if (p->at + p->batch > ROWS) p->at = 0;
  data_gather(&p->data, PART_TRAIN, p->order + p->at, 0, p->batch, p->model);
  p->at += p->batch;
}

/* Random bytes and labels as a training part, normalised by round numbers. */
static void make_data(Arena *a, int d, RunData *out) {
  uint8_t *x = ARENA_ARRAY(a, uint8_t, (size_t)ROWS * (size_t)d);
  int32_t *labels = ARENA_ARRAY(a, int32_t, ROWS);
  uint32_t *rows = ARENA_ARRAY(a, uint32_t, ROWS);
  double *mean = ARENA_ARRAY(a, double, d), *scale = ARENA_ARRAY(a, double, d);
  Rng rng = rng_stream(BENCH_SEED, RNG_GENERATE, 3, 0);
  for (int i = 0; i < ROWS * d; i++) x[i] = (uint8_t)rng_below(&rng, 256);
  for (int i = 0; i < ROWS; i++) labels[i] = (int32_t)rng_below(&rng, BENCH_CLASSES);
  for (uint32_t i = 0; i < ROWS; i++) rows[i] = i;
  for (int j = 0; j < d; j++) mean[j] = 127.5, scale[j] = 1 / 73.9;
  out->main = (IoDataset){.name = "bench",
                          .n = ROWS,
                          .d = d,
                          .x_type = IO_U8,
                          .x = x,
                          .labels = labels,
                          .n_classes = BENCH_CLASSES};
  out->parts[PART_TRAIN] = (DataPart){&out->main, rows, ROWS};
  out->targets.n_classes = BENCH_CLASSES;
  out->n_features = d;
  out->normalization = normalizer_linear(a, d, mean, scale);
}

static void print(Arena *a, const BenchOptions *o, const BenchShape *s, const double *us) {
  const double shuffle = us[1] * s->batch / ROWS, overhead = shuffle + us[2];
  if (!o->json) {
    printf("%s, batch %d, %d rows of uint8, one core, %s, us a step:\n", s->name, s->batch, ROWS,
           cpu_level_name(cpu_level()));
    printf("step %.2f, shuffle %.2f, gather %.2f: the epoch costs %.1f %% of its steps\n", us[0],
           shuffle, us[2], 100 * overhead / us[0]);
    return;
  }
  Str line = str_new(a);
  JsonWriter j = json_writer(&line);
  json_open(&j, '{');
  json_key(&j, "schema_version"), json_int(&j, 1);
  json_key(&j, "shape"), json_str(&j, s->name);
  json_key(&j, "batch"), json_int(&j, s->batch);
  json_key(&j, "rows"), json_int(&j, ROWS);
  json_key(&j, "us_per_step"), json_f64(&j, bench_rounded(us[0], 100));
  json_key(&j, "shuffle_us"), json_f64(&j, bench_rounded(shuffle, 1000));
  json_key(&j, "gather_us"), json_f64(&j, bench_rounded(us[2], 1000));
  json_key(&j, "share"), json_f64(&j, bench_rounded(overhead / us[0], 10000));
  json_key(&j, "cpu"), json_str(&j, cpu_level_name(cpu_level()));
  json_close(&j, '}');
  printf("%s\n", str_text(&line));
}

Status bench_epoch(Arena *a, const BenchOptions *o, Err *e) {
  const BenchShape *s = &bench_shapes[0];
  BenchModel m;
  Epoch p = {.batch = s->batch};
  double us[3];
  TRY(bench_plan(a, s, str_eq(o->gemm, "all") ? "fixed" : o->gemm, BENCH_TRAINING, &m, e));
  const Status status = bench_open(s, &m, e);
  if (status == OK) {
    make_data(a, s->features, &p.data);
    p.order = ARENA_ARRAY(a, uint32_t, ROWS);
    p.model = m.model;
    run_shuffle(&p);
    BenchTurn turns[] = {{.call = bench_step, .subject = &m},
                         {.call = run_shuffle, .subject = &p},
                         {.call = run_gather, .subject = &p}};
    bench_time(a, turns, COUNT(turns), o->seconds, us);
    print(a, o, s, us);
  }
  arena_free(&m.numbers);
  return status;
}
