/*
 * Why a cost is not finite: the first node of the graph whose output is not, for its inputs were.
 * Outputs are looked at as inputs of other nodes, since buffers share memory.
 */
#include <math.h>
#include <string.h>

#include "cost.h"

typedef struct {
  const CostGraph *graph;
  int output;  /* the node that is minimised */
  int culprit; /* the first whose output is not finite; graph->n: none */
  int element; /* of its output: the first that is not finite */
  Real args[2];
  int n_args[2]; /* values of its inputs */
} Search;

static int first_bad(const Real *x, int n) {
  for (int i = 0; i < n; i++)
    if (!isfinite(x[i])) return i;
  return -1;
}

static void find_culprit(void *ctx, int node, int input, const Real *x, int rows, int d) {
  Search *s = ctx;
  (void)rows;
  const int producer = node == s->graph->n ? s->output : s->graph->nodes[node].inputs[input];
  const int bad = first_bad(x, d);
  if (bad < 0 || producer < 0 || producer >= s->culprit) return;
  s->culprit = producer;
  s->element = bad;
}

/* Its inputs there; the only value of a scalar. */
static void take_inputs(void *ctx, int node, int input, const Real *x, int rows, int d) {
  Search *s = ctx;
  (void)rows;
  if (node != s->culprit || input > 1) return;
  s->args[input] = x[d == 1 || s->element >= d ? 0 : s->element];
  s->n_args[input] = d;
}

static const char *text_of(Arena *a, const Spec *s, const CostExpr *x) {
  return arena_strndup(a, s->cost.text + x->from, (size_t)x->length);
}

/* What is wrong, and which argument shows it (-1: none). */
static const char *why(const CostFault *f, int *shows) {
  const char *op = f->op ? f->op : "";
  const double x = f->args[0], y = f->args[1];
  *shows = 0;
  if (str_eq(op, "log")) return x < 0 ? "log of a negative number" : "log of zero";
  if (str_eq(op, "log1p")) return x < -1 ? "log1p of a number below -1" : "log1p of -1";
  if (str_eq(op, "sqrt")) return "square root of a negative number";
  if (str_eq(op, "pow") && x == 0) return "zero to a negative power";
  if (str_eq(op, "pow") && x < 0 && floor(y) != y)
    return "a negative number to a power that is no whole number";
  if (str_eq(op, "sin") || str_eq(op, "cos")) return "an angle beyond 1048576";
  *shows = 1;
  if (str_eq(op, "div") && y == 0) return "division by zero";
  *shows = -1;
  return f->wide ? "a number beyond 1.7e308" : "a number beyond 3.4e38";
}

const char *cost_explain(Arena *a, const Spec *s, const CostFault *f) {
  int shows = -1;
  const char *what = why(f, &shows), *part = text_of(a, s, f->expr);
  const int column = f->expr->from + 1;
  if (shows < 0) return arena_printf(a, "%s in \"%s\" (cost, column %d)", what, part, column);
  const char *index = "";
  if (f->n_args[shows] > 1) index = arena_printf(a, " at value %d", f->element);
  char number[32];
  const double x = f->args[shows];
  return arena_printf(a, "%s in \"%s\" (cost, column %d): %s is %s%s", what, part, column,
                      text_of(a, s, f->expr->args[shows]),
                      f->wide ? str_f64(x, number) : str_f32((float)x, number), index);
}

static const char *explain(Arena *a, const Spec *s, const Search *found) {
  const CostNode *node = &found->graph->nodes[found->culprit];
  if (node->is_parameter)
    return arena_printf(a,
                        "%s is no finite number any more: the gradient in the step before was not "
                        "finite, or learning_rate is too large",
                        s->cost.parameters[found->culprit].name);
  const CostFault fault = {.expr = node->expr,
                           .op = node->op,
                           .args = {(double)found->args[0], (double)found->args[1]},
                           .n_args = {found->n_args[0], found->n_args[1]},
                           .element = found->element};
  return cost_explain(a, s, &fault);
}

const char *cost_reason(Arena *a, const Spec *s, const CostGraph *g, const RunData *data,
                        NnModel *m) {
  Search found = {.graph = g, .output = g->output, .culprit = g->n};
  data_gather(data, PART_TRAIN, NULL, 0, 1, m);
  nn_model_observe(m, 1, find_culprit, &found);
  if (found.culprit == g->n) return NULL;
  nn_model_observe(m, 1, take_inputs, &found);
  return explain(a, s, &found);
}
