/*
 * Diagnostics: everything that is wrong with a text, at once, compiler style.
 *
 *   quickstart.yaml:14:9: error: unknown key "epoch" in train; did you mean "epochs"?
 *      14 |   epoch: 20
 *         |   ^~~~~
 *
 * A Source is a named text (a file, or the command line's overrides); a Mark is a place in it.
 */
#ifndef CAVIAR_DIAG_H
#define CAVIAR_DIAG_H

#include "base/str.h"

typedef struct {
  const char *name; /* as printed: the path as the user gave it, or "command line" */
  const char *text; /* whole text, NUL-terminated */
  int length;
} Source;

typedef struct {
  const Source *source;
  int line, column; /* from 1; columns count characters, not bytes */
  int length;       /* characters to underline; at least 1 */
} Mark;

typedef enum { DIAG_ERROR, DIAG_WARNING } DiagLevel;

typedef struct {
  Arena *arena;
  struct Diagnostic *first, *last;
  int n_errors, n_warnings;
  int n_refusals; /* errors added, repeated ones too: did this piece of work find any? */
} Diag;

Diag diag_new(Arena *a);
/* Adds one; the message in lower case, no full stop. The same message at the same mark is kept
 * once. */
void diag_add(Diag *d, DiagLevel level, Mark at, const char *format, ...) PRINTF_LIKE(4, 5);
/* All of them in order of source and place, and a closing line "3 errors". Colour if asked. */
void diag_render(const Diag *d, bool colour, Str *out);

#endif
