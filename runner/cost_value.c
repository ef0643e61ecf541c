/*
 * A cost's value without a graph, in f64: where nothing is trained there is no gradient to find, and
 * a search can come nearer to a minimum than an f32 could tell.
 *
 * The formulas are those of nn/ops.def. Sums in ascending order.
 */
#include <math.h>

#include "base/fmath.h"
#include "cost.h"

typedef struct {
  int n;
  const double *v; /* (n) */
} Value;

typedef struct {
  Arena *arena;
  const CostSpec *cost;
  const RunData *data;
  CostFault fault; /* the first; expr NULL: none */
} Evaluation;

/* ---- the rows of nn/ops.def ------------------------------------------------------------------ */

#define REAL(x)    (x)
#define real_exp   fm_exp
#define real_log   fm_log
#define real_log1p fm_log1p
#define real_tanh  fm_tanh
#define real_erf   fm_erf
#define real_sin   fm_sin
#define real_cos   fm_cos
#define real_sqrt  sqrt
#define real_fabs  fabs

static inline double real_sigmoid(double x) {
  return 1 / (1 + fm_exp(-x));
}

/* As in nn/op_binary.c: small whole exponents by multiplication. */
static inline double op_pow(double a, double b) {
  const bool small = b >= -16 && b <= 16 && (double)(int)b == b;
  return small ? fm_powi(a, (int)b) : fm_pow(a, b);
}

static inline bool op_second_is_more(double a, double b) {
  return b > a || b != b;
}

#define NN_OP(op)
#define NN_UNARY(op, value, ...)                                                                   \
  static double value_##op(double x, double unused) {                                              \
    (void)unused;                                                                                  \
    return value;                                                                                  \
  }
#define NN_BINARY(op, value, ...)                                                                  \
  static double value_##op(double a, double b) {                                                   \
    return value;                                                                                  \
  }
#include "nn/ops.def"
#undef NN_UNARY
#undef NN_BINARY

#define NN_UNARY(op, ...)  {#op, value_##op},
#define NN_BINARY(op, ...) {#op, value_##op},
static const struct {
  const char *name;
  double (*value)(double a, double b);
} elementwise[] = {
#include "nn/ops.def"
};

/* ---- values ---------------------------------------------------------------------------------- */

static double reduce(const char *op, Value a, Value b) {
  double y = str_eq(op, "max_of") || str_eq(op, "min_of") ? a.v[0] : 0;
  for (int i = 0; i < a.n; i++) {
    if (str_eq(op, "dot"))
      y += a.v[i] * b.v[i];
    else if (str_eq(op, "max_of"))
      y = value_max(y, a.v[i]);
    else if (str_eq(op, "min_of"))
      y = value_min(y, a.v[i]);
    else
      y += a.v[i];
  }
  return str_eq(op, "mean") ? y / a.n : y;
}

static void note_fault(Evaluation *e, const CostExpr *x, Value y, const Value *args) {
  for (int i = 0; i < y.n && e->fault.expr == NULL; i++) {
    if (isfinite(y.v[i])) continue;
    e->fault = (CostFault){.expr = x, .op = x->op, .element = i, .wide = true};
    for (int k = 0; k < x->n_args; k++) {
      e->fault.n_args[k] = args[k].n;
      e->fault.args[k] = args[k].v[i < args[k].n ? i : 0];
    }
  }
}

static Value value_of(Evaluation *e, const CostExpr *x);

static Value operate(Evaluation *e, const CostExpr *x) {
  Value args[2] = {{0}};
  for (int i = 0; i < x->n_args; i++) args[i] = value_of(e, x->args[i]);
  const Value a = args[0], b = args[1];
  int op = 0;
  while (op < COUNT(elementwise) && !str_eq(elementwise[op].name, x->op)) op++;
  const int n = op == COUNT(elementwise) ? 1 : a.n > b.n ? a.n : b.n;
  double *y = ARENA_ARRAY(e->arena, double, n);
  if (op == COUNT(elementwise)) y[0] = reduce(x->op, a, b);
  for (int i = 0; op < COUNT(elementwise) && i < n; i++)
    y[i] = elementwise[op].value(a.v[a.n > 1 ? i : 0], b.n == 0 ? 0 : b.v[b.n > 1 ? i : 0]);
  const Value out = {n, y};
  note_fault(e, x, out, args);
  return out;
}

static Value named(Evaluation *e, const char *name) {
  for (int i = 0; i < e->cost->n_parameters; i++) {
    const CostVector *p = &e->cost->parameters[i];
    if (str_eq(p->name, name)) return (Value){p->n, p->v};
  }
  for (int i = 0; i < e->data->n_columns; i++) {
    const DataColumn *c = &e->data->columns[i];
    if (str_eq(c->name, name)) return (Value){c->n, (const double *)e->data->main.x + c->first};
  }
  double *constant = ARENA_ARRAY(e->arena, double, 1);
  (void)cost_constant(name, constant);
  return (Value){1, constant};
}

static Value value_of(Evaluation *e, const CostExpr *x) {
  switch (x->type) {
  case COST_NUMBER:
    return (Value){1, &x->number};
  case COST_NAME:
    return named(e, x->name);
  case COST_SLICE:
    return (Value){x->n, value_of(e, x->args[0]).v + x->first};
  case COST_OP:
    return operate(e, x);
  }
  return (Value){0};
}

double cost_value(Arena *a, const Spec *s, const RunData *data, const char **reason) {
  Evaluation e = {.arena = a, .cost = &s->cost, .data = data};
  const double y = value_of(&e, s->cost.tree).v[0];
  *reason = !isfinite(y) && e.fault.expr ? cost_explain(a, s, &e.fault) : NULL;
  return y;
}
