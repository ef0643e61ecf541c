#include "grid.h"

#include <math.h>
#include <string.h>
#include "base/scalar.h"
#include "base/str.h"

enum { GRID_MAX_FEATURES = 64 };

typedef struct {
  double min, max;
  int64_t n;
} Range;

/* One part of min:max:n; *text goes on behind it. */
static Status read_number(Arena *a, const char **text, char end, const char *range, Scalar *out,
                          Err *e) {
  const size_t length = strcspn(*text, ":,");
  *out = scalar_parse(arena_strndup(a, *text, length), false);
  CHECK(e,
        (out->type == SCALAR_INT || out->type == SCALAR_REAL) && isfinite(out->real) &&
            (*text)[length] == end,
        E_USAGE, "--grid: expected min:max:n for each feature, such as -3:3:200, found \"%s\"",
        range);
  *text += length + (end != '\0');
  return OK;
}

static Status read_range(Arena *a, const char *range, Range *out, Err *e) {
  const char *next = range;
  Scalar min, max, n;
  TRY(read_number(a, &next, ':', range, &min, e));
  TRY(read_number(a, &next, ':', range, &max, e));
  TRY(read_number(a, &next, '\0', range, &n, e));
  CHECK(e, n.type == SCALAR_INT && n.integer >= 1 && n.integer <= GRID_MAX_POINTS, E_USAGE,
        "--grid: %s: expected from 1 to %d points", range, GRID_MAX_POINTS);
  CHECK(e, n.integer == 1 ? min.real == max.real : min.real < max.real, E_USAGE, "--grid: %s: %s",
        range,
        n.integer == 1 ? "one point needs min and max to be equal" : "min must be below max");
  *out = (Range){min.real, max.real, n.integer};
  return OK;
}

static Status read_ranges(Arena *a, const char *text, Range *ranges, int *n, Err *e) {
  int64_t points = 1;
  *n = 0;
  for (const char *at = text;; at++) {
    const size_t length = strcspn(at, ",");
    CHECK(e, *n < GRID_MAX_FEATURES, E_USAGE, "--grid: more than %d features", GRID_MAX_FEATURES);
    TRY(read_range(a, arena_strndup(a, at, length), &ranges[*n], e));
    points *= ranges[(*n)++].n;
    CHECK(e, points <= GRID_MAX_POINTS, E_USAGE,
          "--grid: more than %d points; take fewer of each feature", GRID_MAX_POINTS);
    at += length;
    if (*at == '\0') return OK;
  }
}

static double coordinate(const Range *r, int64_t i) {
  if (i == r->n - 1) return r->max;
  return r->min + (r->max - r->min) * ((double)i / (double)(r->n - 1));
}

Status grid_points(Arena *a, const char *text, IoDataset *out, Err *e) {
  Range ranges[GRID_MAX_FEATURES];
  int d;
  int64_t n = 1;
  TRY(read_ranges(a, text, ranges, &d, e));
  for (int j = 0; j < d; j++) n *= ranges[j].n;
  double *x = (double *)arena_alloc(a, (size_t)n, sizeof(double) * (size_t)d);
  for (int64_t i = 0; i < n; i++) {
    int64_t rest = i;
    for (int j = d - 1; j >= 0; j--) {
      x[i * d + j] = coordinate(&ranges[j], rest % ranges[j].n);
      rest /= ranges[j].n;
    }
  }
  *out = (IoDataset){.name = "the grid", .n = n, .d = d, .x_type = IO_F64, .x = x};
  return OK;
}
