/* libyaml's events -> YamlNode trees. The only file that knows libyaml. */
#include "yaml.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#include "files.h"
#include "utf8.h"
#include "yaml_problem.h"

#define MAX_BYTES    (1 << 20)
#define MAX_DEPTH    64
#define MAX_EXPANDED 10000 /* nodes that all aliases of a file may add */
#define MAX_KEY      200 /* bytes: the writer can always put the key on one line (libyaml: 1024) */

typedef struct Anchor {
  const char *name;
  YamlNode *node; /* NULL while it is being read */
  struct Anchor *next;
} Anchor;

typedef struct {
  Arena *arena;
  const Source *source;
  Diag *diag;
  yaml_parser_t parser;
  Anchor *anchors; /* newest first: a name may be given again */
  int n_expanded;
  bool stopped; /* an error after which there is nothing more to read */
} Reader;

static Mark mark_at(const Reader *r, yaml_mark_t at, int length) {
  return (Mark){.source = r->source,
                .line = (int)at.line + 1,
                .column = (int)at.column + 1,
                .length = length < 1 ? 1 : length};
}

/* From start to end; to the end of the first line (diag cuts there) if it has several. */
static Mark mark_event(const Reader *r, const yaml_event_t *event) {
  yaml_mark_t from = event->start_mark, to = event->end_mark;
  return mark_at(r, from, to.line == from.line ? (int)(to.column - from.column) : MAX_BYTES);
}

static const Anchor *find_anchor(const Reader *r, const char *name) {
  const Anchor *a = r->anchors;
  while (a != NULL && !str_eq(a->name, name)) a = a->next;
  return a;
}

static Anchor *add_anchor(Reader *r, const yaml_char_t *name) {
  if (name == NULL) return NULL;
  Anchor *a = ARENA_NEW(r->arena, Anchor);
  *a = (Anchor){.name = arena_strdup(r->arena, (const char *)name), .next = r->anchors};
  r->anchors = a;
  return a;
}

static void refuse_tag(Reader *r, const yaml_event_t *event, const yaml_char_t *tag) {
  static const char core[] = "tag:yaml.org,2002:";
  if (tag == NULL) return;
  const char *name = (const char *)tag;
  bool short_form = str_starts(name, core);
  diag_add(r->diag, DIAG_ERROR, mark_at(r, event->start_mark, 1),
           "tags like %s%s have no meaning here: leave it out, or quote the text",
           short_form ? "!!" : "", short_form ? name + strlen(core) : name);
}

static void fail_parse(Reader *r) {
  const yaml_parser_t *p = &r->parser;
  YamlProblem problem = {.source = r->source,
                         .problem = p->problem,
                         .context = p->context,
                         .at = mark_at(r, p->problem_mark, 1),
                         .context_at = mark_at(r, p->context_mark, 1)};
  if (p->error == YAML_READER_ERROR) problem.at = mark_at(r, p->mark, 1);
  yaml_problem_add(r->diag, &problem);
  r->stopped = true;
}

/* The next event; false when reading is over because of an error. */
static bool next_event(Reader *r, yaml_event_t *event) {
  if (r->stopped) return false;
  if (yaml_parser_parse(&r->parser, event)) return true;
  fail_parse(r);
  return false;
}

/* ---- nodes ---- */

static YamlNode *read_node(Reader *r, yaml_event_t *event, int depth);

/* depth: 0 for a scalar. */
static int count_nodes(const YamlNode *n, int *depth) {
  int count = 1, deepest = 0;
  for (const YamlNode *child = n->first; child != NULL; child = child->next) {
    int below;
    count += count_nodes(child, &below);
    if (below > deepest) deepest = below;
  }
  *depth = n->type == YAML_SCALAR ? 0 : deepest + 1;
  return count;
}

static YamlNode *read_alias(Reader *r, const yaml_event_t *event, int depth) {
  const char *name = (const char *)event->data.alias.anchor;
  const Anchor *anchor = find_anchor(r, name);
  Mark mark = mark_event(r, event);
  int levels = 0,
      count = anchor != NULL && anchor->node != NULL ? count_nodes(anchor->node, &levels) : 0;
  if (anchor == NULL) {
    diag_add(r->diag, DIAG_ERROR, mark, "no anchor &%s stands before this alias", name);
  } else if (anchor->node == NULL) {
    diag_add(r->diag, DIAG_ERROR, mark, "the alias *%s stands inside what it names", name);
  } else if (depth + levels - 1 > MAX_DEPTH) {
    diag_add(r->diag, DIAG_ERROR, mark, "nested deeper than %d levels by this alias", MAX_DEPTH);
  } else if (count > MAX_EXPANDED - r->n_expanded) {
    diag_add(r->diag, DIAG_ERROR, mark, "the aliases of this file expand to more than %d values",
             MAX_EXPANDED);
    r->stopped = true;
  } else {
    r->n_expanded += count;
    YamlNode *copy = yaml_copy(r->arena, anchor->node);
    copy->mark = mark;
    return copy;
  }
  return yaml_new_scalar(r->arena, "", false, mark);
}

static YamlNode *read_scalar(Reader *r, const yaml_event_t *event) {
  const char *text = (const char *)event->data.scalar.value;
  Mark mark = mark_event(r, event);
  refuse_tag(r, event, event->data.scalar.tag);
  if (strlen(text) != event->data.scalar.length) {
    diag_add(r->diag, DIAG_ERROR, mark, "text with a NUL character (\\0) in it");
  }
  bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  return yaml_new_scalar(r->arena, text, quoted, mark);
}

static YamlNode *read_list(Reader *r, const yaml_event_t *start, int depth) {
  YamlNode *list = yaml_new(r->arena, YAML_LIST, mark_at(r, start->start_mark, 1));
  refuse_tag(r, start, start->data.sequence_start.tag);
  bool flow = start->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
  yaml_event_t event;
  while (next_event(r, &event)) {
    bool end = event.type == YAML_SEQUENCE_END_EVENT;
    if (end && flow && event.end_mark.line + 1 == (size_t)list->mark.line) {
      list->mark.length = (int)event.end_mark.column + 1 - list->mark.column;
    }
    YamlNode *item = end ? NULL : read_node(r, &event, depth + 1);
    yaml_event_delete(&event);
    if (item == NULL) break;
    yaml_append(list, item);
  }
  return list;
}

static bool check_key(Reader *r, const YamlNode *key, bool alias) {
  const char *wrong = alias                    ? "an alias cannot be a key"
                      : key->type == YAML_LIST ? "a key must be plain text, not a list"
                      : key->type == YAML_MAP  ? "a key must be plain text, not a map"
                      : key->text[0] == '\0' && !key->quoted ? "a key is missing before the colon"
                                                             : NULL;
  if (wrong == NULL && strlen(key->text) > MAX_KEY) wrong = "a key of more than 200 bytes";
  if (wrong != NULL) diag_add(r->diag, DIAG_ERROR, key->mark, "%s", wrong);
  return wrong == NULL;
}

typedef struct {
  const YamlNode *node;
  int order;
} Key;

static int by_key(const void *pa, const void *pb) {
  const Key *a = pa, *b = pb;
  int c = strcmp(a->node->key, b->node->key);
  return c != 0 ? c : a->order < b->order ? -1 : 1;
}

static void refuse_duplicates(Reader *r, const YamlNode *map) {
  Key *keys = ARENA_ARRAY(r->arena, Key, map->n_children + 1);
  int n = 0, first = 0;
  for (const YamlNode *child = map->first; child != NULL; child = child->next, n++) {
    keys[n] = (Key){.node = child, .order = n};
  }
  qsort(keys, (size_t)n, sizeof *keys, by_key);
  for (int i = 1; i < n; i++) {
    if (!str_eq(keys[i].node->key, keys[first].node->key)) {
      first = i;
      continue;
    }
    diag_add(r->diag, DIAG_ERROR, keys[i].node->key_mark,
             "duplicate key \"%s\"; first given at line %d", keys[i].node->key,
             keys[first].node->key_mark.line);
  }
}

static YamlNode *read_map(Reader *r, const yaml_event_t *start, int depth) {
  YamlNode *map = yaml_new(r->arena, YAML_MAP, mark_at(r, start->start_mark, 1));
  refuse_tag(r, start, start->data.mapping_start.tag);
  bool flow = start->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
  yaml_event_t event;
  while (next_event(r, &event)) {
    bool end = event.type == YAML_MAPPING_END_EVENT, alias = event.type == YAML_ALIAS_EVENT;
    if (end && flow && event.end_mark.line + 1 == (size_t)map->mark.line) {
      map->mark.length = (int)event.end_mark.column + 1 - map->mark.column;
    }
    YamlNode *key = end ? NULL : read_node(r, &event, depth + 1);
    yaml_event_delete(&event);
    if (key == NULL || !next_event(r, &event)) break;
    YamlNode *value = read_node(r, &event, depth + 1);
    yaml_event_delete(&event);
    if (value == NULL) break;
    if (!check_key(r, key, alias)) continue;
    value->key = key->text;
    value->key_mark = key->mark;
    yaml_append(map, value);
  }
  /* A block map begins where its first key does. */
  if (!flow && map->first != NULL) map->mark.length = map->first->key_mark.length;
  refuse_duplicates(r, map);
  return map;
}

/* NULL after an error that ends the reading. */
static YamlNode *read_node(Reader *r, yaml_event_t *event, int depth) {
  YamlNode *node = NULL;
  if (event->type == YAML_ALIAS_EVENT) return read_alias(r, event, depth);
  if (event->type == YAML_SCALAR_EVENT) {
    Anchor *anchor = add_anchor(r, event->data.scalar.anchor);
    node = read_scalar(r, event);
    if (anchor != NULL) anchor->node = node;
    return node;
  }
  if (depth > MAX_DEPTH) {
    diag_add(r->diag, DIAG_ERROR, mark_at(r, event->start_mark, 1), "nested deeper than %d levels",
             MAX_DEPTH);
    r->stopped = true;
    return NULL;
  }
  bool list = event->type == YAML_SEQUENCE_START_EVENT;
  Anchor *anchor =
      add_anchor(r, list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor);
  node = list ? read_list(r, event, depth) : read_map(r, event, depth);
  if (r->stopped) return NULL;
  if (anchor != NULL) anchor->node = node;
  return node;
}

/* ---- documents ---- */

static bool may_stand(uint32_t c) {
  return c == '\t' || (c >= 0x20 && c <= 0x7E) || c == 0x85 || (c >= 0xA0 && c <= 0xD7FF) ||
         (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

/* What libyaml would refuse without a line: bytes that are not UTF-8, control characters. */
static bool check_text(const Source *source, Diag *d) {
  Mark at = {.source = source, .line = 1, .column = 1, .length = 1};
  size_t n = (size_t)source->length;
  for (size_t i = 0; i < n; at.column++) {
    uint32_t c = ' ';
    int bytes = utf8_break(source->text + i, n - i);
    if (bytes > 0) {
      at.line++;
      at.column = 0;
    } else {
      bytes = utf8_next(source->text + i, n - i, &c);
    }
    if (c == UTF8_BAD) {
      diag_add(d, DIAG_ERROR, at, "byte 0x%02X is not UTF-8 text: save the file as UTF-8",
               (unsigned)(unsigned char)source->text[i]);
      return false;
    }
    if (!may_stand(c)) {
      diag_add(d, DIAG_ERROR, at, "control character U+%04X in the text: remove it", (unsigned)c);
      return false;
    }
    i += (size_t)bytes;
  }
  return true;
}

/* From behind STREAM-START to STREAM-END: the one document. */
static YamlNode *read_stream(Reader *r) {
  YamlNode *root = NULL;
  yaml_event_t event;
  int documents = 0;
  for (bool more = true; more && next_event(r, &event);) {
    more = event.type != YAML_STREAM_END_EVENT;
    if (event.type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
      diag_add(r->diag, DIAG_ERROR, mark_event(r, &event),
               "a second document begins here; a file holds one experiment");
      more = false;
    } else if (more && event.type != YAML_STREAM_START_EVENT &&
               event.type != YAML_DOCUMENT_START_EVENT && event.type != YAML_DOCUMENT_END_EVENT) {
      root = read_node(r, &event, 1);
      more = root != NULL;
    }
    yaml_event_delete(&event);
  }
  bool empty =
      root == NULL || (root->type == YAML_SCALAR && !root->quoted && root->text[0] == '\0');
  return empty ? yaml_new(r->arena, YAML_MAP, mark_at(r, (yaml_mark_t){0}, 1)) : root;
}

YamlNode *yaml_parse(Arena *a, const Source *source, Diag *d) {
  int errors = d->n_errors;
  if (source->length > MAX_BYTES) {
    Mark top = {.source = source, .line = 1, .column = 1, .length = 1};
    diag_add(d, DIAG_ERROR, top, "the file has more than 1 MiB: it is no experiment file");
    return NULL;
  }
  if (!check_text(source, d)) return NULL;
  Reader r = {.arena = a, .source = source, .diag = d};
  if (!yaml_parser_initialize(&r.parser)) {
    diag_add(d, DIAG_ERROR, (Mark){.source = source}, "libyaml could not start: out of memory");
    return NULL;
  }
  yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&r.parser, (const unsigned char *)source->text,
                               (size_t)source->length);
  YamlNode *root = read_stream(&r);
  yaml_parser_delete(&r.parser);
  return d->n_errors > errors ? NULL : root;
}

Status yaml_read_file(Arena *a, const char *path, Source **source, Err *e) {
  struct stat st;
  char *text;
  size_t n;
  CHECK(e, stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= MAX_BYTES, E_SPEC,
        "%s has more than 1 MiB: it is no experiment file", path);
  TRY(file_read_stream(a, path, MAX_BYTES, &text, &n, e));
  if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* some editors' byte order mark */
    text += 3;
    n -= 3;
  }
  *source = ARENA_NEW(a, Source);
  **source = (Source){.name = arena_strdup(a, path), .text = text, .length = (int)n};
  return OK;
}

const char *yaml_library_version(void) {
  return yaml_get_version_string();
}
