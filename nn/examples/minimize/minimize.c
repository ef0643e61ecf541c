/*
 * Minimises J(w) = w^2 - 10 w + 25 from w = 0 with an optimizer named on the command line:
 *
 *   ./minimize adam
 *   adam: w = 5.0000 after 1000 steps
 *
 * Only J is written down; the graph knows its derivative. Functions that can fail return a Status
 * and say why in an Err; TRY hands both on.
 */
#include <caviar/nn/ops.h>
#include <stdio.h>

/* Each call adds a node to the graph and answers with its id, by which others read it. */
static Status declare_cost(NnGraph *g, int *cost, Err *e) {
  const double ten = 10, twenty_five = 25;
  int w, square, c10, linear, difference, c25;
  TRY(nn_graph_parameter(g, "w", 1, NULL, &w, e)); /* one number to train, 0 at first */
  TRY(nn_graph_constant(g, 1, &ten, &c10, e));
  TRY(nn_graph_constant(g, 1, &twenty_five, &c25, e));
  TRY(nn_graph_op(g, "square", &w, 1, &square, e));
  TRY(nn_graph_op(g, "mul", (int[]){c10, w}, 2, &linear, e));
  TRY(nn_graph_op(g, "sub", (int[]){square, linear}, 2, &difference, e));
  TRY(nn_graph_op(g, "add", (int[]){difference, c25}, 2, cost, e));
  return nn_graph_minimize(g, *cost, e);
}

/* Small things live in `arena`; `numbers` is the one block with weights, gradient and all. */
static Status open_model(const char *optimizer, Arena *arena, Arena *numbers, NnModel **model,
                         Err *e) {
  const Kind *kind = kind_find(&nn_optimizers, optimizer);
  CHECK(e, kind, E_USAGE, "no optimizer is called \"%s\"; `caviar describe optimizer` lists them",
        optimizer);
  NnGraph *graph = nn_graph_new(arena, 0, (NnTargets){0}); /* no data: 0 features */
  int cost;
  TRY(declare_cost(graph, &cost, e));
  const NnOptions options = {.batch_rows = 1,
                             .eval_rows = 1,
                             .team = nn_team_solo(1),
                             .cpu = cpu_level(),
                             .gemm = "fixed",
                             .optimizer = kind_default(kind, arena)}; /* this is the one line */
  TRY(nn_model_new(arena, graph, &options, model, e));
  TRY(nn_model_open(*model, numbers, e));
  nn_model_init(*model, 1); /* a seed: w = 0 needs none, random weights do */
  return OK;
}

int main(int argc, char **argv) {
  const char *optimizer = argc > 1 ? argv[1] : "adam";
  const double learning_rate = 0.1;
  const int steps = 1000;
  Arena arena = {0}, numbers = {0};
  Err e = {0};
  NnModel *model = NULL;
  if (open_model(optimizer, &arena, &numbers, &model, &e) != OK) {
    fprintf(stderr, "minimize: %s\n", e.text);
    arena_free(&numbers);
    arena_free(&arena);
    return 1;
  }
  for (int i = 0; i < steps; i++) {
    NnScore score; /* score.loss is J before the step; not finite: nothing was changed */
    nn_model_step(model, 1, (NnPlace){0}, learning_rate, &score);
  }
  size_t n; /* of all weights together: here 1 */
  const Real *w = nn_model_vector(model, NN_WEIGHTS, &n);
  printf("%s: w = %.4f after %d steps\n", optimizer, (double)w[0], steps);
  arena_free(&numbers);
  arena_free(&arena);
  return 0;
}
