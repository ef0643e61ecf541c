/*
 * One step of a team beside one process that knows no shards: score, gradient, statistics and
 * weights are those of the whole batch, up to rounding. For f64 (tests/grad) and, with its wider
 * tolerance, f32 (tests/unit).
 */
#ifndef CAVIAR_UNSHARDED_CHECKS_H
#define CAVIAR_UNSHARDED_CHECKS_H

#include "ranks_rig.h"

#ifdef NN_F64
#define UNSHARDED_NEAR 1e-12
#else
#define UNSHARDED_NEAR 1e-5
#endif

/* score[0] and the first third of state: of nn_model_gradient; then weights and statistics after a
 * step, whose score is score[1]. */
static inline void *unsharded_step(void *arg) {
  Rank *r = arg;
  int first, count;
  size_t n;
  cpu_flush_denormals();
  nn_team_rows(&r->model.words.team, r->rows[0], &first, &count);
  model_fill(&r->model, 0, first, count);
  nn_model_gradient(r->model.model, r->rows[0], (NnPlace){.epoch = 1}, &r->score[0]);
  const Real *g = nn_model_vector(r->model.model, NN_GRADIENTS, &n);
  memcpy(r->state, g, n * sizeof *g);
  r->score[1] = model_step(&r->model, 0, r->rows[0], 0.5);
  model_state(&r->model, r->state + n, ROOM - n);
  return NULL;
}

/* Every number of a block, relative to the largest of the block. */
static inline bool unsharded_near(size_t n, const Real *ours, const Real *theirs) {
  double largest = 0;
  bool near = true;
  for (size_t i = 0; i < n; ++i) largest = fmax(largest, fabs((double)theirs[i]));
  for (size_t i = 0; i < n; ++i) {
    near = near && fabs((double)ours[i] - (double)theirs[i]) <= UNSHARDED_NEAR * largest;
  }
  return near;
}

static inline bool unsharded_scores_near(const NnScore *ours, const NnScore *theirs) {
  return fabs(ours->loss - theirs->loss) <= UNSHARDED_NEAR * fabs(theirs->loss) &&
         ours->correct == theirs->correct && ours->rows == theirs->rows;
}

/* What is not that of the one process, in words; NULL: nothing. */
static inline const char *unsharded_far(const Rank *r, const Rank *one) {
  static char what[200];
  size_t n_weights;
  NnModel *m = one->model.model;
  nn_model_vector(m, NN_WEIGHTS, &n_weights);
  for (int i = 0; i < nn_model_n_blocks(m); ++i) {
    const NnBlock *b = nn_model_block(m, i);
    const bool weights = b->vector == NN_WEIGHTS;
    for (int after = weights ? 0 : 1; after < 2; ++after) {
      const size_t at = b->offset + (size_t)(after + !weights) * n_weights;
      if (unsharded_near((size_t)b->rows * (size_t)b->cols, r->state + at, one->state + at))
        continue;
      snprintf(what, sizeof what, "rank %d, %s of %s %s", r->place, after ? "values" : "gradient",
               b->path, b->name);
      return what;
    }
  }
  for (int i = 0; i < 2; ++i) {
    if (!unsharded_scores_near(&r->score[i], &one->score[i])) return "a score";
  }
  return NULL;
}

static inline void unsharded_run(World *w, Rank *ranks, int n_shards, const ModelWords *words,
                                 const int *rows) {
  for (int i = 0; i < w->n; ++i) {
    rank_open(&ranks[i], w, i, n_shards, words);
    ranks[i].rows = rows;
  }
  ranks_run(w, ranks, unsharded_step);
}

static inline void unsharded_free(const World *w, Rank *ranks) {
  for (int i = 0; i < w->n; ++i) model_close(&ranks[i].model);
}

/* Does it normalise within each shard? Then shards are not the whole batch, and are not to be. */
static inline bool unsharded_is_by_shard(Rank *one) {
  const ModelWords *w = &one->model.words;
  for (int i = 0; i < w->n_layers; ++i) {
    const LayerWords *l = &w->layers[i];
    if (w->op && i == w->n_branches) continue;
    const KindValue v = nn_case_config(&one->model.arena, nn_case_layer(l->kind), l->params);
    if (nn_layer_is_by_shard(v.kind, v.config)) return true;
  }
  return false;
}

static inline void check_unsharded(const ModelWords *words) {
  static Rank one, ranks[MAX_RANKS];
  static const int batches[] = {64, 13, 5, 3}; /* of 8 shards, 5 and 3 rows leave some empty */
  World alone = {.n = 1};
  for (int i = 0; i < COUNT(batches); ++i) {
    unsharded_run(&alone, &one, 1, words, &batches[i]);
    for (int shards = 2; shards <= 8; shards *= 2) {
      for (int n = 1; n <= shards; n *= 2) {
        World w = {.n = n, .cut = CUT_ODD};
        unsharded_run(&w, ranks, shards, words, &batches[i]);
        for (int k = 0; k < n; ++k) {
          const char *far = unsharded_far(&ranks[k], &one);
          if (unsharded_is_by_shard(&one)) {
            if (!far) fail_msg("%d shards of sync: false are as the whole batch", shards);
            continue;
          }
          if (!far) continue;
          fail_msg("%s, %d rows, %d shards, %d ranks: %s", words->layers[words->n_layers - 2].kind,
                   batches[i], shards, n, far);
        }
        unsharded_free(&w, ranks);
      }
    }
    unsharded_free(&alone, &one);
  }
}

static inline void check_layer_unsharded(const NnLayerKind *kind, const NnCase *c) {
  ModelWords w = ranks_words("fixed", "sgd");
  Around around;
  model_around(&kind->head, c, &around, &w);
  check_unsharded(&w);
}

static void test_every_layer_as_unsharded(void **state) {
  (void)state;
  nn_case_each(check_layer_unsharded);
}

static void test_deep_network_as_unsharded(void **state) {
  (void)state;
  const char *engines[] = {"fixed", "openblas"};
  for (int i = 0; i < COUNT(engines); ++i) {
    const ModelWords w = ranks_words(engines[i], "sgd");
    check_unsharded(&w);
  }
}

/* What a team leaves out is no rounding. */
static void test_faults_are_far(void **state) {
  (void)state;
  static Rank one, ranks[MAX_RANKS];
  const Fault faults[] = {DROPS_ONE, NO_MOMENTS, NO_SUMS, PART_OFF_BY_ONE};
  const ModelWords words = ranks_words("fixed", "sgd");
  const int rows = 13;
  World alone = {.n = 1};
  unsharded_run(&alone, &one, 1, &words, &rows);
  for (int i = 0; i < COUNT(faults); ++i) {
    World w = {.n = 4, .fault = faults[i]};
    unsharded_run(&w, ranks, 4, &words, &rows);
    for (int k = 0; k < w.n; ++k) assert_non_null(unsharded_far(&ranks[k], &one));
    unsharded_free(&w, ranks);
  }
  unsharded_free(&alone, &one);
}

#endif
