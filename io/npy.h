/*
 * NPY, numpy's file of one array, formats 1.0, 2.0 and 3.0: a magic, the version, the length of a
 * header (2 bytes, from 2.0 on 4), the header as a Python dictionary, then the numbers. Source:
 * numpy's numpy.lib.format.
 *
 * The file is mapped. Read are booleans, whole numbers of 1 to 8 bytes and floats of 4 and 8,
 * little-endian, in C or Fortran order. Everything else is refused with the offset of the byte that
 * says so, or with the line of numpy that helps.
 */
#ifndef CAVIAR_NPY_H
#define CAVIAR_NPY_H

#include <stdint.h>

#include "mapping.h"

enum { NPY_MAX_DIMS = 8 };

typedef struct {
  const char *path;
  char kind; /* 'b', 'i', 'u', 'f' as in numpy */
  int bytes; /* of a number */
  bool fortran;
  int n_dims;                       /* 1 or more */
  int64_t dims[NPY_MAX_DIMS], n, d; /* n: the first dimension, d: the product of the others */
  const unsigned char *numbers;     /* not aligned */
  Mapping map;
} Npy;

/* E_IO, E_DATA; messages start with the path, which is kept by pointer. */
MUST_CHECK Status npy_open(const char *path, Npy *out, Err *e);
void npy_close(Npy *x);

/* offset (d): where feature j of row 0 stands. Row i stands i d numbers behind, in Fortran order i.
 */
void npy_offsets(const Npy *x, int64_t *offset);

/* Number `at` of the file. */
double npy_number(const Npy *x, int64_t at);
/* The same of whole numbers, exactly; false: it does not fit. */
bool npy_integer(const Npy *x, int64_t at, int64_t *out);

#endif
