/* caviar digest: one hash of a finished run. */
#include <stdio.h>

#include "base/log.h"
#include "command.h"
#include "run_dir.h"

static Status digest_main(Arena *a, int argc, char **argv, Err *e) {
  CHECK(e, argc == 2 && argv[1][0] != '-', E_USAGE, "usage: caviar digest RUN");
  RunDir *r = ARENA_NEW(a, RunDir);
  TRY(run_dir_read(a, argv[1], RUN_CURVES_ALL, r, e));
  CHECK(e, run_dir_complete(r), E_STOPPED,
        "%s: %lld of %lld trials are finished; a run has a digest when all are", argv[1],
        (long long)r->n_done, (long long)r->head.n_trials);
  char digest[HASH_HEX];
  run_dir_digest(r, digest);
  printf("%s\n", digest);
  if (r->spec->command.node)
    log_line(LOG_NOTE, "of what the command printed; that the program prints it again is its own "
                       "affair");
  return OK;
}

const Command run_command_digest = {
    .name = "digest",
    .usage = "digest RUN",
    .doc = "one hash of a finished run: the same on any number of ranks, after any kills",
    .help = "Covers the experiment, the data and every trial's point, status, curves and weights;\n"
            "not times, places and versions. Exits 75 while trials are missing. Of a command it\n"
            "covers what the program printed.\n",
    .main = digest_main,
};
