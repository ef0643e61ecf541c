/*
 * NPY files made here byte by byte: every type, version and order against the numbers that were
 * put in, every truncation, every damaged byte, and the exact message for what is malformed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "io/dataset.h"

#define X "test_npy_x.npy"
#define Y "test_npy_y.npy"

static Arena arena;
static unsigned char file[4096];
static size_t file_bytes;

static void add(const void *bytes, size_t n) {
  assert_true(file_bytes + n <= sizeof file);
  memcpy(file + file_bytes, bytes, n);
  file_bytes += n;
}

static void store(const char *path) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(file, 1, file_bytes, f), file_bytes);
  assert_int_equal(fclose(f), 0);
}

/* A file of that header's text, padded as numpy does, with `n` bytes of numbers. */
static void make(int version, const char *header, const void *numbers, size_t n) {
  const size_t start = version == 1 ? 10 : 12, end = (start + strlen(header) + 1 + 63) / 64 * 64;
  const unsigned length = (unsigned)(end - start);
  const unsigned char head[] = {0x93,
                                'N',
                                'U',
                                'M',
                                'P',
                                'Y',
                                (unsigned char)version,
                                0,
                                (unsigned char)length,
                                (unsigned char)(length >> 8),
                                0,
                                0};
  file_bytes = 0;
  add(head, start);
  add(header, strlen(header));
  while (file_bytes + 1 < end) add(" ", 1);
  add("\n", 1);
  add(numbers, n);
}

static IoDataset import(const ImportOptions *o) {
  Err e = {0};
  IoDataset d;
  const Importer *npy = (const Importer *)kind_find(&io_importers, "npy");
  assert_non_null(npy);
  if (npy->import(&arena, X, o, &d, &e) != OK) fail_msg("%s", e.text);
  assert_int_equal(strlen(d.fingerprint), 32);
  return d;
}

static void refused_with(const ImportOptions *o, Status status, const char *message) {
  Err e = {0};
  IoDataset d;
  const Importer *npy = (const Importer *)kind_find(&io_importers, "npy");
  assert_int_equal(npy->import(&arena, X, o, &d, &e), status);
  assert_string_equal(e.text, message);
}

static void refused(const char *message) {
  store(X);
  refused_with(&(ImportOptions){0}, E_DATA, message);
}

static const char *header(const char *type, const char *fortran, const char *shape) {
  return arena_printf(&arena, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type, fortran,
                      shape);
}

static void test_types(void **state) {
  (void)state;
  static const struct {
    const char *type;
    IoType x_type;
    union {
      uint8_t u1[6];
      int8_t i1[6];
      uint16_t u2[6];
      int16_t i2[6];
      uint32_t u4[6];
      int32_t i4[6];
      uint64_t u8[6];
      int64_t i8[6];
      float f4[6];
      double f8[6];
    } numbers;
    size_t bytes;
    double x[6];
  } cases[] = {
      {"|b1", IO_U8, {.u1 = {0, 1, 1, 0, 0, 1}}, 1, {0, 1, 1, 0, 0, 1}},
      {"|u1", IO_U8, {.u1 = {0, 1, 127, 128, 200, 255}}, 1, {0, 1, 127, 128, 200, 255}},
      {"|i1", IO_F32, {.i1 = {0, 1, -1, 127, -128, 5}}, 1, {0, 1, -1, 127, -128, 5}},
      {"<u2", IO_F32, {.u2 = {0, 1, 255, 256, 65535, 7}}, 2, {0, 1, 255, 256, 65535, 7}},
      {"<i2",
       IO_F32,
       {.i2 = {0, -1, 255, -256, 32767, -32768}},
       2,
       {0, -1, 255, -256, 32767, -32768}},
      {"<u4", IO_F64, {.u4 = {0, 1, 4294967295, 3, 4, 5}}, 4, {0, 1, 4294967295, 3, 4, 5}},
      {"<i4",
       IO_F64,
       {.i4 = {0, -1, 2147483647, -2147483647, 4, 5}},
       4,
       {0, -1, 2147483647, -2147483647, 4, 5}},
      {"<u8",
       IO_F64,
       {.u8 = {0, 1, 9007199254740992, 3, 4, 5}},
       8,
       {0, 1, 9007199254740992, 3, 4, 5}},
      {"<i8",
       IO_F64,
       {.i8 = {0, -1, 9007199254740992, -9007199254740992, 4, 5}},
       8,
       {0, -1, 9007199254740992, -9007199254740992, 4, 5}},
      {"<f4",
       IO_F32,
       {.f4 = {0, -1.5F, 3e38F, 1e-40F, 4, 5}},
       4,
       {0, -1.5, (double)3e38F, (double)1e-40F, 4, 5}},
      {"<f8", IO_F64, {.f8 = {0, -1.5, 3e38, 1e-300, 0.1, 5}}, 8, {0, -1.5, 3e38, 1e-300, 0.1, 5}},
  };
  for (int c = 0; c < COUNT(cases); c++)
    for (int version = 1; version <= 3; version++) {
      make(version, header(cases[c].type, "False", "(2, 3)"), &cases[c].numbers,
           6 * cases[c].bytes);
      store(X);
      const IoDataset d = import(&(ImportOptions){0});
      double row[3];
      assert_int_equal(d.x_type, cases[c].x_type);
      assert_int_equal(d.n, 2);
      assert_int_equal(d.d, 3);
      assert_true(d.labels == NULL && d.values == NULL);
      for (int i = 0; i < 2; i++) {
        io_dataset_row_f64(&d, i, row);
        for (int j = 0; j < 3; j++) assert_true(row[j] == cases[c].x[3 * i + j]);
      }
    }
}

/* x[i][j][k] = 100 i + 10 j + k, in both orders of the file, becomes the same rows. */
static void test_order(void **state) {
  (void)state;
  float c[2 * 3 * 4], fortran[2 * 3 * 4];
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 4; k++) {
        const float v = (float)(100 * i + 10 * j + k);
        c[(i * 3 + j) * 4 + k] = v;
        fortran[(k * 3 + j) * 2 + i] = v;
      }
  make(1, header("<f4", "False", "(2, 3, 4)"), c, sizeof c);
  store(X);
  const IoDataset one = import(&(ImportOptions){0});
  make(1, "{\"shape\":(2,3,4),\"fortran_order\":True,\"descr\":\"<f4\"}", fortran, sizeof fortran);
  store(X);
  const IoDataset other = import(&(ImportOptions){0});
  assert_int_equal(one.d, 12);
  assert_memory_equal(one.x, c, sizeof c);
  assert_memory_equal(other.x, c, sizeof c);
  assert_string_equal(one.fingerprint, other.fingerprint);
}

static void make_x(void) {
  static const uint8_t x[] = {1, 2, 3, 4, 5, 6};
  make(1, header("|u1", "False", "(3, 2)"), x, sizeof x);
  store(X);
}

static void test_targets(void **state) {
  (void)state;
  static const int64_t classes[] = {4, 0, 2};
  static const float numbers[] = {0.5F, -1, 2, 3, 4, 5};
  const ImportOptions with = {.labels = Y}, as_values = {.labels = Y, .values = true};
  make_x();
  make(1, header("<i8", "False", "(3,)"), classes, sizeof classes);
  store(Y);
  IoDataset d = import(&with);
  assert_int_equal(d.n_classes, 5);
  assert_string_equal(d.class_names[4], "4");
  assert_memory_equal(d.labels, ((int32_t[]){4, 0, 2}), 12);
  d = import(&as_values);
  assert_null(d.labels);
  assert_int_equal(d.n_values, 1);
  assert_true(d.values[0] == 4 && d.values[1] == 0 && d.values[2] == 2);
  make(1, header("<i8", "False", "(3, 1)"), classes, sizeof classes);
  store(Y);
  assert_int_equal(import(&with).n_classes, 5);

  make(1, header("<f4", "False", "(3, 2)"), numbers, sizeof numbers);
  store(Y);
  d = import(&with);
  assert_int_equal(d.n_values, 2);
  for (int i = 0; i < 6; i++) assert_true(d.values[i] == (double)numbers[i]);
  make(1, header("<f4", "True", "(3, 2)"), numbers, sizeof numbers);
  store(Y);
  d = import(&with);
  assert_true(d.values[1] == 3 && d.values[2] == -1 && d.values[5] == 5);
}

static void test_wrong_targets(void **state) {
  (void)state;
  static const int32_t classes[] = {4, -1, 2, 3, 4, 5};
  const ImportOptions with = {.labels = Y};
  make_x();
  make(1, header("<i4", "False", "(3,)"), classes, 12);
  store(Y);
  refused_with(&with, E_DATA,
               Y ": label 1 (from 0) is -1; labels are class numbers from 0 to 1048575 (or say "
                 "--values)");
  make(1, header("<i4", "False", "(2,)"), classes, 8);
  store(Y);
  refused_with(&with, E_DATA, Y ": 2 rows, but " X " has 3");
  make(1, header("<i4", "False", "(3, 2)"), classes, 24);
  store(Y);
  refused_with(&with, E_DATA, Y ": 2 whole numbers a row; a class is one (or say --values)");
  refused_with(&(ImportOptions){.target = "a"}, E_USAGE, "--target is for csv");
  refused_with(&(ImportOptions){.values = true}, E_USAGE, "--values goes with --labels Y.npy");
  refused_with(&(ImportOptions){.labels = "no.npy"}, E_IO,
               "cannot open no.npy: No such file or directory");
}

static void bad(const char *text, const char *message) {
  static const unsigned char numbers[64];
  make(1, text, numbers, sizeof numbers);
  refused(message);
}

/* Every message, with the offset of the byte that is wrong. */
static void test_malformed_headers(void **state) {
  (void)state;
  bad("", X ": byte 64: expected \"{\", but the header ends");
  bad("descr", X ": byte 10: expected \"{\", found \"d\"");
  bad("{descr: 1}", X ": byte 11: expected a key in quotes, found \"d\"");
  bad("{'shape\": (1, 2)}", X ": byte 43: expected a key in quotes, found \" \"");
  bad("{'shape': (1, 2), 'fortran_order': False, '",
      X ": byte 64: expected the end of a string, but the header ends");
  bad("{'a\\x': 1}", X ": byte 13: expected a key in quotes, found \"\\\"");
  bad("{'shape' (1, 2)}", X ": byte 19: expected \":\", found \"(\"");
  bad("{'shape': (1 2)}", X ": byte 23: expected \",\" or \")\", found \"2\"");
  bad("{'shape': (1,, 2)}", X ": byte 23: expected a dimension, found \",\"");
  bad("{'shape': (-1, 2)}", X ": byte 21: expected a dimension, found \"-\"");
  bad("{'shape': (1, 0)}", X ": byte 24: dimension 2 is 0: no numbers");
  bad("{'shape': [1, 2]}", X ": byte 20: expected a shape such as (60000, 784), found \"[\"");
  bad("{'shape': (1,1,1,1,1,1,1,1,1)}", X ": byte 37: more than 8 dimensions");
  bad("{'shape': (99999999999999999999, 2)}",
      X ": byte 39: expected a dimension that fits into 63 bits, found \"9\"");
  bad("{'shape': (1, 2), 'shape': (1, 2)}", X ": byte 28: shape is there twice");
  bad("{'shape': (1, 2) 'descr': '<f4'}", X ": byte 27: expected \",\" or \"}\", found \"'\"");
  bad("{'order': 'C'}",
      X ": byte 11: unknown key \"order\"; there are descr, fortran_order and shape");
  bad("{'fortran_order': 1}", X ": byte 28: expected True or False, found \"1\"");
  bad("{'descr': [('a', '<f4')]}",
      X ": byte 20: an array of records; save its columns as one array of numbers");
  bad("{'descr': '>f4'}",
      X ": byte 20: type >f4 is big-endian; save x.astype(x.dtype.newbyteorder('<'))");
  bad("{'descr': '|O'}",
      X ": byte 20: numbers of type |O cannot be read; save x.astype('float32')");
  bad("{'descr': '<f2'}",
      X ": byte 20: numbers of type <f2 cannot be read; save x.astype('float32')");
  bad("{'descr': '<f4', 'shape': (4, 4)}", X ": its header lacks fortran_order");
  bad("{}", X ": its header lacks descr");
  bad(header("<f4", "False", "(4, 4)} x"), X ": byte 68: expected nothing behind \"}\", found "
                                             "\"x\"");
  bad(header("<f4", "False", "()"), X ": a single number, no array");
  bad(header("<f4", "False", "(16,)"),
      X ": one dimension; rows have two: save x.reshape(-1, 1) if each number is a row");
  bad(header("<f4", "False", "(4, 5)"),
      X ": cut off: 64 bytes behind its header, which declares 4 rows of 20");
  bad(header("<f4", "False", "(500000000000000000, 4)"),
      X ": cut off: 64 bytes behind its header, which declares 500000000000000000 rows of 16");
  bad(header("<f4", "False", "(4, 99999, 99999)"), X ": more than 2147483647 features a row");
  bad(header("<f4", "False", "(4, 3)"), X ": goes on behind the 4 rows of its header");
}

static void test_malformed_files(void **state) {
  (void)state;
  static const double numbers[8];
  static const int64_t large[] = {1, 9007199254740993, 2, 3};
  file_bytes = 0;
  refused(X ": not an NPY file: it is empty");
  add("PK\3\4 and more", 12);
  refused(X ": an .npz archive of several arrays; save each with numpy.save");
  file_bytes = 0;
  add("width,height\n1,2\n", 17);
  refused(X ": not an NPY file");
  make(2, header("<f8", "False", "(4, 2)"), numbers, sizeof numbers);
  file[6] = 4;
  refused(X ": byte 6: format version 4.0 is unknown; 1.0, 2.0 and 3.0 can be read");
  file[6] = 2;
  file[11] = 0x7F;
  refused(X ": byte 8: a header of 2130706548 bytes; at most 65536");
  make(1, header("<i8", "False", "(2, 2)"), large, sizeof large);
  refused(X ": row 0, column 1 (from 0): whole numbers beyond 2^53 cannot be kept exactly");
}

/* Cut off anywhere: refused, with the file's name. */
static void test_truncation(void **state) {
  (void)state;
  static const double numbers[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  make(1, header("<f8", "False", "(4, 2)"), numbers, sizeof numbers);
  for (const size_t n = file_bytes; file_bytes-- > 0;) {
    Err e = {0};
    IoDataset d;
    const Importer *npy = (const Importer *)kind_find(&io_importers, "npy");
    assert_true(file_bytes < n);
    store(X);
    assert_int_equal(npy->import(&arena, X, &(ImportOptions){0}, &d, &e), E_DATA);
    assert_true(str_starts(e.text, X ": "));
    if (file_bytes == 0) break;
  }
}

/* Any byte of the header made another: an error that names the file, or a dataset of the size
 * that the numbers have. */
static void test_damage(void **state) {
  (void)state;
  static const double numbers[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  static const unsigned char bytes[] = {0, ' ', '\'', '(', ')', ',', '2', '9', '{', '}', 255};
  const Importer *npy = (const Importer *)kind_find(&io_importers, "npy");
  make(1, header("<f8", "False", "(4, 2)"), numbers, sizeof numbers);
  int n_refused = 0;
  for (size_t at = 0; at < file_bytes - sizeof numbers; at++)
    for (int b = 0; b < COUNT(bytes); b++) {
      const unsigned char was = file[at];
      Err e = {0};
      IoDataset d;
      file[at] = bytes[b];
      store(X);
      file[at] = was;
      if (npy->import(&arena, X, &(ImportOptions){0}, &d, &e) == OK) {
        assert_int_equal(d.n * d.d, 8);
        continue;
      }
      assert_true(str_starts(e.text, X ": "));
      n_refused++;
    }
  assert_true(n_refused > 800);
}

static int teardown(void **state) {
  (void)state;
  unlink(X);
  unlink(Y);
  arena_free(&arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_types),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_targets),
      cmocka_unit_test(test_wrong_targets),
      cmocka_unit_test(test_malformed_headers),
      cmocka_unit_test(test_malformed_files),
      cmocka_unit_test(test_truncation),
      cmocka_unit_test(test_damage),
  };
  return cmocka_run_group_tests(tests, NULL, teardown);
}
