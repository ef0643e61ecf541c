/* search.try and search.from: points that are trained first. */
#include "io/files.h"
#include "sampler.h"
#include "spec_path.h"
#include "spec_sections.h"

static void not_searched(const Resolve *r, const Space *s, const YamlNode *key) {
  const char *nearest = space_nearest(s, key->key);
  diag_add(r->d, DIAG_ERROR, key->key_mark, "try: %s is no parameter of this search%s%s%s",
           key->key, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
           nearest ? "\"?" : "");
}

/* The dimension's own value that is meant, with the mark of `in`; NULL after an error. */
static const YamlNode *value_of(const Resolve *r, const Dim *d, const YamlNode *in) {
  YamlNode *value = space_own_value(r->a, d, in);
  if (value) {
    value->mark = in->mark;
    return value;
  }
  Str found = str_new(r->a), may_be = str_new(r->a);
  yaml_write_flow(in, &found);
  space_values_text(d, &may_be);
  diag_add(r->d, DIAG_ERROR, in->mark, "try: %s is never %s in this search; it may be %s", d->path,
           str_text(&found), str_text(&may_be));
  return NULL;
}

/* What the experiment itself has, with the values of the point so far; NULL: nothing. */
static const YamlNode *value_of_experiment(const Resolve *r, const Spec *s, const Point *p, int i) {
  const PathPlace place = path_find(r->a, spec_tree_at(r->a, s, p), s->search.space.dims[i].path);
  const bool stands = place.node && (place.role != PATH_VALUE || place.node->param == place.param);
  if (stands) return place.node;
  if (place.param == NULL || place.param->def == NULL) return NULL;
  return yaml_new_scalar(r->a, place.param->def, false, (Mark){0});
}

static void fill_in(const Resolve *r, const Spec *s, const YamlNode *in, int i, Point *p) {
  const Dim *d = &s->search.space.dims[i];
  const YamlNode *own = value_of_experiment(r, s, p, i);
  YamlNode *value = own ? space_own_value(r->a, d, own) : NULL;
  if (value) {
    value->mark = in->mark;
    p->values[i] = value;
    return;
  }
  Str found = str_new(r->a), may_be = str_new(r->a);
  if (own) yaml_write_flow(own, &found);
  space_values_text(d, &may_be);
  diag_add(r->d, DIAG_ERROR, in->mark, "try: %s is missing%s%s; it may be %s", d->path,
           own ? ", and is never what the experiment has, " : "", str_text(&found),
           str_text(&may_be));
}

static void read_values(const Resolve *r, const Space *space, const YamlNode *in, Point *p) {
  for (const YamlNode *c = in->first; c; c = c->next) {
    const int i = space_find(space, c->key);
    if (i < 0)
      not_searched(r, space, c);
    else
      p->values[i] = value_of(r, &space->dims[i], c);
  }
}

static void read_point(const Resolve *r, const Spec *s, const YamlNode *in, Point *p) {
  const Space *space = &s->search.space;
  const int errors = r->d->n_refusals;
  *p = (Point){.values = ARENA_ARRAY(r->a, const YamlNode *, space->n), .n = space->n};
  read_values(r, space, in, p);
  for (int k = 0; k < space->n && r->d->n_refusals == errors; k++) {
    const int i = space->order ? space->order[k] : k;
    const bool holds = space_holds(space, p, i);
    if (holds && p->values[i] == NULL) fill_in(r, s, in, i, p);
    if (!holds && p->values[i])
      diag_add(r->d, DIAG_ERROR, yaml_get(in, space->dims[i].path)->key_mark,
               "try: %s is not there at this point: its conditions do not hold",
               space->dims[i].path);
  }
}

static YamlNode *point_map(Arena *a, const Space *space, const Point *p, Mark mark) {
  YamlNode *map = yaml_new(a, YAML_MAP, mark);
  for (int i = 0; i < space->n; i++)
    if (p->values[i]) yaml_put(a, map, space->dims[i].path, yaml_copy(a, p->values[i]));
  return map;
}

YamlNode *resolve_try(const Resolve *r, const YamlNode *in, Spec *s) {
  YamlNode *out = yaml_new(r->a, YAML_LIST, in->mark);
  if (in->type != YAML_LIST || in->n_children == 0) {
    diag_add(r->d, DIAG_ERROR, in->type == YAML_LIST ? in->key_mark : in->mark,
             "search.try: expected a list of points, such as [{train.batch_size: 32}], found %s",
             in->type == YAML_LIST ? "none" : resolve_type_name(in));
    return out;
  }
  Point *tries = ARENA_ARRAY(r->a, Point, in->n_children);
  const int errors = r->d->n_refusals;
  for (const YamlNode *c = in->first; c; c = c->next) {
    if (c->type == YAML_MAP)
      read_point(r, s, c, &tries[s->search.n_tries]);
    else
      diag_add(r->d, DIAG_ERROR, c->mark,
               "search.try: expected a point, such as {train.batch_size: 32}, found %s",
               resolve_type_name(c));
    if (r->d->n_refusals > errors) continue;
    yaml_append(out, point_map(r->a, &s->search.space, &tries[s->search.n_tries++], c->mark));
  }
  s->search.tries = tries;
  return out;
}

/* ---- from ------------------------------------------------------------------------------------ */

/* `from: runs/old` is {run: runs/old}. */
static const YamlNode *from_map(const Resolve *r, const YamlNode *in) {
  if (in->type != YAML_SCALAR || yaml_scalar(in).type == SCALAR_NULL) return in;
  YamlNode *map = yaml_new(r->a, YAML_MAP, in->mark), *run = yaml_copy(r->a, in);
  map->key = in->key;
  map->key_mark = in->key_mark;
  run->key_mark = in->mark;
  yaml_put(r->a, map, "run", run);
  return map;
}

YamlNode *resolve_from(const Resolve *r, const YamlNode *in, Spec *s) {
  FromSpec *from = &s->search.from;
  const YamlNode *map = from_map(r, in);
  YamlNode *out = yaml_new(r->a, YAML_MAP, in->mark);
  const MapSpec m = section_map(r, &spec_from, map, in->mark, NULL);
  const Sampler *method = (const Sampler *)(const void *)s->search.method.kind;
  const int errors = r->d->n_refusals;
  resolve_map(r, map, &m, from, out);
  if (r->d->n_refusals > errors) return out;
  if (from->results && method && !method->looks)
    diag_add(r->d, DIAG_ERROR, yaml_get(map, "results")->mark,
             "search.from: %s looks at no results; leave it out", method->head.name);
  if (from->best == 0 && !from->results)
    diag_add(r->d, DIAG_ERROR, yaml_get(map, "best")->mark,
             "search.from: neither points nor results of the run are asked for");
  from->path = file_join(r->a, s->directory, from->run);
  Point *tries = ARENA_ARRAY(r->a, Point, s->search.n_tries + from->best);
  for (int i = 0; i < s->search.n_tries; i++) tries[i] = s->search.tries[i];
  s->search.tries = tries;
  s->search.n_tries += (int)from->best;
  return out;
}
