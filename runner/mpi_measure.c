/* What a sum over the team takes. */
#include <mpi.h>
#include <stdlib.h>

#include "clock.h"
#include "mpi_team.h"
#include "mpi_world.h"

enum { MOST_TIMES = 10000, LEAST_TIMES = 3, LONG = 1 << 20 };

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *times, int n) {
  qsort(times, (size_t)n, sizeof *times, compare);
  return times[n / 2];
}

/* From a start that all have come to, to this member's end; the vector is zero and stays so. */
static double time_sum(MpiTeam *t, Real *v, size_t n, bool mpi) {
  double start = 0;
  t->team.reduce(t, NN_SUM_F64, &start, 1);
  start = clock_now();
  if (mpi)
    MPI_Allreduce(MPI_IN_PLACE, v, (int)n, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  else
    t->team.reduce(t, NN_SUM_REAL, v, n);
  return 1e6 * (clock_now() - start);
}

/* Zero, in an arena such as a model has. */
static Real *model_vector(Arena *a, size_t n) {
  Err e = {0};
  if (arena_init_fixed(a, n * sizeof(Real), "the vector", &e) != OK) arena_init(a);
  return ARENA_ARRAY(a, Real, n);
}

void mpi_team_measure(MpiTeam *t, size_t n, double seconds, double *us, double *mpi) {
  Arena a = {0}, numbers = {0};
  arena_init(&a);
  Real *v = model_vector(&numbers, n);
  double *own_times = ARENA_ARRAY(&a, double, MOST_TIMES);
  double *mpi_times = ARENA_ARRAY(&a, double, MOST_TIMES);
  const double end = clock_now() + seconds;
  int times = 0;
  bool more = true;
  time_sum(t, v, n, false);
  if (mpi) time_sum(t, v, n, true);
  while (more) {
    own_times[times] = time_sum(t, v, n, false);
    if (mpi) mpi_times[times] = time_sum(t, v, n, true);
    times++;
    more = times < LEAST_TIMES || (times < MOST_TIMES && clock_now() < end);
    t->team.share(t, &more, sizeof more);
  }
  *us = median(own_times, times);
  t->team.share(t, us, sizeof *us);
  if (mpi) {
    *mpi = median(mpi_times, times);
    t->team.share(t, mpi, sizeof *mpi);
  }
  arena_free(&numbers);
  arena_free(&a);
}

/* A long sum of two takes two exchanges, each of half the vector both ways. */
void mpi_team_link(double seconds, double *latency, double *bandwidth) {
  const int ends[] = {0, world_size() - 1}, me = world_rank();
  double us, long_us;
  Arena a = {0};
  *latency = *bandwidth = 0;
  if (ends[1] == 0 || (me != ends[0] && me != ends[1])) return;
  arena_init(&a);
  MpiTeam *t = ARENA_NEW(&a, MpiTeam);
  mpi_team_init(t);
  mpi_team_form(t, ends, 2);
  mpi_team_measure(t, 1, seconds / 2, &us, NULL);
  mpi_team_measure(t, LONG, seconds / 2, &long_us, NULL);
  const double sending = long_us - 2 * us;
  *latency = 1e-6 * us;
  *bandwidth = LONG * sizeof(Real) / (1e-6 * (sending > 1 ? sending : 1));
  mpi_team_free(t);
  arena_free(&a);
}
