/* caviar submit: experiments as a Slurm job that goes on until all trials are done. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "io/files.h"
#include "plan.h"
#include "run_head.h"
#include "run_status.h"
#include "shell_word.h"
#include "submit.h"

/* What one of the files holds. */
typedef struct {
  const char *name, *text;
} Named;

/* ---- where things are ------------------------------------------------------------------------ */

/* Also of what is not there yet. */
static const char *absolute(Arena *a, const char *path) {
  char here[PATH_MAX];
  if (path[0] == '/' || !getcwd(here, sizeof here)) return path;
  while (str_starts(path, "./")) path += 2;
  return arena_printf(a, "%s/%s", here, path);
}

static const char *this_program(Arena *a) {
  char path[PATH_MAX];
  return realpath("/proc/self/exe", path) ? arena_strdup(a, path) : "caviar";
}

/* The experiment's name as that of a directory. */
static const char *directory_name(Arena *a, const char *name) {
  char *text = arena_strdup(a, name);
  for (char *c = text; *c; c++) {
    if (*c == '/') *c = '_';
  }
  return text;
}

/* ---- which tasks there are ------------------------------------------------------------------- */

static const char *parent_of(Arena *a, const Submit *s) {
  return absolute(a, s->out ? s->out : "runs");
}

/* Several files: one task each, below --out. */
static Status tasks_of_files(Arena *a, Submit *s, const Named *named, Err *e) {
  int64_t *numbers;
  int n;
  const char *limit = s->array ? strchr(s->array, '%') : NULL;
  const char *all = arena_printf(a, "0-%d%s", s->n_files - 1, limit ? limit : "");
  s->array_all = !s->array || s->array[0] == '%' ? all : s->array;
  TRY(submit_array_numbers(a, s->array_all, &numbers, &n, e));
  s->tasks = ARENA_ARRAY(a, SubmitTask, n);
  for (int i = 0; i < n; i++) {
    CHECK(e, numbers[i] < s->n_files, E_USAGE, "--array %s: the files are 0 to %d", s->array_all,
          s->n_files - 1);
    const char *name = directory_name(a, named[numbers[i]].name);
    s->tasks[s->n_tasks++] = (SubmitTask){.number = numbers[i],
                                          .file = absolute(a, s->files[numbers[i]]),
                                          .text = named[numbers[i]].text,
                                          .out = file_join(a, parent_of(a, s), name),
                                          .overrides = s->overrides,
                                          .n_overrides = s->n_overrides};
  }
  s->log = submit_log(a, parent_of(a, s), "slurm-%A_%a.log", false);
  for (int i = 0; i < n; i++)
    for (int k = 0; k < i; k++)
      CHECK(e, !str_eq(s->tasks[i].out, s->tasks[k].out), E_USAGE,
            "two experiments are called %s, so they would share %s: name one otherwise",
            named[numbers[i]].name, s->tasks[i].out);
  return OK;
}

/* One file and --array: "%a" stands for the task's number, and where it stands nowhere, it is the
 * seed. tasks[0] keeps the %a for the script; the others are what comes of it. */
static Status tasks_of_seeds(Arena *a, Submit *s, const char *text, const char *out, Err *e) {
  int64_t *numbers;
  int n;
  bool named = false;
  for (int i = 0; i < s->n_overrides; i++) named = named || strstr(s->overrides[i], "%a");
  if (!named) s->overrides[s->n_overrides++] = "seed=%a"; /* argc of them have room */
  TRY(submit_array_numbers(a, s->array, &numbers, &n, e));
  if (!strstr(out, "%a")) out = arena_printf(a, "%s-%%a", out);
  s->by_seed = true;
  s->array_all = s->array;
  s->tasks = ARENA_ARRAY(a, SubmitTask, n + 1);
  s->tasks[s->n_tasks++] = (SubmitTask){.file = absolute(a, s->files[0]),
                                        .text = text,
                                        .out = out,
                                        .overrides = s->overrides,
                                        .n_overrides = s->n_overrides};
  for (int i = 0; i < n; i++) {
    SubmitTask *t = &s->tasks[s->n_tasks++];
    *t = s->tasks[0];
    t->number = numbers[i];
    t->out = shell_array_text(a, out, numbers[i]);
    t->overrides = ARENA_ARRAY(a, const char *, s->n_overrides);
    for (int k = 0; k < s->n_overrides; k++)
      t->overrides[k] = shell_array_text(a, s->overrides[k], numbers[i]);
  }
  return OK;
}

static Status make_tasks(Arena *a, Submit *s, const Named *named, Err *e) {
  if (s->n_files > 1) return tasks_of_files(a, s, named, e);
  const char *name = arena_printf(a, "runs/%s", directory_name(a, named[0].name));
  const char *out = absolute(a, s->out ? s->out : name);
  if (s->array) {
    TRY(tasks_of_seeds(a, s, named[0].text, out, e));
  } else {
    s->tasks = ARENA_NEW(a, SubmitTask);
    s->tasks[s->n_tasks++] = (SubmitTask){.file = absolute(a, s->files[0]),
                                          .text = named[0].text,
                                          .out = out,
                                          .overrides = s->overrides,
                                          .n_overrides = s->n_overrides};
  }
  s->log = submit_log(a, s->tasks[0].out, "slurm-%j.log", s->by_seed);
  return OK;
}

/* The tasks as they run: without the pattern that the script has. */
static const SubmitTask *real_tasks(const Submit *s, int *n) {
  *n = s->n_tasks - s->by_seed;
  return s->tasks + s->by_seed;
}

/* ---- is it sound? ---------------------------------------------------------------------------- */

/* How many ranks there will be, where the options say so; else 0. */
static int ranks_of(const Submit *s) {
  const char *all = submit_option(s, "--ntasks"), *nodes = submit_option(s, "--nodes");
  const char *each = submit_option(s, "--ntasks-per-node");
  const long n = all               ? strtol(all, NULL, 10)
                 : (nodes && each) ? strtol(nodes, NULL, 10) * strtol(each, NULL, 10)
                                   : 0;
  return n > 0 && n < INT_MAX ? (int)n : 0;
}

/* Does the run directory hold this experiment, if it holds one? */
static Status check_directory(Arena *a, const char *out, const Spec *spec, const char *data,
                              Err *e) {
  RunDir *run = ARENA_NEW(a, RunDir);
  if (!file_exists(file_join(a, out, "journal"))) return OK;
  TRY(run_dir_read(a, out, RUN_CURVES_NONE, run, e));
  const RunHead now = {.identity = spec_text(a, spec, SPEC_FOR_DIGEST),
                       .numerics = TRIAL_NUMERICS,
                       .caviar = command_version(),
                       .n_trials = plan_n_trials(spec),
                       .repeats = plan_repeats(spec),
                       .data = data};
  bool more;
  return run_head_same(a, out, &run->head, &now, spec, &more, e);
}

static Status check_on_data(Arena *a, const Submit *s, const SubmitTask *t, const Spec *spec,
                            const RunData *data, Diag *d, Err *e) {
  PlanSummary plan;
  const TrialEnv env = {.data = data, .cpu = cpu_level()};
  if (ranks_of(s) > 0) spec_check_ranks(spec, ranks_of(s), plan_n_trials(spec), d);
  const Status status = plan_check(spec, &env, d, &plan, e);
  if (status != OK && d->n_errors == 0) return status;
  TRY(command_diagnostics(d, e));
  return check_directory(a, t->out, spec, data->fingerprint, e);
}

static Status check_task(const Submit *s, const SubmitTask *t, Err *e) {
  Arena a = {0};
  arena_init(&a);
  Diag d = diag_new(&a);
  Spec *spec = NULL;
  RunData data;
  Status status = spec_load(&a, t->file, t->overrides, t->n_overrides, &d, &spec, e);
  if (status == OK && !spec) status = command_diagnostics(&d, e);
  if (status == OK) status = data_open(&a, &spec->data, &data, e);
  if (status == OK) {
    status = check_on_data(&a, s, t, spec, &data, &d, e);
    data_close(&data);
  }
  arena_free(&a);
  return status;
}

/* Nothing of somebody else's is written over. */
static Status check_ours(const SubmitTask *t, Err *e) {
  enum { MAX_SCRIPT = 1 << 20 };
  Arena a = {0};
  char *text = NULL;
  size_t n;
  arena_init(&a);
  const char *script = file_join(&a, t->out, "submit.sh");
  Status s = run_dir_refuse_foreign(&a, t->out, e);
  if (s == OK && file_exists(script)) {
    s = file_read(&a, script, MAX_SCRIPT, &text, &n, e);
    if (s == OK && !submit_script_is_ours(text))
      s = err_set(e, E_IO, "%s is not one of caviar's: choose another --out", script);
  }
  arena_free(&a);
  return s;
}

/* Nobody is at work on it, and no job is to be. */
static Status check_free(const SubmitTask *t, Err *e) {
  Arena a = {0};
  arena_init(&a);
  LockView v = {0};
  SlurmJob job = {0};
  Status s = lock_look(&a, t->out, &v, e);
  if (s == OK && v.state == LOCK_HELD)
    s = err_set(e, E_BUSY, "%s is at work in %s: wait for it, or end it with `caviar stop %s`",
                lock_holder_text(&a, &v.holder), t->out, t->out);
  if (s == OK) slurm_job_ask(&a, slurm_job_sent(&a, t->out), &job);
  if (s == OK && job.queued)
    s = err_set(e, E_BUSY, "%s is submitted already: job %s; take it back with `caviar stop %s`",
                t->out, slurm_job_text(&a, &job), t->out);
  arena_free(&a);
  return s;
}

/* Tasks that differ in nothing but the seed are one experiment to a check. */
static Status check_all(Arena *a, const Submit *s, Err *e) {
  int n;
  const SubmitTask *t = real_tasks(s, &n);
  const bool alike = s->by_seed && str_eq(s->overrides[s->n_overrides - 1], "seed=%a");
  for (int i = 0; i < n; i++) {
    if (i == 0 || !alike || file_exists(file_join(a, t[i].out, "journal")))
      TRY(check_task(s, &t[i], e));
    TRY(check_ours(&t[i], e));
    TRY(check_free(&t[i], e));
  }
  return OK;
}

/* ---- the experiments ------------------------------------------------------------------------- */

/* Of the files with the overrides; of an array's first task, for "%a" is no value. */
static Status read_named(Arena *a, const Submit *s, Named *named, Err *e) {
  int64_t *numbers = NULL;
  int n = 0;
  if (s->array && s->n_files == 1) TRY(submit_array_numbers(a, s->array, &numbers, &n, e));
  for (int i = 0; i < s->n_files; i++) {
    Diag d = diag_new(a);
    Spec *spec;
    const char **plain = ARENA_ARRAY(a, const char *, s->n_overrides);
    for (int k = 0; k < s->n_overrides; k++)
      plain[k] = n > 0 ? shell_array_text(a, s->overrides[k], numbers[0]) : s->overrides[k];
    TRY(spec_load(a, s->files[i], plain, s->n_overrides, &d, &spec, e));
    if (!spec) return command_diagnostics(&d, e);
    named[i] = (Named){spec->name, spec->file->text};
  }
  return OK;
}

/* ---- sending --------------------------------------------------------------------------------- */

static Status keep_script(Arena *a, const Submit *s, const char *text, const char **first, Err *e) {
  int n;
  const SubmitTask *t = real_tasks(s, &n);
  for (int i = 0; i < n; i++) {
    const char *path = file_join(a, t[i].out, "submit.sh");
    TRY(file_make_dirs(t[i].out, e));
    TRY(file_write(path, text, strlen(text), e));
    const char *kept = file_join(a, t[i].out, "submitted.yaml");
    TRY(file_write(kept, t[i].text, strlen(t[i].text), e));
    if (i == 0) *first = path;
  }
  return OK;
}

static const char *job_of(Arena *a, const Submit *s, const char *id, const SubmitTask *t) {
  return s->array_all ? arena_printf(a, "%s_%lld", id, (long long)t->number) : id;
}

static Status send(Arena *a, const Submit *s, const char *text, Err *e) {
  const char *script = NULL, *id;
  int n;
  const SubmitTask *t = real_tasks(s, &n);
  TRY(keep_script(a, s, text, &script, e));
  TRY(slurm_job_send(a, script, &id, e));
  for (int i = 0; i < n; i++) TRY(slurm_job_note(a, t[i].out, job_of(a, s, id, &t[i]), e));
  if (n == 1)
    printf("submitted %s as job %s\n", t[0].out, job_of(a, s, id, &t[0]));
  else
    printf("submitted %d runs as job %s, from %s to %s\n", n, id, t[0].out, t[n - 1].out);
  printf("script    %s\n", script);
  if (s->log) printf("log       %s\n", s->log);
  printf("next      caviar status %s\n", t[0].out);
  return OK;
}

static Status submit_main(Arena *a, int argc, char **argv, Err *e) {
  Submit s;
  Str text = str_new(a);
  TRY(submit_args_parse(a, argc, argv, &s, e));
  if (!s.template) {
    Named *named = ARENA_ARRAY(a, Named, s.n_files);
    TRY(read_named(a, &s, named, e));
    s.program = this_program(a);
    s.job_name = named[0].name;
    TRY(make_tasks(a, &s, named, e));
    TRY(check_all(a, &s, e));
  }
  submit_script(&s, &text);
  if (!s.dry_run && !s.template) return send(a, &s, str_text(&text), e);
  printf("%s", str_text(&text));
  return OK;
}

const Command run_command_submit = {
    .name = "submit",
    .usage = "submit E.yaml.. [path=value ...] [--out RUN] [--nodes N ..] [-- SBATCH OPTIONS]",
    .doc = "check an experiment and send it to Slurm, as a job that ends when all trials are done",
    .help =
        "  path=value, --out RUN  as for run\n"
        "  --nodes --ntasks-per-node --time --partition --account --qos --mem --constraint\n"
        "  --dependency --mail-type --mail-user ..\n"
        "                         options of sbatch; any other goes behind --\n"
        "  --signal-seconds 120   so long before the time limit the run saves and stops\n"
        "  --array 0-9%2          one experiment, ten seeds, two at a time: the task's number is "
        "the\n"
        "                         seed, or stands wherever %a does; runs are RUN-0 to RUN-9\n"
        "  --srun                 start ranks by `srun --mpi=pmix` instead of mpirun\n"
        "  --dry-run              check, print the batch script, send nothing\n"
        "  --template             print slurm/caviar.sbatch, which takes any experiment\n"
        "\n"
        "The script is kept as RUN/submit.sh, the experiment as RUN/submitted.yaml: what happens\n"
        "to E.yaml while the job waits changes nothing.\n"
        "\n"
        "The job saves and goes back to the queue before its\n"
        "time limit, and after a preemption or the loss of a node, until no trial is missing; not\n"
        "after `caviar stop` or scancel, nor when it came to nothing twice. Several files are an\n"
        "array, one task each, with their runs below --out.\n"
        "\n"
        "  caviar submit digits.yaml --nodes 4 --ntasks-per-node 32 --time 2:00:00\n",
    .main = submit_main,
};
