/*
 * Dotted paths: one way to name a value of an experiment, for overrides, search spaces and edits.
 *
 *   train.batch_size              maps by key
 *   train.optimizer.name          `name` of a value chosen by name, also where it is written `adam`
 *   model.hidden                  a layer or block by its name
 *   model.0                       ... by its index in the list, from 0
 *   model.hidden.dense.units      a layer by its kind, where only one of the list has it: the
 * kind's parameters follow model.out.dense.units         by its name: its kind's key follows
 *   model.hidden.dropout.enabled  `enabled` of a layer
 *   model.hidden.layers           the list itself
 *   model.skip.dense.units        a layer of the residual `skip`; model.residual.dense.units where it has
 *                                 no name
 *   model.wide.0.dense.units      a layer of branch 0 of the concatenate `wide`
 *   search.parameters.train.batch_size   an entry of the search space, whose key is a path
 */
#ifndef CAVIAR_SPEC_PATH_H
#define CAVIAR_SPEC_PATH_H

#include "spec_tables.h"

typedef enum {
  PATH_VALUE,        /* a value of a table's row: `param` */
  PATH_KIND_NAME,    /* the `name` of a value chosen by name: `param` is that value's row */
  PATH_LAYERS,       /* a list of layers */
  PATH_LAYER,        /* an item of such a list */
  PATH_LAYER_PARAMS, /* the map of parameters below a kind's key */
  PATH_SECTION,      /* another map */
} PathRole;

typedef struct {
  YamlNode *node; /* NULL: nothing there, and `problem` says what is missing. Of a value that the
                     resolved tree leaves out (`enabled`, optional rows): the map it belongs to */
  PathRole role;
  const Param *param;
  const char *kind;    /* PATH_LAYER_PARAMS: the kind's key */
  const char *problem; /* one message, with the nearest word */
  bool unread;      /* it is below something that could not be read, which was an error already */
  int from, length; /* the component of the path that it is about, in bytes */
} PathPlace;

/* Looks a path up in a resolved tree; problems and names in `a`. */
PathPlace path_find(Arena *a, const YamlNode *tree, const char *path);

/* Sets a value in a user's tree, making what the file left out: `train.optimizer.beta1` where it
 * says `optimizer: adam`, `model.hidden.batch_norm.decay` where it says `batch_norm`. What is made
 * carries marks from `at`, the place of the path's text. `value` is copied. An impossible path is
 * an error at the component that is not there. */
bool path_set(Arena *a, YamlNode *tree, const char *path, const YamlNode *value, Mark at, Diag *d);

/* The mark of a component of a path that stands at `at`. */
Mark path_mark(Mark at, int from, int length);

#endif
