/*
 * A training step: forward, loss, backward, one reduction, optimizer; and evaluation.
 * Nothing here fails or allocates.
 */
#include <math.h>
#include <string.h>
#include "columns.h"
#include "model.h"

/* ---- parts of a step ------------------------------------------------------------------------- */

static NnStep begin_step(NnModel *m, int batch_rows, NnPlace place) {
  const NnTeam *t = &m->options.team;
  int first, rows;
  nn_team_rows(t, batch_rows, &first, &rows);
  for (int k = 0; k <= t->n_local; ++k) {
    m->start[k] = (int)((int64_t)(t->first_shard + k) * batch_rows / t->n_shards) - first;
  }
  place.position += (uint64_t)first;
  return (NnStep){.team = t,
                  .start = m->start,
                  .rows = rows,
                  .batch_rows = batch_rows,
                  .training = true,
                  .place = place,
                  .seed = m->seed,
                  .batches = m->batches,
                  .gemm = m->gemm,
                  .scratch = m->step_scratch};
}

NnStep nn_step_test(const NnModel *m, int rows, int *start) {
  start[0] = 0;
  start[1] = rows;
  return (NnStep){.team = &m->solo,
                  .start = start,
                  .rows = rows,
                  .batch_rows = rows,
                  .seed = m->seed,
                  .batches = m->batches,
                  .gemm = m->gemm,
                  .scratch = m->step_scratch};
}

static void forward(const NnModel *m, const NnStep *s, NnNode *nodes) {
  for (int i = 0; i < m->n_nodes; ++i) {
    nodes[i].kind->forward(s, &nodes[i]);
    s->team->tick(s->team->ctx);
  }
}

static const Real *rows_from(const Real *x, int first, int d) {
  return x ? x + (size_t)first * (size_t)d : NULL;
}

/* p (rows, d), and the scores of this rank's shards, summed over the tree. */
static NnScore loss_forward(NnModel *m, const void *config, const NnStep *s, const NnNode *output,
                            Real *p) {
  const int shards = s->team->n_local, d = output->d;
  memset(m->scores, 0, (size_t)shards * sizeof *m->scores);
  for (int k = 0; k < shards; ++k) {
    const int first = s->start[k], rows = shard_rows(s, k);
    m->loss->forward(config, rows, d, rows_from(output->y, first, d),
                     m->labels ? m->labels + first : NULL,
                     rows_from(m->values, first, m->graph->n_values), p + (size_t)first * (size_t)d,
                     &m->scores[k]);
    m->scores[k].rows = rows;
  }
  sum_tree_f64(&m->scores[0].loss, (size_t)shards, sizeof(NnScore) / sizeof(double));
  return m->scores[0];
}

static void backward(const NnModel *m, const NnStep *s) {
  for (int i = m->n_nodes - 1; i >= 0; --i) {
    const NnBuffers *b = &m->train_slots.nodes[i];
    NnNode *n = &m->train[i];
    if (!b->wants_gradient) continue;
    n->kind->backward(s, n);
    for (int k = 0; k < n->n_inputs; ++k) {
      if (!b->adds[k]) continue;
      m->vector->add((size_t)s->rows * (size_t)n->inputs[k]->d, n->gx[k], n->inputs[k]->gy);
    }
    s->team->tick(s->team->ctx);
  }
}

static void no_correct(const NnModel *m, NnScore *score) {
  if (!m->loss->counts_correct) score->correct = -1;
}

/* Over the team: all of the batch's gradient, or this rank's part. */
static void reduce_gradient(NnModel *m, bool whole) {
  const NnTeam *t = &m->options.team;
  m->own = (NnRun){.n = m->n_weights};
  if (whole) {
    t->reduce(t->ctx, NN_SUM_REAL, m->batch_gradient, m->n_weights);
  } else {
    t->reduce_part(t->ctx, m->batch_gradient, m->n_weights, &m->own.offset, &m->own.n);
  }
}

/* Forward, backward, and the sums over the team: the batch's gradient of the mean loss over
 * step_rows, and its score. */
static void gradient(NnModel *m, const NnStep *s, int step_rows, bool whole, NnScore *score) {
  const NnTeam *t = s->team;
  NnNode *output = &m->train[m->graph->output];
  forward(m, s, m->train);
  *score = loss_forward(m, m->train_loss, s, output, output->gy);
  m->loss->backward(m->train_loss, s->rows, output->d, step_rows, output->gy, m->labels, m->values,
                    output->gy);
  backward(m, s);
  reduce_gradient(m, whole);
  t->reduce(t->ctx, NN_SUM_F64, score, sizeof *score / sizeof(double));
  no_correct(m, score);
}

/* ---- public ---------------------------------------------------------------------------------- */

void nn_model_gradient(NnModel *m, int rows, NnPlace place, NnScore *score) {
  const NnStep s = begin_step(m, rows, place);
  gradient(m, &s, rows, true, score);
  if (m->batch_gradient != m->gradient)
    memcpy(m->gradient, m->batch_gradient, m->n_weights * sizeof(Real));
}

void nn_model_batch(NnModel *m, int rows, int step_rows, bool first, NnPlace place,
                    NnScore *score) {
  const NnStep s = begin_step(m, rows, place);
  gradient(m, &s, step_rows, nn_model_updates_all(m), score);
  if (!isfinite(score->loss)) return;
  if (m->batch_gradient != m->gradient) {
    Real *own = m->gradient + m->own.offset;
    if (first) memset(own, 0, m->own.n * sizeof(Real));
    m->vector->add(m->own.n, m->batch_gradient + m->own.offset, own);
  }
  ++m->batches;
  for (int i = 0; i < m->n_nodes; ++i) {
    if (m->train[i].kind->finish) m->train[i].kind->finish(&s, &m->train[i]);
  }
}

void nn_model_step(NnModel *m, int rows, NnPlace place, double learning_rate, NnScore *score) {
  nn_model_batch(m, rows, rows, true, place, score);
  if (isfinite(score->loss)) nn_model_update(m, learning_rate);
}

void nn_model_evaluate(NnModel *m, int rows, NnScore *score) {
  int start[2];
  const NnStep s = nn_step_test(m, rows, start);
  const NnNode *output = &m->eval[m->graph->output];
  forward(m, &s, m->eval);
  if (score) {
    *score = loss_forward(m, m->eval_loss, &s, output, m->predictions);
    no_correct(m, score);
    return;
  }
  m->loss->forward(m->eval_loss, rows, output->d, output->y, NULL, NULL, m->predictions, NULL);
}
