/*
 * Gaussian process with expected improvement. The results told, warped so that a few bad ones don't
 * flatten the rest, are fitted by a Gaussian process; trials that still run count as told with the
 * mean that it predicts for them (the kriging believer of Ginsbourger, Le Riche & Carraro 2010);
 * what is proposed has the largest expected improvement over the best.
 */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "sampling_gp.h"
#include "sampling_rprop.h"
#include "sampling_sobol.h"

typedef struct {
  int64_t n_startup, max_points, candidates;
} GpConfig;

static const Param params[] = {
    {"n_startup", P_INT, offsetof(GpConfig, n_startup), .def = "10", .lo = 2, .hi = 1 << 20,
     .doc = "trials of scrambled Sobol points before results are looked at"},
    {"max_points", P_INT, offsetof(GpConfig, max_points), .def = "150", .lo = 10, .hi = 1000,
     .doc = "results that are fitted: of more, the best, the latest and some that fill the space"},
    {"candidates", P_INT, offsetof(GpConfig, candidates), .def = "256", .lo = 16, .hi = 1 << 16,
     .doc =
         "places, evenly and about the best, from which the search for the most promising starts"},
};

enum { FIT_POINTS = 100, FIT_STEPS = 40, CLIMBS = 4, CLIMB_STEPS = 40 };

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s;
  if (asked <= 0) err_set(e, E_SPEC, "\"trials\" is missing: how many points gp proposes");
  return asked;
}

/* ---- what is fitted -------------------------------------------------------------------------- */

typedef struct {
  const SamplerAsk *ask;
  const GpConfig *config;
  Arena *a;
  int64_t *order; /* (n_told) trials, best first */
  int64_t n_finite;
  GpData data, fit; /* told; the part of it that length scales are fitted to */
  double *y;        /* (data.n) */
  Gp gp;
  double best; /* the lowest mean at a place that was told or is believed */
} Model;

static bool take(int64_t trial, bool *taken, int64_t *chosen, int64_t *n) {
  if (taken[trial]) return false;
  taken[trial] = true;
  chosen[(*n)++] = trial;
  return true;
}

static double distance(const SamplerAsk *ask, const double *u, const double *v) {
  double sum = 0;
  for (int k = 0; k < ask->n_axes; k++) {
    const SamplerAxis x = ask->axes[k];
    if (x.unordered)
      sum += sampling_cell(x, u[k]) != sampling_cell(x, v[k]);
    else
      sum += (u[k] - v[k]) * (u[k] - v[k]);
  }
  return sum;
}

/* The farthest from all that were taken, one after the other, until there are `most`. */
static void fill_space(const Model *m, int64_t most, bool *taken, int64_t *chosen, int64_t *n) {
  const SamplerAsk *ask = m->ask;
  double *nearest = ARENA_ARRAY(m->a, double, ask->n_told);
  for (int64_t i = 0; i < ask->n_told; i++) nearest[i] = INFINITY;
  int64_t counted = 0;
  while (*n < most) {
    for (; counted < *n; counted++)
      for (int64_t i = 0; i < ask->n_told; i++) {
        const double d = distance(ask, ask->told[i].u, ask->told[chosen[counted]].u);
        if (d < nearest[i]) nearest[i] = d;
      }
    int64_t far = -1;
    for (int64_t i = 0; i < ask->n_told; i++)
      if (!taken[i] && (far < 0 || nearest[i] > nearest[far])) far = i;
    if (far < 0 || !take(far, taken, chosen, n)) return;
  }
}

/* All told; of more than `most` a half the best, a quarter the latest, a quarter far from all. */
static int64_t choose(const Model *m, int64_t most, int64_t *chosen) {
  const int64_t n_told = m->ask->n_told;
  int64_t n = 0;
  if (n_told <= most) {
    for (int64_t i = 0; i < n_told; i++) chosen[i] = i;
    return n_told;
  }
  bool *taken = ARENA_ARRAY(m->a, bool, n_told);
  for (int64_t i = 0; n < most / 2; i++) (void)take(m->order[i], taken, chosen, &n);
  for (int64_t i = n_told - 1; i >= 0 && n < most * 3 / 4; i--) (void)take(i, taken, chosen, &n);
  fill_space(m, most, taken, chosen, &n);
  return n;
}

/*
 * The worth of a result: y = log(1 + (loss - best) / w), w four times the way from the best loss to
 * the median: straight for the better half, flat where losses explode. Infinite losses and NaN count
 * as the worst finite one. Then to mean 0 and variance 1.
 */
static double finite_of(const Model *m, int64_t rank) {
  return m->ask->told[m->order[rank]].loss;
}

static void warp(const Model *m, const int64_t *chosen, int64_t n, double *y) {
  int64_t first = 0, last = m->n_finite - 1;
  while (last >= 0 && !(finite_of(m, last) < 1e300)) last--;
  while (first < last && !(finite_of(m, first) > -1e300)) first++;
  const double best = last < 0 ? 0 : finite_of(m, first), worst = last < 0 ? 0 : finite_of(m, last);
  double width = last < 0 ? 0 : 4 * (finite_of(m, first + (last - first) / 2) - best);
  if (!(width > 0)) width = worst - best;
  double sum = 0, square = 0;
  for (int64_t i = 0; i < n; i++) {
    double loss = m->ask->told[chosen[i]].loss;
    if (!(loss <= worst)) loss = worst;
    if (loss < best) loss = best;
    y[i] = width > 0 ? fm_log1p((loss - best) / width) : 0;
    sum += y[i];
  }
  for (int64_t i = 0; i < n; i++) square += (y[i] - sum / (double)n) * (y[i] - sum / (double)n);
  const double deviation = sqrt(square / (double)n);
  for (int64_t i = 0; i < n; i++) y[i] = deviation > 0 ? (y[i] - sum / (double)n) / deviation : 0;
}

static GpData data_of(Model *m, int64_t most) {
  const SamplerAsk *ask = m->ask;
  int64_t *chosen = ARENA_ARRAY(m->a, int64_t, ask->n_told);
  const int64_t n = choose(m, most, chosen);
  const double **u = ARENA_ARRAY(m->a, const double *, n);
  double *y = ARENA_ARRAY(m->a, double, n);
  for (int64_t i = 0; i < n; i++) u[i] = ask->told[chosen[i]].u;
  warp(m, chosen, n, y);
  return (GpData){.axes = ask->axes, .n_axes = ask->n_axes, .u = u, .y = y, .n = (int)n};
}

/* Adds trials that still run, with what the process expects of them. */
static bool believe(Model *m) {
  const int64_t n_pending = m->ask->n - m->ask->n_told;
  const GpData told = m->gp.data;
  const int64_t n =
      told.n + (n_pending < m->config->max_points ? n_pending : m->config->max_points);
  const double **u = ARENA_ARRAY(m->a, const double *, n);
  double *y = ARENA_ARRAY(m->a, double, n);
  memcpy(u, told.u, sizeof(*u) * (size_t)told.n);
  memcpy(y, told.y, sizeof(*y) * (size_t)told.n);
  for (int64_t i = told.n; i < n; i++) {
    u[i] = m->ask->pending[n_pending - 1 - (i - told.n)];
    y[i] = gp_predict(&m->gp, u[i], NULL, NULL).mean;
  }
  const GpData all = {.axes = told.axes, .n_axes = told.n_axes, .u = u, .y = y, .n = (int)n};
  return n == told.n || gp_condition(m->a, &all, m->gp.l, m->gp.noise, &m->gp);
}

static bool model(Model *m) {
  const SamplerAsk *ask = m->ask;
  m->order = ARENA_ARRAY(m->a, int64_t, ask->n_told);
  m->n_finite = sampling_order(m->a, ask->told, ask->n_told, m->order);
  const GpData fit =
      data_of(m, m->config->max_points < FIT_POINTS ? m->config->max_points : FIT_POINTS);
  if (!gp_fit(m->a, &fit, FIT_STEPS, &m->gp)) return false;
  if (ask->n_told > fit.n) {
    const GpData all = data_of(m, m->config->max_points);
    if (!gp_condition(m->a, &all, m->gp.l, m->gp.noise, &m->gp)) return false;
  }
  if (!believe(m)) return false;
  m->best = INFINITY;
  for (int i = 0; i < m->gp.data.n; i++) {
    const double mean = gp_predict(&m->gp, m->gp.data.u[i], NULL, NULL).mean;
    if (mean < m->best) m->best = mean;
  }
  return true;
}

/* ---- where to look --------------------------------------------------------------------------- */

static double promise(const Model *m, const double *u) {
  const GpBelief b = gp_predict(&m->gp, u, NULL, NULL);
  double by_mean, by_deviation;
  return gp_log_improvement(m->best, b.mean, sqrt(b.variance), &by_mean, &by_deviation);
}

typedef struct {
  const Model *m;
  double *gmean, *gvariance; /* (n_axes) */
} Climb;

static double climb_at(void *context, const double *u, double *gradient) {
  const Climb *c = context;
  const GpBelief b = gp_predict(&c->m->gp, u, c->gmean, c->gvariance);
  const double deviation = sqrt(b.variance);
  double by_mean, by_deviation;
  const double value = gp_log_improvement(c->m->best, b.mean, deviation, &by_mean, &by_deviation);
  for (int k = 0; k < c->m->ask->n_axes; k++)
    gradient[k] = by_mean * c->gmean[k] + by_deviation * 0.5 * c->gvariance[k] / deviation;
  return value;
}

static void climb(const Model *m, double step, double *u) {
  const int n = m->ask->n_axes;
  double *low = ARENA_ARRAY(m->a, double, n), *high = ARENA_ARRAY(m->a, double, n);
  for (int k = 0; k < n; k++) {
    const bool fixed = m->ask->axes[k].unordered;
    low[k] = fixed ? u[k] : 0;
    high[k] = fixed ? u[k] : SAMPLING_BELOW_1;
  }
  Climb c = {
      .m = m, .gmean = ARENA_ARRAY(m->a, double, n), .gvariance = ARENA_ARRAY(m->a, double, n)};
  const Rprop r = {.n = n,
                   .low = low,
                   .high = high,
                   .step = step,
                   .evaluations = CLIMB_STEPS,
                   .f = climb_at,
                   .context = &c};
  (void)rprop_maximise(m->a, &r, u);
}

/* Half of the candidates are Sobol points, shifted by a key of the trial's; half lie about the best
 * of the told, near and nearer, with another category now and then. */
static void candidate(const Model *m, int64_t i, Rng *draws, double *u) {
  const SamplerAsk *ask = m->ask;
  const bool even = i % 2 == 0 || m->n_finite == 0;
  const int64_t n_best = m->n_finite < 5 ? m->n_finite : 5;
  const double *centre = even ? NULL : ask->told[m->order[i / 2 % n_best]].u;
  const double width = (i / 2) % 3 == 0 ? 0.15 : (i / 2) % 3 == 1 ? 0.04 : 0.01;
  for (int k = 0; k < ask->n_axes; k++) {
    const double draw = rng_f64(draws), normal = rng_normal(draws);
    if (even) {
      const RngBlock key = rng_block(ask->seed, RNG_PROPOSE, (uint64_t)ask->n, 1, (uint32_t)k);
      u[k] = k < SOBOL_DIMS ? (sobol_bits((uint32_t)(i / 2), k) ^ key.v[0]) * 0x1p-32 : draw;
    } else if (ask->axes[k].unordered) {
      u[k] = draw * ask->n_axes < 1 ? sampling_clamp(draw * ask->n_axes) : centre[k];
    } else {
      u[k] = sampling_clamp(centre[k] + width * normal);
    }
  }
}

typedef struct {
  double **u; /* (n) the most promising, best first */
  double *promise;
  int n, most;
} Top;

static void keep(const SamplerAsk *ask, Top *top, const double *u, double value) {
  int at = top->n;
  while (at > 0 && value > top->promise[at - 1]) at--;
  if (at >= top->most) return;
  if (top->n < top->most) top->n++;
  double *slot = top->u[top->n - 1];
  for (int i = top->n - 1; i > at; i--) {
    top->u[i] = top->u[i - 1];
    top->promise[i] = top->promise[i - 1];
  }
  memcpy(slot, u, sizeof(double) * (size_t)ask->n_axes);
  top->u[at] = slot;
  top->promise[at] = value;
}

static Top top_new(const Model *m, int most) {
  Top t = {.u = ARENA_ARRAY(m->a, double *, most),
           .promise = ARENA_ARRAY(m->a, double, most),
           .most = most};
  for (int i = 0; i < most; i++) t.u[i] = ARENA_ARRAY(m->a, double, m->ask->n_axes);
  return t;
}

/* Keeps the middles of u's cells, but no point that was tried. */
static void keep_new(const Model *m, Top *top, double *u) {
  const SamplerAsk *ask = m->ask;
  for (int k = 0; k < ask->n_axes; k++) u[k] = sampling_middle(ask->axes[k], u[k]);
  if (!sampling_seen(ask, u)) keep(ask, top, u, promise(m, u));
}

static bool is_finite_space(const SamplerAsk *ask) {
  for (int k = 0; k < ask->n_axes; k++)
    if (ask->axes[k].n_values <= 0) return false;
  return true;
}

/* The best of some places that climbing led to and of those where it began. In a space of a finite
 * number of points there is nothing to climb, and it may be that all were tried: then any of the
 * best. */
static void search(const Model *m, double *u) {
  const SamplerAsk *ask = m->ask;
  const size_t size = sizeof(double) * (size_t)ask->n_axes;
  const bool finite = is_finite_space(ask);
  Rng draws = sampling_draws(ask, 0);
  Top starts = top_new(m, 4 * CLIMBS), ends = top_new(m, 1);
  for (int64_t i = 0; i < m->config->candidates; i++) {
    candidate(m, i, &draws, u);
    keep(ask, &starts, u, promise(m, u));
    if (finite) keep_new(m, &ends, u);
  }
  for (int i = 0; i < starts.n; i++) {
    memcpy(u, starts.u[i], size);
    keep_new(m, &ends, u);
    if (i >= CLIMBS) continue;
    memcpy(u, starts.u[i], size);
    climb(m, 0.02, u);
    keep_new(m, &ends, u);
  }
  memcpy(u, ends.n > 0 ? ends.u[0] : starts.u[0], size);
}

static void propose(Arena *a, const SamplerAsk *ask, double *u) {
  Model m = {.ask = ask, .config = ask->config, .a = a};
  if (ask->n < m.config->n_startup || ask->n_told < 2 || !model(&m))
    sampling_start(ask, u);
  else
    search(&m, u);
}

const Sampler run_sampler_gp = {
    .head = {.name = "gp",
             .doc = "expected improvement of a Gaussian process: fewest trials, for few parameters",
             .source =
                 "Jones, Schonlau & Welch 1998, J. Global Optim. 13; Rasmussen & Williams 2006, "
                 "equations 2.25 and 5.9",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(GpConfig)},
    .looks = true,
    .count = count,
    .propose = propose,
};
