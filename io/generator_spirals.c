/*
 * Spirals: arms that wind around each other, one a class; no line parts them, and more turns ask
 * for more of a network.
 *
 *   x = r (cos t, sin t) + noise * N(0, 1),  t = 2 pi (turns r + class / classes),  r uniform in
 *   [0, 1)
 */
#include "generator.h"
#include "base/fmath.h"
#include "base/rng.h"

typedef struct {
  int64_t rows, classes;
  double turns, noise;
} Spirals;

static const Param params[] = {
    {"rows", P_INT, offsetof(Spirals, rows), .def = "1500", .lo = 1, .hi = 1 << 24,
     .doc = "how many rows"},
    {"classes", P_INT, offsetof(Spirals, classes), .def = "3", .lo = 2, .hi = 1000,
     .doc = "how many arms"},
    {"turns", P_REAL, offsetof(Spirals, turns), .def = "1", .lo = 0, .hi = 100,
     .doc = "how often an arm winds around the origin"},
    {"noise", P_REAL, offsetof(Spirals, noise), .def = "0.02", .lo = 0, .hi = 1000,
     .doc = "standard deviation around the arm, whose outer end lies 1 from the origin"},
};

#define TWO_PI 6.283185307179586

static Status generate(Arena *a, const void *config, uint64_t seed, IoDataset *out, Err *e) {
  const Spirals *s = config;
  (void)e;
  int32_t *labels = generator_labels(a, seed, s->rows, (int)s->classes);
  float *x = ARENA_ARRAY(a, float, s->rows * 2);
  for (int64_t i = 0; i < s->rows; i++) {
    Rng rng = rng_stream(seed, RNG_GENERATE, (uint64_t)i, 0);
    const double r = rng_f64(&rng);
    const double t = TWO_PI * (s->turns * r + (double)labels[i] / (double)s->classes);
    x[2 * i] = (float)(r * fm_cos(t) + s->noise * rng_normal(&rng));
    x[2 * i + 1] = (float)(r * fm_sin(t) + s->noise * rng_normal(&rng));
  }
  out->n = s->rows;
  out->d = 2;
  out->x_type = IO_F32;
  out->x = x;
  out->labels = labels;
  out->n_classes = (int)s->classes;
  return OK;
}

const Generator io_generator_spirals = {
    .head = {.name = "spirals",
             .doc = "arms of points that wind around each other in the plane",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Spirals)},
    .generate = generate,
};
