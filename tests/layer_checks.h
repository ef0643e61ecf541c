/* The checks that every case of every layer and loss must pass, and that broken ones must not; for
 * f64 (tests/grad) and, with its wider tolerance, f32 (tests/unit). A new layer is tested by its
 * row. */
#ifndef CAVIAR_LAYER_CHECKS_H
#define CAVIAR_LAYER_CHECKS_H

#include "layer_rig.h"

/* ---- gradients ------------------------------------------------------------------------------- */

static inline void check_gradient_with(const NnLayerKind *kind, const NnCase *c, int rows,
                                       int n_shards) {
  LayerRig b;
  char where[200];
  rig_open(&b, kind, c, rows, n_shards);
  const int bad = rig_check_gradient(&b, where);
  rig_close(&b);
  if (bad) {
    fail_msg("%s (%s), %d rows in %d shards: %d wrong, the first %s", kind->head.name, c->params,
             rows, n_shards, bad, where);
  }
}

static inline void check_gradient(const NnLayerKind *kind, const NnCase *c) {
  check_gradient_with(kind, c, 9, 1);
  check_gradient_with(kind, c, 6, 4);
  check_gradient_with(kind, c, 5, 8); /* shards without rows */
}

static void test_layer_gradients(void **state) {
  (void)state;
  nn_case_each(check_gradient);
}

/* A backward that lies must be caught: the sign flipped or all zeroed, of one input's or all
 * weights' gradient. */
typedef struct {
  bool of_input, of_weights;
  Real factor;
} Lie;

static const Lie lies[] = {{.of_input = true, .factor = -1},
                           {.of_input = true, .factor = 0},
                           {.of_weights = true, .factor = -1},
                           {.of_weights = true, .factor = 0}};
static const Lie *lie;
static const NnLayerKind *honest;
static int input; /* that a lie is about */

static void scale_by_lie(Real *g, size_t n) {
  for (size_t i = 0; i < n; ++i) g[i] *= lie->factor;
}

static void lying_backward(const NnStep *s, NnNode *n) {
  honest->backward(s, n);
  if (lie->of_input) scale_by_lie(n->gx[input], (size_t)s->rows * (size_t)n->in[input]);
  for (int k = 0; k < n->n_weights && lie->of_weights; ++k) {
    scale_by_lie(n->weights[k].g, (size_t)n->weights[k].rows * (size_t)n->weights[k].cols);
  }
}

static bool is_caught(const NnLayerKind *mutant, const NnCase *c) {
  LayerRig b;
  char where[200];
  rig_open(&b, mutant, c, 5, 1);
  const bool about_nothing = lie->of_weights && b.n.n_weights == 0;
  const bool caught = about_nothing || rig_check_gradient(&b, where) > 0;
  rig_close(&b);
  return caught;
}

static void check_mutants(const NnLayerKind *kind, const NnCase *c) {
  NnLayerKind mutant = *kind;
  mutant.backward = lying_backward;
  honest = kind;
  int in[NN_MAX_INPUTS];
  const int n_inputs = nn_case_inputs(c, in);
  for (int i = 0; i < COUNT(lies); ++i) {
    lie = &lies[i];
    for (input = 0; input < (lie->of_input ? n_inputs : 1); ++input) {
      if (is_caught(&mutant, c)) continue;
      fail_msg("%s (%s): lie %d about input %d was believed", kind->head.name, c->params, i, input);
    }
  }
}

static void test_mutants_are_caught(void **state) {
  (void)state;
  nn_case_each(check_mutants);
}

/* ---- what a kind says of its buffers --------------------------------------------------------- */

/* Runs once; y to `y`, then gx and all weights' g to `g`. */
static void run_once(LayerRig *b, bool spoil, Real *y, Real *g) {
  NnNode *n = &b->n;
  const size_t rows = (size_t)b->rows, out = rows * (size_t)n->d;
  rig_forward(b);
  memcpy(y, n->y, out * sizeof *y);
  if (spoil && !b->kind->needs_output) nn_case_numbers(50, out, n->y);
  if (spoil && b->kind->in_place && n->x[0] != n->y) {
    nn_case_numbers(51, rows * (size_t)n->in[0], (Real *)n->x[0]);
  }
  rig_backward(b);
  for (int k = 0; k < n->n_inputs; ++k) {
    const size_t size = rows * (size_t)n->in[k];
    memcpy(g, n->gx[k], size * sizeof *g);
    g += size;
  }
  for (int k = 0; k < n->n_weights; ++k) {
    const size_t size = (size_t)n->weights[k].rows * (size_t)n->weights[k].cols;
    memcpy(g, n->weights[k].g, size * sizeof *g);
    g += size;
  }
}

/* The same bits with buffers apart, laid over each other where the kind allows it, and spoiled
 * where it says that it does not look. */
static void check_buffers(const NnLayerKind *kind, const NnCase *c) {
  LayerRig b;
  rig_open(&b, kind, c, 9, 1);
  NnNode *n = &b.n;
  size_t out = (size_t)b.rows * (size_t)n->d, grads = (size_t)b.rows * (size_t)b.in;
  for (int k = 0; k < n->n_weights; ++k) {
    grads += (size_t)n->weights[k].rows * (size_t)n->weights[k].cols;
  }
  Real *y[3], *g[3];
  for (int i = 0; i < 3; ++i) {
    y[i] = ARENA_ARRAY(&b.arena, Real, out);
    g[i] = ARENA_ARRAY(&b.arena, Real, grads);
  }
  run_once(&b, false, y[0], g[0]);
  run_once(&b, true, y[1], g[1]);
  if (kind->in_place) n->y = (Real *)n->x[0];
  if (kind->in_place || kind->gx_over_gy) n->gx[0] = n->gy;
  run_once(&b, false, y[2], g[2]);
  for (int i = 1; i < 3; ++i) {
    if (memcmp(y[0], y[i], out * sizeof(Real)) || memcmp(g[0], g[i], grads * sizeof(Real))) {
      fail_msg("%s (%s): other numbers with buffers %s", kind->head.name, c->params,
               i == 1 ? "spoiled" : "in place");
    }
  }
  rig_close(&b);
}

static void test_buffers_as_declared(void **state) {
  (void)state;
  nn_case_each(check_buffers);
}

/* ---- shards and levels ----------------------------------------------------------------------- */

static double furthest(size_t n, const Real *a, const Real *b) {
  double most = 0;
  for (size_t i = 0; i < n; ++i) most = fmax(most, fabs((double)a[i] - (double)b[i]));
  return most;
}

/* Eight shards give what one gives, to rounding. */
static void compare_shards(const LayerRig *one, const LayerRig *many, double near) {
  const size_t in = (size_t)one->rows * (size_t)one->in;
  assert_true(furthest((size_t)one->rows * (size_t)one->n.d, one->n.y, many->n.y) < near);
  assert_true(furthest(in, one->n.gx[0], many->n.gx[0]) < near);
  for (int k = 0; k < one->n.n_weights; ++k) {
    const NnTensor *w = &one->n.weights[k];
    assert_true(furthest((size_t)w->rows * (size_t)w->cols, w->g, many->n.weights[k].g) < near);
  }
}

/* Empty shards too. A layer that goes by shards must differ, or its case would prove nothing. */
static void check_shards(const NnLayerKind *kind, const NnCase *c) {
  const double near = sizeof(Real) == 8 ? 1e-13 : 1e-5;
  for (int rows = 5; rows <= 21; rows += 16) {
    LayerRig one, many;
    rig_open(&one, kind, c, rows, 1);
    rig_open(&many, kind, c, rows, 8);
    rig_forward(&one), rig_backward(&one);
    rig_forward(&many), rig_backward(&many);
    if (nn_layer_is_by_shard(&kind->head, one.n.config))
      assert_true(furthest((size_t)rows * (size_t)one.n.d, one.n.y, many.n.y) > 0.1);
    else
      compare_shards(&one, &many, near);
    rig_close(&one);
    rig_close(&many);
  }
}

static void test_shards_agree(void **state) {
  (void)state;
  nn_case_each(check_shards);
}

#endif
