/*
 * `command:` a program, run once a trial; what it prints is the result. The rank serves messages
 * meanwhile, and sleeps.
 *
 * What a program prints is an input: recorded, not computed here. The digest covers what was
 * recorded, and a trial that is in the journal is never run again.
 */
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "clock.h"
#include "command_call.h"
#include "command_output.h"
#include "io/files.h"
#include "objective.h"
#include "process.h"

static const double look_seconds = 0.005; /* between messages, at most */
static const double grace_seconds = 5;    /* from SIGTERM to SIGKILL */

static bool applies(const Spec *s) {
  return s->command.node != NULL;
}

/* ---- before ---------------------------------------------------------------------------------- */

static Status refuse(Diag *d, Mark at, const char *why, Err *e) {
  diag_add(d, DIAG_ERROR, at, "%s", why);
  FAIL(e, E_SPEC, "%s", why);
}

static Status plan(Arena *a, const TrialEnv *env, const Spec *s, Diag *d, TrialPlan *out, Err *e) {
  const CommandSpec *c = &s->command;
  CommandCall call;
  (void)env;
  command_call(a, c, 0, s->seed, &call);
  if (!file_exists(c->path))
    return refuse(d, spec_find(s->tree, "command.directory")->mark,
                  arena_printf(a, "command.directory: there is no folder %s", c->path), e);
  if (!call.file && strchr(call.argv[0], '/'))
    return refuse(
        d, c->marks[0],
        arena_printf(a, "command.run: %s is no program (seen from %s)", call.argv[0], c->path), e);
  if (!call.file)
    return refuse(d, c->marks[0],
                  arena_printf(a, "command.run: there is no program \"%s\" on PATH (%.300s)",
                               call.argv[0], call.path),
                  e);
  const Curves curves = objective_curves(a, &s->search.metric.name, 1, 0);
  out->epochs = 1;
  out->names = curves.names;
  out->n_names = 1;
  return OK;
}

/* ---- while it runs --------------------------------------------------------------------------- */

typedef struct {
  const TrialEnv *env;
  const Spec *spec;
  TrialResult *result;
  CommandOutput *output;
  Process process;
  double started;
  double asked; /* to end, by SIGTERM; 0: was not */
  bool killed, late, stopped;
} Job;

static void read_all(Job *j) {
  char bytes[1 << 14];
  size_t n;
  for (int i = 0; i < PROCESS_STREAMS; i++)
    while ((n = process_read(&j->process, i, bytes, sizeof bytes)) > 0)
      command_output_take(j->output, i, bytes, n);
}

/* SIGTERM when its time is over or the search stops, SIGKILL if it does not heed that. */
static void end_in_time(Job *j, double now) {
  const TrialHooks *hooks = &j->env->hooks;
  const double timeout = j->spec->command.timeout;
  if (j->asked == 0) {
    j->stopped = hooks->stop && hooks->stop(hooks->ctx);
    j->late = !j->stopped && timeout > 0 && now - j->started >= timeout;
    if (!j->stopped && !j->late) return;
    process_signal(&j->process, SIGTERM);
    j->asked = now;
  }
  if (j->killed || now - j->asked < grace_seconds) return;
  process_signal(&j->process, SIGKILL);
  j->killed = true;
}

/* Nobody knows how many rows there will be, so none is the last. */
static void report_rows(const Job *j, int *reported) {
  const TrialHooks *hooks = &j->env->hooks;
  while (*reported < command_output_rows(j->output)) {
    ++*reported;
    if (hooks->epoch) hooks->epoch(hooks->ctx, j->result->number, *reported, INT32_MAX);
  }
}

static void watch(Job *j) {
  const TrialHooks *hooks = &j->env->hooks;
  int reported = 0;
  if (hooks->begin) hooks->begin(hooks->ctx, j->result->number, 0, INT32_MAX);
  while (!j->process.over) {
    process_wait(&j->process, look_seconds);
    read_all(j);
    report_rows(j, &reported);
    if (hooks->tick) hooks->tick(hooks->ctx);
    end_in_time(j, clock_now());
  }
  read_all(j);
}

/* ---- after ----------------------------------------------------------------------------------- */

/* How it ended, if not well. */
static Status check_end(const Job *j, Err *e) {
  const int status = j->process.status;
  CHECK(e, !j->stopped, E_STOPPED, "trial %lld: its command was ended; it begins anew",
        (long long)j->result->number);
  CHECK(e, !j->late, E_TRIAL, "it was ended after %g s (command.timeout)",
        j->spec->command.timeout);
  CHECK(e, !WIFSIGNALED(status), E_TRIAL, "it was ended by signal %d (%s)", WTERMSIG(status),
        strsignal(WTERMSIG(status)));
  CHECK(e, WEXITSTATUS(status) == 0, E_TRIAL, "it ended with exit code %d", WEXITSTATUS(status));
  return OK;
}

/* The row that counts; of a metric that is not finite nowhere, none. */
static void choose(const Spec *s, TrialResult *r) {
  const MetricSpec *metric = &s->search.metric;
  const Curves *c = &r->curves;
  int column = 0, chosen = metric->at_best ? 0 : c->n_epochs;
  while (!str_eq(c->names[column], metric->name)) column++;
  for (int i = 1; metric->at_best && i <= c->n_epochs; i++) {
    const double x = c->values[(i - 1) * c->n_names + column];
    const double best = chosen ? c->values[(chosen - 1) * c->n_names + column] : NAN;
    if (isfinite(x) && trial_better(x, best, metric->maximize)) chosen = i;
  }
  const double x = chosen ? c->values[(chosen - 1) * c->n_names + column] : NAN;
  r->status = isfinite(x) ? TRIAL_COMPLETED : TRIAL_DIVERGED;
  if (r->status == TRIAL_COMPLETED) {
    r->metric = x;
    r->chosen_epoch = chosen;
  } else {
    r->diverged_step = c->n_epochs;
  }
}

static Status conclude(Arena *a, Job *j, Err *e) {
  char number[32];
  TRY(check_end(j, e));
  TRY(command_output_curves(a, j->output, &j->result->curves, e));
  choose(j->spec, j->result);
  if (j->result->status == TRIAL_COMPLETED) return OK;
  const Curves *c = &j->result->curves;
  double x = NAN;
  for (int i = 0; i < c->n_names; i++)
    if (str_eq(c->names[i], j->spec->search.metric.name))
      x = c->values[(c->n_epochs - 1) * c->n_names + i];
  j->result->reason =
      arena_printf(a, "the command's %s is %s", j->spec->search.metric.name, str_f64(x, number));
  return OK;
}

/* What it said last, and where all of it is. */
static Status with_words(const Job *j, const char *path, Err *e) {
  const char *last = command_output_last(j->output);
  Err all = {0};
  err_set(&all, e->status, "the command: %s%s%.200s%s%s%s", e->text,
          *last ? "; it said last: " : "", last, path ? "; see " : "", path ? path : "", "");
  *e = all;
  return e->status;
}

static const char *output_path(Arena *a, const TrialEnv *env, int64_t number) {
  if (!env->output_dir) return NULL;
  return file_join(a, env->output_dir, arena_printf(a, "trial-%06lld.txt", (long long)number));
}

static Status run(Arena *a, const TrialEnv *env, const Spec *s, TrialResult *out, Err *e) {
  Job j = {.env = env, .spec = s, .result = out, .started = clock_now()};
  const char *path = output_path(a, env, out->number);
  CommandCall call;
  command_call(a, &s->command, out->number, s->seed, &call);
  CHECK(e, call.file, E_TRIAL, "there is no program \"%s\" any more", call.argv[0]);
  if (path) TRY(file_make_dirs(env->output_dir, e));
  TRY(command_output_open(a, &s->command, s->search.metric.name, path, &j.output, e));
  const ProcessStart start = {
      .file = call.file, .argv = call.argv, .envp = call.envp, .directory = s->command.path};
  Status status = process_start(&start, &j.process, e);
  if (status == OK) {
    watch(&j);
    process_close(&j.process);
  }
  Err later = {0};
  const Status written = command_output_close(j.output, status == OK ? e : &later);
  if (status == OK) status = written;
  if (status == OK) status = conclude(a, &j, e);
  out->seconds = clock_now() - j.started;
  return status == OK || status == E_STOPPED ? status : with_words(&j, path, e);
}

const Objective run_objective_command = {
    .name = "command",
    .doc = "a program that prints its result",
    .applies = applies,
    .plan = plan,
    .run = run,
};
