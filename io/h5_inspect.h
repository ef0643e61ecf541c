/* How a dataset lies in its file: what io/dataset.c needs to map it instead of reading it. */
#ifndef CAVIAR_H5_INSPECT_H
#define CAVIAR_H5_INSPECT_H

#include "h5.h"

enum { H5_MAX_DIMS = 4 };

typedef enum { H5_INTEGER, H5_FLOAT, H5_STRING } H5Class;

typedef struct {
  int n_dims;
  int64_t dims[H5_MAX_DIMS];
  int64_t count; /* elements: product of dims */
  H5Class class;
  bool is_signed;
  size_t bytes;    /* of an element */
  bool native;     /* stored as this machine would hold it */
  bool contiguous; /* in one piece, */
  uint64_t offset; /*   at this byte of the file */
} H5Info;

/* E_DATA: no such dataset, or one that is refused (io/h5.h). */
MUST_CHECK Status h5_inspect(const H5In *in, const char *path, H5Info *info, Err *e);

#endif
