/* The death of a rank, said by another. */
#define _POSIX_C_SOURCE 200809L
#include "mpi_peer.h"

#include <errno.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "clock.h"
#include "mpi_wait.h"
#include "mpi_world.h"

static const double look_seconds = 0.1, grace_seconds = 2;

/* A process, and where its number means something: the running kernel and the process namespace. */
typedef struct {
  char place[96]; /* "": unknown */
  int32_t pid;
} Peer;

static struct {
  Peer next;
  int rank;    /* its; -1: nobody */
  double seen; /* when this rank last looked, */
  double gone; /*   and when it found it gone; 0: it lives */
} watched = {.rank = -1};

static bool read_line(const char *path, char *text, int size) {
  FILE *f = fopen(path, "r");
  const bool there = f && fgets(text, size, f);
  if (f) fclose(f);
  return there;
}

static void find_place(Peer *p) {
  char kernel[48] = "", space[40] = "";
  if (!read_line("/proc/sys/kernel/random/boot_id", kernel, sizeof kernel)) return;
  if (readlink("/proc/self/ns/pid", space, sizeof space - 1) <= 0) return;
  snprintf(p->place, sizeof p->place, "%s%s", kernel, space);
}

static bool lives(const Peer *p) {
  return kill(p->pid, 0) == 0 || errno != ESRCH;
}

void peer_start(void) {
  Arena scratch = {0};
  const int me = world_rank(), n = world_size();
  Peer mine = {.pid = (int32_t)getpid()}, *all = ARENA_ARRAY(&scratch, Peer, n);
  find_place(&mine);
  MPI_Allgather(&mine, sizeof mine, MPI_BYTE, all, sizeof mine, MPI_BYTE, MPI_COMM_WORLD);
  int r = (me + 1) % n;
  while (r != me && (!mine.place[0] || strcmp(all[r].place, mine.place) != 0)) r = (r + 1) % n;
  if (r != me && lives(&all[r])) {
    watched.next = all[r];
    watched.rank = r;
  }
  arena_free(&scratch);
}

void peer_stop(void) {
  MPI_Barrier(MPI_COMM_WORLD);
  watched.rank = -1;
}

void peer_look(void) {
  const double now = clock_now();
  if (watched.rank < 0 || now - watched.seen < look_seconds) return;
  watched.seen = now;
  if (watched.gone > 0) {
    if (now - watched.gone > grace_seconds) wait_end_job(E_STOPPED);
    return;
  }
  if (lives(&watched.next)) return;
  watched.gone = now;
  log_line(LOG_ERROR,
           "rank %d on %s (process %d) is gone, so the job ends; run the same command again: it "
           "continues",
           watched.rank, wait_host(watched.rank), (int)watched.next.pid);
}
