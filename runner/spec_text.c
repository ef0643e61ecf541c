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

char *spec_text(Arena *a, const Spec *s, SpecText form) {
  Str out = str_new(a);
  yaml_write(form == SPEC_FOR_DIGEST ? for_digest(a, s->tree) : s->tree, &out);
  return arena_strdup(a, str_text(&out));
}
