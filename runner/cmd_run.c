/*
 * caviar run: an experiment, from its file to its leaderboard.
 *
 * Every rank walks through the same steps and agrees on the outcome of each (mpi_world.h); rank 0
 * alone reads the experiment, keeps the run directory and talks. Nothing is written before the
 * whole plan was found to be sound.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "command.h"
#include "from.h"
#include "git.h"
#include "io/files.h"
#include "leaderboard.h"
#include "mpi_data.h"
#include "mpi_sched.h"
#include "mpi_team.h"
#include "mpi_world.h"
#include "plan.h"
#include "record.h"
#include "run_args.h"
#include "trial_cost.h"

enum { SHOWN = 10 };

typedef struct {
  RunArgs args;
  const char *directory; /* of the experiment's file */
  const char *out;       /* the run directory */
  Spec *spec;
  Work work;
  RunHead head; /* rank 0 from here on */
  RunDir dir;
  Search search;
} Run;

static TrialEnv environment(const Run *r) {
  return (TrialEnv){.data = &r->work.data, .cpu = cpu_level()};
}

/* ---- the experiment and the data, on every rank ---------------------------------------------- */

static Status read_experiment(Arena *a, Run *r, Err *e) {
  const RunArgs *x = &r->args;
  Diag d = diag_new(a);
  if (x->submitted) {
    Source *kept;
    TRY(yaml_read_file(a, x->submitted, &kept, e));
    r->spec =
        spec_from_text(a, x->file, kept->text, r->directory, x->overrides, x->n_overrides, &d);
  } else {
    TRY(spec_load(a, x->file, x->overrides, x->n_overrides, &d, &r->spec, e));
  }
  return r->spec ? OK : command_diagnostics(&d, e); /* warnings come with the plan */
}

static Status hear_experiment(Arena *a, Run *r, const char *text, Err *e) {
  Diag d = diag_new(a);
  r->spec = spec_from_text(a, r->args.file, text, r->directory, r->args.overrides,
                           r->args.n_overrides, &d);
  CHECK(e, r->spec, E_INTERNAL, "%s means something else here than on rank 0", r->args.file);
  return OK;
}

/* The job checks itself: the same program everywhere, .. */
static Status compare_programs(Arena *a, Err *e) {
  Identity program;
  if (world_size() == 1) return OK;
  identity_program(a, &program);
  return world_compare(&program, e);
}

/* .. which understands the experiment alike and trains to the same bits. */
static Status compare_training(Arena *a, const Run *r, Err *e) {
  Identity experiment;
  if (world_size() == 1) return OK;
  identity_experiment(a, r->spec, &experiment);
  return world_compare(&experiment, e);
}

static Status load(Arena *a, Run *r, Err *e) {
  TRY(compare_programs(a, e));
  bool leads = world_rank() == 0;
  r->directory = file_dir(a, r->args.file);
  TRY(world_agree(leads ? read_experiment(a, r, e) : OK, e));
  const char *text = world_share(a, leads ? r->spec->file->text : NULL);
  TRY(world_agree(leads ? OK : hear_experiment(a, r, text, e), e));
  r->work.spec = r->spec;
  r->work.rank = world_rank();
  r->work.host = world_host(a);
  return compare_training(a, r, e);
}

static Status open_data(Arena *a, Run *r, Err *e) {
  Identity data;
  TRY(world_agree(mpi_data_vet(a, &r->spec->data, e), e));
  TRY(world_agree(data_open_unverified(a, &r->spec->data, &r->work.data, e), e));
  TRY(world_agree(mpi_data_finish(a, &r->spec->data, &r->work.data, e), e));
  identity_data(r->work.data.fingerprint, &data);
  return world_compare(&data, e);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static Status check_plan(Arena *a, const Run *r, Err *e) {
  Diag d = diag_new(a);
  PlanSummary plan;
  TrialEnv env = environment(r);
  spec_check_ranks(r->spec, world_size(), plan_n_trials(r->spec), &d);
  TRY(plan_check(r->spec, &env, &d, &plan, e));
  return command_diagnostics(&d, e);
}

static void print_plan(Arena *a, const Run *r) {
  int64_t n = plan_n_trials(r->spec), i = 0;
  printf("%s: %lld trial%s, nothing trained, nothing written\n", r->spec->name, (long long)n,
         n == 1 ? "" : "s");
  History h;
  history_init(&h, a, r->spec);
  for (; i < n && history_ready(&h, i); i++) {
    Arena scratch = {0};
    arena_init(&scratch);
    printf("%lld  %s\n", (long long)i, history_point(&scratch, &h, i));
    arena_free(&scratch);
  }
  if (i < n)
    printf("the points of trials %lld to %lld depend on results\n", (long long)i, (long long)n - 1);
  printf("would go to %s\n", r->out);
}

/* A directory name out of the experiment's name. */
static const char *default_out(Arena *a, const char *name) {
  char *path = arena_printf(a, "runs/%s", name);
  for (char *c = path + strlen("runs/"); *c; c++) {
    if (*c == '/') *c = '_';
  }
  return path;
}

/* Not, where the file was changed after the job was submitted: of that git knows nothing now. */
static bool is_in_its_file(Arena *a, const Run *r) {
  Source *now;
  Err e = {0};
  return !r->args.submitted || (yaml_read_file(a, r->args.file, &now, &e) == OK &&
                                str_eq(now->text, r->spec->file->text));
}

static void fill_head(Arena *a, Run *r) {
  char absolute[PATH_MAX];
  GitState git = {.commit = "unknown", .diff = ""};
  if (is_in_its_file(a, r)) git_state(a, r->args.file, &git);
  r->head = (RunHead){
      .format = 1,
      .caviar = command_version(),
      .numerics = TRIAL_NUMERICS,
      .name = r->spec->name,
      .file = r->args.file,
      .directory = arena_strdup(a, realpath(r->directory, absolute) ? absolute : r->directory),
      .overrides = r->args.overrides,
      .n_overrides = r->args.n_overrides,
      .n_trials = plan_n_trials(r->spec),
      .repeats = plan_repeats(r->spec),
      .rows = sampler_generations(&r->spec->search.method).members > 0
                  ? r->work.data.parts[PART_TRAIN].n
                  : 0,
      .from = r->spec->search.from.text,
      .identity = spec_text(a, r->spec, SPEC_FOR_DIGEST),
      .data = r->work.data.fingerprint,
      .commit = git.commit,
      .diff = git.diff,
      .dirty = git.dirty,
  };
}

static Status prepare(Arena *a, Run *r, Err *e) {
  TRY(from_load(a, r->spec, e));
  TRY(check_plan(a, r, e));
  if (r->args.dry_run) {
    print_plan(a, r);
    return OK;
  }
  fill_head(a, r);
  return run_dir_open(a, r->out, r->spec, &r->head, &r->dir, e);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* The chosen trial's checkpoint was removed, or could not be written: training it again gives the
 * same. */
static Status train_again(Arena *a, Run *r, const TrialResult *best, Err *e) {
  Task task = {.number = best->number,
               .point = best->point,
               .rival = -1,
               .edits = run_dir_edits(a, &r->dir)};
  const char *json;
  TRY(run_dir_line(a, &r->dir, best->number, best->point, &task.line, e));
  task.stop_at = task.line.stop_at;
  r->work.hooks = (TrialHooks){0};
  return work_train(a, &r->work, &task, &json, e);
}

/* The chosen trial sees the test part, once. */
static Status test_chosen(Arena *a, Run *r, Err *e) {
  const TrialResult *best = run_dir_best(&r->dir);
  if (!best || r->work.data.parts[PART_TEST].n == 0) return OK;
  if (r->dir.test.trial == best->number) return OK;
  TrialEnv env = environment(r);
  TrialTest t;
  Err damage = {0};
  const char *path = trial_checkpoint_path(a, r->dir.checkpoint_dir, best->number);
  if (!file_exists(path) || trial_test(a, &env, path, &t, &damage) != OK) {
    if (damage.text[0])
      log_line(LOG_WARNING, "trial %lld is trained again, for its checkpoint cannot be used: %s",
               (long long)best->number, damage.text);
    TRY(trial_checkpoint_remove(r->dir.checkpoint_dir, best->number, e));
    TRY(train_again(a, r, best, e));
    TRY(trial_test(a, &env, path, &t, e));
  }
  TRY(data_unchanged(&r->work.data, e));
  const NnScore *score = &t.score;
  RunTest test = {.trial = best->number, .rows = score->rows, .loss = score->loss / score->rows};
  test.accuracy = score->correct < 0 ? NAN : score->correct / score->rows;
  test.metrics = t.metrics;
  if (r->spec->checkpoint.keep_trials == 0) TRY(file_remove(path, e));
  return run_dir_record_test(&r->dir, &test, e);
}

/* What a cost came to, and where. */
static void print_parameters(const TrialResult *best) {
  Arena a = {0};
  arena_init(&a);
  printf("\ncost    %.6g\n", best->metric);
  for (int i = 0; i < best->n_parameters; i++) {
    Str text = str_new(&a);
    trial_cost_text(&best->parameters[i], &text);
    printf("%-7s %s\n", best->parameters[i].name, str_text(&text));
  }
  arena_free(&a);
}

static void print_end(const Run *r, const char *digest) {
  const TrialResult *best = run_dir_best(&r->dir);
  leaderboard_print(&r->dir, SHOWN, stdout);
  if (best && best->n_parameters > 0) print_parameters(best);
  printf("\nrecord  %s/results.h5\ndigest  %s%s\nnext    caviar show %s", r->out, digest,
         r->spec->command.node ? " (of what the command printed)" : "", r->out);
  if (best) printf(" %lld --yaml", (long long)best->number);
  printf("\n");
}

static Status verdict(const Run *r, const char *digest, Err *e) {
  CHECK(e, r->dir.n_failed == 0, E_TRIAL, "%lld of %lld trials failed; run again to try them again",
        (long long)r->dir.n_failed, (long long)r->dir.head.n_trials);
  CHECK(e, !r->args.expect || str_eq(r->args.expect, digest), E_TRIAL,
        "the digest is %s, expected %s", digest, r->args.expect);
  return OK;
}

/* Whoever was killed between the journal and the record has left an old one. */
static Status publish(Arena *a, Run *r, bool changed, Err *e) {
  if (lock_lost(r->dir.lock)) return OK; /* it is another process's now */
  return changed || !record_is_current(a, &r->dir) ? record_publish(&r->dir, e) : OK;
}

/* Rank 0, when nobody trains any more. What was found is published also when the search was cut
 * short. */
static Status finish(Arena *a, Run *r, Err *e) {
  progress_end(&r->search.progress);
  Status s = search_outcome(&r->search, e);
  const bool changed = r->search.progress.finished > 0;
  if (s == OK) s = test_chosen(a, r, e);
  Err later = {0}; /* "stopped, run again" is no word for what could not be kept */
  bool kept = publish(a, r, changed, &later) == OK;
  if (s == OK && kept) kept = run_dir_record_end(&r->dir, &later) == OK;
  if (run_dir_close(&r->dir, &later) != OK) kept = false;
  if ((s == OK || s == E_STOPPED) && !kept) {
    *e = later;
    s = later.status;
  }
  if (s != OK) return s;
  char digest[HASH_HEX];
  run_dir_digest(&r->dir, digest);
  print_end(r, digest);
  return verdict(r, digest, e);
}

/* ---- the command ----------------------------------------------------------------------------- */

static Status lead(Arena *a, Run *r, Err *e) {
  search_init(&r->search, a, &r->dir, world_size());
  if (world_size() > 1)
    mpi_sched_run(&r->search, &r->work);
  else
    sched_serial(&r->search, &r->work);
  return finish(a, r, e);
}

static Status run_experiment(Arena *a, Run *r, Err *e) {
  bool leads = world_rank() == 0;
  TRY(load(a, r, e));
  mpi_team_stall(r->spec->resources.stall_seconds);
  r->out = r->args.out ? r->args.out : default_out(a, r->spec->name);
  /* on all ranks before rank 0 has a directory to show; who is asked now stops in the first step */
  if (!r->args.dry_run) search_catch_signals();
  TRY(open_data(a, r, e));
  TRY(world_agree(leads ? prepare(a, r, e) : OK, e));
  if (r->args.dry_run) return OK;
  r->work.checkpoint_dir = file_join(a, r->out, "checkpoints");
  r->work.output_dir = file_join(a, r->out, "output");
  if (!leads) mpi_sched_run(NULL, &r->work);
  return world_conclude(leads ? lead(a, r, e) : OK, e);
}

static Status run_main(Arena *a, int argc, char **argv, Err *e) {
  Run *r = ARENA_NEW(a, Run);
  TRY(run_args_parse(a, argc, argv, &r->args, e));
  Status s = run_experiment(a, r, e);
  data_close(&r->work.data);
  return s;
}

const Command run_command_run = {
    .name = "run",
    .usage = "run E.yaml [path=value ...] [--out DIR] [--dry-run] [--expect-digest H] [--submitted "
             "FILE]",
    .doc = "train an experiment, alone or over all ranks of mpirun; run again to continue",
    .help =
        "  path=value         overrides the file: train.epochs=5 search.trials=8\n"
        "  --out DIR          the run directory; by default runs/<name of the experiment>\n"
        "  --dry-run          check everything, print the trials, write nothing\n"
        "  --expect-digest H  exit 1 if the finished run has another digest\n"
        "  --submitted FILE   what E.yaml held when the job was submitted: that is run\n"
        "\n"
        "On a directory that exists the run goes on where it was; a finished one shows its\n"
        "leaderboard. SIGUSR1, SIGTERM and `caviar stop` save what is being trained and stop; a\n"
        "second signal stops at once.\n"
        "\n"
        "Exit codes: 0 done, 1 a trial failed or another digest, 2 usage, 3 invalid experiment,\n"
        "4 data or files, 75 stopped with a checkpoint (run again).\n"
        "\n"
        "  caviar run experiment.yaml\n"
        "  mpirun -q caviar run experiment.yaml train.epochs=50\n",
    .main = run_main,
    .wants_mpi = true,
};
