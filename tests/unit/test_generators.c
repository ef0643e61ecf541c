/*
 * Generators: the same bits for ever (golden fingerprints), balanced classes, rows that do not
 * depend on how many there are, and pictures that look like what their labels say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "io/dataset.h"

static Arena arena;

static IoDataset generate(const char *name, int64_t rows, uint64_t seed) {
  Err e = {0};
  const Kind *kind = kind_find(&io_generators, name);
  assert_non_null(kind);
  KindValue value = kind_default(kind, &arena);
  if (rows) {
    Scalar n = {.type = SCALAR_INT, .integer = rows, .real = (double)rows, .text = "rows"};
    const Param *p = param_find(kind->params, kind->n_params, "rows");
    assert_int_equal(param_set(p, value.config, &n, &e), OK);
  }
  IoDataset d;
  assert_int_equal(io_generate(&arena, value, seed, &d, &e), OK);
  return d;
}

static void test_golden(void **state) {
  (void)state;
  assert_string_equal(generate("strokes", 0, 42).fingerprint, "eab371c8c916177080fa4c4031565914");
  assert_string_equal(generate("blobs", 0, 42).fingerprint, "3a500b9550757e168ab9e63d4c24fed0");
  assert_string_equal(generate("spirals", 0, 42).fingerprint, "202872f78bad969ef1869f3b81309111");
  assert_string_equal(generate("moons", 0, 42).fingerprint, "3b91ba621b3d29590fc970d8671a52c7");
}

/* The first rows to the bit, and the labels beside them. */
static void test_first_rows(void **state) {
  (void)state;
  static const float spirals[] = {0x1.143e6ap-6F, -0x1.101818p-3F, -0x1.a53d18p-2F,
                                  0x1.424bc4p-3F, -0x1.25e468p-3F, 0x1.b2faacp-5F};
  static const float moons[] = {0x1.4aea78p-5F, 0x1.67eefcp-5F, 0x1.e2a0cap-4F,
                                0x1.ba777ap-1F, 0x1.506a7ep-4F, 0x1.cbb5b8p-3F};
  IoDataset s = generate("spirals", 3, 42), m = generate("moons", 3, 42);
  assert_int_equal(s.x_type, IO_F32);
  assert_int_equal(m.x_type, IO_F32);
  assert_memory_equal(s.x, spirals, sizeof spirals);
  assert_memory_equal(m.x, moons, sizeof moons);
  assert_memory_equal(s.labels, ((int32_t[]){2, 0, 1}), 12);
  assert_memory_equal(m.labels, ((int32_t[]){1, 0, 1}), 12);
}

static void set_real(KindValue *v, const char *name, double x) {
  Err e = {0};
  Scalar value = {.type = SCALAR_REAL, .real = x, .text = name};
  const Param *p = param_find(v->kind->params, v->kind->n_params, name);
  assert_non_null(p);
  assert_int_equal(param_set(p, v->config, &value, &e), OK);
}

/* Without noise a point of radius r lies at the angle that the formula gives, and radii are spread
 * evenly; with noise the distance from the arm has its standard deviation. */
static void test_spirals_wind(void **state) {
  (void)state;
  Err e = {0};
  IoDataset exact, noisy;
  KindValue v = kind_default(kind_find(&io_generators, "spirals"), &arena);
  set_real(&v, "turns", 1.75);
  set_real(&v, "noise", 0);
  assert_int_equal(io_generate(&arena, v, 3, &exact, &e), OK);
  set_real(&v, "noise", 0.05);
  assert_int_equal(io_generate(&arena, v, 3, &noisy, &e), OK);
  double radius = 0, square = 0;
  for (int64_t i = 0; i < exact.n; i++) {
    const float *x = (const float *)exact.x + 2 * i, *y = (const float *)noisy.x + 2 * i;
    const double r = hypot((double)x[0], (double)x[1]);
    const double t = 2 * 3.14159265358979 * (1.75 * r + exact.labels[i] / 3.0);
    assert_true(fabs((double)x[0] - r * cos(t)) < 1e-5 && fabs((double)x[1] - r * sin(t)) < 1e-5);
    radius += r / (double)exact.n;
    for (int j = 0; j < 2; j++) square += (double)((y[j] - x[j]) * (y[j] - x[j]));
  }
  assert_true(fabs(radius - 0.5) < 5 * 0.289 / sqrt(1500.0));
  assert_true(fabs(sqrt(square / 3000) - 0.05) < 5 * 0.05 / sqrt(6000.0));
}

/* Without noise class 0 lies on the upper half circle around (0, 0), class 1 on the lower half
 * circle around (1, 1/2). */
static void test_moons_reach_into_each_other(void **state) {
  (void)state;
  Err e = {0};
  IoDataset exact, noisy;
  KindValue v = kind_default(kind_find(&io_generators, "moons"), &arena);
  assert_int_equal(io_generate(&arena, v, 3, &noisy, &e), OK);
  set_real(&v, "noise", 0);
  assert_int_equal(io_generate(&arena, v, 3, &exact, &e), OK);
  double square = 0;
  int left = 0;
  for (int64_t i = 0; i < exact.n; i++) {
    const float *x = (const float *)exact.x + 2 * i, *y = (const float *)noisy.x + 2 * i;
    const int c = exact.labels[i];
    const double dx = (double)x[0] - c, dy = (double)x[1] - 0.5 * c;
    assert_true(fabs(hypot(dx, dy) - 1) < 1e-6);
    assert_true(c ? dy < 1e-6 : dy > -1e-6);
    left += dx < 0;
    for (int j = 0; j < 2; j++) square += (double)((y[j] - x[j]) * (y[j] - x[j]));
  }
  assert_in_range(left, 500 - 80, 500 + 80); /* five standard deviations */
  assert_true(fabs(sqrt(square / 2000) - 0.1) < 5 * 0.1 / sqrt(4000.0));
}

static void test_shape_and_names(void **state) {
  (void)state;
  IoDataset s = generate("strokes", 0, 1), b = generate("blobs", 0, 1);
  assert_int_equal(s.n, 5000);
  assert_int_equal(s.d, 64);
  assert_int_equal(s.x_type, IO_U8);
  assert_int_equal(s.n_classes, 10);
  assert_string_equal(s.class_names[9], "9");
  assert_int_equal(b.n, 1500);
  assert_int_equal(b.d, 2);
  assert_int_equal(b.n_classes, 3);
  assert_string_equal(b.class_names[0], "0");
}

static void check_same_start(const char *name) {
  IoDataset small = generate(name, 100, 5), large = generate(name, 333, 5);
  IoDataset other = generate(name, 100, 6);
  size_t row = small.x_type == IO_U8 ? (size_t)small.d : 4 * (size_t)small.d;
  assert_memory_equal(small.x, large.x, 100 * row);
  assert_memory_equal(small.labels, large.labels, 100 * sizeof(int32_t));
  assert_memory_not_equal(small.x, other.x, 100 * row);
  assert_memory_not_equal(small.labels, other.labels, 100 * sizeof(int32_t));
  assert_string_not_equal(small.fingerprint, other.fingerprint);
}

static void test_rows_are_keyed(void **state) {
  (void)state;
  for (int i = 0; i < io_generators.n; i++) check_same_start(io_generators.kinds[i]->name);
}

static void test_balance(void **state) {
  (void)state;
  for (int g = 0; g < io_generators.n; g++) {
    IoDataset d = generate(io_generators.kinds[g]->name, 600, 9);
    int count[10] = {0}, repeats = 0;
    for (int64_t i = 0; i < d.n; i++) {
      count[d.labels[i]]++;
      if (i >= d.n_classes) repeats += d.labels[i] == d.labels[i - d.n_classes];
    }
    for (int c = 0; c < d.n_classes; c++) assert_int_equal(count[c], 600 / d.n_classes);
    assert_true(repeats < 600 * 2 / d.n_classes); /* drawn, not the same order again and again */
  }
}

/* Each blob's mean and spread are those that the parameters say. */
static void test_blobs_moments(void **state) {
  (void)state;
  IoDataset d = generate("blobs", 30000, 3);
  double sum[3][2] = {{0}}, square[3][2] = {{0}}, row[2];
  for (int64_t i = 0; i < d.n; i++) {
    io_dataset_row_f64(&d, i, row);
    for (int j = 0; j < 2; j++) {
      sum[d.labels[i]][j] += row[j];
      square[d.labels[i]][j] += row[j] * row[j];
    }
  }
  for (int c = 0; c < 3; c++)
    for (int j = 0; j < 2; j++) {
      double angle = 2 * 3.14159265358979 * c / 3, centre = j == 0 ? cos(angle) : sin(angle);
      double mean = sum[c][j] / 10000, variance = square[c][j] / 10000 - mean * mean;
      assert_true(fabs(mean - centre) < 5 * 0.3 / 100);
      assert_true(fabs(sqrt(variance) - 0.3) < 5 * 0.3 / sqrt(2e4));
    }
}

/* The nearest class mean of one half names most rows of the other half: the labels belong to the
 * pictures, and yet the task is not so easy that a line separates it. */
static void test_strokes_look_like_their_labels(void **state) {
  (void)state;
  IoDataset d = generate("strokes", 4000, 3);
  static double mean[10][64];
  double row[64];
  int right = 0;
  memset(mean, 0, sizeof mean);
  for (int64_t i = 0; i < 4000; i++) {
    io_dataset_row_f64(&d, i, row);
    if (i < 2000) {
      for (int j = 0; j < 64; j++) mean[d.labels[i]][j] += row[j] / 200;
      continue;
    }
    int best = 0;
    double least = INFINITY;
    for (int c = 0; c < 10; c++) {
      double distance = 0;
      for (int j = 0; j < 64; j++) distance += (row[j] - mean[c][j]) * (row[j] - mean[c][j]);
      if (distance < least) least = distance, best = c;
    }
    right += best == d.labels[i];
  }
  assert_in_range(right, 1200, 1860); /* 60 % to 93 % */
}

/* A tall stroke: without jitter and noise, ones are darkest in the middle columns, and upright. */
static void test_strokes_are_upright(void **state) {
  (void)state;
  IoDataset d = generate("strokes", 3000, 8);
  double columns[8] = {0}, rows[8] = {0};
  const uint8_t *x = d.x;
  for (int64_t i = 0; i < d.n; i++)
    for (int p = 0; p < 64; p++)
      if (d.labels[i] == 1)
        columns[p % 8] += x[i * 64 + p];
      else if (d.labels[i] == 7)
        rows[p / 8] += x[i * 64 + p];
  assert_true(columns[3] + columns[4] > 4 * (columns[0] + columns[7]));
  assert_true(rows[1] > 1.3 * rows[6]); /* the bar of a seven is at the top */
}

static void test_too_large(void **state) {
  (void)state;
  Err e = {0};
  KindValue value = kind_default(kind_find(&io_generators, "strokes"), &arena);
  *(int64_t *)value.config = 1 << 24; /* rows, the first member */
  ((int64_t *)value.config)[1] = 64;
  IoDataset d;
  assert_int_equal(io_generate(&arena, value, 1, &d, &e), E_SPEC);
  assert_string_equal(e.text, "strokes: rows: 16777216 pictures of 4096 pixels are over 2 GiB");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_golden),
      cmocka_unit_test(test_first_rows),
      cmocka_unit_test(test_shape_and_names),
      cmocka_unit_test(test_rows_are_keyed),
      cmocka_unit_test(test_balance),
      cmocka_unit_test(test_blobs_moments),
      cmocka_unit_test(test_spirals_wind),
      cmocka_unit_test(test_moons_reach_into_each_other),
      cmocka_unit_test(test_strokes_look_like_their_labels),
      cmocka_unit_test(test_strokes_are_upright),
      cmocka_unit_test(test_too_large),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_free(&arena);
  return failed;
}
