/*
 * The atomic HDF5 writer and its reader: everything comes back, same content gives same bytes, and
 * a file that was cut off or in which any bit was flipped gives an error or the right data, never
 * wrong data or a crash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "io/files.h"
#include "io/h5.h"

#define FILE_NAME "test_h5_subject.h5"

static Arena arena;
static float weights[3000];
static const double curve[6] = {1.5, 2.5, -3, 0, 1e300, 5};
static const uint8_t pixels[5] = {0, 1, 2, 254, 255};
static const int32_t labels[4] = {-5, 0, 7, 1 << 30};
static const int64_t big[2] = {INT64_MIN, INT64_MAX};
static const char *const names[3] = {"one", "", "dr\xc3\xb6lf"};

#define GOOD(call)                                                                                 \
  do {                                                                                             \
    Err err_ = {0};                                                                                \
    Status status_ = (call);                                                                       \
    if (status_ != OK) fail_msg("%s: %s", #call, err_.text);                                       \
  } while (0)

/* HDF5 1.10 itself loses some memory when it meets a damaged header; test_all_closed looks after
 * ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:libhdf5";
}

static H5Out *build(void) {
  Err e = {0};
  H5Out *o;
  const int64_t w[2] = {30, 100}, c[3] = {1, 2, 3}, p[1] = {5}, l[4] = {2, 1, 1, 2}, b[1] = {2};
  for (int i = 0; i < COUNT(weights); i++) weights[i] = (float)(i * 7919 % 3001) / 17;
  assert_int_equal(h5_create(&o, &e), OK);
  assert_int_equal(h5_put(o, "/layers/hidden.0/w", H5_F32, w, 2, weights, true, &e), OK);
  assert_int_equal(h5_put(o, "/layers/hidden.0/curve", H5_F64, c, 3, curve, true, &e), OK);
  assert_int_equal(h5_put(o, "/layers/pixels", H5_U8, p, 1, pixels, true, &e), OK);
  assert_int_equal(h5_put(o, "/labels", H5_I32, l, 4, labels, true, &e), OK);
  assert_int_equal(h5_put(o, "/big", H5_I64, b, 1, big, true, &e), OK);
  assert_int_equal(h5_put_strings(o, "/names", names, 3, &e), OK);
  assert_int_equal(h5_put_text(o, "/spec", "name: x\nseed: 1\n", &e), OK);
  assert_int_equal(h5_attr_i64(o, "/", "seed", -42, &e), OK);
  assert_int_equal(h5_attr_text(o, "/layers/pixels", "unit", "ink", &e), OK);
  assert_int_equal(h5_attr_strings(o, "/labels", "classes", names, 3, &e), OK);
  return o;
}

static void write_subject(const char *path) {
  Err e = {0};
  if (h5_publish(build(), path, &e) != OK) fail_msg("%s", e.text);
}

/* Reads everything back. E_DATA: an error; OK: *same says whether it is what was written. */
static Status get_same(const H5In *in, const char *path, H5Type type, const void *data,
                       size_t bytes, int n_dims, bool *same, Err *e) {
  void *found;
  int64_t dims[4], count = 1;
  int n;
  TRY(h5_get(in, &arena, path, type, &found, dims, &n, e));
  for (int i = 0; i < n; i++) count *= dims[i];
  size_t size = type == H5_U8 ? 1 : type == H5_F32 || type == H5_I32 ? 4 : 8;
  *same = *same && n == n_dims && (size_t)count * size == bytes && memcmp(found, data, bytes) == 0;
  return OK;
}

static Status read_all(const H5In *in, bool *same, Err *e) {
  int64_t seed;
  char *text;
  const char **list;
  int n;
  TRY(get_same(in, "/layers/hidden.0/w", H5_F32, weights, sizeof weights, 2, same, e));
  TRY(get_same(in, "/layers/hidden.0/curve", H5_F64, curve, sizeof curve, 3, same, e));
  TRY(get_same(in, "/layers/pixels", H5_U8, pixels, sizeof pixels, 1, same, e));
  TRY(get_same(in, "/labels", H5_I32, labels, sizeof labels, 4, same, e));
  TRY(get_same(in, "/big", H5_I64, big, sizeof big, 1, same, e));
  TRY(h5_get_text(in, &arena, "/spec", &text, e));
  *same = *same && str_eq(text, "name: x\nseed: 1\n");
  TRY(h5_get_attr_i64(in, "/", "seed", &seed, e));
  *same = *same && seed == -42;
  TRY(h5_get_attr_text(in, &arena, "/layers/pixels", "unit", &text, e));
  *same = *same && str_eq(text, "ink");
  TRY(h5_get_attr_strings(in, &arena, "/labels", "classes", &list, &n, e));
  *same = *same && n == 3;
  for (int i = 0; i < n && i < 3; i++) *same = *same && str_eq(list[i], names[i]);
  return OK;
}

static Status open_and_read(const char *path, bool *same, Err *e) {
  H5In *in;
  *same = true;
  TRY(h5_open(&in, path, e));
  Status status = read_all(in, same, e);
  h5_close(in);
  return status;
}

static void test_round_trip(void **state) {
  (void)state;
  Err e = {0};
  bool same;
  write_subject(FILE_NAME);
  assert_int_equal(open_and_read(FILE_NAME, &same, &e), OK);
  assert_true(same);
  H5In *in;
  assert_int_equal(h5_open(&in, FILE_NAME, &e), OK);
  assert_true(h5_has(in, "/"));
  assert_true(h5_has(in, "/layers/hidden.0/w"));
  assert_false(h5_has(in, "/layers/hidden.1/w"));
  assert_true(h5_has_attr(in, "/", "seed"));
  assert_false(h5_has_attr(in, "/", "sead"));
  h5_close(in);
}

/* Stored integers are read as any number; fractions are never cut to integers. */
static void test_types(void **state) {
  (void)state;
  Err e = {0};
  H5In *in;
  void *data;
  int64_t dims[4];
  int n;
  write_subject(FILE_NAME);
  GOOD(h5_open(&in, FILE_NAME, &err_));
  GOOD(h5_get(in, &arena, "/layers/pixels", H5_F64, &data, dims, &n, &err_));
  assert_true(((double *)data)[3] == 254);
  assert_int_equal(h5_get(in, &arena, "/layers/hidden.0/w", H5_I32, &data, dims, &n, &e), E_DATA);
  assert_string_equal(e.text,
                      FILE_NAME ": /layers/hidden.0/w should hold integers, but holds fractions");
  e = (Err){0};
  assert_int_equal(h5_get(in, &arena, "/nothing", H5_I32, &data, dims, &n, &e), E_DATA);
  assert_string_equal(e.text, FILE_NAME ": has no /nothing");
  e = (Err){0};
  char *text;
  assert_int_equal(h5_get_text(in, &arena, "/names", &text, &e), E_DATA);
  assert_string_equal(e.text, FILE_NAME ": /names should be one text, but is a list of 3");
  e = (Err){0};
  int64_t number;
  assert_int_equal(h5_get_attr_i64(in, "/layers/pixels", "unit", &number, &e), E_DATA);
  assert_int_equal(h5_get(in, &arena, "/layers", H5_I32, &data, dims, &n, &e), E_DATA);
  h5_close(in);
}

/* Larger than a chunk, a header, a compact text; and empty ones. */
static void test_sizes(void **state) {
  (void)state;
  Err e = {0};
  H5Out *o;
  H5In *in;
  enum { LARGE = 700000, NAMES = 5000 };
  float *x = ARENA_ARRAY(&arena, float, LARGE);
  for (int i = 0; i < LARGE; i++) x[i] = (float)i;
  char *text = ARENA_ARRAY(&arena, char, 200001);
  memset(text, 'y', 200000);
  const char **many = ARENA_ARRAY(&arena, const char *, NAMES);
  for (int i = 0; i < NAMES; i++) many[i] = arena_printf(&arena, "a class with a long name, %d", i);
  const int64_t large[2] = {LARGE / 7, 7}, none[2] = {0, 3};
  GOOD(h5_create(&o, &err_));
  GOOD(h5_put(o, "/large", H5_F32, large, 2, x, true, &err_));
  GOOD(h5_put(o, "/plain", H5_F32, large, 2, x, false, &err_));
  GOOD(h5_put(o, "/none", H5_F32, none, 2, NULL, true, &err_));
  GOOD(h5_put_text(o, "/text", text, &err_));
  GOOD(h5_put_text(o, "/empty", "", &err_));
  GOOD(h5_attr_text(o, "/empty", "empty", "", &err_));
  GOOD(h5_attr_strings(o, "/large", "classes", many, NAMES, &err_));
  GOOD(h5_publish(o, FILE_NAME, &err_));
  GOOD(h5_open(&in, FILE_NAME, &err_));
  bool same = true;
  GOOD(get_same(in, "/large", H5_F32, x, sizeof(float) * LARGE, 2, &same, &err_));
  GOOD(get_same(in, "/plain", H5_F32, x, sizeof(float) * LARGE, 2, &same, &err_));
  GOOD(get_same(in, "/none", H5_F32, x, 0, 2, &same, &err_));
  assert_true(same);
  char *found;
  GOOD(h5_get_text(in, &arena, "/text", &found, &err_));
  assert_string_equal(found, text);
  GOOD(h5_get_text(in, &arena, "/empty", &found, &err_));
  assert_string_equal(found, "");
  GOOD(h5_get_attr_text(in, &arena, "/empty", "empty", &found, &err_));
  assert_string_equal(found, "");
  const char **list;
  int n;
  GOOD(h5_get_attr_strings(in, &arena, "/large", "classes", &list, &n, &err_));
  assert_int_equal(n, NAMES);
  assert_string_equal(list[NAMES - 1], many[NAMES - 1]);
  GOOD(h5_get_attr_strings(in, &arena, "/large", "nothing", &list, &n, &err_));
  assert_null(list);
  h5_close(in);
  (void)e;
}

static char *load(const char *path, size_t *n) {
  Err e = {0};
  char *bytes = NULL;
  if (file_read(&arena, path, 0, &bytes, n, &e) != OK) fail_msg("%s", e.text);
  return bytes;
}

static void store(const char *path, const char *bytes, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

/* Files made in different seconds: a time in them would show. */
static void test_same_content_same_bytes(void **state) {
  (void)state;
  const struct timespec second = {.tv_sec = 1, .tv_nsec = 100000000};
  size_t n[2];
  write_subject(FILE_NAME);
  char *first = load(FILE_NAME, &n[0]);
  nanosleep(&second, NULL);
  write_subject("test_h5_other.h5");
  char *other = load("test_h5_other.h5", &n[1]);
  assert_int_equal(n[0], n[1]);
  assert_memory_equal(first, other, n[0]);
  unlink("test_h5_other.h5");
}

static void test_truncated(void **state) {
  (void)state;
  size_t n;
  write_subject(FILE_NAME);
  char *bytes = load(FILE_NAME, &n);
  for (size_t cut = 0; cut < n; cut += 1 + n / 400) {
    Err e = {0};
    bool same;
    store(FILE_NAME, bytes, cut);
    assert_int_not_equal(open_and_read(FILE_NAME, &same, &e), OK);
    assert_true(str_starts(e.text, FILE_NAME ": "));
  }
  store(FILE_NAME, bytes, n - 1);
  Err e = {0};
  bool same;
  assert_int_equal(open_and_read(FILE_NAME, &same, &e), E_DATA);
  assert_true(str_starts(e.text, FILE_NAME ": damaged or cut off: truncated file"));
}

static void test_bit_flips(void **state) {
  (void)state;
  size_t n, caught = 0;
  write_subject(FILE_NAME);
  char *bytes = load(FILE_NAME, &n);
  int fd = open(FILE_NAME, O_WRONLY);
  assert_true(fd >= 0);
  for (size_t at = 0; at < n; at += at < 6000 ? 1 : 11) {
    Err e = {0};
    bool same;
    char flipped = (char)(bytes[at] ^ 1 << at % 8);
    assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
    if (open_and_read(FILE_NAME, &same, &e) != OK) {
      caught++; /* others hit padding */
    } else if (!same) {
      fail_msg("a flipped bit of byte %zu of %zu was read as data", at, n);
    }
    assert_int_equal(pwrite(fd, &bytes[at], 1, (off_t)at), 1);
  }
  close(fd);
  assert_true(caught > 500);
}

static void test_not_hdf5(void **state) {
  (void)state;
  Err e = {0};
  H5In *in;
  assert_int_equal(h5_open(&in, "test_h5_missing.h5", &e), E_IO);
  assert_string_equal(e.text, "test_h5_missing.h5: cannot open: No such file or directory");
  store(FILE_NAME, "x,y\n1,2\n", 8);
  e = (Err){0};
  assert_int_equal(h5_open(&in, FILE_NAME, &e), E_DATA);
  assert_string_equal(e.text, FILE_NAME ": not an HDF5 file; make one with: caviar import");
  store(FILE_NAME, "", 0);
  e = (Err){0};
  assert_int_equal(h5_open(&in, FILE_NAME, &e), E_DATA);
  assert_string_equal(e.text, FILE_NAME ": the file is empty");
  e = (Err){0};
  assert_int_equal(h5_open(&in, ".", &e), E_IO);
}

/* A failed publication leaves the old file, and nothing else, behind. */
static void test_unwritable(void **state) {
  (void)state;
  Err e = {0};
  assert_int_equal(h5_publish(build(), "no/such/folder/x.h5", &e), E_IO);
  assert_true(str_starts(e.text, "cannot write no/such/folder/x.h5: "));
  h5_discard(build());
  DIR *dir = opendir(".");
  assert_non_null(dir);
  for (struct dirent *f; (f = readdir(dir)) != NULL;) assert_false(str_ends(f->d_name, ".tmp"));
  closedir(dir);
}

/* Runs last: after thousands of errors on every path no file, dataset, group or attribute is
 * open. */
static void test_all_closed(void **state) {
  (void)state;
  assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip), cmocka_unit_test(test_types),
      cmocka_unit_test(test_sizes),      cmocka_unit_test(test_same_content_same_bytes),
      cmocka_unit_test(test_truncated),  cmocka_unit_test(test_bit_flips),
      cmocka_unit_test(test_not_hdf5),   cmocka_unit_test(test_unwritable),
      cmocka_unit_test(test_all_closed),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_free(&arena);
  unlink(FILE_NAME);
  return failed;
}
