/*
 * Leaky ReLU.
 *
 *   y = x where x > 0, else slope x,   gx = gy where y > 0, else slope gy
 *
 * Maas et al. 2013. 0 <= slope <= 1, so y > 0 exactly where x > 0. x, y, gx, gy (rows, d).
 */
#include "kinds.h"

typedef struct {
  double slope;
} LeakyRelu;

static const Param params[] = {
    {"slope", P_REAL, offsetof(LeakyRelu, slope), .def = "0.01", .lo = 0, .hi = 1,
     .doc = "derivative where x is negative"},
};

static void forward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const LeakyRelu *c = n->config;
  const Real slope = (Real)c->slope, *x = n->x[0];
  Real *y = n->y;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) y[i] = x[i] < 0 ? slope * x[i] : x[i];
}

static void backward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const LeakyRelu *c = n->config;
  const Real slope = (Real)c->slope, *y = n->y, *gy = n->gy;
  Real *gx = n->gx[0];
  if (gx == NULL) return;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) gx[i] = y[i] > 0 ? gy[i] : slope * gy[i];
}

static const NnCase cases[] = {{.params = "", .features = 5},
                               {.params = "slope: 0.3", .features = 4}};

const NnLayerKind NN_EXPORT(nn_layer_leaky_relu) = {
    .head = {.name = "leaky_relu",
             .doc = "x where positive, slope x elsewhere",
             .source = "Maas et al. 2013",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(LeakyRelu)},
    .in_place = true,
    .needs_output = true,
    .plan = nn_plan_elementwise,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
