/* UTF-8 one character at a time, for positions and for what may be printed. */
#ifndef CAVIAR_UTF8_H
#define CAVIAR_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD 0xFFFFFFFFu /* a byte that belongs to no character */

/* The character at s, of which `left` > 0 bytes are there; returns its bytes (1 where it is bad).
 */
int utf8_next(const char *s, size_t left, uint32_t *code);

/* Columns of a terminal that it takes: 0 (combining), 1 or 2 (East Asian, emoji). */
int utf8_width(uint32_t code);

/* Columns of a whole text. */
int utf8_columns(const char *text);

/* Bytes of the line break at s, or 0: \n, \r\n, \r, and U+0085, U+2028, U+2029, which YAML 1.1
 * counts. */
int utf8_break(const char *s, size_t left);

/* Where the line of `at` ends: the offset of its break, or n. */
size_t utf8_line_end(const char *text, size_t n, size_t at);

#endif
