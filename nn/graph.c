/* The graph as declared: nodes in order, inputs before readers, shapes checked as they come. */
#include "model.h"

NnGraph *nn_graph_new(Arena *a, int n_features, NnTargets targets) {
  NnGraph *g = ARENA_NEW(a, NnGraph);
  g->arena = a;
  g->n_features = n_features;
  g->targets = targets;
  g->output = NN_INPUT;
  return g;
}

int nn_graph_features(const NnGraph *g, int id) {
  return id == NN_INPUT ? g->n_features : g->nodes[id].d;
}

Status nn_graph_plan_node(const NnGraph *g, int id, NnPlan *p, const NnLayerKind *kind, NnNode *n,
                          Err *e) {
  const NnGraphNode *declared = &g->nodes[id];
  *n = (NnNode){.kind = kind,
                .config = declared->config,
                .path = declared->path,
                .index = id,
                .n_inputs = declared->n_inputs};
  p->targets = g->targets;
  for (int i = 0; i < n->n_inputs; ++i) {
    p->in[i] = n->in[i] = nn_graph_features(g, declared->inputs[i]);
  }
  const Status status = kind->plan(p, n, e);
  if (status != OK) return err_context(e, "%s", declared->path);
  return OK;
}

Status nn_graph_add(NnGraph *g, const Kind *kind, const void *config, const char *path,
                    const int *inputs, int n_inputs, int *id, Err *e) {
  CHECK(e, n_inputs <= NN_MAX_INPUTS, E_SHAPE, "%s: %d inputs, at most %d are possible", path,
        n_inputs, NN_MAX_INPUTS);
  for (int i = 0; i < n_inputs; ++i) {
    CHECK(e, inputs[i] >= NN_INPUT && inputs[i] < g->n, E_SHAPE, "%s: input %d does not exist",
          path, inputs[i]);
  }
  g->nodes = arena_grow(g->arena, g->nodes, sizeof *g->nodes, &g->capacity, g->n + 1);
  NnGraphNode *node = &g->nodes[g->n];
  *node = (NnGraphNode){.kind = kind, .config = config, .path = path, .n_inputs = n_inputs};
  for (int i = 0; i < n_inputs; ++i) node->inputs[i] = inputs[i];

  NnPlan p = {.n_shards = 1, .gemm = nn_gemm_find("fixed", CPU_PORTABLE)};
  NnNode planned;
  TRY(nn_graph_plan_node(g, g->n, &p, nn_layer_at(kind, CPU_PORTABLE), &planned, e));
  node->d = planned.d;
  node->trained = planned.n_weights > 0;
  for (int i = 0; i < n_inputs; ++i) {
    if (inputs[i] != NN_INPUT && g->nodes[inputs[i]].trained) node->trained = true;
  }
  *id = g->n++;
  return OK;
}

Status nn_graph_loss(NnGraph *g, const Kind *kind, const void *config, int id, Err *e) {
  CHECK(e, g->loss == NULL, E_SHAPE, "loss: %s is a second one", kind->name);
  CHECK(e, id >= 0 && id < g->n, E_SHAPE, "loss: %s needs a layer to read", kind->name);
  const NnLossKind *loss = nn_loss_at(kind, CPU_PORTABLE);
  const KindValue value = {.kind = kind, .config = (void *)config};
  Status status = loss->plan(config, g->nodes[id].d, g->targets, &g->form, &g->n_values, e);
  if (status == OK) status = nn_loss_check(value, g->targets, &(ParamPlace){0}, e);
  if (status != OK) return err_context(e, "%s", g->nodes[id].path);
  g->loss = kind;
  g->loss_config = config;
  g->output = id;
  return OK;
}
