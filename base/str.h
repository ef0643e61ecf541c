/*
 * Strings: a growing text buffer over an arena, numbers as text, nearest words.
 *
 * A Str never frees; its arena does. `text` is always NUL-terminated once something was added.
 */
#ifndef CAVIAR_STR_H
#define CAVIAR_STR_H

#include <stdint.h>
#include "arena.h"

typedef struct {
  Arena *arena;
  char *text; /* NULL while empty */
  int length, capacity;
} Str;

Str str_new(Arena *a);
void str_add(Str *s, const char *text);
void str_addn(Str *s, const char *text, int n);
void str_addf(Str *s, const char *format, ...) PRINTF_LIKE(2, 3);
const char *str_text(const Str *s); /* "" while empty */

bool str_eq(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* The shortest decimal that reads back as the same double (float): "0.1", "1e-07", "20", "nan",
 * "inf", "-inf". Locale-independent. `out` of at least 32 bytes; returns out. */
char *str_f64(double x, char out[32]);
char *str_f32(float x, char out[32]);

/* Reads a decimal or hexadecimal number as strtod does, whatever the locale. `end` may be NULL. */
double str_to_f64(const char *text, char **end);
float str_to_f32(const char *text, char **end);

/* "12,345" style and "3.2 MiB" style, for people. */
char *str_count(int64_t n, char out[32]);
char *str_bytes(double bytes, char out[32]);

/* Damerau-Levenshtein distance (optimal string alignment); words over 64 bytes are far from all. */
int str_distance(const char *a, const char *b);
/* The nearest of `words` if near enough to be meant, or NULL; the first of equals, case ignored. */
const char *str_nearest(const char *word, const char *const *words, int n);
/* The same one by one: is `candidate` near enough, and nearer than `*best` (INT_MAX at first)? */
bool str_nearer(const char *word, const char *candidate, int *best);

#endif
