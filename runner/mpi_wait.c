/* Waiting for another rank; who is on which host; the end of a job that cannot go on. */
#include "mpi_wait.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "clock.h"
#include "mpi_team.h"
#include "mpi_world.h"

enum { HOST = 64, GIVE_UP = 10 };

static const double longest_gap = 0.25;  /* seconds between two looks that count as waiting */
static const double spins = 1e-3;        /* seconds after which a rank gives its core away; */
static const double crowd_sleeps = 5e-5; /*   without one of its own it sleeps between looks */

static struct {
  Arena arena;
  int rank, n;
  char (*hosts)[HOST]; /* (n) */
  bool crowded;        /* this host has more ranks than cores */
  double stall;
  void (*end)(Status why);
} job = {.stall = 60};

/* ---- the job --------------------------------------------------------------------------------- */

static int ranks_here(void) {
  int count = 0;
  for (int i = 0; i < job.n; i++) count += strcmp(job.hosts[i], job.hosts[job.rank]) == 0;
  return count;
}

void wait_start(void) {
  char mine[HOST] = "";
  gethostname(mine, sizeof mine - 1);
  arena_init(&job.arena);
  job.n = world_size();
  job.rank = world_rank();
  job.hosts = arena_alloc(&job.arena, (size_t)job.n, HOST);
  MPI_Allgather(mine, HOST, MPI_CHAR, job.hosts, HOST, MPI_CHAR, MPI_COMM_WORLD);
  job.crowded = ranks_here() > sysconf(_SC_NPROCESSORS_ONLN);
}

void wait_stop(void) {
  arena_free(&job.arena);
  job.hosts = NULL;
}

int wait_rank(void) {
  return job.rank;
}

int wait_neighbours(void) {
  return job.hosts ? ranks_here() - 1 : 0;
}

const char *wait_host(int rank) {
  return job.hosts && rank >= 0 && rank < job.n ? job.hosts[rank] : "";
}

void mpi_team_stall(double seconds) {
  job.stall = seconds;
}

void world_on_end(void (*handler)(Status why)) {
  job.end = handler;
}

void wait_end_job(Status why) {
  if (job.end) job.end(why);
  __builtin_trap();
}

/* ---- too long -------------------------------------------------------------------------------- */

static void warn(const Waiting *w, double waited) {
  log_line(LOG_WARNING, "%s%srank %d on %s has waited %.0f s for rank %d on %s (%s)",
           w->trial ? w->trial : "", w->trial ? ": " : "", job.rank, wait_host(job.rank), waited,
           w->rank, wait_host(w->rank), w->what);
}

_Noreturn static void give_up(const Waiting *w, double waited) {
  warn(w, waited);
  log_line(LOG_ERROR,
           "rank %d gives up, so the job ends; look at rank %d on %s, then run the same command "
           "again: it continues",
           job.rank, w->rank, wait_host(w->rank));
  wait_end_job(E_STOPPED);
}

void wait_watch(Watch *x, const Waiting *w) {
  const double now = clock_now(), stall = job.stall * w->patience;
  if (x->seen == 0) {
    *x = (Watch){.seen = now, .next = stall};
    return;
  }
  const double gap = now - x->seen;
  x->waited += gap < longest_gap ? gap : longest_gap;
  x->seen = now;
  if (x->waited < x->next) return;
  if (x->waited >= GIVE_UP * stall) give_up(w, x->waited);
  warn(w, x->waited);
  x->next = 2 * x->next < GIVE_UP * stall ? 2 * x->next : GIVE_UP * stall;
}

/* ---- in a team ------------------------------------------------------------------------------- */

/*
 * Looks without a break for a while: most waits end there, and a core given away on a busy machine
 * is back after milliseconds only. Every 50 us the tick and the watch have their turn. A rank that
 * shares its core gives it away at once and soon sleeps, or those that have work to do would get
 * only their share of it: with 8 ranks on 2 cores a message then costs some 200 us.
 */
static void wait_long(const Waiting *w, MPI_Request *r) {
  Watch watch = {0};
  uint64_t last = 0;
  int done = 0;
  clock_due(&last);
  while (!done) {
    if (clock_due(&last)) {
      if (w->tick) w->tick(w->tick_ctx);
      wait_watch(&watch, w);
      if (job.crowded) clock_sleep(crowd_sleeps);
    }
    if (job.crowded || watch.waited > spins) sched_yield();
    MPI_Test(r, &done, MPI_STATUS_IGNORE);
  }
}

void wait_request(const Waiting *w, MPI_Request *r) {
  int done = 0;
  MPI_Test(r, &done, MPI_STATUS_IGNORE);
  if (!done) wait_long(w, r);
}
