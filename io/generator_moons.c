/*
 * Moons: two half circles that reach into each other; the smallest data that a line cannot part.
 *
 *   class 0: (cos t, sin t),  class 1: (1 - cos t, 1/2 - sin t);  t uniform in [0, pi); each
 *   coordinate + noise * N(0, 1)
 */
#include "generator.h"
#include "base/fmath.h"
#include "base/rng.h"

typedef struct {
  int64_t rows;
  double noise;
} Moons;

static const Param params[] = {
    {"rows", P_INT, offsetof(Moons, rows), .def = "1000", .lo = 1, .hi = 1 << 24,
     .doc = "how many rows"},
    {"noise", P_REAL, offsetof(Moons, noise), .def = "0.1", .lo = 0, .hi = 1000,
     .doc = "standard deviation around the half circles, whose radius is 1"},
};

#define PI 3.141592653589793

static Status generate(Arena *a, const void *config, uint64_t seed, IoDataset *out, Err *e) {
  const Moons *m = config;
  (void)e;
  int32_t *labels = generator_labels(a, seed, m->rows, 2);
  float *x = ARENA_ARRAY(a, float, m->rows * 2);
  for (int64_t i = 0; i < m->rows; i++) {
    Rng rng = rng_stream(seed, RNG_GENERATE, (uint64_t)i, 0);
    const double t = PI * rng_f64(&rng), c = fm_cos(t), s = fm_sin(t);
    x[2 * i] = (float)((labels[i] ? 1 - c : c) + m->noise * rng_normal(&rng));
    x[2 * i + 1] = (float)((labels[i] ? 0.5 - s : s) + m->noise * rng_normal(&rng));
  }
  out->n = m->rows;
  out->d = 2;
  out->x_type = IO_F32;
  out->x = x;
  out->labels = labels;
  out->n_classes = 2;
  return OK;
}

const Generator io_generator_moons = {
    .head = {.name = "moons",
             .doc = "two half circles that reach into each other",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Moons)},
    .generate = generate,
};
