/* A cost's text, by recursive descent. The first problem ends the reading. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "cost.h"

typedef struct {
  Arena *arena;
  const char *text;
  int at;                  /* of the next token */
  int last_from, last_end; /* the token before it; last_end 0: there is none */
  int depth;
  CostProblem *problem; /* message NULL: none yet */
} Parser;

/* A function: what it is on nn's graph with one argument and with two; NULL: not with so many. */
typedef struct {
  const char *one, *two;
} Function;

#define FUNCTIONS(F)                                                                               \
  F("exp", "exp", NULL)                                                                            \
  F("log", "log", NULL)                                                                            \
  F("log1p", "log1p", NULL)                                                                        \
  F("sqrt", "sqrt", NULL)                                                                          \
  F("square", "square", NULL)                                                                      \
  F("abs", "abs", NULL)                                                                            \
  F("sin", "sin", NULL)                                                                            \
  F("cos", "cos", NULL)                                                                            \
  F("tanh", "tanh", NULL)                                                                          \
  F("sigmoid", "sigmoid", NULL)                                                                    \
  F("relu", "relu", NULL)                                                                          \
  F("softplus", "softplus", NULL)                                                                  \
  F("erf", "erf", NULL)                                                                            \
  F("max", "max_of", "max")                                                                        \
  F("min", "min_of", "min")                                                                        \
  F("sum", "sum", NULL)                                                                            \
  F("mean", "mean", NULL)                                                                          \
  F("dot", NULL, "dot")

#define F_NAME(name, one, two) name,
#define F_ROW(name, one, two)  {one, two},
const char *const cost_functions[] = {FUNCTIONS(F_NAME)};
static const Function rows[] = {FUNCTIONS(F_ROW)};
const int cost_n_functions = COUNT(cost_functions);

/* ---- tokens ---------------------------------------------------------------------------------- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int name_length(const char *s) {
  int n = 0;
  while (is_letter(s[n]) || (n > 0 && is_digit(s[n]))) n++;
  return n;
}

bool cost_is_name(const char *text) {
  return *text && text[name_length(text)] == '\0';
}

/* 1, 1.5, .5, 1e-3; 0: no number stands here. */
static int number_length(const char *s) {
  int n = (int)strspn(s, "0123456789"), digits = n;
  if (s[n] == '.') {
    const int after = (int)strspn(s + n + 1, "0123456789");
    digits += after;
    n += 1 + after;
  }
  if (digits == 0) return 0;
  if (s[n] != 'e' && s[n] != 'E') return n;
  const int sign = s[n + 1] == '-' || s[n + 1] == '+';
  const int exponent = (int)strspn(s + n + 1 + sign, "0123456789");
  return exponent > 0 ? n + 1 + sign + exponent : n;
}

static bool is_utf8_tail(char c) {
  return ((unsigned char)c & 0xC0) == 0x80;
}

/* The bytes of whatever stands next, for messages; 0 at the end. */
static int token_length(const Parser *p) {
  const char *s = p->text + p->at;
  int n = name_length(s);
  if (n == 0) n = number_length(s);
  if (n == 0 && *s)
    for (n = 1; is_utf8_tail(s[n]);) n++;
  return n;
}

static void skip_space(Parser *p) {
  p->at += (int)strspn(p->text + p->at, " \t\r\n");
}

static void take(Parser *p, int length) {
  p->last_from = p->at;
  p->last_end = p->at + length;
  p->at += length;
  skip_space(p);
}

static bool take_if(Parser *p, char c) {
  if (p->text[p->at] != c) return false;
  take(p, 1);
  return true;
}

static const CostExpr *fail(Parser *p, int from, int length, const char *message) {
  if (p->problem->message == NULL)
    *p->problem = (CostProblem){.from = from, .length = length, .message = message};
  return NULL;
}

/* `message` and what was found instead, marked there; at the end of the text, what stands last. */
static const CostExpr *fail_here(Parser *p, const char *message) {
  const int n = token_length(p);
  if (n == 0) return fail(p, p->last_from, p->last_end - p->last_from, message);
  return fail(p, p->at, n,
              arena_printf(p->arena, "%s, found \"%.*s\"", message, n, p->text + p->at));
}

/* ---- nodes ----------------------------------------------------------------------------------- */

/* From `from` to the last token. */
static CostExpr *node(Parser *p, CostType type, int from) {
  CostExpr *x = ARENA_NEW(p->arena, CostExpr);
  x->type = type;
  x->from = from;
  x->length = p->last_end - from;
  return x;
}

static const CostExpr *operation(Parser *p, const char *op, int from, const CostExpr *left,
                                 const CostExpr *right) {
  CostExpr *x = node(p, COST_OP, from);
  x->op = op;
  x->args[0] = left;
  x->args[1] = right;
  x->n_args = right ? 2 : 1;
  return x;
}

static const CostExpr *parse_sum(Parser *p);
static const CostExpr *parse_unary(Parser *p);

static const CostExpr *parse_number(Parser *p, int length) {
  const char *text = arena_strndup(p->arena, p->text + p->at, (size_t)length);
  const double value = str_to_f64(text, NULL);
  if (!isfinite((float)value))
    return fail(p, p->at, length, arena_printf(p->arena, "%s is beyond 3.4e38", text));
  take(p, length);
  CostExpr *x = node(p, COST_NUMBER, p->last_from);
  x->number = value;
  return x;
}

static int find_function(const char *name) {
  for (int i = 0; i < cost_n_functions; i++)
    if (str_eq(cost_functions[i], name)) return i;
  return -1;
}

static const CostExpr *unknown_function(Parser *p, const char *name, int from) {
  const char *nearest = str_nearest(name, cost_functions, cost_n_functions);
  Str s = str_new(p->arena);
  str_addf(&s, "no function is called \"%s\"; ", name);
  if (nearest) {
    str_addf(&s, "did you mean \"%s\"?", nearest);
  } else {
    str_add(&s, "there are ");
    for (int i = 0; i < cost_n_functions; i++)
      str_addf(&s, "%s%s", i ? ", " : "", cost_functions[i]);
    str_add(&s, "; a product is written with *");
  }
  return fail(p, from, (int)strlen(name), str_text(&s));
}

/* Behind `name (`. */
static const CostExpr *parse_call(Parser *p, const char *name, int from) {
  const int which = find_function(name), open = p->last_from;
  if (which < 0) return unknown_function(p, name, from);
  const CostExpr *args[2] = {NULL};
  int n = 0;
  do {
    const CostExpr *x = parse_sum(p);
    if (x == NULL) return NULL;
    if (n < 2) args[n] = x;
    n++;
  } while (take_if(p, ','));
  if (p->text[p->at] != ')')
    return fail_here(
        p, arena_printf(p->arena, "expected \")\" or \",\" in %s(.. at column %d", name, open + 1));
  take(p, 1);
  const Function *f = &rows[which];
  const char *op = n == 1 ? f->one : n == 2 ? f->two : NULL;
  if (op == NULL)
    return fail(p, from, p->last_end - from,
                arena_printf(p->arena, "%s takes %s, found %d", name,
                             !f->two   ? "1 value"
                             : !f->one ? "2 values"
                                       : "1 or 2 values",
                             n));
  return operation(p, op, from, args[0], args[1]);
}

static const CostExpr *parse_name(Parser *p, int length) {
  const char *name = arena_strndup(p->arena, p->text + p->at, (size_t)length);
  const int from = p->at;
  take(p, length);
  if (take_if(p, '(')) return parse_call(p, name, from);
  if (find_function(name) >= 0)
    return fail(p, from, length,
                arena_printf(p->arena, "%s is a function: write %s(..)", name, name));
  CostExpr *x = node(p, COST_NAME, from);
  x->name = name;
  return x;
}

static const CostExpr *parse_group(Parser *p) {
  const int open = p->at;
  take(p, 1);
  const CostExpr *x = parse_sum(p);
  if (x == NULL || take_if(p, ')')) return x;
  return fail_here(p,
                   arena_printf(p->arena, "expected \")\" for the \"(\" at column %d", open + 1));
}

static const CostExpr *parse_primary(Parser *p) {
  const char *s = p->text + p->at;
  const int name = name_length(s), number = number_length(s);
  if (name > 0) return parse_name(p, name);
  if (number > 0) return parse_number(p, number);
  if (*s == '(') return parse_group(p);
  if (p->last_end == 0) return fail_here(p, "expected a value");
  if (s[0] == '*' && p->text[p->last_from] == '*')
    return fail(p, p->last_from, p->at + 1 - p->last_from, "a power is written ^, not **");
  return fail_here(p, arena_printf(p->arena, "expected a value after \"%.*s\"",
                                   p->last_end - p->last_from, p->text + p->last_from));
}

/* ---- indices --------------------------------------------------------------------------------- */

static bool parse_index(Parser *p, int *out) {
  const int n = (int)strspn(p->text + p->at, "0123456789");
  if (n == 0 || n > 9 || n != number_length(p->text + p->at)) {
    fail_here(p, "expected an index: a whole number from 0");
    return false;
  }
  *out = 0;
  for (int i = 0; i < n; i++) *out = *out * 10 + (p->text[p->at + i] - '0');
  take(p, n);
  return true;
}

static const CostExpr *parse_indexed(Parser *p) {
  const int from = p->at;
  const CostExpr *x = parse_primary(p);
  while (x && take_if(p, '[')) {
    const int open = p->last_from;
    int first, end;
    if (!parse_index(p, &first)) return NULL;
    end = first + 1;
    if (take_if(p, ':') && !parse_index(p, &end)) return NULL;
    if (!take_if(p, ']')) return fail_here(p, "expected \"]\"");
    if (end <= first)
      return fail(p, open, p->last_end - open,
                  arena_printf(p->arena,
                               "%d:%d holds nothing: a slice goes from its first value to the one "
                               "before its end",
                               first, end));
    CostExpr *slice = node(p, COST_SLICE, from);
    slice->first = first;
    slice->n = end - first;
    slice->args[0] = x;
    slice->n_args = 1;
    x = slice;
  }
  return x;
}

/* ---- operators ------------------------------------------------------------------------------- */

static const CostExpr *parse_power(Parser *p) {
  const int from = p->at;
  const CostExpr *base = parse_indexed(p);
  if (base == NULL || !take_if(p, '^')) return base;
  const CostExpr *exponent = parse_unary(p);
  return exponent ? operation(p, "pow", from, base, exponent) : NULL;
}

/* Everything that nests passes here. */
static const CostExpr *parse_unary(Parser *p) {
  const int from = p->at;
  if (p->depth == COST_MAX_DEPTH)
    return fail(
        p, from, 1,
        arena_printf(p->arena, "nested deeper than %d levels; give it fewer", COST_MAX_DEPTH));
  p->depth++;
  const CostExpr *x = NULL;
  if (take_if(p, '-')) {
    x = parse_unary(p);
    if (x) x = operation(p, "neg", from, x, NULL);
  } else {
    x = take_if(p, '+') ? parse_unary(p) : parse_power(p);
  }
  p->depth--;
  return x;
}

/* Left associative: operators[i] is ops[i]. */
static const CostExpr *parse_chain(Parser *p, const char *operators, const char *const *ops,
                                   const CostExpr *(*next)(Parser *)) {
  const int from = p->at;
  const CostExpr *left = next(p);
  while (left) {
    const char c = p->text[p->at], *found = c ? strchr(operators, c) : NULL;
    if (found == NULL) return left;
    take(p, 1);
    const CostExpr *right = next(p);
    left = right ? operation(p, ops[found - operators], from, left, right) : NULL;
  }
  return NULL;
}

static const CostExpr *parse_product(Parser *p) {
  static const char *const ops[] = {"mul", "div"};
  return parse_chain(p, "*/", ops, parse_unary);
}

static const CostExpr *parse_sum(Parser *p) {
  static const char *const ops[] = {"add", "sub"};
  return parse_chain(p, "+-", ops, parse_product);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* A value is complete, and still something follows. */
static void fail_rest(Parser *p) {
  const char *s = p->text + p->at;
  const int n = token_length(p);
  const char *found = arena_strndup(p->arena, s, (size_t)n);
  const char *message;
  if (name_length(s) > 0 || number_length(s) > 0 || *s == '(')
    message = arena_printf(
        p->arena, "expected an operator before \"%s\"; a product is written with *", found);
  else if (*s == ')')
    message = "\")\" closes nothing";
  else if (*s == ',')
    message = "\",\" stands between the arguments of a function only";
  else
    message = arena_printf(p->arena, "expected an operator (+ - * / ^), found \"%s\"", found);
  fail(p, p->at, n, message);
}

const CostExpr *cost_parse(Arena *a, const char *text, CostProblem *problem) {
  *problem = (CostProblem){0};
  Parser p = {.arena = a, .text = text, .problem = problem};
  skip_space(&p);
  if (text[p.at] == '\0') return fail(&p, 0, 1, "the cost is empty: write it, such as (w - 5)^2");
  if (strlen(text) > COST_MAX_LENGTH)
    return fail(&p, COST_MAX_LENGTH, 1,
                arena_printf(a, "the cost has %zu characters; at most %d are read", strlen(text),
                             COST_MAX_LENGTH));
  const CostExpr *x = parse_sum(&p);
  if (x && text[p.at]) fail_rest(&p);
  return problem->message ? NULL : x;
}
