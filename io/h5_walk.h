/*
 * Every object of a file, read through: what io/h5.h could be asked for.
 *
 * WALK_STRICT is for files that caviar wrote: whatever would be refused, or cannot be read, is an
 * error, and the hash of the whole content is taken. WALK_SURVIVE passes over what is refused: it only
 * finds out whether libhdf5 lives through the file (io/h5_guard.h); datasets that lie in one piece are
 * not read then, for nothing of them is decoded.
 */
#ifndef CAVIAR_H5_WALK_H
#define CAVIAR_H5_WALK_H

#include "h5.h"
#include "hash.h"

typedef enum { WALK_STRICT, WALK_SURVIVE } H5WalkMode;

enum { WALK_DEPTH = 16, WALK_OBJECTS = 20000 };

typedef struct {
  int64_t objects, attributes;
  uint64_t bytes;         /* of numbers and texts that were read */
  char content[HASH_HEX]; /* WALK_STRICT: of paths, types, shapes, values and attributes */
} H5Walked;

/* E_DATA: damaged, a link to elsewhere, groups deeper than WALK_DEPTH (or in a circle), more than
 * WALK_OBJECTS; messages name file and object. */
MUST_CHECK Status h5_walk(const H5In *in, H5WalkMode mode, H5Walked *out, Err *e);

#endif
