#include "yaml.h"

#include <string.h>

YamlNode *yaml_new(Arena *a, YamlType type, Mark mark) {
  YamlNode *n = ARENA_NEW(a, YamlNode);
  n->type = type;
  n->mark = mark;
  return n;
}

YamlNode *yaml_new_scalar(Arena *a, const char *text, bool quoted, Mark mark) {
  YamlNode *n = yaml_new(a, YAML_SCALAR, mark);
  n->text = arena_strdup(a, text);
  n->quoted = quoted;
  return n;
}

YamlNode *yaml_copy(Arena *a, const YamlNode *n) {
  YamlNode *copy = yaml_new(a, n->type, n->mark);
  copy->text = n->text != NULL ? arena_strdup(a, n->text) : NULL;
  copy->quoted = n->quoted;
  copy->param = n->param;
  for (const YamlNode *child = n->first; child != NULL; child = child->next) {
    YamlNode *c = yaml_copy(a, child);
    c->key = child->key != NULL ? arena_strdup(a, child->key) : NULL;
    c->key_mark = child->key_mark;
    yaml_append(copy, c);
  }
  return copy;
}

YamlNode *yaml_get(const YamlNode *map, const char *key) {
  if (map == NULL || map->type != YAML_MAP) return NULL;
  for (YamlNode *child = map->first; child != NULL; child = child->next) {
    if (str_eq(child->key, key)) return child;
  }
  return NULL;
}

YamlNode *yaml_at(const YamlNode *list, int i) {
  if (list == NULL || i < 0) return NULL;
  YamlNode *child = list->first;
  while (child != NULL && i-- > 0) child = child->next;
  return child;
}

void yaml_append(YamlNode *list, YamlNode *value) {
  value->next = NULL;
  if (list->last != NULL) list->last->next = value;
  if (list->first == NULL) list->first = value;
  list->last = value;
  list->n_children++;
}

void yaml_put(Arena *a, YamlNode *map, const char *key, YamlNode *value) {
  YamlNode *before = NULL, *old = map->first;
  while (old != NULL && !str_eq(old->key, key)) {
    before = old;
    old = old->next;
  }
  value->key = arena_strdup(a, key);
  if (value->key_mark.source == NULL) value->key_mark = old != NULL ? old->key_mark : value->mark;
  if (old == NULL) {
    yaml_append(map, value);
    return;
  }
  value->next = old->next;
  if (before != NULL) before->next = value;
  if (map->first == old) map->first = value;
  if (map->last == old) map->last = value;
}

void yaml_become(YamlNode *n, const YamlNode *value) {
  YamlNode was = *n;
  *n = *value;
  n->key = was.key;
  n->key_mark = was.key_mark;
  n->next = was.next;
}

Scalar yaml_scalar(const YamlNode *n) {
  return scalar_parse(n->text, n->quoted);
}

static bool scalars_equal(Scalar a, Scalar b) {
  bool numbers = (a.type == SCALAR_INT || a.type == SCALAR_REAL) &&
                 (b.type == SCALAR_INT || b.type == SCALAR_REAL);
  if (numbers) {
    if (a.type == SCALAR_INT && b.type == SCALAR_INT) return a.integer == b.integer;
    return a.real == b.real || (a.real != a.real && b.real != b.real);
  }
  if (a.type != b.type) return false;
  if (a.type == SCALAR_BOOL) return a.boolean == b.boolean;
  return a.type == SCALAR_NULL || str_eq(a.text, b.text);
}

bool yaml_equal(const YamlNode *a, const YamlNode *b) {
  if (a == NULL || b == NULL) return a == b;
  if (a->type != b->type || a->n_children != b->n_children) return false;
  if (a->type == YAML_SCALAR) return scalars_equal(yaml_scalar(a), yaml_scalar(b));
  const YamlNode *other = b->first; /* usually in the same order */
  for (const YamlNode *child = a->first; child != NULL; child = child->next) {
    const YamlNode *match = other;
    if (a->type == YAML_MAP && (other == NULL || !str_eq(child->key, other->key))) {
      match = yaml_get(b, child->key);
    }
    if (match == NULL || !yaml_equal(child, match)) return false;
    other = match->next;
  }
  return true;
}
