/*
 * Files that are mapped into memory and read there: datasets, arrays.
 *
 * Others may write into such a file meanwhile, cut it off, or its disk may fail. To read what cannot
 * be read any more is the signal SIGBUS, which ends the process by mapping_lost, with the file's name.
 * Whether a file was written to is asked by mapping_changed, before anything is kept that came of it.
 */
#ifndef CAVIAR_MAPPING_H
#define CAVIAR_MAPPING_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Which file, and in which state: on one host two of the same numbers are the same content. */
typedef struct {
  uint64_t device, inode, bytes;
  int64_t changed_s, changed_ns; /* of content, name or mode */
} IoFileId;

typedef struct {
  const char *path; /* by pointer */
  const void *at;   /* (n) bytes of the file, read-only; NULL: nothing is mapped */
  size_t n;
  int fd;
  IoFileId id;
} Mapping;

enum { MAPPINGS_MOST = 8 }; /* of a process, at a time */

/* The state of the file of that name; zero: there is none. */
IoFileId mapping_id(const char *path);

/* n bytes from byte `first` on; n = 0: to its end, nothing of an empty file. E_IO, and E_DATA where
 * the file ends before; messages start with the path. */
MUST_CHECK Status mapping_open(const char *path, uint64_t first, uint64_t n, Mapping *out, Err *e);
void mapping_close(Mapping *m);

/* Since it was opened or this was asked last; the content may be the same. E_DATA: it was cut off. */
MUST_CHECK Status mapping_changed(const Mapping *m, bool *changed, Err *e);

/* What ends the process, and does not return: called by mapping_lost and from now on for SIGBUS. */
void mapping_on_lost(void (*handler)(const Err *e));
_Noreturn void mapping_lost(const Err *e);

#endif
