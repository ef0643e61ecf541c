/*
 * The nodes of nn/ops.h that are no formula: parameter and constant (no input, the same values in
 * each row) and slice; and the loss that minimises a node. Compiled once: they copy and add.
 */
#include "graph_sources.h"
#include "columns.h"

/* The row `values` (d) into each row of y (rows, d). */
static void repeat(const NnStep *s, const NnNode *n, const Real *values) {
  const size_t d = (size_t)n->d;
  for (size_t i = 0; i < (size_t)s->rows; ++i) memcpy(n->y + i * d, values, d * sizeof *values);
}

/* ---- parameter ------------------------------------------------------------------------------- */

static Status parameter_plan(const NnPlan *p, NnNode *n, Err *e) {
  (void)e;
  const NnNumbersConfig *c = n->config;
  n->d = c->n;
  n->weights[0] = (NnTensor){.name = "w", .rows = 1, .cols = c->n, .starts = c->values};
  n->n_weights = 1;
  n->scratch = (size_t)p->n_shards * (size_t)n->d;
  return OK;
}

static void parameter_forward(const NnStep *s, NnNode *n) {
  repeat(s, n, n->weights[0].v);
}

/* gw = sum over rows of gy, shard by shard, then the tree */
static void parameter_backward(const NnStep *s, NnNode *n) {
  columns_sum_shards(s, n->d, n->gy, n->weights[0].g);
}

const NnLayerKind nn_source_parameter = {.head = {.name = "parameter"},
                                         .plan = parameter_plan,
                                         .forward = parameter_forward,
                                         .backward = parameter_backward};

/* ---- constant -------------------------------------------------------------------------------- */

static Status constant_plan(const NnPlan *p, NnNode *n, Err *e) {
  (void)p, (void)e;
  const NnNumbersConfig *c = n->config;
  n->d = c->n;
  return OK;
}

static void constant_forward(const NnStep *s, NnNode *n) {
  const NnNumbersConfig *c = n->config;
  Real *y = n->y;
  for (int i = 0; i < s->rows; ++i, y += n->d) {
    for (int j = 0; j < n->d; ++j) y[j] = (Real)c->values[j];
  }
}

static void constant_backward(const NnStep *s, NnNode *n) {
  (void)s, (void)n; /* no input, no weights */
}

const NnLayerKind nn_source_constant = {.head = {.name = "constant"},
                                        .plan = constant_plan,
                                        .forward = constant_forward,
                                        .backward = constant_backward};

/* ---- slice ----------------------------------------------------------------------------------- */

static Status slice_plan(const NnPlan *p, NnNode *n, Err *e) {
  const NnSliceConfig *c = n->config;
  CHECK(e, c->first >= 0 && c->n > 0 && c->first <= p->in[0] - c->n, E_SHAPE,
        "%d values from number %d of %d; numbers count from 0", c->n, c->first, p->in[0]);
  n->d = c->n;
  return OK;
}

static void slice_forward(const NnStep *s, NnNode *n) {
  const NnSliceConfig *c = n->config;
  const size_t d = (size_t)n->d, in = (size_t)n->in[0];
  const Real *x = n->x[0] + c->first;
  for (size_t i = 0; i < (size_t)s->rows; ++i) memcpy(n->y + i * d, x + i * in, d * sizeof *x);
}

static void slice_backward(const NnStep *s, NnNode *n) {
  const NnSliceConfig *c = n->config;
  const size_t rows = (size_t)s->rows, d = (size_t)n->d, in = (size_t)n->in[0];
  Real *gx = n->gx[0];
  memset(gx, 0, rows * in * sizeof *gx);
  gx += c->first;
  for (size_t i = 0; i < rows; ++i) memcpy(gx + i * in, n->gy + i * d, d * sizeof *gx);
}

const NnLayerKind nn_source_slice = {.head = {.name = "slice"},
                                     .plan = slice_plan,
                                     .forward = slice_forward,
                                     .backward = slice_backward};

/* ---- the loss: J is the mean over rows of z (rows, 1) ---------------------------------------- */

static Status minimize_plan(const void *config, int d, NnTargets t, NnTargetForm *form,
                            int *n_values, Err *e) {
  (void)config, (void)t;
  CHECK(e, d == 1, E_SHAPE, "%d values cannot be minimised, one can; sum or mean makes one of them",
        d);
  *form = NN_TARGET_VALUES;
  *n_values = 0;
  return OK;
}

/* Rows are summed in order in f64. */
static void minimize_forward(const void *config, int rows, int d, const Real *z,
                             const int32_t *labels, const Real *values, Real *p, NnScore *score) {
  (void)config, (void)labels, (void)values;
  for (int i = 0; i < rows * d; ++i) {
    p[i] = z[i];
    if (score) score->loss += (double)z[i];
  }
}

static void minimize_backward(const void *config, int rows, int d, int m, const Real *p,
                              const int32_t *labels, const Real *values, Real *gz) {
  (void)config, (void)p, (void)labels, (void)values;
  for (int i = 0; i < rows * d; ++i) gz[i] = 1 / (Real)m;
}

const NnLossKind nn_loss_minimize = {.head = {.name = "minimize"},
                                     .plan = minimize_plan,
                                     .forward = minimize_forward,
                                     .backward = minimize_backward};
