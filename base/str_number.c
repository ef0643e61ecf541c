/*
 * Numbers as text and back. The C library does the correctly rounded conversion, told to use the
 * "C" locale; shortest means the fewest significant digits that read back as the same number.
 */
#include "str.h"

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

double str_to_f64(const char *text, char **end) {
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

/* d.ddde[+-]xx as people write it: positional from 1e-4 to below 1e16, else with an exponent. */
static void lay_out(const char *scientific, char out[32]) {
  char digits[24] = {0};
  int n = 0, k = 0;
  const char *p = scientific;
  if (*p == '-') out[k++] = *p++;
  for (; *p && *p != 'e'; p++)
    if (*p != '.') digits[n++] = *p;
  int exponent = atoi(p + 1);
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

static bool not_finite(double x, char out[32]) {
  if (isfinite(x)) return false;
  strcpy(out, isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
  return true;
}

/*
 * A decimal of DBL_DIG digits comes back from the normal number next to it, so one of fewer digits,
 * if there is one, is among these with zeros behind it, which lay_out drops. That saves most tries:
 * results are mostly of 16 or 17 digits. Denormals promise nothing, and are tried from 1 digit on.
 * Compared by bits: == takes denormals for 0 where they are flushed.
 */
char *str_f64(double x, char out[32]) {
  if (not_finite(x, out)) return out;
  char text[40];
  locale_t old = enter_c_locale();
  for (int precision = fabs(x) < DBL_MIN ? 0 : DBL_DIG - 1; precision < 17; precision++) {
    snprintf(text, sizeof text, "%.*e", precision, x);
    double back = strtod(text, NULL);
    if (memcmp(&back, &x, sizeof x) == 0) break;
  }
  uselocale(old);
  lay_out(text, out);
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
  lay_out(text, out);
  return out;
}
