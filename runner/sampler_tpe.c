/*
 * Tree-structured Parzen estimator. The trials told are split into the best and the rest; l is the
 * density of the best, g that of the rest and of the trials that still run; what is proposed is,
 * among some draws from l, the one whose l / g is the largest, which is the one of the largest
 * expected improvement (Bergstra et al. 2011, equation 4 and section 4.1).
 */
#include <math.h>

#include "base/fmath.h"
#include "sampling_parzen.h"

typedef struct {
  int64_t n_startup, max_good, candidates;
  double gamma, prior_weight, bandwidth, min_bandwidth;
  bool multivariate;
} Tpe;

static const Param params[] = {
    {"multivariate", P_BOOL, offsetof(Tpe, multivariate), .def = "true",
     .doc = "densities of all parameters together; false: of each parameter by itself"},
    {"n_startup", P_INT, offsetof(Tpe, n_startup), .def = "10", .lo = 1, .hi = 1 << 20,
     .doc = "trials of scrambled Sobol points before results are looked at"},
    {"gamma", P_REAL, offsetof(Tpe, gamma), .def = "0.2", .lo = 0, .lo_open = true, .hi = 1,
     .hi_open = true, .doc = "share of the finished trials that are the good ones, rounded up"},
    {"max_good", P_INT, offsetof(Tpe, max_good), .def = "25", .lo = 1, .hi = 1 << 20,
     .doc = "at most so many good ones; fewer: closer to the best"},
    {"candidates", P_INT, offsetof(Tpe, candidates), .def = "16", .lo = 1, .hi = 1 << 16,
     .doc = "draws from the density of the good ones, of which the one of the largest l / g is "
            "proposed; by single parameters a third of them"},
    {"prior_weight", P_REAL, offsetof(Tpe, prior_weight), .def = "1.5", .lo = 0, .lo_open = true,
     .hi = 1e6,
     .doc = "weight of the uniform density beside trials that weigh 1 each; more: wider"},
    {"bandwidth", P_REAL, offsetof(Tpe, bandwidth), .def = "0.8", .lo = 0, .lo_open = true,
     .hi = 100,
     .doc = "width of a kernel of l, over the good ones' deviation and "
            "n^(-1 / (parameters + 4)); those of g are 0.6 of it"},
    {"min_bandwidth", P_REAL, offsetof(Tpe, min_bandwidth), .def = "0.02", .lo = 1e-6, .hi = 1,
     .doc = "least width of a kernel, as a share of the parameter's scale"},
};

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s;
  if (asked <= 0) err_set(e, E_SPEC, "\"trials\" is missing: how many points tpe proposes");
  return asked;
}

typedef struct {
  const SamplerAsk *ask;
  const Tpe *config;
  const double **good, **rest; /* u */
  double *weight;              /* (n_good) */
  int n_good, n_rest;
} Split;

static int64_t n_good_of(const Tpe *c, int64_t n) {
  const double x = c->gamma * (double)n;
  int64_t k = (int64_t)x;
  k += (double)k < x;
  if (k > c->max_good) k = c->max_good;
  return k < 1 ? 1 : k;
}

/* The better the heavier, as parents are weighed in CMA-ES, but more so: (log(n + 1) - log(rank))^3;
 * mean 1. */
static void weigh(Split *s) {
  double sum = 0;
  for (int i = 0; i < s->n_good; i++) {
    const double w = fm_log(s->n_good + 1.0) - fm_log(i + 1.0);
    s->weight[i] = w * w * w;
    sum += s->weight[i];
  }
  for (int i = 0; i < s->n_good; i++) s->weight[i] *= s->n_good / sum;
}

static Split split_told(Arena *a, const SamplerAsk *ask, const Tpe *c) {
  int64_t *order = ARENA_ARRAY(a, int64_t, ask->n_told);
  const int64_t n_finite = sampling_order(a, ask->told, ask->n_told, order);
  int64_t n_good = n_good_of(c, ask->n_told);
  if (n_good > n_finite) n_good = n_finite;
  Split s = {.ask = ask,
             .config = c,
             .good = ARENA_ARRAY(a, const double *, n_good),
             .rest = ARENA_ARRAY(a, const double *, ask->n - n_good),
             .weight = ARENA_ARRAY(a, double, n_good),
             .n_good = (int)n_good};
  for (int64_t i = 0; i < n_good; i++) s.good[i] = ask->told[order[i]].u;
  weigh(&s);
  for (int64_t i = n_good; i < ask->n_told; i++) s.rest[s.n_rest++] = ask->told[order[i]].u;
  for (int64_t i = 0; i < ask->n - ask->n_told; i++) s.rest[s.n_rest++] = ask->pending[i];
  return s;
}

/* Sets the axes first .. first + n_axes - 1 of u. An axis by itself chooses a place of its own, so it
 * sees more in a few trials than there is: it takes wider kernels and fewer candidates. */
static void propose_axes(Arena *a, const Split *s, int first, int n_axes, Rng *draws, double *u) {
  const Tpe *c = s->config;
  ParzenOf of = {.axes = s->ask->axes,
                 .first = first,
                 .n_axes = n_axes,
                 .u = s->good,
                 .weight = s->weight,
                 .n = s->n_good,
                 .prior_weight = c->prior_weight,
                 .prior_spread = c->multivariate ? 1 : 4,
                 .bandwidth = c->bandwidth,
                 .min_bandwidth = c->min_bandwidth};
  Parzen l, g;
  parzen_init(a, &of, &l);
  of.u = s->rest;
  of.weight = NULL;
  of.n = s->n_rest;
  of.bandwidth *= 0.6;
  parzen_init(a, &of, &g);
  double *x = ARENA_ARRAY(a, double, s->ask->n_axes), best = -1;
  const int64_t n = c->multivariate ? c->candidates : (c->candidates + 2) / 3;
  for (int64_t i = 0; i < n; i++) {
    parzen_draw(&l, draws, x);
    const double ratio = parzen_density(&l, x) / parzen_density(&g, x);
    if (ratio <= best) continue;
    best = ratio;
    for (int k = first; k < first + n_axes; k++) u[k] = x[k];
  }
}

static void propose(Arena *a, const SamplerAsk *ask, double *u) {
  const Tpe *c = ask->config;
  if (ask->n < c->n_startup || ask->n_told == 0) {
    sampling_start(ask, u);
    return;
  }
  const Split s = split_told(a, ask, c);
  Rng draws = sampling_draws(ask, 0);
  if (c->multivariate)
    propose_axes(a, &s, 0, ask->n_axes, &draws, u);
  else
    for (int i = 0; i < ask->n_axes; i++) propose_axes(a, &s, i, 1, &draws, u);
}

const Sampler run_sampler_tpe = {
    .head = {.name = "tpe",
             .doc = "draws where good trials are dense and bad ones are not",
             .source =
                 "Bergstra, Bardenet, Bengio & Kegl 2011, NIPS 24, section 4; multivariate as "
                 "Falkner, Klein & Hutter 2018, arXiv:1807.01774",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Tpe)},
    .looks = true,
    .count = count,
    .propose = propose,
};
