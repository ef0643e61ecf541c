/*
 * YAML trees with positions, read by libyaml (io/yaml_read.c is the only file that knows it),
 * edited in place, and written back canonically. Nodes belong to the arena they were made in.
 *
 * Refused with a position: syntax errors, duplicate keys, non-scalar keys, a second document, tags,
 * aliases that expand to more than 10,000 nodes, depth over 64, files over 1 MiB, text that is not
 * UTF-8. An empty document is an empty map.
 */
#ifndef CAVIAR_YAML_H
#define CAVIAR_YAML_H

#include "base/param.h"
#include "diag.h"

typedef enum { YAML_SCALAR, YAML_LIST, YAML_MAP } YamlType;

typedef struct YamlNode YamlNode;
struct YamlNode {
  YamlType type;
  Mark mark;
  const char *text;              /* scalar: as written, without quotes */
  bool quoted;                   /* scalar: never a number, boolean or null */
  const char *key;               /* child of a map: its key, */
  Mark key_mark;                 /*   and where that stands */
  YamlNode *first, *last, *next; /* children, in order */
  int n_children;
  const Param *param; /* resolved trees: the table row that this value was checked against */
};

/* Errors go to `d`, and the result is NULL if there was one. */
YamlNode *yaml_parse(Arena *a, const Source *source, Diag *d);
/* The same of a map of plain scalars in flow style on one line, `{a.b: 0.1, c: adam}`, ten times as fast;
 * NULL: it is none, which says nothing against it. */
YamlNode *yaml_parse_plain(Arena *a, const Source *source);
/* Reads a file into a Source that prints as `path`. E_IO if it cannot be read (a missing experiment
 * file). */
MUST_CHECK Status yaml_read_file(Arena *a, const char *path, Source **source, Err *e);

YamlNode *yaml_new(Arena *a, YamlType type, Mark mark);
YamlNode *yaml_new_scalar(Arena *a, const char *text, bool quoted, Mark mark);
YamlNode *yaml_copy(Arena *a, const YamlNode *n);         /* deep; without key */
YamlNode *yaml_get(const YamlNode *map, const char *key); /* NULL: not there, or not a map */
YamlNode *yaml_at(const YamlNode *list, int i);
/* Adds or replaces; `value` becomes a child. */
void yaml_put(Arena *a, YamlNode *map, const char *key, YamlNode *value);
void yaml_append(YamlNode *list, YamlNode *value);
/* Replaces the content of `n` (not its key, next) by that of `value`. */
void yaml_become(YamlNode *n, const YamlNode *value);
/* The same data: order in maps ignored, numbers by value. */
bool yaml_equal(const YamlNode *a, const YamlNode *b);

const char *yaml_library_version(void);

Scalar yaml_scalar(const YamlNode *n); /* of a YAML_SCALAR */

/* Canonical text: two spaces, block style for maps and lists of maps, flow style `[1, 2]` for lists
 * of scalars and `{dense: {units: 64}}` where it fits 100 columns inside a list; quoted only where
 * the core schema needs it. Reading it back gives an equal tree. */
void yaml_write(const YamlNode *n, Str *out);
/* The value on one line in flow style: `0.013`, `adam`, `[32, 64]`. */
void yaml_write_flow(const YamlNode *n, Str *out);

#endif
