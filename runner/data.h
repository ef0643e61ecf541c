/*
 * The data of a run as training sees it: parts by a keyed split, normalisation from the training
 * part, rows gathered into a model's buffers. Each rank makes its own from mapped files; no MPI.
 */
#ifndef CAVIAR_DATA_H
#define CAVIAR_DATA_H

#include "io/dataset.h"
#include "nn/nn.h"
#include "spec.h"

typedef enum { PART_TRAIN, PART_VALIDATION, PART_TEST, PART_COUNT } Part;
extern const char *const part_names[PART_COUNT]; /* "train", "validation", "test" */

typedef struct {
  const IoDataset *set;
  const uint32_t *rows; /* (n) row numbers in set */
  uint32_t n;
} DataPart;

/* What is done to the features x of a row; all zero: nothing. */
typedef struct {
  /* (d) x -> (x - mean) * scale, or NULL. Population sd; a constant column: scale 0. The rounded
   * ones are for uint8 and float data. */
  double *mean, *scale;
  float *mean_f32, *scale_f32;
  /* x -> 1 where x > threshold, else 0; in the data's own numbers, bytes as 0 to 255. */
  bool binarize;
  double threshold;
} Normalization;

/* Data that a cost knows by name: features first .. first + n - 1 of the one row. */
typedef struct {
  const char *name;
  int first, n; /* n = 0: a column of the file that the cost does not name */
} DataColumn;

typedef struct {
  IoDataset main, test; /* test: n = 0 unless test_file */
  DataPart parts[PART_COUNT];
  Normalization normalization;
  NnTargets targets;
  int n_features;
  const DataColumn *columns; /* (n_columns) of a cost; NULL: rows to learn from */
  int n_columns;
  const struct ReplayTable *replay; /* in place of all that: a table of finished trials */
  char fingerprint[HASH_HEX];       /* of everything that was read */
} RunData;

/* Opens or generates, checks, splits, normalises. `out` points into itself: do not copy it. E_DATA,
 * E_IO, E_SPEC (batch larger than data is the caller's). */
MUST_CHECK Status data_open(Arena *a, const DataSpec *s, RunData *out, Err *e);
/* In two steps: the numbers in files are not looked at before data_finish. It verifies those sets
 * that have no fingerprint yet (mpi_data.h fills in what another rank of the host found) and learns
 * the normalisation. */
MUST_CHECK Status data_open_unverified(Arena *a, const DataSpec *s, RunData *out, Err *e);
MUST_CHECK Status data_finish(Arena *a, const DataSpec *s, RunData *d, Err *e);
/* io_dataset_unchanged of all that is mapped. E_DATA. */
MUST_CHECK Status data_unchanged(const RunData *d, Err *e);
void data_close(RunData *d);

/* Another process reads the files first (io/h5_guard.h): data_open asks for it, unless it was asked for
 * before or data_trust was called. E_DATA, E_IO. */
MUST_CHECK Status data_vet(const DataSpec *s, Err *e);
void data_trust(const DataSpec *s);

/* Is the file the one whose SHA-256 the experiment pins? E_DATA, E_IO. */
MUST_CHECK Status data_check_pin(const DataSpec *s, Err *e);

/* The data of a cost: one row, all its columns end to end, as the training part. No column at all
 * is a row of one 0. Part of data_open. */
MUST_CHECK Status data_open_cost(Arena *a, const DataSpec *s, RunData *out, Err *e);

/* How many rows of each class the training part has: out (n_classes). */
void data_class_rows(const RunData *d, double *out);

/* Rows order[0..n) of a part (order NULL: first .. first + n) into x (n, d) and targets of the form
 * that the model wants (nn_model_target_form); no targets where the set has none. */
void data_gather(const RunData *d, Part part, const uint32_t *order, uint32_t first, int n,
                 NnModel *m);
/* Those rows are next: where memory cannot hold the data, the disk begins to fetch them. */
void data_announce(const RunData *d, Part part, const uint32_t *order, uint32_t first, int n);
/* The targets of those rows alone. */
void data_gather_targets(const RunData *d, Part part, const uint32_t *order, uint32_t first, int n,
                         NnModel *m);

#endif
