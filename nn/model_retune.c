/* A model that goes on with other numbers: of its optimizer, its rules and its layers. */
#include "model.h"

static bool same_tensors(const NnTensor *a, const NnTensor *b, int n) {
  for (int i = 0; i < n; ++i)
    if (a[i].rows != b[i].rows || a[i].cols != b[i].cols || a[i].decays != b[i].decays)
      return false;
  return true;
}

/* Whatever of a node decides how memory is laid out. */
static bool same_node(const NnNode *a, const NnNode *b) {
  return a->kind == b->kind && a->d == b->d && a->n_inputs == b->n_inputs &&
         a->n_weights == b->n_weights && a->n_stats == b->n_stats &&
         a->saved_per_row == b->saved_per_row && a->saved_fixed == b->saved_fixed &&
         a->scratch == b->scratch && same_tensors(a->weights, b->weights, a->n_weights) &&
         same_tensors(a->stats, b->stats, a->n_stats);
}

Status nn_model_check_retune(const NnModel *m, const NnModel *as, Err *e) {
  CHECK(e, m->optimizer && m->optimizer == as->optimizer, E_SHAPE,
        "the optimizer's state is of another kind");
  CHECK(e, m->loss == as->loss, E_SHAPE, "the loss is another one");
  CHECK(e, m->n_nodes == as->n_nodes && m->bytes == as->bytes && m->n_exact == as->n_exact, E_SHAPE,
        "the layers are of another shape");
  for (int i = 0; i < m->n_nodes; ++i)
    CHECK(e, same_node(&m->eval[i], &as->eval[i]), E_SHAPE, "%s: it is of another shape",
          as->eval[i].path);
  return OK;
}

void nn_model_retune(NnModel *m, const NnModel *as) {
  for (int i = 0; i < m->n_nodes; ++i) m->eval[i].config = m->train[i].config = as->eval[i].config;
  m->options.optimizer = as->options.optimizer;
  m->options.rules = as->options.rules;
}
