/* The commands' side of panda.h: arguments, and asking the job that works on a run. */
#ifndef CAVIAR_PANDA_ASK_H
#define CAVIAR_PANDA_ASK_H

#include "requests.h"
#include "run_dir.h"

typedef struct {
  const char *dir;   /* the run */
  const char **rest; /* (n_rest) arguments that are no options */
  int n_rest;
  const char *epoch; /* --epoch; NULL: not given */
  double wait;       /* --wait, seconds */
} PandaArgs;

/* `usage` for messages; takes_epoch: is there --epoch? */
MUST_CHECK Status panda_args(Arena *a, int argc, char **argv, const char *usage, bool takes_epoch,
                             PandaArgs *out, Err *e);

/* Reads the run; refuses one that has no training of its own, that is finished, or on which nobody
 * works. E_USAGE. */
MUST_CHECK Status panda_run(Arena *a, const PandaArgs *args, RunDir *out, Err *e);

/* Asks, and prints the answer. */
MUST_CHECK Status panda_ask(Arena *a, const PandaArgs *args, const Request *r, Err *e);

/* A whole command whose request is one word and takes no argument but the run. */
MUST_CHECK Status panda_word(Arena *a, int argc, char **argv, const char *usage, const char *kind,
                             Err *e);

#endif
