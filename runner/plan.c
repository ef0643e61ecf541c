/* The plan of an experiment. */
#include "plan.h"

#include <string.h>

#include "base/rng.h"
#include "sampler.h"

enum { MAX_CHECKED = 10000 };

int64_t plan_n_trials(const Spec *base) {
  return base->search.present ? base->search.trials : 1;
}

int64_t plan_seed(const Spec *base, int64_t n) {
  if (!base->search.present) return base->seed;
  return (int64_t)rng_trial_seed((uint64_t)base->seed, (uint64_t)n);
}

static Point propose(Arena *a, const Spec *base, int64_t n) {
  Point p = {0};
  if (!base->search.present) return p;
  const Sampler *sampler = (const Sampler *)(const void *)base->search.method.kind;
  const Space *space = &base->search.space;
  SamplerAxis *axes = ARENA_ARRAY(a, SamplerAxis, space->n);
  sampler_axes(space, axes);
  const SamplerAsk ask = {.space = space,
                          .axes = axes,
                          .n_axes = space->n,
                          .config = base->search.method.config,
                          .seed = (uint64_t)base->seed,
                          .n_trials = base->search.trials,
                          .window = base->search.max_concurrent,
                          .n = n};
  sampler_point(a, sampler, &ask, &p);
  for (int i = 0; i < p.n; i++) { /* a value that was drawn is blamed on its range */
    if (p.values[i]->mark.source) continue;
    YamlNode *value = yaml_copy(a, p.values[i]);
    value->mark = space->dims[i].mark;
    p.values[i] = value;
  }
  return p;
}

static const char *point_text(Arena *a, const Space *space, const Point *p) {
  if (p->n == 0) return "";
  YamlNode *map = yaml_new(a, YAML_MAP, (Mark){0});
  for (int i = 0; i < p->n; i++) {
    yaml_put(a, map, space->dims[i].path, yaml_copy(a, p->values[i]));
  }
  Str text = str_new(a);
  yaml_write_flow(map, &text);
  return str_text(&text);
}

const char *plan_point(Arena *a, const Spec *base, int64_t n) {
  Point p = propose(a, base, n);
  return point_text(a, &base->search.space, &p);
}

const YamlNode *plan_point_map(Arena *a, const char *point) {
  Source *source = ARENA_NEW(a, Source);
  *source = (Source){.name = "point", .text = point, .length = (int)strlen(point)};
  Diag d = diag_new(a);
  const YamlNode *map = yaml_parse(a, source, &d);
  return map && map->type == YAML_MAP ? map : NULL;
}

/* Values of the map in the order of the space; marks of the space's lines, where the user can act.
 */
static bool point_of_map(Arena *a, const Space *space, const YamlNode *map, Diag *d, Point *out) {
  *out = (Point){.values = ARENA_ARRAY(a, const YamlNode *, space->n), .n = space->n};
  for (int i = 0; i < space->n; i++) {
    const YamlNode *value = yaml_get(map, space->dims[i].path);
    if (!value) {
      diag_add(d, DIAG_ERROR, space->dims[i].mark, "a point has no value for %s",
               space->dims[i].path);
      return false;
    }
    YamlNode *copy = yaml_copy(a, value);
    copy->mark = space->dims[i].mark;
    out->values[i] = copy;
  }
  if (map->n_children != space->n) {
    diag_add(d, DIAG_ERROR, space->dims[0].mark,
             "a point has %d values; the search space has %d parameters", map->n_children,
             space->n);
    return false;
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

static Status check_one(Arena *a, const Spec *base, const TrialEnv *env, int64_t n, Diag *d,
                        PlanSummary *out, Err *e) {
  Point p = propose(a, base, n);
  int n_refusals = d->n_refusals;
  Spec *trial = spec_trial(a, base, &p, plan_seed(base, n), d);
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
static void name_trial(const Spec *base, int64_t n, Diag *d) {
  Mark at = yaml_get(base->source, "search")->key_mark;
  diag_add(d, DIAG_ERROR, at, "trial %lld of this search cannot be trained: %s", (long long)n,
           plan_point(d->arena, base, n));
}

Status plan_check(const Spec *base, const TrialEnv *env, Diag *d, PlanSummary *out, Err *e) {
  *out = (PlanSummary){.n_trials = plan_n_trials(base)};
  Arena trial = {0};
  arena_init(&trial);
  Status s = OK;
  while (s == OK && d->n_errors == 0 && out->n_checked < out->n_trials &&
         out->n_checked < MAX_CHECKED) {
    s = check_one(&trial, base, env, out->n_checked++, d, out, e);
    arena_free(&trial);
  }
  if (s == OK && d->n_errors > 0 && base->search.present) name_trial(base, out->n_checked - 1, d);
  return s;
}
