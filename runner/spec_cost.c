/*
 * cost, parameters and data of an experiment that minimises what the user wrote.
 *
 * What needs no data is checked here: syntax, names that clash; names and shapes too where the data
 * stand in the experiment itself. Columns of a file are looked at when it is open (trial_cost.c).
 */
#include <math.h>

#include "cost.h"
#include "io/files.h"
#include "spec_sections.h"

/* ---- vectors --------------------------------------------------------------------------------- */

/* The rows of a start value, a number or a list, so that a search may choose it. */
static const Param start_row = {"start", P_REAL, 0, .doc = "where training starts"};
static const Param starts_row = {"start", P_REALS, 0, .doc = "where training starts"};

static bool read_number(const Resolve *r, const YamlNode *in, const char *name, double *out) {
  const Scalar s = in->type == YAML_SCALAR ? yaml_scalar(in) : (Scalar){.type = SCALAR_NULL};
  const bool number = s.type == SCALAR_INT || s.type == SCALAR_REAL;
  if (number && isfinite((float)s.real)) {
    *out = s.real;
    return true;
  }
  if (number)
    diag_add(r->d, DIAG_ERROR, in->mark, "%s: expected a number within 3.4e38, found %s", name,
             in->text);
  else
    diag_add(r->d, DIAG_ERROR, in->mark, "%s: expected a number or a list of numbers, found %s",
             name, resolve_type_name(in));
  return false;
}

static YamlNode *resolved_number(const Resolve *r, double x, Mark mark) {
  YamlNode *n = resolve_scalar(r, &start_row, &x, mark);
  n->param = NULL;
  return n;
}

/* A number or a list of them; the resolved node, NULL after an error. */
static YamlNode *read_vector(const Resolve *r, const YamlNode *in, CostVector *out) {
  *out = (CostVector){.name = in->key, .mark = in->key_mark, .n = 1};
  out->is_list = in->type == YAML_LIST;
  if (out->is_list) out->n = in->n_children;
  if (out->n == 0) {
    diag_add(r->d, DIAG_ERROR, in->mark, "%s: the list is empty", in->key);
    return NULL;
  }
  double *v = ARENA_ARRAY(r->a, double, out->n);
  const int errors = r->d->n_refusals;
  int n = 0;
  for (const YamlNode *c = out->is_list ? in->first : in; c; c = out->is_list ? c->next : NULL)
    (void)read_number(r, c, in->key, &v[n++]);
  out->v = v;
  if (r->d->n_refusals > errors) return NULL;
  YamlNode *list = yaml_new(r->a, YAML_LIST, in->mark);
  for (int i = 0; i < out->n; i++) yaml_append(list, resolved_number(r, v[i], in->mark));
  return out->is_list ? list : resolved_number(r, v[0], in->mark);
}

static bool check_name(const Resolve *r, const YamlNode *in, const char *what) {
  for (int i = 0; i < cost_n_functions; i++) {
    if (!str_eq(in->key, cost_functions[i])) continue;
    diag_add(r->d, DIAG_ERROR, in->key_mark,
             "\"%s\" is a function of the cost; give this %s another name", in->key, what);
    return false;
  }
  if (cost_is_name(in->key)) return true;
  diag_add(r->d, DIAG_ERROR, in->key_mark,
           "\"%s\" cannot stand in a cost: a name has letters, digits and _ and does not begin "
           "with a digit",
           in->key);
  return false;
}

static YamlNode *resolve_parameters(const Resolve *r, const YamlNode *in, Mark top, CostSpec *c) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : top);
  const int errors = r->d->n_refusals;
  const YamlNode *map = resolve_expect_map(r, in, "parameters");
  if (map == NULL || map->n_children == 0) {
    if (r->d->n_refusals == errors)
      diag_add(r->d, DIAG_ERROR, resolve_key_mark(in, top),
               "parameters: what is trained, with start values? such as parameters: {w: 0}");
    return out;
  }
  CostVector *v = ARENA_ARRAY(r->a, CostVector, map->n_children);
  for (const YamlNode *p = map->first; p; p = p->next) {
    if (!check_name(r, p, "parameter")) continue;
    YamlNode *node = read_vector(r, p, &v[c->n_parameters]);
    if (node) node->param = v[c->n_parameters].is_list ? &starts_row : &start_row;
    yaml_put(r->a, out, p->key, node ? node : yaml_new_scalar(r->a, "", false, p->mark));
    c->n_parameters++;
  }
  c->parameters = v;
  return out;
}

/* ---- data ------------------------------------------------------------------------------------ */

/* Keys of a model's data, which a cost's data cannot be called. */
static bool is_data_key(const char *key) {
  return str_eq(key, "split") || param_find(spec_data.head.params, spec_data.head.n_params, key);
}

static const Param *data_row(const char *key) {
  return param_find(spec_data.head.params, spec_data.head.n_params, key);
}

static void resolve_file(const Resolve *r, const YamlNode *map, const char *directory, Spec *s,
                         YamlNode *out) {
  const MapSpec m = {.where = "data", .mark = map->mark};
  DataSpec *d = &s->data;
  for (const YamlNode *c = map->first; c; c = c->next) {
    if (str_eq(c->key, "file") || str_eq(c->key, "sha256"))
      resolve_param(r, data_row(c->key), c, &m, d, out);
    else
      diag_add(r->d, DIAG_ERROR, c->key_mark,
               "data of a cost are a file, whose columns have names, or named numbers: \"%s\" does "
               "not go with file",
               c->key);
  }
  if (d->file) d->path = file_join(r->a, directory, d->file);
}

static bool is_parameter(const CostSpec *c, const char *name) {
  for (int i = 0; i < c->n_parameters; i++)
    if (str_eq(c->parameters[i].name, name)) return true;
  return false;
}

static void resolve_vectors(const Resolve *r, const YamlNode *map, Spec *s, YamlNode *out) {
  CostVector *v = ARENA_ARRAY(r->a, CostVector, map->n_children);
  for (const YamlNode *c = map->first; c; c = c->next) {
    if (is_data_key(c->key)) {
      diag_add(r->d, DIAG_ERROR, c->key_mark,
               "\"%s\" has no meaning with a cost: its data are named numbers, or a file", c->key);
      continue;
    }
    if (!check_name(r, c, "data")) continue;
    if (is_parameter(&s->cost, c->key))
      diag_add(r->d, DIAG_ERROR, c->key_mark,
               "\"%s\" is a parameter already; give the data another name", c->key);
    YamlNode *node = read_vector(r, c, &v[s->data.n_vectors++]);
    yaml_put(r->a, out, c->key, node ? node : yaml_new_scalar(r->a, "", false, c->mark));
  }
  s->data.vectors = v;
}

/* The names in the tree that are no parameters; `most`: room for them. */
static void collect_names(const CostSpec *c, const CostExpr *x, DataSpec *d) {
  if (x->type == COST_NAME && !is_parameter(c, x->name)) {
    for (int i = 0; i < d->n_wanted; i++)
      if (str_eq(d->wanted[i], x->name)) return;
    d->wanted[d->n_wanted++] = x->name;
  }
  for (int i = 0; i < x->n_args; i++) collect_names(c, x->args[i], d);
}

static YamlNode *resolve_cost_data(const Resolve *r, const YamlNode *in, const char *directory,
                                   Spec *s) {
  DataSpec *d = &s->data;
  d->of_cost = true;
  d->train = 1;
  d->seed = s->seed;
  const YamlNode *map = resolve_expect_map(r, in, "data");
  if (map == NULL || map->n_children == 0) return NULL;
  YamlNode *out = yaml_new(r->a, YAML_MAP, in->mark);
  if (yaml_get(map, "file"))
    resolve_file(r, map, directory, s, out);
  else
    resolve_vectors(r, map, s, out);
  return out;
}

/* ---- cost ------------------------------------------------------------------------------------ */

static YamlNode *resolve_text(const Resolve *r, const YamlNode *in, CostSpec *c) {
  CostProblem problem;
  c->node = in;
  c->text = "";
  if (in->type != YAML_SCALAR || yaml_scalar(in).type != SCALAR_STRING)
    return yaml_new_scalar(r->a, "", false, in->mark); /* the table has refused it */
  c->text = cost_tidy(r->a, in->text);
  c->tree = cost_parse(r->a, c->text, &problem);
  if (c->tree == NULL)
    diag_add(r->d, DIAG_ERROR, cost_mark(in, c->text, problem.from, problem.length), "%s",
             problem.message);
  const bool quoted = scalar_parse(c->text, false).type != SCALAR_STRING;
  return yaml_new_scalar(r->a, c->text, quoted, in->mark);
}

static void check_inline(const Resolve *r, const Spec *s) {
  DataColumn *columns = ARENA_ARRAY(r->a, DataColumn, s->data.n_vectors);
  for (int i = 0; i < s->data.n_vectors; i++)
    columns[i] = (DataColumn){.name = s->data.vectors[i].name, .n = s->data.vectors[i].n};
  (void)cost_check(&s->cost, columns, s->data.n_vectors, r->d);
}

void resolve_cost(const Resolve *r, const YamlNode *source, Mark top, const char *directory,
                  Spec *s, YamlNode *tree) {
  const int errors = r->d->n_refusals;
  static const char *const suit[] = {
      "parameters", "data",    "train",     "metric", "search",
      "checkpoint", "records", "resources", NULL}; /* the last two say so themselves */
  resolve_alone(r, source, suit, "a cost");
  yaml_put(r->a, tree, "cost", resolve_text(r, yaml_get(source, "cost"), &s->cost));
  yaml_put(r->a, tree, "parameters",
           resolve_parameters(r, yaml_get(source, "parameters"), top, &s->cost));
  YamlNode *data = resolve_cost_data(r, yaml_get(source, "data"), directory, s);
  if (data) yaml_put(r->a, tree, "data", data);
  if (s->cost.tree == NULL) return;
  if (s->data.file) {
    s->data.wanted = ARENA_ARRAY(r->a, const char *, s->cost.tree->length);
    collect_names(&s->cost, s->cost.tree, &s->data);
  } else if (r->d->n_refusals == errors) {
    check_inline(r, s);
  }
}

/* ---- train ----------------------------------------------------------------------------------- */

/* What a training of one row by steps can mean; the rest of the table is of mini-batches and layers.
 */
static const char *const suitable[] = {"steps", "optimizer", "schedule", "clip_value", "clip_norm"};

static bool suits_cost(const char *key) {
  for (int i = 0; i < COUNT(suitable); i++)
    if (str_eq(key, suitable[i])) return true;
  return false;
}

static const char *known(const Resolve *r) {
  Str s = str_new(r->a);
  for (int i = 0; i < COUNT(suitable); i++) str_addf(&s, "%s%s", i ? ", " : "", suitable[i]);
  return str_text(&s);
}

/* Without a section `train` a search is all there is: the cost is only evaluated. */
static bool is_evaluated(const YamlNode *in, const YamlNode *out, const Spec *s) {
  return in == NULL ? yaml_get(s->source, "search") != NULL
                    : s->train.steps == 0 && yaml_get(out, "steps") != NULL;
}

/* With nothing to be trained, the rest of the section has no meaning. */
static YamlNode *resolve_evaluation(const Resolve *r, const YamlNode *in, YamlNode *out, Spec *s) {
  for (const YamlNode *c = in ? in->first : NULL; c; c = c->next)
    if (!str_eq(c->key, "steps") && suits_cost(c->key))
      diag_add(r->d, DIAG_ERROR, c->key_mark,
               "%s has no meaning with steps: 0, where the cost is evaluated and nothing trained",
               c->key);
  const Param *p = param_find(spec_train.head.params, spec_train.head.n_params, "steps");
  s->train.batch_size = s->train.shards = 1;
  yaml_put(r->a, out, "steps", resolve_scalar(r, p, &s->train, out->mark));
  return out;
}

YamlNode *resolve_cost_train(const Resolve *r, const YamlNode *in, Mark top, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : top);
  YamlNode *all = yaml_new(r->a, YAML_MAP, out->mark);
  const MapSpec m = section_map(r, &spec_train, in, top, NULL);
  const int errors = r->d->n_refusals;
  resolve_map(r, in, &m, &s->train, all);
  const YamlNode *map = resolve_expect_map(r, in, m.where);
  for (const YamlNode *c = map ? map->first : NULL; c; c = c->next) {
    if (suits_cost(c->key) || !param_find(m.params, m.n_params, c->key)) continue;
    if (str_eq(c->key, "epochs"))
      diag_add(r->d, DIAG_ERROR, c->key_mark,
               "a cost has no epochs, for it sees all its data in every step: write steps");
    else
      diag_add(r->d, DIAG_ERROR, c->key_mark, "%s has no meaning with a cost; its train takes %s",
               c->key, known(r));
  }
  if (is_evaluated(in, all, s)) return resolve_evaluation(r, map, out, s);
  if (r->d->n_refusals == errors && s->train.steps == 0)
    diag_add(r->d, DIAG_ERROR, m.mark, "train: how long? give steps (updates of the parameters)");
  for (const YamlNode *c = all->first; c; c = c->next)
    if (suits_cost(c->key)) yaml_put(r->a, out, c->key, yaml_copy(r->a, c));
  s->train.batch_size = 1;
  s->train.shards = 1;
  return out;
}
