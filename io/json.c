#include "json.h"

#include <math.h>
#include <string.h>

#include "utf8.h"

JsonWriter json_writer(Str *out) {
  return (JsonWriter){.out = out};
}

/* Before a value or key: the comma behind the one before it. */
static void separate(JsonWriter *j) {
  if (j->comma) str_add(j->out, ", ");
  j->comma = true;
}

void json_open(JsonWriter *j, char bracket) {
  separate(j);
  str_addn(j->out, &bracket, 1);
  j->comma = false;
}

void json_close(JsonWriter *j, char bracket) {
  str_addn(j->out, &bracket, 1);
  j->comma = true;
}

static void add_escaped(Str *out, const char *text) {
  static const char *const short_form[] = {
      ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
      ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};
  str_add(out, "\"");
  size_t n = strlen(text);
  for (size_t at = 0; at < n;) {
    uint32_t c;
    int bytes = utf8_next(text + at, n - at, &c);
    if (c == UTF8_BAD) {
      str_add(out, "\xEF\xBF\xBD"); /* the replacement character: JSON is UTF-8 */
    } else if (c < (uint32_t)COUNT(short_form) && short_form[c] != NULL) {
      str_add(out, short_form[c]);
    } else if (c < 0x20) {
      str_addf(out, "\\u%04x", (unsigned)c);
    } else {
      str_addn(out, text + at, bytes);
    }
    at += (size_t)bytes;
  }
  str_add(out, "\"");
}

void json_key(JsonWriter *j, const char *key) {
  separate(j);
  add_escaped(j->out, key);
  str_add(j->out, ": ");
  j->comma = false;
}

void json_str(JsonWriter *j, const char *text) {
  separate(j);
  add_escaped(j->out, text);
}

/* `text`: x, if it is an ordinary number. */
static void add_number(JsonWriter *j, double x, const char *text) {
  separate(j);
  if (isnan(x)) {
    str_add(j->out, "null");
  } else if (isinf(x)) {
    str_add(j->out, x > 0 ? "\"inf\"" : "\"-inf\"");
  } else if (x == 0 && signbit(x)) {
    str_add(j->out, "-0.0"); /* -0 would read as the integer 0 */
  } else {
    str_add(j->out, text);
  }
}

void json_f64(JsonWriter *j, double x) {
  char text[32];
  add_number(j, x, str_f64(x, text));
}

void json_f32(JsonWriter *j, float x) {
  char text[32];
  add_number(j, (double)x, str_f32(x, text));
}

void json_int(JsonWriter *j, int64_t x) {
  separate(j);
  str_addf(j->out, "%lld", (long long)x);
}

void json_bool(JsonWriter *j, bool x) {
  separate(j);
  str_add(j->out, x ? "true" : "false");
}

void json_none(JsonWriter *j) {
  separate(j);
  str_add(j->out, "null");
}

void json_put_int(JsonWriter *j, const char *key, int64_t x) {
  json_key(j, key);
  json_int(j, x);
}

void json_put_f64(JsonWriter *j, const char *key, double x) {
  json_key(j, key);
  json_f64(j, x);
}

void json_put_str(JsonWriter *j, const char *key, const char *text) {
  json_key(j, key);
  if (text)
    json_str(j, text);
  else
    json_none(j);
}
