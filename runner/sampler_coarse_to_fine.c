/*
 * Coarse to fine, as one does by hand: draw evenly, look at the best, draw evenly in the box about
 * them. Ranges shrink in their scaled coordinate; categories that are not among the best are left.
 */
#include <string.h>

#include "coarse_to_fine.h"
#include "sampling.h"
#include "sampling_sobol.h"

typedef struct {
  int64_t stages;
  double keep, margin, zoom;
} CoarseToFine;

static const Param params[] = {
    {"stages", P_INT, offsetof(CoarseToFine, stages), .def = "4", .lo = 1, .hi = 1000,
     .doc = "how often the box is drawn anew, counting the first, which is the whole space; the "
            "trials are divided evenly"},
    {"keep", P_REAL, offsetof(CoarseToFine, keep), .def = "0.1", .lo = 0, .lo_open = true, .hi = 1,
     .doc = "share of all finished trials that the next box holds, the best ones; rounded up"},
    {"margin", P_REAL, offsetof(CoarseToFine, margin), .def = "0.1", .lo = 0, .hi = 10,
     .doc = "how much farther the box reaches on either side, over its own width"},
    {"zoom", P_REAL, offsetof(CoarseToFine, zoom), .def = "4", .lo = 1, .hi = 1e6,
     .doc = "a box is at most so many times narrower than the one before, on each scale"},
};

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s;
  if (asked <= 0)
    err_set(e, E_SPEC, "\"trials\" is missing: how many points coarse_to_fine draws in all stages");
  return asked;
}

/* ---- stages ---------------------------------------------------------------------------------- */

static const CoarseToFine *config_of(const SamplerAsk *ask) {
  return ask->config;
}

int64_t coarse_to_fine_first(const SamplerAsk *ask, int64_t stage) {
  return stage * ask->n_trials / config_of(ask)->stages;
}

int64_t coarse_to_fine_stage(const SamplerAsk *ask, int64_t n) {
  int64_t stage = config_of(ask)->stages - 1;
  while (stage > 0 && coarse_to_fine_first(ask, stage) > n) stage--;
  return stage;
}

/* ---- boxes ----------------------------------------------------------------------------------- */

static CoarseBox whole(Arena *a, const SamplerAsk *ask) {
  CoarseBox b = {.low = ARENA_ARRAY(a, double, ask->n_axes),
                 .high = ARENA_ARRAY(a, double, ask->n_axes),
                 .kept = ARENA_ARRAY(a, bool *, ask->n_axes)};
  for (int k = 0; k < ask->n_axes; k++) {
    const SamplerAxis x = ask->axes[k];
    b.high[k] = 1;
    if (!x.unordered) continue;
    b.kept[k] = ARENA_ARRAY(a, bool, x.n_values);
    for (int i = 0; i < x.n_values; i++) b.kept[k][i] = true;
  }
  return b;
}

/* The smallest interval that holds the cells of the kept, widened, then at least `least` wide, then
 * moved into [0, 1]. */
static void shrink_range(const SamplerAsk *ask, const int64_t *order, int k, double least,
                         CoarseBox *b) {
  const double half = ask->axes[k].n_values > 0 ? 0.5 / ask->axes[k].n_values : 0;
  double low = 1, high = 0;
  for (int64_t i = 0; i < b->n_kept; i++) {
    const double u = ask->told[order[i]].u[k];
    if (u - half < low) low = u - half;
    if (u + half > high) high = u + half;
  }
  double margin = config_of(ask)->margin * (high - low);
  if (high - low + 2 * margin < least) margin = (least - (high - low)) / 2;
  low -= margin;
  high += margin;
  if (low < 0) high = high - low < 1 ? high - low : 1;
  if (high > 1) low = low - (high - 1);
  b->low[k] = low > 0 ? low : 0;
  b->high[k] = high < 1 ? high : 1;
}

static void keep_categories(const SamplerAsk *ask, const int64_t *order, int k, CoarseBox *b) {
  memset(b->kept[k], 0, sizeof(bool) * (size_t)ask->axes[k].n_values);
  for (int64_t i = 0; i < b->n_kept; i++)
    b->kept[k][sampling_cell(ask->axes[k], ask->told[order[i]].u[k])] = true;
}

/* From the box of the stage before. */
static void shrink(Arena *a, const SamplerAsk *ask, int64_t n_told, CoarseBox *b) {
  int64_t *order = ARENA_ARRAY(a, int64_t, n_told);
  const int64_t n_finite = sampling_order(a, ask->told, n_told, order);
  const double wanted = config_of(ask)->keep * (double)n_told;
  b->n_kept = (int64_t)wanted + ((double)(int64_t)wanted < wanted);
  if (b->n_kept > n_finite) b->n_kept = n_finite;
  if (b->n_kept == 0) return;
  for (int k = 0; k < ask->n_axes; k++) {
    const double least = (b->high[k] - b->low[k]) / config_of(ask)->zoom;
    if (ask->axes[k].unordered)
      keep_categories(ask, order, k, b);
    else
      shrink_range(ask, order, k, least, b);
  }
}

CoarseBox coarse_to_fine_box(Arena *a, const SamplerAsk *ask, int64_t stage) {
  CoarseBox b = whole(a, ask);
  for (int64_t i = 1; i <= stage; i++) {
    int64_t n_told = sampling_n_told(ask, coarse_to_fine_first(ask, i));
    if (n_told > ask->n_told) n_told = ask->n_told; /* rules that end trials early tell later */
    shrink(a, ask, n_told, &b);
  }
  return b;
}

/* ---- draws ----------------------------------------------------------------------------------- */

static double draw_category(SamplerAxis x, const bool *kept, double u) {
  int n = 0;
  for (int i = 0; i < x.n_values; i++) n += kept[i];
  int which = (int)(u * n);
  for (int i = 0; i < x.n_values; i++)
    if (kept[i] && which-- == 0) return (i + 0.5) / x.n_values;
  return u;
}

static void propose(Arena *a, const SamplerAsk *ask, double *u) {
  const int64_t stage = coarse_to_fine_stage(ask, ask->n);
  const CoarseBox b = coarse_to_fine_box(a, ask, stage);
  const uint64_t seed = ask->seed + (uint64_t)stage; /* a Sobol sequence of its own a stage */
  const uint64_t n = (uint64_t)(ask->n - coarse_to_fine_first(ask, stage));
  for (int k = 0; k < ask->n_axes; k++) {
    const double draw = sobol_scrambled(seed, n, k);
    u[k] = b.kept[k] ? draw_category(ask->axes[k], b.kept[k], draw)
                     : sampling_clamp(b.low[k] + draw * (b.high[k] - b.low[k]));
  }
}

const Sampler run_sampler_coarse_to_fine = {
    .head = {.name = "coarse_to_fine",
             .doc = "even draws, in stages, each in the box of the best trials so far",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(CoarseToFine)},
    .looks = true,
    .whole = true,
    .count = count,
    .propose = propose,
};
