/* Memory that other processes can map. */
#define _GNU_SOURCE /* memfd_create */
#include "shared_memory.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first line of each piece. */
typedef struct Piece {
  struct Piece *next; /* newest first */
  size_t size;        /* with this line */
  uint64_t inode;
  int fd;
} Piece;

enum { LINE = 64 };
_Static_assert(sizeof(Piece) <= LINE, "the header of a piece fits one line");

static Piece *pieces;

static void *map_file(int fd, size_t size, uint64_t *inode) {
  struct stat s;
  if (ftruncate(fd, (off_t)size) != 0 || fstat(fd, &s) != 0) return MAP_FAILED;
  *inode = s.st_ino;
  return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

void *shared_memory_take(size_t bytes) {
  const size_t size = bytes + LINE;
  uint64_t inode = 0;
  if (size < bytes || size > (size_t)1 << 62) return NULL;
  const int fd = memfd_create("caviar", MFD_CLOEXEC);
  if (fd < 0) return NULL;
  Piece *piece = map_file(fd, size, &inode);
  if (piece == MAP_FAILED) {
    close(fd);
    return NULL;
  }
  *piece = (Piece){.next = pieces, .size = size, .inode = inode, .fd = fd};
  pieces = piece;
  return (char *)piece + LINE;
}

bool shared_memory_give(void *p) {
  for (Piece **at = &pieces; *at; at = &(*at)->next) {
    Piece *piece = *at;
    if ((char *)piece + LINE != p) continue;
    *at = piece->next;
    close(piece->fd);
    munmap(piece, piece->size);
    return true;
  }
  return false;
}

bool shared_memory_home(const void *p, size_t bytes, SharedHome *home) {
  for (const Piece *piece = pieces; piece; piece = piece->next) {
    const uintptr_t at = (uintptr_t)p - (uintptr_t)piece; /* wraps if p is below */
    if (at > piece->size || bytes > piece->size - at) continue;
    *home = (SharedHome){.fd = piece->fd, .inode = piece->inode, .offset = at};
    return true;
  }
  return false;
}
