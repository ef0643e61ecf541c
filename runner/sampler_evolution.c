/*
 * Regularised evolution (Real et al. 2019, "Regularized evolution for image classifier architecture
 * search", AAAI 33): of the `population` latest results and the best of all, the best of a few drawn
 * ones becomes a parent; old results die whatever they were, so that luck does not last. The child is
 * the parent, crossed with a second one now and then, with a few parameters changed: a numeric one
 * moves by the spread that the better half has there (as in evolution strategies), a category is drawn
 * anew.
 */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "sampling.h"

typedef struct {
  int64_t n_startup, population, tournament;
  double crossover, mutations, spread;
} Evolution;

static const Param params[] = {
    {"n_startup", P_INT, offsetof(Evolution, n_startup), .def = "10", .lo = 1, .hi = 1 << 20,
     .doc = "trials of scrambled Sobol points before results are looked at"},
    {"population", P_INT, offsetof(Evolution, population), .def = "50", .lo = 2, .hi = 1 << 20,
     .doc = "how many of the latest results may be parents; the best of all always may"},
    {"tournament", P_INT, offsetof(Evolution, tournament), .def = "20", .lo = 1, .hi = 1 << 20,
     .doc = "of so many drawn from the population the best is the parent"},
    {"crossover", P_REAL, offsetof(Evolution, crossover), .def = "0.5", .lo = 0, .hi = 1,
     .doc = "probability that a child has a second parent, from which it takes each parameter "
            "with probability 1/2"},
    {"mutations", P_REAL, offsetof(Evolution, mutations), .def = "3", .lo = 0, .hi = 1e6,
     .doc = "how many parameters of a child change, on average and at least one"},
    {"spread", P_REAL, offsetof(Evolution, spread), .def = "1.2", .lo = 0, .lo_open = true,
     .hi = 100,
     .doc = "largest size of a change over the standard deviation of the population's better half"},
};

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s;
  if (asked <= 0) err_set(e, E_SPEC, "\"trials\" is missing: how many points evolution proposes");
  return asked;
}

typedef struct {
  const SamplerAsk *ask;
  const Evolution *config;
  const SamplerTold *member; /* (n) the population, best first */
  int64_t n;
} Population;

static Population population_of(Arena *a, const SamplerAsk *ask, const Evolution *c) {
  Population p = {.ask = ask, .config = c};
  int64_t *order = ARENA_ARRAY(a, int64_t, ask->n_told);
  const int64_t n_finite = sampling_order(a, ask->told, ask->n_told, order);
  SamplerTold *member = ARENA_ARRAY(a, SamplerTold, c->population + 1);
  for (int64_t i = 0; i < n_finite; i++)
    if (i == 0 || order[i] >= ask->n_told - c->population) member[p.n++] = ask->told[order[i]];
  p.member = member;
  return p;
}

/* The members are in order, so the best of those drawn is the one of the lowest number. */
static const double *parent_of(const Population *p, Rng *draws) {
  int64_t best = p->n;
  for (int64_t i = 0; i < p->config->tournament; i++) {
    const int64_t drawn = (int64_t)rng_below(draws, (uint64_t)p->n);
    if (drawn < best) best = drawn;
  }
  return p->member[best].u;
}

/* Standard deviation of the better half on axis k; the uniform density's counts as one member. */
static double deviation(const Population *p, int k) {
  const int64_t n = (p->n + 1) / 2;
  double mean = 0, square = 1.0 / 12;
  for (int64_t i = 0; i < n; i++) mean += p->member[i].u[k] / (double)n;
  for (int64_t i = 0; i < n; i++) square += (p->member[i].u[k] - mean) * (p->member[i].u[k] - mean);
  return sqrt(square / (double)(n + 1));
}

/* Into [0, 1) by mirrors at both ends. */
static double reflect(double u) {
  u -= 2 * floor(u / 2);
  return sampling_clamp(u < 1 ? u : 2 - u);
}

/* Small changes are as frequent as large ones: the normal's size times exp(-2 u), u uniform. */
static double change(const Population *p, int k, Rng *draws) {
  const double normal = rng_normal(draws);
  return p->config->spread * deviation(p, k) * normal * fm_exp(-2 * rng_f64(draws));
}

/* Another category; on steps at least one step away. */
static double mutated(const Population *p, int k, double u, Rng *draws) {
  const SamplerAxis x = p->ask->axes[k];
  if (x.n_values == 1) return u;
  if (x.unordered) {
    const int other = (int)rng_below(draws, (uint64_t)x.n_values - 1), own = sampling_cell(x, u);
    return (other + (other >= own) + 0.5) / x.n_values;
  }
  double step = change(p, k, draws);
  if (x.n_values > 1 && fabs(step) < 1.0 / x.n_values) step = (step < 0 ? -1.0 : 1.0) / x.n_values;
  return sampling_middle(x, reflect(u + step));
}

static void child_of(const Population *p, Rng *draws, double *u) {
  const int n = p->ask->n_axes;
  memcpy(u, parent_of(p, draws), sizeof(double) * (size_t)n);
  if (rng_f64(draws) < p->config->crossover) {
    const double *other = parent_of(p, draws);
    for (int k = 0; k < n; k++)
      if (rng_f64(draws) < 0.5) u[k] = other[k];
  }
  const int always = (int)rng_below(draws, (uint64_t)n);
  for (int k = 0; k < n; k++)
    if (rng_f64(draws) * n < p->config->mutations || k == always) u[k] = mutated(p, k, u[k], draws);
}

enum { ATTEMPTS = 20 };

static void propose(Arena *a, const SamplerAsk *ask, double *u) {
  const Evolution *c = ask->config;
  const Population p = ask->n < c->n_startup ? (Population){0} : population_of(a, ask, c);
  if (p.n == 0) {
    sampling_start(ask, u);
    return;
  }
  Rng draws = sampling_draws(ask, 0);
  for (int i = 0; i < ATTEMPTS; i++) {
    child_of(&p, &draws, u);
    if (!sampling_seen(ask, u)) return;
  }
}

const Sampler run_sampler_evolution = {
    .head = {.name = "evolution",
             .doc = "changes a few parameters of good trials: for many categories and many trials",
             .source = "Real, Aggarwal, Huang & Le 2019, arXiv:1802.01548",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Evolution)},
    .looks = true,
    .count = count,
    .propose = propose,
};
