/*
 * Rows of cells out of the text of a CSV file (RFC 4180): quotes, "" inside of quotes, line breaks
 * inside of quotes, LF, CRLF or CR; the separator is comma, semicolon or tab, whichever the first
 * line has most of. Spaces around cells are dropped; empty lines are skipped.
 *
 * Cells are cut out of the text in place: it is changed, and must live as long as they do.
 */
#ifndef CAVIAR_CSV_SCAN_H
#define CAVIAR_CSV_SCAN_H

#include "base/arena.h"

typedef struct {
  const char *text;
  int line, column; /* from 1, in characters */
} CsvCell;

typedef struct {
  const char *path;
  Arena *arena;
  char *at, *end;
  char separator;
  int line, column;
  CsvCell *cells; /* of the last row; overwritten by the next */
  int n, capacity;
} CsvScan;

/* E_DATA: empty, or not text. bytes[n] must be writable and 0. */
MUST_CHECK Status csv_start(CsvScan *s, Arena *a, const char *path, char *bytes, size_t n, Err *e);
/* The next row into cells; *more false behind the last. E_DATA with file:line:column. */
MUST_CHECK Status csv_next(CsvScan *s, bool *more, Err *e);

/* Is the whole text a finite decimal number? Correctly rounded. */
bool csv_number(const char *text, double *value);

#endif
