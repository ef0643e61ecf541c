/* caviar stop RUN: asks whoever works on it, on whatever machine, to save and end. */
#include <stdio.h>

#include "clock.h"
#include "command.h"
#include "run_status.h"

typedef struct {
  const char *dir;
  bool wait;
} Options;

static Status parse(int argc, char **argv, Options *o, Err *e) {
  static const char usage[] = "usage: caviar stop RUN [--wait]";
  *o = (Options){0};
  for (int i = 1; i < argc; i++) {
    if (str_eq(argv[i], "--wait"))
      o->wait = true;
    else if (argv[i][0] == '-')
      FAIL(e, E_USAGE, "unknown option %s; %s", argv[i], usage);
    else if (o->dir)
      FAIL(e, E_USAGE, "%s", usage);
    else
      o->dir = argv[i];
  }
  CHECK(e, o->dir, E_USAGE, "%s", usage);
  return OK;
}

/* Until nobody holds the lock. */
static Status await_end(const char *dir, Err *e) {
  for (;;) {
    Arena scratch = {0};
    LockView v;
    arena_init(&scratch);
    const Status s = lock_look(&scratch, dir, &v, e);
    const LockState state = v.state;
    arena_free(&scratch);
    if (s != OK || state != LOCK_HELD) return s;
    clock_sleep(0.2);
  }
}

/* Takes a job out of the queue that would begin, or begin again, what is to be stopped. */
static Status cancel_waiting(Arena *a, const SlurmJob *job, Err *e) {
  TRY(slurm_job_cancel(a, job->id, e));
  printf("job %s, which was %s and trained nothing, is cancelled\n", job->id, job->state);
  return OK;
}

static Status stop_worker(Arena *a, const RunStatus *s, bool wait, Err *e) {
  const char *who =
      s->lock.known ? lock_holder_text(a, &s->lock.holder) : "a process that has just begun";
  SlurmJob job;
  TRY(lock_ask_stop(s->dir, e));
  printf("%s: %s %s to save and stop\n", s->dir, who, s->stop ? "is asked already" : "is asked");
  if (!wait) return OK;
  fflush(stdout);
  TRY(await_end(s->dir, e));
  slurm_job_ask(a, s->job.id, &job); /* Slurm may have put it back meanwhile */
  if (job.queued && str_eq(job.state, "PENDING")) TRY(cancel_waiting(a, &job, e));
  printf("%s: stopped\n", s->dir);
  return OK;
}

static Status stop_main(Arena *a, int argc, char **argv, Err *e) {
  Options o;
  TRY(parse(argc, argv, &o, e));
  RunStatus *s = ARENA_NEW(a, RunStatus);
  TRY(run_status_read(a, o.dir, s, e));
  if (s->lock.state == LOCK_HELD) return stop_worker(a, s, o.wait, e);
  if (s->job.queued) return cancel_waiting(a, &s->job, e);
  printf("%s: nobody is at work, nothing to stop\n", o.dir);
  return OK;
}

const Command run_command_stop = {
    .name = "stop",
    .usage = "stop RUN [--wait]",
    .doc = "ask whoever is at work on a run, on whatever machine, to save and end",
    .help =
        "By a file RUN/stop, which the run looks for every second. It saves what is being trained\n"
        "and exits 75; a Slurm job of `caviar submit` is not sent again, one that has not begun "
        "is\n"
        "cancelled. Running or submitting the experiment again continues it.\n"
        "\n"
        "  --wait  return when it has stopped\n",
    .main = stop_main,
};
