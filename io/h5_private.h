/*
 * What the files that know HDF5 share (h5_write.c, h5_read.c, h5_inspect.c); nothing else in caviar
 * includes <hdf5.h>.
 *
 * HDF5's own printing of errors is off; h5_reason gives the innermost line of its error stack.
 */
#ifndef CAVIAR_H5_PRIVATE_H
#define CAVIAR_H5_PRIVATE_H

#include <hdf5.h>

#include "base/arena.h"
#include "h5.h"
#include "h5_inspect.h"

struct H5In {
  Arena arena;
  const char *name; /* the path, for messages */
  hid_t file;
  uint64_t size; /* of the file on disk */
};

enum { H5_REASON = 200 };

void h5_quiet(void);
/* Why the last call of HDF5 failed; call it before any other. Returns out. */
const char *h5_reason(char out[H5_REASON]);

hid_t h5_memory_type(H5Type type);

/* Opens an object by hard links only, refusing what points outside of the file. The hid_t is a
 * dataset's or a group's. Closed by H5Oclose. */
MUST_CHECK Status h5_open_object(const H5In *in, const char *path, hid_t *object, Err *e);
/* The same for a dataset; fills what is known of it and refuses sizes that the file cannot hold. */
MUST_CHECK Status h5_open_dataset(const H5In *in, const char *path, hid_t *dataset, H5Info *info,
                                  Err *e);

#endif
