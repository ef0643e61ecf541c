/* What a loss makes of its parameters before the first step: checks, and the configs of a model. */
#include <string.h>
#include "model.h"

/* NULL: the loss has no class weights, or none are given. */
static const Reals *class_weights(const NnLossKind *kind, const void *config) {
  if (kind->class_weights == 0 || !config) return NULL;
  const Reals *w = (const void *)((const char *)config + kind->class_weights);
  return w->n != 0 ? w : NULL;
}

Status nn_loss_check(KindValue loss, NnTargets targets, ParamPlace *place, Err *e) {
  const NnLossKind *kind = nn_loss_at(loss.kind, CPU_PORTABLE);
  const Reals *w = class_weights(kind, loss.config);
  if (!w) return OK;
  const int classes = targets.n_classes;
  *place = (ParamPlace){"class_weights", -1};
  CHECK(e, classes > 0, E_SHAPE, "class_weights: the targets are numbers, there are no classes");
  if (w->n == NN_BALANCED) return OK;
  if (w->n > classes) place->element = classes;
  CHECK(e, w->n == classes, E_SHAPE,
        "class_weights: expected one for each of the %d classes, found %d", classes, w->n);
  return OK;
}

bool nn_loss_is_balanced(KindValue loss) {
  const Reals *w = class_weights(nn_loss_at(loss.kind, CPU_PORTABLE), loss.config);
  return w && w->n == NN_BALANCED;
}

/* w_c = n / (C n_c), 0 for a class without rows. rows (C). Rows are summed in order, exactly. */
static Reals balance(Arena *a, const double *rows, int classes) {
  const Reals w = {.v = ARENA_ARRAY(a, double, classes), .n = classes};
  double n = 0;
  for (int c = 0; c < classes; ++c) n += rows[c];
  for (int c = 0; c < classes; ++c) w.v[c] = rows[c] > 0 ? n / (classes * rows[c]) : 0;
  return w;
}

static void *copy_config(Arena *a, const NnGraph *g) {
  void *copy = arena_alloc(a, 1, g->loss->config_size);
  memcpy(copy, g->loss_config, g->loss->config_size);
  return copy;
}

Status nn_model_plan_loss(Arena *a, NnModel *m, Err *e) {
  const NnGraph *g = m->graph;
  m->train_loss = m->eval_loss = g->loss_config;
  if (m->loss->plain) {
    void *plain = copy_config(a, g);
    m->loss->plain(plain);
    m->eval_loss = plain;
  }
  const KindValue loss = {.kind = g->loss, .config = (void *)g->loss_config};
  if (!m->optimizer || !nn_loss_is_balanced(loss)) return OK;
  CHECK(e, m->options.class_rows, E_INTERNAL, "model: class_weights: balanced needs class_rows");
  void *balanced = copy_config(a, g);
  *(Reals *)(void *)((char *)balanced + m->loss->class_weights) =
      balance(a, m->options.class_rows, g->targets.n_classes);
  m->train_loss = balanced;
  return OK;
}
