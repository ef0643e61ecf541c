/* The command line of `caviar run`. */
#ifndef CAVIAR_RUN_ARGS_H
#define CAVIAR_RUN_ARGS_H

#include "base/arena.h"

typedef struct {
  const char *file;
  const char **overrides; /* (n_overrides) "train.epochs=5" */
  int n_overrides;
  const char *out;       /* NULL: runs/<name> */
  const char *submitted; /* what `file` held when the job was submitted; NULL: `file` itself */
  const char *expect;    /* digest; NULL */
  bool dry_run;
} RunArgs;

/* E_USAGE */
MUST_CHECK Status run_args_parse(Arena *a, int argc, char **argv, RunArgs *out, Err *e);

#endif
