/*
 * Numbers as text and back. The C library does the correctly rounded conversion, told to use the
 * "C" locale; shortest means the fewest significant digits that read back as the same number. Most
 * numbers of a record need no C library: 128 bits hold them exactly.
 */
#include "str.h"

#include <ctype.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The "C" locale of glibc is static: making it allocates nothing. */
static locale_t enter_c_locale(void) {
  static locale_t c;
  if (!c) c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  return uselocale(c);
}

typedef unsigned __int128 Wide;

enum { MOST_DIGITS = 17 };

static const uint64_t power_of_ten[] = {
    1ULL,
    10ULL,
    100ULL,
    1000ULL,
    10000ULL,
    100000ULL,
    1000000ULL,
    10000000ULL,
    100000000ULL,
    1000000000ULL,
    10000000000ULL,
    100000000000ULL,
    1000000000000ULL,
    10000000000000ULL,
    100000000000000ULL,
    1000000000000000ULL,
    10000000000000000ULL,
    100000000000000000ULL,
    1000000000000000000ULL,
    10000000000000000000ULL,
};

/* ---- text to number -------------------------------------------------------------------------- */

/*
 * digits / 10^k, rounded to nearest, half to even; digits > 0, k from 0 to 19. Both are shifted to 64
 * bits, so the quotient has 63 or 64; its last bit also says whether something is left, which is all
 * that rounding to 53 bits wants to know.
 */
static double quotient(uint64_t digits, int k) {
  const uint64_t ten = power_of_ten[k];
  const int a = __builtin_clzll(digits), b = __builtin_clzll(ten);
  const Wide over = (Wide)(digits << a) << 63;
  const uint64_t q = (uint64_t)(over / (ten << b));
  const bool rest = over != (Wide)q * (ten << b);
  const uint64_t power = (uint64_t)(DBL_MAX_EXP - 1 + b - a - 63) << (DBL_MANT_DIG - 1);
  double scale; /* 2^(b - a - 63) */
  memcpy(&scale, &power, sizeof scale);
  return (double)(q | rest) * scale;
}

/* -ddd.ddde-xx of at most 19 digits, which 64 bits hold, and a power of ten that they hold too. False:
 * the C library's. */
static bool exact_number(const char *text, char **end, double *out) {
  const char *p = text + (*text == '-');
  uint64_t digits = 0;
  int n = 0, k = 0, exponent = 0;
  for (; *p >= '0' && *p <= '9'; p++, n++) digits = 10 * digits + (uint64_t)(*p - '0');
  if (n > 0 && *p == '.')
    for (p++; *p >= '0' && *p <= '9'; p++, n++, k++) digits = 10 * digits + (uint64_t)(*p - '0');
  if (n == 0 || n > 19) return false;
  if (*p == 'e') {
    const bool negative = p[1] == '-';
    p += p[1] == '-' || p[1] == '+' ? 2 : 1;
    if (*p < '0' || *p > '9') return false;
    for (; *p >= '0' && *p <= '9' && exponent < 100; p++) exponent = 10 * exponent + (*p - '0');
    k += negative ? exponent : -exponent;
  }
  if (k < 0 || k > 19 || isalnum((unsigned char)*p)) return false;
  *out = digits ? quotient(digits, k) : 0;
  if (*text == '-') *out = -*out;
  if (end) *end = (char *)(uintptr_t)p;
  return true;
}

double str_to_f64(const char *text, char **end) {
  double exact;
  if (exact_number(text, end, &exact)) return exact;
  locale_t old = enter_c_locale();
  double x = strtod(text, end);
  uselocale(old);
  return x;
}

float str_to_f32(const char *text, char **end) {
  locale_t old = enter_c_locale();
  float x = strtof(text, end);
  uselocale(old);
  return x;
}

/* ---- number to text -------------------------------------------------------------------------- */

/* d.ddd times 10 to the exponent, as people write it: positional from 1e-4 to below 1e16, else with
 * an exponent. */
static void lay_out(bool negative, const char *digits, int n, int exponent, char out[32]) {
  int k = 0;
  if (negative) out[k++] = '-';
  while (n > 1 && digits[n - 1] == '0') n--;

  if (exponent < -4 || exponent >= 16) {
    out[k++] = digits[0];
    if (n > 1) out[k++] = '.';
    for (int i = 1; i < n; i++) out[k++] = digits[i];
    snprintf(out + k, 32 - (size_t)k, "e%+03d", exponent);
    return;
  }
  if (exponent < 0) {
    out[k++] = '0';
    out[k++] = '.';
    for (int i = -1; i > exponent; i--) out[k++] = '0';
  }
  for (int i = 0; i < n || i <= exponent; i++) {
    if (i > 0 && i == exponent + 1) out[k++] = '.';
    out[k++] = i < n ? digits[i] : '0';
  }
  out[k] = '\0';
}

/* The same of d.ddde[+-]xx. */
static void lay_out_text(const char *scientific, char out[32]) {
  char digits[24] = {0};
  int n = 0;
  const bool negative = *scientific == '-';
  const char *p = scientific + negative;
  for (; *p && *p != 'e'; p++)
    if (*p != '.') digits[n++] = *p;
  lay_out(negative, digits, n, atoi(p + 1), out);
}

static bool not_finite(double x, char out[32]) {
  if (isfinite(x)) return false;
  strcpy(out, isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
  return true;
}

static Wide ten_to(int k) {
  return k <= 18 ? (Wide)power_of_ten[k] : (Wide)power_of_ten[18] * power_of_ten[k - 18];
}

/*
 * x = m / 2^s, which lies in [10^d, 10^(d + 1)), to n digits, half to even: true, if they read back
 * as x, being off by less than half the distance to the next number, 2^-s. (Never by just a half: 10^k
 * would have to be a multiple of 2^(s + 1). And below a power of two, where the next is nearer, all
 * digits are exact.)
 */
static bool to_digits(uint64_t m, int s, int d, int n, uint64_t *out) {
  const Wide scale = ten_to(n - 1 - d), exact = m * scale, one = (Wide)1 << s;
  const uint64_t below = (uint64_t)(exact >> s);
  const Wide rest = exact - ((Wide)below << s);
  const bool up = 2 * rest > one || (2 * rest == one && below % 2 == 1);
  *out = below + up;
  return 2 * (up ? one - rest : rest) < scale;
}

/* From 1e-5 to below 1e13, where m times 10^22 fits. False: it is the C library's. */
static bool exact_f64(double x, char out[32]) {
  const double size = fabs(x);
  if (!(size >= 1e-5 && size < 1e13)) return false;
  uint64_t bits, value = 0;
  memcpy(&bits, &size, sizeof bits);
  const uint64_t hidden = 1ULL << (DBL_MANT_DIG - 1), m = (bits & (hidden - 1)) | hidden;
  const int binary = (int)(bits >> (DBL_MANT_DIG - 1)) - (DBL_MAX_EXP - 1);
  const int s = DBL_MANT_DIG - 1 - binary;
  int d = (binary * 1233 - (binary < 0 ? 4095 : 0)) / 4096; /* log10 of 2^binary, rounded down */
  if ((m * ten_to(MOST_DIGITS - 1 - d)) >> s >= power_of_ten[MOST_DIGITS]) d++;
  int n = DBL_DIG;
  while (!to_digits(m, s, d, n, &value))
    if (n++ == MOST_DIGITS) return false;
  char digits[MOST_DIGITS];
  for (int i = n - 1; i >= 0; i--, value /= 10) digits[i] = (char)('0' + value % 10);
  lay_out(x < 0, digits, n, d, out);
  return true;
}

/*
 * A decimal of DBL_DIG digits comes back from the normal number next to it, so one of fewer digits,
 * if there is one, is among these with zeros behind it, which lay_out drops. That saves most tries:
 * results are mostly of 16 or 17 digits. Denormals promise nothing, and are tried from 1 digit on.
 * Compared by bits: == takes denormals for 0 where they are flushed.
 */
char *str_f64(double x, char out[32]) {
  if (not_finite(x, out) || exact_f64(x, out)) return out;
  char text[40];
  locale_t old = enter_c_locale();
  for (int precision = fabs(x) < DBL_MIN ? 0 : DBL_DIG - 1; precision < 17; precision++) {
    snprintf(text, sizeof text, "%.*e", precision, x);
    double back = strtod(text, NULL);
    if (memcmp(&back, &x, sizeof x) == 0) break;
  }
  uselocale(old);
  lay_out_text(text, out);
  return out;
}

char *str_f32(float x, char out[32]) {
  if (not_finite((double)x, out)) return out;
  char text[40];
  locale_t old = enter_c_locale();
  for (int precision = fabsf(x) < FLT_MIN ? 0 : FLT_DIG - 1; precision < 9; precision++) {
    snprintf(text, sizeof text, "%.*e", precision, (double)x);
    float back = strtof(text, NULL);
    if (memcmp(&back, &x, sizeof x) == 0) break;
  }
  uselocale(old);
  lay_out_text(text, out);
  return out;
}
