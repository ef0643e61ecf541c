/*
 * Ops: any differentiable function, declared forward; the graph gives the gradient.
 *
 * How to minimise J(w) = w^2 - 10 w + 25 (installed as share/caviar/examples/minimize):
 *
 *   Arena arena = {0};  Err e = {0};  int w, square, ...;
 *   NnGraph *g = nn_graph_new(&arena, 0, (NnTargets){0});        no data
 *   nn_graph_parameter(g, "w", 1, NULL, &w, &e);                 a trained vector of one number, 0
 *   nn_graph_op(g, "square", &w, 1, &square, &e);                each returns a Status: OK, or e.text
 *   ..                                                           mul, constant, add ..
 *   nn_graph_minimize(g, cost, &e);                              cost: the id of a scalar
 *   nn_model_new, nn_model_open, nn_model_init, then nn_model_step once an update; see nn.h
 *
 * Every value is a matrix (rows, d), with one row a plain vector. Parameters and constants have the
 * same value in each row. A scalar (d = 1) goes with any d in the binary ops. Rows are examples:
 * J of a batch is the mean over its rows, so what fits three numbers fits a data set too, with x
 * and the target as slices of NN_INPUT. Ids are node ids: ops read layers and layers ops.
 *
 * The graph keeps copies of names and values. Errors: E_SHAPE, which say what does not fit. Not
 * collective.
 */
#ifndef CAVIAR_OPS_H
#define CAVIAR_OPS_H

#include "nn.h"

/* What nn_graph_op may name: rows of nn/ops.def. */
extern const Registry nn_ops;

/* A trained vector of n numbers that starts at `start` (n), NULL: zeros. In the model its block is
 * path `name`, name "w", rows 1, cols n. */
MUST_CHECK Status nn_graph_parameter(NnGraph *g, const char *name, int n, const double *start,
                                     int *id, Err *e);

/* value (n). */
MUST_CHECK Status nn_graph_constant(NnGraph *g, int n, const double *value, int *id, Err *e);

/* Features first .. first + n - 1 of node `of`, or of the data (NN_INPUT). */
MUST_CHECK Status nn_graph_slice(NnGraph *g, int of, int first, int n, int *id, Err *e);

/* The op of that name on n_inputs nodes: 1, or 2 for add sub mul div pow max min dot. */
MUST_CHECK Status nn_graph_op(NnGraph *g, const char *op, const int *inputs, int n_inputs, int *id,
                              Err *e);

/* Minimise node `id`, a scalar; instead of nn_graph_loss. NnScore.loss of a step is then the sum of
 * J over the rows: with one row, J. */
MUST_CHECK Status nn_graph_minimize(NnGraph *g, int id, Err *e);

#endif
