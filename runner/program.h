/* Another program, run to its end: what it wrote, and how it ended. */
#ifndef CAVIAR_PROGRAM_H
#define CAVIAR_PROGRAM_H

#include "base/arena.h"

typedef struct {
  bool started; /* false: there is no such program */
  int code;     /* its exit code; 128 + the number of the signal that ended it */
  const char *out, *err;
} ProgramEnd;

/* argv: NULL-terminated; the program is looked for in PATH. Its standard input is empty; of each
 * output the first 100,000 bytes are kept. */
void program_run(Arena *a, const char *const *argv, ProgramEnd *end);

#endif
