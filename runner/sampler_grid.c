/*
 * Grid search: every combination of the dimensions' grid values, the first dimension slowest. The
 * number of trials follows from the grid.
 */
#include "sampler.h"

static int64_t count(const Space *s, int64_t asked, Err *e) {
  int64_t n = 1;
  for (int i = 0; i < s->n; i++) {
    const int size = space_grid_size(&s->dims[i]);
    if (size <= 0) {
      err_set(e, E_SPEC,
              "grid needs to know how many values %s takes; give it points: 5, or {values: [..]}",
              s->dims[i].path);
      return 0;
    }
    n *= size;
    if (n > SPACE_GRID_MAX) {
      err_set(e, E_SPEC, "the grid has more than %d points; random draws as many as you ask for",
              SPACE_GRID_MAX);
      return 0;
    }
  }
  if (asked > 0 && asked != n) {
    err_set(e, E_SPEC,
            "the grid has %lld points, not %lld; leave trials out, or take random to draw some",
            (long long)n, (long long)asked);
    return 0;
  }
  return n;
}

static void values(Arena *a, const SamplerAsk *ask, Point *out) {
  const Space *s = ask->space;
  int64_t n = ask->n;
  out->n = s->n;
  out->values = ARENA_ARRAY(a, const YamlNode *, s->n);
  for (int i = s->n - 1; i >= 0; i--) {
    const int size = space_grid_size(&s->dims[i]);
    out->values[i] = space_grid_value(a, &s->dims[i], (int)(n % size));
    n /= size;
  }
}

const Sampler run_sampler_grid = {
    .head = {.name = "grid", .doc = "every combination of the parameters' grid values"},
    .count = count,
    .values = values,
};
