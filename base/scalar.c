#include "scalar.h"

#include <math.h>
#include <string.h>

static bool any(const char *text, const char *const *words) {
  for (; *words; words++)
    if (str_eq(text, *words)) return true;
  return false;
}

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/* [-+]? [0-9]+ | 0o [0-7]+ | 0x [0-9a-fA-F]+; one beyond int64_t is a real. */
static bool parse_integer(const char *text, Scalar *s) {
  const char *p = text;
  int base = 10;
  bool negative = *p == '-';
  if (p[0] == '0' && (p[1] == 'o' || p[1] == 'x')) {
    base = p[1] == 'o' ? 8 : 16;
    p += 2;
  } else if (*p == '-' || *p == '+') {
    p++;
  }
  if (!*p) return false;
  uint64_t value = 0;
  double real = 0;
  bool fits = true;
  for (; *p; p++) {
    int d = digit(*p);
    if (d >= base) return false;
    fits = fits && !__builtin_mul_overflow(value, (uint64_t)base, &value) &&
           !__builtin_add_overflow(value, (uint64_t)d, &value);
    real = real * base + d;
  }
  uint64_t limit = (uint64_t)INT64_MAX + negative;
  fits = fits && value <= limit;
  s->type = fits ? SCALAR_INT : SCALAR_REAL;
  s->real = base == 10 ? str_to_f64(text, NULL) : real;
  if (fits) s->integer = negative ? (int64_t)(0 - value) : (int64_t)value;
  return true;
}

/* [-+]? ( .[0-9]+ | [0-9]+ ( .[0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_real(const char *p) {
  if (*p == '-' || *p == '+') p++;
  size_t whole = strspn(p, "0123456789");
  p += whole;
  if (*p == '.') {
    size_t fraction = strspn(++p, "0123456789");
    if (whole + fraction == 0) return false;
    p += fraction;
  } else if (whole == 0) {
    return false;
  }
  if (*p == 'e' || *p == 'E') {
    p++;
    if (*p == '-' || *p == '+') p++;
    size_t exponent = strspn(p, "0123456789");
    if (exponent == 0) return false;
    p += exponent;
  }
  return *p == '\0';
}

static bool parse_real(const char *text, Scalar *s) {
  static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
  static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
  bool sign = *text == '-' || *text == '+';
  if (any(text + sign, infinities))
    s->real = *text == '-' ? -INFINITY : INFINITY;
  else if (any(text, nans))
    s->real = NAN;
  else if (is_real(text))
    s->real = str_to_f64(text, NULL);
  else
    return false;
  s->type = SCALAR_REAL;
  return true;
}

Scalar scalar_parse(const char *text, bool quoted) {
  static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
  static const char *const trues[] = {"true", "True", "TRUE", NULL};
  static const char *const falses[] = {"false", "False", "FALSE", NULL};
  Scalar s = {.type = SCALAR_STRING, .text = text};
  if (quoted) return s;
  if (any(text, nulls)) {
    s.type = SCALAR_NULL;
  } else if (any(text, trues) || any(text, falses)) {
    s.type = SCALAR_BOOL;
    s.boolean = any(text, trues);
  } else if (!parse_integer(text, &s)) {
    (void)parse_real(text, &s);
  }
  return s;
}

const char *scalar_type_name(ScalarType type) {
  switch (type) {
  case SCALAR_NULL:
    return "nothing";
  case SCALAR_BOOL:
    return "true or false";
  case SCALAR_INT:
    return "an integer";
  case SCALAR_REAL:
    return "a number";
  case SCALAR_STRING:
    return "text";
  }
  return "?";
}

/* Line breaks and controls beyond ASCII (U+0080..9F, U+2028, U+2029, the byte order mark): the
 * bytes of one at p, or 0. */
static int strange(const char *p) {
  const unsigned char *u = (const unsigned char *)p;
  if (u[0] == 0xC2 && u[1] >= 0x80 && u[1] <= 0x9F) return 2;
  if (u[0] == 0xE2 && u[1] == 0x80 && (u[2] == 0xA8 || u[2] == 0xA9)) return 3;
  if (u[0] == 0xEF && u[1] == 0xBB && u[2] == 0xBF) return 3;
  return 0;
}

bool scalar_is_plain(const char *text) {
  if (scalar_parse(text, false).type != SCALAR_STRING) return false;
  size_t n = strlen(text);
  if (strchr("!&*|>'\"%@`#? \t", text[0]) || text[n - 1] == ' ' || text[n - 1] == ':') return false;
  if (text[0] == '-' && (n == 1 || text[1] == ' ' || text[1] == '-')) return false;
  if (str_starts(text, "...")) return false;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c < 0x20 || c == 0x7f || strange(text + i) || strchr(",[]{}", c)) return false;
    if (c == ':' && text[i + 1] == ' ') return false;
    if (c == '#' && i > 0 && text[i - 1] == ' ') return false;
  }
  return true;
}

void scalar_write_string(Str *out, const char *text) {
  if (scalar_is_plain(text)) {
    str_add(out, text);
    return;
  }
  str_add(out, "\"");
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') {
      str_addf(out, "\\%c", c);
    } else if (c == '\n') {
      str_add(out, "\\n");
    } else if (c == '\t') {
      str_add(out, "\\t");
    } else if (c < 0x20 || c == 0x7f) {
      str_addf(out, "\\x%02X", c);
    } else if (strange(text) == 2) {
      str_addf(out, "\\x%02X", (unsigned char)*++text);
    } else if (strange(text) == 3) {
      const char *code = c == 0xEF ? "FEFF" : (unsigned char)text[2] == 0xA8 ? "2028" : "2029";
      str_addf(out, "\\u%s", code);
      text += 2;
    } else {
      str_addn(out, text, 1);
    }
  }
  str_add(out, "\"");
}
