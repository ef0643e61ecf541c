/* caviar pause: a training holds between two steps, until it is resumed. */
#include "command.h"
#include "panda_ask.h"

extern const Command run_command_pause;

static Status pause_main(Arena *a, int argc, char **argv, Err *e) {
  PandaArgs args;
  RunDir *run = ARENA_NEW(a, RunDir);
  const Request r = {.kind = "pause"};
  TRY(panda_args(a, argc, argv, run_command_pause.usage, false, &args, e));
  CHECK(e, args.n_rest == 0, E_USAGE, "usage: caviar %s", run_command_pause.usage);
  TRY(panda_run(a, &args, run, e));
  return panda_ask(a, &args, &r, e);
}

const Command run_command_pause = {
    .name = "pause",
    .usage = "pause RUN [--wait SECONDS]",
    .doc = "a training holds between two steps, until it is resumed",
    .help = "The ranks of the job sleep. A job that ends and is run again goes on.\n"
            "  --wait SECONDS  for the answer; by default 60\n\n"
            "  caviar pause runs/mnist\n",
    .main = pause_main,
};
