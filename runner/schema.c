/* JSON Schema draft-07 of the experiment language, from the same tables that resolve a file. */
#include <math.h>
#include <string.h>

#include "io/dataset.h"
#include "io/json.h"
#include "sampler.h"
#include "stopper.h"
#include "spec_tables.h"

static void open_property(JsonWriter *j, const char *key, const char *doc) {
  json_key(j, key);
  json_open(j, '{');
  if (doc) json_put_str(j, "description", doc);
}

static void put_list(JsonWriter *j, const char *key, const char *const *words) {
  json_key(j, key);
  json_open(j, '[');
  for (int i = 0; words[i]; i++) json_str(j, words[i]);
  json_close(j, ']');
}

static void put_reference(JsonWriter *j, const char *definition) {
  char path[128] = "#/definitions/";
  int n = 14;
  while (*definition && n < COUNT(path) - 1) path[n++] = *definition++;
  path[n] = '\0';
  json_put_str(j, "$ref", path);
}

/* In draft 7 a $ref hides what stands beside it, so it is wrapped. */
static void put_wrapped_reference(JsonWriter *j, const char *definition) {
  json_key(j, "allOf");
  json_open(j, '[');
  json_open(j, '{');
  put_reference(j, definition);
  json_close(j, '}');
  json_close(j, ']');
}

/* ---- one parameter --------------------------------------------------------------------------- */

static void put_range(JsonWriter *j, const Param *p) {
  if (p->lo == 0 && p->hi == 0) return;
  if (isfinite(p->lo)) {
    json_put_f64(j, p->lo_open ? "exclusiveMinimum" : "minimum", p->lo);
  }
  if (isfinite(p->hi)) {
    json_put_f64(j, p->hi_open ? "exclusiveMaximum" : "maximum", p->hi);
  }
}

static void put_numbers(JsonWriter *j, const Param *p) {
  json_put_int(j, "minItems", 1);
  json_key(j, "items");
  json_open(j, '{');
  json_put_str(j, "type", "number");
  put_range(j, p);
  json_close(j, '}');
}

static void put_type(JsonWriter *j, const Param *p) {
  static const char *const names[] = {[P_BOOL] = "boolean",
                                      [P_INT] = "integer",
                                      [P_REAL] = "number",
                                      [P_STRING] = "string",
                                      [P_REALS] = "array"};
  json_put_str(j, "type", names[p->type]);
  if (p->type == P_REALS) put_numbers(j, p);
  if (p->type == P_INT || p->type == P_REAL) put_range(j, p);
}

static void put_choices(JsonWriter *j, const char *const *choices) {
  json_key(j, "enum");
  json_open(j, '[');
  for (int i = 0; choices[i]; i++) json_str(j, choices[i]);
  json_close(j, ']');
}

static void put_default(JsonWriter *j, const Param *p) {
  if (p->def == NULL || p->def[0] == '[') return;
  const Scalar value = scalar_parse(p->def, p->type == P_STRING || p->type == P_CHOICE);
  json_key(j, "default");
  if (value.type == SCALAR_BOOL)
    json_bool(j, value.boolean);
  else if (value.type == SCALAR_INT)
    json_int(j, value.integer);
  else if (value.type == SCALAR_REAL)
    json_f64(j, value.real);
  else
    json_str(j, p->def);
}

static void put_param(JsonWriter *j, const Param *p) {
  open_property(j, p->name, p->doc);
  put_default(j, p);
  if (p->type == P_KIND) {
    put_wrapped_reference(j, p->registry->noun);
  } else if (p->type == P_CHOICE) {
    put_choices(j, p->choices);
  } else if (p->word) {
    json_key(j, "anyOf");
    json_open(j, '[');
    json_open(j, '{');
    put_type(j, p);
    json_close(j, '}');
    json_open(j, '{');
    json_put_str(j, "const", p->word);
    json_close(j, '}');
    json_close(j, ']');
  } else {
    put_type(j, p);
  }
  json_close(j, '}');
}

static void put_params(JsonWriter *j, const Param *params, int n) {
  for (int i = 0; i < n; i++) put_param(j, &params[i]);
}

static void put_required(JsonWriter *j, const Param *params, int n, const char *also) {
  json_key(j, "required");
  json_open(j, '[');
  for (int i = 0; i < n; i++)
    if (params[i].def == NULL && !params[i].optional) json_str(j, params[i].name);
  if (also) json_str(j, also);
  json_close(j, ']');
}

static void put_closed(JsonWriter *j) {
  json_key(j, "additionalProperties");
  json_bool(j, false);
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static bool needs_nothing(const Kind *k) {
  for (int i = 0; i < k->n_params; i++)
    if (k->params[i].def == NULL && !k->params[i].optional) return false;
  return true;
}

static void put_kind_names(JsonWriter *j, const Registry *r) {
  json_open(j, '{');
  json_key(j, "enum");
  json_open(j, '[');
  for (int i = 0; i < r->n; i++)
    if (needs_nothing(r->kinds[i])) json_str(j, r->kinds[i]->name);
  json_close(j, ']');
  json_close(j, '}');
}

/* {name: adam, ..} */
static void put_kind(JsonWriter *j, const Kind *k) {
  json_open(j, '{');
  json_put_str(j, "description", k->doc);
  json_put_str(j, "type", "object");
  json_key(j, "properties");
  json_open(j, '{');
  open_property(j, "name", NULL);
  json_put_str(j, "const", k->name);
  json_close(j, '}');
  put_params(j, k->params, k->n_params);
  json_close(j, '}');
  put_required(j, k->params, k->n_params, NULL);
  put_closed(j);
  json_close(j, '}');
}

/* {binarize: 0.5}: a kind of one parameter, optional ones aside. */
static void put_short_form(JsonWriter *j, const Kind *k) {
  Param row = *kind_main_param(k);
  row.name = k->name;
  json_open(j, '{');
  json_put_str(j, "description", k->doc);
  json_put_str(j, "type", "object");
  json_key(j, "properties");
  json_open(j, '{');
  put_param(j, &row);
  json_close(j, '}');
  put_required(j, NULL, 0, k->name);
  put_closed(j);
  json_close(j, '}');
}

/* `adam`, or `{name: adam, ..}`. The name may be left out where the kind is the default. */
static void put_registry(JsonWriter *j, const Registry *r) {
  open_property(j, r->noun, NULL);
  json_key(j, "anyOf");
  json_open(j, '[');
  put_kind_names(j, r);
  for (int i = 0; i < r->n; i++) {
    put_kind(j, r->kinds[i]);
    if (kind_main_param(r->kinds[i])) put_short_form(j, r->kinds[i]);
  }
  json_close(j, ']');
  json_close(j, '}');
}

/* ---- layers ---------------------------------------------------------------------------------- */

static void put_layer_kinds(JsonWriter *j) {
  for (int i = 0; i < nn_layers.n; i++) {
    const Kind *k = nn_layers.kinds[i];
    open_property(j, k->name, k->doc);
    json_key(j, "type");
    json_open(j, '[');
    json_str(j, "object");
    if (needs_nothing(k)) json_str(j, "null");
    json_close(j, ']');
    json_key(j, "properties");
    json_open(j, '{');
    put_params(j, k->params, k->n_params);
    json_close(j, '}');
    put_required(j, k->params, k->n_params, NULL);
    put_closed(j);
    json_close(j, '}');
  }
  put_param(j, &spec_activation);
}

/* A list of layers, or of two and more such lists. */
static void put_lists(JsonWriter *j, const LayerGroup *g) {
  json_key(j, g->key);
  json_open(j, '{');
  if (g->is_branched) {
    json_put_str(j, "type", "array");
    json_put_int(j, "minItems", 2);
    json_put_int(j, "maxItems", NN_MAX_INPUTS);
    json_key(j, "items");
    json_open(j, '{');
    put_reference(j, "layers");
    json_close(j, '}');
  } else {
    put_reference(j, "layers");
  }
  json_close(j, '}');
}

/* A layer (group NULL), or an item with lists. */
static void put_layer_map(JsonWriter *j, const LayerGroup *group) {
  const Section *s = group ? group->section : &spec_layer;
  json_open(j, '{');
  json_put_str(j, "type", "object");
  json_put_str(j, "description", s->head.doc);
  json_key(j, "properties");
  json_open(j, '{');
  put_params(j, s->head.params, s->head.n_params);
  if (group) {
    put_lists(j, group);
  } else {
    put_layer_kinds(j);
  }
  json_close(j, '}');
  put_required(j, NULL, 0, group ? group->key : NULL);
  put_closed(j);
  json_close(j, '}');
}

static void put_layers(JsonWriter *j) {
  open_property(j, "layers", spec_model.head.doc);
  json_put_str(j, "type", "array");
  json_key(j, "items");
  json_open(j, '{');
  json_key(j, "anyOf");
  json_open(j, '[');
  put_kind_names(j, &nn_layers);
  put_layer_map(j, NULL);
  for (const LayerGroup *g = spec_groups; g->key; g++) put_layer_map(j, g);
  json_close(j, ']');
  json_close(j, '}');
  json_close(j, '}');
}

/* ---- sections -------------------------------------------------------------------------------- */

/* A range, or values, or a value. */
static void put_parameters(JsonWriter *j) {
  open_property(j, "parameters", "dotted paths of this file, each with what it may be");
  json_key(j, "type");
  json_open(j, '[');
  json_str(j, "object");
  json_str(j, "null");
  json_close(j, ']');
  json_key(j, "additionalProperties");
  json_open(j, '{');
  json_put_str(j, "type", "object");
  json_key(j, "properties");
  json_open(j, '{');
  put_params(j, spec_range.head.params, spec_range.head.n_params);
  open_property(j, "values", "a list to choose from");
  json_put_str(j, "type", "array");
  json_put_int(j, "minItems", 1);
  json_close(j, '}');
  open_property(j, "value", "fixed to this");
  json_close(j, '}');
  open_property(
      j, "when",
      "conditions on other parameters: only where each has the value, or one of the list");
  json_put_str(j, "type", "object");
  json_put_int(j, "minProperties", 1);
  json_close(j, '}');
  json_close(j, '}');
  json_key(j, "oneOf");
  json_open(j, '[');
  static const char *const forms[][3] = {{"min", "max"}, {"values"}, {"value"}};
  for (int i = 0; i < COUNT(forms); i++) {
    json_open(j, '{');
    put_list(j, "required", forms[i]);
    json_close(j, '}');
  }
  json_close(j, ']');
  put_closed(j);
  json_close(j, '}');
  json_close(j, '}');
}

/* A list of maps from paths to values; `required`: keys beside them, NULL-terminated. */
static void put_points(JsonWriter *j, const char *key, const char *doc,
                       const char *const *required) {
  open_property(j, key, doc);
  json_put_str(j, "type", "array");
  json_put_int(j, "minItems", *required == NULL);
  open_property(j, "items", NULL);
  json_put_str(j, "type", "object");
  put_list(j, "required", required);
  json_close(j, '}');
  json_close(j, '}');
}

static const char *last_word(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot ? dot + 1 : path;
}

static void put_section(JsonWriter *j, const Section *s);

static void put_item_of(JsonWriter *j, const Registry *kinds) {
  json_key(j, "items");
  json_open(j, '{');
  put_reference(j, kinds->noun);
  json_close(j, '}');
}

/* ---- a cost, a command ----------------------------------------------------------------------- */

/* {name: number or list of numbers} */
static void put_named_numbers(JsonWriter *j) {
  open_property(j, "numbers", NULL);
  json_put_str(j, "type", "object");
  json_key(j, "additionalProperties");
  json_open(j, '{');
  json_key(j, "anyOf");
  json_open(j, '[');
  json_open(j, '{');
  json_put_str(j, "type", "number");
  json_close(j, '}');
  json_open(j, '{');
  json_put_str(j, "type", "array");
  json_put_int(j, "minItems", 1);
  open_property(j, "items", NULL);
  json_put_str(j, "type", "number");
  json_close(j, '}');
  json_close(j, '}');
  json_close(j, ']');
  json_close(j, '}');
  json_close(j, '}');
}

/* Named numbers, or a file. */
static void put_cost_data(JsonWriter *j) {
  static const char *const file[] = {"file", NULL};
  open_property(j, "cost_data", "of a cost: named numbers, or a file whose columns have names");
  json_key(j, "anyOf");
  json_open(j, '[');
  json_open(j, '{');
  json_put_str(j, "type", "null");
  json_close(j, '}');
  json_open(j, '{');
  put_reference(j, "numbers");
  json_close(j, '}');
  json_open(j, '{');
  json_put_str(j, "type", "object");
  json_key(j, "properties");
  json_open(j, '{');
  for (int i = 0; i < spec_data.head.n_params; i++) {
    const Param *p = &spec_data.head.params[i];
    if (str_eq(p->name, "file") || str_eq(p->name, "sha256")) put_param(j, p);
  }
  json_close(j, '}');
  put_list(j, "required", file);
  put_closed(j);
  json_close(j, '}');
  json_close(j, ']');
  json_close(j, '}');
}

static void put_scalar(JsonWriter *j, const char *key) {
  static const char *const types[] = {"number", "string", "boolean", NULL};
  open_property(j, key, NULL);
  put_list(j, "type", types);
  json_close(j, '}');
}

/* {NAME: scalar} */
static void put_values(JsonWriter *j, const char *key, const char *doc) {
  open_property(j, key, doc);
  json_put_str(j, "type", "object");
  put_scalar(j, "additionalProperties");
  json_close(j, '}');
}

/* What a command's table does not hold. */
static void put_run(JsonWriter *j) {
  open_property(j, "run", "program and arguments; {name} is a parameter's value");
  json_put_str(j, "type", "array");
  json_put_int(j, "minItems", 1);
  put_scalar(j, "items");
  json_close(j, '}');
  put_values(j, "environment", "variables of the program");
}

/* What stands in place of a model, or the model. */
typedef struct {
  const char *key, *data, *parameters;  /* definitions of these sections; NULL: any */
  const char *required[4], *without[5]; /* keys, NULL-terminated */
} Branch;

static void put_named_reference(JsonWriter *j, const char *key, const char *definition) {
  if (definition == NULL) return;
  open_property(j, key, NULL);
  put_reference(j, definition);
  json_close(j, '}');
}

/* The keys of the map that is a branch. */
static void put_branch(JsonWriter *j, const Branch *b) {
  json_key(j, "properties");
  json_open(j, '{');
  put_named_reference(j, "data", b->data);
  put_named_reference(j, "parameters", b->parameters);
  json_close(j, '}');
  put_list(j, "required", b->required);
  open_property(j, "not", NULL);
  json_key(j, "anyOf");
  json_open(j, '[');
  for (int i = 0; b->without[i]; i++) {
    const char *const one[] = {b->without[i], NULL};
    json_open(j, '{');
    put_list(j, "required", one);
    json_close(j, '}');
  }
  json_close(j, ']');
  json_close(j, '}');
}

/* The first branch whose key is there; the last in any case. */
static void put_objectives(JsonWriter *j) {
  static const Branch branches[] = {
      {"command", NULL, "values", {"command"}, {"model", "cost", "data", "train"}},
      {"cost", "cost_data", "numbers", {"cost", "parameters"}, {"model"}},
      {"model", "data", NULL, {"data", "model", "train"}, {"parameters"}},
  };
  const int last = COUNT(branches) - 1;
  for (int i = 0; i < last; i++) {
    const char *const key[] = {branches[i].key, NULL};
    open_property(j, "if", NULL);
    put_list(j, "required", key);
    json_close(j, '}');
    open_property(j, "then", NULL);
    put_branch(j, &branches[i]);
    json_close(j, '}');
    open_property(j, "else", NULL);
  }
  put_branch(j, &branches[last]);
  for (int i = 0; i < last; i++) json_close(j, '}');
}

/* ---- sections, again ------------------------------------------------------------------------- */

/* The keys of a section: its table, the sections below (of lists, "[]", elsewhere), and what is no
 * table. */
static void put_section_keys(JsonWriter *j, const Section *s) {
  static const char *const none[] = {NULL}, *const step[] = {"step", NULL};
  json_put_str(j, "type", "object");
  json_key(j, "properties");
  json_open(j, '{');
  put_params(j, s->head.params, s->head.n_params);
  if (s == &spec_model) {
    json_key(j, "layers");
    json_open(j, '{');
    put_reference(j, "layers");
    json_close(j, '}');
  }
  if (s == &spec_command) put_run(j);
  if (s == &spec_experiment) {
    put_points(j, "edits", spec_edit.head.doc, step);
    open_property(j, spec_metrics_item.name, spec_metrics_item.doc);
    json_put_str(j, "type", "array");
    put_item_of(j, spec_metrics_item.registry);
    json_close(j, '}');
  }
  if (s == &spec_search) {
    put_section(j, &spec_metric);
    put_parameters(j);
    put_points(j, "try", "points that are trained first: values by path", none);
  }
  for (int i = 0; s->sections && s->sections[i]; i++)
    if (strchr(s->sections[i]->head.name, '[') == NULL) put_section(j, s->sections[i]);
  json_close(j, '}');
  put_closed(j);
}

/* A directory, or more about it. */
static void put_from(JsonWriter *j) {
  json_key(j, "anyOf");
  json_open(j, '[');
  json_open(j, '{');
  json_put_str(j, "type", "string");
  json_close(j, '}');
  json_open(j, '{');
  put_section_keys(j, &spec_from);
  put_required(j, spec_from.head.params, spec_from.head.n_params, NULL);
  json_close(j, '}');
  json_close(j, ']');
}

/* One, or a list. */
static void put_metric(JsonWriter *j) {
  json_key(j, "anyOf");
  json_open(j, '[');
  json_open(j, '{');
  put_section_keys(j, &spec_metric);
  json_close(j, '}');
  json_open(j, '{');
  json_put_str(j, "type", "array");
  open_property(j, "items", NULL);
  put_section_keys(j, &spec_metric);
  json_close(j, '}');
  json_close(j, '}');
  json_close(j, ']');
}

static void put_section(JsonWriter *j, const Section *s) {
  open_property(j, last_word(s->head.name), s->head.doc);
  if (s == &spec_from) put_from(j);
  if (s == &spec_metric) put_metric(j);
  /* Data's and parameters' keys may be the user's; what they are depends on another key: see
   * put_objectives. */
  if (s == &spec_from || s == &spec_metric || s == &spec_data || s == &spec_parameters) {
    json_close(j, '}');
    return;
  }
  put_section_keys(j, s);
  put_required(j, s->head.params, s->head.n_params,
               s == &spec_model     ? "layers"
               : s == &spec_command ? "run"
                                    : NULL);
  json_close(j, '}');
}

void spec_schema(Str *out) {
  static const Registry *const registries[] = {
      &nn_activations, &nn_losses,       &nn_optimizers, &nn_schedules, &nn_initialisers,
      &io_generators,  &run_normalizers, &run_samplers,  &run_stoppers, &nn_metrics};
  JsonWriter writer = json_writer(out), *j = &writer;
  json_open(j, '{');
  json_put_str(j, "$schema", "http://json-schema.org/draft-07/schema#");
  json_put_str(j, "title", "caviar experiment");
  put_section_keys(j, &spec_experiment);
  put_objectives(j);
  json_key(j, "definitions");
  json_open(j, '{');
  put_named_numbers(j);
  put_values(j, "values", NULL);
  put_cost_data(j);
  open_property(j, "data", spec_data.head.doc);
  put_section_keys(j, &spec_data);
  json_close(j, '}');
  for (int i = 0; i < COUNT(registries); i++) put_registry(j, registries[i]);
  put_layers(j);
  json_close(j, '}');
  json_close(j, '}');
}
