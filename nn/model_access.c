/* What others may see and set of a model: buffers, flat vectors, blocks; and how it starts. */
#include <string.h>
#include "model.h"
#include "rows.h"

static void fill(const NnTensor *t, uint64_t seed, uint32_t block) {
  const size_t n = (size_t)t->rows * (size_t)t->cols;
  if (t->init.kind) {
    const NnInitialiserKind *k = (const NnInitialiserKind *)(const void *)t->init.kind;
    k->fill(t->init.config, t->rows, t->cols, seed, block, n, t->v);
    return;
  }
  for (size_t i = 0; i < n; ++i) t->v[i] = (Real)(t->starts ? t->starts[i] : t->start);
}

void nn_model_init(NnModel *m, uint64_t seed) {
  uint32_t block = 0; /* of weights, in the model */
  for (int i = 0; i < m->n_nodes; ++i) {
    const NnNode *n = &m->eval[i];
    for (int k = 0; k < n->n_weights; ++k) fill(&n->weights[k], seed, block++);
    for (int k = 0; k < n->n_stats; ++k) fill(&n->stats[k], seed, 0);
  }
  if (m->optimizer) {
    memset(m->gradient, 0, m->n_weights * sizeof(Real));
    memset(m->state, 0, m->n_weights * (size_t)m->optimizer->n_state * sizeof(Real));
  }
  m->seed = seed;
  m->updates = m->batches = 0;
}

NnTargetForm nn_model_target_form(const NnModel *m, int *n_values) {
  *n_values = m->graph->form == NN_TARGET_VALUES ? m->graph->n_values : 0;
  return m->graph->form;
}

Real *nn_model_x(NnModel *m) {
  return m->x;
}

int32_t *nn_model_labels(NnModel *m) {
  return m->labels;
}

Real *nn_model_values(NnModel *m) {
  return m->values;
}

NnPredictions nn_model_predictions(const NnModel *m, int rows) {
  const bool labels = m->graph->form == NN_TARGET_LABELS;
  return (NnPredictions){.rows = rows,
                         .d = m->eval[m->graph->output].d,
                         .p = m->predictions,
                         .labels = labels ? m->labels : NULL,
                         .values = labels ? NULL : m->values};
}

const Real *nn_model_output(const NnModel *m, int *n) {
  *n = m->eval[m->graph->output].d;
  return m->predictions;
}

Real *nn_model_vector(NnModel *m, NnVector which, size_t *n) {
  const size_t n_state = m->optimizer ? m->n_weights * (size_t)m->optimizer->n_state : 0;
  switch (which) {
  case NN_WEIGHTS:
    *n = m->n_weights;
    return m->weights;
  case NN_GRADIENTS:
    *n = m->optimizer ? m->n_weights : 0;
    return m->gradient;
  case NN_STATISTICS:
    *n = m->n_statistics;
    return m->statistics;
  case NN_OPTIMIZER_STATE:
    *n = n_state;
    return m->state;
  }
  *n = 0;
  return NULL;
}

uint64_t nn_model_updates(const NnModel *m) {
  return m->updates;
}

uint64_t nn_model_batches(const NnModel *m) {
  return m->batches;
}

void nn_model_set_counts(NnModel *m, uint64_t updates, uint64_t batches) {
  m->updates = updates;
  m->batches = batches;
}

void nn_model_set_seed(NnModel *m, uint64_t seed) {
  m->seed = seed;
}

int nn_model_n_blocks(const NnModel *m) {
  return m->n_blocks;
}

const NnBlock *nn_model_block(const NnModel *m, int i) {
  return &m->blocks[i];
}

const NnRowKernel *nn_model_rows(const NnModel *m) {
  return nn_row_kernel(m->options.cpu);
}
