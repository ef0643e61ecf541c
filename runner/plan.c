/* The plan of an experiment. */
#include "plan.h"

#include <string.h>

#include "base/rng.h"
#include "sampler.h"

enum { MAX_CHECKED = 10000 };

int64_t plan_n_trials(const Spec *base) {
  return base->search.present ? base->search.trials * base->search.repeats : 1;
}

int64_t plan_repeats(const Spec *base) {
  return base->search.present ? base->search.repeats : 1;
}

int64_t plan_seed(const Spec *base, int64_t n) {
  if (!base->search.present) return base->seed;
  return (int64_t)rng_trial_seed((uint64_t)base->seed, (uint64_t)n);
}

bool plan_looks(const Spec *base) {
  if (!base->search.present) return false;
  return ((const Sampler *)(const void *)base->search.method.kind)->looks;
}

const char *plan_point_text(Arena *a, const Space *space, const Point *p) {
  if (p->n == 0) return "";
  YamlNode *map = yaml_new(a, YAML_MAP, (Mark){0});
  for (int i = 0; i < p->n; i++) {
    if (p->values[i]) yaml_put(a, map, space->dims[i].path, yaml_copy(a, p->values[i]));
  }
  Str text = str_new(a);
  yaml_write_flow(map, &text);
  return str_text(&text);
}

const char *plan_point(Arena *a, const Spec *base, int64_t n) {
  History h;
  history_init(&h, a, base);
  return history_point(a, &h, n);
}

const YamlNode *plan_point_map(Arena *a, const char *point) {
  Source *source = ARENA_NEW(a, Source);
  *source = (Source){.name = "point", .text = point, .length = (int)strlen(point)};
  Diag d = diag_new(a);
  const YamlNode *map = yaml_parse_plain(a, source);
  if (!map) map = yaml_parse(a, source, &d);
  return map && map->type == YAML_MAP ? map : NULL;
}

/* Values of the map in the order of the space; marks of the space's lines, where the user can act.
 */
static bool point_of_map(Arena *a, const Space *space, const YamlNode *map, Diag *d, Point *out) {
  int n = 0;
  space_point(a, space, map, out);
  for (int i = 0; i < space->n; i++) {
    const bool there = out->values[i] != NULL;
    n += there;
    if (there == space_holds(space, out, i)) continue;
    diag_add(d, DIAG_ERROR, space->dims[i].mark, "a point has %s value for %s", there ? "a" : "no",
             space->dims[i].path);
    return false;
  }
  if (map->n_children != n) {
    diag_add(d, DIAG_ERROR, space->dims[0].mark,
             "a point has %d values; of the search space's parameters it has %d", map->n_children,
             n);
    return false;
  }
  for (int i = 0; i < space->n; i++) {
    if (!out->values[i]) continue;
    YamlNode *copy = yaml_copy(a, out->values[i]);
    copy->mark = space->dims[i].mark;
    out->values[i] = copy;
  }
  return true;
}

Spec *plan_trial(Arena *a, const Spec *base, int64_t n, const char *point, Diag *d) {
  Point p = {0};
  if (base->search.present) {
    const YamlNode *map = plan_point_map(a, point);
    if (!map)
      diag_add(d, DIAG_ERROR, base->source->mark, "not a point of the search space: %s", point);
    if (!map || !point_of_map(a, &base->search.space, map, d, &p)) return NULL;
  }
  return spec_trial(a, base, &p, plan_seed(base, n), d);
}

/* ---- can all of them be trained? ------------------------------------------------------------- */

static void note_batch(const Spec *trial, int64_t rows, PlanSummary *out) {
  if (out->most_rows == 0 || rows < out->least_rows) out->least_rows = rows;
  if (rows > out->most_rows) out->most_rows = rows;
  if (!spec_is_by_shard(trial)) return;
  if (out->by_shard_rows == 0 || rows < out->by_shard_rows) out->by_shard_rows = rows;
}

/* Trial n, or one of a place (n -1) that some trial may come to. */
static Status check_one(Arena *a, const Spec *base, const TrialEnv *env, int64_t n, const Point *p,
                        Diag *d, PlanSummary *out, Err *e) {
  int n_refusals = d->n_refusals;
  Spec *trial = spec_trial(a, base, p, plan_seed(base, n < 0 ? 0 : n), d);
  if (!trial) return OK; /* `d` says why */
  TrialPlan plan;
  Status s = trial_plan(a, env, trial, d, &plan, e);
  if (s != OK) {
    if (d->n_refusals == n_refusals) return err_context(e, "trial %lld", (long long)n);
    *e = (Err){0};
    return OK;
  }
  if (n == 0) {
    out->batches = plan.batches;
    out->steps = plan.steps_per_epoch;
    out->step_rows = plan.step_rows;
    out->rate_scale = plan.rate_scale;
  }
  note_batch(trial, plan.batch_rows, out);
  if (n == 0 || plan.bytes > out->bytes) {
    out->largest = n;
    out->bytes = plan.bytes;
    out->n_parameters = plan.n_parameters;
  }
  if (plan.dropped_rows > out->dropped_rows) out->dropped_rows = plan.dropped_rows;
  return OK;
}

/* Errors stand where the file says a thing; which of its values were drawn together, nowhere. */
static void name_trial(const Spec *base, int64_t n, const Point *p, Diag *d) {
  Mark at = yaml_get(base->source, "search")->key_mark;
  const char *point = plan_point_text(d->arena, &base->search.space, p);
  if (n < 0)
    diag_add(d, DIAG_ERROR, at, "this search may come to what cannot be trained: %s", point);
  else
    diag_add(d, DIAG_ERROR, at, "trial %lld of this search cannot be trained: %s", (long long)n,
             point);
}

/*
 * Places that the proposals of a method that looks may come to: all ranges at one of their ends
 * beside the k-th category of each list, for every k; then as many as random search would draw.
 */
enum { RANDOM_PLACES = 300 };

static int n_corners(const Space *space) {
  int most = 1;
  for (int i = 0; i < space->n; i++)
    if (space->dims[i].n_values > most) most = space->dims[i].n_values;
  return 2 * most;
}

static void place_at(Arena *a, const Spec *base, int number, Point *out) {
  const Space *space = &base->search.space;
  const int corners = n_corners(space);
  double *u = ARENA_ARRAY(a, double, space->n);
  for (int i = 0; i < space->n; i++) {
    const Dim *d = &space->dims[i];
    Rng r = rng_stream((uint64_t)base->seed, RNG_SAMPLE, (uint64_t)number, (uint32_t)i);
    if (number >= corners)
      u[i] = rng_f64(&r);
    else if (d->values)
      u[i] = (number / 2 % d->n_values + 0.5) / d->n_values;
    else
      u[i] = number % 2 ? 1 - 0x1p-53 : 0;
  }
  sampler_place(a, space, u, out);
}

/* Of a method with generations: can a training that begins at place `number` go on at the next one,
 * as far as parameters can change then? */
static Status check_change(Arena *a, const Spec *base, const TrialEnv *env, int number, Diag *d,
                           Err *e) {
  const Space *space = &base->search.space;
  Point from, to;
  TrialPlan ignored;
  place_at(a, base, number, &from);
  place_at(a, base, number + 1, &to);
  for (int i = 0; i < to.n; i++)
    if (space->dims[i].fixed || !from.values[i]) to.values[i] = NULL;
  const char *values = plan_point_text(a, space, &to);
  const char *edits = arena_printf(a, "[{step: 1, %s]", values + 1);
  if (str_eq(values, "{}")) return OK;
  const int n_refusals = d->n_refusals;
  Spec *trial = spec_trial(a, base, &from, plan_seed(base, 0), d);
  if (trial) trial = spec_edited(a, trial, edits, d);
  if (!trial || trial_plan(a, env, trial, d, &ignored, e) == OK || d->n_refusals > n_refusals) {
    if (trial && d->n_refusals > n_refusals) *e = (Err){0};
    return OK;
  }
  return err_context(e, "a change of parameters");
}

/* Trials as long as the History says where they are, then places. */
static bool next_point(Arena *a, History *h, PlanSummary *out, int64_t *n, Point *p) {
  *n = out->n_checked;
  if (*n < out->n_trials && *n < MAX_CHECKED && history_ready(h, *n)) {
    out->n_checked += plan_repeats(h->base); /* which differ in their seeds alone */
    history_propose(a, h, *n, p);
    return true;
  }
  *n = -1;
  if (!plan_looks(h->base) || out->n_checked == out->n_trials) return false;
  if (out->n_places >= n_corners(&h->base->search.space) + RANDOM_PLACES) return false;
  place_at(a, h->base, (int)out->n_places++, p);
  return true;
}

Status plan_check(const Spec *base, const TrialEnv *env, Diag *d, PlanSummary *out, Err *e) {
  *out = (PlanSummary){.n_trials = plan_n_trials(base)};
  Arena trial = {0}, kept = {0};
  arena_init(&trial);
  arena_init(&kept);
  History h;
  history_init(&h, &kept, base);
  Status s = OK;
  int64_t n;
  Point p;
  while (s == OK && d->n_errors == 0 && next_point(&trial, &h, out, &n, &p)) {
    s = check_one(&trial, base, env, n, &p, d, out, e);
    if (s == OK && d->n_errors == 0 && n < 0 && h.generations.members > 0)
      s = check_change(&trial, base, env, (int)out->n_places - 1, d, e);
    if (s == OK && d->n_errors > 0 && base->search.present) name_trial(base, n, &p, d);
    arena_free(&trial);
  }
  arena_free(&trial);
  arena_free(&kept);
  return s;
}
