/*
 * Population based training (Jaderberg et al. 2017, "Population based training of neural networks",
 * arXiv:1711.09846), in synchronous generations: a member whose latest metric is among the worst goes
 * on with the training of one of the best (exploit) and other parameters (explore); the others go on
 * with their own.
 *
 * Explore, of each parameter that can change while a training goes on: with probability `resample`
 * it is drawn anew; else a number moves by `perturb` of its range on its scale, up or down with equal
 * probability, on a range of steps by a step at least, and not over its ends; a category stays. The
 * paper's factors 0.8 and 1.2 are such moves on a log scale.
 */
#include <math.h>
#include <string.h>

#include "sampling.h"

typedef struct {
  int64_t population, interval;
  double quantile, perturb, resample;
} Population;

static const Param params[] = {
    {"population", P_INT, offsetof(Population, population), .def = "8", .lo = 2, .hi = 1 << 20,
     .doc = "trials of a generation: trial n is member n % population of generation n / "
            "population; search.trials is a multiple"},
    {"interval", P_INT, offsetof(Population, interval), .def = "1", .lo = 1, .hi = 1 << 30,
     .doc = "epochs that each generation trains on top of the one before"},
    {"quantile", P_REAL, offsetof(Population, quantile), .def = "0.25", .lo = 0, .lo_open = true,
     .hi = 0.5,
     .doc = "that part of the members (one at least) is replaced by as many of the best; one whose "
            "metric is no number always is"},
    {"perturb", P_REAL, offsetof(Population, perturb), .def = "0.1", .lo = 0, .hi = 1,
     .doc = "a number of a replaced member moves by that part of its range, on the range's scale, "
            "up or down"},
    {"resample", P_REAL, offsetof(Population, resample), .def = "0.25", .lo = 0, .hi = 1,
     .doc = "probability that a parameter of a replaced member is drawn anew instead"},
};

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s;
  if (asked <= 0)
    err_set(e, E_SPEC,
            "\"trials\" is missing: population times how many generations population_based trains");
  return asked;
}

static Generations generations(const void *config) {
  const Population *c = config;
  return (Generations){.members = c->population, .epochs = c->interval};
}

static double moved(const Population *c, SamplerAxis x, double u, bool up) {
  double step = c->perturb;
  if (x.n_values > 1 && step < 1.0 / x.n_values) step = 1.0 / x.n_values;
  return sampling_middle(x, sampling_clamp(up ? u + step : u - step));
}

/* Every axis takes three draws, whatever comes of them. */
static void explore(const SamplerAsk *ask, Rng *draws, double *u, bool *kept) {
  const Population *c = ask->config;
  for (int i = 0; i < ask->n_axes; i++) {
    const SamplerAxis x = ask->axes[i];
    const double which = rng_f64(draws), anew = rng_f64(draws), up = rng_f64(draws);
    if (x.fixed || x.n_values == 1) continue;
    double to = u[i];
    if (which < c->resample)
      to = sampling_middle(x, anew);
    else if (!x.unordered)
      to = moved(c, x, u[i], up < 0.5);
    kept[i] = to == u[i];
    u[i] = to;
  }
}

static int64_t place_of(const int64_t *order, int64_t n, int64_t member) {
  int64_t place = 0;
  while (place < n && order[place] != member) place++;
  return place;
}

static int64_t inherit(Arena *a, const SamplerAsk *ask, double *u, bool *kept) {
  const Population *c = ask->config;
  const int64_t n = c->population, first = (ask->n / n - 1) * n, member = ask->n % n;
  if (first < 0 || ask->n_told < first + n) return -1;
  int64_t *order = ARENA_ARRAY(a, int64_t, n), quantile = (int64_t)floor(c->quantile * (double)n);
  const int64_t n_finite = sampling_order(a, ask->told + first, n, order);
  if (n_finite == 0) return -1;
  if (quantile < 1) quantile = 1;
  const int64_t place = place_of(order, n, member);
  const bool loses = place >= n_finite || place >= n - quantile;
  int64_t parent = member;
  Rng draws = sampling_draws(ask, 0);
  if (loses) {
    const int64_t n_best = quantile < n_finite ? quantile : n_finite;
    parent = order[rng_below(&draws, (uint64_t)n_best)];
  }
  memcpy(u, ask->told[first + parent].u, sizeof(double) * (size_t)ask->n_axes);
  for (int i = 0; i < ask->n_axes; i++) kept[i] = true;
  if (loses) explore(ask, &draws, u, kept);
  return first + parent;
}

/* Who begins a training does so where random search would. */
extern const Sampler run_sampler_random;

static void propose(Arena *a, const SamplerAsk *ask, double *u) {
  if (inherit(a, ask, u, ARENA_ARRAY(a, bool, ask->n_axes)) < 0)
    run_sampler_random.propose(a, ask, u);
}

const Sampler run_sampler_population_based = {
    .head = {.name = "population_based",
             .doc =
                 "trains a population side by side: every interval the worst go on with copies of "
                 "the best, at other parameters; only what `edits` may change changes, other "
                 "parameters are those of the copy. Trial n is an experiment with edits",
             .source = "Jaderberg et al. 2017, arXiv:1711.09846",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Population)},
    .looks = true,
    .count = count,
    .generations = generations,
    .inherit = inherit,
    .propose = propose,
};
