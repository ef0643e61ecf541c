#include "spec_resolve.h"

#include <limits.h>

const char *resolve_type_name(const YamlNode *n) {
  if (n->type == YAML_LIST) return "a list";
  if (n->type == YAML_MAP) return "a map";
  return scalar_type_name(yaml_scalar(n).type);
}

Mark resolve_key_mark(const YamlNode *n, Mark otherwise) {
  if (n == NULL) return otherwise;
  return n->key ? n->key_mark : n->mark;
}

static bool is_nothing(const YamlNode *n) {
  return n == NULL || (n->type == YAML_SCALAR && yaml_scalar(n).type == SCALAR_NULL);
}

const YamlNode *resolve_expect_map(const Resolve *r, const YamlNode *in, const char *where) {
  if (is_nothing(in)) return NULL;
  if (in->type == YAML_MAP) return in;
  diag_add(r->d, DIAG_ERROR, in->mark, "%s: expected a map (key: value), found %s", where,
           resolve_type_name(in));
  return NULL;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static bool is_also(const MapSpec *m, const char *key) {
  for (int i = 0; m->also && m->also[i]; i++)
    if (str_eq(m->also[i], key)) return true;
  return false;
}

static bool is_known(const MapSpec *m, const char *key) {
  return param_find(m->params, m->n_params, key) || is_also(m, key);
}

static const char *nearest_key(const MapSpec *m, const char *key) {
  const char *nearest = NULL;
  int best = INT_MAX;
  for (int i = 0; i < m->n_params; i++)
    if (str_nearer(key, m->params[i].name, &best)) nearest = m->params[i].name;
  for (int i = 0; m->also && m->also[i]; i++)
    if (str_nearer(key, m->also[i], &best)) nearest = m->also[i];
  return nearest;
}

bool resolve_was_meant(const MapSpec *m, const YamlNode *map, const char *key) {
  for (const YamlNode *c = map ? map->first : NULL; c; c = c->next) {
    const char *nearest = is_known(m, c->key) ? NULL : nearest_key(m, c->key);
    if (nearest && str_eq(nearest, key)) return true;
  }
  return false;
}

/* The row of a kind that has such a parameter: `learning_rate` beside the optimizer. */
static const Param *owner_of(const MapSpec *m, const char *key, const Kind **kind) {
  for (int i = 0; i < m->n_params; i++) {
    const Registry *kinds = m->params[i].type == P_KIND ? m->params[i].registry : NULL;
    for (int k = 0; kinds && k < kinds->n; k++) {
      *kind = kinds->kinds[k];
      if (param_find((*kind)->params, (*kind)->n_params, key)) return &m->params[i];
    }
  }
  return NULL;
}

void resolve_unknown_key(const Resolve *r, const YamlNode *child, const MapSpec *m) {
  const char *nearest = nearest_key(m, child->key);
  const Kind *kind;
  const Param *owner = owner_of(m, child->key, &kind);
  if (owner) {
    diag_add(r->d, DIAG_ERROR, child->key_mark,
             "unknown key \"%s\" in %s; it belongs to %s: {name: %s, %s: ..}", child->key, m->where,
             owner->name, kind->name, child->key);
    return;
  }
  if (nearest) {
    diag_add(r->d, DIAG_ERROR, child->key_mark, "unknown key \"%s\" in %s; did you mean \"%s\"?",
             child->key, m->where, nearest);
    return;
  }
  Str keys = str_new(r->a);
  for (int i = 0; i < m->n_params; i++) str_addf(&keys, ", %s", m->params[i].name);
  for (int i = 0; m->also && m->also[i]; i++) str_addf(&keys, ", %s", m->also[i]);
  if (m->n_params == 0)
    diag_add(r->d, DIAG_ERROR, child->key_mark, "unknown key \"%s\"; %s has no parameters",
             child->key, m->where);
  else
    diag_add(r->d, DIAG_ERROR, child->key_mark, "unknown key \"%s\" in %s; its keys are %s",
             child->key, m->where, str_text(&keys) + 2);
}

void resolve_map(const Resolve *r, const YamlNode *in, const MapSpec *m, void *object,
                 YamlNode *out) {
  MapSpec with = *m;
  with.map = resolve_expect_map(r, in, m->where);
  with.no_map = with.map == NULL && !is_nothing(in);
  for (const YamlNode *c = with.map ? with.map->first : NULL; c; c = c->next)
    if (!is_known(m, c->key)) resolve_unknown_key(r, c, m);
  for (int i = 0; i < m->n_params; i++) {
    const Param *p = &m->params[i];
    resolve_param(r, p, yaml_get(with.map, p->name), &with, object, out);
  }
}

/* ---- values ---------------------------------------------------------------------------------- */

/* `in`: what the numbers were read from, for their marks; NULL: a default. */
static YamlNode *reals_node(const Resolve *r, const Param *p, const Reals *list, const YamlNode *in,
                            Mark mark) {
  YamlNode *n = yaml_new(r->a, YAML_LIST, mark);
  const YamlNode *from = in ? in->first : NULL;
  n->param = p;
  for (int i = 0; i < list->n; i++) {
    char text[32];
    str_f64(list->v[i], text);
    yaml_append(n, yaml_new_scalar(r->a, text, false, from ? from->mark : mark));
    from = from ? from->next : NULL;
  }
  return n;
}

YamlNode *resolve_scalar(const Resolve *r, const Param *p, const void *object, Mark mark) {
  const char *text;
  bool quoted = false;
  const void *from = (const char *)object + p->offset;
  if (p->type == P_REALS && ((const Reals *)from)->v) return reals_node(r, p, from, NULL, mark);
  if (p->type == P_STRING) {
    text = *(const char *const *)from;
    quoted = scalar_parse(text, false).type != SCALAR_STRING;
  } else {
    Str s = str_new(r->a);
    param_get(p, object, &s);
    text = str_text(&s);
  }
  YamlNode *n = yaml_new_scalar(r->a, text, quoted, mark);
  n->param = p;
  return n;
}

static void missing_key(const Resolve *r, const Param *p, const MapSpec *m) {
  /* A misspelling, or what stands in place of the map, was found already. */
  if (m->no_map || resolve_was_meant(m, m->map, p->name)) return;
  Str s = str_new(r->a);
  param_expectation(p, &s);
  diag_add(r->d, DIAG_ERROR, m->mark, "%s: \"%s\" is missing: %s (%s)", m->where, p->name, p->doc,
           str_text(&s));
}

/* In place of a value that could not be read, so that paths to it are not wrong too. */
static YamlNode *stand_in(const Resolve *r, const Param *p, Mark mark) {
  YamlNode *n =
      p->type == P_KIND ? yaml_new(r->a, YAML_MAP, mark) : yaml_new_scalar(r->a, "", false, mark);
  n->param = p;
  return n;
}

static void *field(const Param *p, void *object) {
  return (char *)object + p->offset;
}

static void resolve_default(const Resolve *r, const Param *p, const MapSpec *m, void *object,
                            YamlNode *out) {
  if (p->def == NULL) {
    if (p->optional) return;
    missing_key(r, p, m);
    yaml_put(r->a, out, p->name, stand_in(r, p, m->mark));
    return;
  }
  if (p->type == P_KIND) {
    const YamlNode *name = yaml_new_scalar(r->a, p->def, false, m->mark);
    yaml_put(r->a, out, p->name, resolve_kind(r, p, name, p->name, field(p, object)));
    return;
  }
  param_defaults(p, 1, object, r->a);
  if (p->optional) return;
  yaml_put(r->a, out, p->name, resolve_scalar(r, p, object, m->mark));
}

/* The numbers of the list `in`; NULL after errors, of which each wrong element has its own. */
static YamlNode *resolve_reals(const Resolve *r, const Param *p, const YamlNode *in, Reals *out) {
  const int errors = r->d->n_refusals;
  *out = (Reals){.v = ARENA_ARRAY(r->a, double, in->n_children + 1)};
  Str s = str_new(r->a);
  param_expectation(p, &s);
  if (in->n_children == 0)
    diag_add(r->d, DIAG_ERROR, in->mark, "%s: expected %s, found an empty list", p->name,
             str_text(&s));
  for (const YamlNode *c = in->first; c; c = c->next) {
    Err e = {.status = OK};
    if (c->type != YAML_SCALAR) {
      diag_add(r->d, DIAG_ERROR, c->mark, "%s: expected %s, found %s in it", p->name, str_text(&s),
               resolve_type_name(c));
      continue;
    }
    const Scalar value = yaml_scalar(c);
    if (param_element(p, &value, &out->v[out->n++], &e) != OK)
      diag_add(r->d, DIAG_ERROR, c->mark, "%s: %s", p->name, e.text);
  }
  return r->d->n_refusals == errors ? reals_node(r, p, out, in, in->mark) : NULL;
}

void resolve_param(const Resolve *r, const Param *p, const YamlNode *in, const MapSpec *m,
                   void *object, YamlNode *out) {
  if (in == NULL) {
    resolve_default(r, p, m, object, out);
    return;
  }
  if (p->type == P_KIND) {
    const char *where = arena_printf(r->a, "%s.%s", m->where, p->name);
    yaml_put(r->a, out, p->name, resolve_kind(r, p, in, where, field(p, object)));
    return;
  }
  if (p->type == P_REALS && in->type == YAML_LIST) {
    YamlNode *list = resolve_reals(r, p, in, field(p, object));
    yaml_put(r->a, out, p->name, list ? list : stand_in(r, p, in->mark));
    return;
  }
  Err e = {.status = OK};
  if (in->type != YAML_SCALAR) {
    Str s = str_new(r->a);
    param_expectation(p, &s);
    diag_add(r->d, DIAG_ERROR, in->mark, "%s: expected %s, found %s", p->name, str_text(&s),
             resolve_type_name(in));
    yaml_put(r->a, out, p->name, stand_in(r, p, in->mark));
    return;
  }
  const Scalar value = yaml_scalar(in);
  if (param_set(p, object, &value, &e) == OK) {
    yaml_put(r->a, out, p->name, resolve_scalar(r, p, object, in->mark));
    return;
  }
  const bool quotes = in->quoted && scalar_parse(in->text, false).type != SCALAR_STRING;
  diag_add(r->d, DIAG_ERROR, in->mark, "%s: %s%s", p->name, e.text,
           quotes ? "; write it without quotes" : "");
  yaml_put(r->a, out, p->name, stand_in(r, p, in->mark));
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static const Kind *find_kind(const Resolve *r, const Param *p, const YamlNode *name) {
  Str s = str_new(r->a);
  if (name->type != YAML_SCALAR || yaml_scalar(name).type != SCALAR_STRING) {
    param_expectation(p, &s);
    diag_add(r->d, DIAG_ERROR, name->mark, "%s: expected %s; found %s", p->name, str_text(&s),
             resolve_type_name(name));
    return NULL;
  }
  const Kind *kind = kind_find(p->registry, name->text);
  if (kind) return kind;
  const char *nearest = kind_nearest(p->registry, name->text);
  if (nearest) {
    diag_add(r->d, DIAG_ERROR, name->mark, "no %s is called \"%s\"; did you mean \"%s\"?",
             p->registry->noun, name->text, nearest);
    return NULL;
  }
  for (int i = 0; i < p->registry->n; i++)
    str_addf(&s, "%s%s", i ? ", " : "", p->registry->kinds[i]->name);
  diag_add(r->d, DIAG_ERROR, name->mark, "no %s is called \"%s\"; there are: %s", p->registry->noun,
           name->text, str_text(&s));
  return NULL;
}

static YamlNode *kind_node(const Resolve *r, const Param *p, const Kind *kind, Mark mark) {
  YamlNode *name = yaml_new_scalar(r->a, kind->name, false, mark);
  name->param = p;
  return name;
}

/* The name in `in`, the default's, or NULL after an error. */
static const YamlNode *kind_name(const Resolve *r, const Param *p, const YamlNode *in) {
  if (in->type != YAML_MAP) return in;
  const YamlNode *name = yaml_get(in, "name");
  if (name) return name;
  if (p->def) return yaml_new_scalar(r->a, p->def, false, in->mark);
  Str s = str_new(r->a);
  param_expectation(p, &s);
  diag_add(r->d, DIAG_ERROR, resolve_key_mark(in, in->mark), "%s: \"name\" is missing: %s", p->name,
           str_text(&s));
  return NULL;
}

/* What the parameters of a kind ask of each other, once each is legal. */
void resolve_check(const Resolve *r, const Kind *kind, const void *config, const YamlNode *node) {
  Err e = {.status = OK};
  ParamPlace place = {.element = -1};
  if (kind->check == NULL || kind->check(config, &place, &e) == OK) return;
  const YamlNode *at = place.param ? yaml_get(node, place.param) : NULL;
  const YamlNode *element = at && place.element >= 0 ? yaml_at(at, place.element) : NULL;
  diag_add(r->d, DIAG_ERROR, (element ? element : at ? at : node)->mark, "%s", e.text);
}

/* The kind that a map without a name has as a key, unless that is a parameter of the default kind. */
static const Kind *kind_as_key(const Param *p, const YamlNode *in) {
  if (in->type != YAML_MAP || yaml_get(in, "name")) return NULL;
  const Kind *otherwise = p->def ? kind_find(p->registry, p->def) : NULL;
  for (const YamlNode *c = in->first; c; c = c->next) {
    if (otherwise && param_find(otherwise->params, otherwise->n_params, c->key)) continue;
    const Kind *kind = kind_find(p->registry, c->key);
    if (kind) return kind;
  }
  return NULL;
}

YamlNode *resolve_long_form(Arena *a, const Param *p, const YamlNode *in) {
  const Kind *kind = kind_as_key(p, in);
  const Param *value_of = kind ? kind_main_param(kind) : NULL;
  if (value_of == NULL || in->n_children != 1) return NULL;
  YamlNode *out = yaml_new(a, YAML_MAP, in->mark), *value = yaml_copy(a, in->first);
  out->key = in->key;
  out->key_mark = in->key_mark;
  value->key_mark = in->first->key_mark;
  yaml_put(a, out, "name", yaml_new_scalar(a, kind->name, false, in->first->key_mark));
  yaml_put(a, out, value_of->name, value);
  return out;
}

static void wrong_short_form(const Resolve *r, const Param *p, const YamlNode *in,
                             const Kind *kind) {
  const YamlNode *key = yaml_get(in, kind->name);
  if (kind->n_params == 0)
    diag_add(r->d, DIAG_ERROR, key->key_mark, "%s: %s has no parameters; write %s: %s", p->name,
             kind->name, p->name, kind->name);
  else
    diag_add(
        r->d, DIAG_ERROR, key->key_mark,
        "%s: {%s: value} says it all only for a kind of one parameter; write {name: %s, %s: ..}",
        p->name, kind->name, kind->name, kind->params[0].name);
}

/* `{binarise: 0.5}`: the key that was meant to be a kind, or NULL. */
static const YamlNode *misspelt_kind(const Resolve *r, const Param *p, const YamlNode *in) {
  if (in->type != YAML_MAP || in->n_children != 1 || str_eq(in->first->key, "name")) return NULL;
  const Kind *otherwise = p->def ? kind_find(p->registry, p->def) : NULL;
  const char *key = in->first->key;
  if (otherwise && param_nearest(otherwise->params, otherwise->n_params, key)) return NULL;
  if (!kind_nearest(p->registry, key)) return NULL;
  return yaml_new_scalar(r->a, key, true, in->first->key_mark);
}

YamlNode *resolve_kind(const Resolve *r, const Param *p, const YamlNode *in, const char *where,
                       KindValue *out) {
  static const char *const also[] = {"name", NULL};
  const YamlNode *long_form = resolve_long_form(r->a, p, in);
  if (long_form) in = long_form;
  const Kind *as_key = kind_as_key(p, in);
  if (as_key) {
    wrong_short_form(r, p, in, as_key);
    return stand_in(r, p, in->mark);
  }
  const YamlNode *name = misspelt_kind(r, p, in);
  if (name == NULL) name = kind_name(r, p, in);
  const Kind *kind = name ? find_kind(r, p, name) : NULL;
  if (kind == NULL) return stand_in(r, p, in->mark);
  out->kind = kind;
  out->config = kind->config_size ? arena_alloc(r->a, 1, kind->config_size) : NULL;
  YamlNode *node = yaml_new(r->a, YAML_MAP, in->mark);
  node->param = p;
  yaml_put(r->a, node, "name", kind_node(r, p, kind, name->mark));
  const MapSpec m = {.where = arena_printf(r->a, "%s (%s)", where, kind->name),
                     .mark = resolve_key_mark(in, in->mark),
                     .params = kind->params,
                     .n_params = kind->n_params,
                     .also = also};
  const int errors = r->d->n_refusals;
  resolve_map(r, in->type == YAML_MAP ? in : NULL, &m, out->config, node);
  if (r->d->n_refusals == errors) resolve_check(r, out->kind, out->config, node);
  return node->n_children > 1 ? node : kind_node(r, p, kind, in->mark);
}
