#include <math.h>
#include <string.h>

#include "base/scalar.h"
#include "check.h"

static void types(void **state) {
  (void)state;
  static const struct {
    const char *text;
    ScalarType type;
  } rows[] = {
      {"", SCALAR_NULL},        {"~", SCALAR_NULL},
      {"null", SCALAR_NULL},    {"Null", SCALAR_NULL},
      {"NULL", SCALAR_NULL},    {"nUll", SCALAR_STRING},
      {"true", SCALAR_BOOL},    {"False", SCALAR_BOOL},
      {"TRUE", SCALAR_BOOL},    {"yes", SCALAR_STRING},
      {"no", SCALAR_STRING},    {"on", SCALAR_STRING},
      {"Off", SCALAR_STRING},   {"tRue", SCALAR_STRING},
      {"0", SCALAR_INT},        {"-0", SCALAR_INT},
      {"+12", SCALAR_INT},      {"007", SCALAR_INT},
      {"0o17", SCALAR_INT},     {"0o17x", SCALAR_STRING},
      {"0o8", SCALAR_STRING},   {"0x1F", SCALAR_INT},
      {"-0x1F", SCALAR_STRING}, {"0x", SCALAR_STRING},
      {"0o", SCALAR_STRING},    {"0xfg", SCALAR_STRING},
      {"1_000", SCALAR_STRING}, {"1:30", SCALAR_STRING},
      {"1e-3", SCALAR_REAL},    {".5", SCALAR_REAL},
      {"5.", SCALAR_REAL},      {"-1.5E+3", SCALAR_REAL},
      {".", SCALAR_STRING},     {"e3", SCALAR_STRING},
      {"1e", SCALAR_STRING},    {"1e+", SCALAR_STRING},
      {"1.2.3", SCALAR_STRING}, {"+", SCALAR_STRING},
      {"-", SCALAR_STRING},     {".inf", SCALAR_REAL},
      {"-.INF", SCALAR_REAL},   {"+.Inf", SCALAR_REAL},
      {".nan", SCALAR_REAL},    {".NaN", SCALAR_REAL},
      {"-.nan", SCALAR_STRING}, {"inf", SCALAR_STRING},
      {"nan", SCALAR_STRING},   {"infinity", SCALAR_STRING},
      {"0x1p3", SCALAR_STRING}, {" 1", SCALAR_STRING},
      {"1 ", SCALAR_STRING},    {"2001-01-01", SCALAR_STRING},
  };
  for (int i = 0; i < COUNT(rows); i++) {
    Scalar s = scalar_parse(rows[i].text, false);
    if (s.type != rows[i].type)
      fail_msg("\"%s\" is read as %s, not %s", rows[i].text, scalar_type_name(s.type),
               scalar_type_name(rows[i].type));
    assert_ptr_equal(s.text, rows[i].text);
    assert_int_equal(scalar_parse(rows[i].text, true).type, SCALAR_STRING);
  }
}

static int64_t integer(const char *text) {
  Scalar s = scalar_parse(text, false);
  assert_int_equal(s.type, SCALAR_INT);
  return s.integer;
}

static double real(const char *text) {
  return scalar_parse(text, false).real;
}

static void values(void **state) {
  (void)state;
  assert_int_equal(integer("-42"), -42);
  assert_int_equal(integer("+42"), 42);
  assert_int_equal(integer("010"), 10);
  assert_int_equal(integer("0o17"), 15);
  assert_int_equal(integer("0x1F"), 31);
  assert_true(integer("9223372036854775807") == INT64_MAX);
  assert_true(integer("-9223372036854775808") == INT64_MIN);
  assert_true(real("-42") == -42.0);
  assert_true(real("0x10") == 16.0);
  assert_true(real("1e-3") == 0.001);
  assert_true(real(".5") == 0.5 && real("5.") == 5.0 && real("-1.5E+3") == -1500.0);
  assert_true(isinf(real(".inf")) && real(".inf") > 0 && real("-.inf") < 0 && isnan(real(".nan")));
  assert_true(scalar_parse("True", false).boolean);
  assert_false(scalar_parse("FALSE", false).boolean);
}

static void integers_too_large_are_reals(void **state) {
  (void)state;
  Scalar s = scalar_parse("9223372036854775808", false);
  assert_int_equal(s.type, SCALAR_REAL);
  assert_true(s.real == 9223372036854775808.0);
  assert_int_equal(scalar_parse("-9223372036854775809", false).type, SCALAR_REAL);
  s = scalar_parse("0x10000000000000000", false);
  assert_int_equal(s.type, SCALAR_REAL);
  assert_true(s.real == 18446744073709551616.0);
  assert_int_equal(scalar_parse("100000000000000000000000000", false).type, SCALAR_REAL);
}

static void plain_and_quoted(void **state) {
  (void)state;
  const char *const plain[] = {"relu", "a b", "a:b", "x#y", "C:\\dir", "-x", "a-b", "größe", "a'b"};
  for (int i = 0; i < COUNT(plain); i++) assert_true(scalar_is_plain(plain[i]));
  const char *const quoted[] = {
      "",   "12",  "1e3",  "true", "null", "~",  ".inf", "- x", "-",    "---",  "? a",  "a: b",
      "a:", ": a", "a #b", "#a",   "[a",   "a]", "{a",   "a,b", " a",   "a ",   "&a",   "*a",
      "!a", "|",   ">",    "'a",   "\"a",  "%a", "@a",   "`a",  "a\nb", "\x7f", "0x1F", "..."};
  for (int i = 0; i < COUNT(quoted); i++)
    if (scalar_is_plain(quoted[i])) fail_msg("\"%s\" must be quoted", quoted[i]);

  Arena a;
  arena_init(&a);
  Str s = str_new(&a);
  scalar_write_string(&s, "relu");
  scalar_write_string(&s, "a\"b\\\n\t\x01");
  scalar_write_string(&s, "\xC2\x85\xE2\x80\xA8");
  assert_string_equal(str_text(&s), "relu\"a\\\"b\\\\\\n\\t\\x01\"\"\\x85\\u2028\"");
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(types), cmocka_unit_test(values),
                                     cmocka_unit_test(integers_too_large_are_reals),
                                     cmocka_unit_test(plain_and_quoted)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
