/* The report of `caviar bench --ranks`. */
#include <stdio.h>

#include "bench.h"
#include "io/json.h"

void bench_ranks_head(const BenchOptions *o, int n_ranks) {
  if (o->json) return;
  printf("teams of up to %d rank%s, %s; us a step, medians of turns in one run\n", n_ranks,
         n_ranks == 1 ? " (mpirun -n 2 caviar bench --ranks: of two)" : "s",
         cpu_level_name(cpu_level()));
  printf("one: a rank alone, the others asleep; cost: of its shards, against an unsharded step\n"
         "team: the ranks together; ratio: one / team\n"
         "busy: what ratio would be if the ranks cost each other only memory and clock: an "
         "unsharded step alone,\n      times ranks, / the same on all at once, each for itself\n"
         "part: a member's own work without any message; sum: of as many floats as there are "
         "weights, ours and MPI's\n");
  printf("%-22s %5s %6s %5s %10s %7s %10s %6s %6s %10s %9s %9s\n", "shape", "batch", "shards",
         "ranks", "one", "cost %", "team", "ratio", "busy", "part", "sum", "MPI");
}

static void print_us(int width, double us) {
  if (us > 0)
    printf(" %*.1f", width, us);
  else
    printf(" %*s", width, "-");
}

static void print_row(const BenchShape *s, const BenchRanks *r) {
  printf("%-22s %5d %6d %5d %10.1f %+7.1f", s->name, s->batch, r->shards, r->ranks, r->one,
         100 * (r->one / r->unsharded - 1));
  if (r->ranks > 1)
    printf(" %10.1f %6.2f %6.2f %10.1f", r->team, r->one / r->team,
           r->ranks * r->unsharded / r->busy, r->part);
  else
    printf(" %10s %6s %6s %10s", "-", "-", "-", "-");
  print_us(9, r->sum);
  print_us(9, r->mpi);
  printf("\n");
}

static void put(JsonWriter *j, const char *key, double x, double parts) {
  json_key(j, key);
  if (x > 0)
    json_f64(j, bench_rounded(x, parts));
  else
    json_none(j);
}

static void print_json(Arena *a, const BenchShape *s, const BenchOptions *o, const BenchRanks *r) {
  const bool team = r->ranks > 1;
  Str line = str_new(a);
  JsonWriter j = json_writer(&line);
  json_open(&j, '{');
  json_key(&j, "schema_version"), json_int(&j, 1);
  json_key(&j, "shape"), json_str(&j, s->name);
  json_key(&j, "batch"), json_int(&j, s->batch);
  json_key(&j, "gemm"), json_str(&j, str_eq(o->gemm, "all") ? "fixed" : o->gemm);
  json_key(&j, "shards"), json_int(&j, r->shards);
  json_key(&j, "ranks"), json_int(&j, r->ranks);
  put(&j, "unsharded_us", r->unsharded, 100);
  put(&j, "one_us", r->one, 100);
  json_key(&j, "cost_percent");
  json_f64(&j, bench_rounded(100 * (r->one / r->unsharded - 1), 100));
  put(&j, "team_us", team ? r->team : 0, 100);
  put(&j, "ratio", team ? r->one / r->team : 0, 1000);
  put(&j, "busy_us", team ? r->busy : 0, 100);
  put(&j, "busy_ratio", team ? r->ranks * r->unsharded / r->busy : 0, 1000);
  put(&j, "part_us", team ? r->part : 0, 100);
  json_key(&j, "floats"), json_int(&j, (int64_t)r->n_weights);
  put(&j, "sum_us", r->sum, 100);
  put(&j, "mpi_us", r->mpi, 100);
  json_key(&j, "cpu"), json_str(&j, cpu_level_name(cpu_level()));
  json_close(&j, '}');
  printf("%s\n", str_text(&line));
}

void bench_ranks_print(Arena *a, const BenchShape *s, const BenchOptions *o, const BenchRanks *r) {
  if (o->json)
    print_json(a, s, o, r);
  else
    print_row(s, r);
  fflush(stdout);
}

void bench_sum_print(Arena *a, const BenchOptions *o, size_t n, int ranks, double own, double mpi) {
  char floats[32];
  if (ranks == 1) return;
  if (!o->json) {
    printf("a sum of %s floats over %d ranks: %.0f us", str_count((int64_t)n, floats), ranks, own);
    if (mpi > 0) printf(", MPI_Allreduce %.0f us, %.2f of it", mpi, own / mpi);
    printf("\n");
    return;
  }
  Str line = str_new(a);
  JsonWriter j = json_writer(&line);
  json_open(&j, '{');
  json_key(&j, "schema_version"), json_int(&j, 1);
  json_key(&j, "sum"), json_int(&j, (int64_t)n);
  json_key(&j, "ranks"), json_int(&j, ranks);
  put(&j, "sum_us", own, 100);
  put(&j, "mpi_us", mpi, 100);
  put(&j, "ratio", mpi > 0 ? own / mpi : 0, 1000);
  json_close(&j, '}');
  printf("%s\n", str_text(&line));
}
