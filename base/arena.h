/*
 * Arenas: the only place that allocates.
 *
 * Three kinds behind one type, for three lifetimes (run, trial, step):
 *   growing    chunks are added as needed: trees, strings, lists
 *   fixed      one block of a known size: all numbers of a model, laid out before the first step
 *   measuring  hands out NULL and counts, so that the function that lays a model out runs twice:
 *              first to learn the size, then to fill it
 * Everything is 64-byte aligned and zeroed; nothing is freed on its own, an arena goes as a whole.
 * Sizes are checked for overflow. When the system refuses memory for a *growing* arena the
 * handler set by arena_on_exhausted runs (main prints one line and exits); small lists never test
 * for NULL. A *fixed* arena reports E_MEMORY when it is made and cannot fail after that: asking
 * it for more than it was measured for is a bug and ends in the handler too.
 */
#ifndef CAVIAR_ARENA_H
#define CAVIAR_ARENA_H

#include "err.h"

typedef enum { ARENA_GROWING, ARENA_FIXED, ARENA_MEASURING } ArenaKind;

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
  ArenaKind kind;
  ArenaChunk *chunks; /* newest first */
  size_t used;        /* bytes handed out, with alignment */
} Arena;

void arena_init(Arena *a);           /* growing; allocates nothing yet */
void arena_init_measuring(Arena *a); /* `used` is the answer */
MUST_CHECK Status arena_init_fixed(Arena *a, size_t bytes, const char *what, Err *e);
void arena_free(Arena *a); /* back to an empty growing arena; safe on a zeroed struct */

/* count * size zeroed bytes, 64-byte aligned; NULL only from a measuring arena. */
void *arena_alloc(Arena *a, size_t count, size_t size);
#define ARENA_NEW(a, Type)      ((Type *)arena_alloc((a), 1, sizeof(Type)))
#define ARENA_ARRAY(a, Type, n) ((Type *)arena_alloc((a), (size_t)(n), sizeof(Type)))

/* Copies of text, NUL-terminated. */
char *arena_strdup(Arena *a, const char *text);
char *arena_strndup(Arena *a, const char *text, size_t n);
char *arena_printf(Arena *a, const char *format, ...) PRINTF_LIKE(2, 3);

/* A bigger array with the old content: `*capacity` at least `need`. Returns the array. */
void *arena_grow(Arena *a, void *array, size_t size, int *capacity, int need);

/* Called when memory runs out in a growing arena; must not return. Set once, by main. */
void arena_on_exhausted(void (*handler)(size_t bytes));

/* From now on a fixed arena of at least so many bytes is of memory that other processes can map
 * (shared_memory.h). 0, as at first: none is. */
void arena_share_fixed(size_t at_least);

/* For tests: the nth request to the system from now on is refused (1: the next); 0: none. */
void arena_fail_at(int nth);

#endif
