#include "npy.h"

#include <limits.h>
#include <string.h>

#include "base/str.h"

enum { NPY_MAX_HEADER = 1 << 16 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are copied as they are");

/* ---- the header ------------------------------------------------------------------------------ */

/* text[at .. end) is what is left of the header; offsets in messages count from the file's start. */
typedef struct {
  const char *path;
  const char *text;
  size_t at, end;
} Cursor;

static Status expected(const Cursor *c, const char *what, Err *e) {
  if (c->at >= c->end)
    FAIL(e, E_DATA, "%s: byte %zu: expected %s, but the header ends", c->path, c->at, what);
  const unsigned char found = (unsigned char)c->text[c->at];
  if (found < ' ' || found > '~')
    FAIL(e, E_DATA, "%s: byte %zu: expected %s, found byte %02x", c->path, c->at, what, found);
  FAIL(e, E_DATA, "%s: byte %zu: expected %s, found \"%c\"", c->path, c->at, what, found);
}

static void skip_spaces(Cursor *c) {
  while (c->at < c->end && (c->text[c->at] == ' ' || c->text[c->at] == '\n')) c->at++;
}

static bool take(Cursor *c, char byte) {
  skip_spaces(c);
  if (c->at == c->end || c->text[c->at] != byte) return false;
  c->at++;
  return true;
}

static bool take_word(Cursor *c, const char *word) {
  skip_spaces(c);
  const size_t n = strlen(word);
  if (c->end - c->at < n || memcmp(c->text + c->at, word, n) != 0) return false;
  c->at += n;
  return true;
}

/* A string without escapes, of at most `size` - 1 bytes. */
static Status take_string(Cursor *c, const char *what, char *out, size_t size, Err *e) {
  const char quote = take(c, '\'') ? '\'' : take(c, '"') ? '"' : '\0';
  if (quote == '\0') return expected(c, what, e);
  size_t n = 0;
  for (; c->at < c->end && c->text[c->at] != quote; c->at++) {
    if (n + 1 == size || c->text[c->at] == '\\') return expected(c, what, e);
    out[n++] = c->text[c->at];
  }
  if (c->at == c->end) return expected(c, "the end of a string", e);
  out[n] = '\0';
  c->at++;
  return OK;
}

static Status take_shape(Cursor *c, Npy *x, Err *e) {
  if (!take(c, '(')) return expected(c, "a shape such as (60000, 784)", e);
  while (!take(c, ')')) {
    if (x->n_dims > 0 && !take(c, ',')) return expected(c, "\",\" or \")\"", e);
    if (x->n_dims > 0 && take(c, ')')) return OK;
    skip_spaces(c);
    const size_t start = c->at;
    int64_t size = 0;
    for (; c->at < c->end && c->text[c->at] >= '0' && c->text[c->at] <= '9'; c->at++) {
      if (size > INT64_MAX / 16) return expected(c, "a dimension that fits into 63 bits", e);
      size = 10 * size + (c->text[c->at] - '0');
    }
    if (c->at == start) return expected(c, "a dimension", e);
    CHECK(e, x->n_dims < NPY_MAX_DIMS, E_DATA, "%s: byte %zu: more than %d dimensions", c->path,
          start, NPY_MAX_DIMS);
    CHECK(e, size > 0, E_DATA, "%s: byte %zu: dimension %d is 0: no numbers", c->path, start,
          x->n_dims + 1);
    x->dims[x->n_dims++] = size;
  }
  return OK;
}

/* '<f4': byte order, kind, bytes. */
static Status take_type(Cursor *c, Npy *x, Err *e) {
  char type[16];
  skip_spaces(c);
  const size_t at = c->at;
  CHECK(e, at == c->end || c->text[at] != '[', E_DATA,
        "%s: byte %zu: an array of records; save its columns as one array of numbers", c->path, at);
  TRY(take_string(c, "a type such as '<f4'", type, sizeof type, e));
  static const char *const known[] = {"|b1", "|u1", "|i1", "<u2", "<i2", "<u4",
                                      "<i4", "<u8", "<i8", "<f4", "<f8"};
  for (int i = 0; i < COUNT(known); i++) {
    if (!str_eq(type, known[i])) continue;
    x->kind = type[1];
    x->bytes = type[2] - '0';
    return OK;
  }
  CHECK(e, type[0] != '>', E_DATA,
        "%s: byte %zu: type %s is big-endian; save x.astype(x.dtype.newbyteorder('<'))", c->path,
        at, type);
  FAIL(e, E_DATA, "%s: byte %zu: numbers of type %s cannot be read; save x.astype('float32')",
       c->path, at, type);
}

static Status take_entry(Cursor *c, Npy *x, unsigned *seen, Err *e) {
  static const char *const keys[] = {"descr", "fortran_order", "shape"};
  char key[32];
  skip_spaces(c);
  const size_t at = c->at;
  TRY(take_string(c, "a key in quotes", key, sizeof key, e));
  unsigned k = 0;
  while (k < COUNT(keys) && !str_eq(key, keys[k])) k++;
  CHECK(e, k < COUNT(keys), E_DATA,
        "%s: byte %zu: unknown key \"%s\"; there are descr, fortran_order and shape", c->path, at,
        key);
  CHECK(e, !(*seen >> k & 1), E_DATA, "%s: byte %zu: %s is there twice", c->path, at, key);
  *seen |= 1U << k;
  if (!take(c, ':')) return expected(c, "\":\"", e);
  if (k == 0) return take_type(c, x, e);
  if (k == 2) return take_shape(c, x, e);
  x->fortran = take_word(c, "True");
  return x->fortran || take_word(c, "False") ? OK : expected(c, "True or False", e);
}

static Status read_dictionary(Cursor *c, Npy *x, Err *e) {
  unsigned seen = 0;
  if (!take(c, '{')) return expected(c, "\"{\"", e);
  while (!take(c, '}')) {
    if (seen && !take(c, ',')) return expected(c, "\",\" or \"}\"", e);
    if (seen && take(c, '}')) break;
    TRY(take_entry(c, x, &seen, e));
  }
  skip_spaces(c);
  if (c->at < c->end) return expected(c, "nothing behind \"}\"", e);
  CHECK(e, seen == 7, E_DATA, "%s: its header lacks %s", c->path,
        !(seen & 1)   ? "descr"
        : !(seen & 2) ? "fortran_order"
                      : "shape");
  CHECK(e, x->n_dims > 0, E_DATA, "%s: a single number, no array", c->path);
  return OK;
}

/* The cursor on the header's text; its end is where the numbers start. */
static Status find_header(const Npy *x, Cursor *c, Err *e) {
  const unsigned char *b = x->map.at;
  const size_t n = x->map.n;
  CHECK(e, n < 4 || memcmp(b, "PK\3\4", 4) != 0, E_DATA,
        "%s: an .npz archive of several arrays; save each with numpy.save", x->path);
  CHECK(e, n >= 6 && memcmp(b, "\x93NUMPY", 6) == 0, E_DATA, "%s: not an NPY file", x->path);
  CHECK(e, n >= 10, E_DATA, "%s: cut off: %zu bytes of its first 10", x->path, n);
  CHECK(e, b[6] >= 1 && b[6] <= 3 && b[7] == 0, E_DATA,
        "%s: byte 6: format version %d.%d is unknown; 1.0, 2.0 and 3.0 can be read", x->path, b[6],
        b[7]);
  size_t length = (size_t)b[8] | (size_t)b[9] << 8, start = 10;
  if (b[6] > 1) {
    start = 12;
    CHECK(e, n >= start, E_DATA, "%s: cut off: %zu bytes of its first 12", x->path, n);
    length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
  }
  CHECK(e, length <= NPY_MAX_HEADER, E_DATA, "%s: byte 8: a header of %zu bytes; at most %d",
        x->path, length, NPY_MAX_HEADER);
  CHECK(e, length <= n - start, E_DATA, "%s: cut off: %zu bytes of the %zu of its header", x->path,
        n - start, length);
  *c = (Cursor){.path = x->path, .text = x->map.at, .at = start, .end = start + length};
  return OK;
}

static Status read_header(Npy *x, Err *e) {
  Cursor c = {0};
  TRY(find_header(x, &c, e));
  TRY(read_dictionary(&c, x, e));
  x->n = x->dims[0];
  x->d = 1;
  for (int i = 1; i < x->n_dims; i++) {
    CHECK(e, x->dims[i] <= INT_MAX / x->d, E_DATA, "%s: more than %d features a row", x->path,
          INT_MAX);
    x->d *= x->dims[i];
  }
  const uint64_t left = x->map.n - c.end, row = (uint64_t)x->d * (uint64_t)x->bytes;
  CHECK(e, (uint64_t)x->n <= left / row, E_DATA,
        "%s: cut off: %llu bytes behind its header, which declares %lld rows of %llu", x->path,
        (unsigned long long)left, (long long)x->n, (unsigned long long)row);
  CHECK(e, (uint64_t)x->n * row == left, E_DATA, "%s: goes on behind the %lld rows of its header",
        x->path, (long long)x->n);
  x->numbers = (const unsigned char *)x->map.at + c.end;
  return OK;
}

/* ---- the file -------------------------------------------------------------------------------- */

Status npy_open(const char *path, Npy *out, Err *e) {
  *out = (Npy){.path = path};
  TRY(mapping_open(path, 0, 0, &out->map, e));
  CHECK(e, out->map.at, E_DATA, "%s: not an NPY file: it is empty", path);
  const Status status = read_header(out, e);
  if (status != OK) npy_close(out);
  return status;
}

void npy_close(Npy *x) {
  mapping_close(&x->map);
  *x = (Npy){0};
}

/* ---- numbers --------------------------------------------------------------------------------- */

void npy_offsets(const Npy *x, int64_t *offset) {
  for (int64_t j = 0; j < x->d; j++) {
    int64_t left = j;
    offset[j] = x->fortran ? 0 : j;
    if (!x->fortran) continue;
    for (int k = x->n_dims - 1; k > 0; k--) {
      int64_t stride = 1; /* of dimension k in the file: the product of those before it */
      for (int i = 0; i < k; i++) stride *= x->dims[i];
      offset[j] += left % x->dims[k] * stride;
      left /= x->dims[k];
    }
  }
}

bool npy_integer(const Npy *x, int64_t at, int64_t *out) {
  uint64_t v = 0;
  const int bits = 8 * x->bytes;
  memcpy(&v, x->numbers + at * x->bytes, (size_t)x->bytes);
  if (x->kind == 'b') v = v != 0;
  if (x->kind == 'i' && bits < 64 && v >> (bits - 1)) v |= UINT64_MAX << bits;
  *out = (int64_t)v;
  return x->kind == 'i' || v <= INT64_MAX;
}

double npy_number(const Npy *x, int64_t at) {
  float f32;
  double f64;
  int64_t whole;
  if (x->kind == 'f' && x->bytes == 4) {
    memcpy(&f32, x->numbers + 4 * at, sizeof f32);
    return (double)f32;
  }
  if (x->kind == 'f') {
    memcpy(&f64, x->numbers + 8 * at, sizeof f64);
    return f64;
  }
  return npy_integer(x, at, &whole) ? (double)whole : (double)(uint64_t)whole;
}
