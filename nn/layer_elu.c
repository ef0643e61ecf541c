/*
 * Exponential linear unit.
 *
 *   y = x where x > 0, else alpha (exp(x) - 1),   gx = gy where y > 0, else gy (y + alpha)
 *
 * Clevert, Unterthiner & Hochreiter 2016. alpha >= 0, so y > 0 exactly where x > 0. x, y, gx, gy
 * (rows, d).
 */
#include "kinds.h"
#include "real.h"

typedef struct {
  double alpha;
} Elu;

static const Param params[] = {
    {"alpha", P_REAL, offsetof(Elu, alpha), .def = "1", .lo = 0, .hi = 1000,
     .doc = "y comes near to -alpha where x is far below 0"},
};

static void forward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Elu *c = n->config;
  const Real alpha = (Real)c->alpha, *x = n->x[0];
  Real *y = n->y;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) {
    const Real below = alpha * real_expm1(x[i]);
    y[i] = x[i] > 0 ? x[i] : below;
  }
}

static void backward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Elu *c = n->config;
  const Real alpha = (Real)c->alpha, *y = n->y, *gy = n->gy;
  Real *gx = n->gx[0];
  if (gx == NULL) return;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) gx[i] = y[i] > 0 ? gy[i] : gy[i] * (y[i] + alpha);
}

static const NnCase cases[] = {{.params = "", .features = 5},
                               {.params = "alpha: 0.3", .features = 37}};

const NnLayerKind NN_EXPORT(nn_layer_elu) = {
    .head = {.name = "elu",
             .doc = "x where positive, alpha (exp(x) - 1) elsewhere",
             .source = "Clevert, Unterthiner & Hochreiter 2016, arXiv:1511.07289",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Elu)},
    .in_place = true,
    .needs_output = true,
    .plan = nn_plan_elementwise,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
