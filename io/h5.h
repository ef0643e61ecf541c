/*
 * The atomic HDF5 writer: a file is built in memory (core driver, no timestamps), its image is
 * written to a temporary file beside the target, fsync'ed, renamed, and the directory fsync'ed. A
 * killed writer leaves the old file or the new one, never half of one; a full disk is a short write
 * before anything is published. Same content, same bytes.
 */
#ifndef CAVIAR_H5_H
#define CAVIAR_H5_H

#include <stdint.h>
#include "base/err.h"

typedef struct H5Out H5Out; /* a file being built */

typedef enum { H5_U8, H5_I32, H5_I64, H5_F32, H5_F64 } H5Type;

MUST_CHECK Status h5_create(H5Out **out, Err *e);
/* Path "/a/b/c": groups are made as needed. Fletcher32-checksummed (chunked) if `checked`, else
 * contiguous. */
MUST_CHECK Status h5_put(H5Out *o, const char *path, H5Type type, const int64_t *dims, int n_dims,
                         const void *data, bool checked, Err *e);
/* Bytes that such a checked dataset takes of the image in memory; *working becomes at least what
 * HDF5 has in its hands besides while it writes: chunks, as they are and filtered. */
size_t h5_checked_bytes(H5Type type, const int64_t *dims, int n_dims, size_t *working);
MUST_CHECK Status h5_put_strings(H5Out *o, const char *path, const char *const *text, int n,
                                 Err *e);
MUST_CHECK Status h5_put_text(H5Out *o, const char *path, const char *text,
                              Err *e); /* a scalar string */
/* Attributes of an existing object ("/" for the file). */
MUST_CHECK Status h5_attr_text(H5Out *o, const char *path, const char *name, const char *text,
                               Err *e);
MUST_CHECK Status h5_attr_strings(H5Out *o, const char *path, const char *name,
                                  const char *const *text, int n, Err *e);
MUST_CHECK Status h5_attr_i64(H5Out *o, const char *path, const char *name, int64_t value, Err *e);
MUST_CHECK Status h5_attr_f64(H5Out *o, const char *path, const char *name, double value, Err *e);
/* Publishes at `file`. Frees `o` whatever happens. E_IO. */
MUST_CHECK Status h5_publish(H5Out *o, const char *file, Err *e);
void h5_discard(H5Out *o);

/* Reading back small files (checkpoints): opened with the same refusals as datasets. */
typedef struct H5In H5In;
struct Arena;

MUST_CHECK Status h5_open(H5In **in, const char *file, Err *e);
void h5_close(H5In *in);
bool h5_has(const H5In *in, const char *path);
/* The whole dataset as `type` into the arena; dims (up to 4) and n_dims out. */
MUST_CHECK Status h5_get(const H5In *in, struct Arena *a, const char *path, H5Type type,
                         void **data, int64_t dims[4], int *n_dims, Err *e);
MUST_CHECK Status h5_get_text(const H5In *in, struct Arena *a, const char *path, char **text,
                              Err *e);
MUST_CHECK Status h5_get_attr_i64(const H5In *in, const char *path, const char *name,
                                  int64_t *value, Err *e);
MUST_CHECK Status h5_get_attr_text(const H5In *in, struct Arena *a, const char *path,
                                   const char *name, char **text, Err *e);
/* A list of strings. *text NULL and n 0 where there is no such attribute. */
MUST_CHECK Status h5_get_attr_strings(const H5In *in, struct Arena *a, const char *path,
                                      const char *name, const char ***text, int *n, Err *e);
bool h5_has_attr(const H5In *in, const char *path, const char *name);

/* "1.10.8" */
char *h5_library_version(struct Arena *a);

#endif
