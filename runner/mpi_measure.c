/* What a sum over the team takes. */
#include <mpi.h>
#include <stdlib.h>

#include "clock.h"
#include "mpi_team.h"

enum { MOST_TIMES = 10000, LEAST_TIMES = 3 };

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

void mpi_team_measure(MpiTeam *t, size_t n, double seconds, double *us, double *mpi) {
  Arena a = {0};
  arena_init(&a);
  Real *v = ARENA_ARRAY(&a, Real, n);
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
  arena_free(&a);
}
