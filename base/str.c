#include "str.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- text ------------------------------------------------------------------------------------ */

Str str_new(Arena *a) {
  return (Str){.arena = a};
}

void str_addn(Str *s, const char *text, int n) {
  if (n > INT_MAX / 2 - s->length)
    n = INT_MAX / 2; /* more than an arena grows to: its handler runs */
  s->text = arena_grow(s->arena, s->text, 1, &s->capacity, s->length + n + 1);
  memcpy(s->text + s->length, text, (size_t)n);
  s->length += n;
  s->text[s->length] = '\0';
}

void str_add(Str *s, const char *text) {
  size_t n = strlen(text);
  str_addn(s, text, n > INT_MAX / 2 ? INT_MAX / 2 : (int)n);
}

void str_addf(Str *s, const char *format, ...) {
  char small[256]; /* most texts fit, and are formatted once */
  va_list args;
  va_start(args, format);
  int n = vsnprintf(small, sizeof small, format, args);
  va_end(args);
  if (n < 0) return;
  if (n < (int)sizeof small) {
    str_addn(s, small, n);
    return;
  }
  if (n > INT_MAX / 2 - s->length) n = INT_MAX / 2;
  s->text = arena_grow(s->arena, s->text, 1, &s->capacity, s->length + n + 1);
  va_start(args, format);
  vsnprintf(s->text + s->length, (size_t)n + 1, format, args);
  va_end(args);
  s->length += n;
}

const char *str_text(const Str *s) {
  return s->text ? s->text : "";
}

bool str_eq(const char *a, const char *b) {
  return *a == *b && strcmp(a, b) == 0; /* most words differ at once */
}

bool str_starts(const char *s, const char *prefix) {
  return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix) {
  size_t n = strlen(s), m = strlen(suffix);
  return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

/* ---- for people ------------------------------------------------------------------------------ */

char *str_count(int64_t n, char out[32]) {
  char digits[32];
  int length = snprintf(digits, sizeof digits, "%lld", (long long)n), k = 0;
  for (int i = 0; i < length; i++) {
    out[k++] = digits[i];
    int left = length - 1 - i;
    if (left > 0 && left % 3 == 0 && digits[i] != '-') out[k++] = ',';
  }
  out[k] = '\0';
  return out;
}

char *str_bytes(double bytes, char out[32]) {
  static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
  int unit = 0;
  while (bytes >= 1023.95 && unit < COUNT(units) - 1) {
    bytes /= 1024;
    unit++;
  }
  snprintf(out, 32, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return out;
}

/* ---- near words ------------------------------------------------------------------------------ */

enum { LONGEST = 64 };

static bool same(char a, char b, bool fold) {
  return fold ? tolower((unsigned char)a) == tolower((unsigned char)b) : a == b;
}

static int least(int a, int b) {
  return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, swap neighbours; three rows of the table. */
static int distance(const char *a, const char *b, bool fold) {
  size_t n = strlen(a), m = strlen(b);
  if (n > LONGEST || m > LONGEST) return INT_MAX;
  int rows[3][LONGEST + 1];
  int *before = rows[0], *above = rows[1], *row = rows[2];
  for (size_t j = 0; j <= m; j++) above[j] = (int)j;
  for (size_t i = 1; i <= n; i++) {
    row[0] = (int)i;
    for (size_t j = 1; j <= m; j++) {
      int d = above[j - 1] + !same(a[i - 1], b[j - 1], fold);
      d = least(d, least(above[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2], fold) && same(a[i - 2], b[j - 1], fold))
        d = least(d, before[j - 2] + 1);
      row[j] = d;
    }
    int *recycled = before;
    before = above;
    above = row;
    row = recycled;
  }
  return above[m];
}

int str_distance(const char *a, const char *b) {
  return distance(a, b, false);
}

bool str_nearer(const char *word, const char *candidate, int *best) {
  int length = (int)strlen(word), d = distance(word, candidate, true);
  int allowed = (length + 2) / 3;
  if (d > allowed || d >= length || d >= *best) return false;
  *best = d;
  return true;
}

const char *str_nearest(const char *word, const char *const *words, int n) {
  const char *nearest = NULL;
  int best = INT_MAX;
  for (int i = 0; i < n; i++)
    if (str_nearer(word, words[i], &best)) nearest = words[i];
  return nearest;
}
