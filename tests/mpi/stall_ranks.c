/*
 * Ranks that wait, for cli/test_stall.sh: stall_ranks KIND SECONDS
 *
 *   sum N        rank 0 stops rank 1 (SIGSTOP) before a sum and lets it go on after N seconds
 *   agree N      rank 1 comes N seconds late to world_agree
 *   differ 0     rank 1 enters another collective than rank 0
 *   itself N     rank 1 is stopped for N seconds while it waits, and rank 0 comes a little later
 *
 * `stall` is 1 s. The exit code is 0 where all went on.
 */
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "runner/clock.h"
#include "team_rig.h"

static void end_job(Status why) {
  MPI_Abort(MPI_COMM_WORLD, err_exit_code(why));
  abort();
}

typedef struct {
  int other; /* the process to be woken; 0: it was */
  double at; /* on the clock */
} Waker;

static void wake(void *ctx) {
  Waker *w = ctx;
  if (w->other == 0 || clock_now() < w->at) return;
  kill(w->other, SIGCONT);
  w->other = 0;
}

static int other_process(int rank) {
  int mine = (int)getpid(), other = 0;
  MPI_Sendrecv(&mine, 1, MPI_INT, 1 - rank, 7, &other, 1, MPI_INT, 1 - rank, 7, MPI_COMM_WORLD,
               MPI_STATUS_IGNORE);
  return other;
}

static void check_sum(MpiTeam *t) {
  float v[5] = {1, 2, 3, 4, 5};
  t->team.reduce(t->team.ctx, NN_SUM_REAL, v, 5);
  REQUIRE(v[4] == 10, "the sum is %g", (double)v[4]);
}

static void stop_other(MpiTeam *t, int rank, double seconds) {
  Waker w = {.other = other_process(rank), .at = clock_now() + seconds};
  if (rank == 0) {
    kill(w.other, SIGSTOP);
    t->team.tick = wake;
    t->team.tick_ctx = &w;
  } else {
    clock_sleep(0.2); /* it is stopped here */
  }
  check_sum(t);
}

static void stop_the_waiting(MpiTeam *t, int rank, double seconds) {
  const int other = other_process(rank);
  if (rank == 0) {
    clock_sleep(0.2); /* it waits now */
    kill(other, SIGSTOP);
    clock_sleep(seconds);
    kill(other, SIGCONT);
    clock_sleep(0.2);
  }
  check_sum(t);
}

static void differ(MpiTeam *t, int rank) {
  float v[64] = {1};
  if (rank == 0)
    t->team.reduce(t->team.ctx, NN_SUM_REAL, v, 64);
  else
    t->team.reduce(t->team.ctx, NN_MOMENTS, v, 63);
}

int main(int argc, char **argv) {
  static const int ranks[] = {0, 1};
  static MpiTeam team;
  Err e = {0};
  rig_start(&argc, &argv);
  world_on_end(end_job);
  mpi_team_stall(1);
  mpi_team_init(&team);
  mpi_team_form(&team, ranks, 2);
  team.what = "trial 17";
  const char *kind = argc > 2 ? argv[1] : "";
  const double seconds = argc > 2 ? atof(argv[2]) : 0;
  const int rank = world_rank();
  if (strcmp(kind, "sum") == 0) stop_other(&team, rank, seconds);
  if (strcmp(kind, "itself") == 0) stop_the_waiting(&team, rank, seconds);
  if (strcmp(kind, "differ") == 0) differ(&team, rank);
  if (strcmp(kind, "agree") == 0) {
    if (rank == 1) clock_sleep(seconds);
    REQUIRE(world_agree(OK, &e) == OK, "%s", e.text);
  }
  mpi_team_free(&team);
  return rig_end();
}
