/*
 * Resolving: a map of the user's tree against a table of parameters, into a struct and into the
 * resolved tree at once. Everything that is wrong is added to the diagnostics and resolving goes
 * on, so that a file's errors come out together; what could not be read keeps its default.
 *
 * `in` may be NULL (the map is not there) or an empty value (`train:`): then every key takes its
 * default. New nodes carry the mark of what they came from, defaults the mark of the map around
 * them.
 */
#ifndef CAVIAR_SPEC_RESOLVE_H
#define CAVIAR_SPEC_RESOLVE_H

#include "spec_tables.h"

typedef struct {
  Arena *a;
  Diag *d;
} Resolve;

/* A map of a table. `also`: keys that the caller reads itself, NULL-terminated, or NULL. */
typedef struct {
  const char *where; /* for messages: "train.optimizer" */
  Mark mark;         /* where a missing key is reported: the map's own key */
  const Param *params;
  int n_params;
  const char *const *also;
  /* Set by resolve_map: */
  const YamlNode *map; /* what the user wrote; NULL: nothing */
  bool no_map;         /* or no map at all: then no key of it is missing */
} MapSpec;

/* Checks the keys of `in`, sets the fields of `object`, puts the resolved values into `out`. */
void resolve_map(const Resolve *r, const YamlNode *in, const MapSpec *m, void *object,
                 YamlNode *out);

/* One row of a table: `in` is its value, or NULL. */
void resolve_param(const Resolve *r, const Param *p, const YamlNode *in, const MapSpec *m,
                   void *object, YamlNode *out);

/* A value that is chosen by name: `adam` or `{name: adam, beta1: 0.8}`, or `{binarize: 0.5}` for a
 * kind of one parameter; without a name the row's default kind. `in` must not be NULL. Returns the
 * resolved node, `adam` where no parameter is there to be written. */
YamlNode *resolve_kind(const Resolve *r, const Param *p, const YamlNode *in, const char *where,
                       KindValue *out);

/* `{binarize: 0.5}` as {name: binarize, threshold: 0.5}, made in `a`; NULL if `in` is no such
 * map. */
YamlNode *resolve_long_form(Arena *a, const Param *p, const YamlNode *in);

/* `in` itself if it is a map; NULL for nothing (absent or empty), and for anything else after an
 * error that says what was expected. */
const YamlNode *resolve_expect_map(const Resolve *r, const YamlNode *in, const char *where);

/* A resolved value: the canonical text of the field that `p` describes; of a P_REALS a list. */
YamlNode *resolve_scalar(const Resolve *r, const Param *p, const void *object, Mark mark);

/* What the legal parameters of a kind ask of each other (Kind.check); `node` is their resolved map. */
void resolve_check(const Resolve *r, const Kind *kind, const void *config, const YamlNode *node);

void resolve_unknown_key(const Resolve *r, const YamlNode *child, const MapSpec *m);

/* Is there a key that nobody knows and that is a misspelling of `key`? Then it is not missing. */
bool resolve_was_meant(const MapSpec *m, const YamlNode *map, const char *key);

/* "an integer", "a list", "a map": what a node is, for messages. */
const char *resolve_type_name(const YamlNode *n);

/* Where a map is best pointed at: its key, or itself at the top. */
Mark resolve_key_mark(const YamlNode *n, Mark otherwise);

#endif
