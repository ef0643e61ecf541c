#include "spec_path.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "spec_layers.h"

/* What the node that a walk has reached is, which decides what the next component may be. */
typedef enum {
  AT_MAP,      /* keys */
  AT_LAYERED,  /* the model, a block or a residual: its keys, or a layer of its list */
  AT_BRANCHES, /* a concatenate: its keys, or a branch by its index */
  AT_LIST,     /* a list of layers */
  AT_LAYER,    /* a layer, reached by name or index: its kind's key, name, enabled */
  AT_PARAMS,   /* the value of a kind's key; node is the item itself where that is only `batch_norm`
               */
} WalkAt;

typedef struct {
  Arena *a;
  bool make; /* make what is not there */
  bool last; /* the component that is looked at is the path's last */
  Mark mark; /* for what is made */
  YamlNode *node;
  YamlNode *item; /* AT_PARAMS: the layer; else NULL */
  WalkAt at;
  const Kind *table;  /* AT_MAP, AT_PARAMS: the table of the node's keys; NULL: none, */
  const Param *value; /*   or the row whose value the node is; else NULL */
  const char *problem;
} Walk;

Mark path_mark(Mark at, int from, int length) {
  if (at.length == 1 && from == 0) return at;
  at.column += from;
  at.length = length > 0 ? length : 1;
  return at;
}

static bool fail(Walk *w, const char *problem) {
  w->problem = problem;
  return false;
}

static WalkAt kind_of_place(const YamlNode *n) {
  const LayerGroup *g = spec_group(n);
  if (g == NULL || yaml_get(n, g->key)->type != YAML_LIST) return AT_MAP;
  return g->is_branched ? AT_BRANCHES : AT_LAYERED;
}

static void go(Walk *w, YamlNode *node, WalkAt at) {
  w->node = node;
  w->item = NULL;
  w->at = at;
  w->table = NULL;
  w->value = NULL;
}

/* ---- maps ------------------------------------------------------------------------------------ */

static const char *no_key(Walk *w, const char *c) {
  const char *nearest = NULL;
  int best = INT_MAX;
  for (const YamlNode *k = w->node->first; k; k = k->next)
    if (str_nearer(c, k->key, &best)) nearest = k->key;
  return nearest ? arena_printf(w->a, "there is no \"%s\" here; did you mean \"%s\"?", c, nearest)
                 : arena_printf(w->a, "there is no \"%s\" here", c);
}

static bool is_null(const YamlNode *n) {
  return n->type == YAML_SCALAR && yaml_scalar(n).type == SCALAR_NULL;
}

/* A map where there is `adam` (then with that name) or nothing. */
static void make_map(Walk *w, YamlNode *n, const char *key_of_text) {
  if (n->type != YAML_SCALAR) return;
  YamlNode *map = yaml_new(w->a, YAML_MAP, n->mark);
  if (!is_null(n))
    yaml_put(w->a, map, key_of_text, yaml_new_scalar(w->a, n->text, n->quoted, n->mark));
  yaml_become(n, map);
}

/* `{binarize: 0.5}` becomes {name: binarize, threshold: 0.5}, unless `c` is its key. */
static void make_long_form(Walk *w, const char *c) {
  if (w->value == NULL || w->value->type != P_KIND || yaml_get(w->node, c)) return;
  const YamlNode *long_form = resolve_long_form(w->a, w->value, w->node);
  if (long_form) yaml_become(w->node, long_form);
}

/* The section below `table` that the key `c` names, or NULL. */
static const Kind *section_below(const Kind *table, const char *c) {
  for (int i = 0; i < spec_sections.n; i++) {
    const Section *s = (const Section *)(const void *)spec_sections.kinds[i];
    for (int k = 0; &s->head == table && s->sections && s->sections[k]; k++) {
      const char *name = s->sections[k]->head.name, *dot = strrchr(name, '.');
      if (str_eq(dot ? dot + 1 : name, c)) return &s->sections[k]->head;
    }
  }
  return NULL;
}

/* `batch_norm` becomes `{batch_norm: {}}`; the value of its kind's key. */
static YamlNode *make_layer_map(Walk *w, YamlNode *item) {
  if (item->type == YAML_SCALAR) {
    const char *kind = item->text;
    YamlNode *map = yaml_new(w->a, YAML_MAP, item->mark);
    yaml_put(w->a, map, kind, yaml_new(w->a, YAML_MAP, item->mark));
    yaml_become(item, map);
  }
  return yaml_get(item, spec_layer_key(item));
}

static YamlNode *add(Walk *w, YamlNode *map, const char *key, YamlNode *value) {
  value->key_mark = w->mark;
  yaml_put(w->a, map, key, value);
  return value;
}

static bool step_map(Walk *w, const char *c) {
  YamlNode *n = w->node;
  if (n->type == YAML_SCALAR && str_eq(c, "name") && !w->make) return true; /* `adam` is its name */
  if (w->make) {
    make_map(w, n, "name");
    make_long_form(w, c);
  }
  if (n->type != YAML_MAP)
    return fail(w, arena_printf(w->a, "there is no \"%s\" below a value", c));
  YamlNode *child = yaml_get(n, c);
  if (child == NULL && !w->make) return fail(w, no_key(w, c));
  if (child == NULL) child = add(w, n, c, yaml_new(w->a, YAML_MAP, w->mark));
  const Kind *table = w->table;
  go(w, child, kind_of_place(child));
  if (table == NULL) return true;
  w->table = section_below(table, c);
  w->value = param_find(table->params, table->n_params, c);
  return true;
}

/* ---- layers ---------------------------------------------------------------------------------- */

static bool is_index(const char *c) {
  return *c && strspn(c, "0123456789") == strlen(c) && strlen(c) < 9;
}

static const char *no_layer(Walk *w, const YamlNode *list, const char *c) {
  const char *nearest = NULL;
  int best = INT_MAX;
  for (const YamlNode *i = list->first; i; i = i->next) {
    const char *words[] = {spec_layer_name(i), spec_layer_key(i)};
    for (int k = 0; k < COUNT(words); k++)
      if (words[k] && str_nearer(c, words[k], &best)) nearest = words[k];
  }
  if (nearest)
    return arena_printf(w->a, "no layer here is called \"%s\"; did you mean \"%s\"?", c, nearest);
  if (is_index(c))
    return arena_printf(w->a, "there is no layer %s here: the list has %d, counted from 0", c,
                        list->n_children);
  return arena_printf(w->a, "no layer here is called \"%s\"", c);
}

/* The item that `c` names; *by_kind: a layer by its kind. NULL after a problem. */
static YamlNode *find_item(Walk *w, const YamlNode *list, const char *c, bool *by_kind) {
  *by_kind = false;
  for (YamlNode *i = list->first; i; i = i->next) {
    const char *name = spec_layer_name(i);
    if (name && str_eq(name, c)) return i;
  }
  if (is_index(c)) {
    YamlNode *item = yaml_at(list, atoi(c));
    if (item == NULL) fail(w, no_layer(w, list, c));
    return item;
  }
  YamlNode *found = NULL;
  int n = 0;
  for (YamlNode *i = list->first; i; i = i->next) {
    const char *key = spec_layer_key(i);
    if (key == NULL || !str_eq(key, c)) continue;
    found = i;
    n++;
  }
  *by_kind = found && spec_group(found) == NULL;
  if (n == 1) return found;
  if (n == 0)
    fail(w, no_layer(w, list, c));
  else
    fail(w, arena_printf(w->a,
                         "%d layers here are of kind %s: give the one you mean a name, or "
                         "write its index from 0",
                         n, c));
  return NULL;
}

static void go_params(Walk *w, YamlNode *item) {
  YamlNode *value = item;
  if (item->type == YAML_MAP) value = yaml_get(item, spec_layer_key(item));
  if (w->make) value = make_layer_map(w, item);
  w->node = value;
  w->item = item;
  w->at = AT_PARAMS;
  const char *kind = spec_layer_key(item);
  w->table = kind ? kind_find(&nn_layers, kind) : NULL;
  w->value = kind && str_eq(kind, spec_activation.name) ? &spec_activation : NULL;
}

static bool step_list(Walk *w, const YamlNode *list, const char *c) {
  bool by_kind;
  YamlNode *item = find_item(w, list, c, &by_kind);
  if (item == NULL) return false;
  const WalkAt place = kind_of_place(item);
  if (by_kind)
    go_params(w, item);
  else
    go(w, item, place == AT_MAP ? AT_LAYER : place);
  return true;
}

static bool is_row(const Section *s, const char *c) {
  return param_find(s->head.params, s->head.n_params, c) != NULL;
}

/* Is `c` a key beside the lists of n, or, where it ends the path, that of the lists? Elsewhere it
 * may be a residual in a residual. */
static bool is_group_key(const Walk *w, const YamlNode *n, const char *c) {
  const LayerGroup *g = spec_group(n);
  if (str_eq(c, g->key)) return w->last || g->join == NULL;
  return is_row(g->section, c) || (g->join == NULL && is_row(&spec_model, c));
}

static bool is_layer_key(const char *c) {
  return param_find(spec_layer.head.params, spec_layer.head.n_params, c) != NULL;
}

static bool step_layered(Walk *w, const char *c) {
  const char *key = spec_group(w->node)->key;
  YamlNode *list = yaml_get(w->node, key);
  if (!is_group_key(w, w->node, c)) return step_list(w, list, c);
  if (!str_eq(c, key)) return step_map(w, c);
  go(w, list, AT_LIST);
  return true;
}

static YamlNode *find_branch(Walk *w, const YamlNode *item, const char *c) {
  const LayerGroup *g = spec_group(item);
  const YamlNode *list = yaml_get(item, g->key);
  YamlNode *branch = is_index(c) ? yaml_at(list, atoi(c)) : NULL;
  if (branch) return branch;
  fail(w, is_index(c)
              ? arena_printf(w->a, "there is no branch %s here: there are %d, counted from 0", c,
                             list->n_children)
              : arena_printf(w->a,
                             "a branch is named by its index from 0: did you mean "
                             "\"0.%s\"?",
                             c));
  return NULL;
}

static bool step_branches(Walk *w, const char *c) {
  YamlNode *item = w->node;
  const char *key = spec_group(item)->key;
  if (is_group_key(w, item, c) && !str_eq(c, key)) return step_map(w, c);
  if (is_group_key(w, item, c)) {
    go(w, yaml_get(item, key), AT_PARAMS); /* as a whole, like a kind's parameters */
    w->item = item;
    return true;
  }
  YamlNode *branch = find_branch(w, item, c);
  if (branch) go(w, branch, AT_LIST);
  return branch != NULL;
}

static bool wrong_layer_key(Walk *w, const YamlNode *item, const char *c) {
  const char *kind = spec_layer_key(item);
  return fail(w, arena_printf(w->a,
                              "a layer's parameters stand below its kind: did you mean "
                              "\"%s.%s\"?",
                              kind ? kind : "dense", c));
}

static bool step_layer(Walk *w, const char *c) {
  YamlNode *item = w->node;
  const char *kind = spec_layer_key(item);
  if (kind && str_eq(kind, c)) {
    go_params(w, item);
    return true;
  }
  return is_layer_key(c) && item->type == YAML_MAP ? step_map(w, c) : wrong_layer_key(w, item, c);
}

static bool step_params(Walk *w, const char *c) {
  YamlNode *item = w->item;
  if (item == NULL) return step_map(w, c);
  if (str_eq(c, "enabled")) {
    go(w, item, AT_LAYER);
    return step_layer(w, c);
  }
  if (w->node == item) return fail(w, arena_printf(w->a, "%s has no \"%s\"", item->text, c));
  return step_map(w, c);
}

static bool step(Walk *w, const char *c) {
  switch (w->at) {
  case AT_MAP:
    return step_map(w, c);
  case AT_LAYERED:
    return step_layered(w, c);
  case AT_BRANCHES:
    return step_branches(w, c);
  case AT_LIST:
    return step_list(w, w->node, c);
  case AT_LAYER:
    return step_layer(w, c);
  case AT_PARAMS:
    return step_params(w, c);
  }
  return false;
}

/* ---- finding --------------------------------------------------------------------------------- */

/* The component at `from`, copied; *length its bytes. A key of search.parameters is a whole
 * path. */
static char *component(Arena *a, const char *path, int from, int *length) {
  static const char parameters[] = "search.parameters.";
  *length = (int)strcspn(path + from, ".");
  if (from == (int)strlen(parameters) && str_starts(path, parameters))
    *length = (int)strlen(path + from);
  return arena_strndup(a, path + from, (size_t)*length);
}

/* Has the walk reached an item of a list of layers? */
static bool is_item(const Walk *w, const YamlNode *model) {
  return w->at == AT_LAYER || w->at == AT_BRANCHES || (w->at == AT_LAYERED && w->node != model);
}

static void describe_place(const Walk *w, const YamlNode *model, const char *last, PathPlace *out) {
  out->node = w->node;
  out->param = w->node->param;
  out->role = out->param ? PATH_VALUE : PATH_SECTION;
  if (w->at == AT_LIST) out->role = PATH_LAYERS;
  if (is_item(w, model)) out->role = PATH_LAYER;
  if (w->at == AT_PARAMS && !out->param) {
    out->role = PATH_LAYER_PARAMS;
    out->kind = spec_layer_key(w->item);
  }
  if (out->param && out->param->type == P_KIND && str_eq(last, "name")) out->role = PATH_KIND_NAME;
}

/* The kind that stands here, `adam` or {name: adam}; or NULL. */
static const Kind *kind_here(const Walk *w) {
  if (w->value == NULL || w->value->type != P_KIND) return NULL;
  const YamlNode *name = w->node->type == YAML_MAP ? yaml_get(w->node, "name") : w->node;
  return name && name->type == YAML_SCALAR ? kind_find(w->value->registry, name->text) : NULL;
}

/* The row that `c` names at the walk's place, of those that a resolved tree may leave out:
 * `enabled` where it is true, and optional ones. */
static const Param *absent_row(const Walk *w, const YamlNode *model, const char *c) {
  if (str_eq(c, "enabled") && is_item(w, model))
    return param_find(spec_layer.head.params, spec_layer.head.n_params, c);
  const Kind *table = w->table ? w->table : kind_here(w);
  if (w->at != AT_MAP || table == NULL) return NULL;
  const Param *p = param_find(table->params, table->n_params, c);
  return p && p->optional ? p : NULL;
}

PathPlace path_find(Arena *a, const YamlNode *tree, const char *path) {
  PathPlace out = {0};
  Walk w = {.a = a, .node = (YamlNode *)tree, .table = &spec_experiment.head};
  const YamlNode *model = yaml_get(tree, "model");
  const int n = (int)strlen(path);
  for (int from = 0; from <= n; from += out.length + 1) {
    const char *c = component(a, path, from, &out.length);
    out.from = from;
    w.last = from + out.length == n;
    if (!step(&w, c)) {
      const Param *absent = from + out.length == n ? absent_row(&w, model, c) : NULL;
      if (absent) {
        out.node = w.node;
        out.role = PATH_VALUE;
        out.param = absent;
        return out;
      }
      out.problem = w.problem;
      out.unread = w.node->type == YAML_MAP && w.node->n_children == 0 && w.node->param != NULL;
      return out;
    }
    if (from + out.length == n) describe_place(&w, model, c, &out);
  }
  return out;
}

YamlNode *spec_find(const YamlNode *tree, const char *path) {
  Arena a;
  arena_init(&a);
  const PathPlace place = path_find(&a, tree, path);
  YamlNode *node = place.node;
  if (node && place.role == PATH_VALUE && node->param != place.param) node = NULL;
  arena_free(&a);
  return node;
}

/* ---- setting --------------------------------------------------------------------------------- */

/* A layer in place of another keeps its name. */
static void replace_item(Walk *w, YamlNode *item, YamlNode *value) {
  const char *name = spec_layer_name(item);
  if (name && !spec_layer_name(value) && spec_layer_key(value)) {
    if (value->type == YAML_SCALAR) make_layer_map(w, value);
    YamlNode *named = yaml_new(w->a, YAML_MAP, value->mark);
    yaml_put(w->a, named, "name", yaml_new_scalar(w->a, name, false, item->mark));
    while (value->first) {
      YamlNode *c = value->first;
      value->first = c->next;
      c->next = NULL;
      yaml_put(w->a, named, c->key, c);
    }
    value = named;
  }
  yaml_become(item, value);
}

static bool assign_in_list(Walk *w, const YamlNode *list, const char *c, YamlNode *value) {
  bool by_kind;
  YamlNode *item = find_item(w, list, c, &by_kind);
  if (item == NULL) return false;
  if (!by_kind) {
    replace_item(w, item, value);
    return true;
  }
  make_layer_map(w, item);
  add(w, item, c, value);
  return true;
}

/* A layer of its list, or a branch. */
static bool assign_in_group(Walk *w, const char *c, YamlNode *value) {
  if (w->at == AT_LAYERED)
    return assign_in_list(w, yaml_get(w->node, spec_group(w->node)->key), c, value);
  YamlNode *branch = find_branch(w, w->node, c);
  if (branch) yaml_become(branch, value);
  return branch != NULL;
}

static bool assign_in_layer(Walk *w, YamlNode *item, const char *c, YamlNode *value) {
  const char *kind = spec_layer_key(item);
  if (!is_layer_key(c) && !(kind && str_eq(kind, c))) return wrong_layer_key(w, item, c);
  make_layer_map(w, item);
  add(w, item, c, value);
  return true;
}

/* Puts the value under the last component. */
static bool assign(Walk *w, const char *c, YamlNode *value) {
  const bool in_layer = w->at == AT_PARAMS && str_eq(c, "enabled");
  if (in_layer) return assign_in_layer(w, w->item, c, value);
  if (w->at == AT_LAYER) return assign_in_layer(w, w->node, c, value);
  if (w->at == AT_LIST) return assign_in_list(w, w->node, c, value);
  const bool in_group = w->at == AT_LAYERED || w->at == AT_BRANCHES;
  if (in_group && !is_group_key(w, w->node, c)) return assign_in_group(w, c, value);
  make_map(w, w->node, "name");
  make_long_form(w, c);
  if (w->node->type != YAML_MAP)
    return fail(w, arena_printf(w->a, "there is no \"%s\" below a list", c));
  add(w, w->node, c, value);
  return true;
}

bool path_set(Arena *a, YamlNode *tree, const char *path, const YamlNode *value, Mark at, Diag *d) {
  Walk w = {.a = a, .make = true, .node = tree, .table = &spec_experiment.head};
  const int n = (int)strlen(path);
  for (int from = 0, length; from <= n; from += length + 1) {
    const char *c = component(a, path, from, &length);
    w.mark = path_mark(at, from, length);
    const bool is_last = w.last = from + length == n;
    if (length == 0) fail(&w, arena_printf(a, "\"%s\" is not a dotted path", path));
    if (length > 0 && (is_last ? assign(&w, c, yaml_copy(a, value)) : step(&w, c))) continue;
    diag_add(d, DIAG_ERROR, w.mark, "%s: %s", path, w.problem);
    return false;
  }
  return true;
}
