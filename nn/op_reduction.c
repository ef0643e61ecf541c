/*
 * The ops that make a scalar of a row: sum, mean, max_of, min_of, dot.
 *
 *   sum: gx = gy,  mean: gx = gy / d,  dot: ga = gy b, gb = gy a
 *   max_of, min_of: gx = gy at the first of equals, 0 elsewhere
 *
 * x (rows, d), y, gy (rows, 1). Sums in ascending order in f64.
 */
#include "kinds.h"
#include "real.h"

static Status plan(const NnPlan *p, NnNode *n, Err *e) {
  (void)p, (void)e;
  n->d = 1;
  return OK;
}

/* ---- sum, mean ------------------------------------------------------------------------------- */

static inline void add_up(const NnStep *s, const NnNode *n, bool mean) {
  const Real *x = n->x[0];
  const int d = n->in[0];
  for (int i = 0; i < s->rows; ++i, x += d) {
    double sum = 0;
    for (int j = 0; j < d; ++j) sum += (double)x[j];
    n->y[i] = (Real)(mean ? sum / d : sum);
  }
}

static inline void spread(const NnStep *s, const NnNode *n, bool mean) {
  Real *gx = n->gx[0];
  const int d = n->in[0];
  for (int i = 0; i < s->rows; ++i, gx += d) {
    const Real g = mean ? n->gy[i] / (Real)d : n->gy[i];
    for (int j = 0; j < d; ++j) gx[j] = g;
  }
}

static void sum_forward(const NnStep *s, NnNode *n) {
  add_up(s, n, false);
}

static void sum_backward(const NnStep *s, NnNode *n) {
  spread(s, n, false);
}

static void mean_forward(const NnStep *s, NnNode *n) {
  add_up(s, n, true);
}

static void mean_backward(const NnStep *s, NnNode *n) {
  spread(s, n, true);
}

/* ---- max_of, min_of -------------------------------------------------------------------------- */

/* The place of the largest of sign x, the first of equals; nan counts as the most. */
static inline int place_of_most(int d, const Real *x, Real sign) {
  int most = 0;
  for (int j = 1; j < d; ++j) {
    if (sign * x[j] > sign * x[most] || (x[j] != x[j] && x[most] == x[most])) most = j;
  }
  return most;
}

static inline void pick(const NnStep *s, const NnNode *n, Real sign) {
  const Real *x = n->x[0];
  const int d = n->in[0];
  for (int i = 0; i < s->rows; ++i, x += d) n->y[i] = x[place_of_most(d, x, sign)];
}

static inline void put_back(const NnStep *s, const NnNode *n, Real sign) {
  const Real *x = n->x[0];
  Real *gx = n->gx[0];
  const int d = n->in[0];
  for (int i = 0; i < s->rows; ++i, x += d, gx += d) {
    for (int j = 0; j < d; ++j) gx[j] = 0;
    gx[place_of_most(d, x, sign)] = n->gy[i];
  }
}

static void max_forward(const NnStep *s, NnNode *n) {
  pick(s, n, 1);
}

static void max_backward(const NnStep *s, NnNode *n) {
  put_back(s, n, 1);
}

static void min_forward(const NnStep *s, NnNode *n) {
  pick(s, n, -1);
}

static void min_backward(const NnStep *s, NnNode *n) {
  put_back(s, n, -1);
}

/* ---- dot ------------------------------------------------------------------------------------- */

static Status dot_plan(const NnPlan *p, NnNode *n, Err *e) {
  CHECK(e, p->in[0] == p->in[1], E_SHAPE, "%d and %d values; both must have as many", p->in[0],
        p->in[1]);
  n->d = 1;
  return OK;
}

static void dot_forward(const NnStep *s, NnNode *n) {
  const Real *a = n->x[0], *b = n->x[1];
  const int d = n->in[0];
  for (int i = 0; i < s->rows; ++i, a += d, b += d) {
    double sum = 0;
    for (int j = 0; j < d; ++j) sum += (double)a[j] * (double)b[j];
    n->y[i] = (Real)sum;
  }
}

static void dot_backward(const NnStep *s, NnNode *n) {
  const int d = n->in[0];
  for (int k = 0; k < 2; ++k) {
    const Real *restrict other = n->x[1 - k];
    Real *restrict gx = n->gx[k];
    for (int i = 0; i < s->rows && gx; ++i, other += d, gx += d) {
      for (int j = 0; j < d; ++j) gx[j] = n->gy[i] * other[j];
    }
  }
}

/* ---- the kinds ------------------------------------------------------------------------------- */

static const NnCase any[] = {{.params = "", .features = 5}, {.params = "", .features = 1}};
static const NnCase apart[] = {{.params = "", .features = 5, .numbers = NN_APART},
                               {.params = "", .features = 1, .numbers = NN_APART}};
static const NnCase two[] = {{.params = "", .features = 5, .more = {5}},
                             {.params = "", .features = 1, .more = {1}}};

#define KIND(op, plan_, forward_, backward_, inputs, cases_, text)                                 \
  const NnOpKind NN_EXPORT(nn_op_##op) = {.layer = {.head = {.name = #op, .doc = text},            \
                                                    .plan = plan_,                                 \
                                                    .forward = forward_,                           \
                                                    .backward = backward_,                         \
                                                    .cases = cases_,                               \
                                                    .n_cases = COUNT(cases_)},                     \
                                          .n_inputs = inputs};

KIND(sum, plan, sum_forward, sum_backward, 1, any, "sum of a vector")
KIND(mean, plan, mean_forward, mean_backward, 1, any, "mean of a vector")
KIND(max_of, plan, max_forward, max_backward, 1, apart, "largest element of a vector")
KIND(min_of, plan, min_forward, min_backward, 1, apart, "smallest element of a vector")
KIND(dot, dot_plan, dot_forward, dot_backward, 2, two, "sum of a b, of equal lengths")
