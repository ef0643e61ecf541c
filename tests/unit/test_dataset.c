/*
 * Datasets: written and opened again; files of other programs (big-endian, chunked, packed, of
 * other types); and one clear message for everything that is wrong with a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "io/dataset.h"
#include "io/files.h"

#define FILE_NAME "test_dataset_subject.h5"

static Arena arena;

/* ---- files of other programs, made with bare HDF5 ---- */

static hid_t file;

static void start(void) {
  file = H5Fcreate(FILE_NAME, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(file >= 0);
}

static void finish(void) {
  assert_true(H5Fclose(file) >= 0);
}

static void put_in(hid_t place, const char *name, hid_t stored, hid_t memory, int n_dims,
                   const hsize_t *dims, const void *data) {
  hid_t space = H5Screate_simple(n_dims, dims, NULL);
  hid_t set = H5Dcreate2(file, name, stored, space, H5P_DEFAULT, place, H5P_DEFAULT);
  assert_true(set >= 0);
  if (data) assert_true(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
  H5Dclose(set);
  H5Sclose(space);
}

static void put(const char *name, hid_t type, int n_dims, const hsize_t *dims, const void *data) {
  put_in(H5P_DEFAULT, name, type, type, n_dims, dims, data);
}

static const hsize_t shape_43[2] = {4, 3}, shape_4[1] = {4};
static const float x_43[12] = {0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -11.25};
static const int32_t y_4[4] = {0, 2, 1, 0};

static void put_x(void) {
  put("/x", H5T_NATIVE_FLOAT, 2, shape_43, x_43);
}

/* ---- opening ---- */

static IoDataset open_good(void) {
  Err e = {0};
  IoDataset d;
  if (io_dataset_open(&arena, FILE_NAME, &d, &e) != OK) fail_msg("%s", e.text);
  return d;
}

/* The message must be the path and `expected` behind it. */
static void open_bad(const char *expected) {
  Err e = {0};
  IoDataset d;
  Status status = io_dataset_open(&arena, FILE_NAME, &d, &e);
  assert_string_equal(e.text, arena_printf(&arena, "%s: %s", FILE_NAME, expected));
  assert_int_equal(status, E_DATA);
  assert_null(d.map.at);
}

static void same_rows(const IoDataset *d) {
  double row[3];
  float row32[3];
  assert_int_equal(d->n, 4);
  assert_int_equal(d->d, 3);
  for (int i = 0; i < 4; i++) {
    io_dataset_row_f64(d, i, row);
    io_dataset_row_f32(d, i, row32);
    for (int j = 0; j < 3; j++) {
      assert_true(row[j] == x_43[3 * i + j]);
      assert_true(row32[j] == x_43[3 * i + j]);
    }
  }
}

static IoDataset sample(void) {
  static const char *names[] = {"ant", "bee", "w\xc3\xa4sp"};
  return (IoDataset){.name = "sample",
                     .n = 4,
                     .d = 3,
                     .x_type = IO_F32,
                     .x = x_43,
                     .labels = y_4,
                     .n_classes = 3,
                     .class_names = names};
}

static void write_good(const IoDataset *d) {
  Err e = {0};
  if (io_dataset_write(d, FILE_NAME, &e) != OK) fail_msg("%s", e.text);
}

static void test_round_trip(void **state) {
  (void)state;
  IoDataset s = sample();
  write_good(&s);
  IoDataset d = open_good();
  same_rows(&d);
  assert_int_equal(d.x_type, IO_F32);
  assert_memory_equal(d.labels, y_4, sizeof y_4);
  assert_int_equal(d.n_classes, 3);
  assert_string_equal(d.class_names[2], "w\xc3\xa4sp");
  assert_null(d.values);
  assert_int_equal(strlen(d.fingerprint), 32);
  io_dataset_close(&d);
  io_dataset_close(&d); /* twice is fine */
}

static void test_values_and_types(void **state) {
  (void)state;
  static const double x[4] = {1e-300, 0.1, 2, 3}, v[4] = {0.1, -2, 3, 4};
  static const uint8_t pixels[4] = {0, 255, 7, 128};
  IoDataset s = {.name = "s", .n = 2, .d = 2, .x_type = IO_F64, .x = x, .values = v, .n_values = 2};
  double row[2];
  write_good(&s);
  IoDataset d = open_good();
  io_dataset_row_f64(&d, 0, row);
  assert_memory_equal(row, x, sizeof row);
  assert_memory_equal(d.values, v, sizeof v);
  assert_int_equal(d.n_values, 2);
  assert_null(d.labels);
  io_dataset_close(&d);
  s = (IoDataset){
      .name = "s", .n = 4, .d = 1, .x_type = IO_U8, .x = pixels, .values = v, .n_values = 1};
  write_good(&s);
  d = open_good();
  assert_int_equal(d.x_type, IO_U8);
  assert_int_equal(d.n_values, 1);
  io_dataset_row_f64(&d, 1, row);
  assert_true(row[0] == 255);
  io_dataset_close(&d);
}

/* Large data is mapped, and starts at a page; the mapping shows what was written. */
static void test_mapped(void **state) {
  (void)state;
  enum { N = 3000, D = 7 };
  double *x = ARENA_ARRAY(&arena, double, N *D);
  for (int i = 0; i < N * D; i++) x[i] = i * 0.25;
  int32_t *y = ARENA_ARRAY(&arena, int32_t, N);
  IoDataset s = sample();
  s.n = N, s.d = D, s.x = x, s.x_type = IO_F64, s.labels = y;
  write_good(&s);
  IoDataset d = open_good();
  assert_non_null(d.map.at);
  assert_true((uintptr_t)d.x % 4096 == 0);
  assert_memory_equal(d.x, x, sizeof(double) * N * D);
  io_dataset_close(&d);
}

static void test_fingerprint(void **state) {
  (void)state;
  IoDataset s = sample();
  write_good(&s);
  IoDataset d = open_good();
  char first[HASH_HEX];
  strcpy(first, d.fingerprint);
  io_dataset_close(&d);
  /* another label, name, value: another fingerprint */
  int32_t other_y[4] = {0, 2, 1, 1};
  const char *other_names[] = {"ant", "bee", "wasp"};
  float other_x[12];
  memcpy(other_x, x_43, sizeof other_x);
  other_x[11] = 11.25f;
  for (int k = 0; k < 3; k++) {
    s = sample();
    if (k == 0) s.labels = other_y;
    if (k == 1) s.class_names = other_names;
    if (k == 2) s.x = other_x;
    write_good(&s);
    d = open_good();
    assert_string_not_equal(d.fingerprint, first);
    io_dataset_close(&d);
  }
  /* packed with other software, the same content has the same fingerprint */
  hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(chunked, 2, (hsize_t[]){2, 2});
  H5Pset_deflate(chunked, 5);
  start();
  put_in(chunked, "/x", H5T_IEEE_F32BE, H5T_NATIVE_FLOAT, 2, shape_43, x_43);
  put("/y", H5T_STD_I16BE, 1, shape_4, (int16_t[]){0, 0x200, 0x100, 0});
  finish();
  H5Pclose(chunked);
  d = open_good();
  same_rows(&d);
  assert_memory_equal(d.labels, y_4, sizeof y_4);
  assert_null(d.map.at);
  s = sample();
  static const char *numbers[] = {"0", "1", "2"};
  s.class_names = numbers;
  char packed[HASH_HEX];
  strcpy(packed, d.fingerprint);
  write_good(&s);
  d = open_good();
  assert_string_equal(d.fingerprint, packed);
  io_dataset_close(&d);
}

/* A bit of x or y changed behind our back. */
static void test_changed(void **state) {
  (void)state;
  Err e = {0};
  IoDataset s = sample();
  char *bytes;
  size_t n, at = 0;
  write_good(&s);
  assert_int_equal(file_read(&arena, FILE_NAME, 0, &bytes, &n, &e), OK);
  while (memcmp(bytes + at, x_43, sizeof x_43) != 0) at++;
  FILE *f = fopen(FILE_NAME, "r+b");
  assert_int_equal(fseek(f, (long)at + 20, SEEK_SET), 0);
  fputc(bytes[at + 20] ^ 4, f);
  fclose(f);
  IoDataset d;
  assert_int_equal(io_dataset_open(&arena, FILE_NAME, &d, &e), E_DATA);
  assert_true(str_starts(e.text, FILE_NAME ": does not match its fingerprint: the file was changed "
                                           "after import (it says "));
}

/* ---- files of other programs ---- */

static void test_foreign(void **state) {
  (void)state;
  start();
  put("/x", H5T_NATIVE_INT16, 3, (hsize_t[]){2, 3, 2},
      (int16_t[]){-1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  put("/y", H5T_NATIVE_ULLONG, 2, (hsize_t[]){2, 1}, (unsigned long long[]){3, 1});
  hid_t text = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, shape_4, NULL);
  H5Tset_size(text, H5T_VARIABLE); /* as h5py stores a list of str */
  hid_t y = H5Dopen2(file, "/y", H5P_DEFAULT);
  hid_t names = H5Acreate2(y, "classes", text, space, H5P_DEFAULT, H5P_DEFAULT);
  const char *four[] = {"north", "east", "south", "west"};
  assert_true(H5Awrite(names, text, four) >= 0);
  H5Aclose(names), H5Dclose(y), H5Sclose(space), H5Tclose(text);
  finish();
  IoDataset d = open_good();
  float row[6];
  assert_int_equal(d.n, 2);
  assert_int_equal(d.d, 6);
  assert_int_equal(d.x_type, IO_F32);
  io_dataset_row_f32(&d, 1, row);
  assert_true(row[0] == 7 && row[5] == 12);
  assert_int_equal(d.labels[0], 3);
  assert_int_equal(d.n_classes, 4);
  assert_string_equal(d.class_names[3], "west");
  io_dataset_close(&d);
  start();
  put("/x", H5T_NATIVE_DOUBLE, 1, (hsize_t[]){3}, (double[]){1, 2, 3});
  put("/y", H5T_NATIVE_FLOAT, 1, (hsize_t[]){3}, (float[]){0.5f, 1, 2});
  finish();
  d = open_good();
  assert_int_equal(d.d, 1);
  assert_int_equal(d.n_values, 1);
  assert_true(d.values[0] == 0.5);
  io_dataset_close(&d);
}

static void test_unlabelled(void **state) {
  (void)state;
  start();
  put_x();
  finish();
  IoDataset d = open_good(); /* for predict; training asks for a target */
  same_rows(&d);
  assert_null(d.labels);
  assert_null(d.values);
  io_dataset_close(&d);
}

static void test_no_such_file(void **state) {
  (void)state;
  Err e = {0};
  IoDataset d;
  assert_int_equal(io_dataset_open(&arena, "no_such.h5", &d, &e), E_IO);
  assert_string_equal(e.text, "no_such.h5: cannot open: No such file or directory");
  FILE *f = fopen(FILE_NAME, "w");
  fputs("x,y\n1,2\n", f);
  fclose(f);
  open_bad("not an HDF5 file; make one with: caviar import");
}

static void test_truncated(void **state) {
  (void)state;
  IoDataset s = sample();
  char *bytes;
  size_t n;
  Err e = {0};
  write_good(&s);
  assert_int_equal(file_read(&arena, FILE_NAME, 0, &bytes, &n, &e), OK);
  for (size_t cut = 0; cut < n; cut += 1 + n / 100) {
    assert_int_equal(truncate(FILE_NAME, (off_t)cut), 0);
    IoDataset d;
    e = (Err){0};
    assert_int_equal(io_dataset_open(&arena, FILE_NAME, &d, &e), E_DATA);
    assert_true(str_starts(e.text, FILE_NAME ": "));
    FILE *f = fopen(FILE_NAME, "wb");
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
  }
}

static void test_shapes(void **state) {
  (void)state;
  start();
  put("/y", H5T_NATIVE_INT32, 1, shape_4, y_4);
  finish();
  open_bad("no /x; a dataset has its rows in /x and its labels or values in /y");
  start();
  put_x();
  put("/y", H5T_NATIVE_INT32, 1, (hsize_t[]){3}, y_4);
  finish();
  open_bad("/y has 3 rows, /x has 4");
  start();
  put_x();
  put("/y", H5T_NATIVE_INT32, 2, shape_43, (int32_t[12]){0});
  finish();
  open_bad("/y has the shape (4, 3) of integers; labels are one class number a row (store numbers "
           "to predict as floats)");
  start();
  put("/x", H5T_NATIVE_FLOAT, 2, (hsize_t[]){0, 3}, NULL);
  finish();
  open_bad("/x has the shape (0, 3): no data");
  start();
  put("/x", H5T_C_S1, 1, shape_4, "abcd");
  finish();
  open_bad("/x holds no rows of numbers");
  start();
  put_x();
  H5Gclose(H5Gcreate2(file, "/y", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  finish();
  open_bad("/y is not a dataset");
}

static void test_bad_values(void **state) {
  (void)state;
  float x[12];
  memcpy(x, x_43, sizeof x);
  x[7] = NAN;
  x[9] = INFINITY;
  start();
  put("/x", H5T_NATIVE_FLOAT, 2, shape_43, x);
  finish();
  open_bad("/x[2, 1] is nan (row and column from 0); fill in or leave out such rows");
  double x64[12] = {0};
  x64[11] = -INFINITY;
  start();
  put("/x", H5T_NATIVE_DOUBLE, 2, shape_43, x64);
  finish();
  open_bad("/x[3, 2] is -inf (row and column from 0); fill in or leave out such rows");
  x64[11] = 1e39;
  start();
  put("/x", H5T_NATIVE_DOUBLE, 2, shape_43, x64);
  finish();
  open_bad("/x[3, 2] is 1e+39 (row and column from 0), beyond what training can hold; scale that "
           "column");
  start();
  put_x();
  put("/y", H5T_NATIVE_DOUBLE, 1, shape_4, (double[]){0, 1, NAN, 2});
  finish();
  open_bad("/y[2] is nan (row from 0); fill in or leave out such rows");
}

static void test_bad_labels(void **state) {
  (void)state;
  start();
  put_x();
  put("/y", H5T_NATIVE_INT32, 1, shape_4, (int32_t[]){0, 1, -3, 0});
  finish();
  open_bad("/y[2] is -3 (row from 0); labels are class numbers from 0 to 1048575");
  start();
  put_x();
  put("/y", H5T_NATIVE_LLONG, 1, shape_4, (long long[]){0, 1, 0, 1LL << 40});
  finish();
  open_bad("/y[3] is 1099511627776 (row from 0); labels are class numbers from 0 to 1048575");
  Err e = {0};
  IoDataset s = sample();
  s.n_classes = 2;
  assert_int_equal(io_dataset_write(&s, FILE_NAME, &e), E_DATA);
  assert_string_equal(e.text, FILE_NAME ": /y[1] is 2 (row from 0); labels are class numbers from "
                                        "0 to 1");
}

/* ---- files that point elsewhere or lie about their size ---- */

static void test_hostile(void **state) {
  (void)state;
  start();
  put("/z", H5T_NATIVE_FLOAT, 2, shape_43, x_43);
  H5Lcreate_soft("/z", file, "/x", H5P_DEFAULT, H5P_DEFAULT);
  finish();
  open_bad("/x is a link to somewhere else, which is not followed; copy the data into the file");
  start();
  H5Lcreate_external("/etc/other.h5", "/x", file, "/x", H5P_DEFAULT, H5P_DEFAULT);
  finish();
  open_bad("/x is a link to somewhere else, which is not followed; copy the data into the file");
  hid_t place = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(place, "test_dataset_subject.raw", 0, 48);
  start();
  put_in(place, "/x", H5T_NATIVE_FLOAT, H5T_NATIVE_FLOAT, 2, shape_43, NULL);
  finish();
  H5Pclose(place);
  open_bad("/x keeps its data in other files, which are not opened; copy the data into the file");
  place = H5Pcreate(H5P_DATASET_CREATE);
  hid_t space = H5Screate_simple(2, shape_43, NULL);
  H5Pset_virtual(place, space, "other.h5", "/x", space);
  start();
  put_in(place, "/x", H5T_NATIVE_FLOAT, H5T_NATIVE_FLOAT, 2, shape_43, NULL);
  finish();
  H5Pclose(place), H5Sclose(space);
  open_bad("/x keeps its data in other files, which are not opened; copy the data into the file");
}

static void test_declared_sizes(void **state) {
  (void)state;
  const hsize_t vast[2] = {1ULL << 40, 1000}, chunk[2] = {1, 1000},
                large_chunk[2] = {1 << 20, 1000};
  hid_t place = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(place, 2, chunk);
  H5Pset_deflate(place, 9);
  start();
  put_in(place, "/x", H5T_NATIVE_FLOAT, H5T_NATIVE_FLOAT, 2, vast, NULL);
  finish();
  Err e = {0};
  IoDataset d;
  assert_int_equal(io_dataset_open(&arena, FILE_NAME, &d, &e), E_DATA);
  assert_true(str_starts(e.text,
                         FILE_NAME ": /x declares 1099511627776000 values of 4 bytes, which "
                                   "a file of "));
  H5Pset_chunk(place, 2, large_chunk);
  hsize_t open_ended[2] = {H5S_UNLIMITED, 1000};
  hid_t space = H5Screate_simple(2, (hsize_t[]){4, 1000}, open_ended);
  start();
  hid_t set = H5Dcreate2(file, "/x", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, place, H5P_DEFAULT);
  assert_true(set >= 0);
  H5Dclose(set), H5Sclose(space);
  finish();
  H5Pclose(place);
  open_bad("/x declares chunks larger than the file");
}

/* Runs last: no file, dataset, group or attribute is left open. */
static void test_all_closed(void **state) {
  (void)state;
  assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip), cmocka_unit_test(test_values_and_types),
      cmocka_unit_test(test_mapped),     cmocka_unit_test(test_fingerprint),
      cmocka_unit_test(test_changed),    cmocka_unit_test(test_foreign),
      cmocka_unit_test(test_unlabelled), cmocka_unit_test(test_no_such_file),
      cmocka_unit_test(test_truncated),  cmocka_unit_test(test_shapes),
      cmocka_unit_test(test_bad_values), cmocka_unit_test(test_bad_labels),
      cmocka_unit_test(test_hostile),    cmocka_unit_test(test_declared_sizes),
      cmocka_unit_test(test_all_closed),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_free(&arena);
  unlink(FILE_NAME);
  return failed;
}
