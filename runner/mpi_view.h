/*
 * What another rank of this host has in its memory, mapped and read in place. Only for files named
 * mpi_*.c.
 *
 * Two ranks that are about to swap long vectors tell each other where theirs lie (Home), and which
 * memory of the other they have mapped already (seen). Where each sees the other's, both read in
 * place: half the time of messages, whose bytes are copied once more. Else both send messages, and
 * map for the next time. So the two always decide alike, and where memory cannot be mapped (other
 * hosts, other containers, vectors of other arenas) messages go on.
 */
#ifndef CAVIAR_MPI_VIEW_H
#define CAVIAR_MPI_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint64_t inode, offset; /* inode 0: in no memory that can be mapped */
  uint64_t seen;          /* inode of the other's memory that is mapped here; 0: none */
  int32_t pid, fd;
} Home;

/* Of one rank at a time; zeroed: of none. */
typedef struct {
  int rank;
  uint64_t inode; /* tried last */
  char *base;     /* NULL: it could not be mapped */
  size_t bytes;
} View;

/* Memory of fixed arenas is from now on such that others can map it, if this host has more ranks
 * than this one. */
void view_offer_memory(void);

/* Of n bytes at p, for `rank`. */
Home view_home(const View *v, int rank, const void *p, size_t n);

/* The n bytes at `theirs`, or NULL: both send messages. `mine` is what was sent, `theirs` what
 * came. Maps what it will see the next time. */
const void *view_of(View *v, int rank, const Home *mine, const Home *theirs, size_t n);

void view_close(View *v);

#endif
