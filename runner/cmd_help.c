/* caviar help [COMMAND] */
#include <stdio.h>

#include "base/str.h"
#include "command.h"

extern const Command run_command_help;

static void print_all(void) {
  printf("caviar %s: trains many neural networks in parallel from one YAML file\n\n"
         "usage: caviar COMMAND ...\n\n",
         command_version());
  for (int i = 0; command_at(i); i++) {
    printf("  %-10s %s\n", command_at(i)->name, command_at(i)->doc);
  }
  printf("\n`caviar COMMAND --help` says more. To search on every core:\n"
         "  mpirun caviar run experiment.yaml\n");
}

static Status help_main(Arena *a, int argc, char **argv, Err *e) {
  (void)a;
  CHECK(e, argc <= 2, E_USAGE, "usage: caviar %s", run_command_help.usage);
  const char *word = argc == 2 ? argv[1] : NULL;
  if (!word) {
    print_all();
    return OK;
  }
  const Command *c = command_find(word);
  CHECK(e, c, E_USAGE, "unknown command \"%s\"; `caviar help` lists the commands", word);
  command_print_help(c);
  return OK;
}

const Command run_command_help = {
    .name = "help",
    .usage = "help [COMMAND]",
    .doc = "list the commands, or say more about one",
    .main = help_main,
};
