#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

enum { MAX_TIMES = 100000 };

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

void bench_turn_open(Arena *a, BenchTurn *t) {
  t->us = ARENA_ARRAY(a, double, MAX_TIMES);
}

void bench_turn_note(BenchTurn *t, double us) {
  if (t->n < MAX_TIMES) t->us[t->n++] = us;
}

double bench_turn_median(BenchTurn *t) {
  qsort(t->us, (size_t)t->n, sizeof *t->us, ascending);
  return 0.5 * (t->us[(t->n - 1) / 2] + t->us[t->n / 2]);
}

void bench_turn_take(BenchTurn *t) {
  t->call(t->subject);
  const double start = clock_now();
  double last = start, now;
  do {
    t->call(t->subject);
    now = clock_now();
    bench_turn_note(t, 1e6 * (now - last));
    last = now;
  } while (now - start < 5e-3);
}

void bench_time(Arena *a, BenchTurn *turns, int n, double seconds, double *us) {
  for (int i = 0; i < n; i++) bench_turn_open(a, &turns[i]);
  const double end = clock_now() + seconds;
  do {
    for (int i = 0; i < n; i++) bench_turn_take(&turns[i]);
  } while (clock_now() < end);
  for (int i = 0; i < n; i++) us[i] = bench_turn_median(&turns[i]);
}

size_t bench_resident(void) {
  unsigned long long kib = 0;
  char line[256];
  FILE *f = fopen("/proc/self/smaps_rollup", "r");
  if (f == NULL) return 0;
  while (fgets(line, sizeof line, f))
    if (sscanf(line, "Rss: %llu kB", &kib) == 1) break;
  fclose(f);
  return (size_t)kib * 1024;
}

double bench_rounded(double x, double parts) {
  return floor(x * parts + 0.5) / parts;
}
