#include "team.h"

/* ---- alone ----------------------------------------------------------------------------------- */

static void reduce_nothing(void *ctx, NnReduce kind, void *v, size_t n) {
  (void)ctx, (void)kind, (void)v, (void)n;
}

static void reduce_all(void *ctx, Real *v, size_t n, size_t *first, size_t *count) {
  (void)ctx, (void)v;
  *first = 0;
  *count = n;
}

static void gather_nothing(void *ctx, Real *v, size_t n) {
  (void)ctx, (void)v, (void)n;
}

static void share_nothing(void *ctx, void *bytes, size_t n) {
  (void)ctx, (void)bytes, (void)n;
}

static void collect_nothing(void *ctx, void *v, size_t unit, const size_t *first) {
  (void)ctx, (void)v, (void)unit, (void)first;
}

static void grow_nothing(void *ctx) {
  (void)ctx;
}

static void shrink_nothing(void *ctx, int n) {
  (void)ctx, (void)n;
}

Team team_solo(void) {
  return (Team){.size = 1,
                .reduce = reduce_nothing,
                .reduce_part = reduce_all,
                .gather_parts = gather_nothing,
                .share = share_nothing,
                .collect = collect_nothing,
                .grow = grow_nothing,
                .shrink = shrink_nothing};
}

/* ---- for nn ---------------------------------------------------------------------------------- */

/* What was agreed on comes with the sum of a batch's scores. */
static void reduce(void *ctx, NnReduce kind, void *v, size_t n) {
  Team *t = ctx;
  if (kind == NN_SUM_F64) t->agreed = t->wish;
  t->reduce(t->ctx, kind, v, n);
}

static void reduce_part(void *ctx, Real *v, size_t n, size_t *first, size_t *count) {
  const Team *t = ctx;
  t->reduce_part(t->ctx, v, n, first, count);
}

static void gather_parts(void *ctx, Real *v, size_t n) {
  const Team *t = ctx;
  t->gather_parts(t->ctx, v, n);
}

static void tick(void *ctx) {
  const Team *t = ctx;
  if (t->tick) t->tick(t->tick_ctx);
}

NnTeam team_nn(Team *t, int n_shards) {
  const int local = n_shards / t->size;
  return (NnTeam){.n_shards = n_shards,
                  .first_shard = t->place * local,
                  .n_local = local,
                  .ctx = t,
                  .reduce = reduce,
                  .reduce_part = reduce_part,
                  .gather_parts = gather_parts,
                  .tick = tick};
}

void team_cut(const Team *t, size_t n, size_t *first) {
  for (int i = 0; i <= t->size; i++) first[i] = n * (size_t)i / (size_t)t->size;
}
