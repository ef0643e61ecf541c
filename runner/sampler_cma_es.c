/*
 * Covariance matrix adaptation evolution strategy in the unit cube: Hansen 2016, "The CMA evolution
 * strategy: a tutorial", arXiv:1604.00772 (numbers of equations are its). The distribution is the
 * product of a normal one of the numeric parameters and of shares of each category; it is computed
 * again, from the results told, at each proposal. It differs from the tutorial in this:
 *
 *   start      the first mean is the best of some Sobol points
 *   window     an update takes the next `population` trials that were told, whichever distribution
 *              they were drawn from, and the best one of all; their steps are cut to the length that
 *              a draw has, as of solutions from elsewhere (Hansen 2011, arXiv:1110.4181)
 *   root       Cholesky's of C in place of the symmetric one (Krause, Arbones & Igel 2016, NIPS 29)
 *   bounds     what falls outside is reflected; updates see the place that was tried
 *   steps      the deviation of a draw is never much below a step
 *   categories shares move towards those of the parents, none below a margin (as in CatCMA: Hamano
 *              et al. 2024, arXiv:2405.09962)
 *   restarts   after convergence: elsewhere, with twice the population (IPOP: Auger & Hansen 2005)
 */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "sampling.h"
#include "sampling_cholesky.h"

typedef struct {
  int64_t n_startup, population;
  double sigma, tolerance;
} CmaEs;

static const Param params[] = {
    {"n_startup", P_INT, offsetof(CmaEs, n_startup), .def = "10", .lo = 1, .hi = 1 << 20,
     .doc = "trials of scrambled Sobol points, the best of which is the first mean"},
    {"population", P_INT, offsetof(CmaEs, population), .def = "auto", .lo = 2, .hi = 1 << 16,
     .word = "auto",
     .doc = "trials from one update to the next; auto: 4 + log(parameters), rounded "
            "down, few since trials are dear"},
    {"sigma", P_REAL, offsetof(CmaEs, sigma), .def = "0.12", .lo = 0, .lo_open = true, .hi = 1,
     .doc = "first standard deviation, as a share of each parameter's scale"},
    {"tolerance", P_REAL, offsetof(CmaEs, tolerance), .def = "1e-5", .lo = 0, .hi = 1,
     .doc =
         "standard deviation of all parameters below which the search begins elsewhere, with twice "
         "the population"},
};

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s;
  if (asked <= 0) err_set(e, E_SPEC, "\"trials\" is missing: how many points cma_es proposes");
  return asked;
}

/* ---- the distribution ------------------------------------------------------------------------ */

typedef struct {
  const SamplerAsk *ask;
  const CmaEs *config;
  Arena *a;
  int *axis; /* (d) the numeric axes */
  int d;
  double *mean, *pc, *ps;     /* (d) */
  double *c, *root, *scratch; /* (d, d) covariance; its Cholesky root U, C = U^T U */
  double *y, *z;              /* (d) scratch */
  double sigma;
  double **share; /* (n_axes) of categories: (n_values); else NULL */
  int64_t population, n_updates, n_restarts;
  int64_t *pool, n_pool; /* trials that the next update sees */
  int64_t best;          /* trial since the last restart; -1: none yet */
} State;

static void even_shares(State *s) {
  for (int i = 0; i < s->ask->n_axes; i++)
    for (int k = 0; s->share[i] && k < s->ask->axes[i].n_values; k++)
      s->share[i][k] = 1.0 / s->ask->axes[i].n_values;
}

static void round_distribution(State *s, double sigma) {
  const size_t d = (size_t)s->d;
  memset(s->c, 0, sizeof(double) * d * d);
  memset(s->pc, 0, sizeof(double) * d);
  memset(s->ps, 0, sizeof(double) * d);
  for (size_t i = 0; i < d; i++) s->c[i * d + i] = 1;
  memcpy(s->root, s->c, sizeof(double) * d * d);
  s->sigma = sigma;
  s->n_updates = 0;
  s->best = -1;
  even_shares(s);
}

static State state_new(Arena *a, const SamplerAsk *ask) {
  State s = {.ask = ask,
             .config = ask->config,
             .a = a,
             .axis = ARENA_ARRAY(a, int, ask->n_axes),
             .share = ARENA_ARRAY(a, double *, ask->n_axes),
             .pool = ARENA_ARRAY(a, int64_t, ask->n_told + 2)};
  for (int i = 0; i < ask->n_axes; i++) {
    if (ask->axes[i].unordered)
      s.share[i] = ARENA_ARRAY(a, double, ask->axes[i].n_values);
    else
      s.axis[s.d++] = i;
  }
  double **vectors[] = {&s.mean, &s.pc, &s.ps, &s.y, &s.z};
  for (int i = 0; i < COUNT(vectors); i++) *vectors[i] = ARENA_ARRAY(a, double, s.d);
  double **matrices[] = {&s.c, &s.root, &s.scratch};
  for (int i = 0; i < COUNT(matrices); i++)
    *matrices[i] = ARENA_ARRAY(a, double, (size_t)s.d *(size_t)s.d);
  s.population = s.config->population;
  if (s.population <= 0) s.population = 4 + (int64_t)fm_log(ask->n_axes);
  round_distribution(&s, s.config->sigma);
  return s;
}

/* The best of the start; the middle where all diverged. */
static void first_mean(State *s, int64_t n) {
  s->best = 0;
  for (int64_t i = 1; i < n; i++)
    if (sampling_better(s->ask->told, i, s->best)) s->best = i;
  for (int i = 0; i < s->d; i++) {
    const SamplerTold *best = &s->ask->told[s->best];
    s->mean[i] = best->loss == best->loss ? best->u[s->axis[i]] : 0.5;
  }
}

static void restart(State *s) {
  s->n_restarts++;
  s->population *= 2;
  Rng draws = rng_stream(s->ask->seed, RNG_PROPOSE, (uint64_t)s->n_restarts, 2);
  round_distribution(s, s->config->sigma > 0.3 ? s->config->sigma : 0.3);
  for (int i = 0; i < s->d; i++) s->mean[i] = rng_f64(&draws);
}

/* ---- one update ------------------------------------------------------------------------------ */

typedef struct {
  int64_t *parent; /* (n) trials, best first */
  double *weight;  /* (n) positive, sum 1 */
  int64_t n;
  double mu_eff;
} Parents;

/* Equations 49 to 53, of the better half of those that have a loss. */
static Parents parents_of(State *s) {
  const int64_t n = s->n_pool;
  Parents p = {.parent = ARENA_ARRAY(s->a, int64_t, n), .weight = ARENA_ARRAY(s->a, double, n)};
  for (int64_t i = 0; i < n; i++) { /* by insertion: populations are small */
    int64_t at = i;
    for (; at > 0 && sampling_better(s->ask->told, s->pool[i], p.parent[at - 1]); at--)
      p.parent[at] = p.parent[at - 1];
    p.parent[at] = s->pool[i];
  }
  double sum = 0, square = 0;
  for (; p.n < (n + 1) / 2; p.n++) {
    const double loss = s->ask->told[p.parent[p.n]].loss;
    const double w = fm_log((double)(n + 1) / 2) - fm_log((double)(p.n + 1));
    if (loss != loss || !(w > 0)) break;
    p.weight[p.n] = w;
    sum += w;
  }
  for (int64_t i = 0; i < p.n; i++) {
    p.weight[i] /= sum;
    square += p.weight[i] * p.weight[i];
  }
  p.mu_eff = p.n > 0 ? 1 / square : 0;
  return p;
}

static double norm(const double *x, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++) sum += x[i] * x[i];
  return sqrt(sum);
}

/* y = (x - mean) / sigma of a trial, no longer than a draw may be (Hansen 2011, equation 4). */
static void step_of(const State *s, int64_t trial, double *y, double *z) {
  for (int i = 0; i < s->d; i++) y[i] = (s->ask->told[trial].u[s->axis[i]] - s->mean[i]) / s->sigma;
  cholesky_solve_lower(s->root, s->d, y, z);
  const double length = norm(z, s->d), most = sqrt(s->d) + 2.0 * s->d / (s->d + 2);
  if (length > most)
    for (int i = 0; i < s->d; i++) y[i] *= most / length;
}

typedef struct {
  double cs, ds, cc, c1, cmu, chi; /* equations 55 to 58; E |N(0, I)| */
} Rates;

static Rates rates_of(double d, double mu_eff) {
  Rates r = {.cs = (mu_eff + 2) / (d + mu_eff + 5),
             .cc = (4 + mu_eff / d) / (d + 4 + 2 * mu_eff / d),
             .c1 = 2 / ((d + 1.3) * (d + 1.3) + mu_eff),
             .chi = sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d))};
  const double over = sqrt((mu_eff - 1) / (d + 1)) - 1;
  r.ds = 1 + (over > 0 ? 2 * over : 0) + r.cs;
  r.cmu = 2 * (mu_eff - 2 + 1 / mu_eff) / ((d + 2) * (d + 2) + mu_eff);
  if (r.cmu > 1 - r.c1) r.cmu = 1 - r.c1;
  return r;
}

/* Equations 41 to 47. */
static void update_normal(State *s, const Parents *p) {
  const int d = s->d;
  const size_t stride = (size_t)d;
  const Rates r = rates_of(d, p->mu_eff);
  double *step = ARENA_ARRAY(s->a, double, d), *y = ARENA_ARRAY(s->a, double, stride *(size_t)p->n);
  for (int64_t i = 0; i < p->n; i++) {
    step_of(s, p->parent[i], y + (size_t)i * stride, s->z);
    for (int k = 0; k < d; k++) step[k] += p->weight[i] * y[(size_t)i * stride + (size_t)k];
  }
  cholesky_solve_lower(s->root, d, step, s->z);
  for (int k = 0; k < d; k++) {
    s->mean[k] = sampling_clamp(s->mean[k] + s->sigma * step[k]);
    s->ps[k] = (1 - r.cs) * s->ps[k] + sqrt(r.cs * (2 - r.cs) * p->mu_eff) * s->z[k];
  }
  const double length = norm(s->ps, d);
  const double whole = sqrt(1 - fm_powi(1 - r.cs, 2 * (s->n_updates + 1)));
  const bool h = length / whole < (1.4 + 2.0 / (d + 1)) * r.chi;
  for (int k = 0; k < d; k++)
    s->pc[k] = (1 - r.cc) * s->pc[k] + (h ? sqrt(r.cc * (2 - r.cc) * p->mu_eff) * step[k] : 0);
  const double kept = 1 - r.c1 - r.cmu + (h ? 0 : r.c1 * r.cc * (2 - r.cc));
  for (int i = 0; i < d; i++)
    for (int j = i; j < d; j++) {
      double sum = 0;
      for (int64_t k = 0; k < p->n; k++)
        sum += p->weight[k] * y[(size_t)k * stride + (size_t)i] * y[(size_t)k * stride + (size_t)j];
      double *c = &s->c[(size_t)i * stride + (size_t)j];
      *c = kept * *c + r.c1 * s->pc[i] * s->pc[j] + r.cmu * sum;
    }
  s->sigma *= fm_exp(r.cs / r.ds * (length / r.chi - 1));
  if (s->sigma > 1) s->sigma = 1;
}

/* Each share a part of the way to the parents', then none below the margin. */
static void update_shares(State *s, const Parents *p) {
  for (int i = 0; i < s->ask->n_axes; i++) {
    double *share = s->share[i], sum = 0;
    if (!share) continue;
    const SamplerAxis x = s->ask->axes[i];
    const double rate = p->mu_eff / (p->mu_eff + x.n_values);
    const double margin = 1.0 / ((double)s->population * x.n_values);
    for (int k = 0; k < x.n_values; k++) share[k] *= 1 - rate;
    for (int64_t k = 0; k < p->n; k++)
      share[sampling_cell(x, s->ask->told[p->parent[k]].u[i])] += rate * p->weight[k];
    for (int k = 0; k < x.n_values; k++) {
      if (share[k] < margin) share[k] = margin;
      sum += share[k];
    }
    for (int k = 0; k < x.n_values; k++) share[k] /= sum;
  }
}

/* Nothing left to find here: draws are all but one point, or results all the same. */
static bool converged(const State *s, const Parents *p) {
  const double first = s->ask->told[p->parent[0]].loss;
  const double last = s->ask->told[p->parent[s->n_pool - 1]].loss;
  if (first == last) return true;
  for (int i = 0; i < s->d; i++)
    if (s->sigma * sqrt(s->c[(size_t)i * (size_t)s->d + (size_t)i]) >= s->config->tolerance)
      return false;
  return s->d > 0;
}

static void update(State *s) {
  const Parents p = parents_of(s);
  if (p.n > 0 && s->d > 0) update_normal(s, &p);
  if (p.n > 0) update_shares(s, &p);
  s->n_updates++;
  const bool stop = p.n > 0 && converged(s, &p);
  if (!stop && s->d > 0) {
    memcpy(s->root, s->c, sizeof(double) * (size_t)s->d * (size_t)s->d);
    if (cholesky_jitter(s->root, s->d, s->scratch)) return;
  }
  if (stop || s->d > 0) restart(s);
}

/* The best trial since the last restart is a parent again. */
static void add_best(State *s) {
  for (int64_t i = 0; i < s->n_pool; i++)
    if (s->pool[i] == s->best) return;
  s->pool[s->n_pool++] = s->best;
}

/* All updates that the results told allow. False: the start is not told yet. */
static bool replay(State *s) {
  const SamplerAsk *ask = s->ask;
  const int64_t n_startup = s->config->n_startup;
  if (ask->n_told < n_startup) return false;
  first_mean(s, n_startup);
  for (int64_t i = n_startup; i < ask->n_told; i++) {
    s->pool[s->n_pool++] = i;
    if (s->best < 0 || sampling_better(ask->told, i, s->best)) s->best = i;
    if (s->n_pool < s->population) continue;
    add_best(s);
    update(s);
    s->n_pool = 0;
  }
  return true;
}

/* ---- draws ----------------------------------------------------------------------------------- */

/* Into [0, 1) by mirrors at both ends. */
static double reflect(double u) {
  u -= 2 * floor(u / 2);
  return sampling_clamp(u < 1 ? u : 2 - u);
}

static void draw(State *s, double *u) {
  Rng draws = sampling_draws(s->ask, 0);
  const size_t stride = (size_t)s->d;
  for (int i = 0; i < s->d; i++) s->z[i] = rng_normal(&draws);
  for (int i = 0; i < s->d; i++) {
    const SamplerAxis x = s->ask->axes[s->axis[i]];
    double y = 0;
    for (int k = 0; k <= i; k++) y += s->root[(size_t)k * stride + (size_t)i] * s->z[k];
    double at = s->mean[i] + s->sigma * y;
    const double extra = rng_normal(&draws);
    if (x.n_values > 0) {
      const double least = 0.4 / x.n_values,
                   variance = s->sigma * s->sigma * s->c[(size_t)i * stride + (size_t)i];
      if (variance < least * least) at += sqrt(least * least - variance) * extra;
    }
    u[s->axis[i]] = reflect(at);
  }
  for (int i = 0; i < s->ask->n_axes; i++) {
    if (!s->share[i]) continue;
    const double which = rng_f64(&draws);
    double sum = 0;
    int k = -1;
    while (k + 1 < s->ask->axes[i].n_values && which >= sum) sum += s->share[i][++k];
    u[i] = (k + 0.5) / s->ask->axes[i].n_values;
  }
}

static void propose(Arena *a, const SamplerAsk *ask, double *u) {
  State s = state_new(a, ask);
  if (ask->n >= s.config->n_startup && replay(&s))
    draw(&s, u);
  else
    sampling_start(ask, u);
}

const Sampler run_sampler_cma_es = {
    .head = {.name = "cma_es",
             .doc = "a normal distribution that learns its shape: for many trials, few categories",
             .source = "Hansen 2016, arXiv:1604.00772; restarts: Auger & Hansen 2005, CEC",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(CmaEs)},
    .looks = true,
    .count = count,
    .propose = propose,
};
