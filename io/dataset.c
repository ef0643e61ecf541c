/* Opening a dataset: /x mapped where it lies in one piece, everything else read, all of it
 * checked. */
#include "dataset.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "dataset_check.h"
#include "h5_inspect.h"

/* "(12, 8, 8)" */
static const char *shape_text(Arena *a, const H5Info *s) {
  Str out = str_new(a);
  str_add(&out, "(");
  for (int i = 0; i < s->n_dims; i++)
    str_addf(&out, "%s%lld", i > 0 ? ", " : "", (long long)s->dims[i]);
  str_add(&out, ")");
  return str_text(&out);
}

/* Small integers fit float32 exactly, and so does float16; the rest is held as float64. */
static IoType type_of(const H5Info *s) {
  if (s->class == H5_INTEGER && s->bytes == 1 && !s->is_signed) return IO_U8;
  if (s->class == H5_INTEGER) return s->bytes <= 2 ? IO_F32 : IO_F64;
  return s->bytes <= 4 ? IO_F32 : IO_F64;
}

static bool mappable(const H5Info *s, IoType t) {
  return s->contiguous && s->native && s->bytes == dataset_type_bytes(t) &&
         (s->class == H5_FLOAT || t == IO_U8) && s->offset % s->bytes == 0;
}

/* The file may have been replaced since HDF5 looked. */
static Status map_x(const H5Info *s, const IoFileId *looked, IoDataset *out, Err *e) {
  TRY(mapping_open(out->name, s->offset, (uint64_t)s->count * s->bytes, &out->map, e));
  CHECK(e, memcmp(&out->map.id, looked, sizeof *looked) == 0, E_DATA,
        "was replaced while it was opened; try again");
  out->x = out->map.at;
  return OK;
}

static Status open_x(Arena *a, const H5In *in, const IoFileId *looked, IoDataset *out, Err *e) {
  H5Info s;
  CHECK(e, h5_has(in, "/x"), E_DATA,
        "no /x; a dataset has its rows in /x and its labels or values in /y");
  TRY(h5_inspect(in, "/x", &s, e));
  CHECK(e, s.class != H5_STRING && s.n_dims > 0, E_DATA, "/x holds no rows of numbers");
  CHECK(e, s.count > 0, E_DATA, "/x has the shape %s: no data", shape_text(a, &s));
  out->n = s.dims[0];
  CHECK(e, s.count / out->n <= INT_MAX, E_DATA,
        "/x has %lld features a row; at most %d can be used", (long long)(s.count / out->n),
        INT_MAX);
  out->d = (int)(s.count / out->n);
  out->x_type = type_of(&s);
  if (mappable(&s, out->x_type)) return map_x(&s, looked, out, e);
  static const H5Type types[] = {[IO_U8] = H5_U8, [IO_F32] = H5_F32, [IO_F64] = H5_F64};
  void *x;
  int64_t dims[H5_MAX_DIMS];
  int n_dims;
  TRY(h5_get(in, a, "/x", types[out->x_type], &x, dims, &n_dims, e));
  out->x = x;
  return OK;
}

/* Class names from the file's attribute, or the numbers up to the largest label. */
static Status name_classes(Arena *a, const H5In *in, const int64_t *y, IoDataset *out, Err *e) {
  int n = 0;
  int64_t largest = 0;
  TRY(h5_get_attr_strings(in, a, "/y", "classes", &out->class_names, &n, e));
  for (int64_t i = 0; i < out->n; i++) {
    int64_t most = out->class_names ? n - 1 : DATASET_MAX_CLASSES - 1;
    CHECK(e, y[i] >= 0 && y[i] <= most, E_DATA,
          "/y[%lld] is %lld (row from 0); labels are class numbers from 0 to %lld", (long long)i,
          (long long)y[i], (long long)most);
    if (y[i] > largest) largest = y[i];
  }
  out->n_classes = out->class_names ? n : (int)largest + 1;
  if (!out->class_names) out->class_names = dataset_number_names(a, out->n_classes);
  return OK;
}

static Status open_labels(Arena *a, const H5In *in, const H5Info *s, IoDataset *out, Err *e) {
  CHECK(e, s->count == s->dims[0], E_DATA,
        "/y has the shape %s of integers; labels are one class number a row (store numbers to "
        "predict as floats)",
        shape_text(a, s));
  void *found;
  int64_t dims[H5_MAX_DIMS];
  int n_dims;
  Arena scratch;
  arena_init(&scratch);
  Status status = h5_get(in, &scratch, "/y", H5_I64, &found, dims, &n_dims, e);
  if (status == OK) status = name_classes(a, in, found, out, e);
  if (status == OK) {
    int32_t *labels = ARENA_ARRAY(a, int32_t, out->n);
    for (int64_t i = 0; i < out->n; i++) labels[i] = (int32_t)((const int64_t *)found)[i];
    out->labels = labels;
  }
  arena_free(&scratch);
  return status;
}

static Status open_y(Arena *a, const H5In *in, IoDataset *out, Err *e) {
  H5Info s;
  if (!h5_has(in, "/y")) return OK;
  TRY(h5_inspect(in, "/y", &s, e));
  CHECK(e, s.class != H5_STRING && s.n_dims > 0, E_DATA,
        "/y holds no numbers; labels are class numbers, their names the attribute \"classes\"");
  CHECK(e, s.dims[0] == out->n, E_DATA, "/y has %lld rows, /x has %lld", (long long)s.dims[0],
        (long long)out->n);
  CHECK(e, s.count > 0 && s.count / out->n <= INT_MAX, E_DATA, "/y has the shape %s",
        shape_text(a, &s));
  if (s.class == H5_INTEGER) return open_labels(a, in, &s, out, e);
  void *values;
  int64_t dims[H5_MAX_DIMS];
  int n_dims;
  TRY(h5_get(in, a, "/y", H5_F64, &values, dims, &n_dims, e));
  out->values = values;
  out->n_values = (int)(s.count / out->n);
  return OK;
}

static Status open_fingerprint(Arena *a, const H5In *in, IoDataset *out, Err *e) {
  char *said;
  if (!h5_has_attr(in, "/", "fingerprint")) return OK;
  TRY(h5_get_attr_text(in, a, "/", "fingerprint", &said, e));
  out->said = said;
  return OK;
}

/* The attribute `columns` of /x or /y, if there is one of `expected` names. */
static Status open_names(Arena *a, const H5In *in, const char *path, int expected,
                         const char ***names, Err *e) {
  int n;
  if (!h5_has(in, path)) return OK;
  TRY(h5_get_attr_strings(in, a, path, "columns", names, &n, e));
  CHECK(e, *names == NULL || n == expected, E_DATA,
        "the attribute \"columns\" of %s has %d names, but a row has %d values", path, n, expected);
  return OK;
}

static Status open_parts(Arena *a, const H5In *in, const IoFileId *looked, IoDataset *out, Err *e) {
  TRY(open_x(a, in, looked, out, e));
  TRY(open_y(a, in, out, e));
  TRY(open_names(a, in, "/x", out->d, &out->feature_names, e));
  TRY(open_names(a, in, "/y", out->values ? out->n_values : 1, &out->target_names, e));
  return open_fingerprint(a, in, out, e);
}

/* Messages start with the path. */
static Status with_path(const char *path, Status status, Err *e) {
  return status == OK || str_starts(e->text, path) ? status : err_context(e, "%s", path);
}

Status io_dataset_open_unverified(Arena *a, const char *path, IoDataset *out, Err *e) {
  H5In *in;
  const IoFileId looked = mapping_id(path);
  *out = (IoDataset){.name = arena_strdup(a, path)};
  TRY(h5_open(&in, path, e));
  Status status = open_parts(a, in, &looked, out, e);
  h5_close(in);
  if (status != OK) io_dataset_close(out);
  return with_path(path, status, e);
}

/* The content is what it was when the dataset was made, and can be computed with. */
static Status verify(IoDataset *d, Err *e) {
  dataset_fingerprint(d, d->fingerprint);
  CHECK(
      e, !d->said || str_eq(d->said, d->fingerprint), E_DATA,
      "does not match its fingerprint: the file was changed after import (it says %s, its content "
      "is %s); import it again",
      d->said, d->fingerprint);
  return dataset_check(d, e);
}

Status io_dataset_verify(IoDataset *d, Err *e) {
  return with_path(d->name, verify(d, e), e);
}

Status io_dataset_open(Arena *a, const char *path, IoDataset *out, Err *e) {
  TRY(io_dataset_open_unverified(a, path, out, e));
  Status status = io_dataset_verify(out, e);
  if (status != OK) io_dataset_close(out);
  return status;
}

Status io_dataset_unchanged(const IoDataset *d, Err *e) {
  bool changed;
  char now[HASH_HEX];
  TRY(mapping_changed(&d->map, &changed, e));
  if (!changed) return OK;
  dataset_fingerprint(d, now);
  CHECK(e, str_eq(now, d->fingerprint), E_DATA,
        "%s: was changed while it was in use (fingerprint %s, now %s), and nothing that came of it "
        "is kept; put it back and run the same command again",
        d->name, d->fingerprint, now);
  return OK;
}

/* The whole pages around n bytes of /x from byte `first` on. */
static bool advise(const IoDataset *d, size_t first, size_t n, int advice) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), x = (uintptr_t)d->x + first;
  return posix_madvise((void *)(x / page * page), n + x % page, advice) == 0;
}

void io_dataset_scatter(IoDataset *d) {
  d->scattered = d->map.at && advise(d, 0, d->map.n, POSIX_MADV_RANDOM);
}

/* That it cannot be had in advance is no error: it is read when it is wanted. */
void io_dataset_announce(const IoDataset *d, int64_t i) {
  if (!d->scattered) return;
  const size_t row = (size_t)d->d * (size_t)dataset_type_bytes(d->x_type);
  (void)advise(d, (size_t)i * row, row, POSIX_MADV_WILLNEED);
}

void io_dataset_close(IoDataset *d) {
  mapping_close(&d->map);
  d->x = NULL;
}

/* ---- writing ---- */

static Status put_parts(H5Out *o, const IoDataset *d, Err *e) {
  static const H5Type types[] = {[IO_U8] = H5_U8, [IO_F32] = H5_F32, [IO_F64] = H5_F64};
  char fingerprint[HASH_HEX];
  int64_t x[2] = {d->n, d->d}, y[2] = {d->n, d->n_values};
  dataset_fingerprint(d, fingerprint);
  TRY(h5_put(o, "/x", types[d->x_type], x, 2, d->x, false, e));
  if (d->labels) {
    TRY(h5_put(o, "/y", H5_I32, y, 1, d->labels, false, e));
    TRY(h5_attr_strings(o, "/y", "classes", d->class_names, d->n_classes, e));
  } else if (d->values) {
    TRY(h5_put(o, "/y", H5_F64, y, d->n_values == 1 ? 1 : 2, d->values, false, e));
  }
  if (d->feature_names) TRY(h5_attr_strings(o, "/x", "columns", d->feature_names, d->d, e));
  if (d->target_names && (d->labels || d->values))
    TRY(h5_attr_strings(o, "/y", "columns", d->target_names, d->values ? d->n_values : 1, e));
  return h5_attr_text(o, "/", "fingerprint", fingerprint, e);
}

Status io_dataset_write(const IoDataset *d, const char *path, Err *e) {
  H5Out *o;
  Status status = dataset_check(d, e);
  if (status == OK) status = h5_create(&o, e);
  if (status == OK) {
    status = put_parts(o, d, e);
    if (status == OK) return h5_publish(o, path, e);
    h5_discard(o);
  }
  return err_context(e, "%s", path);
}
