#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/rng.h"
#include "io/sha256.h"
#include "runner/data.h"

enum { N = 1003, D = 5 };

static Arena arena;
static char file[64], other[64];

/* Column 0 is the row, 1 constant, 2 far from zero, 3 and 4 random. Three classes. */
static double cell(int64_t i, int j) {
  switch (j) {
  case 0:
    return (double)i;
  case 1:
    return 0.1;
  case 2:
    return 1.6e9 + (double)(i * 7 % 11);
  default: {
    Rng r = rng_stream(5, RNG_TEST, (uint64_t)i, (uint32_t)j);
    return rng_f64(&r) - 0.5;
  }
  }
}

static const char *class_names[] = {"ape", "bee", "cat"};

static IoDataset made(int64_t n, int d, int classes) {
  double *x = ARENA_ARRAY(&arena, double, n *d);
  int32_t *labels = ARENA_ARRAY(&arena, int32_t, n);
  for (int64_t i = 0; i < n; i++) {
    labels[i] = (int32_t)(i % classes);
    for (int j = 0; j < d; j++) x[i * d + j] = cell(i, j);
  }
  return (IoDataset){.name = "made",
                     .n = n,
                     .d = d,
                     .x_type = IO_F64,
                     .x = x,
                     .labels = labels,
                     .n_classes = classes,
                     .class_names = class_names};
}

static void write_set(const IoDataset *s, const char *path) {
  Err e = {0};
  if (io_dataset_write(s, path, &e) != OK) fail_msg("%s", e.text);
}

static KindValue normalizer(const char *name) {
  return kind_default(kind_find(&run_normalizers, name), &arena);
}

static DataSpec spec_of(const char *path, double validation, double test, int64_t seed) {
  return (DataSpec){.file = path,
                    .path = path,
                    .train = 1 - validation - test,
                    .validation = validation,
                    .test = test,
                    .seed = seed,
                    .normalize = normalizer("standard")};
}

static void open_data(const DataSpec *s, RunData *d) {
  Err e = {0};
  if (data_open(&arena, s, d, &e) != OK) fail_msg("%s", e.text);
}

static void refused(const DataSpec *s, Status status, const char *words) {
  RunData d;
  Err e = {0};
  assert_int_equal(data_open(&arena, s, &d, &e), status);
  if (!strstr(e.text, words)) fail_msg("\"%s\" does not say \"%s\"", e.text, words);
}

static int setup(void **state) {
  (void)state;
  arena_init(&arena);
  snprintf(file, sizeof file, "test_data_parts_%d.h5", (int)getpid());
  snprintf(other, sizeof other, "test_data_parts_%d_b.h5", (int)getpid());
  IoDataset s = made(N, D, 3);
  write_set(&s, file);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  unlink(file);
  unlink(other);
  arena_free(&arena);
  return 0;
}

static void test_split(void **state) {
  (void)state;
  DataSpec s = spec_of(file, 0.29, 0.1, 7);
  RunData d, again, another;
  open_data(&s, &d);
  assert_int_equal(d.parts[PART_VALIDATION].n, 290); /* 290.87 */
  assert_int_equal(d.parts[PART_TEST].n, 100);
  assert_int_equal(d.parts[PART_TRAIN].n, N - 390);
  int seen[N] = {0};
  for (int p = 0; p < PART_COUNT; p++)
    for (uint32_t i = 0; i < d.parts[p].n; i++) {
      seen[d.parts[p].rows[i]]++;
      if (i) assert_true(d.parts[p].rows[i] > d.parts[p].rows[i - 1]);
    }
  for (int i = 0; i < N; i++) assert_int_equal(seen[i], 1);
  open_data(&s, &again);
  s.seed = 8;
  open_data(&s, &another);
  size_t bytes = sizeof(uint32_t) * d.parts[PART_TRAIN].n;
  assert_memory_equal(d.parts[PART_TRAIN].rows, again.parts[PART_TRAIN].rows, bytes);
  assert_memory_not_equal(d.parts[PART_TRAIN].rows, another.parts[PART_TRAIN].rows, bytes);
  assert_string_equal(d.fingerprint, another.fingerprint);
  data_close(&d);
  data_close(&again);
  data_close(&another);
}

/* Against sums in long double over the training rows alone. */
static void test_normalization(void **state) {
  (void)state;
  for (int validation = 1; validation <= 9; validation += 4) {
    DataSpec s = spec_of(file, validation / 10.0, 0, 7);
    RunData d;
    open_data(&s, &d);
    const DataPart *p = &d.parts[PART_TRAIN];
    for (int j = 0; j < D; j++) {
      long double mean = 0, m2 = 0;
      for (uint32_t i = 0; i < p->n; i++) mean += cell(p->rows[i], j);
      mean /= p->n;
      for (uint32_t i = 0; i < p->n; i++) {
        long double deviation = cell(p->rows[i], j) - mean;
        m2 += deviation * deviation;
      }
      double scale = j == 1 ? 0 : (double)(1 / sqrtl(m2 / p->n));
      assert_true(fabs(d.normalization.mean[j] - (double)mean) <=
                  4e-16 * fabs((double)mean) + 1e-16);
      assert_true(fabs(d.normalization.scale[j] - scale) <= 1e-13 * scale);
    }
    data_close(&d);
  }
  DataSpec s = spec_of(file, 0.1, 0, 7);
  s.normalize = normalizer("none");
  RunData d;
  open_data(&s, &d);
  assert_null(d.normalization.mean);
  data_close(&d);
}

/* A model only for its buffers: one dense layer and a loss. */
static NnModel *model(Arena *numbers, const RunData *d, const char *loss, int units) {
  Err e = {0};
  NnModel *m;
  int id;
  const Kind *dense = kind_find(&nn_layers, "dense");
  KindValue v = kind_default(dense, &arena);
  Scalar n = {.type = SCALAR_INT, .integer = units, .real = units, .text = "units"};
  assert_int_equal(param_set(param_find(dense->params, dense->n_params, "units"), v.config, &n, &e),
                   OK);
  nn_layer_resolve(dense, v.config, NULL);
  NnGraph *g = nn_graph_new(&arena, d->n_features, d->targets);
  assert_int_equal(nn_graph_add(g, dense, v.config, "dense", &(int){NN_INPUT}, 1, &id, &e), OK);
  KindValue l = kind_default(kind_find(&nn_losses, loss), &arena);
  if (nn_graph_loss(g, l.kind, l.config, id, &e) != OK) fail_msg("%s", e.text);
  NnOptions o = {.batch_rows = 8,
                 .eval_rows = 8,
                 .team = nn_team_solo(1),
                 .cpu = cpu_level(),
                 .gemm = "openblas"};
  assert_int_equal(nn_model_new(&arena, g, &o, &m, &e), OK);
  arena_init(numbers);
  assert_int_equal(nn_model_open(m, numbers, &e), OK);
  return m;
}

static void test_gather_labels(void **state) {
  (void)state;
  DataSpec s = spec_of(file, 0.3, 0, 7);
  RunData d;
  Arena numbers;
  open_data(&s, &d);
  NnModel *m = model(&numbers, &d, "softmax_cross_entropy", 3);
  const uint32_t order[] = {5, 0, 299, 5};
  for (int ordered = 0; ordered < 2; ordered++) {
    data_gather(&d, PART_VALIDATION, ordered ? order : NULL, 7, 4, m);
    for (int i = 0; i < 4; i++) {
      uint32_t row = d.parts[PART_VALIDATION].rows[ordered ? order[i] : 7 + (uint32_t)i];
      assert_int_equal(nn_model_labels(m)[i], row % 3);
      for (int j = 0; j < D; j++) {
        double want = (cell(row, j) - d.normalization.mean[j]) * d.normalization.scale[j];
        assert_true(fabs((double)nn_model_x(m)[i * D + j] - want) <= 1e-7 * fabs(want));
      }
    }
  }
  arena_free(&numbers);
  data_close(&d);
}

static void test_gather_values(void **state) {
  (void)state;
  DataSpec s = spec_of(file, 0, 0, 7);
  RunData d;
  Arena numbers;
  open_data(&s, &d);
  NnModel *m = model(&numbers, &d, "mean_squared_error", 3);
  data_gather(&d, PART_TRAIN, NULL, 100, 8, m);
  for (int i = 0; i < 8; i++)
    for (int j = 0; j < 3; j++)
      assert_true(nn_model_values(m)[i * 3 + j] == (j == (100 + i) % 3 ? 1 : 0));
  arena_free(&numbers);
  data_close(&d);

  IoDataset two = made(40, D, 2); /* two classes and one output: the label as a number */
  write_set(&two, other);
  s = spec_of(other, 0, 0, 7);
  open_data(&s, &d);
  m = model(&numbers, &d, "sigmoid_cross_entropy", 1);
  data_gather(&d, PART_TRAIN, NULL, 3, 8, m);
  for (int i = 0; i < 8; i++) assert_true(nn_model_values(m)[i] == (3 + i) % 2);
  arena_free(&numbers);
  data_close(&d);
}

/* uint8 and float data, with and without normalisation, and numbers to predict. */
static void test_gather_types(void **state) {
  (void)state;
  enum { ROWS = 6 };
  uint8_t x8[ROWS * D];
  float x32[ROWS * D];
  double values[ROWS * 2];
  for (int i = 0; i < ROWS * D; i++) {
    x8[i] = (uint8_t)(i * 37);
    x32[i] = (float)x8[i] / 3;
  }
  for (int i = 0; i < ROWS * 2; i++) values[i] = i * 0.25;
  IoDataset set = {.name = "made", .n = ROWS, .d = D, .values = values, .n_values = 2};
  for (int type = IO_U8; type <= IO_F32; type++)
    for (int normalize = 0; normalize < 2; normalize++) {
      set.x_type = (IoType)type;
      set.x = type == IO_U8 ? (const void *)x8 : x32;
      write_set(&set, other);
      DataSpec s = spec_of(other, 0, 0, 7);
      s.normalize = normalizer(normalize ? "standard" : "none");
      RunData d;
      Arena numbers;
      open_data(&s, &d);
      NnModel *m = model(&numbers, &d, "mean_squared_error", 2);
      data_gather(&d, PART_TRAIN, NULL, 0, ROWS, m);
      for (int i = 0; i < ROWS * D; i++) {
        double x = type == IO_U8 ? x8[i] : (double)x32[i];
        double want =
            normalize ? (x - d.normalization.mean[i % D]) * d.normalization.scale[i % D] : x;
        assert_true(fabs((double)nn_model_x(m)[i] - want) <= 1e-6 * (1 + fabs(want)));
      }
      for (int i = 0; i < ROWS * 2; i++) assert_true(nn_model_values(m)[i] == (Real)values[i]);
      arena_free(&numbers);
      data_close(&d);
    }
}

/* 1 above the threshold, 0 on it and below; bytes count as x / 255, so 127 is below 0.5, 128 above;
 * nothing is learned from the rows. */
static void test_binarize(void **state) {
  (void)state;
  enum { ROWS = 2 };
  static const uint8_t x8[ROWS * D] = {0, 127, 128, 255, 51, 64, 63, 52, 50, 1};
  static const struct {
    double threshold;
    const char *bytes, *numbers; /* numbers: the bytes / 255 in f64 */
  } cases[] = {
      {0.5, "0011000000", "0011000000"},
      {0.2, "0111011100", "0111011100"},
      {0.999, "0001000000", "0001000000"},
      {0, "0111111111", "0111111111"},
  };
  float x32[ROWS * D];
  double x64[ROWS * D], values[ROWS] = {0, 1};
  for (int i = 0; i < ROWS * D; i++) {
    x64[i] = x8[i] / 255.0;
    x32[i] = (float)x64[i];
  }
  const void *const x[] = {[IO_U8] = x8, [IO_F32] = x32, [IO_F64] = x64};
  IoDataset set = {.name = "made", .n = ROWS, .d = D, .values = values, .n_values = 1};
  for (int c = 0; c < COUNT(cases); c++)
    for (int type = IO_U8; type <= IO_F64; type++) {
      if (type == IO_F32 && cases[c].threshold == 0.2) continue; /* 0.2f is above 0.2 */
      set.x_type = (IoType)type;
      set.x = x[type];
      write_set(&set, other);
      DataSpec s = spec_of(other, 0, 0, 7);
      s.normalize = normalizer("binarize");
      *(double *)s.normalize.config = cases[c].threshold;
      RunData d;
      Arena numbers;
      open_data(&s, &d);
      NnModel *m = model(&numbers, &d, "mean_squared_error", 1);
      data_gather(&d, PART_TRAIN, NULL, 0, ROWS, m);
      const char *want = type == IO_U8 ? cases[c].bytes : cases[c].numbers;
      for (int i = 0; i < ROWS * D; i++)
        assert_true(nn_model_x(m)[i] == (want[i] == '1' ? 1.0F : 0.0F));
      arena_free(&numbers);
      data_close(&d);
    }
  set.x_type = IO_U8;
  set.x = x8;
  write_set(&set, other);
  DataSpec s = spec_of(other, 0, 0, 7);
  s.normalize = normalizer("binarize");
  *(double *)s.normalize.config = 127;
  refused(&s, E_DATA, "which count as x / 255, so all would become 0; write the threshold / 255");
}

static void test_test_file(void **state) {
  (void)state;
  IoDataset s = made(50, D, 2); /* classes by the same names, one of them does not occur */
  write_set(&s, other);
  DataSpec spec = spec_of(file, 0.1, 0, 7);
  spec.test_file = spec.test_path = other;
  RunData d, alone;
  open_data(&spec, &d);
  assert_int_equal(d.parts[PART_TEST].n, 50);
  assert_ptr_equal(d.parts[PART_TEST].set, &d.test);
  assert_int_equal(d.parts[PART_TRAIN].n + d.parts[PART_VALIDATION].n, N);
  DataSpec without = spec_of(file, 0.1, 0, 7);
  open_data(&without, &alone);
  assert_string_not_equal(d.fingerprint, alone.fingerprint);
  assert_string_equal(alone.fingerprint, alone.main.fingerprint);
  data_close(&d);
  data_close(&alone);

  s = made(50, D - 1, 3);
  write_set(&s, other);
  refused(&spec, E_DATA, "4 features a row");
  s = made(50, D, 3);
  const char *names[] = {"ape", "cow", "cat"};
  s.class_names = names;
  write_set(&s, other);
  refused(&spec, E_DATA, "class 1 is called \"cow\"");
  double values[50] = {0};
  s = made(50, D, 3);
  s.labels = NULL;
  s.class_names = NULL;
  s.n_classes = 0;
  s.values = values;
  s.n_values = 1;
  write_set(&s, other);
  refused(&spec, E_DATA, "its targets are numbers");
}

static void test_refusals(void **state) {
  (void)state;
  DataSpec spec = spec_of(file, 0.1, 0.1, 7);
  char hex[SHA256_HEX];
  Err e = {0};
  RunData d;
  assert_int_equal(sha256_file(file, hex, &e), OK);
  spec.sha256 = hex;
  open_data(&spec, &d);
  data_close(&d);
  hex[10] = hex[10] == '0' ? '1' : '0';
  refused(&spec, E_DATA, "data.sha256 says");
  spec.sha256 = NULL;
  spec.path = "no_such_file.h5";
  refused(&spec, E_IO, "no_such_file.h5");

  IoDataset s = made(9, D, 3);
  write_set(&s, other);
  spec = spec_of(other, 0.1, 0, 7);
  refused(&spec, E_DATA, "9 rows are too few for a validation part of 0.1");
  spec = spec_of(other, 0.5, 0.6, 7);
  refused(&spec, E_DATA, "none of 9 rows for training");
  s.labels = NULL;
  s.class_names = NULL;
  s.n_classes = 0;
  write_set(&s, other);
  spec = spec_of(other, 0.2, 0, 7);
  refused(&spec, E_DATA, "nothing to learn");
}

static void test_generator(void **state) {
  (void)state;
  KindValue blobs = kind_default(kind_find(&io_generators, "blobs"), &arena);
  DataSpec s = {.source = blobs, .train = 0.8, .validation = 0.2, .seed = 3};
  RunData d, again, another;
  open_data(&s, &d);
  open_data(&s, &again);
  s.seed = 4;
  open_data(&s, &another);
  assert_int_equal(strlen(d.fingerprint), HASH_HEX - 1);
  assert_string_equal(d.fingerprint, again.fingerprint);
  assert_string_not_equal(d.fingerprint, another.fingerprint);
  assert_true(d.targets.n_classes > 1);
  data_close(&d);
  data_close(&again);
  data_close(&another);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_split),         cmocka_unit_test(test_normalization),
      cmocka_unit_test(test_gather_labels), cmocka_unit_test(test_gather_values),
      cmocka_unit_test(test_gather_types),  cmocka_unit_test(test_binarize),
      cmocka_unit_test(test_test_file),     cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_generator)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
