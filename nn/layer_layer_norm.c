/*
 * Layer normalisation: each row to mean 0 and variance 1 over its d features, then gamma z + beta.
 *
 *   z = (x - mean) r,   r = 1 / sqrt(variance + eps),   y = gamma z + beta
 *   h = gamma gy,   gx = r (h - mean(h) - z mean(h z))
 *   gbeta = sum over rows of gy,   ggamma = sum over rows of gy z
 *
 * Ba, Kiros & Hinton 2016, section 3; the variance is the biased one. A row's numbers depend on
 * nothing but the row. x, y, z, gx, gy (rows, d); gamma, beta, ggamma, gbeta (d); r (rows).
 */
#include "columns.h"
#include "kinds.h"
#include "real.h"

typedef struct {
  double eps;
} LayerNorm;

static const Param params[] = {
    {"eps", P_REAL, offsetof(LayerNorm, eps), .def = "1e-5", .lo = 0, .hi = 1, .lo_open = true,
     .doc = "added to the variance"},
};

static const NnCase cases[] = {{.params = "", .features = 6},
                               {.params = "eps: 0.1", .features = 37},
                               {.params = "eps: 0.5", .features = 2}};

enum { GAMMA, BETA };

static Status plan(const NnPlan *p, NnNode *n, Err *e) {
  CHECK(e, p->in[0] > 1, E_SHAPE,
        "one feature has no variance to normalise by; give the layer before it 2 or more");
  n->d = p->in[0];
  n->weights[GAMMA] = (NnTensor){.name = "gamma", .rows = n->d, .cols = 1, .start = 1};
  n->weights[BETA] = (NnTensor){.name = "beta", .rows = n->d, .cols = 1};
  n->n_weights = 2;
  n->saved_per_row = (size_t)n->d + 1; /* z, then r */
  n->scratch = (size_t)(2 * p->n_shards + 1) * (size_t)n->d;
  return OK;
}

/* Sum over the features j of a row: term(j) goes to lane j mod 16, ascending, then the tree of 16;
 * the same at every vector width. */
enum { LANES = 16 };
#define ROW_SUM(total, d, term)                                                                    \
  do {                                                                                             \
    Real lane[LANES] = {0};                                                                        \
    int first = 0;                                                                                 \
    for (; first + LANES <= (d); first += LANES) {                                                 \
      for (int l = 0; l < LANES; ++l) lane[l] += term(first + l);                                  \
    }                                                                                              \
    for (int l = 0; first + l < (d); ++l) lane[l] += term(first + l);                              \
    for (int half = LANES / 2; half > 0; half /= 2) {                                              \
      for (int l = 0; l < half; ++l) lane[l] += lane[l + half];                                    \
    }                                                                                              \
    (total) = lane[0];                                                                             \
  } while (0)

/* mean and r of a row. */
static Real row_moments(int d, const Real *x, Real eps, Real *mean) {
  Real sum, squares;
#define VALUE(j)  x[j]
#define SQUARE(j) (x[j] - *mean) * (x[j] - *mean)
  ROW_SUM(sum, d, VALUE);
  *mean = sum / (Real)d;
  ROW_SUM(squares, d, SQUARE);
#undef VALUE
#undef SQUARE
  return 1 / real_sqrt(squares / (Real)d + eps);
}

/* y may be x. z NULL: not kept. */
static void forward_row(int d, const Real *x, Real mean, Real r, const Real *restrict gamma,
                        const Real *restrict beta, Real *restrict z, Real *y) {
  if (z == NULL) {
    EACH_ELEMENT
    for (int j = 0; j < d; ++j) y[j] = gamma[j] * ((x[j] - mean) * r) + beta[j];
    return;
  }
  for (int j = 0; j < d; ++j) z[j] = (x[j] - mean) * r;
  for (int j = 0; j < d; ++j) y[j] = gamma[j] * z[j] + beta[j];
}

static void forward(const NnStep *s, NnNode *n) {
  const LayerNorm *c = n->config;
  const size_t d = (size_t)n->d;
  Real *z = s->training ? n->saved_rows : NULL, *r = z ? z + (size_t)s->rows * d : NULL;
  for (size_t i = 0; i < (size_t)s->rows; ++i) {
    Real mean;
    const Real *x = n->x[0] + i * d, scale = row_moments(n->d, x, (Real)c->eps, &mean);
    forward_row(n->d, x, mean, scale, n->weights[GAMMA].v, n->weights[BETA].v, z ? z + i * d : NULL,
                n->y + i * d);
    if (r) r[i] = scale;
  }
}

/* gx may be gy. */
static void backward_row(int d, const Real *gy, const Real *z, Real r, const Real *gamma,
                         Real *gx) {
  Real sum, cross;
#define H(j)     gamma[j] * gy[j]
#define CROSS(j) (gamma[j] * gy[j]) * z[j]
  ROW_SUM(sum, d, H);
  ROW_SUM(cross, d, CROSS);
#undef CROSS
  const Real mean = sum / (Real)d, slope = cross / (Real)d;
  EACH_ELEMENT
  for (int j = 0; j < d; ++j) gx[j] = r * (H(j) - mean - z[j] * slope);
#undef H
}

/* gbeta and ggamma of this rank's shards: sums over rows shard by shard, then the tree. */
static void weight_gradients(const NnStep *s, const NnNode *n) {
  const size_t d = (size_t)n->d;
  const int shards = s->team->n_local;
  Real *sums = s->scratch, *zero = sums + 2 * (size_t)shards * d; /* z needs nothing taken off */
  memset(zero, 0, d * sizeof *zero);
  for (int k = 0; k < shards; ++k) {
    const size_t from = (size_t)s->start[k] * d;
    Real *part = sums + 2 * (size_t)k * d;
    columns_sum_and_dot(shard_rows(s, k), n->d, n->gy + from, n->saved_rows + from, zero, part,
                        part + d);
  }
  columns_tree(sums, shards, 2 * d, sums);
  memcpy(n->weights[BETA].g, sums, d * sizeof *sums);
  memcpy(n->weights[GAMMA].g, sums + d, d * sizeof *sums);
}

static void backward(const NnStep *s, NnNode *n) {
  const size_t d = (size_t)n->d;
  const Real *z = n->saved_rows, *r = z + (size_t)s->rows * d;
  weight_gradients(s, n);
  if (!n->gx[0]) return;
  for (size_t i = 0; i < (size_t)s->rows; ++i) {
    backward_row(n->d, n->gy + i * d, z + i * d, r[i], n->weights[GAMMA].v, n->gx[0] + i * d);
  }
}

const NnLayerKind NN_EXPORT(nn_layer_layer_norm) = {
    .head = {.name = "layer_norm",
             .doc = "each row to mean 0 and variance 1 over its features, then gamma z + beta",
             .source = "Ba, Kiros & Hinton 2016, arXiv:1607.06450",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(LayerNorm)},
    .in_place = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
