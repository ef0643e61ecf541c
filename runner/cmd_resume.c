/* caviar resume: a paused training goes on. */
#include "command.h"
#include "panda_ask.h"

extern const Command run_command_resume;

static Status resume_main(Arena *a, int argc, char **argv, Err *e) {
  PandaArgs args;
  RunDir *run = ARENA_NEW(a, RunDir);
  const Request r = {.kind = "resume"};
  TRY(panda_args(a, argc, argv, run_command_resume.usage, false, &args, e));
  CHECK(e, args.n_rest == 0, E_USAGE, "usage: caviar %s", run_command_resume.usage);
  TRY(panda_run(a, &args, run, e));
  return panda_ask(a, &args, &r, e);
}

const Command run_command_resume = {
    .name = "resume",
    .usage = "resume RUN [--wait SECONDS]",
    .doc = "a paused training goes on",
    .help = ""
            "  --wait SECONDS  for the answer; by default 60\n\n"
            "  caviar resume runs/mnist\n",
    .main = resume_main,
};
