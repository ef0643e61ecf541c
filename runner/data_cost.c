/* The data of a cost as one row: named vectors, or the named columns of a file, end to end. */
#include <string.h>

#include "data.h"
#include "io/hash.h"
#include "io/sha256.h"

/* One row of x (d), as the training part. */
static void one_row(Arena *a, const char *name, const double *x, int d, RunData *out) {
  out->n_features = d;
  out->main = (IoDataset){.name = name, .n = 1, .d = d, .x_type = IO_F64, .x = x};
  for (int p = 0; p < PART_COUNT; p++) out->parts[p] = (DataPart){.set = &out->main};
  out->parts[PART_TRAIN].rows = ARENA_ARRAY(a, uint32_t, 1);
  out->parts[PART_TRAIN].n = 1;
}

/* `content`: of the file; NULL: none. Names count, since the cost reads by name. */
static void fingerprint(Arena *a, const char *content, RunData *out) {
  Hash *h = hash_new(a);
  hash_add_text(h, content ? content : "");
  for (int i = 0; i < out->n_columns; i++) hash_add_text(h, out->columns[i].name);
  if (content == NULL) hash_add(h, out->main.x, sizeof(double) * (size_t)out->n_features);
  hash_hex(h, out->fingerprint);
  memcpy(out->main.fingerprint, out->fingerprint, HASH_HEX);
}

static void open_vectors(Arena *a, const DataSpec *s, RunData *out) {
  DataColumn *columns = ARENA_ARRAY(a, DataColumn, s->n_vectors);
  int d = 0;
  for (int i = 0; i < s->n_vectors; i++) {
    columns[i] = (DataColumn){.name = s->vectors[i].name, .first = d, .n = s->vectors[i].n};
    d += s->vectors[i].n;
  }
  double *x = ARENA_ARRAY(a, double, d > 0 ? d : 1);
  for (int i = 0; i < s->n_vectors; i++)
    memcpy(x + columns[i].first, s->vectors[i].v, sizeof(double) * (size_t)columns[i].n);
  out->columns = columns;
  out->n_columns = s->n_vectors;
  one_row(a, d > 0 ? "data" : "no data", x, d > 0 ? d : 1, out);
  fingerprint(a, NULL, out);
}

/* ---- a file ---------------------------------------------------------------------------------- */

static double value_at(const IoDataset *set, int column, int64_t row) {
  const int64_t at = row * set->d + column;
  if (column >= set->d) {
    const int k = column - set->d;
    return set->values ? set->values[row * set->n_values + k] : (double)set->labels[row];
  }
  switch (set->x_type) {
  case IO_U8:
    return ((const uint8_t *)set->x)[at];
  case IO_F32:
    return (double)((const float *)set->x)[at];
  case IO_F64:
    return ((const double *)set->x)[at];
  }
  return 0;
}

static bool is_wanted(const DataSpec *s, const char *name) {
  for (int i = 0; i < s->n_wanted; i++)
    if (str_eq(s->wanted[i], name)) return true;
  return false;
}

/* Names of features, then of targets; those that the cost names get their place in the row. */
static int64_t place_columns(Arena *a, const DataSpec *s, const IoDataset *set, RunData *out) {
  const int k = set->target_names ? (set->values ? set->n_values : 1) : 0;
  DataColumn *columns = ARENA_ARRAY(a, DataColumn, set->d + k);
  int64_t d = 0;
  for (int j = 0; j < set->d + k; j++) {
    const char *name = j < set->d ? set->feature_names[j] : set->target_names[j - set->d];
    columns[j].name = arena_strdup(a, name);
    if (!is_wanted(s, name)) continue;
    columns[j].first = (int)d;
    columns[j].n = (int)set->n;
    d += set->n;
    if (d > INT32_MAX) return d;
  }
  out->columns = columns;
  out->n_columns = set->d + k;
  return d;
}

static Status take_columns(Arena *a, const DataSpec *s, const IoDataset *set, RunData *out,
                           Err *e) {
  CHECK(e, set->feature_names, E_DATA,
        "%s: its columns have no names (the attribute \"columns\" of /x), so a cost cannot speak "
        "of them; caviar import csv keeps those of the header",
        set->name);
  const int64_t d = place_columns(a, s, set, out);
  CHECK(e, d <= INT32_MAX, E_DATA, "%s: the columns of the cost have more than %d values together",
        set->name, INT32_MAX);
  double *x = (double *)arena_alloc(a, (size_t)(d > 0 ? d : 1), sizeof(double));
  for (int j = 0; j < out->n_columns; j++) {
    const DataColumn *c = &out->columns[j];
    for (int i = 0; i < c->n; i++) x[c->first + i] = value_at(set, j, i);
  }
  one_row(a, arena_strdup(a, set->name), x, d > 0 ? (int)d : 1, out);
  fingerprint(a, set->fingerprint, out);
  return OK;
}

static Status open_file(Arena *a, const DataSpec *s, RunData *out, Err *e) {
  IoDataset set;
  TRY(data_check_pin(s, e));
  TRY(io_dataset_open(a, s->path, &set, e));
  const Status status = take_columns(a, s, &set, out, e);
  io_dataset_close(&set);
  return status;
}

Status data_open_cost(Arena *a, const DataSpec *s, RunData *out, Err *e) {
  if (s->file) return open_file(a, s, out, e);
  open_vectors(a, s, out);
  return OK;
}
