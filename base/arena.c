/*
 * The only file that calls malloc and free.
 *
 * A chunk is one block of the system: a header of 64 bytes, then the bytes handed out. Under
 * AddressSanitizer every allocation is followed by a red zone and all bytes not handed out are
 * poisoned; the zone is counted by measuring arenas too, so that sizes agree.
 */
#include "arena.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared_memory.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#endif

#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
enum { RED_ZONE = 64 };
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
enum { RED_ZONE = 0 };
#endif

enum { ALIGN = 64, FIRST_CHUNK = 4096, LARGEST_STEP = 1 << 20 };
enum { SMALL_TEXT = 256 }; /* is formatted once */

struct ArenaChunk {
  ArenaChunk *next;
  void *block; /* what the system gave; the chunk itself is aligned in it */
  char *bytes; /* the header's end */
  size_t size; /* of bytes */
  size_t used; /* a multiple of ALIGN */
};
_Static_assert(sizeof(ArenaChunk) <= ALIGN, "the header of a chunk fits one line");

static void (*on_exhausted)(size_t bytes);
static size_t share_at_least; /* 0: never */
static int fail_countdown;    /* tests: 1 means that the next request to the system fails */

void arena_on_exhausted(void (*handler)(size_t bytes)) {
  on_exhausted = handler;
}

void arena_fail_at(int nth) {
  fail_countdown = nth;
}

_Noreturn static void exhausted(size_t bytes) {
  if (on_exhausted) on_exhausted(bytes);
  fprintf(stderr, "caviar: out of memory (%zu bytes asked for)\n", bytes);
  __builtin_trap();
}

static size_t rounded(size_t bytes) {
  return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

void arena_share_fixed(size_t at_least) {
  share_at_least = at_least;
}

/* A zeroed chunk with room for `size` bytes (a multiple of ALIGN), or NULL. */
static ArenaChunk *chunk_new(size_t size, bool is_shared) {
  if (fail_countdown > 0 && --fail_countdown == 0) return NULL;
  if (size > SIZE_MAX - 2 * ALIGN) return NULL;
  const size_t bytes = size + 2 * ALIGN; /* large ones: untouched pages of the system */
  char *block = is_shared ? shared_memory_take(bytes) : calloc(1, bytes);
  if (!block) return NULL;
  char *start = block + (ALIGN - (uintptr_t)block % ALIGN) % ALIGN;
  ArenaChunk *chunk = (ArenaChunk *)(void *)start;
  *chunk = (ArenaChunk){.block = block, .bytes = start + ALIGN, .size = size};
  ASAN_POISON_MEMORY_REGION(chunk->bytes, size);
  return chunk;
}

void arena_init(Arena *a) {
  *a = (Arena){.kind = ARENA_GROWING};
}

void arena_init_measuring(Arena *a) {
  *a = (Arena){.kind = ARENA_MEASURING};
}

Status arena_init_fixed(Arena *a, size_t bytes, const char *what, Err *e) {
  arena_init(a);
  size_t size = rounded(bytes) + RED_ZONE;
  const bool is_shared = share_at_least && bytes >= share_at_least;
  ArenaChunk *chunk = bytes > SIZE_MAX / 2 ? NULL : chunk_new(size, is_shared);
  if (!chunk)
    FAIL(e, E_MEMORY, "%s: the system refused %.1f MiB; free memory or make it smaller", what,
         (double)bytes / (1 << 20));
  *a = (Arena){.kind = ARENA_FIXED, .chunks = chunk};
  return OK;
}

void arena_free(Arena *a) {
  for (ArenaChunk *chunk = a->chunks; chunk;) {
    ArenaChunk *next = chunk->next;
    ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, chunk->size);
    if (!shared_memory_give(chunk->block)) free(chunk->block);
    chunk = next;
  }
  arena_init(a);
}

static size_t room(const ArenaChunk *chunk) {
  return chunk ? chunk->size - chunk->used : 0;
}

/* A chunk with room for `taken` bytes. One larger than a step stays behind the newest, whose
 * remaining room is not lost. */
static ArenaChunk *growing_chunk(Arena *a, size_t taken) {
  ArenaChunk *newest = a->chunks;
  if (room(newest) >= taken) return newest;
  size_t size = newest ? 2 * newest->size : FIRST_CHUNK;
  if (size > LARGEST_STEP) size = LARGEST_STEP;
  bool alone = newest && taken > size / 2;
  if (taken > size || alone) size = taken;
  ArenaChunk *chunk = chunk_new(size, false);
  if (!chunk) exhausted(taken);
  if (alone) {
    chunk->next = newest->next;
    newest->next = chunk;
  } else {
    chunk->next = newest;
    a->chunks = chunk;
  }
  return chunk;
}

void *arena_alloc(Arena *a, size_t count, size_t size) {
  if (size && count > (SIZE_MAX / 2 - ALIGN - RED_ZONE) / size) exhausted(SIZE_MAX);
  size_t bytes = count * size;
  size_t taken = rounded(bytes ? bytes : 1) + RED_ZONE;
  if (a->used > SIZE_MAX / 2 - taken) exhausted(SIZE_MAX);
  if (a->kind == ARENA_MEASURING) {
    a->used += taken;
    return NULL;
  }
  if (a->kind == ARENA_FIXED && room(a->chunks) < taken) exhausted(taken);
  ArenaChunk *chunk = a->kind == ARENA_FIXED ? a->chunks : growing_chunk(a, taken);
  char *p = chunk->bytes + chunk->used;
  chunk->used += taken;
  a->used += taken;
  ASAN_UNPOISON_MEMORY_REGION(p, bytes);
  return p;
}

char *arena_strndup(Arena *a, const char *text, size_t n) {
  char *copy = arena_alloc(a, n + 1, 1);
  if (copy) memcpy(copy, text, n);
  return copy;
}

char *arena_strdup(Arena *a, const char *text) {
  return arena_strndup(a, text, strlen(text));
}

char *arena_printf(Arena *a, const char *format, ...) {
  char small[SMALL_TEXT];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(small, sizeof small, format, args);
  va_end(args);
  if (n < 0) n = 0;
  if (n < SMALL_TEXT) return arena_strndup(a, small, (size_t)n);
  char *text = arena_alloc(a, (size_t)n + 1, 1);
  if (!text) return NULL;
  va_start(args, format);
  vsnprintf(text, (size_t)n + 1, format, args);
  va_end(args);
  return text;
}

void *arena_grow(Arena *a, void *array, size_t size, int *capacity, int need) {
  if (need <= *capacity) return array;
  if (need > INT_MAX / 2) exhausted((size_t)need * size);
  int bigger = *capacity < 8 ? 8 : 2 * *capacity;
  if (bigger < need) bigger = need;
  void *copy = arena_alloc(a, (size_t)bigger, size);
  if (copy && array) memcpy(copy, array, (size_t)*capacity * size);
  *capacity = bigger;
  return copy;
}
