/* The kinds of graph_sources.c and their configs, for graph_ops.c, which makes nodes of them. Of no
 * registry: no file can name them. */
#ifndef CAVIAR_GRAPH_SOURCES_H
#define CAVIAR_GRAPH_SOURCES_H

#include "kinds.h"

typedef struct {
  int n;
  const double *values; /* (n) of a constant; where a parameter starts */
} NnNumbersConfig;

typedef struct {
  int first, n;
} NnSliceConfig;

extern const NnLayerKind nn_source_parameter, nn_source_constant; /* NnNumbersConfig */
extern const NnLayerKind nn_source_slice;                         /* NnSliceConfig */
extern const NnLossKind nn_loss_minimize;

#endif
