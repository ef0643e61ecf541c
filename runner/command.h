/*
 * Commands: rows of commands.def; each is runner/cmd_<name>.c with one CommandKind. main.c finds the row
 * and calls it. A command prints results on stdout, everything else on stderr.
 */
#ifndef CAVIAR_COMMAND_H
#define CAVIAR_COMMAND_H

#include "base/arena.h"
#include "io/diag.h"

typedef struct {
  const char *name, *usage, *doc; /* "show", "show RUN [TRIAL] [--yaml|--json]", "one line" */
  const char *help;               /* the rest of --help: options, examples */
  /* argv[0] is the command's name. An error in Err is printed by main; diagnostics (an invalid experiment) are
   * printed by command_diagnostics. The exit code is err_exit_code(result). */
  Status (*main)(Arena *a, int argc, char **argv, Err *e);
  bool wants_mpi; /* run: MPI is started if the process was launched by mpirun or srun */
} Command;

const Command *command_find(const char *name);
const Command *command_at(int i); /* NULL behind the last */

/* --help was given: prints it and returns true. */
bool command_help(const Command *c, int argc, char **argv);

/* Renders to stderr; returns E_SPEC (message set to a one-line summary) if there are errors, else OK. */
MUST_CHECK Status command_diagnostics(const Diag *d, Err *e);

#endif
