/*
 * Strokes: the ten digits, each a fixed skeleton of strokes, drawn by an unsteady hand.
 *
 * A row draws one of its digit's forms; moves every point of the skeleton by N(0, jitter); rounds
 * the curved strokes (Catmull & Rom 1974); scales, shears, turns and shifts the whole; and inks it
 * with a pen of a drawn width: a pixel is dark by how far its centre lies inside of the pen, with
 * an edge one pixel wide, so lines are antialiased. Noise N(0, noise) is added to each pixel, and
 * the result cut to 0 .. 255.
 *
 * Lengths are in units of the skeleton's square, y pointing down.
 */
#include "generator.h"
#include "base/fmath.h"
#include "base/rng.h"

typedef struct {
  int64_t rows, size;
  double jitter, noise;
} Strokes;

static const Param params[] = {
    {"rows", P_INT, offsetof(Strokes, rows), .def = "5000", .lo = 1, .hi = 1 << 24,
     .doc = "how many rows"},
    {"size", P_INT, offsetof(Strokes, size), .def = "8", .lo = 4, .hi = 64, .unit = "pixels",
     .doc = "width and height of the picture; features are size x size"},
    {"jitter", P_REAL, offsetof(Strokes, jitter), .def = "0.04", .lo = 0, .hi = 1,
     .doc = "standard deviation of a skeleton's points, in units of the digit's height"},
    {"noise", P_REAL, offsetof(Strokes, noise), .def = "0.1", .lo = 0, .hi = 10,
     .doc = "standard deviation of a pixel, in units of full ink"},
};

/* How the hand varies, whatever the parameters. */
#define TURN_SD      0.12 /* radians */
#define SHEAR_SD     0.15
#define STRETCH_SD   0.08 /* of width and of height, each */
#define SHIFT_SD     0.04
#define PEN_MIN      0.06 /* half of the pen, uniform between */
#define PEN_MAX      0.10
#define DIGIT_HEIGHT 0.85 /* of the picture */
#define DIGIT_WIDTH  0.65

enum { MAX_POINTS = 14, MAX_STROKES = 3, ROUNDING = 4, MAX_SEGMENTS = 64 };

typedef struct {
  double x, y;
} Vec;

typedef struct {
  bool curved;
  int n;
  Vec p[MAX_POINTS];
} Stroke;

typedef struct {
  int digit, n_strokes;
  Stroke strokes[MAX_STROKES];
} Form;

/* clang-format off */
static const Form forms[] = {
  {0, 1, {{true, 9, {{.5,.03},{.2,.2},{.12,.5},{.2,.8},{.5,.97},{.8,.8},{.88,.5},{.8,.2},{.5,.03}}}}},
  {1, 1, {{false, 2, {{.5,.03},{.5,.97}}}}},
  {1, 1, {{false, 3, {{.28,.27},{.54,.03},{.54,.97}}}}},
  {2, 2, {{true, 7, {{.2,.25},{.35,.07},{.6,.05},{.78,.25},{.68,.5},{.4,.75},{.18,.95}}},
          {false, 2, {{.18,.95},{.85,.95}}}}},
  {3, 2, {{true, 5, {{.2,.12},{.5,.03},{.78,.2},{.65,.42},{.42,.48}}},
          {true, 5, {{.42,.48},{.74,.55},{.82,.76},{.55,.97},{.18,.88}}}}},
  {4, 2, {{false, 3, {{.6,.03},{.14,.65},{.9,.65}}}, {false, 2, {{.66,.35},{.66,.97}}}}},
  {4, 2, {{false, 3, {{.24,.05},{.18,.55},{.8,.55}}}, {false, 2, {{.76,.05},{.7,.97}}}}},
  {5, 2, {{false, 3, {{.8,.05},{.3,.05},{.25,.45}}},
          {true, 6, {{.25,.45},{.5,.38},{.78,.5},{.82,.75},{.55,.97},{.18,.88}}}}},
  {6, 1, {{true, 9, {{.7,.04},{.4,.22},{.2,.58},{.28,.88},{.56,.97},{.8,.78},{.66,.55},{.36,.58},
                     {.22,.72}}}}},
  {7, 1, {{false, 3, {{.15,.05},{.85,.05},{.4,.97}}}}},
  {7, 2, {{false, 3, {{.15,.05},{.85,.05},{.4,.97}}}, {false, 2, {{.32,.5},{.8,.5}}}}},
  {8, 1, {{true, 13, {{.5,.48},{.25,.3},{.32,.08},{.5,.03},{.68,.08},{.75,.3},{.5,.48},{.2,.7},
                      {.3,.93},{.5,.97},{.7,.93},{.8,.7},{.5,.48}}}}},
  {9, 1, {{true, 9, {{.78,.3},{.6,.46},{.32,.44},{.2,.23},{.42,.04},{.7,.08},{.78,.3},{.72,.62},
                     {.55,.97}}}}},
};
/* clang-format on */

typedef struct {
  Vec a, b;
} Segment;

typedef struct {
  Segment s[MAX_SEGMENTS];
  int n;
} Drawing;

static const Form *choose_form(int digit, Rng *rng) {
  int first = 0, n = 0;
  for (int i = 0; i < COUNT(forms); i++)
    if (forms[i].digit == digit && n++ == 0) first = i;
  return &forms[first + (int)(((uint64_t)rng_u32(rng) * (uint64_t)n) >> 32)];
}

/* Catmull-Rom: the point at t in [0, 1] between b and c. */
static double round_between(double a, double b, double c, double d, double t) {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

static void add_segment(Drawing *out, Vec a, Vec b) {
  out->s[out->n++] = (Segment){a, b};
}

static void add_stroke(const Stroke *stroke, const Vec *p, Drawing *out) {
  int last = stroke->n - 1;
  for (int i = 0; i < last; i++) {
    if (!stroke->curved) {
      add_segment(out, p[i], p[i + 1]);
      continue;
    }
    Vec before = p[i > 0 ? i - 1 : 0], after = p[i + 2 <= last ? i + 2 : last], from = p[i];
    for (int k = 1; k <= ROUNDING; k++) {
      double t = (double)k / ROUNDING;
      /* A stroke has two points at least. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
      Vec to = {round_between(before.x, p[i].x, p[i + 1].x, after.x, t),
                round_between(before.y, p[i].y, p[i + 1].y, after.y, t)};
      add_segment(out, from, to);
      from = to;
    }
  }
}

/* The skeleton as this row's hand draws it, in units of the picture: the unit square. */
static void draw_form(const Form *form, double jitter, Rng *rng, Drawing *out) {
  double width = DIGIT_WIDTH * (1 + STRETCH_SD * rng_normal(rng));
  double height = DIGIT_HEIGHT * (1 + STRETCH_SD * rng_normal(rng));
  double shear = SHEAR_SD * rng_normal(rng), turn = TURN_SD * rng_normal(rng);
  double dx = SHIFT_SD * rng_normal(rng), dy = SHIFT_SD * rng_normal(rng);
  double cosine = fm_cos(turn), sine = fm_sin(turn);
  out->n = 0;
  for (int i = 0; i < form->n_strokes; i++) {
    const Stroke *stroke = &form->strokes[i];
    Vec p[MAX_POINTS];
    for (int k = 0; k < stroke->n; k++) {
      double x = width * (stroke->p[k].x - 0.5 + jitter * rng_normal(rng));
      double y = height * (stroke->p[k].y - 0.5 + jitter * rng_normal(rng));
      x -= shear * y;
      p[k] = (Vec){0.5 + dx + cosine * x - sine * y, 0.5 + dy + sine * x + cosine * y};
    }
    add_stroke(stroke, p, out);
  }
}

static double distance_squared(Segment s, double x, double y) {
  double ux = s.b.x - s.a.x, uy = s.b.y - s.a.y, vx = x - s.a.x, vy = y - s.a.y;
  double length = ux * ux + uy * uy, along = ux * vx + uy * vy;
  double t = along <= 0 ? 0 : along >= length ? 1 : along / length;
  double wx = vx - t * ux, wy = vy - t * uy;
  return wx * wx + wy * wy;
}

/* One picture: pixels (size, size). */
static void ink(const Drawing *drawing, int size, double noise, Rng *rng, uint8_t *pixels) {
  double pen = PEN_MIN + (PEN_MAX - PEN_MIN) * rng_f64(rng);
  double pixel = 1.0 / size;
  for (int row = 0; row < size; row++)
    for (int column = 0; column < size; column++) {
      double x = (column + 0.5) * pixel, y = (row + 0.5) * pixel, nearest = 1e9;
      for (int i = 0; i < drawing->n; i++) {
        double d = distance_squared(drawing->s[i], x, y);
        if (d < nearest) nearest = d;
      }
      double depth = (pen - __builtin_sqrt(nearest)) * size + 0.5;
      double value = depth < 0 ? 0 : depth > 1 ? 1 : depth;
      value += noise * rng_normal(rng);
      value = value < 0 ? 0 : value > 1 ? 1 : value;
      pixels[row * size + column] = (uint8_t)(255 * value + 0.5);
    }
}

static Status generate(Arena *a, const void *config, uint64_t seed, IoDataset *out, Err *e) {
  const Strokes *s = config;
  int size = (int)s->size, d = size * size;
  CHECK(e, s->rows <= INT32_MAX / d, E_SPEC, "rows: %lld pictures of %d pixels are over 2 GiB",
        (long long)s->rows, d);
  int32_t *labels = generator_labels(a, seed, s->rows, 10);
  uint8_t *x = ARENA_ARRAY(a, uint8_t, s->rows * d);
  for (int64_t i = 0; i < s->rows; i++) {
    Rng rng = rng_stream(seed, RNG_GENERATE, (uint64_t)i, 0);
    Drawing drawing;
    draw_form(choose_form(labels[i], &rng), s->jitter, &rng, &drawing);
    ink(&drawing, size, s->noise, &rng, x + i * d);
  }
  out->n = s->rows;
  out->d = d;
  out->x_type = IO_U8;
  out->x = x;
  out->labels = labels;
  out->n_classes = 10;
  return OK;
}

const Generator io_generator_strokes = {
    .head = {.name = "strokes",
             .doc = "the ten digits, drawn by random strokes",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Strokes)},
    .generate = generate,
};
