/* The table of commands, their --help, and the way diagnostics are shown. */
#include "command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "io/files.h"

#define RUN_COMMAND(name) extern const Command run_command_##name;
#include "commands.def"
#undef RUN_COMMAND

static const Command *const commands[] = {
#define RUN_COMMAND(name) &run_command_##name,
#include "commands.def"
#undef RUN_COMMAND
};

const char *command_version(void) {
  return CAVIAR_VERSION;
}

const Command *command_at(int i) {
  return i >= 0 && i < COUNT(commands) ? commands[i] : NULL;
}

const Command *command_find(const char *name) {
  for (int i = 0; i < COUNT(commands); i++) {
    if (str_eq(commands[i]->name, name)) return commands[i];
  }
  return NULL;
}

bool command_wants_help(int argc, char **argv) {
  for (int i = 1; i < argc && !str_eq(argv[i], "--"); i++) {
    if (str_eq(argv[i], "--help") || str_eq(argv[i], "-h")) return true;
  }
  return false;
}

void command_print_help(const Command *c) {
  printf("caviar %s\n\n%s\n", c->usage, c->doc);
  if (c->help) {
    size_t n = strlen(c->help);
    printf("\n%s%s", c->help, n && c->help[n - 1] == '\n' ? "" : "\n");
  }
}

bool command_help(const Command *c, int argc, char **argv) {
  if (!command_wants_help(argc, argv)) return false;
  command_print_help(c);
  return true;
}

Status command_diagnostics(const Diag *d, Err *e) {
  if (d->n_errors + d->n_warnings > 0) {
    Str text = str_new(d->arena);
    diag_render(d, log_colour(STDERR_FILENO), &text);
    fflush(stdout);
    fputs(str_text(&text), stderr);
  }
  if (d->n_errors == 0) return OK;
  e->status = E_SPEC; /* the lines above say it all; main prints nothing for an empty text */
  e->text[0] = '\0';
  return E_SPEC;
}

Status command_keep(const char *kept, const char *out, Err *e) {
  CHECK(e, !kept || !file_same(kept, out), E_USAGE, "%s would be lost: choose another -o", kept);
  return OK;
}
