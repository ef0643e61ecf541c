/*
 * metrics: what is measured besides the loss and its accuracy, as columns validation_<name>; and
 * metric: which column trials are compared by, `<part>_<metric>` of a part that is there; an
 * accuracy only where the loss tells right from wrong or the metric is listed. The test part is
 * never used for choosing.
 */
#include <string.h>

#include "pareto.h"
#include "spec_sections.h"

/* ---- metrics --------------------------------------------------------------------------------- */

static void check_parts(const Resolve *r, const YamlNode *in, const DataSpec *d) {
  if (d->validation > 0 || d->test > 0 || d->test_file) return;
  diag_add(
      r->d, DIAG_ERROR, resolve_key_mark(in, in->mark),
      "metrics: there is neither a validation part nor a test part to measure; give data.split "
      "one");
}

static void add_metric(const Resolve *r, KindValue kind, const YamlNode *item, MetricsSpec *out) {
  const char *name = nn_metric_name(r->a, kind);
  for (int i = 0; i < out->n; i++) {
    if (!str_eq(out->names[i], name)) continue;
    diag_add(r->d, DIAG_ERROR, item->mark, "metrics: %s is listed twice", name);
    return;
  }
  out->kinds[out->n] = kind;
  out->names[out->n++] = name;
}

YamlNode *resolve_metrics(const Resolve *r, const YamlNode *in, Spec *s) {
  if (in == NULL || (in->type == YAML_SCALAR && yaml_scalar(in).type == SCALAR_NULL)) return NULL;
  if (s->cost.text || s->command.node) {
    diag_add(r->d, DIAG_ERROR, resolve_key_mark(in, in->mark),
             "metrics has no meaning with a %s, which predicts nothing",
             s->cost.text ? "cost" : "command");
    return NULL;
  }
  if (in->type != YAML_LIST) {
    diag_add(r->d, DIAG_ERROR, in->mark,
             "metrics: expected a list such as [f1, {top_k: 5}], found %s", resolve_type_name(in));
    return NULL;
  }
  if (in->n_children == 0) return NULL;
  YamlNode *out = yaml_new(r->a, YAML_LIST, in->mark);
  MetricsSpec *m = &s->metrics;
  m->kinds = ARENA_ARRAY(r->a, KindValue, in->n_children);
  m->names = ARENA_ARRAY(r->a, const char *, in->n_children);
  for (const YamlNode *c = in->first; c; c = c->next) {
    KindValue kind = {0};
    const int errors = r->d->n_refusals;
    yaml_append(out, resolve_kind(r, &spec_metrics_item, c, "metrics", &kind));
    if (r->d->n_refusals == errors) add_metric(r, kind, c, m);
  }
  check_parts(r, in, &s->data);
  return out;
}

/* ---- metric ---------------------------------------------------------------------------------- */

static const char validation[] = "validation_";

static bool counts(const Spec *s) {
  return s->model.loss.kind && nn_loss_counts_correct(s->model.loss.kind);
}

static const char *default_name(const Spec *s) {
  if (s->cost.text) return "cost";
  if (s->command.node) return s->command.result == COMMAND_LAST_LINE ? "result" : NULL;
  if (s->data.validation <= 0) return "train_loss";
  return counts(s) ? "validation_accuracy" : "validation_loss";
}

/* The metric of the list whose column of the curves this is; NULL: none. */
static const Kind *listed(const Spec *s, const char *name) {
  if (!str_starts(name, validation)) return NULL;
  for (int i = 0; i < s->metrics.n; i++) {
    const Kind *kind = s->metrics.kinds[i].kind;
    if (str_eq(name + strlen(validation), s->metrics.names[i]))
      return nn_metric_is_matrix(kind) ? NULL : kind;
  }
  return NULL;
}

/* How a metric that is not listed would be, from its column: "f1", "{top_k: 3}"; NULL: no such. */
static const char *as_item(Arena *a, const char *name) {
  if (!str_starts(name, validation)) return NULL;
  name += strlen(validation);
  const Kind *kind = kind_find(&nn_metrics, name);
  if (kind && nn_metric_is_matrix(kind)) return NULL;
  if (kind && str_eq(nn_metric_name(a, kind_default(kind, a)), name)) return name;
  const char *digits = name + strlen("top_");
  if (str_starts(name, "top_") && *digits && digits[strspn(digits, "0123456789")] == '\0')
    return arena_printf(a, "{top_k: %s}", digits);
  for (int i = 0; i < nn_metrics.n; i++) {
    const char *of = nn_metrics.kinds[i]->name;
    if (!str_starts(name, of) || name[strlen(of)] != '_') continue;
    return arena_printf(a, "{%s: %s}", of, name + strlen(of) + 1);
  }
  return NULL;
}

/* Every name that could stand here: what the loss gives, then the list's columns. */
static const char **all_names(const Resolve *r, const Spec *s, int *n) {
  static const char *const always[] = {"train_loss", "train_accuracy", "validation_loss",
                                       "validation_accuracy"};
  const char **out = ARENA_ARRAY(r->a, const char *, COUNT(always) + s->metrics.n);
  *n = 0;
  for (int i = 0; i < COUNT(always); i++) out[(*n)++] = always[i];
  for (int i = 0; i < s->metrics.n; i++) {
    const char *name = s->metrics.names[i];
    if (!nn_metric_is_matrix(s->metrics.kinds[i].kind) && !str_eq(name, "accuracy"))
      out[(*n)++] = arena_printf(r->a, "%s%s", validation, name);
  }
  return out;
}

static void unknown_name(const Resolve *r, const char *name, Mark at, const char **known, int n) {
  const char *item = as_item(r->a, name), *nearest = str_nearest(name, known, n);
  Str all = str_new(r->a);
  for (int i = 0; i < n; i++) str_addf(&all, "%s%s", i ? ", " : "", known[i]);
  if (item)
    diag_add(r->d, DIAG_ERROR, at, "%s is not measured; add it to the list: metrics: [%s]", name,
             item);
  else if (nearest)
    diag_add(r->d, DIAG_ERROR, at, "no metric is called \"%s\"; did you mean \"%s\"?", name,
             nearest);
  else
    diag_add(r->d, DIAG_ERROR, at, "no metric is called \"%s\"; there are: %s", name,
             str_text(&all));
}

static void check_name(const Resolve *r, const char *name, Mark at, const Spec *s) {
  if (s->command.node) {
    if (!*name) diag_add(r->d, DIAG_ERROR, at, "metric: the name is empty");
    return;
  }
  if (s->cost.text) {
    if (!str_eq(name, "cost"))
      diag_add(r->d, DIAG_ERROR, at, "no metric is called \"%s\"; of a cost there is: cost", name);
    return;
  }
  if (str_eq(name, SPEC_N_PARAMETERS) || str_eq(name, SPEC_MULTIPLY_ADDS)) {
    diag_add(r->d, DIAG_ERROR, at,
             "%s is known before training, so alone it ranks nothing; list it behind a metric: "
             "metric: [{name: %s}, {name: %s}]",
             name, default_name(s), name);
    return;
  }
  int n;
  const char **known = all_names(r, s, &n);
  bool is_known = false;
  for (int i = 0; i < n; i++) is_known = is_known || str_eq(name, known[i]);
  if (str_starts(name, "test_"))
    diag_add(r->d, DIAG_ERROR, at,
             "the test part is never used for choosing; write %s and see the test part once, at "
             "the end",
             default_name(s));
  else if (!is_known)
    unknown_name(r, name, at, known, n);
  else if (str_ends(name, "_accuracy") && s->model.loss.kind && !counts(s) && !listed(s, name))
    diag_add(r->d, DIAG_ERROR, at,
             "%s has no accuracy: it does not predict classes; write %.*s_loss",
             s->model.loss.kind->name, str_starts(name, "train") ? 5 : 10, name);
  else if (str_starts(name, validation) && s->data.validation <= 0)
    diag_add(r->d, DIAG_ERROR, at,
             "there is no validation part: data.split.validation is 0; write train_loss or give it "
             "rows");
}

/* Losses and errors are to be small, all else large. */
static int default_goal(const Spec *s, const char *name) {
  const Kind *kind = listed(s, name);
  if (kind) return nn_metric_maximize(kind) ? GOAL_MAXIMIZE : GOAL_MINIMIZE;
  return str_ends(name, "_accuracy") ? GOAL_MAXIMIZE : GOAL_MINIMIZE;
}

/* A training loss is watched only where somebody says so. */
static void check_early_stopping(const Resolve *r, Mark top, const Spec *s) {
  if (s->train.early_stopping.patience == 0 || s->data.validation > 0) return;
  const YamlNode *in = yaml_get(yaml_get(s->source, "train"), "early_stopping");
  diag_add(r->d, DIAG_ERROR, resolve_key_mark(in, top),
           "early_stopping: there is no validation part to watch; give data.split.validation rows, "
           "or write metric: {name: train_loss} to watch that");
}

/* Nobody here knows what a command prints. */
static void check_command(const Resolve *r, Mark at, const MetricRow *row, const YamlNode *goal) {
  if (row->name == NULL)
    diag_add(r->d, DIAG_ERROR, at,
             "metric: \"name\" is missing: which number of the command's JSON counts?");
  if (goal == NULL)
    diag_add(r->d, DIAG_ERROR, at,
             "metric: \"goal\" is missing: are small results of the command good (minimize) or "
             "large ones (maximize)?");
}

static YamlNode *resolve_first(const Resolve *r, const YamlNode *in, Mark top, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in ? in->mark : top);
  YamlNode *said = yaml_new(r->a, YAML_MAP, out->mark);
  MetricRow row = {.goal = -1};
  const MapSpec m = section_map(r, &spec_metric, in, top, NULL);
  const int errors = r->d->n_refusals;
  resolve_map(r, in, &m, &row, said);
  const YamlNode *name = yaml_get(said, "name"), *goal = yaml_get(said, "goal");
  if (row.name) {
    check_name(r, row.name, name->mark, s);
  } else if (r->d->n_refusals == errors) {
    row.name = default_name(s);
    check_early_stopping(r, top, s);
  }
  if (s->command.node && r->d->n_refusals == errors) check_command(r, m.mark, &row, goal);
  if (row.name == NULL || r->d->n_refusals > errors) return out;
  if (goal == NULL) row.goal = default_goal(s, row.name);
  s->search.metric = (MetricSpec){
      .name = row.name, .maximize = row.goal == GOAL_MAXIMIZE, .at_best = row.at == AT_BEST};
  for (int i = 0; i < m.n_params; i++) {
    const YamlNode *n = yaml_get(said, m.params[i].name);
    yaml_put(r->a, out, m.params[i].name,
             resolve_scalar(r, &m.params[i], &row, n ? n->mark : out->mark));
  }
  return out;
}

/* ---- several objectives ---------------------------------------------------------------------- */

static bool is_size(const char *name) {
  return str_eq(name, SPEC_N_PARAMETERS) || str_eq(name, SPEC_MULTIPLY_ADDS);
}

/* One behind the first: {name, goal}. */
static YamlNode *resolve_other(const Resolve *r, const YamlNode *in, Spec *s, ObjectiveSpec *o) {
  YamlNode *out = yaml_new(r->a, YAML_MAP, in->mark), *said = yaml_new(r->a, YAML_MAP, in->mark);
  MetricRow row = {.goal = -1};
  const MapSpec m = section_map(r, &spec_metric, in, in->mark, NULL);
  const int errors = r->d->n_refusals;
  resolve_map(r, in, &m, &row, said);
  if (r->d->n_refusals > errors) return out;
  const YamlNode *at = yaml_get(in, "at"), *name = yaml_get(said, "name");
  if (at)
    diag_add(r->d, DIAG_ERROR, at->key_mark,
             "metric: the first objective chooses the epoch; leave \"at\" out here");
  if (row.name == NULL)
    diag_add(r->d, DIAG_ERROR, in->mark, "metric: an objective behind the first needs a name");
  else if (!s->command.node && str_eq(row.name, "parameters"))
    diag_add(r->d, DIAG_ERROR, name->mark,
             "no metric is called \"parameters\"; did you mean \"%s\"?", SPEC_N_PARAMETERS);
  else if (s->command.node || !is_size(row.name))
    check_name(r, row.name, name->mark, s);
  if (s->command.node && row.goal < 0)
    diag_add(r->d, DIAG_ERROR, in->mark, "metric: \"goal\" is missing: minimize or maximize?");
  if (r->d->n_refusals > errors) return out;
  if (row.goal < 0) row.goal = is_size(row.name) ? GOAL_MINIMIZE : default_goal(s, row.name);
  *o = (ObjectiveSpec){row.name, row.goal == GOAL_MAXIMIZE};
  for (int i = 0; i < m.n_params; i++)
    if (!str_eq(m.params[i].name, "at"))
      yaml_put(r->a, out, m.params[i].name, resolve_scalar(r, &m.params[i], &row, in->mark));
  return out;
}

static void check_twice(const Resolve *r, const YamlNode *in, const ObjectiveSpec *o, int n) {
  for (int i = 0; i < n; i++)
    if (str_eq(o[i].name, o[n].name))
      diag_add(r->d, DIAG_ERROR, in->mark, "metric: %s is listed twice", o[n].name);
}

static bool can_have_several(const Resolve *r, const YamlNode *in, const Spec *s) {
  const char *why = NULL;
  if (s->cost.text) why = "a cost is one number, so there is nothing to list";
  if (s->command.node && s->command.result == COMMAND_LAST_LINE)
    why = "of several numbers the command must print JSON; write command: {result: json}";
  if (in->n_children > OBJECTIVES_MOST)
    why = arena_printf(r->a, "expected at most %d objectives", OBJECTIVES_MOST);
  if (why) diag_add(r->d, DIAG_ERROR, resolve_key_mark(in, in->mark), "metric: %s", why);
  return why == NULL;
}

/* [{name: validation_accuracy}, {name: n_parameters}]: a list of one is that one. */
static YamlNode *resolve_objectives(const Resolve *r, const YamlNode *in, Mark top, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_LIST, in->mark);
  const int errors = r->d->n_refusals;
  if (in->n_children > 1 && !can_have_several(r, in, s)) return out;
  YamlNode *first = resolve_first(r, in->first, top, s);
  if (r->d->n_refusals > errors || in->n_children == 1) return first;
  ObjectiveSpec *o = ARENA_ARRAY(r->a, ObjectiveSpec, in->n_children);
  int n = 0;
  o[n++] = (ObjectiveSpec){s->search.metric.name, s->search.metric.maximize};
  yaml_append(out, first);
  for (const YamlNode *c = in->first->next; c && r->d->n_refusals == errors; c = c->next) {
    yaml_append(out, resolve_other(r, c, s, &o[n]));
    if (r->d->n_refusals == errors) check_twice(r, c, o, n++);
  }
  s->search.objectives = o;
  s->search.n_objectives = n;
  return out;
}

YamlNode *resolve_metric(const Resolve *r, const YamlNode *in, Mark top, Spec *s) {
  if (in && in->type == YAML_LIST && in->n_children > 0) return resolve_objectives(r, in, top, s);
  return resolve_first(r, in, top, s);
}
