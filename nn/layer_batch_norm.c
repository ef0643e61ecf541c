/* Batch normalisation: each feature to mean 0 and variance 1 over the batch, then gamma y + beta.
 */
#include "columns.h"
#include "kinds.h"
#include "real.h"

typedef struct {
  double decay, eps;
  int statistics;
  bool sync;
} BatchNorm;

enum { AVERAGES, EXACT };
static const char *const statistics_names[] = {"averages", "exact", NULL};

static const Param params[] = {
    {.name = "decay",
     .type = P_REAL,
     .offset = offsetof(BatchNorm, decay),
     .def = "0.9",
     .lo = 0,
     .hi = 1,
     .hi_open = true,
     .doc = "of the averages for test time: v = decay v + (1 - decay) batch statistic"},
    {.name = "eps",
     .type = P_REAL,
     .offset = offsetof(BatchNorm, eps),
     .def = "1e-5",
     .lo = 0,
     .lo_open = true,
     .hi = 1,
     .doc = "added to the variance"},
    {.name = "statistics",
     .type = P_CHOICE,
     .offset = offsetof(BatchNorm, statistics),
     .optional = true,
     .choices = statistics_names,
     .doc = "for test time: averages over mini-batches (the default), or exact: of the whole "
            "training part after each epoch"},
    {.name = "sync",
     .type = P_BOOL,
     .offset = offsetof(BatchNorm, sync),
     .def = "true",
     .optional = true,
     .doc = "false: each of train.shards parts of a batch is normalised by statistics of its own"},
};

static const NnCase cases[] = {
    {.params = "", .features = 6},
    {.params = "decay: 0.5, eps: 0.1", .features = 3},
    {.params = "statistics: exact", .features = 4},
    {.params = "sync: false, eps: 0.01", .features = 5},
};

enum { GAMMA, BETA };    /* weights */
enum { MEAN, VARIANCE }; /* statistics */

/* NnNode.saved, in Real: the batch's moments as NN_MOMENTS has them, then r = (variance +
 * eps)^(-1/2). With `sync: false` then also each shard's own mean (d) and r (d). */
static Real *saved_mean(const NnNode *n) {
  return n->saved + 1;
}
static Real *saved_m2(const NnNode *n) {
  return n->saved + 1 + n->d;
}
static Real *saved_r(const NnNode *n) {
  return n->saved + 1 + 2 * (size_t)n->d;
}
static Real *shard_mean(const NnNode *n, int k) {
  return n->saved + 1 + (3 + 2 * (size_t)k) * (size_t)n->d;
}
static Real *shard_r(const NnNode *n, int k) {
  return shard_mean(n, k) + n->d;
}

static bool is_by_shard(const void *config) {
  const BatchNorm *c = config;
  return !c->sync;
}

static bool is_exact(const void *config) {
  const BatchNorm *c = config;
  return c->statistics == EXACT;
}

static Status plan(const NnPlan *p, NnNode *n, Err *e) {
  CHECK(e, p->batch_rows != 1, E_SHAPE,
        "one row has no variance to normalise by; set train.batch_size to 2 or more");
  n->d = p->in[0];
  n->weights[GAMMA] = (NnTensor){.name = "gamma", .rows = n->d, .cols = 1, .start = 1};
  n->weights[BETA] = (NnTensor){.name = "beta", .rows = n->d, .cols = 1};
  n->n_weights = 2;
  n->stats[MEAN] = (NnTensor){.name = "mean", .rows = n->d, .cols = 1};
  n->stats[VARIANCE] =
      (NnTensor){.name = "variance", .rows = n->d, .cols = 1, .start = is_exact(n->config) ? 1 : 0};
  n->n_stats = 2;
  const size_t d = (size_t)n->d, shards = (size_t)p->n_shards;
  n->saved_fixed = 1 + 3 * d + (is_by_shard(n->config) ? 2 * d * shards : 0);
  n->scratch = (shards + 1) * (1 + 2 * d) + d;
  return OK;
}

/* count, mean, M2 of one shard by two passes. x (rows, d), moments (1 + 2 d). */
static void shard_moments(int rows, int d, const Real *x, Real *moments) {
  Real *mean = moments + 1, *m2 = moments + 1 + d;
  moments[0] = (Real)rows;
  columns_sum(rows, d, x, mean);
  const Real share = rows > 0 ? 1 / (Real)rows : 0;
  for (int j = 0; j < d; ++j) mean[j] *= share;
  columns_square_sum(rows, d, x, mean, m2);
}

/* r (d) of the moments (1 + 2 d) of some rows; of none, of variance 0. */
static void reciprocal(const NnNode *n, const Real *moments, Real *r) {
  const BatchNorm *c = n->config;
  const Real *m2 = moments + 1 + n->d, eps = (Real)c->eps;
  const Real share = moments[0] > 0 ? 1 / moments[0] : 0;
  for (int j = 0; j < n->d; ++j) r[j] = 1 / real_sqrt(m2[j] * share + eps);
}

/* Moments of the whole team batch into n->saved: per shard, merged over the tree of shards, then
 * ranks. What each shard is normalised by with `sync: false` is taken before. */
static void batch_moments(const NnStep *s, const NnNode *n) {
  const int shards = s->team->n_local;
  const size_t size = 1 + 2 * (size_t)n->d;
  Real *parts = shards == 1 ? n->saved : s->scratch;
  for (int k = 0; k < shards; ++k) {
    Real *part = parts + (size_t)k * size;
    shard_moments(shard_rows(s, k), n->d, n->x[0] + (size_t)s->start[k] * (size_t)n->d, part);
    if (!is_by_shard(n->config)) continue;
    memcpy(shard_mean(n, k), part + 1, (size_t)n->d * sizeof *part);
    reciprocal(n, part, shard_r(n, k));
  }
  for (int step = 1; step < shards; step *= 2) {
    for (int k = 0; k + step < shards; k += 2 * step) {
      nn_moments_merge(parts + (size_t)k * size, parts + (size_t)(k + step) * size, size);
    }
  }
  if (parts != n->saved) memcpy(n->saved, parts, size * sizeof *parts);
  s->team->reduce(s->team->ctx, NN_MOMENTS, n->saved, size);
  reciprocal(n, n->saved, saved_r(n));
}

/* Elementwise passes take four rows at a time: what belongs to a column is loaded once for them. */

/* y = (x - mean) scale + shift */
static void normalise(int rows, int d, const Real *restrict x, const Real *restrict mean,
                      const Real *restrict scale, const Real *restrict shift, Real *restrict y) {
  const size_t n = (size_t)d;
#define Y(r) y[(r)*n + j] = (x[(r)*n + j] - mean[j]) * scale[j] + shift[j]
  int i = 0;
  for (; i + 4 <= rows; i += 4, x += 4 * n, y += 4 * n) {
    EACH_ELEMENT
    for (size_t j = 0; j < n; ++j) Y(0), Y(1), Y(2), Y(3);
  }
  for (; i < rows; ++i, x += n, y += n) {
    for (size_t j = 0; j < n; ++j) Y(0);
  }
#undef Y
}

/* Rows first .. first + rows by that mean and r. Scratch: d. */
static void normalise_by(const NnStep *s, const NnNode *n, int first, int rows, const Real *mean,
                         const Real *r) {
  const Real *gamma = n->weights[GAMMA].v;
  const size_t at = (size_t)first * (size_t)n->d;
  Real *scale = s->scratch;
  for (int j = 0; j < n->d; ++j) scale[j] = gamma[j] * r[j];
  normalise(rows, n->d, n->x[0] + at, mean, scale, n->weights[BETA].v, n->y + at);
}

static void forward_training(const NnStep *s, NnNode *n) {
  batch_moments(s, n);
  if (!is_by_shard(n->config)) {
    normalise_by(s, n, 0, s->rows, saved_mean(n), saved_r(n));
    return;
  }
  for (int k = 0; k < s->team->n_local; ++k) {
    normalise_by(s, n, s->start[k], shard_rows(s, k), shard_mean(n, k), shard_r(n, k));
  }
}

/* With the averages v / (1 - decay^t), t the number of training batches; with none yet,
 * mean 0 and variance 1. Exact statistics are taken as they are. */
static void forward_test(const NnStep *s, NnNode *n) {
  const BatchNorm *c = n->config;
  const Real *gamma = n->weights[GAMMA].v;
  const bool exact = is_exact(c), fresh = s->batches == 0 && !exact;
  const double past = exact ? 0 : fm_powi(c->decay, (int64_t)s->batches);
  const Real correction = fresh ? 0 : (Real)(1 / (1 - past));
  Real *mean = s->scratch, *scale = mean + n->d;
  for (int j = 0; j < n->d; ++j) {
    const Real variance = fresh ? 1 : n->stats[VARIANCE].v[j] * correction;
    mean[j] = n->stats[MEAN].v[j] * correction;
    scale[j] = gamma[j] / real_sqrt(variance + (Real)c->eps);
  }
  normalise(s->rows, n->d, n->x[0], mean, scale, n->weights[BETA].v, n->y);
}

static void forward(const NnStep *s, NnNode *n) {
  if (s->training) {
    forward_training(s, n);
  } else {
    forward_test(s, n);
  }
}

/* sums (2, d) of shard k: sum(g), then sum(g y) with y = (x - mean) r. */
static void shard_sums(const NnStep *s, const NnNode *n, int k, Real *sums) {
  const size_t d = (size_t)n->d, first = (size_t)s->start[k] * d;
  const bool own = is_by_shard(n->config);
  const Real *mean = own ? shard_mean(n, k) : saved_mean(n), *r = own ? shard_r(n, k) : saved_r(n);
  columns_sum_and_dot(shard_rows(s, k), n->d, n->gy + first, n->x[0] + first, mean, sums, sums + d);
  for (size_t j = 0; j < d; ++j) sums[d + j] *= r[j];
}

/* gx = scale (g - mean_g - (x - mean) slope); gx may be g. */
static void input_gradient(int rows, int d, const Real *g, const Real *x, const Real *mean,
                           const Real *mean_g, const Real *slope, const Real *scale, Real *gx) {
  const size_t n = (size_t)d;
#define AT(v, r) v[(r)*n + j]
#define GX(r)    AT(gx, r) = scale[j] * (AT(g, r) - mean_g[j] - (AT(x, r) - mean[j]) * slope[j])
  int i = 0;
  for (; i + 4 <= rows; i += 4, g += 4 * n, x += 4 * n, gx += 4 * n) {
    EACH_ELEMENT
    for (size_t j = 0; j < n; ++j) GX(0), GX(1), GX(2), GX(3);
  }
  for (; i < rows; ++i, g += n, x += n, gx += n) {
    EACH_ELEMENT
    for (size_t j = 0; j < n; ++j) GX(0);
  }
#undef GX
#undef AT
}

/* gx of rows first .. first + rows, which are normalised by mean and r. sums (2, d) over all
 * `of_rows` rows that share these. Scratch: 3 d in `work`. */
static void rows_gradient(const NnNode *n, int first, int rows, int of_rows, const Real *sums,
                          const Real *mean, const Real *r, Real *work) {
  const Real *gamma = n->weights[GAMMA].v, share = of_rows > 0 ? 1 / (Real)of_rows : 0;
  const size_t at = (size_t)first * (size_t)n->d;
  Real *mean_g = work, *slope = work + n->d, *scale = slope + n->d;
  for (int j = 0; j < n->d; ++j) {
    mean_g[j] = sums[j] * share;
    slope[j] = sums[n->d + j] * (share * r[j]);
    scale[j] = gamma[j] * r[j];
  }
  input_gradient(rows, n->d, n->gy + at, n->x[0] + at, mean, mean_g, slope, scale, n->gx[0] + at);
}

/*
 *   gbeta = sum(g),  ggamma = sum(g y),  y = (x - mean) r
 *   gx = gamma r (g - sum(g) / m - y sum(g y) / m)
 *
 * with both sums over the m rows that mean and r are of: the whole team batch, or with `sync: false`
 * the shard. The weights' g are this rank's share (the flat gradient is reduced later, as a whole).
 * gx may be gy.
 */
static void backward(const NnStep *s, NnNode *n) {
  const int shards = s->team->n_local;
  const size_t size = 2 * (size_t)n->d;
  const bool wanted = n->gx[0] != NULL, own = is_by_shard(n->config);
  Real *sums = s->scratch, *work = sums + (size_t)shards * size;
  for (int k = 0; k < shards; ++k) {
    Real *of_k = sums + (size_t)k * size;
    shard_sums(s, n, k, of_k);
    if (!own || !wanted) continue;
    const int rows = shard_rows(s, k);
    rows_gradient(n, s->start[k], rows, rows, of_k, shard_mean(n, k), shard_r(n, k), work);
  }
  columns_tree(sums, shards, size, sums);
  memcpy(n->weights[BETA].g, sums, (size_t)n->d * sizeof *sums);
  memcpy(n->weights[GAMMA].g, sums + n->d, (size_t)n->d * sizeof *sums);
  if (own || !wanted) return;
  s->team->reduce(s->team->ctx, NN_SUM_REAL, sums, size);
  rows_gradient(n, 0, s->rows, s->batch_rows, sums, saved_mean(n), saved_r(n), work);
}

/* Exponentially weighted averages of the mean and the biased variance, from 0 (corrected when
 * read). */
static void finish(const NnStep *s, NnNode *n) {
  (void)s;
  const BatchNorm *c = n->config;
  if (is_exact(c)) return;
  const Real decay = (Real)c->decay, rest = (Real)(1 - c->decay), share = 1 / n->saved[0];
  const Real *batch_mean = saved_mean(n), *m2 = saved_m2(n);
  Real *mean = n->stats[MEAN].v, *variance = n->stats[VARIANCE].v;
  for (int j = 0; j < n->d; ++j) {
    mean[j] = decay * mean[j] + rest * batch_mean[j];
    variance[j] = decay * variance[j] + rest * (m2[j] * share);
  }
}

static void take_exact(NnNode *n, const double *mean, const double *variance) {
  for (int j = 0; j < n->d; ++j) {
    n->stats[MEAN].v[j] = (Real)mean[j];
    n->stats[VARIANCE].v[j] = (Real)variance[j];
  }
}

const NnLayerKind NN_EXPORT(nn_layer_batch_norm) = {
    .head = {.name = "batch_norm",
             .doc = "each feature to mean 0 and variance 1 over the batch, then gamma y + beta",
             .source = "Ioffe & Szegedy 2015, arXiv:1502.03167, algorithms 1 and 2",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(BatchNorm)},
    .absorbs_bias = true,
    .couples_rows = true,
    .gx_over_gy = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .finish = finish,
    .is_by_shard = is_by_shard,
    .wants_exact = is_exact,
    .take_exact = take_exact,
    .cases = cases,
    .n_cases = COUNT(cases),
};
