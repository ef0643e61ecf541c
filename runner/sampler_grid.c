/*
 * Grid search: every combination of the dimensions' grid values, the first dimension slowest. The
 * number of trials follows from the grid.
 */
#include "space.h"

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

static void propose(Arena *a, const Space *s, const void *config, uint64_t seed, int64_t n,
                    Point *out) {
  (void)config;
  (void)seed;
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
    .propose = propose,
};
