/* What a search has come to. */
#include "history.h"

#include <math.h>

#include "plan.h"

static const Sampler *sampler_of(const Spec *base) {
  return (const Sampler *)(const void *)base->search.method.kind;
}

static bool has_limits(const Spec *base) {
  const KindValue *rule = &base->search.early_terminate;
  return rule->kind && ((const Stopper *)(const void *)rule->kind)->limits;
}

/* As of trials before the first. */
static void tell_prior(History *h, const FromSpec *from, int64_t n_trials) {
  const Space *space = &h->base->search.space;
  h->n_prior = from->n_prior;
  SamplerTold *told = ARENA_ARRAY(h->arena, SamplerTold, h->n_prior + n_trials);
  for (int i = 0; i < from->n_prior; i++) {
    double *u = ARENA_ARRAY(h->arena, double, space->n);
    space_units(space, &from->prior[i].point, u);
    told[i] = (SamplerTold){.u = u, .loss = from->prior[i].loss};
  }
  h->told = told + h->n_prior;
}

void history_init(History *h, Arena *a, const Spec *base) {
  *h = (History){.base = base, .arena = a};
  if (!base->search.present || !(sampler_of(base)->looks || has_limits(base))) return;
  const int64_t n = base->search.trials;
  rungs_init(&h->rungs, a, &base->search.early_terminate, n, base->train.epochs);
  h->window = base->search.max_concurrent;
  h->n_trials = n;
  h->points = ARENA_ARRAY(a, const char *, n);
  h->u = ARENA_ARRAY(a, const double *, n);
  h->known = ARENA_ARRAY(a, bool, n);
  tell_prior(h, &base->search.from, n);
}

void history_grow(History *h, const Spec *base) {
  const History old = *h;
  history_init(h, old.arena, base);
  for (int64_t n = 0; n < old.n_trials && n < h->n_trials; n++) {
    h->points[n] = old.points[n];
    h->u[n] = old.u[n];
    h->told[n] = old.told[n];
    h->known[n] = old.known[n];
  }
  h->n_proposed = old.n_proposed;
  h->front = old.front;
}

/* ---- what is told ---------------------------------------------------------------------------- */

static void keep_point(History *h, int64_t n, const char *text, const Point *p) {
  const Space *space = &h->base->search.space;
  double *u = ARENA_ARRAY(h->arena, double, space->n);
  space_units(space, p, u);
  h->points[n] = text;
  h->u[n] = u;
  while (h->n_proposed < h->n_trials && h->points[h->n_proposed]) h->n_proposed++;
}

void history_tell(History *h, int64_t n, const char *point, double loss) {
  if (n < 0 || n >= h->n_trials || h->known[n]) return;
  if (!h->points[n]) {
    Arena scratch = {0};
    arena_init(&scratch);
    const YamlNode *map = plan_point_map(&scratch, point);
    Point p;
    space_point(&scratch, &h->base->search.space, map, &p);
    keep_point(h, n, arena_strdup(h->arena, point), &p);
    arena_free(&scratch);
  }
  h->known[n] = true;
  h->told[n] = (SamplerTold){.u = h->u[n], .loss = loss};
  while (h->front < h->n_trials && h->known[h->front]) h->front++;
}

/* ---- what is proposed ------------------------------------------------------------------------ */

int64_t history_n_told(const History *h, int64_t n) {
  if (!h->rungs.stopper) return sampler_n_told(n, h->window);
  return rungs_first(&h->rungs, sampler_n_told(rungs_first(&h->rungs, n), h->window));
}

bool history_ready(const History *h, int64_t n) {
  const SearchSpec *search = &h->base->search;
  if (search->from.run && !search->from.text && (h->window > 0 || n < search->n_tries))
    return false;
  return h->window == 0 || history_n_told(h, n) <= h->front;
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

/* A method that looks knows that there are points to try, and is told what came of them; another
 * one's design stands behind them, as if they were not. */
static void propose(Arena *a, const History *h, int64_t n, Point *out) {
  const SearchSpec *search = &h->base->search;
  const bool looks = sampler_of(h->base)->looks;
  const int64_t before = looks ? 0 : search->n_tries;
  if (n < search->n_tries) {
    *out = search->tries[n];
    return;
  }
  SamplerAxis *axes = ARENA_ARRAY(a, SamplerAxis, search->space.n);
  sampler_axes(&search->space, axes);
  SamplerAsk ask = {.space = &search->space,
                    .axes = axes,
                    .n_axes = search->space.n,
                    .config = search->method.config,
                    .seed = (uint64_t)h->base->seed,
                    .n_trials = search->trials - before,
                    .window = search->max_concurrent,
                    .n = n - before};
  if (looks) {
    ask.n += h->n_prior;
    ask.n_trials += h->n_prior;
    ask.n_told = h->n_prior + history_n_told(h, n);
    ask.told = h->told - h->n_prior;
    ask.pending = h->u + history_n_told(h, n);
  }
  sampler_point(a, sampler_of(h->base), &ask, out);
  mark_values(a, &search->space, out);
}

/* Those before n are pending for it. */
static void propose_below(History *h, int64_t n) {
  Arena scratch = {0};
  arena_init(&scratch);
  while (h->n_proposed < n) {
    Point p;
    history_propose(&scratch, h, h->n_proposed, &p);
    arena_free(&scratch);
  }
  arena_free(&scratch);
}

void history_propose(Arena *a, History *h, int64_t n, Point *out) {
  *out = (Point){0};
  if (!h->base->search.present) return;
  if (h->window > 0) propose_below(h, n);
  propose(a, h, n, out);
  if (h->window > 0 && !h->points[n])
    keep_point(h, n, plan_point_text(h->arena, &h->base->search.space, out), out);
}

const char *history_point(Arena *a, History *h, int64_t n) {
  if (!history_ready(h, n)) return NULL;
  if (h->window > 0 && h->points[n]) return h->points[n];
  Point p;
  history_propose(a, h, n, &p);
  return plan_point_text(a, &h->base->search.space, &p);
}
