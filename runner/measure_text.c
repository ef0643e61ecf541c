/* What metrics came to, as JSON and for people. */
#include <math.h>
#include <string.h>

#include "io/utf8.h"
#include "measure.h"

/* ---- numbers --------------------------------------------------------------------------------- */

void metrics_write(JsonWriter *j, const Metrics *m) {
  if (m->n == 0) return;
  json_key(j, "metrics");
  json_open(j, '{');
  for (int i = 0; i < m->n; i++) {
    json_key(j, m->names[i]);
    json_f64(j, m->values[i]);
  }
  json_close(j, '}');
}

void metrics_read(Arena *a, const JsonValue *object, Metrics *out) {
  const JsonValue *map = json_get(object, "metrics");
  out->n = 0;
  if (!map || map->type != JSON_MAP) return;
  out->names = ARENA_ARRAY(a, const char *, map->n_children);
  out->values = ARENA_ARRAY(a, double, map->n_children);
  for (const JsonValue *v = map->first; v; v = v->next) {
    out->names[out->n] = arena_strdup(a, v->key);
    out->values[out->n++] = json_number(v, NAN);
  }
}

/* ---- the matrix ------------------------------------------------------------------------------ */

static void write_counts(JsonWriter *j, const char *part, const Confusion *c) {
  if (c->n == 0) return;
  json_key(j, part);
  json_open(j, '[');
  for (int i = 0; i < c->n; i++) {
    json_open(j, '[');
    for (int k = 0; k < c->n; k++) json_int(j, c->counts[i * c->n + k]);
    json_close(j, ']');
  }
  json_close(j, ']');
}

void confusion_write(JsonWriter *j, const Confusion *validation, const Confusion *test) {
  const Confusion *any = validation->n ? validation : test;
  if (any->n == 0) return;
  json_key(j, "confusion");
  json_open(j, '{');
  json_key(j, "classes");
  json_open(j, '[');
  for (int i = 0; i < any->n; i++) json_str(j, any->classes[i]);
  json_close(j, ']');
  write_counts(j, "validation", validation);
  write_counts(j, "test", test);
  json_close(j, '}');
}

static Status read_row(const JsonValue *row, int n, int64_t *out, Err *e) {
  CHECK(e, row->type == JSON_LIST && row->n_children == n, E_DATA,
        "result: a row of \"confusion\" has not one number a class");
  for (const JsonValue *v = row->first; v; v = v->next) {
    CHECK(e, v->type == JSON_INT && v->integer >= 0, E_DATA,
          "result: \"confusion\" holds what is no count");
    *out++ = v->integer;
  }
  return OK;
}

Status confusion_read(Arena *a, const JsonValue *object, const char *part, Confusion *out, Err *e) {
  const JsonValue *map = json_get(object, "confusion"), *rows = json_get(map, part);
  const JsonValue *names = json_get(map, "classes");
  *out = (Confusion){0};
  if (!rows) return OK;
  CHECK(e,
        names && names->type == JSON_LIST && rows->type == JSON_LIST &&
            rows->n_children == names->n_children,
        E_DATA, "result: \"confusion\" has not one row a class");
  const int n = rows->n_children;
  out->classes = ARENA_ARRAY(a, const char *, n);
  out->counts = ARENA_ARRAY(a, int64_t, (size_t)n * (size_t)n);
  int i = 0;
  for (const JsonValue *v = names->first; v; v = v->next)
    out->classes[i++] = arena_strdup(a, json_text(v, ""));
  i = 0;
  for (const JsonValue *v = rows->first; v; v = v->next)
    TRY(read_row(v, n, out->counts + (size_t)n * (size_t)i++, e));
  out->n = n;
  return OK;
}

/* ---- for people ------------------------------------------------------------------------------ */

static void add_right(Str *out, int width, const char *text) {
  str_addf(out, "  %*s%s", width - utf8_columns(text), "", text);
}

/* Columns are as wide as the widest class name or count. */
void confusion_print(const Confusion *c, const char *title, Str *out) {
  char number[32];
  int width = 0;
  for (int i = 0; i < c->n; i++) {
    const int n = utf8_columns(c->classes[i]);
    width = n > width ? n : width;
  }
  for (int i = 0; i < c->n * c->n; i++) {
    const int n = (int)strlen(str_count(c->counts[i], number));
    width = n > width ? n : width;
  }
  str_addf(out, "\nconfusion, %s: a row a true class, a column a predicted one\n", title);
  str_addf(out, "%*s", width, "");
  for (int i = 0; i < c->n; i++) add_right(out, width, c->classes[i]);
  str_add(out, "\n");
  for (int i = 0; i < c->n; i++) {
    str_addf(out, "%*s%s", width - utf8_columns(c->classes[i]), "", c->classes[i]);
    for (int k = 0; k < c->n; k++)
      add_right(out, width, str_count(c->counts[i * c->n + k], number));
    str_add(out, "\n");
  }
}
