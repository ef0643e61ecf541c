/* search: the method, and the space as dotted paths looked up in the resolved tree. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "sampler.h"
#include "spec_path.h"
#include "spec_sections.h"
#include "spec_when.h"

typedef struct {
  const Resolve *r;
  Spec *spec;
  PathPlace place;
  const YamlNode *in;  /* the entry of search.parameters, */
  const YamlNode *all; /*   which is the map of them */
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
  const char *where = x->where, *key = str_ends(where, ".layers") ? "layers" : NULL;
  if (key) where = arena_strndup(r->a, where, strlen(where) - 7);
  (void)resolve_layers(r, list, where, key, yaml_new(r->a, YAML_LIST, value->mark));
  return yaml_copy(r->a, value);
}

/* Is this the name of a kind whose required parameters are all searched too? */
static bool needs_are_searched(const DimSpec *x, const YamlNode *value) {
  const bool is_name = x->place.role == PATH_KIND_NAME && value->type == YAML_SCALAR;
  const Kind *kind = is_name ? kind_find(x->place.param->registry, value->text) : NULL;
  const int length = (int)(strlen(x->dim->path) - strlen("name"));
  int n = 0;
  for (int i = 0; kind && i < kind->n_params; i++) {
    const Param *p = &kind->params[i];
    if (p->def || p->optional) continue;
    if (!yaml_get(x->all, arena_printf(x->r->a, "%.*s%s", length, x->dim->path, p->name)))
      return false;
    n++;
  }
  return n > 0;
}

static YamlNode *check_kind(const DimSpec *x, const YamlNode *value) {
  if (needs_are_searched(x, value)) return yaml_copy(x->r->a, value);
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
  const int errors = r->d->n_refusals;
  check_end(x, "min", d->min);
  check_end(x, "max", d->max);
  if (r->d->n_refusals > errors) return;
  if (!(d->min < d->max))
    diag_add(r->d, DIAG_ERROR, min->mark, "min must be below max; for one value write {value: %s}",
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

/* Keys of an entry beside those of a range. */
static const char *const one_of[] = {"values", "value", "when", NULL};

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
  MapSpec m = section_map(r, &spec_range, x->in, x->in->mark, one_of);
  m.where = x->where;
  const int errors = r->d->n_refusals;
  resolve_map(r, x->in, &m, &row, out);
  x->dim->integer = p->type == P_INT;
  x->dim->min = row.min;
  x->dim->max = row.max;
  x->dim->q = row.q;
  x->dim->scale = (Scale)row.scale;
  x->dim->points = (int)row.points;
  if (r->d->n_refusals == errors) check_range(x);
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
  const Resolve *r = x->r;
  if (refuse_foreign(r, x->in)) return;
  const YamlNode *values = yaml_get(x->in, "values"), *value = yaml_get(x->in, "value");
  const YamlNode *said = values ? values : value;
  MapSpec m = section_map(r, &spec_range, x->in, x->in->mark, one_of);
  m.where = x->where;
  for (const YamlNode *c = x->in->first; c; c = c->next) {
    const bool in_range = param_find(m.params, m.n_params, c->key) != NULL;
    if (str_eq(c->key, "when")) continue;
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

static const char *last_component(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot ? dot + 1 : path;
}

typedef struct {
  Arena *a;
  const char *path, *nearest;
  int best;
} Nearest;

/* How many components of `path` are not among those of `other`, in order. */
static int strange_components(const char *path, const char *other) {
  int n = 0;
  while (*path) {
    const size_t length = strcspn(path, ".");
    const char *at = other;
    while (*at && !(strcspn(at, ".") == length && memcmp(at, path, length) == 0))
      at += strcspn(at, ".") + (at[strcspn(at, ".")] == '.');
    if (*at)
      other = at + length + (at[length] == '.');
    else
      n++;
    path += length + (path[length] == '.');
  }
  return n;
}

/* A path to a value whose last component is the same or near; of several the one with most of the
 * components, then the nearest as a whole. */
static void consider(Nearest *n, const char *path) {
  int last = INT_MAX;
  if (!str_nearer(last_component(n->path), last_component(path), &last)) return;
  const int whole = str_distance(n->path, path); /* INT_MAX where a path is too long to compare */
  const int score =
      10000 * last + 100 * strange_components(n->path, path) + (whole < 99 ? whole : 99);
  if (score >= n->best) return;
  n->best = score;
  n->nearest = path;
}

/* The list, or the branches, of a map that has them: no component of a path. */
static const YamlNode *group_list(const YamlNode *map) {
  const LayerGroup *g = spec_group(map);
  return g ? yaml_get(map, g->key) : NULL;
}

/* Walks the values below `tree`, which stands at `prefix`. */
static void walk_paths(Nearest *n, const YamlNode *tree, const char *prefix) {
  int index = 0;
  for (const YamlNode *c = tree->first; c; c = c->next, index++) {
    const char *key = tree->type == YAML_LIST ? spec_layer_name(c) : c->key;
    const bool by_kind = key == NULL;
    if (by_kind) key = c->type == YAML_LIST ? arena_printf(n->a, "%d", index) : spec_layer_key(c);
    if (key == NULL || str_eq(key, "name")) continue;
    const bool is_list = c->type == YAML_LIST && tree->type == YAML_MAP && c == group_list(tree);
    const char *path =
        is_list ? prefix : arena_printf(n->a, "%s%s%s", prefix, *prefix ? "." : "", key);
    if (c->param) consider(n, path);
    if (c->type == YAML_LIST && c->param) continue; /* its numbers have no paths */
    /* The kind of a layer without a name is the component already. */
    const YamlNode *below = by_kind && c->type == YAML_MAP ? yaml_get(c, key) : c;
    walk_paths(n, below, path);
  }
}

/* A parameter of one of the kinds that another entry chooses between: what to write; or NULL. */
static const char *of_another_kind(const DimSpec *x, const YamlNode *tree) {
  const char *last = last_component(x->dim->path);
  const char *name = arena_printf(x->r->a, "%.*sname", (int)(last - x->dim->path), x->dim->path);
  const YamlNode *entry = yaml_get(x->all, name), *values = yaml_get(entry, "values");
  const PathPlace place = path_find(x->r->a, tree, name);
  if (values == NULL || place.role != PATH_KIND_NAME) return NULL;
  for (const YamlNode *v = values->first; v; v = v->next) {
    const Kind *kind = v->type == YAML_SCALAR ? kind_find(place.param->registry, v->text) : NULL;
    if (kind && param_find(kind->params, kind->n_params, last))
      return arena_printf(x->r->a, "\"%s\" belongs to %s: add when: {%s: %s}", last, kind->name,
                          name, kind->name);
  }
  return NULL;
}

static bool no_such_path(const DimSpec *x, const YamlNode *tree) {
  if (x->place.unread) return false;
  const char *kind = of_another_kind(x, tree);
  if (kind) {
    const Mark at = path_mark(x->in->key_mark, x->place.from, x->place.length);
    diag_add(x->r->d, DIAG_ERROR, at, "%s: %s", x->dim->path, kind);
    return false;
  }
  Nearest n = {.a = x->r->a, .path = x->dim->path, .best = INT_MAX};
  static const char *const tops[] = {"model", "parameters", "train"};
  for (int i = 0; i < COUNT(tops); i++) {
    const YamlNode *top = yaml_get(tree, tops[i]); /* a cost has no model, a model no parameters */
    if (top) walk_paths(&n, top, tops[i]);
  }
  const Mark at = path_mark(x->in->key_mark, x->place.from, x->place.length);
  if (n.nearest)
    diag_add(x->r->d, DIAG_ERROR, at, "%s: no such path; did you mean \"%s\"?", x->dim->path,
             n.nearest);
  else
    diag_add(x->r->d, DIAG_ERROR, at, "%s: %s", x->dim->path, x->place.problem);
  return false;
}

/* Why a path that names something must stay as it is. */
static const char *why_fixed(const DimSpec *x) {
  static const char *const others[] = {"version", "name",   "replay", "cost",      "command",
                                       "metrics", "metric", "search", "checkpoint"};
  const char *path = x->dim->path;
  const char *top = arena_strndup(x->r->a, path, strcspn(path, "."));
  if (str_eq(top, "data")) return "the data are opened once and are the same for all trials";
  if (str_eq(top, "resources")) return "resources say which ranks train, for all trials alike";
  if (str_eq(path, "train.shards"))
    return "shards say who can compute a batch and how its sums are rounded, for all trials alike";
  if (str_eq(top, "seed")) return "every trial has a seed of its own, made from the experiment's";
  for (int i = 0; i < COUNT(others); i++)
    if (str_eq(top, others[i]))
      return x->spec->command.node ? "only what is below parameters can"
             : x->spec->cost.text  ? "only what is below parameters and train can"
                                   : "only what is below model and train can";
  if (x->place.node && x->place.role == PATH_SECTION) return "it is a section, not a value";
  return NULL;
}

static bool legal_path(const DimSpec *x, const YamlNode *tree) {
  const char *why = why_fixed(x);
  if (why == NULL) return x->place.node || no_such_path(x, tree);
  diag_add(x->r->d, DIAG_ERROR, x->in->key_mark, "%s cannot be searched: %s", x->dim->path, why);
  return false;
}

static bool is_inside(const YamlNode *outer, const YamlNode *n) {
  if (outer == n) return true;
  for (const YamlNode *c = outer->first; c; c = c->next)
    if (is_inside(c, n)) return true;
  return false;
}

/* ---- the section ----------------------------------------------------------------------------- */

/* All entries. */
typedef struct {
  const Resolve *r;
  Spec *spec;
  const YamlNode *in;
  YamlNode **entries;     /* (space.n) resolved */
  const YamlNode **trees; /* (space.n) where each path is looked up */
  bool *legal;            /* (space.n) is the path */
} Entries;

/* The node that an entry sets in a tree; NULL: none, or a value that the tree leaves out. */
static YamlNode *node_in(const Resolve *r, const YamlNode *tree, const char *path) {
  const PathPlace place = path_find(r->a, tree, path);
  if (place.node == NULL) return NULL;
  const bool stands = place.role != PATH_VALUE || place.node->param == place.param;
  return stands ? place.node : NULL;
}

static bool are_inside(const Entries *x, const YamlNode *tree, int i, int k) {
  const Dim *dims = x->spec->search.space.dims;
  const YamlNode *one = node_in(x->r, tree, dims[i].path),
                 *other = node_in(x->r, tree, dims[k].path);
  return one && other && (is_inside(one, other) || is_inside(other, one));
}

/* Entries that would write over each other, in the tree of either. */
static void check_overlap(const Entries *x, int i) {
  const Dim *dims = x->spec->search.space.dims;
  for (int k = 0; k < i; k++) {
    if (!x->legal[i] || !x->legal[k]) continue;
    bool inside = are_inside(x, x->trees[i], i, k);
    if (!inside && x->trees[k] != x->trees[i]) inside = are_inside(x, x->trees[k], i, k);
    if (inside)
      diag_add(x->r->d, DIAG_ERROR, dims[i].mark, "%s is part of what %s sets; keep one of them",
               dims[i].path, dims[k].path);
  }
}

/* The path must be there under every value of every condition. */
static bool there_under_conditions(const Entries *x, const DimSpec *dim, int i) {
  const Space *space = &x->spec->search.space;
  for (int c = 0; c < dim->dim->n_when; c++)
    for (int v = 0; v < dim->dim->when[c].n_values; v++) {
      const Condition *on = &dim->dim->when[c];
      const YamlNode *tree = when_tree(x->r, x->spec, i, c, v);
      if (path_find(x->r->a, tree, dim->dim->path).node) continue;
      Str value = str_new(x->r->a);
      yaml_write_flow(on->values[v], &value);
      diag_add(x->r->d, DIAG_ERROR, on->values[v]->mark, "there is no %s where %s is %s",
               dim->dim->path, space->dims[on->dim].path, str_text(&value));
      return false;
    }
  return true;
}

/* dims[i], after those that its conditions are on. */
static void resolve_dim(Entries *x, int i) {
  const Resolve *r = x->r;
  Dim *dim = &x->spec->search.space.dims[i];
  const YamlNode *in = yaml_at(x->in, i);
  DimSpec d = {.r = r, .spec = x->spec, .in = in, .all = x->in, .where = dim->path, .dim = dim};
  YamlNode *when = yaml_new(r->a, YAML_MAP, in->mark);
  for (int k = 0; k < dim->n_when; k++)
    if (!x->legal[dim->when[k].dim]) return; /* an error already */
  if (!when_values(r, in, &x->spec->search.space, i, when)) return;
  x->trees[i] = when_tree(r, x->spec, i, 0, 0);
  d.place = path_find(r->a, x->trees[i], dim->path);
  dim->param = d.place.param;
  if (!legal_path(&d, x->trees[i]) || !there_under_conditions(x, &d, i)) return;
  const int errors = r->d->n_refusals;
  if (in->type == YAML_MAP)
    resolve_entry(&d, x->entries[i]);
  else
    diag_add(r->d, DIAG_ERROR, in->mark,
             "%s: expected {min: .., max: ..}, {values: [..]} or {value: ..}, found %s", in->key,
             resolve_type_name(in));
  x->legal[i] = r->d->n_refusals == errors;
  if (dim->n_when) yaml_put(r->a, x->entries[i], "when", yaml_copy(r->a, yaml_get(when, "when")));
}

static YamlNode *resolve_parameters(const Resolve *r, const YamlNode *in, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : s->source->mark);
  in = resolve_expect_map(r, in, "search.parameters");
  if (in == NULL) return out;
  Space *space = &s->search.space;
  const int n = in->n_children;
  Entries x = {.r = r, .spec = s, .in = in, .legal = ARENA_ARRAY(r->a, bool, n)};
  x.entries = ARENA_ARRAY(r->a, YamlNode *, n);
  x.trees = ARENA_ARRAY(r->a, const YamlNode *, n);
  space->dims = ARENA_ARRAY(r->a, Dim, n);
  for (const YamlNode *c = in->first; c; c = c->next) {
    x.entries[space->n] = yaml_new(r->a, YAML_MAP, c->mark);
    space->dims[space->n++] = (Dim){.path = c->key, .mark = c->key_mark};
  }
  if (!when_link(r, in, space)) return out;
  for (int i = 0; i < n; i++) resolve_dim(&x, space->order ? space->order[i] : i);
  for (int i = 0; i < n; i++) check_overlap(&x, i);
  for (int i = 0; i < n; i++) yaml_put(r->a, out, space->dims[i].path, x.entries[i]);
  return out;
}

/* How many trials: the user's number, or what the method makes of it; points to try come on top of
 * the method's. */
static void count_trials(const Resolve *r, const YamlNode *in, Mark at, Spec *s, YamlNode *out) {
  const Sampler *sampler = (const Sampler *)(const void *)s->search.method.kind;
  const YamlNode *said = yaml_get(in, "trials");
  const int64_t asked = s->search.trials, tries = s->search.n_tries;
  Err e = {.status = OK};
  if (said && asked < tries)
    err_set(&e, E_SPEC, "%lld is too few: %lld points come before those of the method",
            (long long)asked, (long long)tries);
  else if (!said || asked > tries)
    s->search.trials = tries + sampler->count(&s->search.space, said ? asked - tries : 0, &e);
  if (e.status != OK || s->search.trials <= 0) {
    diag_add(r->d, DIAG_ERROR, said ? said->mark : at, "search: %s", e.text);
    return;
  }
  const Param *p = param_find(spec_search.head.params, spec_search.head.n_params, "trials");
  yaml_put(r->a, out, "trials", resolve_scalar(r, p, &s->search, said ? said->mark : at));
}

/* A key that may be left out, or empty. */
static const YamlNode *given(const YamlNode *map, const char *key) {
  const YamlNode *n = yaml_get(map, key);
  return n && n->type == YAML_SCALAR && yaml_scalar(n).type == SCALAR_NULL ? NULL : n;
}

YamlNode *resolve_search(const Resolve *r, const YamlNode *in, Spec *s) {
  static const char *const also[] = {"parameters", "try", "from", NULL};
  YamlNode *out = yaml_new(r->a, YAML_MAP, in->mark);
  const MapSpec m = section_map(r, &spec_search, in, in->mark, also);
  const int errors = r->d->n_refusals;
  s->search.present = true;
  YamlNode *rows = yaml_new(r->a, YAML_MAP, in->mark);
  resolve_map(r, in, &m, &s->search, rows);
  const YamlNode *map = resolve_expect_map(r, in, m.where), *try = given(map, "try"),
                 *from = given(map, "from");
  YamlNode *parameters = resolve_parameters(r, yaml_get(map, "parameters"), s);
  YamlNode *tries = try && r->d->n_refusals == errors ? resolve_try(r, try, s) : NULL;
  from = from && r->d->n_refusals == errors ? resolve_from(r, from, s) : NULL;
  if (r->d->n_refusals == errors) count_trials(r, map, m.mark, s, rows);
  if (r->d->n_refusals == errors) resolve_search_rules(r, map, s);
  static const char *const order[] = {"method", "trials", "repeats", "max_concurrent",
                                      "early_terminate"};
  for (int i = 0; i < COUNT(order); i++) {
    const YamlNode *n = yaml_get(rows, order[i]);
    if (n) yaml_put(r->a, out, order[i], yaml_copy(r->a, n));
  }
  yaml_put(r->a, out, "parameters", parameters);
  if (tries) yaml_put(r->a, out, "try", tries);
  if (from) yaml_put(r->a, out, "from", yaml_copy(r->a, from));
  return out;
}
