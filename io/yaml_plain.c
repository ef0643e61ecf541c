/*
 * One map of plain scalars in flow style on one line, as points of a search space are written, in one
 * pass: libyaml takes ten times as long, and a run has a point a trial. Anything else is left to it.
 */
#include <string.h>

#include "yaml.h"

enum { MOST_KEYS = 64, MOST_KEY = 200 };

typedef struct {
  Arena *a;
  const Source *source;
  const char *at, *end;
} Plain;

static bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Letters, digits and _, with . + - before and between them: nothing of YAML's own. Bytes; 0: other. */
static int word_length(const Plain *p) {
  const char *at = p->at;
  while (at < p->end && (*at == '.' || *at == '+' || *at == '-')) at++;
  if (at - p->at > 2 || at == p->end || !is_word(*at)) return 0;
  while (at < p->end && (is_word(*at) || *at == '.' || *at == '+' || *at == '-')) at++;
  return (int)(at - p->at);
}

static Mark mark_here(const Plain *p, int length) {
  return (Mark){.source = p->source,
                .line = 1,
                .column = (int)(p->at - p->source->text) + 1,
                .length = length};
}

static bool take(Plain *p, const char *text) {
  const size_t n = strlen(text);
  if ((size_t)(p->end - p->at) < n || memcmp(p->at, text, n) != 0) return false;
  p->at += n;
  return true;
}

static YamlNode *read_scalar(Plain *p) {
  const int n = word_length(p);
  if (n == 0) return NULL;
  YamlNode *v = yaml_new(p->a, YAML_SCALAR, mark_here(p, n));
  v->text = arena_strndup(p->a, p->at, (size_t)n);
  p->at += n;
  return v;
}

/* "key: value"; false: another form, or a key that is there. */
static bool read_pair(Plain *p, YamlNode *map) {
  const int n = word_length(p);
  const Mark mark = mark_here(p, n);
  if (n == 0 || n > MOST_KEY || map->n_children == MOST_KEYS) return false;
  const char *key = arena_strndup(p->a, p->at, (size_t)n);
  p->at += n;
  YamlNode *v = take(p, ": ") && !yaml_get(map, key) ? read_scalar(p) : NULL;
  if (!v) return false;
  v->key = key;
  v->key_mark = mark;
  yaml_append(map, v);
  return true;
}

YamlNode *yaml_parse_plain(Arena *a, const Source *source) {
  Plain p = {.a = a, .source = source, .at = source->text, .end = source->text + source->length};
  YamlNode *map = yaml_new(a, YAML_MAP, mark_here(&p, source->length));
  bool more = take(&p, "{") && !take(&p, "}");
  while (more) {
    if (!read_pair(&p, map)) return NULL;
    more = take(&p, ", ");
    if (!more && !take(&p, "}")) return NULL;
  }
  return map->n_children > 0 && p.at == p.end ? map : NULL;
}
