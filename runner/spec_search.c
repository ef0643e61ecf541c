/* search: the method, and the space as dotted paths looked up in the resolved tree. */
#include <math.h>
#include <string.h>

#include "spec_path.h"
#include "spec_sections.h"

typedef struct {
  const Resolve *r;
  Spec *spec;
  PathPlace place;
  const YamlNode *in; /* the entry of search.parameters */
  const char *where;
  Dim *dim;
} DimSpec;

/* ---- values ---------------------------------------------------------------------------------- */

/* A layer or a list of layers is checked as part of a list of its own. Returns it as it was
 * written. */
static YamlNode *check_layers(const DimSpec *x, const YamlNode *value) {
  const Resolve *r = x->r;
  YamlNode *list = yaml_new(r->a, YAML_LIST, value->mark);
  YamlNode *copy = yaml_copy(r->a, value);
  if (x->place.role == PATH_LAYER_PARAMS) {
    YamlNode *item = yaml_new(r->a, YAML_MAP, value->mark);
    yaml_put(r->a, item, x->place.kind, copy);
    copy = item;
  }
  if (x->place.role == PATH_LAYERS)
    list = copy;
  else
    yaml_append(list, copy);
  (void)resolve_layers(r, list, x->where, yaml_new(r->a, YAML_LIST, value->mark));
  return yaml_copy(r->a, value);
}

static YamlNode *check_kind(const DimSpec *x, const YamlNode *value) {
  KindValue ignored = {0};
  YamlNode *resolved = resolve_kind(x->r, x->place.param, value, x->where, &ignored);
  if (x->place.role == PATH_KIND_NAME && value->type != YAML_SCALAR)
    diag_add(x->r->d, DIAG_ERROR, value->mark, "%s: expected a name, found %s", x->where,
             resolve_type_name(value));
  return value->type == YAML_SCALAR ? yaml_copy(x->r->a, value) : resolved;
}

/* One of `values`: checked as if it stood at the path. Returns it in canonical form. */
static YamlNode *check_value(const DimSpec *x, const YamlNode *value) {
  const Resolve *r = x->r;
  const Param *p = x->place.param;
  if (p == NULL) return check_layers(x, value);
  if (p->type == P_KIND) return check_kind(x, value);
  void *object = arena_alloc(r->a, 1, p->offset + sizeof(KindValue));
  YamlNode *out = yaml_new(r->a, YAML_MAP, value->mark);
  const MapSpec m = {.where = x->where, .mark = value->mark};
  resolve_param(r, p, value, &m, object, out);
  return out->first ? yaml_copy(r->a, out->first) : yaml_copy(r->a, value);
}

static void resolve_values(const DimSpec *x, const YamlNode *in, YamlNode *out) {
  const Resolve *r = x->r;
  const bool is_list = str_eq(in->key, "values");
  if (is_list && (in->type != YAML_LIST || in->n_children == 0)) {
    diag_add(r->d, DIAG_ERROR, in->type == YAML_LIST ? in->key_mark : in->mark,
             "%s: values: expected a list of values to choose from, found %s", x->where,
             in->type == YAML_LIST ? "none" : resolve_type_name(in));
    return;
  }
  x->dim->n_values = is_list ? in->n_children : 1;
  x->dim->values = ARENA_ARRAY(r->a, const YamlNode *, x->dim->n_values);
  YamlNode *list = yaml_new(r->a, YAML_LIST, in->mark);
  int n = 0;
  for (const YamlNode *c = is_list ? in->first : in; c; c = is_list ? c->next : NULL) {
    YamlNode *value = check_value(x, c);
    yaml_append(list, value);
    x->dim->values[n++] = value;
  }
  if (is_list)
    yaml_put(r->a, out, "values", list);
  else
    yaml_put(r->a, out, "value", yaml_copy(r->a, x->dim->values[0]));
}

/* ---- ranges ---------------------------------------------------------------------------------- */

static bool is_numeric(const Param *p) {
  return p && (p->type == P_INT || p->type == P_REAL);
}

/* One end: legal for the parameter itself. */
static void check_end(const DimSpec *x, const char *key, double value) {
  const Resolve *r = x->r;
  const Param *p = x->place.param;
  void *object = arena_alloc(r->a, 1, p->offset + sizeof(KindValue));
  const Scalar scalar = {.type = SCALAR_REAL, .real = value, .text = yaml_get(x->in, key)->text};
  Err e = {.status = OK};
  if (param_set(p, object, &scalar, &e) != OK)
    diag_add(r->d, DIAG_ERROR, yaml_get(x->in, key)->mark, "%s of %s: %s", key, x->dim->path,
             e.text);
}

static bool has_multiple(const Dim *d) {
  return floor(d->max / d->q) >= -floor(-d->min / d->q);
}

static void check_range(const DimSpec *x) {
  const Resolve *r = x->r;
  const Dim *d = x->dim;
  const YamlNode *min = yaml_get(x->in, "min"), *scale = yaml_get(x->in, "scale");
  const int errors = r->d->n_errors;
  check_end(x, "min", d->min);
  check_end(x, "max", d->max);
  if (r->d->n_errors > errors) return;
  if (!(d->min < d->max))
    diag_add(r->d, DIAG_ERROR, min->mark, "min must be below max; to fix it write {value: %s}",
             min->text);
  if (d->scale == SCALE_LOG && !(d->min > 0))
    diag_add(r->d, DIAG_ERROR, min->mark,
             "scale log needs min above 0: log x of 0 is not a number");
  if (d->scale == SCALE_ONE_MINUS_LOG && d->integer)
    diag_add(r->d, DIAG_ERROR, scale->mark,
             "scale one_minus_log is for numbers below 1; %s is an "
             "integer",
             d->path);
  else if (d->scale == SCALE_ONE_MINUS_LOG && !(d->max < 1))
    diag_add(r->d, DIAG_ERROR, yaml_get(x->in, "max")->mark,
             "scale one_minus_log needs max below 1: it is uniform in log(1 - x)");
  if (d->integer && d->q != floor(d->q))
    diag_add(r->d, DIAG_ERROR, yaml_get(x->in, "q")->mark, "%s is an integer, so q must be one",
             d->path);
  else if (d->q > 0 && d->min < d->max && !has_multiple(d))
    diag_add(r->d, DIAG_ERROR, yaml_get(x->in, "q")->mark,
             "no multiple of q lies between min and max");
}

static void resolve_range(const DimSpec *x, YamlNode *out) {
  const Resolve *r = x->r;
  const Param *p = x->place.param;
  if (!is_numeric(p)) {
    Str s = str_new(r->a);
    if (p)
      param_expectation(p, &s);
    else
      str_add(&s, "layers");
    diag_add(r->d, DIAG_ERROR, resolve_key_mark(yaml_get(x->in, "min"), x->in->mark),
             "%s is not a number (%s): write {values: [..]}", x->dim->path, str_text(&s));
    return;
  }
  RangeRow row = {0};
  MapSpec m = section_map(r, &spec_range, x->in, x->in->mark, NULL);
  m.where = x->where;
  const int errors = r->d->n_errors;
  resolve_map(r, x->in, &m, &row, out);
  x->dim->integer = p->type == P_INT;
  x->dim->min = row.min;
  x->dim->max = row.max;
  x->dim->q = row.q;
  x->dim->scale = (Scale)row.scale;
  x->dim->points = (int)row.points;
  if (r->d->n_errors == errors) check_range(x);
}

/* ---- one dimension --------------------------------------------------------------------------- */

/* Words of W&B sweeps that mean something else here, and what to write instead. */
static const struct {
  const char *word, *advice;
} foreign[] = {
    {"uniform", "{min, max} is uniform by itself"},
    {"int_uniform", "{min, max} of an integer parameter draws integers by itself"},
    {"q_uniform", "write {min, max, q}"},
    {"log_uniform", "write {min, max, scale: log} with values, never exponents"},
    {"log_uniform_values", "write {min, max, scale: log}"},
    {"q_log_uniform", "write {min, max, scale: log, q} with values, never exponents"},
    {"q_log_uniform_values", "write {min, max, scale: log, q}"},
    {"inv_log_uniform", "write {min, max, scale: one_minus_log} where 1 - x should be log-uniform"},
    {"inv_log_uniform_values",
     "write {min, max, scale: one_minus_log} where 1 - x should be log-uniform"},
    {"categorical", "write {values: [..]}"},
    {"constant", "write {value: ..}"},
};

static bool refuse_foreign(const Resolve *r, const YamlNode *in) {
  const YamlNode *n = yaml_get(in, "distribution");
  if (n == NULL) return false;
  const char *advice = "the scale is said by `scale: linear, log or one_minus_log`";
  for (int i = 0; i < COUNT(foreign); i++)
    if (n->type == YAML_SCALAR && str_eq(n->text, foreign[i].word)) advice = foreign[i].advice;
  diag_add(r->d, DIAG_ERROR, n->key_mark, "there is no key \"distribution\": %s", advice);
  return true;
}

static void resolve_entry(const DimSpec *x, YamlNode *out) {
  static const char *const both[] = {"values", "value", NULL};
  const Resolve *r = x->r;
  if (refuse_foreign(r, x->in)) return;
  const YamlNode *values = yaml_get(x->in, "values"), *value = yaml_get(x->in, "value");
  const YamlNode *said = values ? values : value;
  MapSpec m = section_map(r, &spec_range, x->in, x->in->mark, both);
  m.where = x->where;
  for (const YamlNode *c = x->in->first; c; c = c->next) {
    const bool in_range = param_find(m.params, m.n_params, c->key) != NULL;
    if (!in_range && !str_eq(c->key, "values") && !str_eq(c->key, "value"))
      resolve_unknown_key(r, c, &m);
    else if (said && c != said)
      diag_add(r->d, DIAG_ERROR, c->key_mark, "%s does not go with \"%s\"; keep one of them",
               c->key, said->key);
  }
  if (said)
    resolve_values(x, said, out);
  else if (yaml_get(x->in, "min") || yaml_get(x->in, "max"))
    resolve_range(x, out);
  else
    diag_add(r->d, DIAG_ERROR, x->in->key_mark,
             "%s: what may it be? {min: .., max: ..}, {values: [..]} or {value: ..}", x->where);
}

/* Whole paths of the resolved tree, to find the one that was meant. */
static const char *nearest_path(const DimSpec *x, const YamlNode *tree, const char *prefix,
                                int *best) {
  const char *nearest = NULL;
  for (const YamlNode *c = tree->first; c; c = c->next) {
    const char *key = tree->type == YAML_LIST ? spec_layer_name(c) : c->key;
    if (tree->type == YAML_LIST && key == NULL) key = spec_layer_key(c);
    if (key == NULL) continue;
    const bool is_list = c->type == YAML_LIST && str_eq(key, "layers");
    const char *path =
        is_list ? prefix : arena_printf(x->r->a, "%s%s%s", prefix, *prefix ? "." : "", key);
    const bool leaf = c->param != NULL && str_nearer(x->dim->path, path, best);
    if (leaf) nearest = path;
    /* The one key of a layer that has no name: its kind is the component already. */
    const bool is_layer = tree->type == YAML_LIST && c->type == YAML_MAP && !spec_layer_name(c) &&
                          !yaml_get(c, "layers");
    const YamlNode *below = is_layer ? yaml_get(c, key) : c;
    const char *deeper = below ? nearest_path(x, below, path, best) : NULL;
    if (deeper) nearest = deeper;
  }
  return nearest;
}

static bool legal_path(const DimSpec *x, const YamlNode *tree) {
  const char *path = x->dim->path;
  Diag *d = x->r->d;
  if (!x->place.node) {
    int best = INT32_MAX;
    const char *near = nearest_path(x, tree, "", &best);
    const Mark at = path_mark(x->in->key_mark, x->place.from, x->place.length);
    if (near)
      diag_add(d, DIAG_ERROR, at, "%s: no such path; did you mean \"%s\"?", path, near);
    else
      diag_add(d, DIAG_ERROR, at, "%s: %s", path, x->place.problem);
    return false;
  }
  const char *why = NULL;
  if (str_starts(path, "data."))
    why = "the data are opened once and are the same for all trials";
  else if (str_eq(path, "seed"))
    why = "every trial has a seed of its own, made from the experiment's";
  else if (!str_starts(path, "model.") && !str_starts(path, "train."))
    why = "only what is below model and train can";
  else if (x->place.role == PATH_SECTION)
    why = "it is a section, not a value";
  if (why) diag_add(d, DIAG_ERROR, x->in->key_mark, "%s cannot be searched: %s", path, why);
  return why == NULL;
}

static bool is_inside(const YamlNode *outer, const YamlNode *n) {
  if (outer == n) return true;
  for (const YamlNode *c = outer->first; c; c = c->next)
    if (is_inside(c, n)) return true;
  return false;
}

/* Two entries that would write over each other. `nodes`: of the entries so far; NULL for an
 * `enabled` that the resolved tree leaves out. */
static void check_overlap(const DimSpec *x, const Space *space, YamlNode *const *nodes,
                          const YamlNode *node) {
  if (node == NULL) return;
  for (int i = 0; i < space->n; i++) {
    if (nodes[i] == NULL || !(is_inside(nodes[i], node) || is_inside(node, nodes[i]))) continue;
    diag_add(x->r->d, DIAG_ERROR, x->in->key_mark, "%s is part of what %s sets; keep one of them",
             x->dim->path, space->dims[i].path);
  }
}

/* ---- the section ----------------------------------------------------------------------------- */

static YamlNode *resolve_parameters(const Resolve *r, const YamlNode *in, YamlNode *tree, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : s->source->mark);
  in = resolve_expect_map(r, in, "search.parameters");
  if (in == NULL) return out;
  Space *space = &s->search.space;
  space->dims = ARENA_ARRAY(r->a, Dim, in->n_children);
  YamlNode **nodes = ARENA_ARRAY(r->a, YamlNode *, in->n_children);
  for (const YamlNode *c = in->first; c; c = c->next) {
    Dim *dim = &space->dims[space->n];
    dim->path = c->key;
    dim->mark = c->key_mark;
    DimSpec x = {.r = r, .spec = s, .in = c, .where = c->key, .dim = dim};
    YamlNode *entry = yaml_new(r->a, YAML_MAP, c->mark);
    x.place = path_find(r->a, tree, dim->path);
    dim->param = x.place.param;
    if (legal_path(&x, tree)) {
      const bool stands = x.place.role != PATH_VALUE || x.place.node->param == x.place.param;
      nodes[space->n] = stands ? x.place.node : NULL;
      check_overlap(&x, space, nodes, nodes[space->n]);
      if (c->type == YAML_MAP)
        resolve_entry(&x, entry);
      else
        diag_add(r->d, DIAG_ERROR, c->mark,
                 "%s: expected {min: .., max: ..}, {values: [..]} or {value: ..}, found %s", c->key,
                 resolve_type_name(c));
    }
    space->n++;
    yaml_put(r->a, out, c->key, entry);
  }
  return out;
}

static bool refuse_words(const Resolve *r, const YamlNode *in) {
  const YamlNode *method = yaml_get(in, "method");
  if (!method || method->type != YAML_SCALAR || !str_eq(method->text, "bayes")) return false;
  Str s = str_new(r->a);
  for (int i = 0; i < run_samplers.n; i++)
    str_addf(&s, "%s%s", i ? ", " : "", run_samplers.kinds[i]->name);
  diag_add(r->d, DIAG_ERROR, method->mark, "no sampler is called \"bayes\"; there are: %s",
           str_text(&s));
  return true;
}

/* How many trials: the user's number, or what the method makes of it. */
static void count_trials(const Resolve *r, const YamlNode *in, Mark at, Spec *s, YamlNode *out) {
  const Sampler *sampler = (const Sampler *)(const void *)s->search.method.kind;
  Err e = {.status = OK};
  s->search.trials = sampler->count(&s->search.space, s->search.trials, &e);
  const YamlNode *said = yaml_get(in, "trials");
  if (e.status != OK || s->search.trials <= 0) {
    diag_add(r->d, DIAG_ERROR, said ? said->mark : at, "search: %s", e.text);
    return;
  }
  const Param *p = param_find(spec_search.head.params, spec_search.head.n_params, "trials");
  yaml_put(r->a, out, "trials", resolve_scalar(r, p, &s->search, said ? said->mark : at));
}

YamlNode *resolve_search(const Resolve *r, const YamlNode *in, YamlNode *tree, Spec *s) {
  static const char *const also[] = {"parameters", NULL};
  YamlNode *out = yaml_new(r->a, YAML_MAP, in->mark);
  const MapSpec m = section_map(r, &spec_search, in, in->mark, also);
  const int errors = r->d->n_errors;
  s->search.present = true;
  YamlNode *rows = yaml_new(r->a, YAML_MAP, in->mark);
  if (refuse_words(r, in)) return out;
  resolve_map(r, in, &m, &s->search, rows);
  const YamlNode *map = resolve_expect_map(r, in, m.where);
  YamlNode *parameters = resolve_parameters(r, yaml_get(map, "parameters"), tree, s);
  if (r->d->n_errors == errors) count_trials(r, map, m.mark, s, rows);
  static const char *const order[] = {"method", "trials", "max_concurrent"};
  for (int i = 0; i < COUNT(order); i++) {
    const YamlNode *n = yaml_get(rows, order[i]);
    if (n) yaml_put(r->a, out, order[i], yaml_copy(r->a, n));
  }
  yaml_put(r->a, out, "parameters", parameters);
  return out;
}
