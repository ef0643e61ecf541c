#include "trial_state.h"

#include <string.h>

#include "base/sum.h"

size_t trial_chunks(const DataPart *p) {
  return ((size_t)p->n + EVAL_ROWS - 1) / EVAL_ROWS;
}

/* Predictions are brought together a few chunks at a time: their memory depends on the shards, not
 * on the part. */
void trial_evaluation(Arena *a, const RunData *data, Part part, const Measure *measure,
                      const NnModel *m, int shards, Evaluation *out) {
  const size_t chunks = trial_chunks(&data->parts[part]), few = 2 * (size_t)shards;
  *out = (Evaluation){
      .data = data, .part = part, .measure = measure, .chunks = chunks, .at_once = chunks};
  (void)nn_model_output(m, &out->d);
  out->sums = ARENA_ARRAY(a, double, 2 * chunks);
  if (measure_is_empty(measure)) return;
  if (few < chunks) out->at_once = few;
  out->predictions =
      (Real *)arena_alloc(a, out->at_once * EVAL_ROWS, sizeof(Real) * (size_t)out->d);
}

/* Rows of chunk c, from *first on. */
static int rows_of(const Evaluation *v, size_t c, uint32_t *first) {
  *first = (uint32_t)(c * EVAL_ROWS);
  const uint32_t left = v->data->parts[v->part].n - *first;
  return left < EVAL_ROWS ? (int)left : EVAL_ROWS;
}

/* (EVAL_ROWS, d) of chunk c, one of those that are computed with chunk `at`. */
static Real *predictions_of(const Evaluation *v, size_t at, size_t c) {
  return v->predictions + (c - at) * EVAL_ROWS * (size_t)v->d;
}

static void evaluate_chunk(const Evaluation *v, NnModel *m, size_t at, size_t c) {
  uint32_t first;
  const int rows = rows_of(v, c, &first);
  NnScore score;
  data_gather(v->data, v->part, NULL, first, rows, m);
  nn_model_evaluate(m, rows, &score);
  v->sums[2 * c] = score.loss;
  v->sums[2 * c + 1] = score.correct;
  if (!v->predictions) return;
  memcpy(predictions_of(v, at, c), nn_model_predictions(m, rows).p,
         (size_t)rows * (size_t)v->d * sizeof(Real));
}

static void measure_chunk(const Evaluation *v, NnModel *m, size_t at, size_t c) {
  uint32_t first;
  const int rows = rows_of(v, c, &first);
  data_gather_targets(v->data, v->part, NULL, first, rows, m);
  NnPredictions p = nn_model_predictions(m, rows);
  p.p = predictions_of(v, at, c);
  measure_rows(v->measure, &p);
}

void trial_evaluate(const Evaluation *v, NnModel *m, Team *team, const TrialHooks *hooks,
                    NnScore *out) {
  size_t cut[TEAM_MOST + 1];
  const int place = team->place;
  *out = (NnScore){0};
  if (place == 0) measure_start(v->measure);
  for (size_t at = 0; at < v->chunks; at += v->at_once) {
    const size_t left = v->chunks - at, n = left < v->at_once ? left : v->at_once;
    team_cut(team, n, cut);
    for (size_t i = cut[place]; i < cut[place + 1]; i++) {
      evaluate_chunk(v, m, at, at + i);
      if (hooks->tick) hooks->tick(hooks->ctx);
    }
    team->collect(team->ctx, v->sums + 2 * at, 2 * sizeof *v->sums, cut);
    if (!v->predictions) continue;
    team->collect(team->ctx, v->predictions, EVAL_ROWS * (size_t)v->d * sizeof(Real), cut);
    for (size_t i = 0; i < n && place == 0; i++) measure_chunk(v, m, at, at + i);
  }
  if (place > 0) return;
  sum_tree_f64(v->sums, v->chunks, 2);
  *out = (NnScore){.loss = v->sums[0], .correct = v->sums[1], .rows = v->data->parts[v->part].n};
  if (out->correct < 0) out->correct = -1; /* the loss knows no right and wrong */
}
