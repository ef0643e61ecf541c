/*
 * Hard tanh.
 *
 *   y = min(max(x, least), most),   gx = gy where least < y < most, else 0
 *
 * Collobert 2004. A nan stays a nan, so that a diverged trial is seen. x, y, gx, gy (rows, d).
 */
#include "kinds.h"

typedef struct {
  double min, max;
} HardTanh;

static const Param params[] = {
    {"min", P_REAL, offsetof(HardTanh, min), .def = "-1", .doc = "smallest output"},
    {"max", P_REAL, offsetof(HardTanh, max), .def = "1", .doc = "largest output"},
};

static Status check(const void *config, ParamPlace *place, Err *e) {
  const HardTanh *c = config;
  char min[32], max[32];
  place->param = "min";
  CHECK(e, c->min < c->max, E_SPEC, "min %s must be below max %s", str_f64(c->min, min),
        str_f64(c->max, max));
  return OK;
}

static void forward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const HardTanh *c = n->config;
  const Real least = (Real)c->min, most = (Real)c->max, *x = n->x[0];
  Real *y = n->y;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) {
    const Real above = x[i] < least ? least : x[i];
    y[i] = above > most ? most : above;
  }
}

static void backward(const NnStep *s, NnNode *n) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const HardTanh *c = n->config;
  const Real least = (Real)c->min, most = (Real)c->max, *y = n->y, *gy = n->gy;
  Real *gx = n->gx[0];
  if (gx == NULL) return;
  EACH_ELEMENT
  for (size_t i = 0; i < size; i++) {
    const Real g = y[i] > least ? gy[i] : 0; /* blends, not branches */
    gx[i] = y[i] < most ? g : 0;
  }
}

/* Each with one of its ends among the tests' numbers, far enough from all for differences. */
static const NnCase cases[] = {{.params = "min: -0.1, max: 2", .features = 5},
                               {.params = "min: -2, max: 0.1", .features = 37}};

const NnLayerKind NN_EXPORT(nn_layer_hard_tanh) = {
    .head = {.name = "hard_tanh",
             .doc = "x, but no less than min and no more than max",
             .source = "Collobert 2004, Large scale machine learning",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(HardTanh),
             .check = check},
    .in_place = true,
    .needs_output = true,
    .plan = nn_plan_elementwise,
    .forward = forward,
    .backward = backward,
    .cases = cases,
    .n_cases = COUNT(cases),
};
