/*
 * The unary ops: y of x and gx = gy dy/dx, element by element. A row of ops.def becomes a kind here.
 *
 * x, y, gx, gy (rows, d), all apart from each other.
 */
#include "kinds.h"
#include "real.h"

typedef Real Value(Real x);
typedef Real Slope(Real x, Real y);

/* Inlined with a known function, so that the loops vectorise where it can. */
static inline void map(const NnStep *s, const NnNode *n, Value *value) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *restrict x = n->x[0];
  Real *restrict y = n->y;
  for (size_t i = 0; i < size; i++) y[i] = value(x[i]);
}

static inline void map_back(const NnStep *s, const NnNode *n, Slope *slope) {
  const size_t size = (size_t)s->rows * (size_t)n->d;
  const Real *restrict x = n->x[0], *restrict y = n->y, *restrict gy = n->gy;
  Real *restrict gx = n->gx[0]; /* wanted, or backward would not be called */
  for (size_t i = 0; i < size; i++) gx[i] = gy[i] * slope(x[i], y[i]);
}

#define NN_OP(name)
#define NN_BINARY(name, ...)
#define NN_UNARY(op, value, slope, args, text)                                                     \
  static inline Real value_##op(Real x) {                                                          \
    return value;                                                                                  \
  }                                                                                                \
  static inline Real slope_##op(Real x, Real y) {                                                  \
    (void)x, (void)y;                                                                              \
    return slope;                                                                                  \
  }                                                                                                \
  static void forward_##op(const NnStep *s, NnNode *n) {                                           \
    map(s, n, value_##op);                                                                         \
  }                                                                                                \
  static void backward_##op(const NnStep *s, NnNode *n) {                                          \
    map_back(s, n, slope_##op);                                                                    \
  }                                                                                                \
  static const NnCase cases_##op[] = {{.params = "", .features = 5, .numbers = args}};             \
  const NnOpKind NN_EXPORT(nn_op_##op) = {                                                         \
      .layer = {.head = {.name = #op, .doc = text},                                                \
                .needs_output = true,                                                              \
                .plan = nn_plan_elementwise,                                                       \
                .forward = forward_##op,                                                           \
                .backward = backward_##op,                                                         \
                .cases = cases_##op,                                                               \
                .n_cases = COUNT(cases_##op)},                                                     \
      .n_inputs = 1,                                                                               \
  };
#include "ops.def"
