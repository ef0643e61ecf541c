/*
 * Values and gradients of costs against a plain evaluation of random expressions.
 *
 * A random tree is printed with as few parentheses as the precedence table below asks for (and now
 * and then more), parsed, put on nn's graph, and compared with the tree's own value in f64; the
 * gradient with central differences of that. Evaluated without a graph, in f64, it must be nearer.
 * Trees near a kink or a pole are passed over.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cost_rig.h"

enum { WIDTH = 3, N_PARAMETERS = 4 }; /* parameters: a, then v[0], v[1], v[2] */

static const double data_x[WIDTH] = {0.75, -1.25, 2.5}, data_c = 1.5;
static double parameters[N_PARAMETERS];

typedef struct Tree Tree;
struct Tree {
  const char *what; /* "+", "neg", "exp", "max1", "max2", "[]", "number", a name */
  double number;
  int index;
  Tree *a, *b;
};

typedef struct {
  int n;
  double v[WIDTH];
} Value;

static uint64_t seed;

static int draw(int n) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (int)((seed >> 33) % (uint64_t)n);
}

static const char *const binaries[] = {"+", "-", "*", "/", "^", "max2", "min2"};
static const char *const unaries[] = {"neg",  "exp",  "log",     "sqrt",     "abs", "sin",  "cos",
                                      "tanh", "relu", "sigmoid", "softplus", "erf", "log1p"};
static const char *const reductions[] = {"sum", "mean", "max1", "min1", "dot"};
static const char *const names[] = {"a", "v", "x", "c"};

/* A vector or not: known by its evaluation. */
static Tree *grow(Arena *a, int depth) {
  Tree *t = ARENA_NEW(a, Tree);
  const int kind = depth == 0 ? draw(2) : 2 + draw(10);
  if (kind == 0) {
    t->what = "number";
    t->number = 0.25 * (1 + draw(12));
  } else if (kind == 1) {
    t->what = names[draw(COUNT(names))];
  } else if (kind < 8) {
    t->what = binaries[draw(COUNT(binaries))];
    t->a = grow(a, depth - 1);
    t->b = grow(a, draw(depth));
  } else if (kind < 10) {
    t->what = unaries[draw(COUNT(unaries))];
    t->a = grow(a, depth - 1);
  } else if (kind == 10) {
    t->what = reductions[draw(COUNT(reductions))];
    t->a = grow(a, depth - 1);
    if (str_eq(t->what, "dot")) t->b = grow(a, depth - 1);
  } else {
    t->what = "[]";
    t->index = draw(WIDTH);
    t->a = grow(a, draw(depth));
  }
  return t;
}

/* NaN where a small change of the parameters might pass a kink or a pole. */
static double binary(const char *op, double x, double y) {
  if (op[0] == '+') return x + y;
  if (op[0] == '-') return x - y;
  if (op[0] == '*') return x * y;
  if (op[0] == '/') return fabs(y) < 0.5 ? NAN : x / y;
  if (op[0] == '^') return x < 0.5 || x > 4 || fabs(y) > 3 ? NAN : pow(x, y);
  if (fabs(x - y) < 0.05) return NAN;
  return op[1] == 'a' ? fmax(x, y) : fmin(x, y);
}

static double unary(const char *op, double x) {
  if (str_eq(op, "neg")) return -x;
  if (str_eq(op, "exp")) return exp(x);
  if (str_eq(op, "log")) return x < 0.5 ? NAN : log(x);
  if (str_eq(op, "log1p")) return x < -0.5 ? NAN : log1p(x);
  if (str_eq(op, "sqrt")) return x < 0.5 ? NAN : sqrt(x);
  if (str_eq(op, "abs")) return fabs(x) < 0.05 ? NAN : fabs(x);
  if (str_eq(op, "relu")) return fabs(x) < 0.05 ? NAN : x > 0 ? x : 0;
  if (str_eq(op, "sin")) return sin(x);
  if (str_eq(op, "cos")) return cos(x);
  if (str_eq(op, "tanh")) return tanh(x);
  if (str_eq(op, "erf")) return erf(x);
  if (str_eq(op, "sigmoid")) return 1 / (1 + exp(-x));
  return log(1 + exp(x));
}

static Value evaluate(const Tree *t);

static Value reduce(const Tree *t) {
  Value x = evaluate(t->a), y = t->b ? evaluate(t->b) : x, out = {.n = x.n && y.n == x.n};
  double sum = 0, most = x.v[0];
  const double sign = str_eq(t->what, "min1") ? -1 : 1;
  for (int i = 0; i < x.n; i++) {
    sum += str_eq(t->what, "dot") ? x.v[i] * y.v[i] : x.v[i];
    if (sign * x.v[i] > sign * most) most = x.v[i];
  }
  int near = 0;
  for (int i = 0; i < x.n; i++) near += fabs(x.v[i] - most) < 0.05;
  out.v[0] = str_eq(t->what, "mean") ? sum / x.n : sum;
  if (str_eq(t->what, "max1") || str_eq(t->what, "min1"))
    out.v[0] = near > 1 || isnan(sum) ? NAN : most;
  return out;
}

static Value leaf(const Tree *t) {
  if (str_eq(t->what, "number")) return (Value){1, {t->number}};
  if (str_eq(t->what, "a")) return (Value){1, {parameters[0]}};
  if (str_eq(t->what, "c")) return (Value){1, {data_c}};
  Value out = {.n = WIDTH};
  memcpy(out.v, str_eq(t->what, "v") ? parameters + 1 : data_x, sizeof out.v);
  return out;
}

/* n = 0: shapes that do not fit. */
static Value evaluate(const Tree *t) {
  if (t->a == NULL) return leaf(t);
  for (int i = 0; i < COUNT(reductions); i++)
    if (str_eq(t->what, reductions[i])) return reduce(t);
  Value x = evaluate(t->a), out = {0};
  if (str_eq(t->what, "[]")) {
    if (t->index < x.n) out = (Value){1, {x.v[t->index]}};
    for (int i = 0; i < x.n; i++)
      if (isnan(x.v[i])) out.v[0] = NAN; /* 0 times its slope would be nan */
    return out;
  }
  const Value y = t->b ? evaluate(t->b) : x;
  out.n = x.n == 0 || y.n == 0 ? 0 : x.n > y.n ? x.n : y.n;
  for (int i = 0; i < out.n; i++) {
    const double left = x.v[x.n == 1 ? 0 : i], right = y.v[y.n == 1 ? 0 : i];
    out.v[i] = t->b ? binary(t->what, left, right) : unary(t->what, left);
    if (fabs(out.v[i]) > 20 || isnan(left) || isnan(right)) out.v[i] = NAN;
  }
  return out;
}

/* How tightly the outermost operator binds: + - 1, * / 2, unary minus 3, ^ 4, all else 5. */
static int binding(const Tree *t) {
  if (t->b && strchr("+-", t->what[0])) return 1;
  if (t->b && strchr("*/", t->what[0])) return 2;
  if (str_eq(t->what, "neg")) return 3;
  return t->b && t->what[0] == '^' ? 4 : 5;
}

static void print(const Tree *t, int least, Str *out);

static void print_bare(const Tree *t, Str *out) {
  /* what may stand at the left and at the right without parentheses */
  static const int left[] = {0, 1, 2, 0, 5}, right[] = {0, 2, 3, 3, 3};
  const int how = binding(t);
  if (str_eq(t->what, "number")) {
    str_addf(out, "%g", t->number);
  } else if (t->a == NULL) {
    str_add(out, t->what);
  } else if (str_eq(t->what, "[]")) {
    print(t->a, 5, out);
    str_addf(out, "[%d]", t->index);
  } else if (how == 3) {
    str_add(out, "-");
    print(t->a, right[3], out);
  } else if (how < 5) {
    print(t->a, left[how], out);
    str_addf(out, draw(2) ? " %s " : "%s", t->what);
    print(t->b, right[how], out);
  } else {
    str_addn(out, t->what, (int)strcspn(t->what, "12"));
    if (str_eq(t->what, "log1p")) str_add(out, "1p");
    str_add(out, "(");
    print(t->a, 0, out);
    if (t->b) str_add(out, ", ");
    if (t->b) print(t->b, 0, out);
    str_add(out, ")");
  }
}

static void print(const Tree *t, int least, Str *out) {
  const bool group = binding(t) < least || draw(8) == 0;
  if (group) str_add(out, "(");
  print_bare(t, out);
  if (group) str_add(out, ")");
}

/* What must be left of the tree to differentiate: a + sum(v) makes the cost depend on both. */
static double direct(const Tree *t) {
  const Value x = evaluate(t);
  double sum = parameters[0];
  for (int i = 0; i < x.n; i++) sum += x.v[i];
  for (int i = 0; i < WIDTH; i++) sum += parameters[1 + i];
  return x.n ? sum : NAN;
}

static double slope(const Tree *t, int i) {
  const double h = 1e-5, at = parameters[i];
  parameters[i] = at + h;
  const double more = direct(t);
  parameters[i] = at - h;
  const double less = direct(t);
  parameters[i] = at;
  return (more - less) / (2 * h);
}

static void compare(const Tree *t, const char *expression) {
  char text[4000];
  Cost c;
  snprintf(text, sizeof text,
           "cost: 'a + sum(v) + sum(%s)'\nparameters: {a: %.17g, v: [%.17g, %.17g, %.17g]}\n"
           "data: {x: [%.17g, %.17g, %.17g], c: %.17g}\ntrain: {steps: 1}\n",
           expression, parameters[0], parameters[1], parameters[2], parameters[3], data_x[0],
           data_x[1], data_x[2], data_c);
  open_cost(&c, text);
  const double value = differentiate(&c), expected = direct(t);
  if (!(fabs(value - expected) <= 1e-4 * (1 + fabs(expected))))
    fail_msg("%s\nis %.9g, expected %.9g", text, value, expected);
  const char *reason;
  const double evaluated = cost_value(&c.arena, c.spec, &c.data, &reason);
  if (!(fabs(evaluated - expected) <= 1e-12 * (1 + fabs(expected))))
    fail_msg("%s\nis evaluated to %.17g, expected %.17g", text, evaluated, expected);
  assert_null(reason);
  size_t n;
  const Real *g = nn_model_vector(c.plan.model, NN_GRADIENTS, &n);
  for (int b = 0; b < nn_model_n_blocks(c.plan.model); b++) {
    const NnBlock *block = nn_model_block(c.plan.model, b);
    const int first = str_eq(block->path, "v");
    assert_int_equal(block->rows * block->cols, first ? WIDTH : 1);
    for (int k = 0; k < (first ? WIDTH : 1); k++) {
      const double found = (double)g[block->offset + (size_t)k], wanted = slope(t, first + k);
      if (!(fabs(found - wanted) <= 1e-3 * (1 + fabs(wanted))))
        fail_msg("%s\nd/d%s[%d] is %.9g, expected %.9g", text, block->path, k, found, wanted);
    }
  }
  close_cost(&c);
}

static bool is_smooth(const Tree *t) {
  if (!isfinite(direct(t))) return false;
  for (int i = 0; i < N_PARAMETERS; i++)
    if (!isfinite(slope(t, i)) || fabs(slope(t, i)) > 50) return false;
  return true;
}

static void random_expressions(void **state) {
  (void)state;
  int compared = 0, with_powers = 0;
  seed = 20;
  for (int i = 0; i < 60000 && compared < 400; i++) {
    Arena a = {0};
    arena_init(&a);
    for (int k = 0; k < N_PARAMETERS; k++) parameters[k] = 0.1 * (draw(40) - 20) + 0.013;
    const Tree *t = grow(&a, 1 + draw(4));
    if (is_smooth(t)) {
      Str text = str_new(&a);
      print(t, 0, &text);
      with_powers += strchr(str_text(&text), '^') != NULL;
      compare(t, str_text(&text));
      compared++;
    }
    arena_free(&a);
  }
  assert_int_equal(compared, 400);
  assert_true(with_powers > 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(random_expressions, arena_begin, arena_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
