/*
 * The update of the weights: penalties and clipping on the gradient, the optimizer, limits on the
 * weights. Every rank of a team does all of it on the reduced gradient, so it needs no sum over the
 * team.
 */
#include <math.h>
#include "model.h"

static void add_penalties(NnModel *m) {
  const NnRules *rules = &m->options.rules;
  if (rules->l1 == 0 && rules->l2 == 0) return;
  for (int i = 0; i < m->n_runs; ++i) {
    const NnRun *r = &m->runs[i];
    if (!r->decays) continue;
    m->vector->add_penalty(r->n, rules->l1, rules->l2, m->weights + r->offset,
                           m->gradient + r->offset);
  }
}

/* Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063, algorithm 1, for the norm of all weights'
 * gradient. */
static void clip(NnModel *m) {
  const NnRules *rules = &m->options.rules;
  if (rules->clip_value > 0) m->vector->clip(m->n_weights, rules->clip_value, m->gradient);
  if (!(rules->clip_norm > 0)) return;
  const double norm = sqrt(m->vector->square_sum(m->n_weights, m->gradient));
  if (norm > rules->clip_norm) m->vector->scale(m->n_weights, rules->clip_norm / norm, m->gradient);
}

static void optimize(NnModel *m, double learning_rate) {
  const void *config = m->options.optimizer.config;
  NnUpdate u = {.t = m->updates, .learning_rate = learning_rate, .stride = m->n_weights};
  if (!m->optimizer->decays) {
    m->optimizer->update(config, &u, m->n_weights, m->weights, m->gradient, m->state);
    return;
  }
  for (int i = 0; i < m->n_runs; ++i) {
    const NnRun *r = &m->runs[i];
    u.decays = r->decays;
    m->optimizer->update(config, &u, r->n, m->weights + r->offset, m->gradient + r->offset,
                         m->state + r->offset);
  }
}

/* Srebro & Shraibman 2005; Srivastava et al. 2014, Dropout, section 5.1: max-norm. */
static void limit_weights(NnModel *m) {
  const double max_norm = m->options.rules.max_norm;
  for (int i = 0; i < m->n_blocks && max_norm > 0; ++i) {
    const NnBlock *b = &m->blocks[i];
    if (b->decays) m->vector->limit_columns(b->rows, b->cols, max_norm, m->weights + b->offset);
  }
}

void nn_model_update(NnModel *m, double learning_rate) {
  ++m->updates;
  add_penalties(m);
  clip(m);
  optimize(m, learning_rate);
  limit_weights(m);
}

double nn_model_penalty(const NnModel *m) {
  const NnRules *rules = &m->options.rules;
  double sum = 0;
  for (int i = 0; i < m->n_runs; ++i) {
    const NnRun *r = &m->runs[i];
    if (!r->decays) continue;
    const Real *w = m->weights + r->offset;
    if (rules->l1 > 0) sum += rules->l1 * m->vector->abs_sum(r->n, w);
    if (rules->l2 > 0) sum += rules->l2 / 2 * m->vector->square_sum(r->n, w);
  }
  return sum;
}
