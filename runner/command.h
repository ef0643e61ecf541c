/*
 * Commands: rows of commands.def; each is runner/cmd_<name>.c with one `const Command
 * run_command_<name>`. main.c finds the row, answers --help, and calls it. A command prints results
 * on stdout, everything else on stderr.
 */
#ifndef CAVIAR_COMMAND_H
#define CAVIAR_COMMAND_H

#include "base/arena.h"
#include "io/diag.h"

typedef struct {
  const char *name, *usage, *doc; /* "show", "show RUN [TRIAL] [--yaml|--json]", "one line" */
  const char *help;               /* the rest of --help: options, examples */
  /* argv[0] is the command's name. An error in Err is printed by main; diagnostics (an invalid
   * experiment) are printed by command_diagnostics. The exit code is err_exit_code(result). */
  Status (*main)(Arena *a, int argc, char **argv, Err *e);
  bool wants_mpi; /* run: MPI is started if the process was launched by mpirun or srun */
} Command;

const Command *command_find(const char *name);
const Command *command_at(int i); /* NULL behind the last */

/* Is --help among the arguments? If so, command_help prints it and returns true; main has asked
 * before it calls a command. */
bool command_wants_help(int argc, char **argv);
bool command_help(const Command *c, int argc, char **argv);
void command_print_help(const Command *c);
const char *command_version(void); /* "0.1.0" */

/* Renders to stderr. Returns E_SPEC if there are errors (with no text in `e`: the lines said it
 * all, and main adds nothing), else OK. */
MUST_CHECK Status command_diagnostics(const Diag *d, Err *e);

/* E_USAGE where `out`, which is to be written, is the file `kept` (NULL: there is none). */
MUST_CHECK Status command_keep(const char *kept, const char *out, Err *e);

#endif
