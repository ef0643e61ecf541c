/* A cost on nn's graph. Shapes were checked by cost_check, so that nn has nothing to refuse. */
#include "cost.h"
#include "nn/ops.h"

typedef struct {
  Arena *arena;
  const CostSpec *cost;
  const RunData *data;
  CostGraph *out;
  int capacity;
} Builder;

/* Notes the node that nn has just made; its id. */
static int note(Builder *b, int id, CostNode node) {
  CostGraph *g = b->out;
  g->nodes = arena_grow(b->arena, g->nodes, sizeof *g->nodes, &b->capacity, id + 1);
  g->nodes[id] = node;
  g->n = id + 1;
  return id;
}

static Status add_parameters(Builder *b, Err *e) {
  for (int i = 0; i < b->cost->n_parameters; i++) {
    const CostVector *p = &b->cost->parameters[i];
    int id;
    TRY(nn_graph_parameter(b->out->graph, p->name, p->n, p->v, &id, e));
    note(b, id, (CostNode){.is_parameter = true});
  }
  return OK;
}

static Status add_constant(Builder *b, const CostExpr *x, double number, int *id, Err *e) {
  TRY(nn_graph_constant(b->out->graph, 1, &number, id, e));
  note(b, *id, (CostNode){.expr = x});
  return OK;
}

static Status add_slice(Builder *b, const CostExpr *x, int of, int first, int n, int *id, Err *e) {
  TRY(nn_graph_slice(b->out->graph, of, first, n, id, e));
  note(b, *id, (CostNode){.expr = x, .inputs = {of}, .n_inputs = 1});
  return OK;
}

static Status add_name(Builder *b, const CostExpr *x, int *id, Err *e) {
  for (*id = 0; *id < b->cost->n_parameters; ++*id)
    if (str_eq(b->cost->parameters[*id].name, x->name)) return OK;
  for (int i = 0; i < b->data->n_columns; i++) {
    const DataColumn *c = &b->data->columns[i];
    if (str_eq(c->name, x->name)) return add_slice(b, x, NN_INPUT, c->first, c->n, id, e);
  }
  double number;
  CHECK(e, cost_constant(x->name, &number), E_INTERNAL, "cost: nothing is called \"%s\"", x->name);
  return add_constant(b, x, number, id, e);
}

static Status add(Builder *b, const CostExpr *x, int *id, Err *e);

static bool is_two(const CostExpr *x) {
  return x->type == COST_NUMBER && x->number == 2;
}

static Status add_op(Builder *b, const CostExpr *x, int *id, Err *e) {
  CostNode node = {.expr = x, .op = x->op, .n_inputs = x->n_args};
  /* x * x, where the general power would go through a logarithm */
  if (str_eq(x->op, "pow") && is_two(x->args[1])) {
    node.op = "square";
    node.n_inputs = 1;
  }
  for (int i = 0; i < node.n_inputs; i++) TRY(add(b, x->args[i], &node.inputs[i], e));
  TRY(nn_graph_op(b->out->graph, node.op, node.inputs, node.n_inputs, id, e));
  note(b, *id, node);
  return OK;
}

static Status add(Builder *b, const CostExpr *x, int *id, Err *e) {
  int of;
  switch (x->type) {
  case COST_NUMBER:
    return add_constant(b, x, x->number, id, e);
  case COST_NAME:
    return add_name(b, x, id, e);
  case COST_SLICE:
    TRY(add(b, x->args[0], &of, e));
    return add_slice(b, x, of, x->first, x->n, id, e);
  case COST_OP:
    return add_op(b, x, id, e);
  }
  return OK;
}

Status cost_graph(Arena *a, const Spec *s, const RunData *data, CostGraph *out, Err *e) {
  *out = (CostGraph){.graph = nn_graph_new(a, data->n_features, (NnTargets){0})};
  Builder b = {.arena = a, .cost = &s->cost, .data = data, .out = out};
  TRY(add_parameters(&b, e));
  TRY(add(&b, s->cost.tree, &out->output, e));
  return nn_graph_minimize(out->graph, out->output, e);
}
