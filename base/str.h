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

/* "12,345" style and "3.2 MiB" style, for people. */
char *str_count(int64_t n, char out[32]);
char *str_bytes(double bytes, char out[32]);

/* Damerau-Levenshtein distance; the nearest of `words` if near enough to be meant, or NULL. */
int str_distance(const char *a, const char *b);
const char *str_nearest(const char *word, const char *const *words, int n);

#endif
