/*
 * edits: changes to a training while it goes on.
 *
 * An edit is another experiment from its step on: the file with the values of this edit and of
 * those before it, resolved as a file is. What may change is what the rest of a training can go on
 * with: numbers, never shapes, starts, data or the cutting of epochs.
 */
#include <string.h>

#include "spec_path.h"
#include "spec_sections.h"

static const char cut[] = "the epochs are cut into batches by it, from the first one on";
static const char rounding[] = "the sums of the whole training are rounded by it";
static const char length[] = "schedules are stretched over the whole training by it";
static const char compared[] = "epochs before and after would not compare";
static const char state[] =
    "the optimizer's state is of its kind; name one of its numbers, such as "
    "train.optimizer.learning_rate";
static const char apart[] = "it is no part of the training; change it in the file and run again";

/* What must stay, and why. */
static const struct {
  const char *path, *why;
} stays[] = {
    {"version", apart},
    {"name", apart},
    {"checkpoint", apart},
    {"records", apart},
    {"resources", apart},
    {"search", apart},
    {"edits", apart},
    {"replay", apart},
    {"seed", "it keys the whole training: the first weights, the order of the rows, the masks"},
    {"data", "its rows are those of the whole training"},
    {"parameters", "they are the start of the training"},
    {"cost", compared},
    {"metric", compared},
    {"metrics", compared},
    {"model.loss", compared},
    {"train.batch_size", cut},
    {"train.accumulate", cut},
    {"train.drop_last", cut},
    {"train.shards", rounding},
    {"train.gemm", rounding},
    {"train.epochs", length},
    {"train.steps", length},
    {"train.stop_at", length},
    {"train.warmup_epochs", "a warm-up begins with the first update"},
    {"train.base_batch_size", "it scales the rates of the whole training; edit learning_rate"},
    {"train.optimizer.name", state},
};

/* What may change, itself and below; the optimizer only below. */
static const char *const changes[] = {
    "train.schedule",       "train.l1",        "train.l2",
    "train.clip_value",     "train.clip_norm", "train.max_norm",
    "train.early_stopping",
};

static bool is_below(const char *path, const char *section) {
  const size_t n = strlen(section);
  return str_starts(path, section) && path[n] == '.';
}

static bool is_at(const char *path, const char *section) {
  return str_eq(path, section) || is_below(path, section);
}

static bool is_param_of(const Registry *kinds, const Param *p) {
  for (int i = 0; i < kinds->n; i++) {
    const Kind *k = kinds->kinds[i];
    for (int j = 0; j < k->n_params; j++)
      if (&k->params[j] == p) return true;
  }
  return false;
}

/* The first reason why the path may not change; NULL: it may. *from, *length: the part of the path
 * that is to blame. */
static const char *refusal(const Resolve *r, const Spec *s, const char *path, int *from, int *n) {
  *from = 0;
  *n = (int)strlen(path);
  for (int i = 0; i < COUNT(stays); i++)
    if (is_at(path, stays[i].path))
      return arena_printf(r->a, "%s cannot change during a training: %s", path, stays[i].why);
  for (int i = 0; i < COUNT(changes); i++)
    if (is_at(path, changes[i])) return NULL;
  if (is_below(path, "train.optimizer")) return NULL;
  if (str_eq(path, "train.optimizer"))
    return arena_printf(r->a, "%s cannot change during a training: %s", path, state);
  const PathPlace place = path_find(r->a, s->tree, path);
  if (place.node == NULL) {
    *from = place.from;
    *n = place.length;
    return arena_printf(r->a, "%s: %s", path, place.problem);
  }
  if (place.param && place.param->type == P_REAL && is_param_of(&nn_layers, place.param))
    return NULL;
  return arena_printf(
      r->a,
      "%s cannot change during a training: of a layer only numbers can that give it "
      "neither another shape nor another start, such as dropout.rate",
      path);
}

const char *edits_refuse(const Resolve *r, const Spec *s, const char *path) {
  int from, n;
  return refusal(r, s, path, &from, &n);
}

static bool legal_paths(const Resolve *r, const Spec *s, const YamlNode *item) {
  bool legal = true;
  int n_paths = 0;
  for (const YamlNode *c = item->first; c; c = c->next) {
    int from, n;
    if (str_eq(c->key, "step")) continue;
    n_paths++;
    const char *why = refusal(r, s, c->key, &from, &n);
    if (why) diag_add(r->d, DIAG_ERROR, path_mark(c->key_mark, from, n), "%s", why);
    legal = legal && why == NULL;
  }
  if (n_paths == 0)
    diag_add(r->d, DIAG_ERROR, item->mark,
             "edits: what changes? give a path and its new value, "
             "such as train.optimizer.learning_rate: 0.0005");
  return legal && n_paths > 0;
}

/* The tree so far with the item's values, resolved. What is wrong with it is said by a second pass,
 * for warnings of the experiment itself were given already. NULL after errors. */
static Spec *apply(const Resolve *r, const Spec *s, YamlNode *source, const YamlNode *item) {
  Diag quiet = diag_new(r->a);
  for (const YamlNode *c = item->first; c; c = c->next)
    if (!str_eq(c->key, "step") && !path_set(r->a, source, c->key, c, c->key_mark, r->d))
      return NULL;
  Spec *edited = resolve_tree(r->a, s, yaml_copy(r->a, source), &quiet);
  if (edited == NULL) (void)resolve_tree(r->a, s, yaml_copy(r->a, source), r->d);
  return edited;
}

/* The item with the values as the tables write them. */
static YamlNode *canonical(const Resolve *r, const EditSpec *edit, const YamlNode *item,
                           YamlNode *out) {
  for (const YamlNode *c = item->first; c; c = c->next) {
    if (str_eq(c->key, "step")) continue;
    const YamlNode *node = spec_find(edit->spec->tree, c->key);
    yaml_put(r->a, out, c->key, yaml_copy(r->a, node ? node : c));
  }
  return out;
}

/* False after errors: what follows would be blamed for them. */
static bool read_item(const Resolve *r, Spec *s, const YamlNode *item, YamlNode *source,
                      EditSpec *edits, YamlNode *out) {
  const int errors = r->d->n_refusals;
  if (item->type != YAML_MAP) {
    diag_add(r->d, DIAG_ERROR, item->mark,
             "edits: expected {step: 120, train.optimizer.learning_rate: 0.0005}, found %s",
             resolve_type_name(item));
    return false;
  }
  EditSpec *edit = &edits[s->n_edits];
  YamlNode *resolved = yaml_new(r->a, YAML_MAP, item->mark);
  const MapSpec m = {.where = "edits", .mark = item->mark, .map = item};
  *edit = (EditSpec){.mark = item->mark};
  resolve_param(r, &spec_edit.head.params[0], yaml_get(item, "step"), &m, edit, resolved);
  if (r->d->n_refusals > errors) return false;
  if (s->n_edits > 0 && edit->step <= edits[s->n_edits - 1].step) {
    diag_add(r->d, DIAG_ERROR, yaml_get(item, "step")->mark,
             "edits: steps must ascend, but %lld follows %lld", (long long)edit->step,
             (long long)edits[s->n_edits - 1].step);
    return false;
  }
  if (!legal_paths(r, s, item)) return false;
  edit->spec = apply(r, s, source, item);
  if (edit->spec == NULL) return false;
  s->n_edits++;
  yaml_append(out, canonical(r, edit, item, resolved));
  return true;
}

static YamlNode *without_edits(Arena *a, const YamlNode *tree) {
  YamlNode *out = yaml_new(a, YAML_MAP, tree->mark);
  for (const YamlNode *c = tree->first; c; c = c->next) {
    if (str_eq(c->key, "edits") || str_eq(c->key, "search")) continue;
    YamlNode *copy = yaml_copy(a, c);
    copy->key_mark = c->key_mark;
    yaml_put(a, out, c->key, copy);
  }
  return out;
}

YamlNode *resolve_edits(const Resolve *r, const YamlNode *in, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_LIST, in->mark);
  if (in->type != YAML_LIST) {
    if (in->type == YAML_SCALAR && yaml_scalar(in).type == SCALAR_NULL) return NULL;
    diag_add(r->d, DIAG_ERROR, in->mark,
             "edits: expected a list such as [{step: 120, train.optimizer.learning_rate: "
             "0.0005}], found %s",
             resolve_type_name(in));
    return NULL;
  }
  if (in->n_children == 0) return NULL;
  if (s->command.node || s->replay) {
    diag_add(r->d, DIAG_ERROR, in->key_mark, "edits: %s has no training that could be changed",
             s->replay ? "a replay" : "a command");
    return NULL;
  }
  EditSpec *edits = ARENA_ARRAY(r->a, EditSpec, in->n_children);
  YamlNode *source = without_edits(r->a, s->source);
  s->edits = edits;
  for (const YamlNode *c = in->first; c; c = c->next)
    if (!read_item(r, s, c, source, edits, out)) return NULL;
  return out;
}

const Spec *spec_at_update(const Spec *s, int64_t t) {
  const Spec *found = s;
  for (int i = 0; i < s->n_edits && s->edits[i].step < t; i++) found = s->edits[i].spec;
  return found;
}

/* ---- further edits --------------------------------------------------------------------------- */

static int64_t step_of(const YamlNode *item) {
  const YamlNode *step = yaml_get(item, "step");
  if (step == NULL || step->type != YAML_SCALAR) return INT64_MAX;
  const Scalar x = yaml_scalar(step);
  return x.type == SCALAR_INT ? x.integer : INT64_MAX;
}

/* Into the item of its step, or before the first of a later one. */
static YamlNode *with_item(Arena *a, const YamlNode *list, const YamlNode *item) {
  YamlNode *out = yaml_new(a, YAML_LIST, list->mark);
  const int64_t step = step_of(item);
  bool placed = false;
  for (const YamlNode *c = list->first; c; c = c->next) {
    YamlNode *copy = yaml_copy(a, c);
    if (!placed && step_of(c) == step) {
      for (const YamlNode *v = item->first; v; v = v->next) {
        YamlNode *value = yaml_copy(a, v);
        value->key_mark = v->key_mark;
        if (!str_eq(v->key, "step")) yaml_put(a, copy, v->key, value);
      }
      placed = true;
    } else if (!placed && step_of(c) > step) {
      yaml_append(out, yaml_copy(a, item));
      placed = true;
    }
    yaml_append(out, copy);
  }
  if (!placed) yaml_append(out, yaml_copy(a, item));
  return out;
}

Spec *spec_edited(Arena *a, const Spec *s, const char *edits, Diag *d) {
  if (edits == NULL || *edits == '\0') return (Spec *)s;
  Source *source = ARENA_NEW(a, Source);
  *source = (Source){.name = "edits", .text = edits, .length = (int)strlen(edits)};
  const YamlNode *more = yaml_parse(a, source, d);
  if (more == NULL) return NULL;
  YamlNode *tree = yaml_copy(a, s->source), *list = yaml_get(tree, "edits");
  if (list == NULL || list->type != YAML_LIST) list = yaml_new(a, YAML_LIST, more->mark);
  for (const YamlNode *c = more->first; c; c = c->next) list = with_item(a, list, c);
  list->key_mark = more->mark;
  yaml_put(a, tree, "edits", list);
  return resolve_tree(a, s, tree, d);
}
