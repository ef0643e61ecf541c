/* caviar replay: trains a finished run again, from the beginning, and compares. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "io/files.h"
#include "mpi_world.h"
#include "run_export.h"

extern const Command run_command_replay;

typedef struct {
  const char *dir, *out;
  const char *file; /* the experiment with its edits */
  char digest[HASH_HEX];
} Replayed;

static Status parse(Arena *a, int argc, char **argv, Replayed *r, Err *e) {
  for (int i = 1; i < argc; i++) {
    if (str_eq(argv[i], "--out") && i + 1 < argc) {
      r->out = argv[++i];
    } else {
      CHECK(e, argv[i][0] != '-' && r->dir == NULL, E_USAGE, "usage: caviar %s",
            run_command_replay.usage);
      r->dir = argv[i];
    }
  }
  CHECK(e, r->dir, E_USAGE, "which run? usage: caviar %s", run_command_replay.usage);
  size_t n = strlen(r->dir);
  while (n > 1 && r->dir[n - 1] == '/') n--;
  if (!r->out) r->out = arena_printf(a, "%.*s-replay", (int)n, r->dir);
  r->file = file_join(a, r->out, "replayed.yaml");
  return OK;
}

/* Rank 0: the experiment as a file in the new directory. */
static Status prepare(Arena *a, Replayed *r, Err *e) {
  RunDir *run = ARENA_NEW(a, RunDir);
  Diag d = diag_new(a);
  TRY(run_dir_read(a, r->dir, RUN_CURVES_ALL, run, e));
  CHECK(e, run_dir_complete(run), E_STOPPED, "%s: %lld of %lld trials are finished", r->dir,
        (long long)run->n_done, (long long)run->head.n_trials);
  CHECK(e, !file_exists(r->out), E_IO,
        "%s is there already: a replay begins anew; choose another --out", r->out);
  const Spec *s = run_export(a, run, NULL, &d);
  TRY(command_diagnostics(&d, e));
  CHECK(e, s, E_INTERNAL, "%s cannot be resolved", r->dir);
  const char *text = spec_text(a, s, SPEC_RESOLVED);
  run_dir_digest(run, r->digest);
  TRY(file_make_dirs(r->out, e));
  return file_write(r->file, text, strlen(text), e);
}

static Status replay_main(Arena *a, int argc, char **argv, Err *e) {
  Replayed r = {0};
  const bool leads = world_rank() == 0;
  TRY(world_agree(parse(a, argc, argv, &r, e), e));
  TRY(world_agree(leads ? prepare(a, &r, e) : OK, e));
  char *words[] = {arena_strdup(a, "run"),
                   (char *)r.file,
                   arena_strdup(a, "--out"),
                   (char *)r.out,
                   arena_strdup(a, "--expect-digest"),
                   r.digest,
                   NULL};
  return command_find("run")->main(a, leads ? 6 : 4, words, e);
}

const Command run_command_replay = {
    .name = "replay",
    .usage = "replay RUN [--out DIR]",
    .doc = "train a finished run again, from the beginning, and compare the digests",
    .help = "The experiment is the run's, with the edits that were made while it went on "
            "(`caviar tune`).\nExit codes: 0 the same digest, 1 another one, 75 the run is not "
            "finished.\n\n"
            "  --out DIR  the new run directory; by default RUN-replay\n"
            "\n"
            "  caviar replay runs/mnist\n"
            "  mpirun -q caviar replay runs/mnist --out runs/again\n",
    .main = replay_main,
    .wants_mpi = true,
};
