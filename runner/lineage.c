/* The lines of trials that go on from others. */
#include "lineage.h"

#include "plan.h"
#include "trial.h"

/* Into `out` what `now` has other than `before`, both points of the space. */
static void put_changes(Arena *a, const Space *space, const char *before, const char *now,
                        YamlNode *out) {
  const YamlNode *x = plan_point_map(a, before), *y = plan_point_map(a, now);
  for (int i = 0; x && y && i < space->n; i++) {
    const char *path = space->dims[i].path;
    const YamlNode *value = yaml_get(y, path);
    if (value && !yaml_equal(yaml_get(x, path), value)) yaml_put(a, out, path, yaml_copy(a, value));
  }
}

const char *lineage_changed(Arena *a, const History *h, int64_t n, const char *point) {
  YamlNode *map = yaml_new(a, YAML_MAP, (Mark){0});
  const int64_t parent = h->generations.members > 0 ? h->parents[n] : -1;
  if (parent >= 0 && h->points[parent])
    put_changes(a, &h->base->search.space, h->points[parent], point, map);
  Str text = str_new(a);
  yaml_write_flow(map, &text);
  return str_text(&text);
}

/* Trials of the line, the root first; their number, or 0: one is not known. */
static int64_t line_of(Arena *a, const History *h, int64_t n, int64_t **out) {
  int64_t length = 1;
  for (int64_t i = n; h->parents[i] >= 0; i = h->parents[i], length++)
    if (h->parents[i] >= i || !h->points[h->parents[i]]) return 0;
  *out = ARENA_ARRAY(a, int64_t, length);
  for (int64_t i = n, k = length; k > 0; i = h->parents[i]) (*out)[--k] = i;
  return length;
}

/* 0: the root is no experiment. */
static int64_t updates_of_epoch(Arena *a, const Spec *base, const Lineage *l, int64_t rows) {
  Diag ignored = diag_new(a);
  const Spec *root = plan_trial(a, base, l->root, l->point, &ignored);
  return root ? trial_updates_of_epoch(root, rows) : 0;
}

/* An item for each generation that changed something. */
static const char *edits_of(Arena *a, const History *h, const int64_t *line, int64_t length,
                            const char *point, int64_t updates) {
  YamlNode *list = yaml_new(a, YAML_LIST, (Mark){0});
  const Generations *g = &h->generations;
  for (int64_t i = 1; i < length; i++) {
    YamlNode *item = yaml_new(a, YAML_MAP, (Mark){0});
    const int64_t step = line[i] / g->members * g->epochs * updates;
    const char *now = i + 1 == length ? point : h->points[line[i]];
    yaml_put(a, item, "step",
             yaml_new_scalar(a, arena_printf(a, "%lld", (long long)step), false, (Mark){0}));
    put_changes(a, &h->base->search.space, h->points[line[i - 1]], now, item);
    if (item->n_children > 1) yaml_append(list, item);
  }
  if (list->n_children == 0) return "";
  Str text = str_new(a);
  yaml_write_flow(list, &text);
  return str_text(&text);
}

bool lineage_of(Arena *a, const History *h, int64_t rows, int64_t n, const char *point,
                Lineage *out) {
  const Generations *g = &h->generations;
  *out = (Lineage){.parent = -1, .root = n, .point = point, .edits = ""};
  if (g->members == 0) return true;
  int64_t *line, length = line_of(a, h, n, &line);
  if (length == 0) return false;
  out->stop_at = (n / g->members + 1) * g->epochs;
  if (length == 1) return true;
  out->parent = h->parents[n];
  out->root = line[0];
  out->point = h->points[line[0]];
  const int64_t updates = updates_of_epoch(a, h->base, out, rows);
  if (updates == 0) return false;
  out->edits = edits_of(a, h, line, length, point, updates);
  return true;
}

Spec *lineage_trial(Arena *a, const Spec *base, const Lineage *l, Diag *d) {
  const Spec *trial = plan_trial(a, base, l->root, l->point, d);
  return trial ? spec_edited(a, trial, l->edits, d) : NULL;
}
