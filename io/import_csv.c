/*
 * CSV: one row a line, one column the target, all others numbers.
 *
 * Header. The first line is one if it has names in all columns of features (empty cells aside); or
 * if those are the numbers 0, 1, 2 .. (or 1, 2, 3 ..), as pandas writes a frame without names, its
 * target is text, and that of the second line a number or there are four features or more. If it
 * has both names and numbers, it is a row, and the first name in it an error.
 *
 * Target. A class unless `values`: whole numbers become classes in their numeric order with the
 * numbers as names, anything else classes in the order of their bytes.
 *
 * x becomes uint8 if all of it are whole numbers 0 .. 255, else float32 if that holds every value
 * exactly, else float64.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "csv_scan.h"
#include "dataset_check.h"
#include "files.h"

typedef struct {
  CsvScan scan;
  int columns, target;
  const char **names; /* (columns), or NULL: no header */
  int first_line;     /* for messages: where the number of columns comes from */
  double *x;          /* (capacity, columns - 1) */
  CsvCell *y;         /* (capacity) */
  int64_t n, capacity;
} Table;

/* ---- the first line and the target ---- */

static bool is_number(const char *text) {
  double ignored;
  return csv_number(text, &ignored);
}

/* Are the features' cells the numbers first, first + 1, ..? */
static bool counts_up(const CsvCell *row, int columns, int target, double first) {
  for (int j = 0, k = 0; j < columns; j++) {
    double v;
    if (j == target) continue;
    if (!csv_number(row[j].text, &v) || v != first + k++) return false;
  }
  return true;
}

/* Two rows of the same length; `second` NULL: there is none. */
static bool is_header(const CsvCell *first, const CsvCell *second, int columns, int target) {
  int names = 0, numbers = 0;
  for (int j = 0; j < columns; j++) {
    if (j == target) continue;
    if (is_number(first[j].text))
      numbers++;
    else if (first[j].text[0])
      names++;
  }
  if (numbers == 0) return names > 0;
  if (names > 0 || !first[target].text[0] || is_number(first[target].text)) return false;
  return (columns > 4 || (second && is_number(second[target].text))) &&
         (counts_up(first, columns, target, 0) || counts_up(first, columns, target, 1));
}

static Status find_name(const Table *t, const CsvCell *row, const char *name, int *target, Err *e) {
  const char **names = ARENA_ARRAY(t->scan.arena, const char *, t->columns);
  for (*target = 0; *target < t->columns; ++*target) {
    names[*target] = row[*target].text;
    if (str_eq(names[*target], name)) return OK;
  }
  const char *near = str_nearest(name, names, t->columns);
  FAIL(e, E_USAGE, "%s:%d: no column is called \"%s\"%s%s%s", t->scan.path, row[0].line, name,
       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* Sets target and names. */
static Status read_first(Table *t, const CsvCell *first, const CsvCell *second,
                         const ImportOptions *o, Err *e) {
  double number;
  bool by_name = o->target && !csv_number(o->target, &number);
  CHECK(e, t->columns > 1, E_DATA,
        "%s:%d: one column only; at least one of features and the target are needed, separated by "
        "comma, semicolon or tab",
        t->scan.path, t->first_line);
  t->target = t->columns - 1;
  if (by_name) {
    TRY(find_name(t, first, o->target, &t->target, e));
  } else if (o->target) {
    CHECK(e, number >= 1 && number <= t->columns && number == floor(number), E_USAGE,
          "target %s: %s has the columns 1 to %d", o->target, t->scan.path, t->columns);
    t->target = (int)number - 1;
  }
  if (!by_name && !is_header(first, second, t->columns, t->target)) return OK;
  t->names = ARENA_ARRAY(t->scan.arena, const char *, t->columns);
  for (int j = 0; j < t->columns; j++) t->names[j] = first[j].text;
  return OK;
}

/* ---- rows ---- */

static Status not_a_number(const Table *t, const CsvCell *cell, int j, Err *e) {
  const char *hint = cell->text[0] ? "" : "; fill in what is missing, or leave the row out";
  if (cell->line == t->first_line && j != t->target)
    hint = "; a header has names in all columns, a row numbers";
  err_set(e, E_DATA, "%s:%d:%d: expected a number, found \"%.60s\" (column %d", t->scan.path,
          cell->line, cell->column, cell->text, j + 1);
  size_t used = strlen(e->text);
  snprintf(e->text + used, sizeof e->text - used, "%s%.60s%s)%s", t->names ? ", \"" : "",
           t->names ? t->names[j] : "", t->names ? "\"" : "", hint);
  return E_DATA;
}

static Status add_row(Table *t, const CsvCell *row, int n, Err *e) {
  const CsvCell *odd = &row[n > t->columns ? t->columns : n - 1];
  CHECK(e, n == t->columns, E_DATA, "%s:%d:%d: %d cells, but line %d has %d", t->scan.path,
        odd->line, odd->column, n, t->first_line, t->columns);
  CHECK(e, t->n < t->capacity, E_INTERNAL, "%s: more rows than lines", t->scan.path);
  double *x = t->x + t->n * (t->columns - 1);
  for (int j = 0; j < t->columns; j++) {
    if (j == t->target) continue;
    if (!csv_number(row[j].text, x++)) return not_a_number(t, &row[j], j, e);
  }
  t->y[t->n] = row[t->target];
  CHECK(e, t->y[t->n].text[0], E_DATA, "%s:%d:%d: no target (column %d)", t->scan.path,
        row[t->target].line, row[t->target].column, t->target + 1);
  t->n++;
  return OK;
}

/* At most so many rows; before they are cut out, which overwrites ends of lines. */
static int64_t count_lines(const char *text, const char *end) {
  int64_t lines = 1;
  for (; text < end; text++) lines += *text == '\n' || *text == '\r';
  return lines;
}

static Status make_room(Table *t, Arena *numbers, Err *e) {
  size_t features = (size_t)t->columns - 1, rows = (size_t)t->capacity;
  TRY(arena_init_fixed(numbers, rows * (features * sizeof *t->x + sizeof *t->y) + 128,
                       "the numbers of the CSV file", e));
  t->x = ARENA_ARRAY(numbers, double, rows *features);
  t->y = ARENA_ARRAY(numbers, CsvCell, rows);
  return OK;
}

/* `numbers` is made here. */
static Status read_table(Table *t, const ImportOptions *o, Arena *numbers, Err *e) {
  bool more;
  int64_t bytes = t->scan.end - t->scan.at, lines = count_lines(t->scan.at, t->scan.end);
  TRY(csv_next(&t->scan, &more, e));
  CHECK(e, more, E_DATA, "%s: the file is empty", t->scan.path);
  t->columns = t->scan.n;
  /* a row has at least a byte a cell and a byte between two of them */
  int64_t fit = bytes / (2 * t->columns - 1) + 1;
  t->capacity = lines < fit ? lines : fit;
  CsvCell *first = ARENA_ARRAY(t->scan.arena, CsvCell, t->columns);
  memcpy(first, t->scan.cells, (size_t)t->columns * sizeof *first);
  t->first_line = first[0].line;
  TRY(csv_next(&t->scan, &more, e));
  TRY(read_first(t, first, t->scan.n == t->columns ? t->scan.cells : NULL, o, e));
  TRY(make_room(t, numbers, e));
  if (!t->names) TRY(add_row(t, first, t->columns, e));
  while (more) {
    TRY(add_row(t, t->scan.cells, t->scan.n, e));
    TRY(csv_next(&t->scan, &more, e));
  }
  CHECK(e, t->n > 0, E_DATA, "%s: a header and no rows", t->scan.path);
  return OK;
}

/* ---- the columns of features ---- */

static IoType smallest_type(const double *x, int64_t n) {
  bool bytes = true;
  for (int64_t i = 0; i < n; i++) {
    if (x[i] < 0 || x[i] > 255 || x[i] != floor(x[i])) bytes = false;
    if (fabs(x[i]) > 3.4e38 || (double)(float)x[i] != x[i]) return IO_F64;
  }
  return bytes ? IO_U8 : IO_F32;
}

static void keep_x(Arena *a, const Table *t, IoDataset *out) {
  int64_t n = t->n * (t->columns - 1);
  out->x_type = smallest_type(t->x, n);
  void *x = arena_alloc(a, (size_t)n, dataset_type_bytes(out->x_type));
  for (int64_t i = 0; i < n; i++) {
    if (out->x_type == IO_U8) ((uint8_t *)x)[i] = (uint8_t)t->x[i];
    if (out->x_type == IO_F32) ((float *)x)[i] = (float)t->x[i];
    if (out->x_type == IO_F64) ((double *)x)[i] = t->x[i];
  }
  out->x = x;
}

/* The header's names, where there is one. */
static void keep_names(Arena *a, const Table *t, IoDataset *out) {
  if (!t->names) return;
  out->feature_names = ARENA_ARRAY(a, const char *, t->columns - 1);
  out->target_names = ARENA_ARRAY(a, const char *, 1);
  for (int j = 0, k = 0; j < t->columns; j++) {
    const char *name = arena_strdup(a, t->names[j]);
    if (j == t->target)
      out->target_names[0] = name;
    else
      out->feature_names[k++] = name;
  }
}

/* ---- the target ---- */

/* A label: its text, or its number where all labels are whole numbers (then text is NULL). */
typedef struct {
  const char *text;
  double number;
} Label;

static int compare_labels(const void *a, const void *b) {
  const Label *p = a, *q = b;
  if (p->text && q->text) return strcmp(p->text, q->text);
  return (p->number > q->number) - (p->number < q->number);
}

static Status read_labels(Arena *scratch, const Table *t, Label **labels, Err *e) {
  bool all_numbers = true, all_whole = true;
  const CsvCell *fraction = NULL;
  *labels = ARENA_ARRAY(scratch, Label, t->n);
  for (int64_t i = 0; i < t->n; i++) {
    Label *l = &(*labels)[i];
    l->text = t->y[i].text;
    bool number = csv_number(l->text, &l->number);
    bool whole = number && l->number == floor(l->number) && fabs(l->number) <= 0x1p53;
    if (number && !whole && !fraction) fraction = &t->y[i];
    all_numbers = all_numbers && number;
    all_whole = all_whole && whole;
  }
  CHECK(e, all_whole || !all_numbers, E_DATA,
        "%s:%d:%d: the target %s is no class; --values makes it a number to predict", t->scan.path,
        fraction->line, fraction->column, fraction->text);
  for (int64_t i = 0; all_whole && i < t->n; i++) (*labels)[i].text = NULL;
  return OK;
}

static Status keep_classes(Arena *a, const Table *t, IoDataset *out, Err *e) {
  Label *labels;
  Arena *scratch = t->scan.arena;
  TRY(read_labels(scratch, t, &labels, e));
  Label *classes = ARENA_ARRAY(scratch, Label, t->n);
  memcpy(classes, labels, (size_t)t->n * sizeof *labels);
  qsort(classes, (size_t)t->n, sizeof *classes, compare_labels);
  int64_t n = 0;
  for (int64_t i = 0; i < t->n; i++)
    if (n == 0 || compare_labels(&classes[n - 1], &classes[i]) != 0) classes[n++] = classes[i];
  CHECK(e, n <= DATASET_MAX_CLASSES, E_DATA,
        "%s: %lld different labels, at most %d classes can be used; --values makes them numbers to "
        "predict",
        t->scan.path, (long long)n, DATASET_MAX_CLASSES);
  out->n_classes = (int)n;
  out->class_names = ARENA_ARRAY(a, const char *, n);
  for (int64_t c = 0; c < n; c++)
    out->class_names[c] = classes[c].text ? arena_strdup(a, classes[c].text)
                                          : arena_printf(a, "%lld", (long long)classes[c].number);
  int32_t *y = ARENA_ARRAY(a, int32_t, t->n);
  for (int64_t i = 0; i < t->n; i++) {
    const Label *c = bsearch(&labels[i], classes, (size_t)n, sizeof *c, compare_labels);
    y[i] = (int32_t)(c - classes);
  }
  out->labels = y;
  return OK;
}

static Status keep_values(Arena *a, const Table *t, IoDataset *out, Err *e) {
  double *values = ARENA_ARRAY(a, double, t->n);
  for (int64_t i = 0; i < t->n; i++)
    CHECK(e, csv_number(t->y[i].text, &values[i]), E_DATA,
          "%s:%d:%d: expected a number to predict, found \"%.60s\" (column %d)", t->scan.path,
          t->y[i].line, t->y[i].column, t->y[i].text, t->target + 1);
  out->values = values;
  out->n_values = 1;
  return OK;
}

static Status import(Arena *a, const char *path, const ImportOptions *o, IoDataset *out, Err *e) {
  Arena scratch, numbers;
  arena_init(&scratch);
  arena_init(&numbers);
  Table t = {.names = NULL};
  char *bytes;
  size_t n;
  *out = (IoDataset){.name = arena_strdup(a, path)};
  Status status = file_read_stream(&scratch, path, 0, &bytes, &n, e);
  if (status == OK) status = csv_start(&t.scan, &scratch, path, bytes, n, e);
  if (status == OK) status = read_table(&t, o, &numbers, e);
  if (status == OK) {
    out->n = t.n;
    out->d = t.columns - 1;
    keep_x(a, &t, out);
    keep_names(a, &t, out);
    status = o->values ? keep_values(a, &t, out, e) : keep_classes(a, &t, out, e);
  }
  if (status == OK) dataset_fingerprint(out, out->fingerprint);
  arena_free(&numbers);
  arena_free(&scratch);
  return status;
}

const Importer io_importer_csv = {
    .head = {.name = "csv",
             .doc = "text with a row a line; the target is the last column or --target"},
    .import = import,
};
