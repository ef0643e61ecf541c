/*
 * JSON: a small writer over Str (shortest numbers; nan as null, inf as "inf", -inf as "-inf"), and
 * a reader into YamlNode-free values: io/json_plain.c reads what is plain, jansson (io/json_read.c is the
 * only file that knows it) everything else, and says what is wrong.
 * Names keep clear of jansson's own (json_string, JSON_OBJECT, ..): the two are linked together.
 */
#ifndef CAVIAR_JSON_H
#define CAVIAR_JSON_H

#include "base/str.h"

typedef struct {
  Str *out;
  bool comma; /* the next value needs one */
} JsonWriter;

JsonWriter json_writer(Str *out);
void json_open(JsonWriter *j, char bracket);  /* '{' or '[' */
void json_close(JsonWriter *j, char bracket); /* '}' or ']' */
void json_key(JsonWriter *j, const char *key);
void json_str(JsonWriter *j, const char *text);
void json_f64(JsonWriter *j, double x);
void json_f32(JsonWriter *j, float x); /* the shortest that reads back as this float */
void json_int(JsonWriter *j, int64_t x);
void json_bool(JsonWriter *j, bool x);
void json_none(JsonWriter *j);
/* A key and its value. */
void json_put_int(JsonWriter *j, const char *key, int64_t x);
void json_put_f64(JsonWriter *j, const char *key, double x);
void json_put_str(JsonWriter *j, const char *key, const char *text); /* NULL: null */

typedef enum {
  JSON_NONE, /* null */
  JSON_BOOL,
  JSON_INT,
  JSON_NUMBER,
  JSON_TEXT,
  JSON_LIST,
  JSON_MAP
} JsonType;

typedef struct JsonValue JsonValue;
struct JsonValue {
  JsonType type;
  int64_t integer; /* JSON_BOOL, JSON_INT */
  double real; /* JSON_INT, JSON_NUMBER; "inf" and "-inf" strings and null give inf, -inf, nan */
  const char
      *text;       /* JSON_TEXT; of numbers as they were written, without a NUL, or NULL: unknown */
  const char *key; /* child of an object */
  JsonValue *first, *next;
  int n_children;
  int length; /* bytes of `text` */
};

/* Copies everything into `a`. E_DATA with line and column in the text. */
MUST_CHECK Status json_parse(Arena *a, const char *text, size_t n, JsonValue **value, Err *e);
const JsonValue *json_get(const JsonValue *object, const char *key); /* NULL: not there */
double json_number(const JsonValue *v, double otherwise);
const char *json_text(const JsonValue *v, const char *otherwise);

#endif
