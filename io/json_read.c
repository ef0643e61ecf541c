/* jansson's values -> JsonValue trees in an arena. The only file that knows jansson. */
#include "json_plain.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* NULL: nested too deep. */
static JsonValue *convert(Arena *a, const json_t *from, int depth);

static void add_child(JsonValue *parent, JsonValue **last, JsonValue *child) {
  *(*last == NULL ? &parent->first : &(*last)->next) = child;
  *last = child;
  parent->n_children++;
}

static bool convert_children(Arena *a, const json_t *from, JsonValue *v, int depth) {
  JsonValue *last = NULL;
  if (v->type == JSON_LIST) {
    for (size_t i = 0; i < json_array_size(from); i++) {
      JsonValue *child = convert(a, json_array_get(from, i), depth + 1);
      if (child == NULL) return false;
      add_child(v, &last, child);
    }
    return true;
  }
  json_t *object = (json_t *)from; /* jansson's iterator is not const; nothing is changed */
  for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
    JsonValue *child = convert(a, json_object_iter_value(at), depth + 1);
    if (child == NULL) return false;
    child->key = arena_strdup(a, json_object_iter_key(at));
    add_child(v, &last, child);
  }
  return true;
}

void json_set_text(JsonValue *v, const char *text) {
  v->type = JSON_TEXT;
  v->text = text;
  v->length = (int)strlen(text);
  if (str_eq(text, "inf")) v->real = INFINITY;
  if (str_eq(text, "-inf")) v->real = -INFINITY;
}

static JsonValue *convert(Arena *a, const json_t *from, int depth) {
  if (depth > JSON_MAX_DEPTH) return NULL;
  JsonValue *v = ARENA_NEW(a, JsonValue);
  switch (json_typeof(from)) {
  case JSON_OBJECT:
  case JSON_ARRAY:
    v->type = json_is_object(from) ? JSON_MAP : JSON_LIST;
    return convert_children(a, from, v, depth) ? v : NULL;
  case JSON_STRING:
    json_set_text(v, arena_strdup(a, json_string_value(from)));
    break;
  case JSON_INTEGER:
    v->type = JSON_INT;
    v->integer = json_integer_value(from);
    v->real = (double)v->integer;
    break;
  case JSON_REAL:
    v->type = JSON_NUMBER;
    v->real = json_real_value(from);
    break;
  case JSON_TRUE:
  case JSON_FALSE:
    v->type = JSON_BOOL;
    v->integer = json_is_true(from);
    break;
  case JSON_NULL:
    v->real = NAN;
    break;
  }
  return v;
}

Status json_parse(Arena *a, const char *text, size_t n, JsonValue **value, Err *e) {
  *value = json_parse_plain(a, text, n);
  return *value ? OK : json_parse_any(a, text, n, value, e);
}

Status json_parse_any(Arena *a, const char *text, size_t n, JsonValue **value, Err *e) {
  json_error_t error;
  size_t flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES;
  json_t *root = json_loadb(text, n, flags, &error);
  CHECK(e, root != NULL, E_DATA, "JSON line %d, column %d: %s", error.line, error.column,
        error.text);
  *value = convert(a, root, 1);
  json_decref(root);
  CHECK(e, *value != NULL, E_DATA, "JSON nested deeper than %d levels", JSON_MAX_DEPTH);
  return OK;
}

const JsonValue *json_get(const JsonValue *object, const char *key) {
  if (object == NULL || object->type != JSON_MAP) return NULL;
  for (const JsonValue *child = object->first; child != NULL; child = child->next) {
    if (child->key[0] == key[0] && str_eq(child->key, key)) return child; /* most end there */
  }
  return NULL;
}

double json_number(const JsonValue *v, double otherwise) {
  if (v == NULL || v->type == JSON_BOOL || v->type == JSON_LIST || v->type == JSON_MAP) {
    return otherwise;
  }
  return v->type != JSON_TEXT || isinf(v->real) ? v->real : otherwise;
}

const char *json_text(const JsonValue *v, const char *otherwise) {
  return v != NULL && v->type == JSON_TEXT ? v->text : otherwise;
}
