/* What a search has come to. */
#include "history.h"

#include <math.h>

#include "pareto.h"
#include "plan.h"

static const Sampler *sampler_of(const Spec *base) {
  return (const Sampler *)(const void *)base->search.method.kind;
}

static bool has_limits(const Spec *base) {
  const KindValue *rule = &base->search.early_terminate;
  return rule->kind && ((const Stopper *)(const void *)rule->kind)->limits;
}

/* As of trials before the first. */
static void tell_prior(History *h, const FromSpec *from) {
  const Space *space = &h->base->search.space;
  h->n_prior = from->n_prior;
  SamplerTold *told = ARENA_ARRAY(h->arena, SamplerTold, h->n_prior + h->n_points);
  for (int i = 0; i < from->n_prior; i++) {
    double *u = ARENA_ARRAY(h->arena, double, space->n);
    space_units(space, &from->prior[i].point, u);
    told[i] = (SamplerTold){.u = u, .loss = from->prior[i].loss};
  }
  h->told = told + h->n_prior;
}

void history_init(History *h, Arena *a, const Spec *base) {
  *h = (History){.base = base, .arena = a, .repeats = plan_repeats(base)};
  h->n_objectives = base->search.n_objectives > 1 ? base->search.n_objectives : 1;
  if (!base->search.present || !(sampler_of(base)->looks || has_limits(base))) return;
  const int64_t n = base->search.trials;
  rungs_init(&h->rungs, a, &base->search.early_terminate, n, base->train.epochs);
  h->generations = sampler_generations(&base->search.method);
  h->parents = ARENA_ARRAY(a, int64_t, n);
  for (int64_t i = 0; i < n; i++) h->parents[i] = -1;
  h->window = base->search.max_concurrent;
  h->n_points = n;
  h->points = ARENA_ARRAY(a, const char *, n);
  h->u = ARENA_ARRAY(a, const double *, n);
  h->losses = ARENA_ARRAY(a, double, n * h->repeats * h->n_objectives);
  h->means = ARENA_ARRAY(a, double, n * h->n_objectives);
  h->known = ARENA_ARRAY(a, bool, n * h->repeats);
  h->n_known = ARENA_ARRAY(a, int64_t, n);
  tell_prior(h, &base->search.from);
}

void history_grow(History *h, const Spec *base) {
  const History old = *h;
  history_init(h, old.arena, base);
  const int64_t n = old.n_points < h->n_points ? old.n_points : h->n_points;
  for (int64_t i = 0; i < n; i++) {
    h->points[i] = old.points[i];
    h->parents[i] = old.parents[i];
    h->u[i] = old.u[i];
    h->told[i] = old.told[i];
    h->n_known[i] = old.n_known[i];
  }
  for (int64_t i = 0; i < n * h->repeats; i++) h->known[i] = old.known[i];
  for (int64_t i = 0; i < n * h->repeats * h->n_objectives; i++) h->losses[i] = old.losses[i];
  for (int64_t i = 0; i < n * h->n_objectives; i++) h->means[i] = old.means[i];
  h->n_proposed = old.n_proposed;
  h->front = old.front;
}

/* ---- what is told ---------------------------------------------------------------------------- */

static void keep_point(History *h, int64_t k, const char *text, const Point *p) {
  const Space *space = &h->base->search.space;
  double *u = ARENA_ARRAY(h->arena, double, space->n);
  space_units(space, p, u);
  h->points[k] = text;
  h->u[k] = u;
  while (h->n_proposed < h->n_points && h->points[h->n_proposed]) h->n_proposed++;
}

static void keep_text(History *h, int64_t k, const char *point) {
  Arena scratch = {0};
  arena_init(&scratch);
  const YamlNode *map = plan_point_map(&scratch, point);
  Point p;
  space_point(&scratch, &h->base->search.space, map, &p);
  keep_point(h, k, arena_strdup(h->arena, point), &p);
  arena_free(&scratch);
}

void history_descends(History *h, int64_t n, int64_t parent) {
  if (h->generations.members == 0 || n < 0 || n >= h->n_points || h->points[n]) return;
  h->parents[n] = parent;
}

int64_t history_root(const History *h, int64_t n) {
  while (h->generations.members > 0 && h->parents[n] >= 0) n = h->parents[n];
  return n;
}

/* Of point k, summed in the order of the repeats. */
static void take_means(History *h, int64_t k) {
  const int m = h->n_objectives;
  for (int j = 0; j < m; j++) {
    double sum = 0;
    for (int64_t i = 0; i < h->repeats; i++) sum += h->losses[(k * h->repeats + i) * m + j];
    h->means[k * m + j] = sum / (double)h->repeats;
  }
  h->told[k] = (SamplerTold){.u = h->u[k], .loss = h->means[k * m]};
}

void history_tell_all(History *h, int64_t n, const char *point, const double *losses) {
  if (n < 0 || n >= h->n_points * h->repeats || h->known[n]) return;
  const int64_t k = n / h->repeats;
  if (!h->points[k]) keep_text(h, k, point);
  h->known[n] = true;
  for (int j = 0; j < h->n_objectives; j++) h->losses[n * h->n_objectives + j] = losses[j];
  if (++h->n_known[k] < h->repeats) return;
  take_means(h, k);
  while (h->front < h->n_points && h->n_known[h->front] == h->repeats) h->front++;
}

void history_tell(History *h, int64_t n, const char *point, double loss) {
  double losses[OBJECTIVES_MOST];
  for (int j = 0; j < h->n_objectives; j++) losses[j] = loss;
  history_tell_all(h, n, point, losses);
}

/* ---- what is proposed ------------------------------------------------------------------------ */

/* Points below it are told for point k. */
static int64_t points_told(const History *h, int64_t k) {
  if (h->generations.members > 0) return k / h->generations.members * h->generations.members;
  if (!h->rungs.stopper) return sampler_n_told(k, h->window);
  return rungs_first(&h->rungs, sampler_n_told(rungs_first(&h->rungs, k), h->window));
}

int64_t history_n_told(const History *h, int64_t n) {
  return points_told(h, n / h->repeats) * h->repeats;
}

bool history_ready(const History *h, int64_t n) {
  const SearchSpec *search = &h->base->search;
  const int64_t k = n / h->repeats;
  if (search->from.run && !search->from.text && (h->window > 0 || k < search->n_tries))
    return false;
  if (h->generations.members > 0 && k >= h->front + h->window) return false;
  return h->window == 0 || points_told(h, k) <= h->front;
}

/* What was drawn is blamed on its range. */
static void mark_values(Arena *a, const Space *space, Point *p) {
  for (int i = 0; i < p->n; i++) {
    if (!p->values[i] || p->values[i]->mark.source) continue;
    YamlNode *value = yaml_copy(a, p->values[i]);
    value->mark = space->dims[i].mark;
    p->values[i] = value;
  }
}

/* What is told with several objectives: of another run there is nothing then. */
static const SamplerTold *scalars(Arena *a, const History *h, const SamplerAsk *ask) {
  double w[OBJECTIVES_MOST], *out = ARENA_ARRAY(a, double, ask->n_told);
  SamplerTold *told = ARENA_ARRAY(a, SamplerTold, ask->n_told);
  pareto_weights(ask->seed, ask->n, h->n_objectives, w);
  pareto_scalars(h->means, ask->n_told, h->n_objectives, w, out);
  for (int64_t i = 0; i < ask->n_told; i++)
    told[i] = (SamplerTold){.u = ask->told[i].u, .loss = out[i]};
  return told;
}

SamplerAsk history_ask(Arena *a, const History *h, int64_t k) {
  const SearchSpec *search = &h->base->search;
  const bool looks = sampler_of(h->base)->looks;
  const int64_t before = looks ? 0 : search->n_tries;
  SamplerAxis *axes = ARENA_ARRAY(a, SamplerAxis, search->space.n);
  sampler_axes(&search->space, axes);
  SamplerAsk ask = {.space = &search->space,
                    .axes = axes,
                    .n_axes = search->space.n,
                    .config = search->method.config,
                    .seed = (uint64_t)h->base->seed,
                    .n_trials = search->trials - before,
                    .window = search->max_concurrent,
                    .n = k - before};
  if (looks) {
    ask.n += h->n_prior;
    ask.n_trials += h->n_prior;
    ask.n_told = h->n_prior + points_told(h, k);
    ask.told = h->told - h->n_prior;
    ask.pending = h->u + points_told(h, k);
  }
  if (looks && h->n_objectives > 1) ask.told = scalars(a, h, &ask);
  return ask;
}

/* The parent's point, but for what the method changes. The order of conditions is that of the parent:
 * what they are on is fixed (spec_population.c). */
static void change_parent(Arena *a, const History *h, const char *parent, const double *u,
                          const bool *kept, Point *out) {
  const Space *space = &h->base->search.space;
  space_point(a, space, plan_point_map(a, parent), out);
  for (int i = 0; i < space->n; i++)
    if (out->values[i] && !kept[i]) out->values[i] = space_value(a, &space->dims[i], u[i]);
}

/* False: the method has no generations, or the trial begins a training. */
static bool inherit(Arena *a, const History *h, const SamplerAsk *ask, int64_t k, Point *out) {
  const Sampler *sampler = sampler_of(h->base);
  double *u = ARENA_ARRAY(a, double, ask->n_axes);
  bool *kept = ARENA_ARRAY(a, bool, ask->n_axes);
  const int64_t parent = sampler->inherit ? sampler->inherit(a, ask, u, kept) : -1;
  if (parent < 0) return false;
  h->parents[k] = parent;
  change_parent(a, h, h->points[parent], u, kept, out);
  return true;
}

static void propose(Arena *a, const History *h, int64_t k, Point *out) {
  const SearchSpec *search = &h->base->search;
  if (k < search->n_tries) {
    *out = search->tries[k];
    return;
  }
  const SamplerAsk ask = history_ask(a, h, k);
  if (!inherit(a, h, &ask, k, out)) sampler_point(a, sampler_of(h->base), &ask, out);
  mark_values(a, &search->space, out);
}

static void propose_and_keep(Arena *a, History *h, int64_t k, Point *out) {
  propose(a, h, k, out);
  if (h->window > 0 && !h->points[k])
    keep_point(h, k, plan_point_text(h->arena, &h->base->search.space, out), out);
}

/* Those before k are pending for it. */
static void propose_below(History *h, int64_t k) {
  Arena scratch = {0};
  arena_init(&scratch);
  while (h->n_proposed < k) {
    Point p;
    propose_and_keep(&scratch, h, h->n_proposed, &p);
    arena_free(&scratch);
  }
  arena_free(&scratch);
}

void history_propose(Arena *a, History *h, int64_t n, Point *out) {
  *out = (Point){0};
  if (!h->base->search.present) return;
  if (h->window > 0) propose_below(h, n / h->repeats);
  propose_and_keep(a, h, n / h->repeats, out);
}

const char *history_point(Arena *a, History *h, int64_t n) {
  if (!history_ready(h, n)) return NULL;
  if (h->window > 0 && h->points[n / h->repeats]) return h->points[n / h->repeats];
  Point p;
  history_propose(a, h, n, &p);
  return plan_point_text(a, &h->base->search.space, &p);
}
