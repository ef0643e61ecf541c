/*
 * Layers: the list of an experiment file as a tree of written items, and what it expands to.
 *
 * An item is a layer, or a group: a block, a residual, a concatenate. Its label is its name, or else
 * its kind ("dense", "block", "residual"), made unique among its siblings by "_2", "_3", ..; a layer
 * of copy 0 of the block `hidden` has the path "hidden.0.dense", one of the residual `skip`
 * "skip.dense", one of branch 1 of the concatenate `wide` "wide.1.dense". Disabled items keep their
 * label, so switching one off renames nothing. A group in which no layer is left is left out.
 */
#ifndef CAVIAR_SPEC_LAYERS_H
#define CAVIAR_SPEC_LAYERS_H

#include "spec_resolve.h"

enum { MAX_LAYERS = 10000 };

typedef struct LayerItem LayerItem;
typedef struct {
  LayerItem *items;
  int n;
} LayerList;

struct LayerItem {
  const char *label;
  Mark mark;
  LayerRow row;            /* name (or NULL), enabled, repeat (blocks) */
  const LayerGroup *group; /* NULL: a layer */
  LayerList *lists;        /* (n_lists) of a group: its one list, or its branches */
  int n_lists;
  const Kind *kind; /* of a layer; NULL after an error */
  void *config;
  YamlNode
      *params; /* of a layer: the resolved map of its parameters, settled by spec_layers_expand */
  const char **settled; /* (kind->n_params) what expanding settled; SETTLED_APART: copies differ */
};

/* Checks a list of layers; `out` becomes the resolved list. It stands below `key` ("layers") of
 * `where` ("model", "hidden"); key NULL: at `where` itself ("wide.0"). */
LayerList resolve_layers(const Resolve *r, const YamlNode *in, const char *where, const char *key,
                         YamlNode *out);

/* What holds lists: by its key; also the model itself, whose key is a block's. NULL: a layer. */
const LayerGroup *spec_group(const YamlNode *item);

/* The kind's key of an item: "relu" of `relu`, "dense" of `{name: out, dense: {..}}`, "residual" of
 * a residual; NULL for a block and for what is not a layer. */
const char *spec_layer_key(const YamlNode *item);
/* The `name` of an item, or NULL. */
const char *spec_layer_name(const YamlNode *item);

/* Applies repeat and enabled, and lets each layer settle what depends on its successor (`bias:
 * auto`); writes what was settled into the resolved tree where all copies agree. Only without
 * errors so far. */
void spec_layers_expand(const Resolve *r, LayerList written, Mark mark, ModelSpec *out);

#endif
