/* Samples of known functions on the unit cube, for the tests of the forest and what is made of it. */
#ifndef CAVIAR_TEST_FOREST_RIG_H
#define CAVIAR_TEST_FOREST_RIG_H

#include <math.h>

#include "base/fmath.h"
#include "arena_rig.h"
#include "runner/forest.h"

enum { RIG_MAX_AXES = 10, RIG_SEED = 1 };

typedef double Function(const double *x);

typedef struct {
  int n, n_axes;
  ForestAxis axes[RIG_MAX_AXES];
  double *x, *y;
} Sample;

/* n uniform draws: numbers in [0, 1), or on axes with categories their numbers. */
static inline Sample sample_of(Arena *a, Function *f, const ForestAxis *axes, int n_axes, int n,
                               uint64_t seed) {
  Sample s = {.n = n, .n_axes = n_axes};
  s.x = ARENA_ARRAY(a, double, n *n_axes);
  s.y = ARENA_ARRAY(a, double, n);
  Rng r = rng_stream(seed, RNG_TEST, 0, 0);
  for (int k = 0; k < n_axes; k++) s.axes[k] = axes ? axes[k] : (ForestAxis){0};
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < n_axes; k++) {
      const double u = rng_f64(&r);
      s.x[i * n_axes + k] = s.axes[k].unordered ? floor(u * s.axes[k].n_values) : u;
    }
    s.y[i] = f(&s.x[i * n_axes]);
  }
  return s;
}

static inline Forest *forest_of(Arena *a, const Sample *s, int n_trees) {
  return forest_grow(a, s->axes, s->n_axes, s->x, s->y, s->n, n_trees, RIG_SEED);
}

static inline bool near(double found, double expected, double bound) {
  return fm_fabs(found - expected) <= bound;
}

static inline void assert_near(double found, double expected, double bound) {
  if (!near(found, expected, bound))
    print_error("%.6g, expected %.6g +- %g\n", found, expected, bound);
  assert_true(near(found, expected, bound));
}

/* Ishigami & Homma 1990, with a = 7 and b = 0.1, on [-pi, pi]^3: shares of the variance 0.314,
 * 0.442 and 0 of the parameters alone, 0.244 of the first and third together. */
static inline double ishigami(const double *u) {
  const double pi = 3.141592653589793;
  const double x = pi * (2 * u[0] - 1), y = pi * (2 * u[1] - 1), z = pi * (2 * u[2] - 1);
  return fm_sin(x) + 7 * fm_sin(y) * fm_sin(y) + 0.1 * z * z * z * z * fm_sin(x);
}

#endif
