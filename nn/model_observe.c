/* A look at what flows through a model: each node's inputs, in test mode. */
#include "model.h"

int nn_model_n_nodes(const NnModel *m) {
  return m->n_nodes;
}

const char *nn_model_node_path(const NnModel *m, int i) {
  return m->graph->nodes[i].path;
}

const Kind *nn_model_node_kind(const NnModel *m, int i) {
  return m->graph->nodes[i].kind;
}

void nn_model_observe(NnModel *m, int rows,
                      void (*see)(void *ctx, int node, int input, const Real *x, int rows, int d),
                      void *ctx) {
  int start[2];
  const NnStep s = nn_step_test(m, rows, start);
  for (int i = 0; i < m->n_nodes; ++i) {
    NnNode *n = &m->eval[i];
    for (int k = 0; k < n->n_inputs; ++k) {
      see(ctx, i, k, n->x[k], rows, n->in[k]);
    }
    n->kind->forward(&s, n);
  }
  const NnNode *output = &m->eval[m->graph->output];
  see(ctx, m->n_nodes, 0, output->y, rows, output->d);
}
