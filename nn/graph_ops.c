/* nn/ops.h: nodes that are no layers, with configs and names in the graph's arena. */
#include "ops.h"

#include <math.h>
#include <string.h>
#include "base/str.h"
#include "graph_sources.h"
#include "model.h"

/* "3.mul": the path of the node that is added next. */
static const char *next_path(const NnGraph *g, const char *name) {
  return arena_printf(g->arena, "%d.%s", g->n, name);
}

static Status check_numbers(const char *what, int n, const double *values, Err *e) {
  CHECK(e, n > 0, E_SHAPE, "%s: %d values, at least 1 is needed", what, n);
  for (int i = 0; i < n && values; ++i) {
    CHECK(e, isfinite(values[i]), E_SHAPE, "%s: value %d is not finite", what, i);
  }
  return OK;
}

/* values NULL: zeros */
static Status add_numbers(NnGraph *g, const NnLayerKind *kind, const char *path, int n,
                          const double *values, int *id, Err *e) {
  TRY(check_numbers(path, n, values, e));
  double *copy = ARENA_ARRAY(g->arena, double, n);
  if (values) memcpy(copy, values, (size_t)n * sizeof *copy);
  NnNumbersConfig *config = ARENA_NEW(g->arena, NnNumbersConfig);
  *config = (NnNumbersConfig){.n = n, .values = copy};
  return nn_graph_add(g, &kind->head, config, path, NULL, 0, id, e);
}

Status nn_graph_parameter(NnGraph *g, const char *name, int n, const double *start, int *id,
                          Err *e) {
  for (int i = 0; i < g->n; ++i) {
    CHECK(e, !str_eq(g->nodes[i].path, name), E_SHAPE, "%s: the name is taken", name);
  }
  return add_numbers(g, &nn_source_parameter, arena_strdup(g->arena, name), n, start, id, e);
}

Status nn_graph_constant(NnGraph *g, int n, const double *value, int *id, Err *e) {
  return add_numbers(g, &nn_source_constant, next_path(g, "constant"), n, value, id, e);
}

Status nn_graph_slice(NnGraph *g, int of, int first, int n, int *id, Err *e) {
  NnSliceConfig *config = ARENA_NEW(g->arena, NnSliceConfig);
  *config = (NnSliceConfig){.first = first, .n = n};
  return nn_graph_add(g, &nn_source_slice.head, config, next_path(g, "slice"), &of, 1, id, e);
}

Status nn_graph_op(NnGraph *g, const char *op, const int *inputs, int n_inputs, int *id, Err *e) {
  const Kind *kind = kind_find(&nn_ops, op);
  if (!kind) {
    const char *nearest = kind_nearest(&nn_ops, op);
    CHECK(e, nearest == NULL, E_SHAPE, "no op is called \"%s\"; did you mean \"%s\"?", op, nearest);
    FAIL(e, E_SHAPE, "no op is called \"%s\"; nn/ops.def lists them", op);
  }
  const int wanted = nn_op_at(kind, CPU_PORTABLE)->n_inputs;
  const char *path = next_path(g, op);
  CHECK(e, n_inputs == wanted, E_SHAPE, "%s: takes %d input%s, found %d", path, wanted,
        wanted == 1 ? "" : "s", n_inputs);
  return nn_graph_add(g, kind, NULL, path, inputs, n_inputs, id, e);
}

Status nn_graph_minimize(NnGraph *g, int id, Err *e) {
  CHECK(e, id >= 0 && id < g->n, E_SHAPE, "minimize: node %d does not exist", id);
  CHECK(e, g->nodes[id].trained, E_SHAPE,
        "%s: depends on no parameter, so there is nothing to train", g->nodes[id].path);
  return nn_graph_loss(g, &nn_loss_minimize.head, NULL, id, e);
}
