/* An experiment, from text to Spec: parse, override, resolve section by section. */
#include "spec.h"

#include <string.h>

#include "io/files.h"
#include "spec_path.h"
#include "spec_sections.h"

/* ---- the user's tree ------------------------------------------------------------------------- */

static YamlNode *take(YamlNode *map, const char *key) {
  YamlNode *before = NULL, *n = map->first;
  while (n && !str_eq(n->key, key)) {
    before = n;
    n = n->next;
  }
  if (n == NULL) return NULL;
  if (before) before->next = n->next;
  if (map->first == n) map->first = n->next;
  if (map->last == n) map->last = before;
  map->n_children--;
  n->next = NULL;
  return n;
}

/* The metric has one place, the top; `search.metric`, where W&B's readers look, is the same. */
static void move_metric(Arena *a, YamlNode *tree, Diag *d) {
  YamlNode *search = yaml_get(tree, "search");
  if (yaml_get(search, "metric") == NULL) return;
  YamlNode *metric = take(search, "metric");
  if (yaml_get(tree, "metric"))
    diag_add(d, DIAG_ERROR, metric->key_mark, "the metric is given twice: at the top and here");
  else
    yaml_put(a, tree, "metric", metric);
}

static void set_source(YamlNode *n, const Source *source) {
  n->mark.source = source;
  n->key_mark.source = source;
  for (YamlNode *c = n->first; c; c = c->next) set_source(c, source);
}

/* The value of `path=value`, parsed in place: blanks stand for the path, so that columns are those
 * of the argument, which the marks then show. */
static YamlNode *parse_override(Arena *a, Source *source, int at, Diag *d) {
  const char *argument = source->text;
  char *padded = arena_strdup(a, argument);
  memset(padded, ' ', (size_t)at);
  source->text = padded;
  YamlNode *value = yaml_parse(a, source, d);
  source->text = argument;
  if (value) set_source(value, source);
  return value;
}

static void apply_override(Arena *a, YamlNode *tree, const char *argument, Diag *d) {
  Source *source = ARENA_NEW(a, Source);
  *source = (Source){.name = "command line", .text = argument, .length = (int)strlen(argument)};
  const int n = (int)strcspn(argument, "=");
  const Mark at = {.source = source, .line = 1, .column = 1, .length = n > 0 ? n : 1};
  if (argument[n] == '\0') {
    diag_add(d, DIAG_ERROR, at, "expected path=value, such as train.epochs=5");
    return;
  }
  if (argument[n + 1 + (int)strspn(argument + n + 1, " \t\n")] == '\0') {
    diag_add(d, DIAG_ERROR, at, "a value is missing behind the =");
    return;
  }
  YamlNode *value = parse_override(a, source, n + 1, d);
  if (value == NULL) return;
  const char *path = arena_strndup(a, argument, (size_t)n);
  Mark mark = at;
  if (str_starts(path, "search.metric")) {
    path += strlen("search.");
    mark.column += (int)strlen("search.");
  }
  (void)path_set(a, tree, path, value, mark, d);
}

/* ---- resolving ------------------------------------------------------------------------------- */

static const char *default_name(Arena *a, const char *file) {
  const char *slash = strrchr(file, '/');
  const char *base = slash ? slash + 1 : file;
  static const char *const endings[] = {".yaml", ".yml"};
  for (int i = 0; i < COUNT(endings); i++) {
    const size_t n = strlen(base), k = strlen(endings[i]);
    if (n > k && str_ends(base, endings[i])) return arena_strndup(a, base, n - k);
  }
  return arena_strdup(a, base);
}

/* The name becomes that of the run directory. */
static void check_name(const Resolve *r, const YamlNode *in, const Spec *s) {
  const YamlNode *n = yaml_get(in, "name");
  if (n && s->name && (*s->name == '\0' || *s->name == '.' || strchr(s->name, '/')))
    diag_add(
        r->d, DIAG_ERROR, n->mark,
        "name: it becomes the name of a directory, so it has no / and does not start with a dot");
}

static YamlNode *resolve_head(const Resolve *r, const YamlNode *in, Mark top, Spec *s) {
  static const char *const also[] = {"command",   "parameters", "data",   "model",      "train",
                                     "metrics",   "metric",     "search", "checkpoint", "records",
                                     "resources", "edits",      NULL};
  YamlNode *tree = yaml_new(r->a, YAML_MAP, top), *rows = yaml_new(r->a, YAML_MAP, top);
  MapSpec m = section_map(r, &spec_experiment, in, top, also);
  m.where = "the experiment";
  resolve_map(r, in, &m, s, rows);
  check_name(r, in, s);
  if (s->name == NULL) s->name = default_name(r->a, s->file->name);
  for (int i = 0; i < m.n_params; i++) {
    const YamlNode *n = yaml_get(rows, m.params[i].name);
    if (str_eq(m.params[i].name, "cost")) continue; /* resolve_cost's */
    if (str_eq(m.params[i].name, "replay") && s->replay == NULL) continue;
    yaml_put(r->a, tree, m.params[i].name, resolve_scalar(r, &m.params[i], s, n ? n->mark : top));
  }
  return tree;
}

static void resolve_with_cost(const Resolve *r, const YamlNode *source, Mark top,
                              const char *directory, Spec *s, YamlNode *tree) {
  resolve_cost(r, source, top, directory, s, tree);
  yaml_put(r->a, tree, "train", resolve_cost_train(r, yaml_get(source, "train"), top, s));
}

static void resolve_with_model(const Resolve *r, const YamlNode *source, Mark top,
                               const char *directory, Spec *s, YamlNode *tree) {
  const YamlNode *parameters = yaml_get(source, "parameters");
  if (parameters)
    diag_add(r->d, DIAG_ERROR, parameters->key_mark,
             "parameters goes with cost or command, which are not given");
  yaml_put(r->a, tree, "data", resolve_data(r, yaml_get(source, "data"), top, directory, s));
  yaml_put(r->a, tree, "model", resolve_model(r, yaml_get(source, "model"), top, s));
  yaml_put(r->a, tree, "train", resolve_train(r, yaml_get(source, "train"), top, s));
}

/* `source` stays as it is. NULL if it is no map. */
static Spec *resolve_all(Arena *a, const Source *file, const YamlNode *source,
                         const char *directory, Diag *d) {
  const Resolve r = {.a = a, .d = d};
  const int errors = d->n_refusals;
  Mark top = source->mark;
  if (top.source == NULL || source->n_children == 0)
    top = (Mark){.source = file, .line = 1, .column = 1, .length = 1};
  top.length = 1;
  if (source->type != YAML_MAP) {
    diag_add(d, DIAG_ERROR, source->mark, "expected an experiment (a map of key: value), found %s",
             resolve_type_name(source));
    return NULL;
  }
  Spec *s = ARENA_NEW(a, Spec);
  s->file = file;
  s->source = source;
  s->directory = directory;
  YamlNode *tree = resolve_head(&r, source, top, s);
  s->tree = tree;
  if (yaml_get(source, "command"))
    resolve_command(&r, source, top, directory, s, tree);
  else if (yaml_get(source, "cost"))
    resolve_with_cost(&r, source, top, directory, s, tree);
  else
    resolve_with_model(&r, source, top, directory, s, tree);
  if (s->replay) s->data.replay = file_join(a, directory, s->replay);
  YamlNode *metrics = resolve_metrics(&r, yaml_get(source, "metrics"), s);
  if (metrics) yaml_put(a, tree, "metrics", metrics);
  yaml_put(a, tree, "metric", resolve_metric(&r, yaml_get(source, "metric"), top, s));
  const YamlNode *search = yaml_get(source, "search");
  if (search) yaml_put(a, tree, "search", resolve_search(&r, search, s));
  yaml_put(a, tree, "checkpoint", resolve_checkpoint(&r, yaml_get(source, "checkpoint"), top, s));
  yaml_put(a, tree, "resources", resolve_resources(&r, yaml_get(source, "resources"), top, s));
  const YamlNode *records = yaml_get(source, "records");
  if (records) yaml_put(a, tree, "records", resolve_records(&r, records, s));
  const YamlNode *given = yaml_get(source, "edits");
  YamlNode *edits = given && d->n_refusals == errors ? resolve_edits(&r, given, s) : NULL;
  if (edits) yaml_put(a, tree, "edits", edits);
  return s;
}

/* NULL after errors. */
static Spec *resolve_spec(Arena *a, const Source *file, const YamlNode *source,
                          const char *directory, Diag *d) {
  const int errors = d->n_refusals;
  Spec *s = resolve_all(a, file, source, directory, d);
  return d->n_refusals == errors ? s : NULL;
}

Spec *resolve_tree(Arena *a, const Spec *s, const YamlNode *source, Diag *d) {
  return resolve_spec(a, s->file, source, s->directory, d);
}

static Spec *from_source(Arena *a, const Source *file, const char *directory,
                         const char *const *overrides, int n_overrides, Diag *d) {
  const int errors = d->n_refusals;
  YamlNode *tree = yaml_parse(a, file, d);
  if (tree == NULL) return NULL;
  if (tree->type == YAML_MAP) move_metric(a, tree, d);
  for (int i = 0; i < n_overrides && tree->type == YAML_MAP; i++)
    apply_override(a, tree, overrides[i], d);
  Spec *s = resolve_spec(a, file, tree, directory, d);
  return d->n_refusals == errors ? s : NULL;
}

/* ---- entries --------------------------------------------------------------------------------- */

Spec *spec_from_text(Arena *a, const char *name, const char *text, const char *directory,
                     const char *const *overrides, int n_overrides, Diag *d) {
  Source *file = ARENA_NEW(a, Source);
  *file = (Source){.name = arena_strdup(a, name), .text = arena_strdup(a, text)};
  file->length = (int)strlen(text);
  return from_source(a, file, arena_strdup(a, directory), overrides, n_overrides, d);
}

Status spec_load(Arena *a, const char *path, const char *const *overrides, int n_overrides, Diag *d,
                 Spec **out, Err *e) {
  Source *file = NULL;
  *out = NULL;
  TRY(yaml_read_file(a, path, &file, e));
  *out = from_source(a, file, file_dir(a, path), overrides, n_overrides, d);
  return OK;
}

static YamlNode *int_node(Arena *a, int64_t x, Mark mark) {
  return yaml_new_scalar(a, arena_printf(a, "%lld", (long long)x), false, mark);
}

/* ---- points ---------------------------------------------------------------------------------- */

/* The kind that a dimension names, or NULL: `train.optimizer.name` with the value adam. */
static const Kind *named_kind(const Dim *dim, const YamlNode *value) {
  if (!dim->param || dim->param->type != P_KIND || !str_ends(dim->path, ".name")) return NULL;
  return value->type == YAML_SCALAR ? kind_find(dim->param->registry, value->text) : NULL;
}

/* What the file says about its own kind and another one does not know goes. */
static void forget_other_kind(Arena *a, YamlNode *tree, const char *path, const Kind *kind) {
  YamlNode *map = spec_find(tree, arena_strndup(a, path, strlen(path) - strlen(".name")));
  if (map == NULL || map->type != YAML_MAP) return;
  for (YamlNode *c = map->first, *next; c; c = next) {
    next = c->next;
    if (!str_eq(c->key, "name") && !param_find(kind->params, kind->n_params, c->key))
      (void)take(map, c->key);
  }
}

/* Names of kinds first: what else is said about them is said about the new ones. */
static void put_point(Arena *a, YamlNode *tree, const Space *space, const Point *p, Diag *d) {
  for (int pass = 0; pass < 2; pass++)
    for (int i = 0; i < p->n; i++) {
      const Dim *dim = &space->dims[i];
      const Kind *kind = p->values[i] ? named_kind(dim, p->values[i]) : NULL;
      if (p->values[i] == NULL || (kind != NULL) != (pass == 0)) continue;
      const bool is_set = path_set(a, tree, dim->path, p->values[i], dim->mark, d);
      if (is_set && kind) forget_other_kind(a, tree, dim->path, kind);
    }
}

const YamlNode *spec_tree_at(Arena *a, const Spec *s, const Point *point) {
  YamlNode *tree = yaml_copy(a, s->source);
  Diag ignored = diag_new(a);
  (void)take(tree, "search");
  (void)take(tree, "edits");
  put_point(a, tree, &s->search.space, point, &ignored);
  return resolve_all(a, s->file, tree, s->directory, &ignored)->tree;
}

/* A search alone means that its cost is only evaluated, which its trials must say themselves. */
static void say_steps(Arena *a, const Spec *base, YamlNode *tree) {
  if (base->cost.text == NULL || base->train.steps > 0 || yaml_get(tree, "train")) return;
  YamlNode *train = yaml_new(a, YAML_MAP, tree->mark);
  yaml_put(a, train, "steps", int_node(a, 0, tree->mark));
  yaml_put(a, tree, "train", train);
}

Spec *spec_trial(Arena *a, const Spec *base, const Point *point, int64_t seed, Diag *d) {
  YamlNode *tree = yaml_copy(a, base->source);
  (void)take(tree, "search");
  say_steps(a, base, tree);
  const int errors = d->n_refusals;
  if (point) put_point(a, tree, &base->search.space, point, d);
  const Mark top = tree->mark;
  yaml_put(a, tree, "name", yaml_new_scalar(a, base->name, true, top));
  yaml_put(a, tree, "seed", int_node(a, seed, top));
  YamlNode *data = yaml_get(tree, "data");
  if (data && data->type == YAML_MAP && base->cost.text == NULL)
    yaml_put(a, data, "seed", int_node(a, base->data.seed, data->mark));
  Spec *s = resolve_spec(a, base->file, tree, base->directory, d);
  return d->n_refusals == errors ? s : NULL;
}
