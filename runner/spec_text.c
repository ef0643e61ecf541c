/* The canonical text of a resolved experiment. */
#include "spec.h"

static bool left_out(const char *key, const char *const *keys, int n) {
  for (int i = 0; i < n; i++)
    if (str_eq(key, keys[i])) return true;
  return false;
}

static YamlNode *copy_without(Arena *a, const YamlNode *map, const char *const *keys, int n) {
  YamlNode *out = yaml_new(a, YAML_MAP, map->mark);
  for (const YamlNode *c = map->first; c; c = c->next)
    if (!left_out(c->key, keys, n)) yaml_put(a, out, c->key, yaml_copy(a, c));
  return out;
}

/* Names of things (the run's, the files') are no part of what is computed: the data are known by
 * their fingerprint, another run by its digest. */
static YamlNode *for_digest(Arena *a, const YamlNode *tree) {
  static const char *const top[] = {"name", "checkpoint", "records", "resources"};
  static const char *const run[] = {"run"};
  static const char *const data[] = {"file", "test_file", "sha256"};
  static const char *const command[] = {"timeout", "directory", "keep_output"};
  YamlNode *out = copy_without(a, tree, top, COUNT(top));
  if (yaml_get(out, "replay")) /* the table is known by its digest, in place of the data's */
    yaml_put(a, out, "replay", yaml_new_scalar(a, "true", false, tree->mark));
  const YamlNode *said = yaml_get(out, "data"); /* a cost may have none */
  if (said) yaml_put(a, out, "data", copy_without(a, said, data, COUNT(data)));
  YamlNode *search = yaml_get(out, "search");
  const YamlNode *from = yaml_get(search, "from");
  if (from) yaml_put(a, search, "from", copy_without(a, from, run, COUNT(run)));
  const YamlNode *program = yaml_get(out, "command");
  if (program) yaml_put(a, out, "command", copy_without(a, program, command, COUNT(command)));
  return out;
}

char *spec_identity_until(Arena *a, const Spec *s, int64_t updates) {
  static const char *const key[] = {"edits"};
  YamlNode *tree = for_digest(a, s->tree);
  const YamlNode *all = yaml_get(tree, "edits");
  Str out = str_new(a);
  if (all) {
    YamlNode *seen = yaml_new(a, YAML_LIST, all->mark);
    for (int i = 0; i < s->n_edits && s->edits[i].step < updates; i++)
      yaml_append(seen, yaml_copy(a, yaml_at(all, i)));
    tree = copy_without(a, tree, key, COUNT(key));
    if (seen->n_children > 0) yaml_put(a, tree, "edits", seen);
  }
  yaml_write(tree, &out);
  return arena_strdup(a, str_text(&out));
}

char *spec_text(Arena *a, const Spec *s, SpecText form) {
  Str out = str_new(a);
  yaml_write(form == SPEC_FOR_DIGEST ? for_digest(a, s->tree) : s->tree, &out);
  return arena_strdup(a, str_text(&out));
}
