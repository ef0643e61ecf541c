/*
 * command and parameters of an experiment whose trials are runs of a program.
 *
 * Whether the program is there is seen when a trial is planned (objective_command.c).
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "command_call.h"
#include "cost.h"
#include "io/files.h"
#include "spec_sections.h"

/* ---- texts ----------------------------------------------------------------------------------- */

/* A scalar as the program will see it, and the resolved node: always a text. NULL after an error. */
static YamlNode *read_text(const Resolve *r, const YamlNode *in, const char *what,
                           const char **out) {
  const bool is_text = in->type == YAML_SCALAR && yaml_scalar(in).type != SCALAR_NULL;
  if (!is_text) {
    diag_add(r->d, DIAG_ERROR, in->mark, "%s: expected a text or a number, found %s", what,
             resolve_type_name(in));
    return NULL;
  }
  *out = in->text;
  return yaml_new_scalar(r->a, in->text, !scalar_is_plain(in->text), in->mark);
}

static YamlNode *resolve_run(const Resolve *r, const YamlNode *in, Mark top, CommandSpec *c) {
  YamlNode *out = yaml_new(r->a, YAML_LIST, in ? in->mark : top);
  if (in == NULL || in->type != YAML_LIST || in->n_children == 0) {
    diag_add(r->d, DIAG_ERROR, in ? in->mark : top,
             "command: %s: a list such as [python3, train.py, --lr, \"{learning_rate}\"]; no shell "
             "reads it",
             in == NULL              ? "\"run\" is missing"
             : in->type != YAML_LIST ? "run is no list"
                                     : "run is empty");
    return out;
  }
  c->arguments = ARENA_ARRAY(r->a, const char *, in->n_children);
  c->marks = ARENA_ARRAY(r->a, Mark, in->n_children);
  Mark *marks = ARENA_ARRAY(r->a, Mark, in->n_children);
  for (const YamlNode *n = in->first; n; n = n->next) {
    YamlNode *text = read_text(r, n, "run", &c->arguments[c->n_arguments]);
    if (text == NULL) continue;
    marks[c->n_arguments++] = n->mark;
    yaml_append(out, text);
  }
  c->marks = marks;
  return out;
}

static bool is_variable(const char *name) {
  return cost_is_name(name) || (*name == '_' && cost_is_name(name + 1));
}

static YamlNode *resolve_environment(const Resolve *r, const YamlNode *in, CommandSpec *c) {
  const YamlNode *map = resolve_expect_map(r, in, "command.environment");
  if (map == NULL || map->n_children == 0) return NULL;
  YamlNode *out = yaml_new(r->a, YAML_MAP, in->mark);
  CommandParameter *v = ARENA_ARRAY(r->a, CommandParameter, map->n_children);
  for (const YamlNode *n = map->first; n; n = n->next) {
    if (!is_variable(n->key))
      diag_add(r->d, DIAG_ERROR, n->key_mark,
               "\"%s\" is no name of a variable: letters, digits and _, not a digit first", n->key);
    YamlNode *text = read_text(r, n, n->key, &v[c->n_environment].text);
    if (text == NULL) continue;
    v[c->n_environment++].name = n->key;
    yaml_put(r->a, out, n->key, text);
  }
  c->environment = v;
  return out;
}

/* ---- parameters ------------------------------------------------------------------------------ */

/* The rows of a parameter by the type of its value, so that a search knows what it may be. */
static const Param rows[] = {
    [SCALAR_BOOL] = {"value", P_BOOL, 0, .doc = "true or false"},
    [SCALAR_INT] = {"value", P_INT, 0, .doc = "a whole number"},
    [SCALAR_REAL] = {"value", P_REAL, 0, .doc = "a number"},
    [SCALAR_STRING] = {"value", P_STRING, 0, .doc = "a word"},
};

static YamlNode *resolve_parameter(const Resolve *r, const YamlNode *in, CommandParameter *p) {
  const Scalar s = in->type == YAML_SCALAR ? yaml_scalar(in) : (Scalar){.type = SCALAR_NULL};
  if (s.type == SCALAR_NULL || (s.type == SCALAR_REAL && !isfinite(s.real))) {
    diag_add(r->d, DIAG_ERROR, in->mark, "%s: expected a number, a word, true or false, found %s",
             in->key, s.type == SCALAR_REAL ? in->text : resolve_type_name(in));
    return NULL;
  }
  union {
    bool boolean;
    int64_t integer;
    double real;
    const char *text;
  } value = {0};
  Err e = {0};
  if (param_set(&rows[s.type], &value, &s, &e) != OK) {
    diag_add(r->d, DIAG_ERROR, in->mark, "%s: %s", in->key, e.text);
    return NULL;
  }
  YamlNode *out = resolve_scalar(r, &rows[s.type], &value, in->mark);
  if (s.type == SCALAR_REAL && scalar_parse(out->text, false).type == SCALAR_INT)
    out->text =
        arena_printf(r->a, "%s.0", out->text); /* or it would be an integer when read again */
  p->text = out->text;
  return out;
}

static bool check_name(const Resolve *r, const YamlNode *in) {
  if (command_is_reserved(in->key, (int)strlen(in->key)))
    diag_add(r->d, DIAG_ERROR, in->key_mark,
             "{%s} is the trial's own; give this parameter another name", in->key);
  else if (!cost_is_name(in->key))
    diag_add(r->d, DIAG_ERROR, in->key_mark,
             "\"%s\" cannot be a parameter: a name has letters, digits and _ and does not begin "
             "with a digit",
             in->key);
  else
    return true;
  return false;
}

static YamlNode *resolve_parameters(const Resolve *r, const YamlNode *in, CommandSpec *c) {
  const YamlNode *map = resolve_expect_map(r, in, "parameters");
  if (map == NULL || map->n_children == 0) return NULL;
  YamlNode *out = yaml_new(r->a, YAML_MAP, in->mark);
  CommandParameter *v = ARENA_ARRAY(r->a, CommandParameter, map->n_children);
  for (const YamlNode *n = map->first; n; n = n->next) {
    YamlNode *value = check_name(r, n) ? resolve_parameter(r, n, &v[c->n_parameters]) : NULL;
    yaml_put(r->a, out, n->key, value ? value : yaml_new_scalar(r->a, "", true, n->mark));
    v[c->n_parameters++].name = n->key;
  }
  c->parameters = v;
  return out;
}

/* ---- placeholders ---------------------------------------------------------------------------- */

static void unknown_name(const Resolve *r, const CommandSpec *c, const char *name, Mark at) {
  const char *nearest = NULL;
  int best = INT_MAX;
  Str known = str_new(r->a);
  for (int i = 0; i < c->n_parameters; i++) {
    if (str_nearer(name, c->parameters[i].name, &best)) nearest = c->parameters[i].name;
    str_addf(&known, "{%s}, ", c->parameters[i].name);
  }
  if (nearest)
    diag_add(r->d, DIAG_ERROR, at, "no parameter is called \"%s\"; did you mean {%s}?", name,
             nearest);
  else
    diag_add(r->d, DIAG_ERROR, at, "no parameter is called \"%s\"; there are %s{trial} and {seed}",
             name, str_text(&known));
}

/* What a text asks for; names that it uses are marked in `used`. How many placeholders it has. */
static int check_text(const Resolve *r, const CommandSpec *c, const char *text, Mark at,
                      bool *used) {
  int n = 0;
  for (Piece p = command_piece(&text); p.type != PIECE_END; p = command_piece(&text)) {
    if (p.type == PIECE_WRONG)
      diag_add(r->d, DIAG_ERROR, at,
               "%.1s stands for a parameter, such as {learning_rate}; a brace is written %.1s%.1s",
               p.text, p.text, p.text);
    if (p.type != PIECE_NAME) continue;
    bool known = command_is_reserved(p.text, p.length);
    const char *name = arena_strndup(r->a, p.text, (size_t)p.length);
    for (int i = 0; i < c->n_parameters; i++) {
      if (!str_eq(c->parameters[i].name, name)) continue;
      known = used[i] = true;
      n++;
    }
    if (!known) unknown_name(r, c, name, at);
  }
  return n;
}

/* A command that names none of them reads CAVIAR_PARAM_*. */
static void check_placeholders(const Resolve *r, const YamlNode *source, const CommandSpec *c) {
  bool *used = ARENA_ARRAY(r->a, bool, c->n_parameters + 1);
  const YamlNode *environment = yaml_get(yaml_get(source, "command"), "environment");
  const int errors = r->d->n_refusals;
  int n = 0;
  for (int i = 0; i < c->n_arguments; i++)
    n += check_text(r, c, c->arguments[i], c->marks[i], used);
  for (int i = 0; i < c->n_environment; i++) {
    const YamlNode *at = yaml_get(environment, c->environment[i].name);
    n += check_text(r, c, c->environment[i].text, at->mark, used);
  }
  if (r->d->n_refusals > errors) return; /* one of them is a misspelling */
  for (int i = 0; n > 0 && i < c->n_parameters; i++) {
    const YamlNode *at = yaml_get(yaml_get(source, "parameters"), c->parameters[i].name);
    if (!used[i])
      diag_add(r->d, DIAG_ERROR, at->key_mark,
               "the command does not use {%s}; put it into run or environment, or leave it out",
               c->parameters[i].name);
  }
}

/* ---- the section ----------------------------------------------------------------------------- */

void resolve_command(const Resolve *r, const YamlNode *source, Mark top, const char *directory,
                     Spec *s, YamlNode *tree) {
  static const char *const suit[] = {"command", "parameters", "metric",    "metrics", "search",
                                     "records", "checkpoint", "resources", NULL};
  static const char *const also[] = {"run", "environment", NULL};
  CommandSpec *c = &s->command;
  const YamlNode *in = yaml_get(source, "command"), *cost = yaml_get(source, "cost");
  const int errors = r->d->n_refusals;
  YamlNode *out = yaml_new(r->a, YAML_MAP, in->mark), *said = yaml_new(r->a, YAML_MAP, in->mark);
  c->node = in;
  s->cost.text = NULL; /* one of them is refused; the other is read */
  if (cost)
    diag_add(r->d, DIAG_ERROR, cost->key_mark, "an experiment has a cost or a command, not both");
  resolve_alone(r, source, suit, "a command");
  const MapSpec m = section_map(r, &spec_command, in, top, also);
  resolve_map(r, in, &m, c, said);
  const YamlNode *map = resolve_expect_map(r, in, m.where);
  if (map || r->d->n_refusals == errors)
    yaml_put(r->a, out, "run", resolve_run(r, yaml_get(map, "run"), m.mark, c));
  YamlNode *environment = resolve_environment(r, yaml_get(map, "environment"), c);
  if (environment) yaml_put(r->a, out, "environment", environment);
  while (said->first) {
    YamlNode *n = said->first;
    said->first = n->next;
    n->next = NULL;
    yaml_put(r->a, out, n->key, n);
  }
  c->path = file_join(r->a, directory, c->directory ? c->directory : ".");
  yaml_put(r->a, tree, "command", out);
  YamlNode *parameters = resolve_parameters(r, yaml_get(source, "parameters"), c);
  if (parameters) yaml_put(r->a, tree, "parameters", parameters);
  if (r->d->n_refusals == errors) check_placeholders(r, source, c);
  s->data.of_cost = true;
  s->data.train = 1;
  s->train.batch_size = s->train.shards = 1;
}
