/* JSON: what is written is what is read, in every number, string and nesting. */
#include "arena_rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/json_plain.h"

static JsonValue *parse(Arena *a, const char *text) {
  Err e = {0};
  JsonValue *v = NULL;
  if (json_parse(a, text, strlen(text), &v, &e) != OK) print_error("%s: %s\n", text, e.text);
  assert_non_null(v);
  return v;
}

static void writes(void **state) {
  Str out = str_new(*state);
  JsonWriter j = json_writer(&out);
  json_open(&j, '{');
  json_key(&j, "a");
  json_int(&j, INT64_MIN);
  json_key(&j, "b\"\\");
  json_open(&j, '[');
  json_bool(&j, true);
  json_bool(&j, false);
  json_none(&j);
  json_open(&j, '[');
  json_close(&j, ']');
  json_open(&j, '{');
  json_close(&j, '}');
  json_str(&j, "\x01\b\t\n\f\r\"\\/\x7F\xC3\xA9\xFF");
  json_close(&j, ']');
  json_key(&j, "c");
  json_f64(&j, 0.1);
  json_close(&j, '}');
  assert_string_equal(str_text(&out),
                      "{\"a\": -9223372036854775808, \"b\\\"\\\\\": [true, false, null, [], {}, "
                      "\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\/\x7F\xC3\xA9\xEF\xBF\xBD\"], \"c\": 0.1}");
}

static void numbers_have_their_own_form(void **state) {
  static const struct {
    double x;
    const char *text;
  } cases[] = {{1, "1"},       {-0.0, "-0.0"},        {0.001, "0.001"},        {1e300, "1e+300"},
               {NAN, "null"},  {INFINITY, "\"inf\""}, {-INFINITY, "\"-inf\""}, {5e-324, "5e-324"},
               {1e21, "1e+21"}};
  for (int i = 0; i < COUNT(cases); i++) {
    Str out = str_new(*state);
    JsonWriter j = json_writer(&out);
    json_f64(&j, cases[i].x);
    assert_string_equal(str_text(&out), cases[i].text);
  }
}

static uint64_t next_random(uint64_t *s) {
  *s ^= *s << 13;
  *s ^= *s >> 7;
  *s ^= *s << 17;
  return *s;
}

static double from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static void assert_number_comes_back(Arena *a, double x) {
  Str out = str_new(a);
  JsonWriter j = json_writer(&out);
  json_f64(&j, x);
  double y = json_number(parse(a, str_text(&out)), 12345);
  if (isnan(x) ? !isnan(y) : memcmp(&x, &y, sizeof x) != 0)
    print_error("%a %s\n", x, str_text(&out));
  assert_true(isnan(x) ? isnan(y) : memcmp(&x, &y, sizeof x) == 0);
}

/* Random bits, and every exponent with the mantissas at its ends; both signs. */
static void every_double_comes_back(void **state) {
  uint64_t seed = 88172645463325252u;
  for (int i = 0; i < 20000; i++) {
    if (i % 500 == 0) arena_free(*state);
    assert_number_comes_back(*state, from_bits(next_random(&seed)));
    assert_number_comes_back(*state, (double)(int64_t)next_random(&seed));
  }
  static const uint64_t mantissas[] = {0, 1, (1ull << 52) - 1, 1ull << 51};
  for (uint64_t exponent = 0; exponent < 0x1000; exponent++) { /* with the sign */
    if (exponent % 100 == 0) arena_free(*state);
    for (int m = 0; m < COUNT(mantissas); m++) {
      assert_number_comes_back(*state, from_bits(exponent << 52 | mantissas[m]));
    }
  }
}

static void reads(void **state) {
  JsonValue *v =
      parse(*state, " {\"a\": [1, -2.5, \"x\\u00e9\\n\", true, null], \"b\": {\"c\": {}}}\n");
  assert_int_equal(v->type, JSON_MAP);
  assert_int_equal(v->n_children, 2);
  const JsonValue *list = json_get(v, "a"), *item = list->first;
  assert_int_equal(list->type, JSON_LIST);
  assert_int_equal(list->n_children, 5);
  assert_int_equal(item->type, JSON_INT);
  assert_int_equal(item->integer, 1);
  assert_true(item->real == 1);
  item = item->next;
  assert_int_equal(item->type, JSON_NUMBER);
  assert_true(item->real == -2.5);
  item = item->next;
  assert_string_equal(json_text(item, "?"), "x\xC3\xA9\n");
  item = item->next;
  assert_int_equal(item->type, JSON_BOOL);
  assert_int_equal(item->integer, 1);
  item = item->next;
  assert_int_equal(item->type, JSON_NONE);
  assert_null(item->next);
  assert_int_equal(json_get(json_get(v, "b"), "c")->n_children, 0);
  assert_null(json_get(v, "d"));
  assert_null(json_get(list, "a"));
  assert_null(json_get(NULL, "a"));
}

/* ---- the fast way and jansson ---------------------------------------------------------------- */

static void assert_same(const JsonValue *x, const JsonValue *y) {
  assert_int_equal(x->type, y->type);
  assert_int_equal(x->integer, y->integer);
  assert_memory_equal(&x->real, &y->real, sizeof x->real);
  assert_int_equal(x->n_children, y->n_children);
  assert_int_equal(x->key == NULL, y->key == NULL);
  if (x->key) assert_string_equal(x->key, y->key);
  if (x->type == JSON_TEXT) assert_string_equal(x->text, y->text);
  if (x->type == JSON_TEXT) assert_int_equal(x->length, y->length);
  const JsonValue *a = x->first, *b = y->first;
  for (; a && b; a = a->next, b = b->next) assert_same(a, b);
  assert_true(a == NULL && b == NULL);
}

/* Read fast, it is what jansson reads; true: it was read fast. */
static bool compare(Arena *a, const char *text, size_t n) {
  const JsonValue *fast = json_parse_plain(a, text, n);
  JsonValue *slow;
  Err e = {0};
  if (!fast) return false;
  if (json_parse_any(a, text, n, &slow, &e) != OK) {
    print_error("jansson refuses what was read: %s: %s\n", text, e.text);
    fail();
  }
  assert_same(fast, slow);
  return true;
}

static const char result[] =
    "{\"trial\": 17, \"point\": {\"a.b\": 0.013, \"c\": \"adam\", \"d\": true, \"e\": [32, -7]},\n"
    "\t\"metric\": -1.5e-07, \"o\": {}, \"curves\": {\"x\": [0.5, 1E+2, null, \"inf\", \"-inf\"], "
    "\"y\": []}, \"f\": false, \"z\": 0, \"w\": -0.0, \"v\": 123456789012345678 }";

static void fast_and_slow_are_the_same(void **state) {
  static const struct {
    bool plain;
    const char *text;
  } cases[] = {
      {true, result},
      {true, " [1 , 2]\r\n"},
      {true, "-0"},
      {true, "5e-324"},
      {true, "0.1e0"},
      {true, "\"a\x7F\""},
      {false, "1234567890123456789"}, /* these are jansson's */
      {false, "99999999999999999999"},
      {false, "\"\\n\""},
      {false, "\"\xC3\xA9\""},
      {false, "\"\xFF\""},
      {false, "\"\x1F\""},
      {false, "1e999"},
      {false, "{\"a\": 1, \"b\": 2, \"a\": 3}"},
      {false, "01"},
      {false, "1."},
      {false, ".5"},
      {false, "+1"},
      {false, "1e"},
      {false, "0x10"},
      {false, "nan"},
      {false, "truth"},
      {false, "tru"},
      {false, "[1,]"},
      {false, "{\"a\" 1}"},
      {false, "{1: 2}"},
      {false, "{,}"},
      {false, "[1] 2"},
      {false, "[1"},
      {false, "\"a"},
      {false, ""},
  };
  for (int i = 0; i < COUNT(cases); i++)
    if (compare(*state, cases[i].text, strlen(cases[i].text)) != cases[i].plain)
      fail_msg("%s: read %s", cases[i].text, cases[i].plain ? "slowly" : "fast");
  assert_null(json_parse_plain(*state, "[1]\0", 4));
  const JsonValue *v = json_get(json_parse_plain(*state, result, strlen(result)), "metric");
  assert_int_equal(v->length, 8);
  assert_memory_equal(v->text, "-1.5e-07", 8);
}

/* Every byte in turn another one of those that mean something, and every end. */
static void damaged_fast_and_slow(void **state) {
  static const char bytes[] = "\"[]{},: \\\n019-+.eEtfnu\x01\xC3";
  (void)state;
  int n_plain = 0;
  for (size_t i = 0; i < strlen(result); i++) {
    Arena scratch = {0};
    char *text = arena_strdup(&scratch, result);
    for (size_t k = 0; k < sizeof bytes; k++) {
      text[i] = bytes[k]; /* the last is NUL */
      n_plain += compare(&scratch, text, strlen(text));
      n_plain += compare(&scratch, text, strlen(result));
    }
    arena_free(&scratch);
  }
  assert_true(n_plain > 500);
}

/* As many keys, digits and levels as it reads, and one more. */
static void limits_of_the_fast_way(void **state) {
  for (int n = 60; n < 70; n++) {
    Str out = str_new(*state);
    for (int i = 0; i < n; i++) str_addf(&out, "%s\"k%d\": %d", i ? ", " : "{", i, i);
    str_add(&out, "}");
    assert_int_equal(compare(*state, str_text(&out), (size_t)out.length), n <= 64);
  }
  for (int n = 195; n < 205; n++) {
    Str out = str_new(*state);
    for (int i = 0; i < n; i++) str_add(&out, "[");
    for (int i = 0; i < n; i++) str_add(&out, "]");
    assert_int_equal(compare(*state, str_text(&out), (size_t)out.length), n < 200);
  }
}

static void what_is_not_there_is_otherwise(void **state) {
  JsonValue *v = parse(*state, "{\"t\": \"x\", \"i\": \"inf\", \"b\": true, \"n\": 7, \"l\": []}");
  assert_true(json_number(NULL, 3) == 3);
  assert_true(json_number(json_get(v, "t"), 3) == 3);
  assert_true(json_number(json_get(v, "b"), 3) == 3);
  assert_true(json_number(json_get(v, "l"), 3) == 3);
  assert_true(json_number(json_get(v, "n"), 3) == 7);
  assert_true(json_number(json_get(v, "i"), 3) == INFINITY);
  assert_string_equal(json_text(NULL, "o"), "o");
  assert_string_equal(json_text(json_get(v, "n"), "o"), "o");
}

static void order_is_kept(void **state) {
  Str out = str_new(*state);
  JsonWriter j = json_writer(&out);
  char key[16];
  json_open(&j, '{');
  for (int i = 0; i < 200; i++) {
    snprintf(key, sizeof key, "k%d", i * 7919 % 200);
    json_key(&j, key);
    json_int(&j, i);
  }
  json_close(&j, '}');
  int i = 0;
  for (const JsonValue *v = parse(*state, str_text(&out))->first; v != NULL; v = v->next, i++) {
    snprintf(key, sizeof key, "k%d", i * 7919 % 200);
    assert_string_equal(v->key, key);
    assert_int_equal(v->integer, i);
  }
  assert_int_equal(i, 200);
}

static void errors_have_a_place(void **state) {
  static const struct {
    const char *text, *place;
  } cases[] = {{"{\"a\": 1,\n \"b\" 2}", "JSON line 2, column 6"},
               {"{\"a\": 1, \"a\": 2}", "JSON line 1"},
               {"[1, 2", "JSON line 1, column 5"},
               {"", "JSON line"},
               {"[1] x", "JSON line 1"},
               {"{\"a\": nan}", "JSON line 1"},
               {"[1e999]", "JSON line 1"},
               {"\"\\ud800\"", "JSON line 1"}};
  for (int i = 0; i < COUNT(cases); i++) {
    Err e = {0};
    JsonValue *v;
    assert_int_equal(json_parse(*state, cases[i].text, strlen(cases[i].text), &v, &e), E_DATA);
    if (!str_starts(e.text, cases[i].place)) print_error("%s: %s\n", cases[i].text, e.text);
    assert_true(str_starts(e.text, cases[i].place));
  }
  char deep[2001];
  memset(deep, '[', 1000);
  memset(deep + 1000, ']', 1000);
  Err e = {0};
  JsonValue *v;
  assert_int_equal(json_parse(*state, deep, 2000, &v, &e), E_DATA);
  assert_non_null(strstr(e.text, "deeper than"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(writes),
      T(numbers_have_their_own_form),
      T(every_double_comes_back),
      T(reads),
      T(order_is_kept),
      T(what_is_not_there_is_otherwise),
      T(errors_have_a_place),
      T(fast_and_slow_are_the_same),
      T(damaged_fast_and_slow),
      T(limits_of_the_fast_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
