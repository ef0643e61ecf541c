/* caviar fsck RUN: is everything in a run directory what was written, and does it fit together? */
#include <stdio.h>

#include "base/str.h"
#include "command.h"
#include "fsck.h"

static Status fsck_main(Arena *a, int argc, char **argv, Err *e) {
  const char *dir = NULL;
  bool repair = false;
  for (int i = 1; i < argc; i++) {
    if (str_eq(argv[i], "--repair")) {
      repair = true;
    } else {
      CHECK(e, argv[i][0] != '-', E_USAGE, "fsck: unknown option %s", argv[i]);
      CHECK(e, !dir, E_USAGE, "fsck: one word too many: %s", argv[i]);
      dir = argv[i];
    }
  }
  CHECK(e, dir, E_USAGE, "usage: caviar fsck RUN [--repair]");
  FsckOutcome found;
  TRY(fsck_run(a, dir, repair, &found, e));
  const int left = found.n_damaged - found.n_repaired;
  if (left == 0) {
    printf("%s is in order\n", dir);
    return OK;
  }
  FAIL(e, E_DATA, "%s: %d part%s damaged%s", dir, left, left == 1 ? " is" : "s are",
       repair ? " beyond repair" : "; caviar fsck --repair mends what can be made again");
}

const Command run_command_fsck = {
    .name = "fsck",
    .usage = "fsck RUN [--repair]",
    .doc = "check everything in a run directory, and what each part says of the others",
    .help =
        "Every record of the journal, the experiment files, results.h5, every checkpoint and the\n"
        "hash of its weights. Says what is damaged, and what would be trained again.\n"
        "\n"
        "  --repair   cut damaged records out of the journal (the old one stays beside it), make\n"
        "             resolved.yaml and results.h5 anew, put damaged checkpoints aside\n"
        "\n"
        "Exit codes: 0 in order (or again in order), 4 damaged.\n",
    .main = fsck_main,
};
