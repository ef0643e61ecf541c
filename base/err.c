#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message that had to be cut ends in "...", so that nobody looks for the rest. */
static void mark_cut(char *text, size_t size) {
  memcpy(text + size - 4, "...", 4);
}

Status err_set(Err *e, Status status, const char *format, ...) {
  if (!e) return status;
  if (e->status != OK) return e->status;
  va_list args;
  va_start(args, format);
  int n = vsnprintf(e->text, sizeof e->text, format, args);
  va_end(args);
  if (n >= (int)sizeof e->text) mark_cut(e->text, sizeof e->text);
  e->status = status;
  return status;
}

Status err_context(Err *e, const char *format, ...) {
  if (!e || e->status == OK) return e ? e->status : OK;
  char context[sizeof e->text];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(context, sizeof context, format, args);
  va_end(args);
  if (n < 0) return e->status;

  size_t used = strlen(context), length = strlen(e->text), room = sizeof e->text;
  if (used + 2 + length >= room) {
    if (used > room / 2) used = room / 2;
    if (length > room - used - 3) length = room - used - 3;
  }
  bool cut = length < strlen(e->text);
  memmove(e->text + used + 2, e->text, length);
  memcpy(e->text, context, used);
  memcpy(e->text + used, ": ", 2);
  e->text[used + 2 + length] = '\0';
  if (cut) mark_cut(e->text, used + 2 + length + 1);
  return e->status;
}

int err_exit_code(Status status) {
  switch (status) {
  case OK:
    return 0;
  case E_USAGE:
    return 2;
  case E_SPEC:
  case E_SHAPE:
    return 3;
  case E_DATA:
  case E_IO:
  case E_BUSY:
  case E_MEMORY:
    return 4;
  case E_STOPPED:
    return 75;
  case E_TRIAL:
  case E_INTERNAL:
    return 1;
  }
  return 1;
}
