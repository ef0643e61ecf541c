/*
 * The binary ops: y of a and b, element by element; a scalar beside a vector counts for each of its
 * elements. A row of ops.def becomes a kind here.
 *
 *   ga = gy dy/da,  gb = gy dy/db;  a scalar's is the sum over the row, in ascending order in f64
 *
 * a (rows, d or 1), b (rows, d or 1), y, gy (rows, d), all apart from each other.
 */
#include "kinds.h"
#include "real.h"

/* ---- what rows of ops.def use ---------------------------------------------------------------- */

/* a^b; small integers b by multiplication, so that x^2 is x x for any x. */
static inline Real op_pow(Real a, Real b) {
  const double x = (double)a, exponent = (double)b;
  const bool small = exponent >= -16 && exponent <= 16 && (double)(int)exponent == exponent;
  return (Real)(small ? fm_powi(x, (int)exponent) : fm_pow(x, exponent));
}

/* b a^(b - 1); 0 of a constant, also at a = 0 */
static inline Real op_pow_slope(Real a, Real b) {
  return b == 0 ? 0 : b * op_pow(a, b - 1);
}

/* a^b log a; from the right at a = 0, nan below */
static inline Real op_pow_slope_exponent(Real a, Real b, Real y) {
  return a == 0 && b > 0 ? 0 : y * real_log(a);
}

/* Which of the two max takes; nan counts as the most, so that it is seen. */
static inline bool op_second_is_more(Real a, Real b) {
  return b > a || b != b;
}

/* ---- loops, inlined with known functions and steps ------------------------------------------- */

typedef Real Value(Real a, Real b);
typedef Real Slope(Real a, Real b, Real y);

/* Of two vectors, or two scalars, all rows are one long row. */
typedef struct {
  size_t rows, d;
} Extent;

static inline Extent extent_of(const NnStep *s, const NnNode *n) {
  const size_t rows = (size_t)s->rows, d = (size_t)n->d;
  return n->in[0] == n->in[1] ? (Extent){1, rows * d} : (Extent){rows, d};
}

/* step_a, step_b: 1 through a vector, 0 at a scalar */
static inline void map(const NnStep *s, const NnNode *n, Value *value, size_t step_a,
                       size_t step_b) {
  const Extent e = extent_of(s, n);
  const Real *restrict a = n->x[0], *restrict b = n->x[1];
  Real *restrict y = n->y;
  for (size_t i = 0; i < e.rows; ++i) {
    for (size_t j = 0; j < e.d; ++j) y[j] = value(a[j * step_a], b[j * step_b]);
    a += step_a ? e.d : 1;
    b += step_b ? e.d : 1;
    y += e.d;
  }
}

static inline void map_back(const NnStep *s, const NnNode *n, int input, Slope *slope,
                            size_t step_a, size_t step_b) {
  const Extent e = extent_of(s, n);
  const Real *restrict a = n->x[0], *restrict b = n->x[1], *restrict y = n->y, *restrict gy = n->gy;
  Real *restrict gx = n->gx[input];
  const bool is_scalar = (input == 0 ? step_a : step_b) == 0;
  for (size_t i = 0; i < e.rows && gx; ++i) {
    double sum = 0;
    for (size_t j = 0; j < e.d; ++j) {
      const Real g = gy[j] * slope(a[j * step_a], b[j * step_b], y[j]);
      if (is_scalar) {
        sum += (double)g;
      } else {
        gx[j] = g;
      }
    }
    if (is_scalar) *gx = (Real)sum;
    gx += is_scalar ? 1 : e.d;
    a += step_a ? e.d : 1;
    b += step_b ? e.d : 1;
    y += e.d;
    gy += e.d;
  }
}

static inline void forward(const NnStep *s, const NnNode *n, Value *value) {
  if (n->in[0] == n->in[1]) {
    map(s, n, value, 1, 1);
  } else if (n->in[0] == 1) {
    map(s, n, value, 0, 1);
  } else {
    map(s, n, value, 1, 0);
  }
}

static inline void backward(const NnStep *s, const NnNode *n, int input, Slope *slope) {
  if (n->in[0] == n->in[1]) {
    map_back(s, n, input, slope, 1, 1);
  } else if (n->in[0] == 1) {
    map_back(s, n, input, slope, 0, 1);
  } else {
    map_back(s, n, input, slope, 1, 0);
  }
}

/* ---- the kinds ------------------------------------------------------------------------------- */

static Status plan(const NnPlan *p, NnNode *n, Err *e) {
  const int a = p->in[0], b = p->in[1];
  CHECK(e, a == b || a == 1 || b == 1, E_SHAPE,
        "%d and %d values do not go together; two vectors of one length do, or a scalar and any", a,
        b);
  n->d = a > b ? a : b;
  return OK;
}

#define CASE(d_a, d_b, args)                                                                       \
  { .params = "", .features = d_a, .more = {d_b}, .numbers = args }

#define NN_OP(name)
#define NN_UNARY(name, ...)
#define NN_BINARY(op, value, slope_a, slope_b, args, text)                                         \
  static inline Real value_##op(Real a, Real b) {                                                  \
    return value;                                                                                  \
  }                                                                                                \
  static inline Real slope_a_##op(Real a, Real b, Real y) {                                        \
    (void)a, (void)b, (void)y;                                                                     \
    return slope_a;                                                                                \
  }                                                                                                \
  static inline Real slope_b_##op(Real a, Real b, Real y) {                                        \
    (void)a, (void)b, (void)y;                                                                     \
    return slope_b;                                                                                \
  }                                                                                                \
  static void forward_##op(const NnStep *s, NnNode *n) {                                           \
    forward(s, n, value_##op);                                                                     \
  }                                                                                                \
  static void backward_##op(const NnStep *s, NnNode *n) {                                          \
    backward(s, n, 0, slope_a_##op);                                                               \
    backward(s, n, 1, slope_b_##op);                                                               \
  }                                                                                                \
  static const NnCase cases_##op[] = {CASE(5, 5, args), CASE(5, 1, args), CASE(1, 5, args),        \
                                      CASE(1, 1, args)};                                           \
  const NnOpKind NN_EXPORT(nn_op_##op) = {                                                         \
      .layer = {.head = {.name = #op, .doc = text},                                                \
                .needs_output = true,                                                              \
                .plan = plan,                                                                      \
                .forward = forward_##op,                                                           \
                .backward = backward_##op,                                                         \
                .cases = cases_##op,                                                               \
                .n_cases = COUNT(cases_##op)},                                                     \
      .n_inputs = 2,                                                                               \
  };
#include "ops.def"
