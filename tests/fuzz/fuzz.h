/*
 * A fuzz target: fuzz_<name>.c with one LLVMFuzzerTestOneInput, which must return for whatever bytes
 * it is given, and calls BROKEN where what was accepted does not hold what was promised of it.
 * libFuzzer feeds it (-DCAVIAR_FUZZ=ON with clang), or corpus_replay.c the files of corpus/<name>.
 */
#ifndef CAVIAR_TEST_FUZZ_H
#define CAVIAR_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define BROKEN(...)                                                                                \
  do {                                                                                             \
    fprintf(stderr, "broken promise: " __VA_ARGS__);                                               \
    fputc('\n', stderr);                                                                           \
    abort();                                                                                       \
  } while (0)

/* The bytes as a text that ends in NUL, in `a`; cut at the first NUL. */
static inline char *fuzz_text(Arena *a, const uint8_t *bytes, size_t n) {
  return arena_strndup(a, n > 0 ? (const char *)bytes : "",
                       n > 0 ? strnlen((const char *)bytes, n) : 0);
}

/* The file number `which` of this process, of these bytes. Its name does not change. */
static inline const char *fuzz_file(int which, const uint8_t *bytes, size_t n) {
  static char names[3][64];
  char *name = names[which];
  const char *dir = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(name, sizeof names[0], "%s/caviar-fuzz-%ld-%d", dir, (long)getpid(), which);
  FILE *f = fopen(name, "wb");
  if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
    perror(name);
    exit(1);
  }
  return name;
}

static inline void fuzz_file_end(int which) {
  char name[64];
  const char *dir = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(name, sizeof name, "%s/caviar-fuzz-%ld-%d", dir, (long)getpid(), which);
  unlink(name);
}

#endif
