/* The floor of a step: its matrix products, the same calls of the same engine, and nothing else. */
#include "bench.h"

#include <math.h>

#include "base/rng.h"

/* Lays the floor's buffers out in `a`, which may be a measuring arena. */
static void layout_floor(Arena *a, const BenchShape *s, BenchFloor *f) {
  f->start[1] = s->batch;
  f->n = s->n_hidden + 1;
  f->d[0] = s->features;
  for (int l = 0; l < s->n_hidden; l++) f->d[l + 1] = s->hidden[l];
  f->d[f->n] = BENCH_CLASSES;
  size_t scratch = 0;
  for (int l = 0; l <= f->n; l++) {
    const size_t size = (size_t)s->batch * (size_t)f->d[l];
    f->x[l] = ARENA_ARRAY(a, Real, size);
    f->gx[l] = ARENA_ARRAY(a, Real, size);
    if (l == f->n) break;
    const size_t weights = (size_t)f->d[l] * (size_t)f->d[l + 1];
    f->w[l] = ARENA_ARRAY(a, Real, weights);
    f->gw[l] = ARENA_ARRAY(a, Real, weights);
    const size_t need = f->gemm->scratch_size(s->batch, 1, f->d[l], f->d[l + 1]);
    if (scratch < need) scratch = need;
  }
  f->scratch = ARENA_ARRAY(a, Real, scratch);
}

static void fill(Rng *rng, double scale, size_t n, Real *v) {
  for (size_t i = 0; i < n; i++) v[i] = (Real)(scale * (rng_f64(rng) - 0.5));
}

/* Numbers of ordinary size everywhere: denormals and zeros have times of their own. */
Status bench_open_floor(Arena *numbers, const BenchShape *s, const char *gemm, BenchFloor *f,
                        Err *e) {
  *f = (BenchFloor){.gemm = nn_gemm_find(gemm, cpu_level())};
  Arena measure;
  arena_init_measuring(&measure);
  layout_floor(&measure, s, f);
  TRY(arena_init_fixed(numbers, measure.used, "bench: the floor's buffers", e));
  layout_floor(numbers, s, f);
  Rng rng = rng_stream(BENCH_SEED, RNG_GENERATE, 1, 0);
  fill(&rng, 2, (size_t)s->batch * (size_t)f->d[0], f->x[0]);
  fill(&rng, 0.1, (size_t)s->batch * BENCH_CLASSES, f->gx[f->n]);
  for (int l = 0; l < f->n; l++) {
    fill(&rng, 2 / sqrt(f->d[l]), (size_t)f->d[l] * (size_t)f->d[l + 1], f->w[l]);
  }
  return OK;
}

static void forward(const BenchFloor *f) {
  for (int l = 0; l < f->n; l++)
    f->gemm->forward(f->start, 1, f->d[l], f->d[l + 1], f->x[l], f->w[l], f->x[l + 1], f->scratch);
}

void bench_floor_training(void *subject) {
  const BenchFloor *f = subject;
  forward(f);
  for (int l = f->n - 1; l >= 0; l--) {
    const int in = f->d[l], out = f->d[l + 1];
    f->gemm->backward_w(f->start, 1, in, out, f->x[l], f->gx[l + 1], f->gw[l], f->scratch);
    if (l > 0)
      f->gemm->backward_x(f->start, 1, in, out, f->gx[l + 1], f->w[l], f->gx[l], f->scratch);
  }
}

void bench_floor_inference(void *subject) {
  forward(subject);
}

double bench_floor_flops(const BenchFloor *f, BenchPass pass) {
  double flops = 0;
  for (int l = 0; l < f->n; l++) {
    const double product = 2.0 * f->start[1] * f->d[l] * f->d[l + 1];
    flops += (pass == BENCH_INFERENCE ? 1 : l > 0 ? 3 : 2) * product;
  }
  return flops;
}
