/* when: conditions of the parameters of a search. */
#include "spec_when.h"

#include <math.h>

/* ---- on whom --------------------------------------------------------------------------------- */

static void not_searched(const Resolve *r, const Space *s, const YamlNode *key) {
  const char *nearest = space_nearest(s, key->key);
  if (nearest)
    diag_add(r->d, DIAG_ERROR, key->key_mark,
             "when: %s is no parameter of this search; did you mean \"%s\"?", key->key, nearest);
  else
    diag_add(r->d, DIAG_ERROR, key->key_mark,
             "when: %s is no parameter of this search; a condition is on another one of "
             "search.parameters",
             key->key);
}

/* The conditions of one entry, without their values. */
static bool link_entry(const Resolve *r, const YamlNode *entry, Space *s, Dim *d) {
  const YamlNode *when = yaml_get(entry, "when");
  if (when == NULL) return true;
  if (when->type != YAML_MAP || when->n_children == 0) {
    diag_add(r->d, DIAG_ERROR, when->key_mark,
             "when: expected conditions on other parameters, such as {train.optimizer.name: adam}");
    return false;
  }
  d->when = ARENA_ARRAY(r->a, Condition, when->n_children);
  for (const YamlNode *c = when->first; c; c = c->next) {
    const int dim = space_find(s, c->key);
    if (dim < 0)
      not_searched(r, s, c);
    else
      d->when[d->n_when++].dim = dim;
  }
  return d->n_when == when->n_children;
}

/* Puts dims[i] into `order`, behind those that it depends on. state: 0 not yet, 1 on the way, 2
 * there. Returns who closes a circle, or -1. */
static int put_in_order(const Space *s, int i, int *state, int *order, int *n) {
  if (state[i] == 2) return -1;
  if (state[i] == 1) return i;
  state[i] = 1;
  for (int k = 0; k < s->dims[i].n_when; k++) {
    const int circle = put_in_order(s, s->dims[i].when[k].dim, state, order, n);
    if (circle >= 0) return circle;
  }
  state[i] = 2;
  order[(*n)++] = i;
  return -1;
}

/* a -> b -> a, along those that are on the way. */
static const char *circle_text(const Resolve *r, const Space *s, int first, const int *state) {
  Str out = str_new(r->a);
  int i = first;
  str_add(&out, s->dims[i].path);
  do {
    int next = first;
    for (int k = 0; k < s->dims[i].n_when; k++)
      if (state[s->dims[i].when[k].dim] == 1) next = s->dims[i].when[k].dim;
    i = next;
    str_addf(&out, " -> %s", s->dims[i].path);
  } while (i != first);
  return str_text(&out);
}

bool when_link(const Resolve *r, const YamlNode *parameters, Space *space) {
  int i = 0, n = 0, conditions = 0;
  bool legal = true;
  for (const YamlNode *c = parameters->first; c; c = c->next, i++) {
    legal &= link_entry(r, c, space, &space->dims[i]);
    conditions += space->dims[i].n_when;
  }
  if (!legal || conditions == 0) return legal;
  int *order = ARENA_ARRAY(r->a, int, space->n), *state = ARENA_ARRAY(r->a, int, space->n);
  for (i = 0; i < space->n; i++) {
    const int circle = put_in_order(space, i, state, order, &n);
    if (circle < 0) continue;
    diag_add(r->d, DIAG_ERROR, yaml_get(yaml_at(parameters, circle), "when")->key_mark,
             "when: conditions in a circle: %s", circle_text(r, space, circle, state));
    return false;
  }
  space->order = order;
  return true;
}

/* ---- which values ---------------------------------------------------------------------------- */

/* The dimension's own value that is meant; NULL after an error. */
static const YamlNode *value_of(const Resolve *r, const Dim *on, const YamlNode *in) {
  if (on->values == NULL && space_grid_size(on) == 0) {
    diag_add(r->d, DIAG_ERROR, in->mark,
             "when: %s is continuous, so it has no values to depend on; give it values or q",
             on->path);
    return NULL;
  }
  YamlNode *value = space_own_value(r->a, on, in);
  if (value) return value;
  Str found = str_new(r->a), may_be = str_new(r->a);
  yaml_write_flow(in, &found);
  space_values_text(on, &may_be);
  diag_add(r->d, DIAG_ERROR, in->mark, "when: %s is never %s; it may be %s", on->path,
           str_text(&found), str_text(&may_be));
  return NULL;
}

/* A list is a list of values, unless it is one itself: values that are layers, or numbers. */
static bool is_list_of_values(const Dim *on, const YamlNode *in) {
  return in->type == YAML_LIST && isnan(space_unit(on, in));
}

static bool values_of(const Resolve *r, const Dim *on, const YamlNode *in, Condition *c,
                      YamlNode *out) {
  const bool is_list = is_list_of_values(on, in);
  const int errors = r->d->n_refusals, n = is_list ? in->n_children : 1;
  if (n == 0) diag_add(r->d, DIAG_ERROR, in->mark, "when: of %s no value is listed", on->path);
  c->values = ARENA_ARRAY(r->a, const YamlNode *, n);
  YamlNode *list = yaml_new(r->a, YAML_LIST, in->mark);
  for (const YamlNode *v = is_list ? in->first : in; v; v = is_list ? v->next : NULL) {
    const YamlNode *value = value_of(r, on, v);
    if (value == NULL) continue;
    YamlNode *copy = yaml_copy(r->a, value);
    copy->mark = v->mark;
    yaml_append(list, copy);
    c->values[c->n_values++] = copy;
  }
  if (r->d->n_refusals > errors) return false;
  yaml_put(r->a, out, on->path, n == 1 ? yaml_copy(r->a, c->values[0]) : list);
  return true;
}

bool when_values(const Resolve *r, const YamlNode *entry, Space *space, int i, YamlNode *out) {
  const YamlNode *when = yaml_get(entry, "when");
  if (when == NULL) return true;
  YamlNode *map = yaml_new(r->a, YAML_MAP, when->mark);
  bool legal = true;
  int k = 0;
  for (const YamlNode *c = when->first; c; c = c->next, k++) {
    Condition *condition = &space->dims[i].when[k];
    legal &= values_of(r, &space->dims[condition->dim], c, condition, map);
  }
  yaml_put(r->a, out, "when", map);
  return legal;
}

/* ---- where it holds -------------------------------------------------------------------------- */

/* Values for which the conditions of dims[i] hold, the first of each. */
static void let_hold(const Space *s, int i, Point *p) {
  for (int k = 0; k < s->dims[i].n_when; k++) {
    const Condition *c = &s->dims[i].when[k];
    p->values[c->dim] = c->values[0];
    let_hold(s, c->dim, p);
  }
}

const YamlNode *when_tree(const Resolve *r, const Spec *s, int i, int c, int v) {
  const Space *space = &s->search.space;
  const Dim *d = &space->dims[i];
  if (d->n_when == 0) return s->tree;
  Point p = {.values = ARENA_ARRAY(r->a, const YamlNode *, space->n), .n = space->n};
  let_hold(space, i, &p);
  p.values[d->when[c].dim] = d->when[c].values[v];
  return spec_tree_at(r->a, s, &p);
}
