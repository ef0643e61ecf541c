/* caviar resume: a paused training goes on. */
#include "command.h"
#include "panda_ask.h"

extern const Command run_command_resume;

static Status resume_main(Arena *a, int argc, char **argv, Err *e) {
  return panda_word(a, argc, argv, run_command_resume.usage, "resume", e);
}

const Command run_command_resume = {
    .name = "resume",
    .usage = "resume RUN [--wait SECONDS]",
    .doc = "a paused training goes on",
    .help = "  --wait SECONDS  for the answer; by default 60\n\n"
            "  caviar resume runs/mnist\n",
    .main = resume_main,
};
