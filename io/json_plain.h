/* The fast way of json_parse, for json_read.c and its tests: NULL where jansson is to decide. What it
 * returns is what jansson's reading gives, and the text of numbers besides. */
#ifndef CAVIAR_JSON_PLAIN_H
#define CAVIAR_JSON_PLAIN_H

#include "json.h"

enum { JSON_MAX_DEPTH = 200 };

JsonValue *json_parse_plain(Arena *a, const char *text, size_t n);
/* By jansson alone. */
MUST_CHECK Status json_parse_any(Arena *a, const char *text, size_t n, JsonValue **value, Err *e);
/* A string's value: "inf" and "-inf" are numbers too. */
void json_set_text(JsonValue *v, const char *text);

#endif
