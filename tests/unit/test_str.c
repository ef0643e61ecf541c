#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/str.h"
#include "check.h"

static Arena arena;

static void building(void **state) {
  (void)state;
  Str s = str_new(&arena);
  assert_string_equal(str_text(&s), "");
  str_addn(&s, "", 0);
  assert_string_equal(s.text, "");
  str_add(&s, "one ");
  str_addn(&s, "two three", 3);
  str_addf(&s, " %d%s", 3, "!");
  assert_string_equal(str_text(&s), "one two 3!");
  assert_int_equal(s.length, 10);
  for (int i = 0; i < 5000; i++) str_addf(&s, "%d,", i % 10);
  assert_int_equal(s.length, 10 + 10000);
  assert_int_equal(strlen(s.text), 10010);
  assert_string_equal(s.text + 10006, "8,9,");
}

static void comparing(void **state) {
  (void)state;
  assert_true(str_eq("a", "a") && !str_eq("a", "ab"));
  assert_true(str_starts("hidden.0", "hidden") && !str_starts("hid", "hidden") &&
              str_starts("x", ""));
  assert_true(str_ends("a.yaml", ".yaml") && !str_ends("yaml", ".yaml") && str_ends("x", ""));
}

static void assert_f64(double x, const char *expected) {
  char out[32];
  assert_string_equal(str_f64(x, out), expected);
}

static void numbers_as_text(void **state) {
  (void)state;
  assert_f64(0.1, "0.1");
  assert_f64(1e-7, "1e-07");
  assert_f64(20, "20");
  assert_f64(100, "100");
  assert_f64(-1234.5, "-1234.5");
  assert_f64(0.0001, "0.0001");
  assert_f64(0.00012, "0.00012");
  assert_f64(1.25e-5, "1.25e-05");
  assert_f64(1e15, "1000000000000000");
  assert_f64(1e16, "1e+16");
  assert_f64(1.0 / 3, "0.3333333333333333");
  assert_f64(9007199254740993.0, "9007199254740992");
  assert_f64(DBL_MAX, "1.7976931348623157e+308");
  assert_f64(DBL_TRUE_MIN, "5e-324");
  assert_f64(0.0, "0");
  assert_f64(-0.0, "-0");
  assert_f64((double)NAN, "nan");
  assert_f64((double)INFINITY, "inf");
  assert_f64((double)-INFINITY, "-inf");
  char out[32];
  assert_string_equal(str_f32(0.1f, out), "0.1");
  assert_string_equal(str_f32(16777216.0f, out), "16777216");
  assert_string_equal(str_f32(FLT_MAX, out), "3.4028235e+38");
  assert_string_equal(str_f32(FLT_TRUE_MIN, out), "1e-45");
  assert_string_equal(str_f32(-INFINITY, out), "-inf");
}

/* Every bit pattern comes back, and one digit fewer would not. */
static void round_trip(void **state) {
  (void)state;
  Rng r = rng_stream(1, RNG_TEST, 0, 0);
  for (int i = 0; i < 20000; i++) {
    uint64_t u = rng_u64(&r);
    uint32_t v = rng_u32(&r);
    double x;
    float y;
    memcpy(&x, &u, sizeof x);
    memcpy(&y, &v, sizeof y);
    char out[32];
    if (isfinite(x)) {
      assert_true(str_to_f64(str_f64(x, out), NULL) == x);
      assert_true(strlen(out) < 26);
    }
    if (isfinite(y)) assert_true(str_to_f32(str_f32(y, out), NULL) == y);
  }
  for (int i = 1; i < 2000; i++) { /* short decimals stay short */
    char out[32], expected[32];
    snprintf(expected, sizeof expected, "0.%03d", i % 1000);
    while (str_ends(expected, "0") && strlen(expected) > 3) expected[strlen(expected) - 1] = '\0';
    if (i % 1000) assert_string_equal(str_f64((double)(i % 1000) / 1000, out), expected);
  }
}

/* Significant digits of a number's text. */
static int n_digits(const char *text) {
  int n = 0, zeros = 0;
  bool begun = false;
  for (; *text && *text != 'e'; text++) {
    if (*text < '0' || *text > '9') continue;
    begun |= *text != '0';
    zeros = *text == '0' ? zeros + 1 : 0;
    n += begun;
  }
  return n > zeros ? n - zeros : 0;
}

/* The fewest that read back, tried one after another. */
static int fewest(double x, bool single) {
  char text[40];
  for (int p = 0; p < 17; p++) {
    snprintf(text, sizeof text, "%.*e", p, x);
    if (single ? strtof(text, NULL) == (float)x : strtod(text, NULL) == x) break;
  }
  return n_digits(text);
}

/* Of decimals of 1 to 17 digits and every size, and of any bits: denormals are among them. */
static void fewest_digits(void **state) {
  (void)state;
  Rng r = rng_stream(2, RNG_TEST, 0, 0);
  char out[32], text[64];
  for (int i = 0; i < 20000; i++) {
    uint64_t bits = rng_u64(&r);
    double x;
    memcpy(&x, &bits, sizeof x);
    if (i % 2) {
      const int digits = 1 + (int)(rng_u32(&r) % 17), exponent = (int)(rng_u32(&r) % 620) - 324;
      snprintf(text, sizeof text, "%.*se%d", digits, &"12345678987654321"[i % 3], exponent);
      if (i % 4 == 1) snprintf(text, sizeof text, "%.*ge%d", digits, rng_f64(&r), exponent);
      x = strtod(text, NULL);
    }
    if (isfinite(x)) assert_int_equal(n_digits(str_f64(x, out)), fewest(x, false));
    const int size = isfinite(x) && x != 0 ? ilogb(x) : 0;
    const float y = i % 4 ? (float)ldexp(x, (int)(rng_u32(&r) % 270) - 145 - size) : (float)x;
    if (isfinite(y)) assert_int_equal(n_digits(str_f32(y, out)), fewest((double)y, true));
  }
}

/* The text as the C library's conversions make it. */
static void assert_as_printf(double x) {
  char text[40], out[32];
  int n = DBL_DIG;
  do snprintf(text, sizeof text, "%.*e", n - 1, x);
  while (strtod(text, NULL) != x && n++ < 17);
  str_f64(x, out);
  assert_true(strtod(out, NULL) == x);
  char again[40];
  snprintf(again, sizeof again, "%.*e", n - 1, strtod(out, NULL));
  assert_string_equal(again, text);
  assert_true(n_digits(out) <= n);
  if (n > DBL_DIG) { /* digit by digit: what reads back is not always what is nearest */
    char digits[40] = {0}, mine[40] = {0};
    int k = 0, j = 0;
    for (const char *p = text; *p != 'e'; p++)
      if (*p >= '0' && *p <= '9') digits[k++] = *p;
    while (k > 1 && digits[k - 1] == '0') digits[--k] = '\0';
    const char *p = out;
    while (*p == '-' || *p == '0' || *p == '.') p++;
    for (; *p && *p != 'e'; p++)
      if (*p != '.') mine[j++] = *p;
    while (j > 1 && mine[j - 1] == '0') mine[--j] = '\0';
    assert_string_equal(mine, digits);
  }
}

/* Of every size at which the two ways meet: any bits, quotients of a record, halves of the last digit,
 * powers of two and ten and their neighbours. */
static void as_the_c_library(void **state) {
  (void)state;
  Rng r = rng_stream(3, RNG_TEST, 0, 0);
  for (int i = 0; i < 60000; i++) {
    const double any = ldexp(1 + rng_f64(&r), (int)(rng_u32(&r) % 72) - 22);
    const uint32_t a = rng_u32(&r), b = rng_u32(&r);
    assert_as_printf(i % 2 ? any : -any);
    assert_as_printf((double)(a % 10000) / (double)(b % 10000 + 1));
    assert_as_printf((double)(float)any);
    assert_as_printf((double)a / ldexp(1, (int)(b % 48)));
  }
  for (int i = -22; i < 50; i++)
    for (int k = -2; k <= 2; k++)
      assert_as_printf(ldexp(1 + k * (k < 0 ? 0.5 : 1) * DBL_EPSILON, i));
  char text[40];
  for (int i = -6; i < 14; i++) {
    snprintf(text, sizeof text, "1e%d", i);
    const double x = strtod(text, NULL);
    for (int k = -2; k <= 2; k++) assert_as_printf(x * (1 + k * DBL_EPSILON));
  }
}

/* What strtod makes of it, to the bit and to the place where it ends. */
static void assert_as_strtod(const char *text) {
  char *end, *expected_end;
  const double x = str_to_f64(text, &end), expected = strtod(text, &expected_end);
  if (memcmp(&x, &expected, sizeof x) != 0 || end != expected_end)
    fail_msg("%s: %.17g behind %d, expected %.17g behind %d", text, x, (int)(end - text), expected,
             (int)(expected_end - text));
  assert_true(memcmp(&(double){str_to_f64(text, NULL)}, &expected, sizeof x) == 0);
}

static void reads_as_the_c_library(void **state) {
  (void)state;
  static const char *const texts[] = {"0",
                                      "-0",
                                      "0.0",
                                      "-0.000",
                                      "1",
                                      "-1",
                                      "1.",
                                      ".5",
                                      "-.5",
                                      "",
                                      "-",
                                      "--1",
                                      "+1",
                                      " 1",
                                      "1 2",
                                      "1,2",
                                      "1.5.2",
                                      "1e",
                                      "1e+",
                                      "1e-",
                                      "1ex",
                                      "1e5",
                                      "1E-5",
                                      "1e-5,",
                                      "1e-5.",
                                      "1e-05x",
                                      "12e-0019",
                                      "1e-19",
                                      "1e-20",
                                      "1e-400",
                                      "1e400",
                                      "1e-4000000000000",
                                      "0x10",
                                      "0x1p-3",
                                      "1x",
                                      "1_000",
                                      "inf",
                                      "-inf",
                                      "nan",
                                      "infinity",
                                      "1e16",
                                      "9007199254740992",
                                      "9007199254740993",
                                      "9007199254740994",
                                      "9007199254740995",
                                      "-9007199254740993",
                                      "9223372036854775807",
                                      "9223372036854775808",
                                      "9999999999999999999",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "0.5000000000000000277",
                                      "0.5000000000000000278",
                                      "4.35",
                                      "0.1",
                                      "0.30000000000000004",
                                      "1.0000000000000002220",
                                      "1.0000000000000001110",
                                      "1.000000000000000111",
                                      "2.2250738585072014e-308",
                                      "5e-324",
                                      "0000000000000000001.5",
                                      "00000000000000000001.5",
                                      "1.0000000000000000000",
                                      "0.00000000000000000001"};
  for (int i = 0; i < COUNT(texts); i++) assert_as_strtod(texts[i]);
  Rng r = rng_stream(4, RNG_TEST, 0, 0);
  char text[64], tail[16];
  for (int i = 0; i < 100000; i++) {
    const int places = (int)(rng_u32(&r) % 21), digits = (int)(rng_u32(&r) % 19) + 1;
    const uint64_t u = rng_u64(&r);
    snprintf(text, sizeof text, "%s%.*e", i % 3 ? "" : "-", digits,
             ldexp(rng_f64(&r), (int)(u % 90) - 50));
    assert_as_strtod(text);
    snprintf(text, sizeof text, "%.*f", places, ldexp(rng_f64(&r), (int)(u % 50) - 10));
    assert_as_strtod(text);
    snprintf(text, sizeof text, "%llu", (unsigned long long)(u >> (i % 64)));
    snprintf(tail, sizeof tail, "e-%d", places);
    assert_as_strtod(strcat(text, i % 2 ? tail : ""));
    /* a half between two neighbours, and what is just beside it */
    const double x = ldexp(1 + rng_f64(&r), (int)(u % 11));
    snprintf(text, sizeof text, "%.15f", x);
    assert_as_strtod(text);
    const uint64_t half = ((1ULL << 53) + (u >> 12)) * 2 + 1; /* of 54 bits */
    for (int k = -1; k <= 1; k++) {
      snprintf(text, sizeof text, "%llu", (unsigned long long)half + (unsigned long long)k);
      assert_as_strtod(text);
    }
  }
}

static void other_locales_change_nothing(void **state) {
  (void)state;
  const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"};
  int i = 0;
  while (i < COUNT(names) && !setlocale(LC_ALL, names[i])) i++;
  if (i == COUNT(names)) SKIP("no locale with a decimal comma is installed");
  assert_f64(0.5, "0.5");
  assert_true(str_to_f64("0.25", NULL) == 0.25);
  setlocale(LC_ALL, "C");
}

static void for_people(void **state) {
  (void)state;
  char out[32];
  assert_string_equal(str_count(0, out), "0");
  assert_string_equal(str_count(999, out), "999");
  assert_string_equal(str_count(12345, out), "12,345");
  assert_string_equal(str_count(-123456, out), "-123,456");
  assert_string_equal(str_count(-1234567, out), "-1,234,567");
  assert_string_equal(str_count(INT64_MIN, out), "-9,223,372,036,854,775,808");
  assert_string_equal(str_bytes(17, out), "17 bytes");
  assert_string_equal(str_bytes(3.2 * 1048576, out), "3.2 MiB");
  assert_string_equal(str_bytes(1024, out), "1.0 KiB");
  assert_string_equal(str_bytes(1048575, out), "1.0 MiB");
}

static void distances(void **state) {
  (void)state;
  assert_int_equal(str_distance("", ""), 0);
  assert_int_equal(str_distance("", "abc"), 3);
  assert_int_equal(str_distance("kitten", "sitting"), 3);
  assert_int_equal(str_distance("adam", "amad"), 2);
  assert_int_equal(str_distance("epochs", "epocsh"), 1); /* neighbours swapped */
  assert_int_equal(str_distance("Relu", "relu"), 1);
  char a[200];
  memset(a, 'a', 199);
  a[199] = '\0';
  assert_true(str_distance(a, "a") > 1000);
}

static void nearest(void **state) {
  (void)state;
  const char *const words[] = {"relu", "sigmoid", "learning_rate", "beta1", "beta2", "tanh"};
  assert_string_equal(str_nearest("learnig_rate", words, 6), "learning_rate");
  assert_string_equal(str_nearest("ReLU", words, 6), "relu");
  assert_string_equal(str_nearest("sigmiod", words, 6), "sigmoid");
  assert_string_equal(str_nearest("beta3", words, 6), "beta1");
  assert_null(str_nearest("momentum", words, 6));
  assert_null(str_nearest("x", words, 6));
  assert_null(str_nearest("", words, 6));
  assert_null(str_nearest("x", (const char *const[]){"y"}, 1)); /* nothing in common */
  assert_null(str_nearest("relu", words, 0));
}

int main(void) {
  arena_init(&arena);
  const struct CMUnitTest tests[] = {cmocka_unit_test(building),
                                     cmocka_unit_test(comparing),
                                     cmocka_unit_test(numbers_as_text),
                                     cmocka_unit_test(round_trip),
                                     cmocka_unit_test(fewest_digits),
                                     cmocka_unit_test(as_the_c_library),
                                     cmocka_unit_test(reads_as_the_c_library),
                                     cmocka_unit_test(other_locales_change_nothing),
                                     cmocka_unit_test(for_people),
                                     cmocka_unit_test(distances),
                                     cmocka_unit_test(nearest)};
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_free(&arena);
  return failed;
}
