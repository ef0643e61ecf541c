#include "csv_scan.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The first line decides; what stands in quotes does not count. */
static char find_separator(const char *at, const char *end) {
  static const char candidates[] = {',', ';', '\t'};
  int count[COUNT(candidates)] = {0}, best = 0;
  bool quoted = false, begun = false;
  for (; at < end; at++) {
    if ((*at == '\n' || *at == '\r') && !quoted) {
      if (begun) break;
      continue;
    }
    begun = true;
    if (*at == '"') quoted = !quoted;
    for (int i = 0; i < COUNT(candidates); i++) count[i] += !quoted && *at == candidates[i];
  }
  for (int i = 1; i < COUNT(candidates); i++)
    if (count[i] > count[best]) best = i;
  return candidates[best];
}

Status csv_start(CsvScan *s, Arena *a, const char *path, char *bytes, size_t n, Err *e) {
  static const char mark[] = "\xEF\xBB\xBF"; /* UTF-8's, which spreadsheets write */
  if (n >= 3 && memcmp(bytes, mark, 3) == 0) {
    bytes += 3;
    n -= 3;
  }
  CHECK(e, n > 0, E_DATA, "%s: the file is empty", path);
  CHECK(e, memchr(bytes, 0, n) == NULL, E_DATA, "%s: not a CSV file: it has bytes that are no text",
        path);
  *s = (CsvScan){.path = path, .arena = a, .at = bytes, .end = bytes + n, .line = 1, .column = 1};
  s->separator = find_separator(s->at, s->end);
  return OK;
}

static bool at_line_end(const CsvScan *s) {
  return s->at == s->end || *s->at == '\n' || *s->at == '\r';
}

/* One character on; only the first byte of a character counts as a column. */
static void advance(CsvScan *s) {
  s->column += (*s->at & 0xC0) != 0x80;
  s->at++;
}

static void skip_blanks(CsvScan *s) {
  while (s->at < s->end && (*s->at == ' ' || *s->at == '\t') && *s->at != s->separator) advance(s);
}

static void next_line(CsvScan *s) {
  if (s->at == s->end) return;
  if (*s->at == '\r' && s->at[1] == '\n') s->at++;
  s->at++;
  s->line++;
  s->column = 1;
}

/* Behind the opening quote. The text moves left by the quotes that are dropped. */
static Status quoted_cell(CsvScan *s, CsvCell *cell, char **end, Err *e) {
  char *out = s->at;
  cell->text = out;
  for (;;) {
    CHECK(e, s->at < s->end, E_DATA, "%s:%d:%d: this quote is never closed", s->path, cell->line,
          cell->column);
    char c = *s->at;
    if (c == '"' && s->at[1] != '"') break;
    if (c == '"') advance(s);
    if (c == '\n') {
      s->line++;
      s->column = 0;
    }
    *out++ = c;
    advance(s);
  }
  advance(s);
  *end = out;
  skip_blanks(s);
  CHECK(e, at_line_end(s) || *s->at == s->separator, E_DATA,
        "%s:%d:%d: text behind a closing quote (a quote inside of quotes is written \"\")", s->path,
        s->line, s->column);
  return OK;
}

static void plain_cell(CsvScan *s, CsvCell *cell, char **end) {
  char *last = s->at;
  cell->text = s->at;
  while (!at_line_end(s) && *s->at != s->separator) {
    if (*s->at != ' ' && *s->at != '\t') last = s->at + 1;
    advance(s);
  }
  *end = last;
}

Status csv_next(CsvScan *s, bool *more, Err *e) {
  s->n = 0;
  for (;;) { /* to the next line that is not empty */
    skip_blanks(s);
    if (s->at == s->end || !at_line_end(s)) break;
    next_line(s);
  }
  *more = s->at < s->end;
  bool go_on = *more;
  while (go_on) {
    skip_blanks(s);
    s->cells = arena_grow(s->arena, s->cells, sizeof *s->cells, &s->capacity, s->n + 1);
    CsvCell *cell = &s->cells[s->n++];
    char *end = NULL;
    *cell = (CsvCell){.line = s->line, .column = s->column};
    if (s->at < s->end && *s->at == '"') {
      advance(s);
      TRY(quoted_cell(s, cell, &end, e));
    } else {
      plain_cell(s, cell, &end);
    }
    go_on = !at_line_end(s);
    if (go_on)
      advance(s);
    else
      next_line(s);
    *end = '\0'; /* only now: it may be where the separator stood */
  }
  return OK;
}

/* Up to 15 digits and 22 places: two exact doubles and one division, rounded once (Clinger
 * 1990). */
static bool short_number(const char *text, double *value) {
  static const double ten[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  bool minus = *text == '-';
  if (*text == '-' || *text == '+') text++;
  int64_t digits = 0;
  int n = 0, places = 0;
  bool point = false;
  for (; *text; text++) {
    if (*text == '.' && !point) {
      point = true;
      continue;
    }
    if (*text < '0' || *text > '9' || ++n > 15) return false;
    digits = 10 * digits + (*text - '0');
    places += point;
  }
  if (n == 0) return false;
  double v = (double)digits / ten[places];
  *value = minus ? -v : v;
  return true;
}

bool csv_number(const char *text, double *value) {
  if (short_number(text, value)) return true;
  if (!*text || text[strspn(text, "0123456789+-.eE")]) return false; /* no nan, inf, hexadecimal */
  char *end;
  *value = strtod(text, &end);
  return *end == '\0' && end != text && isfinite(*value);
}
