/*
 * A search without trainings: a sampler is asked for one trial after the other on a function that
 * is known, as the program asks it: results of trials 0 .. n - window and no others.
 */
#ifndef CAVIAR_TEST_SAMPLER_RIG_H
#define CAVIAR_TEST_SAMPLER_RIG_H

#include <math.h>
#include <string.h>

#include "arena_rig.h"
#include "base/fmath.h"
#include "base/str.h"
#include "runner/sampler.h"
#include "runner/sampling.h"

enum { RIG_AXES = 140 };

typedef struct {
  const char *name;
  int n;                        /* axes */
  double (*f)(const double *u); /* what is told; NaN: diverged */
} Objective;

typedef struct {
  Arena *a;
  const Sampler *sampler;
  SamplerAsk ask;
  SamplerAxis axes[RIG_AXES];
  double **u; /* (n_trials) as proposed, then in the middles of their cells */
  SamplerTold *told;
  const double **pending; /* (n_trials) the same u */
  double best;            /* loss; infinity before there is one */
} Rig;

static inline const Sampler *rig_sampler(const char *name) {
  const Kind *k = kind_find(&run_samplers, name);
  if (!k) print_error("no sampler %s\n", name);
  assert_non_null(k);
  return (const Sampler *)(const void *)k;
}

/* All axes continuous; `settings`: "" or "gamma=0.1 candidates=9". */
static inline Rig rig_new(Arena *a, const char *name, const char *settings, int n_axes,
                          uint64_t seed, int64_t n_trials, int64_t window) {
  Rig r = {.a = a, .sampler = rig_sampler(name), .best = INFINITY};
  const Kind *k = &r.sampler->head;
  assert_true(n_axes <= RIG_AXES);
  void *config = k->config_size ? kind_default(k, a).config : NULL;
  char *text = arena_strdup(a, settings), *save = NULL;
  for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
    char *value = strchr(word, '=');
    assert_non_null(value);
    *value++ = 0;
    const Param *p = param_find(k->params, k->n_params, word);
    Err e = {.status = OK};
    if (!p || param_parse(a, p, config, value, &e) != OK) print_error("%s: %s\n", word, e.text);
    assert_true(p && e.status == OK);
  }
  r.u = ARENA_ARRAY(a, double *, n_trials);
  r.told = ARENA_ARRAY(a, SamplerTold, n_trials);
  r.pending = ARENA_ARRAY(a, const double *, n_trials);
  for (int64_t i = 0; i < n_trials; i++) {
    r.u[i] = ARENA_ARRAY(a, double, n_axes);
    r.told[i].u = r.pending[i] = r.u[i];
  }
  r.ask = (SamplerAsk){
      .n_axes = n_axes, .config = config, .seed = seed, .n_trials = n_trials, .window = window};
  return r;
}

/* The ask of trial n; axes are set here because a Rig is copied. */
static inline SamplerAsk rig_ask(Rig *r, int64_t n) {
  SamplerAsk ask = r->ask;
  ask.axes = r->axes;
  ask.n = n;
  if (r->sampler->looks) {
    ask.n_told = sampler_n_told(n, ask.window);
    ask.told = r->told;
    ask.pending = r->pending + ask.n_told;
  }
  return ask;
}

static inline void rig_propose(Rig *r, int64_t n, double *u) {
  Arena scratch = {0};
  arena_init(&scratch);
  const SamplerAsk ask = rig_ask(r, n);
  r->sampler->propose(&scratch, &ask, u);
  arena_free(&scratch);
}

/* Trial n: proposed, checked, evaluated. */
static inline void rig_step(Rig *r, int64_t n, double (*f)(const double *)) {
  double *u = r->u[n];
  rig_propose(r, n, u);
  for (int i = 0; i < r->ask.n_axes; i++) {
    if (!(u[i] >= 0 && u[i] < 1)) print_error("trial %d: u[%d] is %g\n", (int)n, i, u[i]);
    assert_true(u[i] >= 0 && u[i] < 1);
    u[i] = sampling_middle(r->axes[i], u[i]);
  }
  r->told[n].loss = f(u);
  if (r->told[n].loss < r->best) r->best = r->told[n].loss;
}

static inline void rig_run(Rig *r, double (*f)(const double *)) {
  for (int64_t n = 0; n < r->ask.n_trials; n++) rig_step(r, n, f);
}

/* ---- functions ------------------------------------------------------------------------------- */

/* Branin: x in [-5, 10] x [0, 15], minimum 0.397887 at three places. */
static inline double rig_branin(const double *u) {
  const double pi = 3.141592653589793, x = 15 * u[0] - 5, y = 15 * u[1];
  const double t = y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;
  return t * t + 10 * (1 - 1 / (8 * pi)) * fm_cos(x) + 10;
}

/* Hartmann, six dimensions: minimum -3.32237. */
static inline double rig_hartmann6(const double *u) {
  static const double alpha[4] = {1, 1.2, 3, 3.2};
  static const double a[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                 {0.05, 10, 17, 0.1, 8, 14},
                                 {3, 3.5, 1.7, 10, 17, 8},
                                 {17, 8, 0.05, 10, 0.1, 14}};
  static const double p[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                                 {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                                 {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                                 {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
  double sum = 0;
  for (int i = 0; i < 4; i++) {
    double q = 0;
    for (int k = 0; k < 6; k++) q += a[i][k] * (u[k] - p[i][k]) * (u[k] - p[i][k]);
    sum += alpha[i] * fm_exp(-q);
  }
  return -sum;
}

/* Four parameters as trainings have them: a step in eight, a category of four, a rate that has to
 * fit both, and one that hardly counts. A fifth of the space diverges. Minimum 0. */
static inline double rig_mixed(const double *u) {
  static const double shift[4] = {0.3, 0.0, 0.6, 0.1};
  const int step = (int)(u[0] * 8), kind = (int)(u[1] * 4);
  if (u[2] > 0.8) return NAN;
  const double rate = u[2] - 0.2 - 0.05 * step, weak = u[3] - 0.7;
  return shift[kind] + 0.05 * (step - 5) * (step - 5) + 8 * rate * rate + 0.1 * weak * weak;
}

static const Objective rig_objectives[] __attribute__((unused)) = {
    {"branin", 2, rig_branin}, {"hartmann6", 6, rig_hartmann6}, {"mixed", 4, rig_mixed}};

/* Axes of the mixed function. */
static inline void rig_axes(Rig *r, const Objective *o) {
  if (o->f != rig_mixed) return;
  r->axes[0] = (SamplerAxis){.n_values = 8};
  r->axes[1] = (SamplerAxis){.unordered = true, .n_values = 4};
}

static inline double rig_median(double *x, int n) {
  for (int i = 1; i < n; i++)
    for (int k = i; k > 0 && x[k] < x[k - 1]; k--) {
      const double t = x[k];
      x[k] = x[k - 1];
      x[k - 1] = t;
    }
  return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

#endif
