/* The training of one trial after another. */
#include "work.h"

#include <math.h>
#include <string.h>

#include "plan.h"

void task_write(const Task *t, Str *out) {
  JsonWriter j = json_writer(out);
  json_open(&j, '{');
  json_key(&j, "trial"), json_int(&j, t->number);
  json_key(&j, "point"), json_str(&j, t->point);
  json_key(&j, "rival"), json_int(&j, t->rival);
  json_key(&j, "rival_metric"), json_f64(&j, t->rival_metric);
  json_key(&j, "stop_at"), json_int(&j, t->stop_at);
  json_key(&j, "limits");
  json_open(&j, '[');
  for (int i = 0; i < t->n_limits; i++) json_f64(&j, t->limits[i]);
  json_close(&j, ']');
  json_key(&j, "ranks");
  json_open(&j, '[');
  for (int i = 0; i < t->n_ranks; i++) json_int(&j, t->ranks[i]);
  json_close(&j, ']');
  json_key(&j, "edits"), json_str(&j, t->edits ? t->edits : "");
  if (t->line.parent >= 0) {
    json_key(&j, "parent"), json_int(&j, t->line.parent);
    json_key(&j, "root"), json_int(&j, t->line.root);
    json_key(&j, "root_point"), json_str(&j, t->line.point);
    json_key(&j, "line_edits"), json_str(&j, t->line.edits);
  }
  json_close(&j, '}');
}

static Status read_line(const JsonValue *v, Task *out, Err *e) {
  const JsonValue *parent = json_get(v, "parent"), *root = json_get(v, "root");
  out->line = (Lineage){.parent = -1, .root = out->number, .point = out->point, .edits = ""};
  out->line.stop_at = out->stop_at;
  if (parent == NULL) return OK;
  CHECK(e, parent->type == JSON_INT && root && root->type == JSON_INT, E_INTERNAL,
        "rank 0 sent a task whose line has no root");
  out->line.parent = parent->integer;
  out->line.root = root->integer;
  out->line.point = json_text(json_get(v, "root_point"), "");
  out->line.edits = json_text(json_get(v, "line_edits"), "");
  return OK;
}

Status task_read(Arena *a, const char *json, size_t n, Task *out, Err *e) {
  JsonValue *v;
  TRY(json_parse(a, json, n, &v, e));
  const JsonValue *number = json_get(v, "trial"), *rival = json_get(v, "rival");
  CHECK(e, number && number->type == JSON_INT && rival && rival->type == JSON_INT, E_INTERNAL,
        "rank 0 sent what is no task: %.*s", (int)n, json);
  *out = (Task){.number = number->integer,
                .point = json_text(json_get(v, "point"), ""),
                .rival = rival->integer,
                .edits = json_text(json_get(v, "edits"), ""),
                .rival_metric = json_number(json_get(v, "rival_metric"), NAN)};
  const JsonValue *stop_at = json_get(v, "stop_at"), *limits = json_get(v, "limits");
  CHECK(e, stop_at && stop_at->type == JSON_INT && limits && limits->type == JSON_LIST, E_INTERNAL,
        "rank 0 sent a task without an end: %.*s", (int)n, json);
  out->stop_at = stop_at->integer;
  TRY(read_line(v, out, e));
  double *values = ARENA_ARRAY(a, double, limits->n_children);
  for (const JsonValue *x = limits->first; x; x = x->next)
    values[out->n_limits++] = json_number(x, NAN);
  out->limits = values;
  const JsonValue *list = json_get(v, "ranks");
  CHECK(e, list && list->type == JSON_LIST && list->n_children <= TEAM_MOST, E_INTERNAL,
        "rank 0 sent a task without ranks: %.*s", (int)n, json);
  int *ranks = ARENA_ARRAY(a, int, list->n_children);
  for (const JsonValue *x = list->first; x; x = x->next) ranks[out->n_ranks++] = (int)x->integer;
  out->ranks = ranks;
  return OK;
}

/* The best so many only get better, so what is behind the last of them now stays behind. */
static bool worth_keeping(void *ctx, const TrialResult *r) {
  const Work *w = ctx;
  if (w->task.rival < 0) return true;
  TrialResult rival = {
      .number = w->task.rival, .status = TRIAL_COMPLETED, .metric = w->task.rival_metric};
  return trial_compare(r, &rival, w->spec->search.metric.maximize) < 0;
}

/* The caller's hooks behind the one of our own: ctx is the Work. */
static void tick(void *ctx) {
  const Work *w = ctx;
  if (w->hooks.tick) w->hooks.tick(w->hooks.ctx);
}

static void begin(void *ctx, int64_t number, int64_t done, int64_t n_epochs) {
  const Work *w = ctx;
  if (w->hooks.begin) w->hooks.begin(w->hooks.ctx, number, done, n_epochs);
}

static void growing(void *ctx) {
  const Work *w = ctx;
  if (w->hooks.growing) w->hooks.growing(w->hooks.ctx);
}

static void grown(void *ctx) {
  const Work *w = ctx;
  if (w->hooks.grown) w->hooks.grown(w->hooks.ctx);
}

static void epoch(void *ctx, int64_t number, int64_t done, int64_t n_epochs) {
  const Work *w = ctx;
  if (w->hooks.epoch) w->hooks.epoch(w->hooks.ctx, number, done, n_epochs);
}

static bool stop(void *ctx) {
  const Work *w = ctx;
  return w->hooks.stop && w->hooks.stop(w->hooks.ctx);
}

static Status train(Arena *a, Work *w, TrialResult *out, Err *e) {
  const TrialEnv env = {
      .data = &w->data,
      .cpu = cpu_level(),
      .checkpoint_dir = w->checkpoint_dir,
      .output_dir = w->output_dir,
      .hooks = {.ctx = w,
                .tick = tick,
                .begin = begin,
                .epoch = epoch,
                .growing = growing,
                .grown = grown,
                .stop = stop,
                .keep = worth_keeping},
      .team = w->team,
      .stop_at = w->task.stop_at,
      .limits = w->task.limits,
      .n_limits = w->task.n_limits,
      .has_parent = w->task.line.parent >= 0,
      .parent = w->task.line.parent,
  };
  Diag d = diag_new(a);
  const Spec *base = spec_edited(a, w->spec, w->task.edits, &d);
  const Spec *trial = base == NULL ? NULL : lineage_trial(a, base, &w->task.line, &d);
  if (!trial) {
    Str why = str_new(a);
    diag_render(&d, false, &why);
    FAIL(e, E_SPEC, "%s", str_text(&why));
  }
  return trial_run(a, &env, trial, w->task.number, out, e);
}

Status work_train(Arena *a, Work *w, const Task *t, const char **json, Err *e) {
  w->task = *t;
  TrialResult r = {.number = t->number, .seed = plan_seed(w->spec, t->line.root), .metric = NAN};
  Err failure = {0};
  Status s = train(a, w, &r, &failure);
  if (s == E_STOPPED) {
    w->place = r.place;
    *e = failure;
    return s;
  }
  *json = NULL;
  if (w->team && w->team->place > 0) return OK;
  if (s != OK) {
    r = (TrialResult){.number = t->number, .seed = r.seed, .metric = NAN};
    r.status = TRIAL_FAILED;
    r.error = failure.text;
  }
  r.point = t->point;
  r.has_parent = t->line.parent >= 0;
  if (r.has_parent) r.parent = t->line.parent;
  r.rank = w->rank;
  r.host = w->host;
  Str text = str_new(a);
  trial_write_json(&r, &text);
  *json = str_text(&text);
  return OK;
}
