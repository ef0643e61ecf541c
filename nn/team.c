/* Teams: which rows of a batch a rank computes, and how moments of shards are merged. */
#include "nn.h"

static void reduce_nothing(void *ctx, NnReduce kind, void *v, size_t n) {
  (void)ctx, (void)kind, (void)v, (void)n;
}

static void reduce_part_nothing(void *ctx, Real *v, size_t n, size_t *first, size_t *count) {
  (void)ctx, (void)v;
  *first = 0;
  *count = n;
}

static void gather_nothing(void *ctx, Real *v, size_t n) {
  (void)ctx, (void)v, (void)n;
}

static void tick_nothing(void *ctx) {
  (void)ctx;
}

NnTeam nn_team_solo(int n_shards) {
  return (NnTeam){.n_shards = n_shards,
                  .n_local = n_shards,
                  .reduce = reduce_nothing,
                  .reduce_part = reduce_part_nothing,
                  .gather_parts = gather_nothing,
                  .tick = tick_nothing};
}

static int shard_start(const NnTeam *t, int shard, int m) {
  return (int)((int64_t)shard * m / t->n_shards);
}

void nn_team_rows(const NnTeam *t, int m, int *first, int *count) {
  *first = shard_start(t, t->first_shard, m);
  *count = shard_start(t, t->first_shard + t->n_local, m) - *first;
}

void nn_moments_merge(Real *left, const Real *right, size_t n) {
  const Real n_left = left[0], n_right = right[0], total = n_left + n_right;
  const size_t d = (n - 1) / 2;
  if (n_right == 0) return;
  if (n_left == 0) {
    for (size_t i = 0; i < n; ++i) left[i] = right[i];
    return;
  }
  const Real share = n_right / total, cross = n_left * n_right / total;
  Real *mean = left + 1, *m2 = left + 1 + d;
  const Real *mean_right = right + 1, *m2_right = right + 1 + d;
  for (size_t j = 0; j < d; ++j) {
    const Real delta = mean_right[j] - mean[j];
    mean[j] += delta * share;
    m2[j] = (m2[j] + m2_right[j]) + delta * delta * cross;
  }
  left[0] = total;
}
