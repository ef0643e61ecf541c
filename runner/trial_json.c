/*
 * A result as JSON, one object on one line; runner/README.md lists the keys. Numbers are the
 * shortest that read back, so the round trip is exact. `point` is an object for those who read it;
 * where turning it back into flow YAML would not give the same text, the text stands beside it as
 * `point_yaml`.
 */
#include "plan.h"
#include "trial_activations.h"

#include <math.h>
#include <string.h>

enum { SCHEMA_VERSION = 1 };

/* ---- point: flow YAML <-> JSON --------------------------------------------------------------- */

void trial_write_value(JsonWriter *j, const YamlNode *n) {
  if (n->type == YAML_MAP || n->type == YAML_LIST) {
    char open = n->type == YAML_MAP ? '{' : '[', close = n->type == YAML_MAP ? '}' : ']';
    json_open(j, open);
    for (const YamlNode *c = n->first; c; c = c->next) {
      if (n->type == YAML_MAP) json_key(j, c->key);
      trial_write_value(j, c);
    }
    json_close(j, close);
    return;
  }
  Scalar s = yaml_scalar(n);
  switch (s.type) {
  case SCALAR_NULL:
    json_none(j);
    break;
  case SCALAR_BOOL:
    json_bool(j, s.boolean);
    break;
  case SCALAR_INT:
    json_int(j, s.integer);
    break;
  case SCALAR_REAL:
    json_f64(j, s.real);
    break;
  case SCALAR_STRING:
    json_str(j, n->text);
    break;
  }
}

static YamlNode *read_yaml(Arena *a, const JsonValue *v) {
  Mark none = {0};
  char number[32];
  switch (v->type) {
  case JSON_MAP:
  case JSON_LIST: {
    YamlNode *n = yaml_new(a, v->type == JSON_MAP ? YAML_MAP : YAML_LIST, none);
    for (const JsonValue *c = v->first; c; c = c->next) {
      if (v->type == JSON_MAP)
        yaml_put(a, n, c->key, read_yaml(a, c));
      else
        yaml_append(n, read_yaml(a, c));
    }
    return n;
  }
  case JSON_TEXT:
    return yaml_new_scalar(a, arena_strdup(a, v->text), !scalar_is_plain(v->text), none);
  case JSON_NONE:
    return yaml_new_scalar(a, "null", false, none);
  case JSON_BOOL:
    return yaml_new_scalar(a, v->integer ? "true" : "false", false, none);
  case JSON_INT:
    return yaml_new_scalar(a, arena_printf(a, "%lld", (long long)v->integer), false, none);
  case JSON_NUMBER:
    break;
  }
  /* As written is as str_f64 has it, but for -0. */
  const char *text = v->text && v->real != 0 ? arena_strndup(a, v->text, (size_t)v->length)
                                             : arena_strdup(a, str_f64(v->real, number));
  return yaml_new_scalar(a, text, false, none);
}

/* Turned into JSON and back, as a reader will. */
static const char *round_trip(Arena *a, const YamlNode *point) {
  Str json = str_new(a), text = str_new(a);
  JsonWriter j = json_writer(&json);
  JsonValue *v;
  Err e = {0};
  trial_write_value(&j, point);
  if (json_parse(a, str_text(&json), (size_t)json.length, &v, &e) != OK) return "";
  yaml_write_flow(read_yaml(a, v), &text);
  return str_text(&text);
}

/* The text of a point as an object; "" as an empty one. */
void trial_write_point(Arena *a, JsonWriter *j, const char *text) {
  const YamlNode *point = plan_point_map(a, text);
  if (!point) point = yaml_new(a, YAML_MAP, (Mark){0});
  json_key(j, "point");
  trial_write_value(j, point);
  if (text[0] == '\0' || str_eq(round_trip(a, point), text)) return;
  json_put_str(j, "point_yaml", text);
}

static const char *read_point(Arena *a, const JsonValue *result) {
  const char *exact = json_text(json_get(result, "point_yaml"), NULL);
  const JsonValue *point = json_get(result, "point");
  if (exact) return arena_strdup(a, exact);
  if (!point || point->type != JSON_MAP || point->n_children == 0) return "";
  Str text = str_new(a);
  yaml_write_flow(read_yaml(a, point), &text);
  return str_text(&text);
}

/* ---- the result ------------------------------------------------------------------------------ */

/* The row of the chosen epoch; of a trial that has none, the last. */
static void write_metrics(JsonWriter *j, const TrialResult *r) {
  const Curves *c = &r->curves;
  int64_t epoch = r->chosen_epoch ? r->chosen_epoch : c->n_epochs;
  json_key(j, "metrics");
  json_open(j, '{');
  for (int i = 0; epoch > 0 && i < c->n_names; i++) {
    json_put_f64(j, c->names[i], c->values[(epoch - 1) * c->n_names + i]);
  }
  json_close(j, '}');
}

static void write_curves(JsonWriter *j, const Curves *c) {
  json_key(j, "curves");
  json_open(j, '{');
  for (int i = 0; i < c->n_names; i++) {
    json_key(j, c->names[i]);
    json_open(j, '[');
    for (int k = 0; k < c->n_epochs; k++) json_f64(j, c->values[k * c->n_names + i]);
    json_close(j, ']');
  }
  json_close(j, '}');
}

/* Only a cost has these. */
static void write_cost(JsonWriter *j, const TrialResult *r) {
  if (r->n_parameters > 0) {
    json_key(j, "parameters");
    json_open(j, '{');
    for (int i = 0; i < r->n_parameters; i++) {
      const TrialParameter *p = &r->parameters[i];
      json_key(j, p->name);
      if (p->is_list) json_open(j, '[');
      for (int k = 0; k < p->n; k++) json_f32(j, p->values[k]);
      if (p->is_list) json_close(j, ']');
    }
    json_close(j, '}');
  }
  if (r->reason) {
    json_put_str(j, "reason", r->reason);
  }
}

/* Which ranks trained it together, from which step on. */
static void write_teams(JsonWriter *j, const TrialResult *r) {
  json_open(j, '[');
  for (int i = 0; i < r->n_teams; i++) {
    const TrialTeam *t = &r->teams[i];
    json_open(j, '{');
    json_put_int(j, "step", t->step);
    json_key(j, "ranks");
    json_open(j, '[');
    for (int k = 0; k < t->n; k++) json_int(j, t->ranks[k]);
    json_close(j, ']');
    json_close(j, '}');
  }
  json_close(j, ']');
}

void trial_write_teams(const TrialResult *r, Str *out) {
  JsonWriter j = json_writer(out);
  write_teams(&j, r);
}

static void write_repeats(JsonWriter *j, const TrialRepeats *x) {
  if (x->n == 0) return;
  json_key(j, "repeats");
  json_open(j, '{');
  json_put_int(j, "point", x->point);
  json_put_int(j, "finished", x->n);
  json_put_int(j, "of", x->of);
  json_put_f64(j, "mean", x->mean);
  json_put_f64(j, "sd", x->sd);
  json_close(j, '}');
}

void trial_write_json(const TrialResult *r, Str *out) {
  Arena scratch;
  arena_init(&scratch);
  JsonWriter j = json_writer(out);
  json_open(&j, '{');
  json_put_int(&j, "schema_version", SCHEMA_VERSION);
  json_put_int(&j, "trial", r->number);
  json_put_str(&j, "status", trial_status_names[r->status]);
  trial_write_point(&scratch, &j, r->point ? r->point : "");
  write_metrics(&j, r);
  json_put_int(&j, "epochs", r->curves.n_epochs);
  json_put_f64(&j, "seconds", r->seconds);
  json_put_int(&j, "seed", r->seed);
  json_put_f64(&j, "metric", r->metric);
  json_put_int(&j, "chosen_epoch", r->chosen_epoch);
  json_put_int(&j, "diverged_step", r->diverged_step);
  if (r->stopped_early) json_key(&j, "stopped_early"), json_bool(&j, true);
  if (r->terminated) json_key(&j, "terminated"), json_bool(&j, true);
  if (r->has_parent) json_put_int(&j, "parent", r->parent);
  json_put_str(&j, "weights", r->weights);
  json_put_str(&j, "error", r->error);
  write_cost(&j, r);
  json_put_int(&j, "rank", r->rank);
  json_put_str(&j, "host", r->host);
  if (r->n_teams > 0) json_key(&j, "team"), write_teams(&j, r);
  if (r->n_weights > 0) json_put_int(&j, "n_parameters", r->n_weights);
  if (r->multiply_adds > 0) json_put_int(&j, "multiply_adds", r->multiply_adds);
  write_curves(&j, &r->curves);
  trial_write_activations(&j, &r->activations);
  confusion_write(&j, &r->confusion, &r->test_confusion);
  write_repeats(&j, &r->repeats);
  json_close(&j, '}');
  arena_free(&scratch);
}

static Status read_int(const JsonValue *result, const char *key, int64_t *out, Err *e) {
  const JsonValue *v = json_get(result, key);
  CHECK(e, v && v->type == JSON_INT, E_DATA, "result: \"%s\" is missing or no integer", key);
  *out = v->integer;
  return OK;
}

/* 0: not there. */
static int64_t read_size(const JsonValue *result, const char *key) {
  const JsonValue *v = json_get(result, key);
  return v && v->type == JSON_INT ? v->integer : 0;
}

static bool read_flag(const JsonValue *result, const char *key) {
  const JsonValue *v = json_get(result, key);
  return v && v->type == JSON_BOOL && v->integer;
}

static Status read_status(const JsonValue *result, TrialStatus *out, Err *e) {
  const char *name = json_text(json_get(result, "status"), "");
  for (int s = TRIAL_COMPLETED; s <= TRIAL_FAILED; s++) {
    if (!str_eq(name, trial_status_names[s])) continue;
    *out = (TrialStatus)s;
    return OK;
  }
  FAIL(e, E_DATA, "result: unknown status \"%s\"", name);
}

static Status read_curves(Arena *a, const JsonValue *result, Curves *out, Err *e) {
  const JsonValue *v = json_get(result, "curves");
  CHECK(e, v && v->type == JSON_MAP, E_DATA, "result: \"curves\" is missing or no object");
  out->n_names = v->n_children;
  for (const JsonValue *c = v->first; c; c = c->next)
    CHECK(e, c->type == JSON_LIST && c->n_children == out->n_epochs, E_DATA,
          "result: curve \"%s\" has not one number an epoch", c->key);
  out->names = ARENA_ARRAY(a, const char *, out->n_names);
  out->values =
      ARENA_ARRAY(a, double, (size_t)out->n_names *(size_t)(out->n_names ? out->n_epochs : 0));
  int i = 0;
  for (const JsonValue *c = v->first; c; c = c->next, i++) {
    out->names[i] = arena_strdup(a, c->key);
    int k = 0;
    for (const JsonValue *x = c->first; x; x = x->next, k++)
      out->values[(int64_t)k * out->n_names + i] = json_number(x, NAN);
  }
  return OK;
}

static const char *read_optional(Arena *a, const JsonValue *result, const char *key) {
  const char *text = json_text(json_get(result, key), NULL);
  return text ? arena_strdup(a, text) : NULL;
}

static Status read_parameters(Arena *a, const JsonValue *result, TrialResult *out, Err *e) {
  const JsonValue *v = json_get(result, "parameters");
  if (v == NULL) return OK;
  CHECK(e, v->type == JSON_MAP, E_DATA, "result: \"parameters\" is no object");
  TrialParameter *p = ARENA_ARRAY(a, TrialParameter, v->n_children);
  for (const JsonValue *c = v->first; c; c = c->next) {
    const bool is_list = c->type == JSON_LIST;
    const int n = is_list ? c->n_children : 1;
    float *values = ARENA_ARRAY(a, float, n);
    int k = 0;
    for (const JsonValue *x = is_list ? c->first : c; x; x = is_list ? x->next : NULL)
      values[k++] = (float)json_number(x, NAN);
    p[out->n_parameters++] = (TrialParameter){
        .name = arena_strdup(a, c->key), .is_list = is_list, .n = n, .values = values};
  }
  out->parameters = p;
  return OK;
}

static Status read_teams(Arena *a, const JsonValue *result, TrialResult *out, Err *e) {
  const JsonValue *v = json_get(result, "team");
  if (v == NULL) return OK;
  CHECK(e, v->type == JSON_LIST, E_DATA, "result: \"team\" is no list");
  TrialTeam *teams = ARENA_ARRAY(a, TrialTeam, v->n_children);
  for (const JsonValue *c = v->first; c; c = c->next) {
    const JsonValue *step = json_get(c, "step"), *list = json_get(c, "ranks");
    CHECK(e, step && step->type == JSON_INT && list && list->type == JSON_LIST, E_DATA,
          "result: \"team\" has no step or no ranks");
    int *ranks = ARENA_ARRAY(a, int, list->n_children), n = 0;
    for (const JsonValue *x = list->first; x; x = x->next) ranks[n++] = (int)x->integer;
    teams[out->n_teams++] = (TrialTeam){.step = step->integer, .n = n, .ranks = ranks};
  }
  out->teams = teams;
  return OK;
}

static Status read_epochs(const JsonValue *result, int *out, Err *e) {
  int64_t epochs = 0;
  TRY(read_int(result, "epochs", &epochs, e));
  CHECK(e, epochs >= 0 && epochs <= INT32_MAX, E_DATA, "result: \"epochs\" is %lld",
        (long long)epochs);
  *out = (int)epochs;
  return OK;
}

Status trial_read_json(Arena *a, const JsonValue *v, TrialResult *out, Err *e) {
  TRY(trial_read_brief_json(a, v, out, e));
  return read_curves(a, v, &out->curves, e);
}

Status trial_read_brief_json(Arena *a, const JsonValue *v, TrialResult *out, Err *e) {
  *out = (TrialResult){0};
  int64_t version = 0, rank = 0;
  TRY(read_int(v, "schema_version", &version, e));
  CHECK(e, version == SCHEMA_VERSION, E_DATA, "result: schema version %lld; this caviar reads %d",
        (long long)version, SCHEMA_VERSION);
  TRY(read_int(v, "trial", &out->number, e));
  TRY(read_int(v, "seed", &out->seed, e));
  TRY(read_status(v, &out->status, e));
  TRY(read_int(v, "chosen_epoch", &out->chosen_epoch, e));
  TRY(read_int(v, "diverged_step", &out->diverged_step, e));
  TRY(read_int(v, "rank", &rank, e));
  TRY(read_epochs(v, &out->curves.n_epochs, e));
  TRY(trial_read_activations(a, v, out->curves.n_epochs, &out->activations, e));
  TRY(confusion_read(a, v, "validation", &out->confusion, e));
  CHECK(e, out->chosen_epoch >= 0 && out->chosen_epoch <= out->curves.n_epochs, E_DATA,
        "result: \"chosen_epoch\" is not one of the epochs");
  const char *weights = json_text(json_get(v, "weights"), "");
  CHECK(e, strlen(weights) < HASH_HEX, E_DATA, "result: \"weights\" is no hash");
  strcpy(out->weights, weights);
  out->stopped_early = read_flag(v, "stopped_early");
  out->terminated = read_flag(v, "terminated");
  out->has_parent = json_get(v, "parent") != NULL;
  if (out->has_parent) TRY(read_int(v, "parent", &out->parent, e));
  CHECK(e, !out->has_parent || (out->parent >= 0 && out->parent < out->number), E_DATA,
        "result: \"parent\" is no trial before it");
  out->rank = (int)rank;
  out->point = read_point(a, v);
  out->metric = json_number(json_get(v, "metric"), NAN);
  out->seconds = json_number(json_get(v, "seconds"), 0);
  out->error = read_optional(a, v, "error");
  out->host = read_optional(a, v, "host");
  out->reason = read_optional(a, v, "reason");
  out->n_weights = read_size(v, "n_parameters");
  out->multiply_adds = read_size(v, "multiply_adds");
  TRY(read_teams(a, v, out, e));
  return read_parameters(a, v, out, e);
}

/* ---- without the curves ---------------------------------------------------------------------- */

/* Behind the object whose first key or closing brace stands at `at`, if it is one as write_curves
 * writes it; NULL: it is none. */
static const char *behind_curves(const char *at, const char *end) {
  static const char list[] = "\": [", comma[] = ", ";
  const size_t n_list = strlen(list), n_comma = strlen(comma);
  bool more = *at != '}';
  while (more) {
    if (*at != '"') return NULL;
    at = memchr(at + 1, '"', (size_t)(end - at - 1));
    if (at == NULL || strncmp(at, list, n_list) != 0) return NULL;
    at = memchr(at + n_list, ']', (size_t)(end - at) - n_list);
    if (at == NULL) return NULL;
    more = strncmp(++at, comma, n_comma) == 0;
    if (more) at += n_comma;
  }
  return *at == '}' ? at + 1 : NULL;
}

bool trial_brief_text(const char *json, size_t n, Str *out) {
  static const char key[] = "\"curves\": {";
  const char *at = strstr(json, key), *inside = at ? at + strlen(key) : NULL;
  const char *behind = inside ? behind_curves(inside, json + n) : NULL;
  if (behind == NULL) return false;
  str_addn(out, json, (int)(inside - 1 - json));
  str_add(out, "null");
  str_addn(out, behind, (int)(json + n - behind));
  return true;
}

bool trial_is_brief(const JsonValue *result) {
  const JsonValue *v = json_get(result, "curves");
  return v && v->type == JSON_NONE;
}
