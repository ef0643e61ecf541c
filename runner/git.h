/* What git says of the experiment's file. A machine without git, or a file outside of a repository,
 * is fine. */
#ifndef CAVIAR_GIT_H
#define CAVIAR_GIT_H

#include "base/arena.h"

typedef struct {
  const char *commit; /* "unknown" */
  const char *diff;   /* of the file against that commit; "" */
  bool dirty;         /* is the file other than committed, or not committed at all? */
} GitState;

void git_state(Arena *a, const char *file, GitState *out);

#endif
