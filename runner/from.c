/* search.from: another run's best trials first. */
#include "from.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "plan.h"
#include "run_points.h"

/* ---- the other run --------------------------------------------------------------------------- */

/* The point of this search at which the other run's trial was: what it searched, else what it had.
 * False: it is not one of this search. */
static bool point_of(Arena *a, const Spec *s, const RunDir *run, const TrialResult *t, Point *out) {
  const Space *space = &s->search.space;
  const YamlNode *map = plan_point_map(a, t->point);
  Diag d = diag_new(a);
  const Spec *trial = plan_trial(a, run->spec, t->number, t->point, &d);
  *out = (Point){.values = ARENA_ARRAY(a, const YamlNode *, space->n), .n = space->n};
  for (int k = 0; k < space->n; k++) {
    const int i = space->order ? space->order[k] : k;
    if (!space_holds(space, out, i)) continue;
    const YamlNode *value = yaml_get(map, space->dims[i].path);
    if (!value && trial) value = spec_find(trial->tree, space->dims[i].path);
    out->values[i] = value ? space_own_value(a, &space->dims[i], value) : NULL;
    if (!out->values[i]) return false;
  }
  return true;
}

static void write_best(Arena *a, const Spec *s, const RunDir *run, JsonWriter *j, int64_t *n) {
  Point p;
  int64_t n_points;
  const RunPoint *points = run_points(a, run, &n_points);
  *n = 0;
  json_key(j, "points"), json_open(j, '[');
  for (int64_t i = 0; i < n_points && *n < s->search.from.best; i++) {
    if (points[i].status != TRIAL_COMPLETED || !point_of(a, s, run, points[i].best, &p)) continue;
    json_str(j, plan_point_text(a, &s->search.space, &p));
    ++*n;
  }
  json_close(j, ']');
}

static void write_results(Arena *a, const Spec *s, const RunDir *run, JsonWriter *j) {
  const bool maximize = run->spec->search.metric.maximize;
  int64_t n_other = 0;
  Point p;
  json_key(j, "results"), json_open(j, '[');
  for (int64_t n = 0; n < run_n_points(run) && s->search.from.results; n++) {
    const RunPoint x = run_point(run, n);
    if (!x.complete || x.status == TRIAL_FAILED) continue;
    if (!point_of(a, s, run, x.best, &p)) {
      n_other++;
      continue;
    }
    json_open(j, '{');
    json_key(j, "point"), json_str(j, plan_point_text(a, &s->search.space, &p));
    json_key(j, "loss"), json_f64(j, maximize ? -x.mean : x.mean);
    json_close(j, '}');
  }
  json_close(j, ']');
  if (n_other > 0)
    log_line(LOG_NOTE, "search.from: %lld results of %s are outside this search's space",
             (long long)n_other, s->search.from.run);
}

static Status check_run(const Spec *s, const RunDir *run, const char *digest, Err *e) {
  const FromSpec *from = &s->search.from;
  const MetricSpec *here = &s->search.metric, *there = &run->spec->search.metric;
  CHECK(e, !from->digest || str_eq(from->digest, digest), E_SPEC,
        "search.from: %s has the digest %s; the experiment says %s", from->run, digest,
        from->digest);
  CHECK(e, !from->results || (str_eq(here->name, there->name) && here->maximize == there->maximize),
        E_SPEC, "search.from: results of %s are of %s, %s; this search has %s, %s", from->run,
        there->name, there->maximize ? "maximize" : "minimize", here->name,
        here->maximize ? "maximize" : "minimize");
  return OK;
}

Status from_load(Arena *a, Spec *s, Err *e) {
  const FromSpec *from = &s->search.from;
  if (!from->run) return OK;
  RunDir *run = ARENA_NEW(a, RunDir);
  if (run_dir_read(a, from->path, RUN_CURVES_ALL, run, e) != OK)
    return err_context(e, "search.from");
  char digest[HASH_HEX];
  run_dir_digest(run, digest);
  TRY(check_run(s, run, digest, e));
  Str text = str_new(a);
  JsonWriter j = json_writer(&text);
  int64_t n;
  json_open(&j, '{');
  json_key(&j, "digest"), json_str(&j, digest);
  write_best(a, s, run, &j, &n);
  write_results(a, s, run, &j);
  json_close(&j, '}');
  CHECK(e, n == from->best, E_SPEC,
        "search.from: of the finished trials of %s only %lld are in this search's space; best asks "
        "for %lld",
        from->run, (long long)n, (long long)from->best);
  return from_apply(a, s, str_text(&text), e);
}

/* ---- what came of it ------------------------------------------------------------------------- */

static Status read_point(Arena *a, const Spec *s, const JsonValue *v, Point *out, Err *e) {
  const YamlNode *map = plan_point_map(a, json_text(v, ""));
  CHECK(e, map, E_DATA, "search.from: the journal has no point but \"%s\"", json_text(v, ""));
  space_point(a, &s->search.space, map, out);
  return OK;
}

Status from_apply(Arena *a, Spec *s, const char *text, Err *e) {
  SearchSpec *search = &s->search;
  FromSpec *from = &search->from;
  JsonValue *v;
  TRY(json_parse(a, text, strlen(text), &v, e));
  const JsonValue *points = json_get(v, "points"), *results = json_get(v, "results");
  CHECK(e, from->run && points && points->n_children == from->best && results, E_DATA,
        "search.from: the journal does not say what came from the other run");
  Point *tries = ARENA_ARRAY(a, Point, search->n_tries);
  int n = search->n_tries - (int)from->best;
  for (int i = 0; i < n; i++) tries[i] = search->tries[i];
  for (const JsonValue *p = points->first; p; p = p->next) TRY(read_point(a, s, p, &tries[n++], e));
  search->tries = tries;
  PriorResult *prior = ARENA_ARRAY(a, PriorResult, results->n_children);
  from->n_prior = 0;
  for (const JsonValue *p = results->first; p; p = p->next) {
    PriorResult *one = &prior[from->n_prior++];
    TRY(read_point(a, s, json_get(p, "point"), &one->point, e));
    one->loss = json_number(json_get(p, "loss"), NAN);
  }
  from->prior = prior;
  from->text = arena_strdup(a, text);
  from->digest = json_text(json_get(v, "digest"), "");
  YamlNode *node = yaml_get(yaml_get(s->tree, "search"), "from");
  yaml_put(a, node, "digest", yaml_new_scalar(a, from->digest, true, node->mark));
  return OK;
}
