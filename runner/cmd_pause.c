/* caviar pause: a training holds between two steps, until it is resumed. */
#include "command.h"
#include "panda_ask.h"

extern const Command run_command_pause;

static Status pause_main(Arena *a, int argc, char **argv, Err *e) {
  return panda_word(a, argc, argv, run_command_pause.usage, "pause", e);
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
