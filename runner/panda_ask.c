/* Asking the job that works on a run. */
#include "panda_ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "objective.h"

static Status read_seconds(const char *text, double *out, Err *e) {
  char *end = NULL;
  *out = text ? strtod(text, &end) : 0;
  CHECK(e, text && end != text && *end == '\0' && *out > 0 && *out < 1e9, E_USAGE,
        "--wait: expected seconds, found %s", text ? text : "nothing");
  return OK;
}

Status panda_args(Arena *a, int argc, char **argv, const char *usage, bool takes_epoch,
                  PandaArgs *out, Err *e) {
  *out = (PandaArgs){.rest = ARENA_ARRAY(a, const char *, argc), .wait = 60};
  for (int i = 1; i < argc; i++) {
    const char *next = i + 1 < argc ? argv[i + 1] : NULL;
    if (str_eq(argv[i], "--wait")) {
      TRY(read_seconds(next, &out->wait, e));
      i++;
    } else if (takes_epoch && str_eq(argv[i], "--epoch")) {
      CHECK(e, next, E_USAGE, "--epoch: which one is missing; usage: caviar %s", usage);
      out->epoch = next;
      i++;
    } else if (argv[i][0] == '-') {
      FAIL(e, E_USAGE, "unknown option %s; usage: caviar %s", argv[i], usage);
    } else if (out->dir == NULL) {
      out->dir = argv[i];
    } else {
      out->rest[out->n_rest++] = argv[i];
    }
  }
  CHECK(e, out->dir, E_USAGE, "which run? usage: caviar %s", usage);
  return OK;
}

/* Is there a job that holds the lock? */
static Status check_at_work(Arena *a, const char *dir, Err *e) {
  LockView view;
  TRY(lock_look(a, dir, &view, e));
  if (view.state == LOCK_HELD) return OK;
  FAIL(e, E_USAGE,
       "nobody works on %s, so nobody can answer: continue it with `caviar run`, then ask again",
       dir);
}

Status panda_run(Arena *a, const PandaArgs *args, RunDir *out, Err *e) {
  TRY(run_dir_read(a, args->dir, RUN_CURVES_NONE, out, e));
  CHECK(e, !out->spec->search.present, E_USAGE,
        "%s is a search of %lld trials, which are what their points say; a single training can be "
        "changed: caviar show %s N --yaml makes one of trial N",
        args->dir, (long long)out->head.n_trials, args->dir);
  CHECK(e, !objective_of(out->spec), E_USAGE, "%s trains nothing itself that could be changed",
        args->dir);
  CHECK(e, !run_dir_complete(out) || out->n_failed > 0, E_USAGE, "%s is finished", args->dir);
  return check_at_work(a, args->dir, e);
}

Status panda_ask(Arena *a, const PandaArgs *args, const Request *r, Err *e) {
  const char *answer;
  TRY(requests_ask(a, args->dir, r, args->wait, &answer, e));
  printf("%s\n", answer);
  return OK;
}

Status panda_word(Arena *a, int argc, char **argv, const char *usage, const char *kind, Err *e) {
  PandaArgs args;
  RunDir *run = ARENA_NEW(a, RunDir);
  const Request r = {.kind = kind};
  TRY(panda_args(a, argc, argv, usage, false, &args, e));
  CHECK(e, args.n_rest == 0, E_USAGE, "usage: caviar %s", usage);
  TRY(panda_run(a, &args, run, e));
  return panda_ask(a, &args, &r, e);
}
