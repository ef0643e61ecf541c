/*
 * NPY, numpy's file of one array: rows (n, d) or (n, h, w, ..), the others flattened. Labels are in
 * a second file: whole numbers are classes 0 .. the largest, floats (n) or (n, k) are values to
 * predict. Without labels the rows can be predicted, not trained on.
 *
 * x keeps its type where it can: booleans and unsigned bytes as uint8; signed bytes, shorts and
 * floats as float32; longer whole numbers and doubles as float64.
 */
#include <string.h>

#include "base/str.h"
#include "dataset_check.h"
#include "npy.h"

#define WHOLE_MAX 9007199254740992 /* 2^53: beyond it f64 skips whole numbers */

static IoType x_type(const Npy *x) {
  if (x->kind == 'f') return x->bytes == 4 ? IO_F32 : IO_F64;
  if (x->bytes == 1 && x->kind != 'i') return IO_U8;
  return x->bytes <= 2 ? IO_F32 : IO_F64;
}

static void put_number(void *to, IoType type, int64_t at, double v) {
  if (type == IO_U8)
    ((uint8_t *)to)[at] = (uint8_t)v;
  else if (type == IO_F32)
    ((float *)to)[at] = (float)v;
  else
    ((double *)to)[at] = v;
}

static bool is_exact(const Npy *x, int64_t at) {
  int64_t v;
  if (x->kind == 'f' || x->bytes < 8) return true;
  return npy_integer(x, at, &v) && v <= WHOLE_MAX && v >= -WHOLE_MAX;
}

/* Number (i, j) stands at i * step + offset[j]. */
static Status copy_rows(const Npy *x, int64_t step, const int64_t *offset, IoType type, void *to,
                        Err *e) {
  for (int64_t i = 0; i < x->n; i++)
    for (int64_t j = 0; j < x->d; j++) {
      const int64_t at = i * step + offset[j];
      put_number(to, type, i * x->d + j, npy_number(x, at));
      CHECK(e, is_exact(x, at), E_DATA,
            "%s: row %lld, column %lld (from 0): whole numbers beyond 2^53 cannot be kept exactly",
            x->path, (long long)i, (long long)j);
    }
  return OK;
}

/* (n, d) row-major in `a`, whatever the order in the file. */
static Status flat_rows(Arena *a, const Npy *x, IoType type, void **out, Err *e) {
  Arena scratch;
  arena_init(&scratch);
  int64_t *offset = ARENA_ARRAY(&scratch, int64_t, x->d);
  npy_offsets(x, offset);
  *out = arena_alloc(a, (size_t)(x->n * x->d), dataset_type_bytes(type));
  const Status status = copy_rows(x, x->fortran ? 1 : x->d, offset, type, *out, e);
  arena_free(&scratch);
  return status;
}

static Status keep_x(Arena *a, const Npy *x, IoDataset *out, Err *e) {
  CHECK(e, x->n_dims > 1, E_DATA,
        "%s: one dimension; rows have two: save x.reshape(-1, 1) if each number is a row", x->path);
  void *rows;
  out->n = x->n;
  out->d = (int)x->d;
  out->x_type = x_type(x);
  TRY(flat_rows(a, x, out->x_type, &rows, e));
  out->x = rows;
  return OK;
}

static Status keep_classes(Arena *a, const Npy *y, IoDataset *out, Err *e) {
  CHECK(e, y->d == 1, E_DATA, "%s: %lld whole numbers a row; a class is one (or say --values)",
        y->path, (long long)y->d);
  int32_t *labels = ARENA_ARRAY(a, int32_t, y->n), largest = 0;
  for (int64_t i = 0; i < y->n; i++) {
    int64_t label;
    CHECK(e, npy_integer(y, i, &label) && label >= 0 && label < DATASET_MAX_CLASSES, E_DATA,
          "%s: label %lld (from 0) is %.17g; labels are class numbers from 0 to %d (or say "
          "--values)",
          y->path, (long long)i, npy_number(y, i), DATASET_MAX_CLASSES - 1);
    labels[i] = (int32_t)label;
    if (labels[i] > largest) largest = labels[i];
  }
  out->labels = labels;
  out->n_classes = largest + 1;
  out->class_names = dataset_number_names(a, out->n_classes);
  return OK;
}

static Status keep_targets(Arena *a, const Npy *y, bool values, IoDataset *out, Err *e) {
  CHECK(e, y->n == out->n, E_DATA, "%s: %lld rows, but %s has %lld", y->path, (long long)y->n,
        out->name, (long long)out->n);
  if (y->kind != 'f' && !values) return keep_classes(a, y, out, e);
  void *rows;
  TRY(flat_rows(a, y, IO_F64, &rows, e));
  out->values = rows;
  out->n_values = (int)y->d;
  return OK;
}

static Status import(Arena *a, const char *path, const ImportOptions *o, IoDataset *out, Err *e) {
  Npy x = {0}, y = {0};
  CHECK(e, !o->target, E_USAGE, "--target is for csv");
  CHECK(e, !o->values || o->labels, E_USAGE, "--values goes with --labels Y.npy");
  *out = (IoDataset){.name = arena_strdup(a, path)};
  TRY(npy_open(path, &x, e));
  Status status = keep_x(a, &x, out, e);
  npy_close(&x);
  if (status != OK) return status;
  if (o->labels) {
    TRY(npy_open(o->labels, &y, e));
    status = keep_targets(a, &y, o->values, out, e);
    npy_close(&y);
  }
  if (status == OK) dataset_fingerprint(out, out->fingerprint);
  return status;
}

const Importer io_importer_npy = {
    .head = {.name = "npy", .doc = "numpy's format, one array a file; the labels in --labels"},
    .import = import,
};
