/* What another rank of this host has in its memory. */
#include "mpi_view.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/shared_memory.h"
#include "mpi_wait.h"

enum { LEAST = 64 << 10 }; /* bytes of an arena that is worth a mapping */

static bool is_neighbour(int rank) {
  return rank != wait_rank() && strcmp(wait_host(rank), wait_host(wait_rank())) == 0;
}

void view_offer_memory(void) {
  if (wait_neighbours() > 0) arena_share_fixed(LEAST);
}

Home view_home(const View *v, int rank, const void *p, size_t n) {
  SharedHome home;
  Home h = {.pid = (int32_t)getpid()};
  if (!is_neighbour(rank) || !shared_memory_home(p, n, &home)) return h;
  h.inode = home.inode;
  h.offset = home.offset;
  h.fd = home.fd;
  if (v->rank == rank && v->base) h.seen = v->inode;
  return h;
}

void view_close(View *v) {
  if (v->base) munmap(v->base, v->bytes);
  *v = (View){0};
}

/* The file behind the other's descriptor, if it is the one that it speaks of. */
static int open_file(const Home *h, size_t *bytes) {
  char path[64];
  struct stat s;
  snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)h->pid, (int)h->fd);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  if (fstat(fd, &s) == 0 && s.st_ino == h->inode && S_ISREG(s.st_mode)) {
    *bytes = (size_t)s.st_size;
    return fd;
  }
  close(fd);
  return -1;
}

static void map(View *v, int rank, const Home *h) {
  view_close(v);
  v->rank = rank;
  v->inode = h->inode;
  const int fd = open_file(h, &v->bytes);
  if (fd < 0) return;
  void *base = mmap(NULL, v->bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (base != MAP_FAILED) v->base = base;
  close(fd);
}

const void *view_of(View *v, int rank, const Home *mine, const Home *theirs, size_t n) {
  if (!mine->inode || !theirs->inode) return NULL;
  const bool both = mine->seen == theirs->inode && theirs->seen == mine->inode;
  if (both && theirs->offset <= v->bytes && n <= v->bytes - theirs->offset)
    return v->base + theirs->offset;
  if (v->rank != rank || v->inode != theirs->inode) map(v, rank, theirs);
  return NULL;
}
