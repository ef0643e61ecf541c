/*
 * Blobs: Gaussian clouds, one a class, with centres on a circle; the smallest data that shows a
 * classifier at work.
 *
 *   x = centre(class) + spread * N(0, 1),
 *   centre(c) = (cos t, sin t, cos 2t, sin 2t, ..),  t = 2 pi c / classes
 */
#include "generator.h"
#include "base/fmath.h"
#include "base/rng.h"

typedef struct {
  int64_t rows, classes, features;
  double spread;
} Blobs;

static const Param params[] = {
    {"rows", P_INT, offsetof(Blobs, rows), .def = "1500", .lo = 1, .hi = 1 << 24,
     .doc = "how many rows"},
    {"classes", P_INT, offsetof(Blobs, classes), .def = "3", .lo = 2, .hi = 1000,
     .doc = "how many clouds"},
    {"features", P_INT, offsetof(Blobs, features), .def = "2", .lo = 1, .hi = 1024,
     .doc = "numbers a row"},
    {"spread", P_REAL, offsetof(Blobs, spread), .def = "0.3", .lo = 0, .hi = 1000,
     .doc = "standard deviation of a cloud; the centres lie 1 from the origin"},
};

#define TWO_PI 6.283185307179586

/* centres (classes, d) */
static double *make_centres(Arena *a, int64_t classes, int64_t d) {
  double *centres = ARENA_ARRAY(a, double, classes *d);
  for (int64_t c = 0; c < classes; c++)
    for (int64_t j = 0; j < d; j++) {
      /* (harmonic * c) mod classes keeps the angle below one turn, exactly */
      int64_t turn = (j / 2 + 1) * c % classes;
      double t = TWO_PI * (double)turn / (double)classes;
      centres[c * d + j] = j % 2 == 0 ? fm_cos(t) : fm_sin(t);
    }
  return centres;
}

static Status generate(Arena *a, const void *config, uint64_t seed, IoDataset *out, Err *e) {
  const Blobs *b = config;
  int64_t n = b->rows, d = b->features;
  CHECK(e, n <= (1 << 28) / d, E_SPEC, "rows: %lld rows of %lld features are over 1 GiB",
        (long long)n, (long long)d);
  double *centres = make_centres(a, b->classes, d);
  int32_t *labels = generator_labels(a, seed, n, (int)b->classes);
  float *x = ARENA_ARRAY(a, float, n *d);
  for (int64_t i = 0; i < n; i++) {
    Rng rng = rng_stream(seed, RNG_GENERATE, (uint64_t)i, 0);
    const double *centre = centres + labels[i] * d;
    for (int64_t j = 0; j < d; j++)
      x[i * d + j] = (float)(centre[j] + b->spread * rng_normal(&rng));
  }
  out->n = n;
  out->d = (int)d;
  out->x_type = IO_F32;
  out->x = x;
  out->labels = labels;
  out->n_classes = (int)b->classes;
  return OK;
}

const Generator io_generator_blobs = {
    .head = {.name = "blobs",
             .doc = "Gaussian clouds around centres on a circle",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Blobs)},
    .generate = generate,
};
