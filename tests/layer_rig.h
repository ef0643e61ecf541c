/*
 * One layer on a bench: planned, given buffers of its own, run forward and backward; and a check of
 * its gradient against central differences of sum(r y), r random and fixed.
 *
 * Precision: see RIG_STEP and RIG_TOLERANCE. Fourth-order differences
 *   f'(x) = (f(x - 2h) - 8 f(x - h) + 8 f(x + h) - f(x + 2h)) / 12h + O(h^4)
 */
#ifndef CAVIAR_LAYER_RIG_H
#define CAVIAR_LAYER_RIG_H

#include <math.h>
#include "nn_case.h"

#ifdef NN_F64
#define RIG_STEP      1e-3
#define RIG_TOLERANCE 1e-7
#else
#define RIG_STEP      0.04
#define RIG_TOLERANCE 5e-3
#endif

enum { RIG_MAX_SHARDS = 8 };

typedef struct {
  Arena arena;
  const NnLayerKind *kind;
  NnNode n;
  NnTeam team;
  NnStep step;
  int start[RIG_MAX_SHARDS + 1];
  int rows, in; /* features of all inputs together */
  Real *x; /* what the layer is given, input after input, (rows, n.in[k]) each: a copy goes to n.x
              before each run */
  Real *r; /* (rows, d) cotangent */
} LayerRig;

static inline Real *rig_numbers(LayerRig *b, uint64_t block, size_t n) {
  Real *v = ARENA_ARRAY(&b->arena, Real, n + 1);
  nn_case_numbers(block, n, v);
  return v;
}

static inline void rig_open(LayerRig *b, const NnLayerKind *kind, const NnCase *c, int rows,
                            int n_shards) {
  *b = (LayerRig){.kind = kind, .rows = rows, .team = nn_team_solo(n_shards)};
  arena_init(&b->arena);
  Arena *a = &b->arena;
  const KindValue config = nn_case_config(a, &kind->head, c->params);
  nn_layer_resolve(&kind->head, config.config, NULL);
  const NnGemm *gemm = nn_gemm_find("fixed", CPU_PORTABLE);
  b->n = (NnNode){.kind = kind, .config = config.config, .path = "bench"};
  b->n.n_inputs = nn_case_inputs(c, b->n.in);
  NnPlan plan = {.n_shards = n_shards, .gemm = gemm, .rows = rows, .batch_rows = rows};
  for (int k = 0; k < b->n.n_inputs; ++k) b->in += plan.in[k] = b->n.in[k];
  MUST(kind->plan(&plan, &b->n, e));
  for (int k = 0; k <= n_shards; ++k) b->start[k] = k * rows / n_shards;
  NnNode *n = &b->n;
  const size_t in = (size_t)rows * (size_t)b->in, out = (size_t)rows * (size_t)n->d;
  for (int k = 0; k < n->n_weights; ++k) {
    const size_t size = (size_t)n->weights[k].rows * (size_t)n->weights[k].cols;
    n->weights[k].v = rig_numbers(b, 10 + (uint64_t)k, size);
    n->weights[k].g = ARENA_ARRAY(a, Real, size);
  }
  for (int k = 0; k < n->n_stats; ++k) {
    n->stats[k].v = ARENA_ARRAY(a, Real, (size_t)n->stats[k].rows * (size_t)n->stats[k].cols);
  }
  b->x = ARENA_ARRAY(a, Real, in);
  b->r = rig_numbers(b, 2, out);
  Real *x = ARENA_ARRAY(a, Real, in), *gx = ARENA_ARRAY(a, Real, in);
  for (int k = 0, at = 0; k < n->n_inputs; at += rows * n->in[k++]) {
    n->x[k] = x + at, n->gx[k] = gx + at;
    nn_case_input(c->numbers, k, (size_t)rows * (size_t)n->in[k], b->x + at);
  }
  n->y = ARENA_ARRAY(a, Real, out);
  n->gy = ARENA_ARRAY(a, Real, out);
  n->saved_rows = ARENA_ARRAY(a, Real, (size_t)rows * n->saved_per_row);
  n->saved = ARENA_ARRAY(a, Real, n->saved_fixed);
  b->step = (NnStep){.rows = rows,
                     .batch_rows = rows,
                     .training = true,
                     .place = {.epoch = 3, .position = 1000},
                     .seed = 99,
                     .gemm = gemm,
                     .scratch = ARENA_ARRAY(a, Real, n->scratch)};
}

static inline void rig_close(LayerRig *b) {
  arena_free(&b->arena);
}

static inline void rig_forward(LayerRig *b) {
  b->step.team = &b->team;
  b->step.start = b->start;
  memcpy((Real *)b->n.x[0], b->x, (size_t)b->rows * (size_t)b->in * sizeof(Real));
  b->kind->forward(&b->step, &b->n);
}

static inline void rig_backward(LayerRig *b) {
  memcpy(b->n.gy, b->r, (size_t)b->rows * (size_t)b->n.d * sizeof(Real));
  b->kind->backward(&b->step, &b->n);
}

static inline double rig_objective(LayerRig *b) {
  double sum = 0;
  rig_forward(b);
  for (size_t i = 0; i < (size_t)b->rows * (size_t)b->n.d; ++i) {
    sum += (double)b->r[i] * (double)b->n.y[i];
  }
  return sum;
}

static inline double rig_slope(LayerRig *b, Real *x) {
  const Real kept = *x;
  double f[5];
  for (int i = -2; i <= 2; ++i) {
    *x = (Real)((double)kept + i * RIG_STEP);
    f[i + 2] = i == 0 ? 0 : rig_objective(b);
  }
  *x = kept;
  return (f[0] - 8 * f[1] + 8 * f[3] - f[4]) / (12 * RIG_STEP);
}

/* Coordinates whose gradient is wrong. The first is described in `where`. */
static inline int rig_compare(LayerRig *b, const char *name, Real *v, const Real *g, size_t n,
                              char where[200]) {
  int bad = 0;
  for (size_t i = 0; i < n; ++i) {
    const double numeric = rig_slope(b, &v[i]), ours = (double)g[i];
    const double scale = fmax(fmax(fabs(numeric), fabs(ours)), 0.01);
    if (fabs(ours - numeric) <= RIG_TOLERANCE * scale) continue;
    if (bad++ == 0) {
      snprintf(where, 200, "%s[%zu]: %.12g, by differences %.12g", name, i, ours, numeric);
    }
  }
  return bad;
}

/* Every coordinate of the inputs and of all weights, signed. */
static inline int rig_check_gradient(LayerRig *b, char where[200]) {
  const size_t in = (size_t)b->rows * (size_t)b->in;
  NnNode *n = &b->n;
  rig_forward(b);
  rig_backward(b);
  Real *gx = ARENA_ARRAY(&b->arena, Real, in);
  memcpy(gx, n->gx[0], in * sizeof(Real));
  int bad = rig_compare(b, "x", b->x, gx, in, where);
  for (int k = 0; k < n->n_weights && bad == 0; ++k) {
    const NnTensor *w = &n->weights[k];
    bad += rig_compare(b, w->name, w->v, w->g, (size_t)w->rows * (size_t)w->cols, where);
  }
  return bad;
}

#endif
