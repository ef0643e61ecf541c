#include "dataset_check.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "fingerprints are of little-endian bytes: swap them here on such a machine");

size_t dataset_type_bytes(IoType t) {
  return t == IO_U8 ? 1 : t == IO_F32 ? 4 : 8;
}

const char *io_type_name(IoType t) {
  return t == IO_U8 ? "uint8" : t == IO_F32 ? "float32" : "float64";
}

const char **dataset_number_names(Arena *a, int n) {
  const char **names = ARENA_ARRAY(a, const char *, n);
  size_t bytes = 0; /* one block for all: an arena rounds each piece up to 64 bytes */
  for (int i = 0; i < n; i++) bytes += (size_t)snprintf(NULL, 0, "%d", i) + 1;
  char *text = ARENA_ARRAY(a, char, bytes);
  for (int i = 0; i < n; i++) {
    names[i] = text;
    text += sprintf(text, "%d", i) + 1;
  }
  return names;
}

void dataset_fingerprint(const IoDataset *d, char out[HASH_HEX]) {
  Arena scratch;
  arena_init(&scratch);
  Hash *h = hash_new(&scratch);
  int64_t shape[2] = {d->n, d->d};
  hash_add_text(h, "caviar dataset 1");
  hash_add_text(h, io_type_name(d->x_type));
  hash_add(h, shape, sizeof shape);
  hash_add(h, d->x, (size_t)d->n * (size_t)d->d * dataset_type_bytes(d->x_type));
  if (d->labels) {
    int64_t n_classes = d->n_classes;
    hash_add_text(h, "labels");
    hash_add(h, &n_classes, sizeof n_classes);
    for (int i = 0; i < d->n_classes; i++) hash_add_text(h, d->class_names[i]);
    hash_add(h, d->labels, (size_t)d->n * sizeof *d->labels);
  }
  if (d->values) {
    int64_t n_values = d->n_values;
    hash_add_text(h, "values");
    hash_add(h, &n_values, sizeof n_values);
    hash_add(h, d->values, (size_t)d->n * (size_t)d->n_values * sizeof *d->values);
  }
  hash_hex(h, out);
  arena_free(&scratch);
}

/* Finite means an exponent that is not all ones. The first loop has no exit, so that it
 * vectorises. */
static int64_t first_bad_f32(const float *x, int64_t n) {
  for (int64_t from = 0; from < n; from += 4096) {
    int64_t to = from + 4096 < n ? from + 4096 : n;
    uint32_t bad = 0;
    for (int64_t i = from; i < to; i++) {
      uint32_t bits;
      memcpy(&bits, &x[i], sizeof bits);
      bad |= (bits & 0x7F800000u) == 0x7F800000u;
    }
    if (!bad) continue;
    for (int64_t i = from; i < to; i++)
      if (!(x[i] - x[i] == 0)) return i;
  }
  return -1;
}

static int64_t first_bad_f64(const double *x, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (!(x[i] - x[i] == 0)) return i;
  return -1;
}

static const char *bad_name(double v) {
  return v != v ? "nan" : v > 0 ? "inf" : "-inf";
}

static Status check_x(const IoDataset *d, Err *e) {
  int64_t at = -1;
  double v = 0;
  if (d->x_type == IO_F32) {
    at = first_bad_f32(d->x, d->n * d->d);
    if (at >= 0) v = ((const float *)d->x)[at];
  } else if (d->x_type == IO_F64) {
    at = first_bad_f64(d->x, d->n * d->d);
    if (at >= 0) v = ((const double *)d->x)[at];
    for (int64_t i = 0; at < 0 && i < d->n * d->d; i++)
      CHECK(e, fabs(((const double *)d->x)[i]) <= FLT_MAX, E_DATA,
            "/x[%lld, %lld] is %g (row and column from 0), beyond what training can hold; scale "
            "that column",
            (long long)(i / d->d), (long long)(i % d->d), ((const double *)d->x)[i]);
  }
  CHECK(e, at < 0, E_DATA,
        "/x[%lld, %lld] is %s (row and column from 0); fill in or leave out such rows",
        (long long)(at / d->d), (long long)(at % d->d), bad_name(v));
  return OK;
}

Status dataset_check(const IoDataset *d, Err *e) {
  TRY(check_x(d, e));
  for (int64_t i = 0; d->labels && i < d->n; i++)
    CHECK(e, d->labels[i] >= 0 && d->labels[i] < d->n_classes, E_DATA,
          "/y[%lld] is %d (row from 0); labels are class numbers from 0 to %d", (long long)i,
          d->labels[i], d->n_classes - 1);
  int64_t at = d->values ? first_bad_f64(d->values, d->n * d->n_values) : -1;
  CHECK(e, at < 0, E_DATA, "/y[%lld] is %s (row from 0); fill in or leave out such rows",
        (long long)(at / d->n_values), bad_name(d->values[at]));
  return OK;
}

void io_dataset_row_f32(const IoDataset *d, int64_t i, float *out) {
  size_t n = (size_t)d->d, first = (size_t)i * n;
  if (d->x_type == IO_F32) {
    memcpy(out, (const float *)d->x + first, n * sizeof *out);
  } else if (d->x_type == IO_U8) {
    const uint8_t *x = (const uint8_t *)d->x + first;
    for (size_t j = 0; j < n; j++) out[j] = x[j];
  } else {
    const double *x = (const double *)d->x + first;
    for (size_t j = 0; j < n; j++) out[j] = (float)x[j];
  }
}

void io_dataset_row_f64(const IoDataset *d, int64_t i, double *out) {
  size_t n = (size_t)d->d, first = (size_t)i * n;
  if (d->x_type == IO_F64) {
    memcpy(out, (const double *)d->x + first, n * sizeof *out);
  } else if (d->x_type == IO_U8) {
    const uint8_t *x = (const uint8_t *)d->x + first;
    for (size_t j = 0; j < n; j++) out[j] = x[j];
  } else {
    const float *x = (const float *)d->x + first;
    for (size_t j = 0; j < n; j++) out[j] = (double)x[j];
  }
}
