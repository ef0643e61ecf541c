/* `statistics: exact` over a team: each member the moments of some parts of the training part. */
#include "base/moments.h"
#include "trial_state.h"

/* Parts of 2^k chunks: few enough to be brought together, enough for every member of the largest
 * team to have about as much to do. */
enum { PARTS_A_SHARD = 4 };

static size_t part_chunks(size_t chunks, int64_t shards) {
  size_t n = 1;
  while (chunks / (2 * n) >= PARTS_A_SHARD * (size_t)shards) n *= 2;
  return n;
}

static size_t parts_of(size_t chunks, size_t part) {
  return (chunks + part - 1) / part;
}

size_t trial_exact_size(const Spec *s, const RunData *data, const NnModel *m) {
  const size_t chunks = trial_chunks(&data->parts[PART_TRAIN]);
  return parts_of(chunks, part_chunks(chunks, s->train.shards)) * nn_model_exact_width(m);
}

/* Rows first .. end, whole chunks but for the last. */
static void add_rows(const TrialRun *r, size_t first, size_t end) {
  const TrialHooks *hooks = &r->env->hooks;
  for (size_t at = first; at < end; at += EVAL_ROWS) {
    const int rows = end - at < EVAL_ROWS ? (int)(end - at) : EVAL_ROWS;
    data_gather(r->env->data, PART_TRAIN, NULL, (uint32_t)at, rows, r->model);
    nn_model_exact_rows(r->model, rows);
    if (hooks->tick) hooks->tick(hooks->ctx);
  }
}

void trial_exact_statistics(const TrialRun *r) {
  const DataPart *train = &r->env->data->parts[PART_TRAIN];
  const size_t chunks = trial_chunks(train), n = part_chunks(chunks, r->spec->train.shards);
  const size_t parts = parts_of(chunks, n), rows = n * EVAL_ROWS;
  Team *team = r->team;
  double *moments = r->buffers.exact; /* (parts, width) */
  size_t cut[TEAM_MOST + 1];
  team_cut(team, parts, cut);
  for (int k = 0; k < nn_model_n_exact(r->model); k++) {
    const size_t width = nn_model_exact_begin(r->model, k);
    for (size_t i = cut[team->place]; i < cut[team->place + 1]; i++) {
      add_rows(r, i * rows, (i + 1) * rows < train->n ? (i + 1) * rows : train->n);
      nn_model_exact_part(r->model, moments + i * width);
    }
    team->collect(team->ctx, moments, width * sizeof *moments, cut);
    if (team->place == 0) moments_tree(moments, parts, (int)(width / 2));
    team->share(team->ctx, moments, width * sizeof *moments);
    nn_model_exact_end(r->model, moments);
  }
}
