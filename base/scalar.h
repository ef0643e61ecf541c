/*
 * Scalars: one value of an experiment file, typed by the YAML 1.2 core schema.
 *
 * `no`, `yes`, `on`, `0o17x` are strings, `1e-3`, `.5`, `0x1F`, `0o17`, `.inf`, `.nan` are
 * numbers, `true`, `True`, `TRUE` booleans, `~`, `null`, `` null. A quoted scalar is a string.
 */
#ifndef CAVIAR_SCALAR_H
#define CAVIAR_SCALAR_H

#include <stdint.h>
#include "str.h"

typedef enum { SCALAR_NULL, SCALAR_BOOL, SCALAR_INT, SCALAR_REAL, SCALAR_STRING } ScalarType;

typedef struct {
  ScalarType type;
  bool boolean;
  int64_t integer;
  double real;      /* also set for SCALAR_INT */
  const char *text; /* as written; borrowed */
} Scalar;

Scalar scalar_parse(const char *text, bool quoted);
const char *scalar_type_name(ScalarType type); /* "an integer", "a number", "text", ... */

/* May `text` stand unquoted in a YAML file, also inside [flow, style], and be read as this text? */
bool scalar_is_plain(const char *text);
/* `text` as a string of a YAML file: unquoted where that is possible, else in double quotes. */
void scalar_write_string(Str *out, const char *text);

#endif
