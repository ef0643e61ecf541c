#include "param.h"

#include <limits.h>
#include <math.h>
#include <string.h>

const Param *param_find(const Param *params, int n, const char *name) {
  for (int i = 0; i < n; i++)
    if (str_eq(params[i].name, name)) return &params[i];
  return NULL;
}

const Kind *kind_find(const Registry *r, const char *name) {
  for (int i = 0; i < r->n; i++)
    if (str_eq(r->kinds[i]->name, name)) return r->kinds[i];
  return NULL;
}

const Param *kind_main_param(const Kind *k) {
  const Param *found = k->n_params == 1 ? &k->params[0] : NULL;
  for (int i = 0; i < k->n_params && k->n_params > 1; i++) {
    if (k->params[i].optional) continue;
    if (found) return NULL;
    found = &k->params[i];
  }
  return found;
}

const char *param_nearest(const Param *params, int n, const char *word) {
  const char *nearest = NULL;
  int best = INT_MAX;
  for (int i = 0; i < n; i++)
    if (str_nearer(word, params[i].name, &best)) nearest = params[i].name;
  return nearest;
}

const char *kind_nearest(const Registry *r, const char *word) {
  const char *nearest = NULL;
  int best = INT_MAX;
  for (int i = 0; i < r->n; i++)
    if (str_nearer(word, r->kinds[i]->name, &best)) nearest = r->kinds[i]->name;
  return nearest;
}

/* ---- what is legal --------------------------------------------------------------------------- */

static bool any_number(const Param *p) {
  return p->lo == 0 && p->hi == 0;
}

static bool in_range(const Param *p, double x) {
  if (!isfinite(x)) return false;
  if (any_number(p)) return true;
  bool above = p->lo_open ? x > p->lo : x >= p->lo;
  bool below = p->hi_open ? x < p->hi : x <= p->hi;
  return above && below;
}

static void expect_range(const Param *p, Str *out) {
  char lo[32], hi[32];
  bool has_lo = !any_number(p) && isfinite(p->lo), has_hi = !any_number(p) && isfinite(p->hi);
  str_f64(p->lo, lo);
  str_f64(p->hi, hi);
  if (has_lo && has_hi && !p->lo_open && !p->hi_open) {
    str_addf(out, " from %s to %s", lo, hi);
    return;
  }
  if (has_lo) str_addf(out, p->lo_open ? " above %s" : " of at least %s", lo);
  if (has_lo && has_hi) str_add(out, " and");
  if (has_hi && p->hi_open) str_addf(out, " below %s", hi);
  if (has_hi && !p->hi_open) str_addf(out, has_lo ? " at most %s" : " of at most %s", hi);
}

static const char *article(const char *noun) {
  return strchr("aeiou", noun[0]) ? "an" : "a";
}

void param_expectation(const Param *p, Str *out) {
  switch (p->type) {
  case P_BOOL:
    str_add(out, p->word ? "true, false" : "true or false");
    break;
  case P_INT:
  case P_REAL:
    if (p->lo == p->hi && !any_number(p)) {
      str_addf(out, "%g", p->lo);
      break;
    }
    str_add(out, p->type == P_INT ? "an integer" : "a number");
    expect_range(p, out);
    break;
  case P_REALS:
    str_add(out, "a list of numbers");
    expect_range(p, out);
    break;
  case P_STRING:
    str_add(out, "text");
    return;
  case P_CHOICE:
    for (int i = 0; p->choices[i]; i++) str_addf(out, "%s%s", i ? ", " : "one of: ", p->choices[i]);
    return;
  case P_KIND:
    str_addf(out, "%s %s, one of: ", article(p->registry->noun), p->registry->noun);
    for (int i = 0; i < p->registry->n; i++)
      str_addf(out, "%s%s", i ? ", " : "", p->registry->kinds[i]->name);
    return;
  }
  if (p->word) str_addf(out, " or %s", p->word);
}

/* ---- set ------------------------------------------------------------------------------------- */

static void *field(const Param *p, void *object) {
  return (char *)object + p->offset;
}

/* The nearest legal word, or NULL. */
static const char *nearest_word(const Param *p, const Scalar *value) {
  if (p->type == P_CHOICE && value->text) {
    int n = 0;
    while (p->choices[n]) n++;
    return str_nearest(value->text, p->choices, n);
  }
  if (p->word && value->type == SCALAR_STRING) return str_nearest(value->text, &p->word, 1);
  return NULL;
}

static Status refuse(const Param *p, const Scalar *value, Err *e) {
  Arena a;
  arena_init(&a);
  Str s = str_new(&a);
  str_add(&s, "expected ");
  param_expectation(p, &s);
  const char *found = value->type == SCALAR_NULL ? "nothing" : value->text;
  const char *quote = value->type == SCALAR_STRING ? "\"" : "";
  const char *near = nearest_word(p, value);
  str_addf(&s, ", found %s%.200s%s", quote, found, quote);
  if (near) str_addf(&s, "; did you mean \"%s\"?", near);
  if (p->type == P_STRING && value->type != SCALAR_NULL)
    str_addf(&s, "; write \"%.200s\" if text is meant", found);
  Status status = err_set(e, E_SPEC, "%s", str_text(&s));
  arena_free(&a);
  return status;
}

static bool is_word(const Param *p, const Scalar *value) {
  return p->word && value->type == SCALAR_STRING && str_eq(value->text, p->word);
}

/* An integer may be written as a real without a fraction: 1e3, 64.0. */
static bool as_integer(const Scalar *value, int64_t *n) {
  if (value->type == SCALAR_INT) {
    *n = value->integer;
    return true;
  }
  if (value->type != SCALAR_REAL || !(fabs(value->real) <= 9007199254740992.0)) return false;
  *n = (int64_t)value->real;
  return (double)*n == value->real;
}

static Status set_bool(const Param *p, void *to, const Scalar *value, Err *e) {
  bool word = is_word(p, value);
  if (value->type != SCALAR_BOOL && !word) return refuse(p, value, e);
  if (p->word)
    *(int *)to = word ? p->word_value : value->boolean;
  else
    *(bool *)to = value->boolean;
  return OK;
}

static Status set_int(const Param *p, void *to, const Scalar *value, Err *e) {
  int64_t n = p->word_value;
  if (!is_word(p, value)) {
    if (!as_integer(value, &n) || !in_range(p, (double)n)) return refuse(p, value, e);
  }
  *(int64_t *)to = n;
  return OK;
}

static Status set_real(const Param *p, void *to, const Scalar *value, Err *e) {
  double x = p->word_value;
  if (!is_word(p, value)) {
    bool number = value->type == SCALAR_INT || value->type == SCALAR_REAL;
    if (!number || !in_range(p, value->real)) return refuse(p, value, e);
    x = value->real;
  }
  *(double *)to = x;
  return OK;
}

static Status set_choice(const Param *p, void *to, const Scalar *value, Err *e) {
  for (int i = 0; p->choices[i]; i++) {
    if (value->text && str_eq(value->text, p->choices[i])) {
      *(int *)to = i;
      return OK;
    }
  }
  return refuse(p, value, e);
}

static Status set_reals_word(const Param *p, void *to, const Scalar *value, Err *e) {
  if (!is_word(p, value)) return refuse(p, value, e);
  *(Reals *)to = (Reals){.n = p->word_value};
  return OK;
}

Status param_set(const Param *p, void *object, const Scalar *value, Err *e) {
  void *to = field(p, object);
  switch (p->type) {
  case P_BOOL:
    return set_bool(p, to, value, e);
  case P_INT:
    return set_int(p, to, value, e);
  case P_REAL:
    return set_real(p, to, value, e);
  case P_CHOICE:
    return set_choice(p, to, value, e);
  case P_REALS:
    return set_reals_word(p, to, value, e);
  case P_STRING:
    if (value->type != SCALAR_STRING) return refuse(p, value, e);
    *(const char **)to = value->text;
    return OK;
  case P_KIND:
    break;
  }
  FAIL(e, E_INTERNAL, "parameter %s takes a kind, which param_set does not handle", p->name);
}

Status param_element(const Param *p, const Scalar *value, double *out, Err *e) {
  Param one = *p;
  one.type = P_REAL;
  one.word = NULL;
  return set_real(&one, out, value, e);
}

/* `[1, 0.5]`: numbers hold no comma. */
static Status parse_reals(Arena *a, const Param *p, void *to, const char *text, Err *e) {
  static const char blank_or_end[] = " ,]";
  Reals list = {.v = ARENA_ARRAY(a, double, strlen(text))};
  const char *at = text + 1;
  while (*(at += strspn(at, " ,")) && *at != ']') {
    const size_t length = strcspn(at, blank_or_end);
    const Scalar value = scalar_parse(arena_strndup(a, at, length), false);
    TRY(param_element(p, &value, &list.v[list.n++], e));
    at += length;
  }
  CHECK(e, list.n > 0 && str_eq(at, "]"), E_SPEC, "expected a list of numbers, found \"%s\"", text);
  *(Reals *)to = list;
  return OK;
}

Status param_parse(Arena *a, const Param *p, void *object, const char *text, Err *e) {
  if (p->type == P_REALS && text[0] == '[') return parse_reals(a, p, field(p, object), text, e);
  const Scalar value = scalar_parse(text, p->type == P_STRING);
  return param_set(p, object, &value, e);
}

/* ---- defaults -------------------------------------------------------------------------------- */

void param_defaults(const Param *params, int n, void *object, Arena *a) {
  for (int i = 0; i < n; i++) {
    const Param *p = &params[i];
    if (!p->def) continue;
    if (p->type == P_KIND) {
      const Kind *kind = kind_find(p->registry, p->def);
      if (kind) *(KindValue *)field(p, object) = kind_default(kind, a);
      continue;
    }
    Err e = {.status = OK};
    /* that every default is legal is a test of the tables */
    (void)!param_parse(a, p, object, p->def, &e);
  }
}

KindValue kind_default(const Kind *kind, Arena *a) {
  KindValue value = {.kind = kind};
  if (kind->config_size) value.config = arena_alloc(a, 1, kind->config_size);
  if (value.config) param_defaults(kind->params, kind->n_params, value.config, a);
  return value;
}

/* ---- get ------------------------------------------------------------------------------------- */

static void get_bool(const Param *p, const void *from, Str *out) {
  int value = p->word ? *(const int *)from : *(const bool *)from;
  bool word = p->word && value == p->word_value;
  str_add(out, word ? p->word : value ? "true" : "false");
}

static void add_real(double x, Str *out) {
  char text[32];
  if (isnan(x))
    str_add(out, ".nan");
  else if (isinf(x))
    str_add(out, x > 0 ? ".inf" : "-.inf");
  else
    str_add(out, str_f64(x, text));
}

static void get_real(const Param *p, const void *from, Str *out) {
  double x = *(const double *)from;
  if (p->word && x == p->word_value)
    str_add(out, p->word);
  else
    add_real(x, out);
}

static void get_reals(const Param *p, const void *from, Str *out) {
  const Reals *list = from;
  if (!list->v) {
    str_add(out, p->word && list->n == p->word_value ? p->word : "null");
    return;
  }
  for (int i = 0; i < list->n; i++) {
    str_add(out, i ? ", " : "[");
    add_real(list->v[i], out);
  }
  str_add(out, "]");
}

void param_get(const Param *p, const void *object, Str *out) {
  const void *from = (const char *)object + p->offset;
  switch (p->type) {
  case P_BOOL:
    get_bool(p, from, out);
    break;
  case P_INT: {
    int64_t n = *(const int64_t *)from;
    if (p->word && n == p->word_value)
      str_add(out, p->word);
    else
      str_addf(out, "%lld", (long long)n);
    break;
  }
  case P_REAL:
    get_real(p, from, out);
    break;
  case P_REALS:
    get_reals(p, from, out);
    break;
  case P_STRING: {
    const char *text = *(const char *const *)from;
    if (text)
      scalar_write_string(out, text);
    else
      str_add(out, "null");
    break;
  }
  case P_CHOICE:
    str_add(out, p->choices[*(const int *)from]);
    break;
  case P_KIND: {
    const Kind *kind = ((const KindValue *)from)->kind;
    str_add(out, kind ? kind->name : "null");
    break;
  }
  }
}
