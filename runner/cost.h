/*
 * A cost that the user wrote: text -> tree -> nn's graph, which gives the gradient.
 *
 *   sum      product {(+ | -) product}
 *   product  unary {(* | /) unary}
 *   unary    (- | +) unary | power
 *   power    indexed [^ unary]          right associative: 2^3^2 is 2^9, -w^2 is -(w^2), 2^-1 is 0.5
 *   indexed  primary {'[' integer [: integer] ']'}          from 0; a slice's end is not in it
 *   primary  number | name | function '(' sum {, sum} ')' | '(' sum ')'
 *
 * A name is a parameter, data, or else a constant: pi.
 *
 * Every value is a vector; a single number goes with any vector, element by element. Trees, names
 * and nodes belong to the arena they were made in.
 */
#ifndef CAVIAR_COST_H
#define CAVIAR_COST_H

#include "data.h"
#include "spec.h"

/* ---- the tree (cost_parse.c) ----------------------------------------------------------------- */

enum { COST_MAX_LENGTH = 4000, COST_MAX_DEPTH = 64 };

typedef enum { COST_NUMBER, COST_NAME, COST_SLICE, COST_OP } CostType;

struct CostExpr {
  CostType type;
  int from, length; /* the bytes of the text that it is */
  double number;    /* COST_NUMBER */
  const char *name; /* COST_NAME: a parameter or data */
  int first, n;     /* COST_SLICE: elements first .. first + n - 1 of args[0] */
  const char *op;   /* COST_OP: as nn/ops.h calls it */
  int n_args;
  const CostExpr *args[2];
};

typedef struct {
  int from, length; /* bytes of the text */
  const char *message;
} CostProblem;

/* NULL: `problem` says why. */
const CostExpr *cost_parse(Arena *a, const char *text, CostProblem *problem);

/* The functions that a cost may call. */
extern const char *const cost_functions[];
extern const int cost_n_functions;

/* Is it a constant, for what has no parameter and no data of that name? */
bool cost_constant(const char *name, double *out);

/* Letters, digits and _, not beginning with a digit. */
bool cost_is_name(const char *text);

/* White space collapsed: what stands in the resolved file and what spans count in. */
char *cost_tidy(Arena *a, const char *text);

/* Where bytes of the tidy text stand in the file. A text with escapes in it is marked as a whole. */
Mark cost_mark(const YamlNode *node, const char *text, int from, int length);

/* ---- names and shapes (cost_check.c) --------------------------------------------------------- */

/* Is every name known and every shape right, is the whole one number, is every parameter used? What
 * is not goes to `d`. `columns`: of the data. */
bool cost_check(const CostSpec *cost, const DataColumn *columns, int n_columns, Diag *d);

/* ---- the graph (cost_graph.c) ---------------------------------------------------------------- */

/* One node of nn's graph, by its id. */
typedef struct {
  const CostExpr *expr;
  const char *op; /* NULL: a parameter, a constant or a slice */
  int inputs[2];  /* ids of nodes; NN_INPUT: the data */
  int n_inputs;
  bool is_parameter;
} CostNode;

typedef struct CostGraph {
  NnGraph *graph;
  CostNode *nodes; /* (n) parameters first, in the order of the file */
  int n;
  int output; /* the node that is minimised */
} CostGraph;

/* Of a cost that cost_check found right, for rows of the data's columns end to end. E_SHAPE. */
MUST_CHECK Status cost_graph(Arena *a, const Spec *s, const RunData *data, CostGraph *out, Err *e);

/* ---- its value alone (cost_value.c), and what is wrong with one (cost_reason.c) --------------- */

/* The first part of a cost whose value is not finite though its arguments are. */
typedef struct {
  const CostExpr *expr;
  const char *op; /* NULL: a constant or a slice */
  double args[2]; /* at `element`, or the only value */
  int n_args[2];  /* how many values they have */
  int element;    /* of the value: the first that is not finite */
  bool wide;      /* computed in f64 */
} CostFault;

/* `log of a negative number in "log(w - 3)" (cost, column 7): w - 3 is -1` */
const char *cost_explain(Arena *a, const Spec *s, const CostFault *fault);

/* At the parameters' start values, in f64, of a cost that cost_check found right. *reason: if it is
 * not finite, why, else NULL. Scratch in `a`. */
double cost_value(Arena *a, const Spec *s, const RunData *data, const char **reason);

/* Which part of the cost is not finite on the data with the model's present parameters, and why:
 * `log of a negative number in "log(w - 3)" (cost, column 7): w - 3 is -1`. NULL: all is finite. */
const char *cost_reason(Arena *a, const Spec *s, const CostGraph *g, const RunData *data,
                        NnModel *m);

#endif
