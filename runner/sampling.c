/* What samplers share. */
#include "sampling.h"

#include <math.h>
#include <string.h>

#include "sampling_sobol.h"

Rng sampling_draws(const SamplerAsk *ask, uint32_t which) {
  return rng_stream(ask->seed, RNG_PROPOSE, (uint64_t)ask->n, which);
}

double sampling_clamp(double u) {
  if (!(u > 0)) return 0;
  return u < SAMPLING_BELOW_1 ? u : SAMPLING_BELOW_1;
}

int sampling_cell(SamplerAxis axis, double u) {
  const int i = (int)(u * axis.n_values);
  if (axis.n_values <= 0 || i < 0) return 0;
  return i < axis.n_values ? i : axis.n_values - 1;
}

double sampling_middle(SamplerAxis axis, double u) {
  return axis.n_values > 0 ? (sampling_cell(axis, u) + 0.5) / axis.n_values : u;
}

bool sampling_same(const SamplerAsk *ask, const double *u, const double *v) {
  for (int i = 0; i < ask->n_axes; i++) {
    const SamplerAxis axis = ask->axes[i];
    if (axis.n_values > 0 ? sampling_cell(axis, u[i]) != sampling_cell(axis, v[i]) : u[i] != v[i])
      return false;
  }
  return true;
}

bool sampling_seen(const SamplerAsk *ask, const double *u) {
  for (int64_t i = 0; i < ask->n_told; i++)
    if (sampling_same(ask, u, ask->told[i].u)) return true;
  for (int64_t i = 0; i < ask->n - ask->n_told; i++)
    if (sampling_same(ask, u, ask->pending[i])) return true;
  return false;
}

void sampling_start(const SamplerAsk *ask, double *u) {
  for (int i = 0; i < ask->n_axes; i++) u[i] = sobol_scrambled(ask->seed, (uint64_t)ask->n, i);
}

int64_t sampling_n_told(const SamplerAsk *ask, int64_t n) {
  return sampler_n_told(n, ask->window);
}

bool sampling_better(const SamplerTold *told, int64_t a, int64_t b) {
  const double x = told[a].loss, y = told[b].loss;
  if (x < y || y < x) return x < y;
  const bool nan_x = x != x, nan_y = y != y;
  return nan_x != nan_y ? nan_y : a < b;
}

/* Merges the sorted runs [0, middle) and [middle, n) of `in` into `out`. */
static void merge(const SamplerTold *told, const int64_t *in, int64_t middle, int64_t n,
                  int64_t *out) {
  int64_t i = 0, j = middle;
  for (int64_t k = 0; k < n; k++)
    out[k] = j >= n || (i < middle && !sampling_better(told, in[j], in[i])) ? in[i++] : in[j++];
}

int64_t sampling_order(Arena *a, const SamplerTold *told, int64_t n, int64_t *order) {
  int64_t *other = ARENA_ARRAY(a, int64_t, n), n_finite = 0;
  for (int64_t i = 0; i < n; i++) {
    order[i] = i;
    n_finite += told[i].loss == told[i].loss;
  }
  for (int64_t run = 1; run < n; run *= 2) {
    for (int64_t at = 0; at < n; at += 2 * run) {
      const int64_t left = n - at, size = left < 2 * run ? left : 2 * run;
      merge(told, order + at, run < size ? run : size, size, other + at);
    }
    memcpy(order, other, sizeof(int64_t) * (size_t)n);
  }
  return n_finite;
}
