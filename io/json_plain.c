/*
 * JSON as this program writes it, in one pass over one copy of the text, whose quotes become the NULs
 * of its strings. Whatever is rare or wrong is left to jansson: escapes, bytes beyond ASCII, integers
 * of more than 18 digits, numbers that overflow, objects of many keys, depth, all errors.
 */
#include "json_plain.h"

#include <math.h>
#include <string.h>

enum { MOST_KEYS = 64, MOST_DIGITS = 18 };

typedef struct {
  Arena *a;
  char *at; /* the text ends in NUL, which nothing passes */
} Reader;

static JsonValue *read_value(Reader *r, int depth);

static void skip_space(Reader *r) {
  while (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r') r->at++;
}

static bool take(Reader *r, char c) {
  skip_space(r);
  if (*r->at != c) return false;
  r->at++;
  return true;
}

/* Behind its first quote; of *length bytes. NULL: it is not plain. */
static char *read_string(Reader *r, int *length) {
  char *begin = r->at, *at = begin;
  while ((signed char)*at >= ' ' && *at != '"' && *at != '\\') at++; /* beyond ASCII is below 0 */
  if (*at != '"' || at - begin > 1 << 24) return NULL;
  *at = '\0';
  *length = (int)(at - begin);
  r->at = at + 1;
  return begin;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static const char *behind_digits(const char *at) {
  while (is_digit(*at)) at++;
  return at;
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?; *whole: the end of its integer. NULL: no number. */
static const char *behind_number(const char *at, const char **whole) {
  if (*at == '-') at++;
  if (!is_digit(*at)) return NULL;
  at = *at == '0' ? at + 1 : behind_digits(at);
  *whole = at;
  if (*at == '.') {
    if (!is_digit(*++at)) return NULL;
    at = behind_digits(at);
  }
  if (*at == 'e' || *at == 'E') {
    at++;
    if (*at == '+' || *at == '-') at++;
    if (!is_digit(*at)) return NULL;
    at = behind_digits(at);
  }
  return at;
}

static bool read_number(Reader *r, JsonValue *v) {
  const char *whole, *end = behind_number(r->at, &whole);
  char *read = NULL;
  if (!end || whole - r->at > MOST_DIGITS || end - r->at > 1 << 10) return false;
  v->text = r->at;
  v->length = (int)(end - r->at);
  if (end == whole) {
    const bool negative = *v->text == '-';
    for (const char *p = v->text + negative; p < end; p++)
      v->integer = 10 * v->integer + (*p - '0');
    if (negative) v->integer = -v->integer;
    v->type = JSON_INT;
    v->real = (double)v->integer;
  } else {
    v->type = JSON_NUMBER;
    v->real = str_to_f64(v->text, &read);
    if (read != end || isinf(v->real)) return false;
  }
  r->at += v->length;
  return true;
}

static bool read_word(Reader *r, const char *word) {
  const size_t n = strlen(word);
  if (strncmp(r->at, word, n) != 0) return false;
  r->at += n;
  return true;
}

static bool read_text(Reader *r, JsonValue *v) {
  int length;
  r->at++;
  const char *text = read_string(r, &length);
  if (text) json_set_text(v, text);
  return text != NULL;
}

static bool read_scalar(Reader *r, JsonValue *v) {
  switch (*r->at) {
  case '"':
    return read_text(r, v);
  case 't':
  case 'f':
    v->type = JSON_BOOL;
    v->integer = *r->at == 't';
    return read_word(r, v->integer ? "true" : "false");
  case 'n':
    v->type = JSON_NONE;
    v->real = NAN;
    return read_word(r, "null");
  }
  return read_number(r, v);
}

/* Is there a key like it among the n before? *seen has a bit for each of a kind that was there. */
static bool is_new(const JsonValue *object, const char *key, int length, uint64_t *seen) {
  const unsigned kind = (unsigned)(31 * length + 7 * key[0] + key[length / 2]) % 64;
  const bool maybe = *seen >> kind & 1;
  *seen |= (uint64_t)1 << kind;
  return !maybe || json_get(object, key) == NULL;
}

static bool read_children(Reader *r, JsonValue *v, int depth) {
  const bool map = v->type == JSON_MAP;
  const char close = map ? '}' : ']';
  JsonValue **next = &v->first;
  uint64_t seen = 0;
  if (depth == JSON_MAX_DEPTH) return false;
  if (take(r, close)) return true;
  do {
    const char *key = NULL;
    int length = 0;
    if (map) {
      if (!take(r, '"') || !(key = read_string(r, &length)) || v->n_children == MOST_KEYS ||
          !is_new(v, key, length, &seen) || !take(r, ':'))
        return false;
    }
    JsonValue *child = read_value(r, depth + 1);
    if (!child) return false;
    child->key = key;
    *next = child;
    next = &child->next;
    v->n_children++;
  } while (take(r, ','));
  return take(r, close);
}

/* NULL: not plain. */
static JsonValue *read_value(Reader *r, int depth) {
  JsonValue *v = ARENA_NEW(r->a, JsonValue);
  skip_space(r);
  if (*r->at != '{' && *r->at != '[') return read_scalar(r, v) ? v : NULL;
  v->type = *r->at == '{' ? JSON_MAP : JSON_LIST;
  r->at++;
  return read_children(r, v, depth) ? v : NULL;
}

JsonValue *json_parse_plain(Arena *a, const char *text, size_t n) {
  Reader r = {.a = a, .at = arena_strndup(a, text, n)};
  const char *end = r.at + n;
  JsonValue *v = read_value(&r, 1);
  if (v) skip_space(&r);
  return v && r.at == end ? v : NULL;
}
