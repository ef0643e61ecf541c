#include "yaml.h"

#include <math.h>
#include <string.h>

#include "utf8.h"

#define WIDTH 100 /* columns that a flow value may reach */

/* ---- scalars ---- */

/* May it stand in a YAML file as it is? No: controls, line breaks of YAML 1.1, the byte order
 * mark. */
static bool printable(uint32_t c) {
  if (c == UTF8_BAD || c < 0x20 || (c > 0x7E && c < 0xA0)) return false;
  return c != 0x2028 && c != 0x2029 && c != 0xFEFF && (c & 0xFFFE) != 0xFFFE;
}

/* Is the text read back unchanged without quotes? `flow`: inside [ ] or { }. */
static bool plain_is_safe(const char *text, bool flow) {
  size_t n = strlen(text);
  if (n == 0 || strchr("-?:,[]{}#&*!|>'\"%@` ", text[0]) != NULL || text[n - 1] == ' ' ||
      text[n - 1] == ':' || str_starts(text, "...")) {
    return false;
  }
  for (size_t at = 0; at < n;) {
    uint32_t c;
    at += (size_t)utf8_next(text + at, n - at, &c);
    if (!printable(c)) return false;
    if (c == ':' && (text[at] == ' ' || text[at] == '?')) return false;
    if (c == ' ' && text[at] == '#') return false;
    if (flow && c < 0x80 && strchr(",[]{}?", (int)c) != NULL) return false;
  }
  return true;
}

static void add_quoted(Str *out, const char *text) {
  str_add(out, "\"");
  size_t n = strlen(text);
  for (size_t at = 0; at < n;) {
    uint32_t c;
    int bytes = utf8_next(text + at, n - at, &c);
    if (c == '"' || c == '\\') {
      str_addf(out, "\\%c", (char)c);
    } else if (c == '\n' || c == '\t') {
      str_add(out, c == '\n' ? "\\n" : "\\t");
    } else if (printable(c)) {
      str_addn(out, text + at, bytes);
    } else if (c == UTF8_BAD || c < 0x100) {
      str_addf(out, "\\x%02X", (unsigned)(unsigned char)(c == UTF8_BAD ? text[at] : (char)c));
    } else {
      str_addf(out, c > 0xFFFF ? "\\U%08X" : "\\u%04X", (unsigned)c);
    }
    at += (size_t)bytes;
  }
  str_add(out, "\"");
}

static void add_text(Str *out, const char *text, bool safe) {
  if (safe) {
    str_add(out, text);
  } else {
    add_quoted(out, text);
  }
}

static void add_real(Str *out, double x) {
  char text[32];
  const char *special = isnan(x)               ? ".nan"
                        : isinf(x)             ? (x > 0 ? ".inf" : "-.inf")
                        : x == 0 && signbit(x) ? "-0.0" /* -0 is the integer 0 */
                                               : NULL;
  str_add(out, special != NULL ? special : str_f64(x, text));
}

static void add_scalar(Str *out, const YamlNode *n, bool flow) {
  Scalar s = yaml_scalar(n);
  switch (s.type) {
  case SCALAR_NULL:
    str_add(out, "null");
    break;
  case SCALAR_BOOL:
    str_add(out, s.boolean ? "true" : "false");
    break;
  case SCALAR_INT:
    str_addf(out, "%lld", (long long)s.integer);
    break;
  case SCALAR_REAL:
    add_real(out, s.real);
    break;
  case SCALAR_STRING:
    add_text(out, n->text,
             plain_is_safe(n->text, flow) && scalar_parse(n->text, false).type == SCALAR_STRING);
    break;
  }
}

static void add_key(Str *out, const char *key, bool flow) {
  add_text(out, key, plain_is_safe(key, flow));
  str_add(out, ":");
}

/* ---- flow style ---- */

void yaml_write_flow(const YamlNode *n, Str *out) {
  if (n->type == YAML_SCALAR) {
    add_scalar(out, n, true);
    return;
  }
  bool map = n->type == YAML_MAP;
  str_add(out, map ? "{" : "[");
  for (const YamlNode *child = n->first; child != NULL; child = child->next) {
    if (map) add_key(out, child->key, true);
    if (map) str_add(out, " ");
    yaml_write_flow(child, out);
    if (child->next != NULL) str_add(out, ", ");
  }
  str_add(out, map ? "}" : "]");
}

/* ---- block style ---- */

static void cut(Str *out, int length) {
  out->length = length;
  out->text[length] = '\0';
}

/* Adds the flow form if the line stays within WIDTH; else leaves `out` as it was. */
static bool add_flow_that_fits(Str *out, const YamlNode *n) {
  int before = out->length;
  yaml_write_flow(n, out);
  int line = before;
  while (line > 0 && out->text[line - 1] != '\n') line--;
  if (utf8_columns(out->text + line) <= WIDTH) return true;
  cut(out, before);
  return false;
}

static bool has_only_scalars(const YamlNode *n) {
  for (const YamlNode *child = n->first; child != NULL; child = child->next) {
    if (child->type != YAML_SCALAR) return false;
  }
  return true;
}

/* The value on the line that is begun, if it belongs there. */
static bool add_inline(Str *out, const YamlNode *n, bool in_list) {
  if (n->type == YAML_SCALAR) {
    add_scalar(out, n, false);
    return true;
  }
  if (n->n_children == 0) {
    yaml_write_flow(n, out);
    return true;
  }
  bool flow = in_list || (n->type == YAML_LIST && has_only_scalars(n));
  return flow && add_flow_that_fits(out, n);
}

/* A list or map with its lines at `column`; the first line is indented already. */
static void add_block(Str *out, const YamlNode *n, int column) {
  for (const YamlNode *child = n->first; child != NULL; child = child->next) {
    if (child != n->first) str_addf(out, "%*s", column, "");
    if (n->type == YAML_LIST) {
      str_add(out, "- ");
    } else {
      add_key(out, child->key, false);
    }
    int before = out->length;
    if (n->type == YAML_MAP) str_add(out, " ");
    if (add_inline(out, child, n->type == YAML_LIST)) {
      str_add(out, "\n");
      continue;
    }
    cut(out, before);
    if (n->type == YAML_MAP) str_addf(out, "\n%*s", column + 2, "");
    add_block(out, child, column + 2);
  }
}

void yaml_write(const YamlNode *n, Str *out) {
  if (add_inline(out, n, false)) {
    str_add(out, "\n");
  } else {
    add_block(out, n, 0);
  }
}
