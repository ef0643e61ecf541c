#include "spec_layers.h"

#include <limits.h>
#include <string.h>

static const char activation[] = "activation";

/* Keys that stand beside the kind's own, and words that a path needs for itself. */
static bool is_item_key(const char *key) {
  return str_eq(key, "name") || str_eq(key, "enabled") || str_eq(key, "repeat");
}

const LayerGroup *spec_group(const YamlNode *item) {
  for (const LayerGroup *g = spec_groups; g->key; g++)
    if (yaml_get(item, g->key)) return g;
  return NULL;
}

const char *spec_layer_key(const YamlNode *item) {
  if (item->type == YAML_SCALAR) return item->text;
  if (item->type == YAML_LIST || yaml_get(item, "layers")) return NULL;
  for (const YamlNode *c = item->first; c; c = c->next)
    if (!is_item_key(c->key)) return c->key;
  return NULL;
}

const char *spec_layer_name(const YamlNode *item) {
  const YamlNode *name = yaml_get(item, "name");
  return name && name->type == YAML_SCALAR ? name->text : NULL;
}

/* ---- one layer ------------------------------------------------------------------------------- */

static const Kind *find_layer(const Resolve *r, const char *name, Mark mark) {
  const Kind *kind = kind_find(&nn_layers, name);
  if (kind) return kind;
  if (kind_find(&nn_joins, name)) {
    diag_add(r->d, DIAG_ERROR, mark, "%s is what a residual ends with; write %s", name,
             spec_groups[1].example);
    return NULL;
  }
  int best = INT_MAX;
  const char *nearest = NULL;
  if (str_nearer(name, activation, &best)) nearest = activation;
  for (int i = 0; i < nn_layers.n; i++)
    if (str_nearer(name, nn_layers.kinds[i]->name, &best)) nearest = nn_layers.kinds[i]->name;
  if (nearest) {
    diag_add(r->d, DIAG_ERROR, mark, "no layer is called \"%s\"; did you mean \"%s\"?", name,
             nearest);
    return NULL;
  }
  Str s = str_new(r->a);
  for (int i = 0; i < nn_layers.n; i++) str_addf(&s, "%s, ", nn_layers.kinds[i]->name);
  diag_add(r->d, DIAG_ERROR, mark, "no layer is called \"%s\"; there are: %s%s", name, str_text(&s),
           activation);
  return NULL;
}

/* The value of the kind's key: NULL in the scalar form. Returns the resolved value. */
static YamlNode *resolve_layer_value(const Resolve *r, const char *key, const YamlNode *in,
                                     const char *where, LayerItem *item) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, item->mark);
  if (str_eq(key, activation)) {
    out->param = &spec_activation;
    if (in == NULL) {
      Str s = str_new(r->a);
      param_expectation(&spec_activation, &s);
      diag_add(r->d, DIAG_ERROR, item->mark, "activation needs its kind, {activation: relu}: %s",
               str_text(&s));
      return out;
    }
    KindValue value = {0};
    YamlNode *node = resolve_kind(r, &spec_activation, in, where, &value);
    item->kind = value.kind;
    item->config = value.config;
    item->params = node;
    return node;
  }
  item->kind = find_layer(r, key, item->mark);
  if (item->kind == NULL) out->param = &spec_activation; /* stands in: see PathPlace.unread */
  if (item->kind == NULL) return out;
  const Kind *k = item->kind;
  item->config = k->config_size ? arena_alloc(r->a, 1, k->config_size) : NULL;
  item->params = out;
  const MapSpec m = {
      .where = where, .mark = item->mark, .params = k->params, .n_params = k->n_params};
  const int errors = r->d->n_refusals;
  resolve_map(r, in, &m, item->config, out);
  if (r->d->n_refusals == errors) resolve_check(r, k, item->config, out);
  return out;
}

/* `dense` or `{dense: {..}}`, with `name` and `enabled` where they say something. */
static YamlNode *layer_node(const Resolve *r, const LayerItem *item, const char *key,
                            YamlNode *value) {
  const bool is_plain = item->row.name == NULL && item->row.enabled;
  if (is_plain && value->type == YAML_MAP && value->n_children == 0 && item->kind)
    return yaml_new_scalar(r->a, key, false, item->mark);
  YamlNode *out = yaml_new(r->a, YAML_MAP, item->mark);
  const Param *rows = spec_layer.head.params;
  if (item->row.name)
    yaml_put(r->a, out, "name", resolve_scalar(r, &rows[0], &item->row, item->mark));
  if (!item->row.enabled)
    yaml_put(r->a, out, "enabled", resolve_scalar(r, &rows[1], &item->row, item->mark));
  yaml_put(r->a, out, key, value);
  return out;
}

static void refuse_repeat(const Resolve *r, const YamlNode *repeat) {
  diag_add(r->d, DIAG_ERROR, repeat->key_mark, "repeat belongs to a block: %s",
           spec_groups[0].example);
}

static YamlNode *resolve_layer(const Resolve *r, const YamlNode *in, const char *where,
                               LayerItem *item) {
  const char *key = spec_layer_key(in);
  if (in->type == YAML_SCALAR) {
    item->row.enabled = true;
    item->mark = in->mark;
    YamlNode *value = resolve_layer_value(r, key, NULL, key, item);
    return layer_node(r, item, key, value);
  }
  const char *also[] = {key, "repeat", NULL};
  const MapSpec m = {.where = where,
                     .mark = in->mark,
                     .params = spec_layer.head.params,
                     .n_params = spec_layer.head.n_params,
                     .also = also};
  YamlNode *ignored = yaml_new(r->a, YAML_MAP, in->mark);
  for (const YamlNode *c = in->first; c; c = c->next) {
    if (str_eq(c->key, "repeat"))
      refuse_repeat(r, c);
    else if (!is_item_key(c->key) && !str_eq(c->key, key))
      diag_add(
          r->d, DIAG_ERROR, c->key_mark,
          "a layer has one kind, and this one is \"%s\" already; write \"%s\" as an item of its "
          "own",
          key, c->key);
  }
  for (int i = 0; i < m.n_params; i++)
    resolve_param(r, &m.params[i], yaml_get(in, m.params[i].name), &m, &item->row, ignored);
  const YamlNode *value = yaml_get(in, key);
  item->mark = value->key_mark;
  const char *path = item->row.name ? arena_printf(r->a, "%s.%s", item->row.name, key) : key;
  return layer_node(r, item, key, resolve_layer_value(r, key, value, path, item));
}

/* ---- groups and lists ------------------------------------------------------------------------ */

/* The list that is read side by side: its lists become the branches. */
static void resolve_branches(const Resolve *r, const YamlNode *in, const char *where,
                             LayerItem *item, YamlNode *out) {
  const LayerGroup *g = item->group;
  const bool is_list = in->type == YAML_LIST;
  if (!is_list || in->n_children < 2 || in->n_children > NN_MAX_INPUTS) {
    diag_add(r->d, DIAG_ERROR, is_list ? item->mark : in->mark,
             "%s: expected 2 to %d branches, each a list of layers, as in %s; found %s", g->key,
             NN_MAX_INPUTS, g->example,
             is_list ? arena_printf(r->a, "%d", in->n_children) : resolve_type_name(in));
    return;
  }
  item->lists = ARENA_ARRAY(r->a, LayerList, in->n_children);
  for (const YamlNode *c = in->first; c; c = c->next) {
    YamlNode *branch = yaml_new(r->a, YAML_LIST, c->mark);
    const int k = item->n_lists++;
    item->lists[k] = resolve_layers(r, c, arena_printf(r->a, "%s.%d", where, k), NULL, branch);
    yaml_append(out, branch);
  }
}

static void resolve_lists(const Resolve *r, const YamlNode *in, const char *where, LayerItem *item,
                          YamlNode *out) {
  const LayerGroup *g = item->group;
  if (g->is_branched) {
    resolve_branches(r, in, where, item, out);
    return;
  }
  if (g->join && in->type == YAML_LIST && in->n_children == 0)
    diag_add(r->d, DIAG_ERROR, item->mark, "%s: expected at least one layer, as in %s", g->key,
             g->example);
  item->lists = ARENA_NEW(r->a, LayerList);
  item->lists[item->n_lists++] = resolve_layers(r, in, where, g->key, out);
}

static YamlNode *resolve_group(const Resolve *r, const YamlNode *in, const char *where,
                               LayerItem *item) {
  const LayerGroup *g = item->group;
  const YamlNode *value = yaml_get(in, g->key), *name = yaml_get(in, "name");
  const YamlNode *repeat = g->join ? yaml_get(in, "repeat") : NULL;
  const char *const also[] = {g->key, repeat ? "repeat" : NULL, NULL};
  const MapSpec m = {.where = name && name->type == YAML_SCALAR ? name->text : where,
                     .mark = in->mark,
                     .params = g->section->head.params,
                     .n_params = g->section->head.n_params,
                     .also = also};
  item->mark = resolve_key_mark(value, in->mark);
  YamlNode *out = yaml_new(r->a, YAML_MAP, in->mark), *rows = yaml_new(r->a, YAML_MAP, in->mark);
  if (repeat) refuse_repeat(r, repeat);
  resolve_map(r, in, &m, &item->row, rows);
  while (rows->first) {
    YamlNode *c = rows->first;
    rows->first = c->next;
    c->next = NULL;
    if (!str_eq(c->key, "enabled") || !item->row.enabled) yaml_put(r->a, out, c->key, c);
  }
  YamlNode *lists = yaml_new(r->a, YAML_LIST, in->mark);
  resolve_lists(r, value, m.where, item, lists);
  yaml_put(r->a, out, g->key, lists);
  return out;
}

/* `residual` alone. */
static const LayerGroup *bare_group(const YamlNode *in) {
  const LayerGroup *g = in->type == YAML_SCALAR ? spec_groups : NULL;
  while (g && g->key && !str_eq(in->text, g->key)) g++;
  return g && g->key ? g : NULL;
}

static YamlNode *resolve_item(const Resolve *r, const YamlNode *in, const char *where,
                              LayerItem *item) {
  item->mark = in->mark;
  item->group = spec_group(in);
  if (item->group) return resolve_group(r, in, where, item);
  const LayerGroup *bare = bare_group(in);
  if (bare) {
    diag_add(r->d, DIAG_ERROR, in->mark, "%s needs its layers, as in %s", bare->key, bare->example);
    return yaml_new(r->a, YAML_MAP, in->mark);
  }
  const bool is_layer = in->type == YAML_MAP
                            ? spec_layer_key(in) != NULL
                            : in->type == YAML_SCALAR && yaml_scalar(in).type == SCALAR_STRING;
  if (is_layer) return resolve_layer(r, in, where, item);
  diag_add(r->d, DIAG_ERROR, in->mark,
           "%s: expected a layer (relu, or {dense: {units: 64}}) or a block, found %s", where,
           in->type == YAML_MAP ? "no kind of layer" : resolve_type_name(in));
  return yaml_new(r->a, YAML_MAP, in->mark);
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void check_name(const Resolve *r, const YamlNode *in, const LayerItem *item) {
  static const char *const reserved[] = {"layers", "loss",     "name",       "enabled",
                                         "repeat", "residual", "concatenate"};
  const char *name = item->row.name;
  const Mark mark = yaml_get(in, "name")->mark;
  bool legal = is_letter(name[0]);
  for (const char *c = name; *c; c++)
    legal = legal && (is_letter(*c) || (*c >= '0' && *c <= '9') || *c == '-');
  if (!legal)
    diag_add(r->d, DIAG_ERROR, mark,
             "a layer's name is made of letters, digits, _ and -, and starts with a letter");
  for (int i = 0; i < COUNT(reserved); i++)
    if (str_eq(name, reserved[i]))
      diag_add(r->d, DIAG_ERROR, mark,
               "a layer cannot be called \"%s\": in a dotted path that word is a key", name);
}

static bool label_taken(const LayerList *list, const char *label) {
  for (int i = 0; i < list->n; i++)
    if (list->items[i].label && str_eq(list->items[i].label, label)) return true;
  return false;
}

/* Names first, then the others in order. */
static void set_labels(const Resolve *r, const YamlNode *in, LayerList *list) {
  const YamlNode *node = in->first;
  for (int i = 0; i < list->n; i++, node = node->next) {
    LayerItem *item = &list->items[i];
    if (item->row.name == NULL) continue;
    check_name(r, node, item);
    if (label_taken(list, item->row.name))
      diag_add(r->d, DIAG_ERROR, yaml_get(node, "name")->mark,
               "another layer of this list is called \"%s\" already", item->row.name);
    item->label = item->row.name;
  }
  node = in->first;
  for (int i = 0; i < list->n; i++, node = node->next) {
    LayerItem *item = &list->items[i];
    if (item->label) continue;
    const char *key = spec_layer_key(node), *kind = key ? key : item->group ? "block" : "layer";
    const char *label = kind;
    for (int k = 2; label_taken(list, label); k++) label = arena_printf(r->a, "%s_%d", kind, k);
    item->label = label;
  }
}

LayerList resolve_layers(const Resolve *r, const YamlNode *in, const char *where, const char *key,
                         YamlNode *out) {
  LayerList list = {0};
  if (in->type != YAML_LIST) {
    diag_add(r->d, DIAG_ERROR, in->mark, "%s%s%s: expected a list of layers, found %s", where,
             key ? "." : "", key ? key : "", resolve_type_name(in));
    return list;
  }
  list.items = ARENA_ARRAY(r->a, LayerItem, in->n_children);
  for (const YamlNode *c = in->first; c; c = c->next) {
    const char *place = arena_printf(r->a, "%s.%d", where, list.n);
    yaml_append(out, resolve_item(r, c, place, &list.items[list.n++]));
  }
  set_labels(r, in, &list);
  return list;
}
