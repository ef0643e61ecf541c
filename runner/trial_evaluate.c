#include "trial_state.h"

#include "base/sum.h"

size_t trial_chunks(const DataPart *p) {
  return ((size_t)p->n + EVAL_ROWS - 1) / EVAL_ROWS;
}

void trial_evaluate(NnModel *m, const RunData *data, Part part, const TrialHooks *hooks,
                    double *chunk_sums, const Measure *measure, NnScore *out) {
  const DataPart *p = &data->parts[part];
  size_t chunks = trial_chunks(p);
  double *loss = chunk_sums, *correct = chunk_sums + chunks;
  measure_start(measure);
  for (size_t c = 0; c < chunks; c++) {
    uint32_t first = (uint32_t)(c * EVAL_ROWS), left = p->n - first;
    int rows = left < EVAL_ROWS ? (int)left : EVAL_ROWS;
    NnScore score;
    data_gather(data, part, NULL, first, rows, m);
    nn_model_evaluate(m, rows, &score);
    measure_rows(measure, m, rows);
    loss[c] = score.loss;
    correct[c] = score.correct;
    if (hooks->tick) hooks->tick(hooks->ctx);
  }
  sum_tree_f64(loss, chunks, 1);
  sum_tree_f64(correct, chunks, 1);
  *out = (NnScore){.loss = loss[0], .correct = correct[0], .rows = p->n};
  if (out->correct < 0) out->correct = -1; /* the loss knows no right and wrong */
}

void trial_exact_statistics(NnModel *m, const RunData *data, const TrialHooks *hooks) {
  const uint32_t n = data->parts[PART_TRAIN].n;
  for (int k = 0; k < nn_model_n_exact(m); k++) {
    nn_model_exact_begin(m, k);
    for (uint32_t first = 0; first < n; first += EVAL_ROWS) {
      const int rows = n - first < EVAL_ROWS ? (int)(n - first) : EVAL_ROWS;
      data_gather(data, PART_TRAIN, NULL, first, rows, m);
      nn_model_exact_rows(m, rows);
      if (hooks->tick) hooks->tick(hooks->ctx);
    }
    nn_model_exact_end(m);
  }
}
