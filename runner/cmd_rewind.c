/* caviar rewind: back to the end of an earlier epoch. */
#include <errno.h>
#include <stdlib.h>

#include "command.h"
#include "panda_ask.h"

extern const Command run_command_rewind;

static Status rewind_main(Arena *a, int argc, char **argv, Err *e) {
  PandaArgs args;
  RunDir *run = ARENA_NEW(a, RunDir);
  Request r = {.kind = "rewind"};
  char *end = NULL;
  TRY(panda_args(a, argc, argv, run_command_rewind.usage, true, &args, e));
  CHECK(e, args.n_rest == 0 && args.epoch, E_USAGE, "usage: caviar %s", run_command_rewind.usage);
  errno = 0;
  r.epoch = strtoll(args.epoch, &end, 10);
  CHECK(e, end != args.epoch && *end == '\0' && errno == 0 && r.epoch >= 0, E_USAGE,
        "--epoch: expected the number of an epoch, found %s", args.epoch);
  TRY(panda_run(a, &args, run, e));
  return panda_ask(a, &args, &r, e);
}

const Command run_command_rewind = {
    .name = "rewind",
    .usage = "rewind RUN --epoch N [--wait SECONDS]",
    .doc = "a training goes back to the end of an epoch, and on without the edits after it",
    .help = "From a checkpoint of then where there is one, else by training again, which gives the "
            "same "
            "bits.\n\n"
            "  --epoch N       that is over; 0: the start\n"
            "  --wait SECONDS  for the answer; by default 60\n"
            "\n"
            "  caviar rewind runs/mnist --epoch 12\n",
    .main = rewind_main,
};
