/*
 * make_data KIND FILE: datasets for the tests of the program, good ones and ones that are wrong in
 * one way. 60 rows of 2 features in three classes; `large`: 200 MB.
 */
#include <math.h>
#include <stdio.h>

#include "base/str.h"
#include "io/h5.h"

enum { N = 60, D = 2, CLASSES = 3, LARGE_N = 50000, LARGE_D = 1000 };

static Status put(H5Out *o, const char *kind, Err *e) {
  static float x[N * D];
  static int32_t y[N];
  for (int i = 0; i < N; i++) {
    y[i] = i % CLASSES;
    x[i * D] = (float)(y[i] - 1) + (float)(i % 7) / 10;
    x[i * D + 1] = (float)(y[i] * y[i]) - (float)(i % 5) / 10;
  }
  const char *const names[] = {"a", "b", "c"};
  const int64_t shape[] = {N, D}, rows = N, fewer = N - 1;
  if (str_eq(kind, "nan")) x[17] = NAN;
  if (str_eq(kind, "label")) y[12] = CLASSES;
  if (str_eq(kind, "negative")) y[12] = -1;
  if (str_eq(kind, "other")) x[17] += 1;
  if (!str_eq(kind, "no_x")) TRY(h5_put(o, "/x", H5_F32, shape, 2, x, false, e));
  TRY(h5_put(o, "/y", H5_I32, str_eq(kind, "fewer") ? &fewer : &rows, 1, y, false, e));
  return h5_attr_strings(o, "/y", "classes", names, CLASSES, e);
}

/* The class is in every feature, behind noise. */
static Status put_large(H5Out *o, Err *e) {
  static float x[LARGE_N][LARGE_D];
  static int32_t y[LARGE_N];
  uint32_t noise = 1;
  for (int i = 0; i < LARGE_N; i++) {
    y[i] = i * 7 % CLASSES;
    for (int j = 0; j < LARGE_D; j++) {
      noise = noise * 1664525u + 1013904223u;
      x[i][j] = (float)(noise >> 8) / (1 << 24) + (float)y[i] / 20;
    }
  }
  const int64_t shape[] = {LARGE_N, LARGE_D};
  TRY(h5_put(o, "/x", H5_F32, shape, 2, x, false, e));
  return h5_put(o, "/y", H5_I32, shape, 1, y, false, e);
}

int main(int argc, char **argv) {
  Err e = {0};
  H5Out *o;
  if (argc != 3) return 2;
  Status s = h5_create(&o, &e);
  if (s == OK) s = str_eq(argv[1], "large") ? put_large(o, &e) : put(o, argv[1], &e);
  if (s == OK) s = h5_publish(o, argv[2], &e);
  if (s != OK) fprintf(stderr, "%s\n", e.text);
  return s == OK ? 0 : 1;
}
