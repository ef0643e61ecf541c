/* caviar status RUN: what is done, who is at work. */
#include <stdio.h>
#include <time.h>

#include "command.h"
#include "io/files.h"
#include "run_status.h"

typedef enum { STATUS_TEXT, STATUS_JSON, STATUS_PROGRESS } Form;

/* ---- for people ------------------------------------------------------------------------------ */

static const char *ago(Arena *a, int64_t then) {
  const int64_t s = (int64_t)time(NULL) - then;
  if (s < 0) return "just now"; /* by another machine's clock */
  if (s < 100) return arena_printf(a, "%lld s ago", (long long)s);
  if (s < 100 * 60) return arena_printf(a, "%lld min ago", (long long)s / 60);
  if (s < 48 * 3600) return arena_printf(a, "%lld h ago", (long long)s / 3600);
  return arena_printf(a, "%lld days ago", (long long)s / 86400);
}

static void print_counts(const RunStatus *s) {
  const RunDir *r = &s->run;
  printf("%s: %s, %lld of %lld trials finished", r->head.name, run_state_names[s->state],
         (long long)r->n_done, (long long)r->head.n_trials);
  if (s->running > 0) printf(", %lld running", (long long)s->running);
  if (s->missing > 0) printf(", %lld missing", (long long)s->missing);
  if (r->n_diverged > 0) printf(", %lld diverged", (long long)r->n_diverged);
  if (r->n_failed > 0) printf(", %lld failed", (long long)r->n_failed);
  printf("\n");
}

static void print_best(const RunDir *r) {
  const TrialResult *best = run_dir_best(r);
  if (!best) return;
  printf("best      trial %lld, %s %.6g\n", (long long)best->number, r->spec->search.metric.name,
         best->metric);
}

static void print_holder(Arena *a, const RunStatus *s) {
  const LockHolder *h = &s->lock.holder;
  if (s->lock.state == LOCK_FREE) return;
  if (!s->lock.known)
    printf("at work   a process that has just begun\n");
  else if (s->lock.state == LOCK_HELD)
    printf("at work   %s\n", lock_holder_text(a, h));
  else
    printf("silent    %s gives no sign of life; the last was %s\n", lock_holder_text(a, h),
           ago(a, s->lock.seen));
}

static void print_next(const RunStatus *s) {
  if (s->state == RUN_UNFINISHED || s->state == RUN_SILENT)
    printf("next      %s\n", s->begun && run_dir_complete(&s->run)
                                 ? "run it again: the test part or the record is missing"
                                 : "run it again: it goes on where it was");
}

static void print_text(Arena *a, const RunStatus *s) {
  if (s->begun)
    print_counts(s);
  else
    printf("%s: %s, not begun\n", s->dir, run_state_names[s->state]);
  if (s->begun) print_best(&s->run);
  print_holder(a, s);
  if (s->job.id && (s->job.queued || s->state != RUN_COMPLETE))
    printf("job       %s\n", slurm_job_text(a, &s->job));
  if (s->progress > 0) printf("progress  %s\n", ago(a, s->progress));
  if (s->n_saved > 0)
    printf("saved     %lld steps of %lld unfinished trial%s\n", (long long)s->saved_steps,
           (long long)s->n_saved, s->n_saved == 1 ? "" : "s");
  if (s->stop) printf("stop      asked by %s\n", s->stop);
  print_next(s);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void put_run(JsonWriter *j, const RunStatus *s) {
  const RunDir *r = &s->run;
  const TrialResult *best = run_dir_best(r);
  json_put_str(j, "name", r->head.name);
  json_put_int(j, "trials", r->head.n_trials);
  json_put_int(j, "done", r->n_done);
  json_put_int(j, "diverged", r->n_diverged);
  json_put_int(j, "failed", r->n_failed);
  json_put_int(j, "running", s->running);
  json_put_int(j, "missing", s->missing);
  json_put_int(j, "saved_trials", s->n_saved);
  json_put_int(j, "saved_steps", s->saved_steps);
  json_key(j, "best");
  if (!best) {
    json_none(j);
    return;
  }
  json_open(j, '{');
  json_put_int(j, "trial", best->number);
  json_put_str(j, "metric", r->spec->search.metric.name);
  json_put_f64(j, "value", best->metric);
  json_close(j, '}');
}

static void put_holder(JsonWriter *j, const RunStatus *s) {
  const LockHolder *h = &s->lock.holder;
  json_key(j, "worker");
  if (s->lock.state == LOCK_FREE || !s->lock.known) {
    json_none(j);
    return;
  }
  json_open(j, '{');
  json_put_int(j, "pid", h->pid);
  json_put_str(j, "host", h->host);
  json_put_str(j, "user", h->user);
  json_put_str(j, "job", *h->job ? h->job : NULL);
  json_put_int(j, "seen", s->lock.seen);
  json_close(j, '}');
}

static void put_job(JsonWriter *j, const SlurmJob *job) {
  json_key(j, "job");
  if (!job->id) {
    json_none(j);
    return;
  }
  json_open(j, '{');
  json_put_str(j, "id", job->id);
  json_put_str(j, "state", job->state);
  json_put_str(j, "reason", job->reason);
  json_put_str(j, "nodes", job->nodes);
  json_put_str(j, "left", job->left);
  json_close(j, '}');
}

static void print_json(Arena *a, const RunStatus *s) {
  Str out = str_new(a);
  JsonWriter writer = json_writer(&out), *j = &writer;
  json_open(j, '{');
  json_put_int(j, "schema_version", 1);
  json_put_str(j, "run", s->dir);
  json_put_str(j, "state", run_state_names[s->state]);
  if (s->begun) put_run(j, s);
  put_holder(j, s);
  put_job(j, &s->job);
  json_put_str(j, "stop", s->stop);
  json_key(j, "progress");
  if (s->progress > 0)
    json_int(j, s->progress);
  else
    json_none(j);
  json_close(j, '}');
  printf("%s\n", str_text(&out));
}

/* ---- the command ----------------------------------------------------------------------------- */

static Status parse(int argc, char **argv, const char **dir, Form *form, Err *e) {
  static const char usage[] = "usage: caviar status RUN [--json]";
  *dir = NULL;
  *form = STATUS_TEXT;
  for (int i = 1; i < argc; i++) {
    if (str_eq(argv[i], "--json"))
      *form = STATUS_JSON;
    else if (str_eq(argv[i], "--progress"))
      *form = STATUS_PROGRESS;
    else if (argv[i][0] == '-')
      FAIL(e, E_USAGE, "unknown option %s; %s", argv[i], usage);
    else if (*dir)
      FAIL(e, E_USAGE, "%s", usage);
    else
      *dir = argv[i];
  }
  CHECK(e, *dir, E_USAGE, "%s", usage);
  return OK;
}

/* As `run` would end, were it asked to do nothing more. */
static Status verdict(const RunStatus *s, Err *e) {
  e->text[0] = '\0'; /* all is said */
  if (!s->begun || !s->run.ended || !run_dir_complete(&s->run)) return E_STOPPED;
  return s->run.n_failed > 0 ? E_TRIAL : OK;
}

static Status status_main(Arena *a, int argc, char **argv, Err *e) {
  const char *dir;
  Form form;
  TRY(parse(argc, argv, &dir, &form, e));
  RunStatus *s = ARENA_NEW(a, RunStatus);
  TRY(run_status_read(a, dir, s, e));
  if (form == STATUS_JSON)
    print_json(a, s);
  else if (form == STATUS_PROGRESS)
    printf("%s\n", run_status_progress(a, s));
  else
    print_text(a, s);
  return verdict(s, e);
}

const Command run_command_status = {
    .name = "status",
    .usage = "status RUN [--json]",
    .doc = "what of a run is done, and who is at work on it, on whatever machine",
    .help =
        "Only reads. Says how many trials are done, running and missing, the best so far, who is\n"
        "at work (process, host, Slurm job), and when something was achieved last.\n"
        "\n"
        "  --json      one line\n"
        "  --progress  what is achieved, in one line that changes when it does\n"
        "\n"
        "Exit codes: 0 complete, 75 trials are missing, 1 complete with trials that failed, 4 no\n"
        "such run.\n",
    .main = status_main,
};
