#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define MAX_KEPT 1000 /* more are only counted: a file of nothing but errors stays cheap */
#define SHOWN    92   /* columns of a source line that are shown: 100 less the margin */
#define BEFORE   30   /* of them before the mark, where a longer line is cut */
#define TAB      4    /* a tab of the source is shown up to the next multiple */

typedef struct Diagnostic {
  DiagLevel level;
  Mark at;
  const char *text;
  int order; /* of the call; ties in place are shown in it */
  struct Diagnostic *next;
} Diagnostic;

/* Where the last shown line begins: marks come sorted, so that a source is walked once. */
typedef struct {
  const Source *source;
  int line;
  size_t at;
} Cursor;

Diag diag_new(Arena *a) {
  return (Diag){.arena = a};
}

void diag_add(Diag *d, DiagLevel level, Mark at, const char *format, ...) {
  va_list args, again;
  if (d->n_errors + d->n_warnings >= MAX_KEPT) { /* not even put into words */
    d->n_refusals += level == DIAG_ERROR;
    *(level == DIAG_ERROR ? &d->n_errors : &d->n_warnings) += 1;
    return;
  }
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  char *text = ARENA_ARRAY(d->arena, char, n + 1);
  vsnprintf(text, (size_t)n + 1, format, again);
  va_end(again);
  va_end(args);

  if (level == DIAG_ERROR) d->n_refusals++;
  for (const Diagnostic *o = d->first; o != NULL; o = o->next) {
    if (o->at.line == at.line && o->at.column == at.column && o->at.source == at.source &&
        o->level == level && str_eq(o->text, text)) {
      return;
    }
  }
  int order = d->n_errors + d->n_warnings;
  *(level == DIAG_ERROR ? &d->n_errors : &d->n_warnings) += 1;
  Diagnostic *o = ARENA_NEW(d->arena, Diagnostic);
  *o = (Diagnostic){.level = level, .at = at, .text = text, .order = order};
  if (d->last != NULL) d->last->next = o;
  if (d->first == NULL) d->first = o;
  d->last = o;
}

/* Text of unknown origin goes to a terminal: control characters and broken UTF-8 as '?'. */
static void add_character(Str *out, const char *s, int n, uint32_t code) {
  if (code == UTF8_BAD || code < 0x20 || (code >= 0x7F && code < 0xA0)) {
    str_add(out, "?");
  } else {
    str_addn(out, s, n);
  }
}

static void add_clean(Str *out, const char *text, size_t length) {
  for (size_t at = 0; at < length;) {
    uint32_t code;
    int n = utf8_next(text + at, length - at, &code);
    add_character(out, text + at, n, code);
    at += (size_t)n;
  }
}

/* Moves to a line; false if the source has no such line. */
static bool find_line(Cursor *c, const Source *source, int line) {
  if (source == NULL || source->text == NULL || line < 1) return false;
  if (c->source != source || line < c->line) *c = (Cursor){.source = source, .line = 1};
  size_t at = c->at;
  for (int i = c->line; i < line; i++) {
    at = utf8_line_end(source->text, (size_t)source->length, at);
    int n = utf8_break(source->text + at, (size_t)source->length - at);
    if (n == 0) return false;
    at += (size_t)n;
  }
  c->line = line;
  c->at = at;
  return true;
}

/* One character at display column `column`: its bytes, and the columns that it takes. */
static int measure(const char *s, size_t left, int column, uint32_t *code, int *width) {
  int n = utf8_next(s, left, code);
  *width = *code == '\t' ? TAB - column % TAB : *code == UTF8_BAD ? 1 : utf8_width(*code);
  return n;
}

/* What of a line is marked and shown, in display columns from 0. */
typedef struct {
  int width;       /* of the whole line */
  int from, to;    /* the mark */
  int left, right; /* the window */
} Window;

static Window line_window(const char *line, size_t n, const Mark *at) {
  Window w = {0};
  int last = at->column + (at->length < 1 ? 1 : at->length) - 1, i = 1;
  for (size_t k = 0; k < n; i++) {
    uint32_t code;
    int width;
    k += (size_t)measure(line + k, n - k, w.width, &code, &width);
    if (i < at->column) w.from = w.width + width;
    w.width += width;
    if (i <= last) w.to = w.width;
  }
  if (w.to <= w.from) w.to = w.from + 1;
  if (w.width > SHOWN) {
    int most = w.width - SHOWN + (w.from >= w.width ? 1 : 0);
    w.left = w.from <= BEFORE ? 0 : w.from - BEFORE < most ? w.from - BEFORE : most;
  }
  w.right = w.left + SHOWN;
  if (w.to > w.right) w.to = w.right;
  return w;
}

static void add_line(Str *out, const char *line, size_t n, const Window *w) {
  bool cut_left = w->left > 0, cut_right = w->right < w->width;
  int first = w->left + (cut_left ? 3 : 0), end = w->right - (cut_right ? 3 : 0), column = 0;
  if (cut_left) str_add(out, "...");
  for (size_t k = 0; k < n && column < end;) {
    uint32_t code;
    int width, bytes = measure(line + k, n - k, column, &code, &width);
    bool whole = column >= first && column + width <= end;
    if (code == '\t' || !whole) { /* a wide character on the edge leaves blanks */
      for (int i = column; i < column + width; i++) {
        if (i >= first && i < end) str_add(out, " ");
      }
    } else {
      add_character(out, line + k, bytes, code);
    }
    column += width;
    k += (size_t)bytes;
  }
  if (cut_right) str_add(out, "...");
}

static void add_source_line(Str *out, Cursor *cursor, const Mark *at, bool colour) {
  if (!find_line(cursor, at->source, at->line)) return;
  const char *line = at->source->text + cursor->at;
  size_t n = utf8_line_end(at->source->text, (size_t)at->source->length, cursor->at) - cursor->at;
  Window w = line_window(line, n, at);
  str_addf(out, "%5d |%s", at->line, n > 0 ? " " : "");
  add_line(out, line, n, &w);
  str_addf(out, "\n      | %*s%s^", w.from - w.left, "", colour ? "\033[1;32m" : "");
  for (int i = w.from + 1; i < w.to; i++) str_add(out, "~");
  str_add(out, colour ? "\033[0m\n" : "\n");
}

static void add_diagnostic(Str *out, Cursor *cursor, const Diagnostic *o, bool colour) {
  static const char *const names[] = {"error", "warning"};
  static const char *const colours[] = {"\033[1;31m", "\033[1;35m"};
  if (colour) str_add(out, "\033[1m");
  if (o->at.source != NULL) {
    add_clean(out, o->at.source->name, strlen(o->at.source->name));
    if (o->at.line > 0) str_addf(out, ":%d:%d", o->at.line, o->at.column);
    str_add(out, ": ");
  }
  str_addf(out, "%s%s:%s ", colour ? colours[o->level] : "", names[o->level],
           colour ? "\033[0m" : "");
  add_clean(out, o->text, strlen(o->text));
  str_add(out, "\n");
  add_source_line(out, cursor, &o->at, colour);
}

typedef struct {
  const Diagnostic *diagnostic;
  int source; /* order of first appearance */
} Entry;

static int by_place(const void *pa, const void *pb) {
  const Entry *a = pa, *b = pb;
  const Diagnostic *x = a->diagnostic, *y = b->diagnostic;
  if (a->source != b->source) return a->source < b->source ? -1 : 1;
  if (x->at.line != y->at.line) return x->at.line < y->at.line ? -1 : 1;
  if (x->at.column != y->at.column) return x->at.column < y->at.column ? -1 : 1;
  return x->order < y->order ? -1 : 1;
}

static void add_count(Str *out, const char *before, int n, const char *noun) {
  str_addf(out, "%s%d %s%s", before, n, noun, n == 1 ? "" : "s");
}

void diag_render(const Diag *d, bool colour, Str *out) {
  int n = 0;
  for (const Diagnostic *o = d->first; o != NULL; o = o->next) n++;
  if (n == 0) return;
  Entry *entries = ARENA_ARRAY(d->arena, Entry, n);
  int i = 0;
  for (const Diagnostic *o = d->first; o != NULL; o = o->next, i++) {
    int k = 0;
    while (k < i && entries[k].diagnostic->at.source != o->at.source) k++;
    entries[i] = (Entry){.diagnostic = o, .source = k};
  }
  for (i = 0; i < n; i++) {
    int k = entries[i].source;
    entries[i].source = k < i ? entries[k].source : i;
  }
  qsort(entries, (size_t)n, sizeof *entries, by_place);
  Cursor cursor = {0};
  for (i = 0; i < n; i++) add_diagnostic(out, &cursor, entries[i].diagnostic, colour);

  if (d->n_errors > 0) add_count(out, "", d->n_errors, "error");
  if (d->n_warnings > 0) add_count(out, d->n_errors > 0 ? ", " : "", d->n_warnings, "warning");
  if (d->n_errors + d->n_warnings > n) str_addf(out, "; the first %d found are shown", n);
  str_add(out, "\n");
}
