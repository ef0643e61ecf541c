/*
 * The tables of the experiment language: one Section for each map of an experiment file, its keys
 * as rows of Param. Resolving, did-you-mean, `describe`, the JSON Schema and the canonical dump
 * read these and the registries of nn, io and the samplers; nothing else knows a key's name,
 * default or range.
 *
 * A row whose default depends on other keys (data.seed, the split, the metric's goal) is `optional`
 * here; spec_sections.c and spec_metric.c say what it becomes, its doc says it to people.
 */
#ifndef CAVIAR_SPEC_TABLES_H
#define CAVIAR_SPEC_TABLES_H

#include "spec.h"

typedef struct Section Section;
struct Section {
  Kind head;                      /* name: the dotted path of the map, "data.split" */
  const Section *const *sections; /* the maps below it, NULL-terminated; NULL: none */
};

/* A layer of a list, and a block of layers; beside the kind's own key or `layers`. */
typedef struct {
  const char *name;
  bool enabled;
  int64_t repeat;
} LayerRow;

typedef struct {
  const char *name;
  int goal, at;
} MetricRow;
enum { GOAL_MINIMIZE, GOAL_MAXIMIZE };
enum { AT_LAST, AT_BEST };

/* One entry of search.parameters; `values` and `value` stand beside it. */
typedef struct {
  double min, max, q;
  int scale;
  int64_t points;
} RangeRow;

extern const Section spec_experiment; /* the whole file */
extern const Section spec_data, spec_split, spec_model, spec_layer, spec_train;
extern const Section spec_block, spec_residual, spec_concatenate;
extern const Section spec_parameters; /* its keys are the user's */
extern const Section spec_early_stopping;
extern const Section spec_metric, spec_search, spec_from, spec_range, spec_checkpoint, spec_records;
extern const Section spec_resources;
extern const Section spec_edit;    /* an item of edits; its other keys are dotted paths */
extern const Section spec_command; /* and run, environment, which spec_command.c reads */

/* `activation: relu`: the row of the key of that layer, whose value is a kind of nn_activations. */
extern const Param spec_activation;

/* Items of a list of layers that hold lists themselves, known by the key of these. */
typedef struct {
  const char *key; /* "layers" */
  const Section *section;
  const char *join; /* the kind of nn_joins that it ends with; NULL: a block, which ends as it is */
  bool is_branched; /* a list of lists, which all read the same */
  const char *example; /* for messages */
} LayerGroup;
extern const LayerGroup spec_groups[]; /* the last has no key */

/* An item of the list `metrics`, a kind of nn_metrics. */
extern const Param spec_metrics_item;

/* All sections, for describe. */
extern const Registry spec_sections;

#endif
