/*
 * Datasets: rows of numbers with labels or values to predict.
 *
 * On disk: an HDF5 file with /x (n, d) of uint8, float32 or float64 (also (n, h, w, ...), read as
 * flat rows), /y (n) of an integer type for classes or (n) / (n, k) of a float type for values, the
 * attribute `classes` of /y (names), `columns` of /x and /y (names of what a row has), and
 * `fingerprint` of the file (xxh128 of content, hex). Files of other programs may lack the
 * attributes, and /y altogether (rows to predict); other types of x
 * become floats. Contiguous datasets are mapped read-only, so the ranks of a machine share one
 * copy; chunked or compressed ones are read. Generated: a row in io/generators.def.
 *
 * Checked when opened: shapes agree, labels are 0 .. n_classes - 1, no NaN or infinity in x or
 * values. External and soft links, external storage, virtual datasets and sizes beyond the file's
 * are refused.
 */
#ifndef CAVIAR_DATASET_H
#define CAVIAR_DATASET_H

#include "base/param.h"
#include "hash.h"
#include "mapping.h"

typedef enum { IO_U8, IO_F32, IO_F64 } IoType;
const char *io_type_name(IoType t); /* "uint8", "float32", "float64" */

typedef struct {
  const char *name; /* path or generator, for messages */
  int64_t n;        /* rows */
  int d;            /* features */
  IoType x_type;
  const void *x;         /* (n, d) row-major; read-only */
  const int32_t *labels; /* (n), or NULL */
  int n_classes;
  const char **class_names; /* (n_classes); "0", "1", .. if the file has none */
  const double *values;     /* (n, n_values), or NULL */
  int n_values;
  const char **feature_names; /* (d), or NULL: the file has none */
  const char **target_names;  /* (n_values), of labels one; or NULL */
  char fingerprint[HASH_HEX]; /* "" until the content was verified */
  Mapping map;                /* /x in the file, or of nothing */
  const char *said;           /* private: the fingerprint that the file carries, or NULL */
  bool scattered;             /* io_dataset_scatter was called, so announcing rows does something */
} IoDataset;

/* E_DATA, E_IO; messages start with the path. Only small things (and what cannot be mapped) go to
 * `a`. */
MUST_CHECK Status io_dataset_open(Arena *a, const char *path, IoDataset *out, Err *e);
/* In two steps: opened, but the numbers of a mapped /x and of the targets not looked at yet; then one
 * pass over all of it for its fingerprint and one for what is not finite. Who knows that another
 * process of this host has verified the same file may fill in the fingerprint instead. */
MUST_CHECK Status io_dataset_open_unverified(Arena *a, const char *path, IoDataset *out, Err *e);
MUST_CHECK Status io_dataset_verify(IoDataset *d, Err *e);
/* Is a mapped file still what was verified? To be asked before anything is kept that came of it: costs a
 * look at its times, and a pass over it where these have changed. E_DATA. */
MUST_CHECK Status io_dataset_unchanged(const IoDataset *d, Err *e);
void io_dataset_close(IoDataset *d);

/* From now on rows are read in any order, and memory cannot hold a mapped /x: it is read from the disk
 * row by row and not with what lies around each; whoever announces rows has them fetched side by side. */
void io_dataset_scatter(IoDataset *d);
/* Row i will be read soon. */
void io_dataset_announce(const IoDataset *d, int64_t i);

/* Copies row i to floats / doubles. */
void io_dataset_row_f32(const IoDataset *d, int64_t i, float *out);
void io_dataset_row_f64(const IoDataset *d, int64_t i, double *out);

/* Writes a dataset by the atomic writer (io/h5.h): contiguous, fingerprinted. */
MUST_CHECK Status io_dataset_write(const IoDataset *d, const char *path, Err *e);

/* Generators: kinds with parameters; `generate` fills x, labels and names, keyed by seed. */
extern const Registry io_generators;
MUST_CHECK Status io_generate(Arena *a, KindValue generator, uint64_t seed, IoDataset *out, Err *e);

/* import csv|idx|npy: reads a foreign format into an arena. Law two: a row in io/importers.def. */
typedef struct {
  const char *target; /* csv: name or 1-based number of the target column; NULL: the last */
  const char *labels; /* idx, npy: the labels' file, or NULL: idx finds it by name, npy has none */
  bool values;        /* csv, npy: the target is a number to predict, not a class */
} ImportOptions;
typedef struct {
  Kind head; /* name, doc */
  Status (*import)(Arena *a, const char *path, const ImportOptions *o, IoDataset *out, Err *e);
} Importer;
extern const Registry io_importers;

#endif
