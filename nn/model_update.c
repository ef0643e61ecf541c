/*
 * The update of the weights: penalties and clipping on the gradient, the optimizer, limits on the
 * weights. A rank of a team does this for its own part of the reduced gradient and gets the others'
 * weights; where a rule looks at all weights at once, every rank does all of it. Everything else is
 * elementwise, so the bits do not depend on where the parts meet.
 */
#include <math.h>
#include "model.h"

/* What this rank updates of run i; n 0: nothing. */
static NnRun own_run(const NnModel *m, int i) {
  const NnRun *r = &m->runs[i], *own = &m->own;
  const size_t first = r->offset > own->offset ? r->offset : own->offset;
  const size_t r_end = r->offset + r->n, own_end = own->offset + own->n;
  const size_t end = r_end < own_end ? r_end : own_end;
  return (NnRun){.offset = first, .n = end > first ? end - first : 0, .decays = r->decays};
}

static void add_penalties(NnModel *m) {
  const NnRules *rules = &m->options.rules;
  if (rules->l1 == 0 && rules->l2 == 0) return;
  for (int i = 0; i < m->n_runs; ++i) {
    const NnRun r = own_run(m, i);
    if (!r.decays || r.n == 0) continue;
    m->vector->add_penalty(r.n, rules->l1, rules->l2, m->weights + r.offset,
                           m->gradient + r.offset);
  }
}

/* Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063, algorithm 1, for the norm of all weights'
 * gradient. */
static void clip(NnModel *m) {
  const NnRules *rules = &m->options.rules;
  if (rules->clip_value > 0)
    m->vector->clip(m->own.n, rules->clip_value, m->gradient + m->own.offset);
  if (!(rules->clip_norm > 0)) return;
  const double norm = sqrt(m->vector->square_sum(m->n_weights, m->gradient));
  if (norm > rules->clip_norm) m->vector->scale(m->n_weights, rules->clip_norm / norm, m->gradient);
}

static void optimize_run(NnModel *m, double learning_rate, NnRun r) {
  const NnUpdate u = {
      .t = m->updates, .learning_rate = learning_rate, .stride = m->n_weights, .decays = r.decays};
  if (r.n == 0) return;
  m->optimizer->update(m->options.optimizer.config, &u, r.n, m->weights + r.offset,
                       m->gradient + r.offset, m->state + r.offset);
}

static void optimize(NnModel *m, double learning_rate) {
  if (!m->optimizer->decays) {
    optimize_run(m, learning_rate, m->own);
    return;
  }
  for (int i = 0; i < m->n_runs; ++i) optimize_run(m, learning_rate, own_run(m, i));
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
  const NnTeam *t = &m->options.team;
  ++m->updates;
  add_penalties(m);
  clip(m);
  optimize(m, learning_rate);
  limit_weights(m);
  if (!nn_model_updates_all(m)) t->gather_parts(t->ctx, m->weights, m->n_weights);
}

void nn_model_gather_state(NnModel *m) {
  const NnTeam *t = &m->options.team;
  for (int i = 0; i < m->optimizer->n_state && !nn_model_updates_all(m); ++i) {
    t->gather_parts(t->ctx, m->state + (size_t)i * m->n_weights, m->n_weights);
  }
}

void nn_model_set_team(NnModel *m, const NnTeam *team) {
  m->options.team = *team;
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
