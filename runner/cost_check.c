/* Names and shapes of a cost, before anything is made of it. */
#include "cost.h"

#include <limits.h>

typedef struct {
  const CostSpec *cost;
  const DataColumn *columns;
  int n_columns;
  bool *used; /* (n_parameters) */
  Diag *d;
} Check;

static Arena *arena(const Check *c) {
  return c->d->arena;
}

static const char *text_of(const Check *c, const CostExpr *x) {
  return arena_strndup(arena(c), c->cost->text + x->from, (size_t)x->length);
}

static Mark mark_of(const Check *c, const CostExpr *x) {
  return cost_mark(c->cost->node, c->cost->text, x->from, x->length);
}

static const char *values(const Check *c, int n) {
  return arena_printf(arena(c), n == 1 ? "%d value" : "%d values", n);
}

/* ---- names ----------------------------------------------------------------------------------- */

bool cost_constant(const char *name, double *out) {
  if (!str_eq(name, "pi")) return false;
  *out = 3.141592653589793;
  return true;
}

static int unknown_name(const Check *c, const CostExpr *x) {
  const CostSpec *cost = c->cost;
  const char *nearest = NULL;
  int best = INT_MAX;
  Str known = str_new(arena(c));
  for (int i = 0; i < cost->n_parameters; i++) {
    str_addf(&known, ", %s", cost->parameters[i].name);
    if (str_nearer(x->name, cost->parameters[i].name, &best)) nearest = cost->parameters[i].name;
  }
  for (int i = 0; i < c->n_columns; i++) {
    str_addf(&known, ", %s", c->columns[i].name);
    if (str_nearer(x->name, c->columns[i].name, &best)) nearest = c->columns[i].name;
  }
  for (int i = 0; i < cost_n_functions; i++)
    if (str_nearer(x->name, cost_functions[i], &best)) nearest = cost_functions[i];
  if (nearest)
    diag_add(c->d, DIAG_ERROR, mark_of(c, x),
             "no parameter, data or function is called \"%s\"; did you mean \"%s\"?", x->name,
             nearest);
  else
    diag_add(c->d, DIAG_ERROR, mark_of(c, x),
             "no parameter or data is called \"%s\"; there are %.400s", x->name,
             known.length ? str_text(&known) + 2 : "none");
  return 0;
}

static int name_width(const Check *c, const CostExpr *x) {
  for (int i = 0; i < c->cost->n_parameters; i++) {
    if (!str_eq(c->cost->parameters[i].name, x->name)) continue;
    c->used[i] = true;
    return c->cost->parameters[i].n;
  }
  int n = 0, found = 0;
  for (int i = 0; i < c->n_columns; i++) {
    if (!str_eq(c->columns[i].name, x->name)) continue;
    n = c->columns[i].n;
    found++;
  }
  if (found == 1) return n;
  if (found == 0) return cost_constant(x->name, &(double){0}) ? 1 : unknown_name(c, x);
  diag_add(c->d, DIAG_ERROR, mark_of(c, x), "%d columns of the data are called \"%s\"", found,
           x->name);
  return 0;
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static int width(const Check *c, const CostExpr *x);

static int slice_width(const Check *c, const CostExpr *x) {
  const int n = width(c, x->args[0]);
  if (n == 0 || x->first + x->n <= n) return n ? x->n : 0;
  const char *of = text_of(c, x->args[0]);
  const char *span = n == 1 ? "" : arena_printf(arena(c), " to %s[%d]", of, n - 1);
  diag_add(c->d, DIAG_ERROR, mark_of(c, x), "%s is out of range: %s has %s, %s[0]%s", text_of(c, x),
           of, values(c, n), of, span);
  return 0;
}

static bool is_reduction(const char *op) {
  return str_eq(op, "sum") || str_eq(op, "mean") || str_eq(op, "max_of") || str_eq(op, "min_of") ||
         str_eq(op, "dot");
}

static int op_width(const Check *c, const CostExpr *x) {
  const int n = width(c, x->args[0]);
  const int m = x->n_args > 1 ? width(c, x->args[1]) : n;
  if (n == 0 || m == 0) return 0;
  const bool fits = n == m || (!str_eq(x->op, "dot") && (n == 1 || m == 1));
  if (fits) return is_reduction(x->op) ? 1 : n > m ? n : m;
  diag_add(c->d, DIAG_ERROR, mark_of(c, x), "%s has %s, %s has %d; they do not go together",
           text_of(c, x->args[0]), values(c, n), text_of(c, x->args[1]), m);
  return 0;
}

/* How many values it has; 0 after an error. Both sides of an operator are looked at. */
static int width(const Check *c, const CostExpr *x) {
  switch (x->type) {
  case COST_NUMBER:
    return 1;
  case COST_NAME:
    return name_width(c, x);
  case COST_SLICE:
    return slice_width(c, x);
  case COST_OP:
    return op_width(c, x);
  }
  return 0;
}

bool cost_check(const CostSpec *cost, const DataColumn *columns, int n_columns, Diag *d) {
  const int errors = d->n_refusals;
  Check c = {.cost = cost,
             .columns = columns,
             .n_columns = n_columns,
             .used = ARENA_ARRAY(d->arena, bool, cost->n_parameters),
             .d = d};
  const int n = width(&c, cost->tree);
  if (n > 1)
    diag_add(d, DIAG_ERROR, mark_of(&c, cost->tree),
             "the cost has %d values, but what is made small is one number: use sum(..) or "
             "mean(..)",
             n);
  for (int i = 0; n > 0 && i < cost->n_parameters; i++)
    if (!c.used[i])
      diag_add(d, DIAG_ERROR, cost->parameters[i].mark,
               "parameters: the cost does not depend on \"%s\"; leave it out",
               cost->parameters[i].name);
  return d->n_refusals == errors;
}
