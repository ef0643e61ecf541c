/*
 * Memory that other processes of this host can map, and read while it lives. It has no name in any
 * directory and goes with the process, however that ends. For arena.c, and for whoever tells
 * another process where something lies.
 */
#ifndef CAVIAR_SHARED_MEMORY_H
#define CAVIAR_SHARED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a pointer lies: at /proc/PID/fd/FD for others, of this user. */
typedef struct {
  int fd;
  uint64_t inode;  /* of fd: no two pieces of memory on a host have the same */
  uint64_t offset; /* of the pointer in it, in bytes */
} SharedHome;

/* Zeroed, 64-byte aligned; NULL: refused. */
void *shared_memory_take(size_t bytes);

/* What take gave. False: p is something else, and stays. */
bool shared_memory_give(void *p);

/* False: no such memory is at p, or less than `bytes` of it follow. */
bool shared_memory_home(const void *p, size_t bytes, SharedHome *home);

#endif
