/*
 * Importers: every rule of CSV and IDX on small files made here, and the exact message for each
 * malformed one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/str.h"
#include "io/csv_scan.h"
#include "io/dataset.h"

#define CSV    "test_importers.csv"
#define IMAGES "test-images-idx3-ubyte"
#define LABELS "test-labels-idx1-ubyte"

static Arena arena;

static void store(const char *path, const void *bytes, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

static const Importer *importer(const char *format) {
  const Importer *i = (const Importer *)kind_find(&io_importers, format);
  assert_non_null(i);
  return i;
}

/* ---- CSV ---- */

static IoDataset csv_with(const char *text, ImportOptions o) {
  Err e = {0};
  IoDataset d;
  store(CSV, text, strlen(text));
  if (importer("csv")->import(&arena, CSV, &o, &d, &e) != OK) fail_msg("%s", e.text);
  assert_int_equal(strlen(d.fingerprint), 32);
  return d;
}

static IoDataset csv(const char *text) {
  return csv_with(text, (ImportOptions){0});
}

static void csv_bad_with(const char *text, ImportOptions o, Status status, const char *expected) {
  Err e = {0};
  IoDataset d;
  store(CSV, text, strlen(text));
  assert_int_equal(importer("csv")->import(&arena, CSV, &o, &d, &e), status);
  assert_string_equal(e.text, expected);
}

static void csv_bad(const char *text, const char *expected) {
  csv_bad_with(text, (ImportOptions){0}, E_DATA, arena_printf(&arena, "%s%s", CSV, expected));
}

static void rows_are(const IoDataset *d, int64_t n, int features, const double *x) {
  double row[8];
  assert_int_equal(d->n, n);
  assert_int_equal(d->d, features);
  for (int64_t i = 0; i < n; i++) {
    io_dataset_row_f64(d, i, row);
    for (int j = 0; j < features; j++) assert_true(row[j] == x[i * features + j]);
  }
}

static void classes_are(const IoDataset *d, int n, const char *const *names,
                        const int32_t *labels) {
  assert_int_equal(d->n_classes, n);
  for (int c = 0; c < n; c++) assert_string_equal(d->class_names[c], names[c]);
  assert_memory_equal(d->labels, labels, (size_t)d->n * sizeof *labels);
  assert_null(d->values);
}

static const double x_22[4] = {1, 2, 3, 4};

static void test_plain(void **state) {
  (void)state;
  IoDataset d = csv("1,2,7\n3,4,-1\n");
  rows_are(&d, 2, 2, x_22);
  assert_int_equal(d.x_type, IO_U8);
  classes_are(&d, 2, (const char *[]){"-1", "7"}, (int32_t[]){1, 0});
}

/* The same table, written in other ways. */
static void test_same_table(void **state) {
  (void)state;
  static const char *const ways[] = {"a,b,y\n1,2,7\n3,4,-1\n",
                                     ("\xEF\xBB\xBF"
                                      "a,b,y\r\n1,2,7\r\n3,4,-1"),
                                     "1,2,7\n3,4,-1",
                                     "a;b;y\n1;2;7\n3;4;-1\n\n\n",
                                     "a\tb\ty\n1\t2\t7\n\n3\t4\t-1\n",
                                     "1,2,7\r3,4,-1\r",
                                     "\"a\",\"b\",\"y\"\n\"1\",\"2\",\"7\"\n 3 , 4 , \"-1\" \n",
                                     "0,1,y\n1,2,7\n3,4,-1\n",
                                     "a,b,y\n1.0,2e0,7.0\n+3,.4e1,-01\n",
                                     "\"a,1\n;;;\",b,y\n1,2,7\n3,4,-1\n",
                                     "\n\na,,y\n1,2,7\n3,4,-1\n"};
  IoDataset first = csv("1,2,7\n3,4,-1\n");
  for (int i = 0; i < COUNT(ways); i++) {
    IoDataset d = csv(ways[i]);
    rows_are(&d, 2, 2, x_22);
    assert_string_equal(d.fingerprint, first.fingerprint);
  }
}

static void test_labels(void **state) {
  (void)state;
  IoDataset d = csv("w,kind\n1,\"b \"\"q\"\"\"\n2,a\n3,10\n4,a\n");
  classes_are(&d, 3, (const char *[]){"10", "a", "b \"q\""}, (int32_t[]){2, 1, 0, 1});
  d = csv("1,10\n2,9\n3,10\n"); /* by number, not by text */
  classes_are(&d, 2, (const char *[]){"9", "10"}, (int32_t[]){1, 0, 1});
  d = csv("5,setosa\n6,setosa\n"); /* text labels do not make the first line a header */
  assert_int_equal(d.n, 2);
  classes_are(&d, 1, (const char *[]){"setosa"}, (int32_t[]){0, 0});
  d = csv("0,1,x\n5,6,x\n"); /* nor do numbers that count up, unless there are four, */
  assert_int_equal(d.n, 2);
  assert_int_equal(csv("0,1,2,3,kind\n5,6,7,8,x\n").n, 1);
  assert_int_equal(csv("1,2,3,5,kind\n5,6,7,8,x\n").n, 2);
}

static void test_target(void **state) {
  (void)state;
  IoDataset d = csv_with("y,a,b\n0,1,2\n1,3,4\n", (ImportOptions){.target = "y"});
  rows_are(&d, 2, 2, x_22);
  classes_are(&d, 2, (const char *[]){"0", "1"}, (int32_t[]){0, 1});
  d = csv_with("1,dog,2\n3,cat,4\n", (ImportOptions){.target = "2"});
  rows_are(&d, 2, 2, x_22);
  classes_are(&d, 2, (const char *[]){"cat", "dog"}, (int32_t[]){1, 0});
  d = csv_with("a,b,y\n1,2,0.5\n3,4,-1e3\n", (ImportOptions){.values = true});
  rows_are(&d, 2, 2, x_22);
  assert_null(d.labels);
  assert_int_equal(d.n_values, 1);
  assert_true(d.values[0] == 0.5 && d.values[1] == -1000);
  csv_bad_with("a,bee,y\n1,2,0\n", (ImportOptions){.target = "beee"}, E_USAGE,
               CSV ":1: no column is called \"beee\"; did you mean \"bee\"?");
  csv_bad_with("1,2,0\n", (ImportOptions){.target = "4"}, E_USAGE,
               "target 4: " CSV " has the columns 1 to 3");
  csv_bad_with("a,y\n1,\n", (ImportOptions){0}, E_DATA, CSV ":2:3: no target (column 2)");
  csv_bad_with("a,y\n1,x\n", (ImportOptions){.values = true}, E_DATA,
               CSV ":2:3: expected a number to predict, found \"x\" (column 2)");
}

static void test_types(void **state) {
  (void)state;
  assert_int_equal(csv("0,a\n255,b\n").x_type, IO_U8);
  assert_int_equal(csv("0,a\n256,b\n").x_type, IO_F32);
  assert_int_equal(csv("-1,a\n255,b\n").x_type, IO_F32);
  assert_int_equal(csv("0.5,a\n255,b\n").x_type, IO_F32);
  assert_int_equal(csv("0.1,a\n255,b\n").x_type, IO_F64);
  assert_int_equal(csv("16777217,a\n255,b\n").x_type, IO_F64);
  IoDataset d = csv("0.1,a\n1e-300,b\n");
  rows_are(&d, 2, 1, (double[]){0.1, 1e-300});
}

static void test_numbers(void **state) {
  (void)state;
  static const char *const bad[] = {"",     "-",   ".",     "e5",  "nan", "inf",
                                    "0x10", "1,5", "1e999", "1 2", "--1", "1e"};
  static const struct {
    const char *text;
    double value;
  } good[] = {{"0", 0},
              {"-0.5", -0.5},
              {"007", 7},
              {"1.", 1},
              {".25", 0.25},
              {"1E2", 100},
              {"0.3", 0.3},
              {"123456789012345", 123456789012345.0},
              {"9007199254740993", 9007199254740992.0},
              {"0.000000000000001", 1e-15},
              {"3.141592653589793238", 3.141592653589793}};
  double v;
  for (int i = 0; i < COUNT(bad); i++) assert_false(csv_number(bad[i], &v));
  for (int i = 0; i < COUNT(good); i++) {
    assert_true(csv_number(good[i].text, &v));
    assert_true(v == good[i].value);
  }
}

static void test_malformed_csv(void **state) {
  (void)state;
  csv_bad("", ": the file is empty");
  csv_bad("\n \n", ": the file is empty");
  csv_bad("a,b\n", ": a header and no rows");
  csv_bad("1\n2\n", ":1: one column only; at least one of features and the target are needed, "
                    "separated by comma, semicolon or tab");
  csv_bad("a,b,y\n1,2,0\n\n1,abc,0\n", ":4:3: expected a number, found \"abc\" (column 2, \"b\")");
  csv_bad("a,b,y\n1,,0\n", ":2:3: expected a number, found \"\" (column 2, \"b\"); fill in what is "
                           "missing, or leave the row out");
  csv_bad("1,abc,0\n1,2,0\n",
          ":1:3: expected a number, found \"abc\" (column 2); a header has names "
          "in all columns, a row numbers");
  csv_bad("a,y\n1,0\n\xC3\xA4\xC3\xB6 , nan, 0\n", ":3:11: 3 cells, but line 1 has 2");
  csv_bad("a,b,y\n1,2,0\n1,2\n", ":3:3: 2 cells, but line 1 has 3");
  csv_bad("a,b,y\n1,2,0\n1,\"2,0\n1,2,0\n", ":3:3: this quote is never closed");
  csv_bad("a,b,y\n1,\"2\"3,0\n", ":2:6: text behind a closing quote (a quote inside of quotes is "
                                 "written \"\")");
  csv_bad("\"a\nb\",y\n\"\xC3\xA4\",0\n",
          ":3:1: expected a number, found \"\xC3\xA4\" (column 1, \"a\nb\")");
  csv_bad("a,y\n1,0\n2,0.5\n",
          ":3:3: the target 0.5 is no class; --values makes it a number to predict");
  Err e = {0};
  IoDataset d;
  store(CSV, "a,y\n1,\0\n", 8);
  assert_int_equal(importer("csv")->import(&arena, CSV, &(ImportOptions){0}, &d, &e), E_DATA);
  assert_string_equal(e.text, CSV ": not a CSV file: it has bytes that are no text");
  e = (Err){0};
  assert_int_equal(importer("csv")->import(&arena, "no.csv", &(ImportOptions){0}, &d, &e), E_IO);
}

/* Whatever is cut off, there is an error or a smaller table. */
static void test_cut_csv(void **state) {
  (void)state;
  static const char text[] = "a,\"b \"\"c\",y\r\n1,\"2\",x\r\n3,4,\"z\"\r\n\r\n";
  for (size_t n = 0; n < sizeof text; n++) {
    Err e = {0};
    IoDataset d;
    store(CSV, text, n);
    Status status = importer("csv")->import(&arena, CSV, &(ImportOptions){0}, &d, &e);
    if (status == OK)
      assert_in_range(d.n, 1, 2);
    else
      assert_true(str_starts(e.text, CSV ":"));
  }
}

/* ---- IDX ---- */

static const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0,   0,
                                       0, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 254, 255};
static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 4, 0, 2};
static const double x_34[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 254, 255};

static void store_packed(const char *path, const void *bytes, size_t n) {
  gzFile f = gzopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(gzwrite(f, bytes, (unsigned)n), n);
  assert_int_equal(gzclose(f), Z_OK);
}

static void clean(void) {
  unlink(IMAGES), unlink(IMAGES ".gz"), unlink(LABELS), unlink(LABELS ".gz");
}

static void idx_good(const char *path, ImportOptions o) {
  Err e = {0};
  IoDataset d;
  if (importer("idx")->import(&arena, path, &o, &d, &e) != OK) fail_msg("%s", e.text);
  rows_are(&d, 3, 4, x_34);
  assert_int_equal(d.x_type, IO_U8);
  classes_are(&d, 5, (const char *[]){"0", "1", "2", "3", "4"}, (int32_t[]){4, 0, 2});
}

static void idx_bad(const char *path, const char *expected) {
  Err e = {0};
  IoDataset d;
  assert_int_not_equal(importer("idx")->import(&arena, path, &(ImportOptions){0}, &d, &e), OK);
  assert_string_equal(e.text, expected);
}

static void test_idx(void **state) {
  (void)state;
  clean();
  store(IMAGES, images, sizeof images);
  idx_bad(IMAGES, IMAGES ": no labels beside it: neither " LABELS " nor " LABELS
                         ".gz is there; say --labels FILE");
  store_packed(LABELS ".gz", labels, sizeof labels);
  idx_good(IMAGES, (ImportOptions){0});
  store_packed(IMAGES ".gz", images, sizeof images);
  idx_good(IMAGES ".gz", (ImportOptions){0});
  idx_good("./" IMAGES ".gz", (ImportOptions){0});
  store("other", labels, sizeof labels);
  clean();
  store("pictures", images, sizeof images);
  idx_good("pictures", (ImportOptions){.labels = "other"});
  idx_bad("pictures",
          "pictures: no \"images\" in its name, by which to find the labels; say --labels FILE");
  idx_bad("other",
          "other: one number a row, as labels have; import the images, with --labels FILE");
  unlink("other"), unlink("pictures");
}

/* Big-endian numbers of each type. */
static void test_idx_types(void **state) {
  (void)state;
  static const unsigned char two_labels[] = {0, 0, 12, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0};
  static const struct {
    unsigned char bytes[32];
    size_t n;
    IoType type;
    double x[2];
  } cases[] = {
      {{0, 0, 9, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0xFF, 5}, 14, IO_F32, {-1, 5}},
      {{0, 0, 11, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0xFF, 0xFE, 1, 2}, 16, IO_F32, {-2, 258}},
      {{0, 0, 12, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF, 0x80, 0, 0, 0},
       20,
       IO_F64,
       {2147483647.0, -2147483648.0}},
      {{0, 0, 13, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0x3F, 0xC0, 0, 0, 0xC0, 0, 0, 0},
       20,
       IO_F32,
       {1.5, -2}},
      {{0, 0, 14, 2, 0, 0, 0,    2, 0, 0, 0, 1, 0x3F, 0xF8,
        0, 0, 0,  0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0,    0},
       28,
       IO_F64,
       {1.5, -2}},
  };
  store(LABELS, two_labels, sizeof two_labels);
  for (int i = 0; i < COUNT(cases); i++) {
    Err e = {0};
    IoDataset d;
    store(IMAGES, cases[i].bytes, cases[i].n);
    if (importer("idx")->import(&arena, IMAGES, &(ImportOptions){0}, &d, &e) != OK)
      fail_msg("%s", e.text);
    assert_int_equal(d.x_type, cases[i].type);
    rows_are(&d, 2, 1, cases[i].x);
    classes_are(&d, 2, (const char *[]){"0", "1"}, (int32_t[]){1, 0});
  }
  clean();
}

static void test_malformed_idx(void **state) {
  (void)state;
  unsigned char bad[64] = {0};
  clean();
  store(LABELS, labels, sizeof labels);
  idx_bad("no-images", "no-images: cannot open: No such file or directory");
  store(IMAGES, "", 0);
  idx_bad(IMAGES, IMAGES ": cut off: 0 bytes of 4 of its header");
  store(IMAGES, "PK\3\4....", 8);
  idx_bad(IMAGES, IMAGES ": not an IDX file: it starts with 50 4b 03 04");
  memcpy(bad, images, sizeof images);
  bad[2] = 10;
  store(IMAGES, bad, sizeof images);
  idx_bad(IMAGES, IMAGES ": not an IDX file: type 10 is unknown");
  bad[2] = 8, bad[3] = 0;
  store(IMAGES, bad, sizeof images);
  idx_bad(IMAGES, IMAGES ": 0 dimensions; 1 to 8 can be read");
  bad[3] = 3, bad[11] = 0;
  store(IMAGES, bad, sizeof images);
  idx_bad(IMAGES, IMAGES ": dimension 2 of 3 is 0");
  bad[11] = 2, bad[4] = 0xFF;
  store(IMAGES, bad, sizeof images);
  idx_bad(IMAGES,
          IMAGES ": its header declares 4278190083 rows of 4 bytes, more than the file can hold");
  bad[4] = 0, bad[8] = bad[12] = 0xFF;
  store(IMAGES, bad, sizeof images);
  idx_bad(IMAGES, IMAGES ": more than 2147483647 features a row");
  memcpy(bad, images, sizeof images);
  store(IMAGES, bad, sizeof images + 1);
  idx_bad(IMAGES, IMAGES ": goes on behind the 3 rows of its header");
  store(IMAGES, images, sizeof images - 1);
  idx_bad(IMAGES, IMAGES ": cut off: 11 bytes of 12 of its data");
  memcpy(bad, labels, sizeof labels);
  bad[7] = 2;
  store(IMAGES, images, sizeof images);
  store(LABELS, bad, sizeof labels - 1);
  idx_bad(IMAGES, LABELS ": 2 labels, but " IMAGES " has 3 rows");
  store(LABELS, images, sizeof images);
  idx_bad(IMAGES, LABELS ": no labels: they are whole numbers in one dimension");
  memcpy(bad, labels, sizeof labels);
  bad[2] = 9, bad[9] = 0xFF;
  store(LABELS, bad, sizeof labels);
  idx_bad(IMAGES, LABELS ": label 1 (from 0) is -1; labels are class numbers from 0 to 1048575");
  clean();
}

/* gzip's own checks: cut off anywhere, and a wrong checksum at the end. */
static void test_malformed_gzip(void **state) {
  (void)state;
  char bytes[256];
  clean();
  store(LABELS, labels, sizeof labels);
  store_packed(IMAGES ".gz", images, sizeof images);
  FILE *f = fopen(IMAGES ".gz", "rb");
  size_t n = fread(bytes, 1, sizeof bytes, f);
  fclose(f);
  for (size_t cut = 0; cut < n; cut++) {
    Err e = {0};
    IoDataset d;
    store(IMAGES ".gz", bytes, cut);
    assert_int_equal(importer("idx")->import(&arena, IMAGES ".gz", &(ImportOptions){0}, &d, &e),
                     E_DATA);
    assert_true(str_starts(e.text, IMAGES ".gz: "));
  }
  bytes[n - 6] ^= 1;
  store(IMAGES ".gz", bytes, n);
  idx_bad(IMAGES ".gz", IMAGES ".gz: cannot be unpacked: incorrect data check");
  clean();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain),         cmocka_unit_test(test_same_table),
      cmocka_unit_test(test_labels),        cmocka_unit_test(test_target),
      cmocka_unit_test(test_types),         cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_malformed_csv), cmocka_unit_test(test_cut_csv),
      cmocka_unit_test(test_idx),           cmocka_unit_test(test_idx_types),
      cmocka_unit_test(test_malformed_idx), cmocka_unit_test(test_malformed_gzip),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_free(&arena);
  unlink(CSV);
  return failed;
}
