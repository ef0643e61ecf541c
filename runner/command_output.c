#include "command_output.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "io/utf8.h"
#include "objective.h"
#include "process.h"

enum { MOST_LINE = 1 << 16, MOST_ROWS = 100000, SHOWN = 200 };

/* The line of a stream that is being written, and the last one that was more than blanks. */
typedef struct {
  char *text; /* (MOST_LINE) */
  int n;
  bool too_long; /* it goes on behind what is kept */
} Line;

struct CommandOutput {
  Arena *arena;
  const CommandSpec *spec;
  const char *metric, *path;
  int fd;       /* -1: no file, or none any more */
  int why;      /* errno of what it could not be written for */
  int64_t head; /* bytes that the file still takes at once; behind them: */
  char *tail;   /* (room) a ring */
  int64_t room, n_behind;
  Line lines[PROCESS_STREAMS];
  char last_out[MOST_LINE], last[SHOWN + 1];
  /* The rows of the curve. */
  const char **names; /* (n_names) of the first row's numbers */
  int n_names, n_rows, capacity;
  double *rows; /* (n_rows, n_names) */
};

/* ---- the file -------------------------------------------------------------------------------- */

Status command_output_open(Arena *a, const CommandSpec *c, const char *metric, const char *path,
                           CommandOutput **out, Err *e) {
  CommandOutput *o = ARENA_NEW(a, CommandOutput);
  o->arena = a;
  o->spec = c;
  o->metric = metric;
  o->path = path;
  o->head = c->keep_output - c->keep_output / 2;
  o->room = c->keep_output / 2;
  o->tail = ARENA_ARRAY(a, char, o->room);
  for (int i = 0; i < PROCESS_STREAMS; i++) o->lines[i].text = ARENA_ARRAY(a, char, MOST_LINE);
  o->fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
  *out = o;
  CHECK(e, path == NULL || o->fd >= 0, E_IO, "cannot write %s: %s", path, strerror(errno));
  return OK;
}

static void put(CommandOutput *o, const char *bytes, size_t n) {
  while (n > 0 && o->why == 0 && o->fd >= 0) {
    const ssize_t done = write(o->fd, bytes, n);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) o->why = errno;
    bytes += done > 0 ? done : 0;
    n -= done > 0 ? (size_t)done : 0;
  }
}

static void keep(CommandOutput *o, const char *bytes, size_t n) {
  const size_t first = (int64_t)n < o->head ? n : (size_t)o->head;
  put(o, bytes, first);
  o->head -= (int64_t)first;
  for (size_t i = first; i < n; i++) o->tail[o->n_behind++ % o->room] = bytes[i];
}

/* What the ring holds, from its oldest byte on. */
static void put_tail(CommandOutput *o) {
  const int64_t lost = o->n_behind - o->room, at = o->n_behind % o->room;
  if (lost <= 0) {
    put(o, o->tail, (size_t)o->n_behind);
    return;
  }
  const char *words = arena_printf(
      o->arena, "\n[.. %lld bytes are left out: command.keep_output ..]\n", (long long)lost);
  put(o, words, strlen(words));
  put(o, o->tail + at, (size_t)(o->room - at));
  put(o, o->tail, (size_t)at);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Where a name stands among those of the curve; -1: nowhere. */
static int column_of(const CommandOutput *o, const char *name) {
  for (int i = 0; i < o->n_names; i++)
    if (str_eq(o->names[i], name)) return i;
  return -1;
}

static bool is_number(const JsonValue *v) {
  return v->type == JSON_INT || v->type == JSON_NUMBER || v->type == JSON_NONE ||
         (v->type == JSON_TEXT && (str_eq(v->text, "inf") || str_eq(v->text, "-inf")));
}

static void name_columns(CommandOutput *o, const JsonValue *row) {
  o->names = ARENA_ARRAY(o->arena, const char *, row->n_children);
  for (const JsonValue *v = row->first; v; v = v->next)
    if (is_number(v)) o->names[o->n_names++] = arena_strdup(o->arena, v->key);
}

static void add_row(CommandOutput *o, const JsonValue *row) {
  if (o->n_names == 0) name_columns(o, row);
  if (o->n_rows == MOST_ROWS) return;
  o->rows = arena_grow(o->arena, o->rows, sizeof(double) * (size_t)o->n_names, &o->capacity,
                       o->n_rows + 1);
  double *values = o->rows + (size_t)o->n_rows++ * (size_t)o->n_names;
  for (int i = 0; i < o->n_names; i++) values[i] = NAN;
  for (const JsonValue *v = row->first; v; v = v->next) {
    const int column = column_of(o, v->key);
    if (column >= 0 && is_number(v)) values[column] = json_number(v, NAN);
  }
}

/* Python writes NaN, Infinity and -Infinity, which JSON has not: as null, "inf" and "-inf". */
static const char *without_python(Arena *a, const char *line) {
  static const char *const words[][2] = {
      {"-Infinity", "\"-inf\""}, {"Infinity", "\"inf\""}, {"NaN", "null"}};
  Str out = str_new(a);
  bool in_text = false;
  while (*line) {
    int word = 0;
    while (word < COUNT(words) && (in_text || !str_starts(line, words[word][0]))) word++;
    if (word < COUNT(words)) {
      str_add(&out, words[word][1]);
      line += strlen(words[word][0]);
      continue;
    }
    if (in_text && line[0] == '\\' && line[1])
      str_addn(&out, line++, 1);
    else if (line[0] == '"')
      in_text = !in_text;
    str_addn(&out, line++, 1);
  }
  return str_text(&out);
}

static void read_row(CommandOutput *o, const char *line) {
  Arena a = {0};
  Err e = {0};
  JsonValue *row;
  if (o->spec->result != COMMAND_JSON || *line != '{') return;
  arena_init(&a);
  const char *text = without_python(&a, line);
  if (json_parse(&a, text, strlen(text), &row, &e) == OK && row->type == JSON_MAP) {
    const JsonValue *metric = json_get(row, o->metric);
    if (metric && is_number(metric)) add_row(o, row);
  }
  arena_free(&a);
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/* For messages: at most SHOWN bytes of it, in UTF-8 whatever the program wrote. */
static void show(char *out, const char *text) {
  int n = 0, left = (int)strlen(text);
  uint32_t code;
  while (*text && n < SHOWN) {
    const int length = utf8_next(text, (size_t)left, &code);
    if (n + length > SHOWN) break;
    memcpy(out + n, text, (size_t)length);
    if (code == UTF8_BAD || code < ' ') out[n] = '?';
    n += length;
    text += length;
    left -= length;
  }
  out[n] = '\0';
}

/* A line of a stream is complete. */
static void end_line(CommandOutput *o, int stream) {
  Line *l = &o->lines[stream];
  while (l->n > 0 && is_blank(l->text[l->n - 1])) l->n--;
  l->text[l->n] = '\0';
  const char *text = l->text;
  while (is_blank(*text)) text++;
  if (*text) {
    show(o->last, text);
    if (stream == PROCESS_OUT) memcpy(o->last_out, text, strlen(text) + 1);
    if (stream == PROCESS_OUT && !l->too_long) read_row(o, text);
  }
  l->n = 0;
  l->too_long = false;
}

void command_output_take(CommandOutput *o, int stream, const char *bytes, size_t n) {
  Line *l = &o->lines[stream];
  keep(o, bytes, n);
  for (size_t i = 0; i < n; i++) {
    if (bytes[i] == '\n')
      end_line(o, stream);
    else if (l->n < MOST_LINE - 1)
      l->text[l->n++] = bytes[i] ? bytes[i] : ' ';
    else
      l->too_long = true;
  }
}

Status command_output_close(CommandOutput *o, Err *e) {
  for (int i = 0; i < PROCESS_STREAMS; i++)
    if (o->lines[i].n > 0) end_line(o, i);
  if (o->fd < 0) return OK;
  put_tail(o);
  if (close(o->fd) != 0 && o->why == 0) o->why = errno;
  o->fd = -1;
  CHECK(e, o->why == 0, E_IO, "cannot write %s: %s", o->path, strerror(o->why));
  return OK;
}

/* ---- the result ------------------------------------------------------------------------------ */

int command_output_rows(const CommandOutput *o) {
  return o->n_rows;
}

const char *command_output_last(const CommandOutput *o) {
  return o->last;
}

static Status last_number(Arena *a, const CommandOutput *o, Curves *out, Err *e) {
  char *end, shown[SHOWN + 1];
  const char *text = o->last_out;
  CHECK(e, *text, E_TRIAL, "it printed nothing; expected a number on the last line of its output");
  const double x = str_to_f64(text, &end);
  show(shown, text);
  CHECK(e, end != text && *end == '\0', E_TRIAL,
        "the last line of its output is \"%s\", expected a number alone (or JSON, with "
        "command.result: json)",
        shown);
  *out = objective_curves(a, &o->metric, 1, 1);
  out->values[0] = x;
  return OK;
}

Status command_output_curves(Arena *a, CommandOutput *o, Curves *out, Err *e) {
  if (o->spec->result == COMMAND_LAST_LINE) return last_number(a, o, out, e);
  CHECK(e, o->n_rows > 0, E_TRIAL,
        "no line that it printed is JSON with a number \"%s\", such as {\"%s\": 0.5}", o->metric,
        o->metric);
  CHECK(e, o->n_rows < MOST_ROWS, E_TRIAL,
        "it printed %d lines with \"%s\" or more; print fewer, such as one an epoch", MOST_ROWS,
        o->metric);
  *out = objective_curves(a, o->names, o->n_names, o->n_rows);
  memcpy(out->values, o->rows, sizeof(double) * (size_t)o->n_rows * (size_t)o->n_names);
  return OK;
}
