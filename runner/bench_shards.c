/*
 * What shards cost where there is one rank: a step with 8 of them beside one without, for two
 * networks and few to many rows a shard, in turns.
 */
#include <stdio.h>

#include "bench.h"
#include "io/json.h"

enum { SHARDS = 8 };
static const int rows_a_shard[] = {8, 16, 32, 64, 128, 256};
static const BenchShape networks[] = {
    {.name = "784-512-10", .features = 784, .n_hidden = 1, .hidden = {512}},
    {.name = "784-1024-1024-10", .features = 784, .n_hidden = 2, .hidden = {1024, 1024}},
};

static void print(Arena *a, const BenchOptions *o, const BenchShape *s, const double *us) {
  const double percent = 100 * (us[1] / us[0] - 1);
  if (!o->json) {
    printf("%-22s %6d %12d %12.1f %12.1f %+8.1f\n", s->name, s->batch, s->batch / SHARDS, us[0],
           us[1], percent);
    return;
  }
  Str line = str_new(a);
  JsonWriter j = json_writer(&line);
  json_open(&j, '{');
  json_key(&j, "schema_version"), json_int(&j, 1);
  json_key(&j, "shape"), json_str(&j, s->name);
  json_key(&j, "batch"), json_int(&j, s->batch);
  json_key(&j, "shards"), json_int(&j, SHARDS);
  json_key(&j, "shard_rows"), json_int(&j, s->batch / SHARDS);
  json_key(&j, "unsharded_us"), json_f64(&j, bench_rounded(us[0], 100));
  json_key(&j, "us_per_step"), json_f64(&j, bench_rounded(us[1], 100));
  json_key(&j, "percent"), json_f64(&j, bench_rounded(percent, 100));
  json_key(&j, "cpu"), json_str(&j, cpu_level_name(cpu_level()));
  json_close(&j, '}');
  printf("%s\n", str_text(&line));
}

static Status compare(Arena *a, const BenchOptions *o, const BenchShape *s, Err *e) {
  static const int shards[] = {1, SHARDS};
  const char *gemm = str_eq(o->gemm, "all") ? "fixed" : o->gemm;
  BenchModel m[COUNT(shards)] = {0};
  BenchTurn turns[COUNT(shards)];
  double us[COUNT(shards)];
  Status status = OK;
  for (int i = 0; i < COUNT(shards) && status == OK; i++) {
    const NnTeam team = nn_team_solo(shards[i]);
    status = bench_plan_team(a, s, gemm, &team, &m[i], e);
    if (status == OK) status = bench_open(s, &m[i], e);
    turns[i] = (BenchTurn){.call = bench_step, .subject = &m[i]};
  }
  if (status == OK) bench_time(a, turns, COUNT(turns), o->seconds, us);
  for (int i = 0; i < COUNT(shards); i++) arena_free(&m[i].numbers);
  if (status == OK) print(a, o, s, us);
  fflush(stdout);
  return status;
}

Status bench_shards(Arena *a, const BenchOptions *o, Err *e) {
  if (!o->json)
    printf("%d shards on one rank beside none, batch norm, momentum, one core, %s; us a step\n"
           "%-22s %6s %12s %12s %12s %8s\n",
           SHARDS, cpu_level_name(cpu_level()), "shape", "batch", "rows a shard", "unsharded",
           "sharded", "percent");
  for (int i = 0; i < COUNT(networks); i++) {
    for (int k = 0; k < COUNT(rows_a_shard); k++) {
      BenchShape s = networks[i];
      s.activation = "relu";
      s.optimizer = "momentum";
      s.batch = SHARDS * rows_a_shard[k];
      TRY(compare(a, o, &s, e));
    }
  }
  return OK;
}
