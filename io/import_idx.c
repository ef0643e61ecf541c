/*
 * IDX, the format of MNIST: two zero bytes, the type, the number of dimensions, each dimension as
 * four bytes, then the numbers, all of it big-endian; plain or packed by gzip. Images are in one
 * file, their labels in another one of one dimension.
 *
 * x keeps its type where it can: bytes as uint8; signed bytes, shorts and floats as float32; ints
 * and doubles as float64. Classes are 0 .. the largest label.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/str.h"
#include "dataset_check.h"
#include "files.h"

enum { IDX_U8 = 8, IDX_I8, IDX_I16 = 11, IDX_I32, IDX_F32, IDX_F64 };
enum { MAX_DIMS = 8, HEADER = 4 + 4 * MAX_DIMS };

typedef struct {
  int type, n_dims;
  int64_t n, d; /* the first dimension, and the product of the others */
  const unsigned char *bytes;
} Idx;

static size_t idx_bytes(int type) {
  static const unsigned char bytes[] = {
      [IDX_U8] = 1, [IDX_I8] = 1, [IDX_I16] = 2, [IDX_I32] = 4, [IDX_F32] = 4, [IDX_F64] = 8};
  return type >= 0 && type < COUNT(bytes) ? bytes[type] : 0;
}

static uint64_t big_endian(const unsigned char *p, size_t bytes) {
  uint64_t v = 0;
  for (size_t i = 0; i < bytes; i++) v = v << 8 | p[i];
  return v;
}

static double number_at(const Idx *x, int64_t i) {
  size_t bytes = idx_bytes(x->type);
  uint64_t v = big_endian(x->bytes + (size_t)i * bytes, bytes);
  uint32_t v32 = (uint32_t)v;
  float f32;
  double f64;
  switch (x->type) {
  case IDX_U8:
    return (double)v;
  case IDX_I8:
    return (int8_t)v;
  case IDX_I16:
    return (int16_t)v;
  case IDX_I32:
    return (int32_t)v;
  case IDX_F32:
    memcpy(&f32, &v32, sizeof f32);
    return (double)f32;
  default:
    memcpy(&f64, &v, sizeof f64);
    return f64;
  }
}

/* ---- reading ---- */

/* zlib puts the path before its reason. */
static const char *zlib_reason(gzFile f, const char *path, int *code) {
  const char *why = gzerror(f, code);
  return str_starts(why, path) ? why + strlen(path) + 2 : why;
}

/* Exactly n bytes; gzread also reads files that are not packed. */
static Status read_bytes(gzFile f, const char *path, const char *what, void *out, size_t n,
                         Err *e) {
  size_t got = 0;
  while (got < n) {
    unsigned ask = n - got > 1 << 24 ? 1 << 24 : (unsigned)(n - got);
    int some = gzread(f, (char *)out + got, ask);
    int code;
    const char *why = zlib_reason(f, path, &code);
    CHECK(e, some >= 0 && code != Z_DATA_ERROR, E_DATA, "%s: cannot be unpacked: %s", path, why);
    CHECK(e, some > 0, E_DATA, "%s: cut off: %zu bytes of %zu of its %s", path, got, n, what);
    got += (size_t)some;
  }
  return OK;
}

static Status read_header(gzFile f, const char *path, uint64_t most, Idx *x, Err *e) {
  unsigned char head[HEADER];
  TRY(read_bytes(f, path, "header", head, 4, e));
  CHECK(e, head[0] == 0 && head[1] == 0, E_DATA,
        "%s: not an IDX file: it starts with %02x %02x %02x %02x", path, head[0], head[1], head[2],
        head[3]);
  x->type = head[2];
  x->n_dims = head[3];
  CHECK(e, idx_bytes(x->type) > 0, E_DATA, "%s: not an IDX file: type %d is unknown", path,
        x->type);
  CHECK(e, x->n_dims >= 1 && x->n_dims <= MAX_DIMS, E_DATA,
        "%s: %d dimensions; 1 to %d can be read", path, x->n_dims, MAX_DIMS);
  TRY(read_bytes(f, path, "header", head + 4, 4 * (size_t)x->n_dims, e));
  x->d = 1;
  for (int i = 0; i < x->n_dims; i++) {
    int64_t size = (int64_t)big_endian(head + 4 + 4 * i, 4);
    CHECK(e, size > 0, E_DATA, "%s: dimension %d of %d is 0", path, i + 1, x->n_dims);
    if (i == 0)
      x->n = size;
    else
      CHECK(e, (x->d *= size) <= INT_MAX, E_DATA, "%s: more than %d features a row", path, INT_MAX);
  }
  uint64_t bytes = (uint64_t)x->d * idx_bytes(x->type);
  CHECK(e, (uint64_t)x->n <= most / bytes, E_DATA,
        "%s: its header declares %lld rows of %llu bytes, more than the file can hold", path,
        (long long)x->n, (unsigned long long)bytes);
  return OK;
}

static Status read_idx(gzFile f, const char *path, uint64_t most, Arena *memory, Idx *x, Err *e) {
  char behind;
  TRY(read_header(f, path, most, x, e));
  size_t n = (size_t)(x->n * x->d) * idx_bytes(x->type);
  TRY(arena_init_fixed(memory, n + 64, path, e));
  unsigned char *bytes = ARENA_ARRAY(memory, unsigned char, n);
  x->bytes = bytes;
  TRY(read_bytes(f, path, "data", bytes, n, e));
  int more = gzread(f, &behind, 1); /* also checks gzip's checksum at the end */
  CHECK(e, more <= 0, E_DATA, "%s: goes on behind the %lld rows of its header", path,
        (long long)x->n);
  int code;
  const char *why = zlib_reason(f, path, &code);
  CHECK(e, more == 0 && code == Z_OK, E_DATA, "%s: cannot be unpacked: %s", path, why);
  return OK;
}

/* `memory` is made here. Deflate makes at most 1,032 bytes of one. */
static Status load(const char *path, Arena *memory, Idx *x, Err *e) {
  struct stat st;
  CHECK(e, stat(path, &st) == 0, E_IO, "%s: cannot open: %s", path, strerror(errno));
  CHECK(e, S_ISREG(st.st_mode), E_IO, "%s: not a file", path);
  gzFile f = gzopen(path, "rb");
  CHECK(e, f, E_IO, "%s: cannot open: %s", path, strerror(errno));
  uint64_t size = (uint64_t)st.st_size;
  Status status = read_idx(f, path, gzdirect(f) ? size : size * 1032, memory, x, e);
  gzclose_r(f);
  return status;
}

/* ---- images and labels ---- */

/* `text` with the last `old` replaced; NULL: not there. */
static char *replaced(Arena *a, const char *text, const char *old, const char *new) {
  const char *at = NULL, *next = text;
  while ((next = strstr(next, old)) != NULL) at = next++;
  if (!at) return NULL;
  return arena_printf(a, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

/* train-images-idx3-ubyte.gz -> train-labels-idx1-ubyte.gz, with .gz or without. */
static Status find_labels(Arena *a, const char *images, const char **labels, Err *e) {
  const char *slash = strrchr(images, '/'), *name = slash ? slash + 1 : images;
  char *guess = replaced(a, name, "images", "labels");
  CHECK(e, guess, E_USAGE,
        "%s: no \"images\" in its name, by which to find the labels; say --labels FILE", images);
  for (int dims = 2; dims <= MAX_DIMS; dims++) {
    char *shorter = replaced(a, guess, arena_printf(a, "idx%d", dims), "idx1");
    if (shorter) guess = shorter;
  }
  guess = arena_printf(a, "%.*s%s", (int)(name - images), images, guess);
  bool packed = str_ends(guess, ".gz");
  char *other =
      packed ? arena_strndup(a, guess, strlen(guess) - 3) : arena_printf(a, "%s.gz", guess);
  *labels = file_exists(guess) ? guess : other;
  CHECK(e, file_exists(*labels), E_IO,
        "%s: no labels beside it: neither %s nor %s is there; say --labels FILE", images, guess,
        other);
  return OK;
}

static void keep_x(Arena *a, const Idx *x, IoDataset *out) {
  int64_t n = x->n * x->d;
  bool wide = x->type == IDX_I32 || x->type == IDX_F64;
  out->x_type = x->type == IDX_U8 ? IO_U8 : wide ? IO_F64 : IO_F32;
  void *kept = arena_alloc(a, (size_t)n, dataset_type_bytes(out->x_type));
  if (out->x_type == IO_U8) memcpy(kept, x->bytes, (size_t)n);
  for (int64_t i = 0; i < n && out->x_type == IO_F32; i++)
    ((float *)kept)[i] = (float)number_at(x, i);
  for (int64_t i = 0; i < n && out->x_type == IO_F64; i++) ((double *)kept)[i] = number_at(x, i);
  out->x = kept;
}

static Status keep_labels(Arena *a, const Idx *y, const char *path, const char *images,
                          IoDataset *out, Err *e) {
  CHECK(e, y->n_dims == 1 && y->type != IDX_F32 && y->type != IDX_F64, E_DATA,
        "%s: no labels: they are whole numbers in one dimension", path);
  CHECK(e, y->n == out->n, E_DATA, "%s: %lld labels, but %s has %lld rows", path, (long long)y->n,
        images, (long long)out->n);
  int32_t *labels = ARENA_ARRAY(a, int32_t, y->n), largest = 0;
  for (int64_t i = 0; i < y->n; i++) {
    labels[i] = (int32_t)number_at(y, i);
    CHECK(e, labels[i] >= 0 && labels[i] < DATASET_MAX_CLASSES, E_DATA,
          "%s: label %lld (from 0) is %d; labels are class numbers from 0 to %d", path,
          (long long)i, labels[i], DATASET_MAX_CLASSES - 1);
    if (labels[i] > largest) largest = labels[i];
  }
  out->labels = labels;
  out->n_classes = largest + 1;
  out->class_names = dataset_number_names(a, out->n_classes);
  return OK;
}

static Status import_both(Arena *a, const char *path, const ImportOptions *o, Arena memory[2],
                          IoDataset *out, Err *e) {
  Idx x, y;
  const char *labels = o->labels;
  CHECK(e, !o->target && !o->values, E_USAGE, "--target and --values are not for idx");
  TRY(load(path, &memory[0], &x, e));
  CHECK(e, x.n_dims > 1, E_DATA,
        "%s: one number a row, as labels have; import the images, with --labels FILE", path);
  if (!labels) TRY(find_labels(a, path, &labels, e));
  TRY(load(labels, &memory[1], &y, e));
  out->n = x.n;
  out->d = (int)x.d;
  keep_x(a, &x, out);
  TRY(keep_labels(a, &y, labels, path, out, e));
  dataset_fingerprint(out, out->fingerprint);
  return OK;
}

static Status import(Arena *a, const char *path, const ImportOptions *o, IoDataset *out, Err *e) {
  Arena memory[2];
  arena_init(&memory[0]);
  arena_init(&memory[1]);
  *out = (IoDataset){.name = arena_strdup(a, path)};
  Status status = import_both(a, path, o, memory, out, e);
  arena_free(&memory[0]);
  arena_free(&memory[1]);
  return status;
}

const Importer io_importer_idx = {
    .head = {.name = "idx",
             .doc = "MNIST's format, plain or .gz; the labels lie beside or in --labels"},
    .import = import,
};
