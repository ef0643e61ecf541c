/* The search as rank 0 sees it. */
#include "search.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "clock.h"
#include "plan.h"
#include "record.h"
#include "stopper.h"

/* results.h5 is written so often at most, and never for more than that share of the time: it grows
 * with the search, and meanwhile nobody is served. */
static const double publish_seconds = 30, publish_share = 0.01;

/* ---- signals --------------------------------------------------------------------------------- */

static volatile sig_atomic_t asked_to_stop;
static double asked_at;       /* seconds on the clock; the handler's own */
static void (*at_once)(void); /* ends the process */

/* A batch system may send the same twice within a moment: that is one. */
static void on_signal(int number) {
  const double now = clock_now();
  if (number == SIGINT) signal(SIGINT, SIG_DFL);
  if (!asked_to_stop) asked_at = now;
  if (asked_to_stop && now - asked_at > 1 && at_once) at_once();
  asked_to_stop = 1;
}

void search_on_second_signal(void (*end)(void)) {
  at_once = end;
}

void search_catch_signals(void) {
  struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  static const int numbers[] = {SIGUSR1, SIGTERM, SIGINT, SIGXCPU};
  struct sigaction hangup;
  sigfillset(&act.sa_mask);
  for (int i = 0; i < COUNT(numbers); i++) sigaction(numbers[i], &act, NULL);
  const bool nohup = sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
  if (!nohup) sigaction(SIGHUP, &act, NULL);
}

bool search_signalled(void) {
  return asked_to_stop;
}

bool search_stopping(const Search *s) {
  return s->stop || s->err.status != OK || asked_to_stop || lock_stop_asked(s->run->lock);
}

/* ---- trials ---------------------------------------------------------------------------------- */

/* Trials may begin as far as what they depend on is there. */
static void open_window(Search *s) {
  const History *h = &s->run->history;
  int64_t limit = s->queue.limit;
  while (limit < s->queue.n_trials && history_ready(h, limit)) limit++;
  schedule_allow(&s->queue, limit);
}

/* Trials that the journal has at a rung. */
static void go_on(Search *s) {
  const Rungs *rungs = &s->run->rungs;
  for (int64_t n = 0; rungs->stopper && n < rungs->n_trials; n++) {
    if (s->run->results[n] || !s->run->legs[n]) continue;
    schedule_pause(&s->queue, n);
    if (rungs_state(rungs, n) == RUNG_TRAINS) schedule_again(&s->queue, n);
  }
}

/* What the trial's result has settled, of itself and of others of its bracket. */
static void follow_up(Search *s, int64_t number) {
  const Rungs *rungs = &s->run->rungs;
  if (!s->run->results[number]) schedule_pause(&s->queue, number);
  for (int64_t i = 0; i < rungs->n_changed; i++) {
    const int64_t n = rungs->changed[i];
    if (s->run->results[n])
      schedule_done(&s->queue, n);
    else
      schedule_again(&s->queue, n);
  }
  open_window(s);
}

void search_init(Search *s, Arena *a, RunDir *run, int n_ranks) {
  *s = (Search){.run = run, .publish = clock_now() + publish_seconds};
  schedule_init(&s->queue, a, run->head.n_trials);
  for (int64_t i = 0; i < run->n_done; i++) {
    int64_t number = run->order[i];
    if (run->results[number]->status != TRIAL_FAILED) schedule_done(&s->queue, number);
  }
  go_on(s);
  if (run->history.window > 0) schedule_hold(&s->queue);
  open_window(s);
  panda_init(&s->panda, run);
  progress_init(&s->progress, run, n_ranks);
}

bool search_next(Search *s, int rank, Arena *a, Task *out) {
  if (search_stopping(s) || search_holds(s)) return false;
  int64_t n = schedule_next(&s->queue, rank);
  if (n < 0) return false;
  search_task(s, n, a, out);
  search_began(s);
  return true;
}

void search_began(Search *s) {
  progress_started(&s->progress);
}

/* By the curves of earlier trials, where the search has such a rule. As with methods the first word
 * counts: one that FAILED has no curve, though a later run may have trained it. */
static void set_limits(const Search *s, int64_t n, Arena *a, Task *out) {
  const Spec *spec = s->run->spec;
  const KindValue *rule = &spec->search.early_terminate;
  const Stopper *stopper = (const Stopper *)(const void *)rule->kind;
  if (!stopper || !stopper->limits) return;
  const int64_t n_told = history_n_told(&s->run->history, n);
  StopperCurve *told = ARENA_ARRAY(a, StopperCurve, n_told);
  int64_t n_epochs = 0;
  for (int64_t i = 0; i < n_told; i++) {
    const TrialResult *t = s->run->results[i];
    if (t && t->status == TRIAL_COMPLETED && !t->again)
      told[i] = trial_metric_curve(a, t, spec->search.metric.name);
    if (told[i].n > n_epochs) n_epochs = told[i].n;
  }
  double *limits = ARENA_ARRAY(a, double, n_epochs);
  stopper->limits(a, rule->config, told, n_told, spec->search.metric.maximize, n_epochs, limits);
  out->limits = limits;
  out->n_limits = (int)n_epochs;
}

/* Who is behind the last of those whose checkpoints are kept need write none. */
static void set_rival(const Search *s, Task *out) {
  const int64_t keep = run_dir_keep_count(s->run);
  if (s->run->n_done < keep || s->run->history.repeats > 1) return; /* others rank it too */
  const TrialResult *last = s->run->results[s->run->order[keep - 1]];
  if (last->status != TRIAL_COMPLETED) return;
  out->rival = last->number;
  out->rival_metric = last->metric;
}

/* Which training it is. One whose line is not known ends the search: the journal has lost results. */
static void set_line(Search *s, int64_t n, Arena *a, Task *out) {
  Err e = {0};
  if (run_dir_line(a, s->run, n, out->point, &out->line, &e) != OK && s->err.status == OK)
    s->err = e;
  if (out->line.stop_at > 0) out->stop_at = out->line.stop_at;
}

void search_task(Search *s, int64_t n, Arena *a, Task *out) {
  *out = (Task){.number = n,
                .point = history_point(a, &s->run->history, n),
                .rival = -1,
                .edits = run_dir_edits(a, s->run),
                .stop_at = rungs_epoch(&s->run->rungs, n)};
  set_line(s, n, a, out);
  set_limits(s, n, a, out);
  set_rival(s, out);
}

/* The trial's number, near the beginning of a result's text (trial_write_json); -1: it is none. The
 * whole is read only once it counts, for that takes long. */
static int64_t number_of(const char *json, size_t n) {
  static const char key[] = "\"trial\": ";
  char head[100] = "", *end = NULL;
  memcpy(head, json, n < sizeof head ? n : sizeof head - 1);
  const char *at = strstr(head, key);
  if (at == NULL) return -1;
  at += strlen(key);
  const long long number = strtoll(at, &end, 10);
  return end > at ? number : -1;
}

int64_t search_result(Search *s, int rank, const char *json, size_t n) {
  int64_t number = number_of(json, n);
  switch (schedule_result(&s->queue, rank, number)) {
  case SCHEDULE_NEW:
    if (run_dir_record(s->run, json, &s->err) != OK) return number;
    follow_up(s, number);
    progress_finished(&s->progress);
    if (schedule_complete(&s->queue)) panda_over(&s->panda);
    return number;
  case SCHEDULE_REPEAT:
    return number;
  case SCHEDULE_REFUSED:
    err_set(&s->err, E_INTERNAL, "rank %d reported trial %lld, which it was not given", rank,
            (long long)number);
  }
  return -1;
}

bool search_wants_back(const Search *s) {
  return s->panda.wants;
}

bool search_holds(const Search *s) {
  return s->panda.holds;
}

void search_returned(Search *s, int rank, int64_t number, const TrialPlace *place) {
  if (!schedule_return(&s->queue, rank, number)) {
    err_set(&s->err, E_INTERNAL, "rank %d gave back trial %lld, which it was not given", rank,
            (long long)number);
  }
  s->progress.running--;
  const bool is_back = place != NULL && s->err.status == OK;
  if (!is_back || panda_returned(&s->panda, place, &s->err) != OK) s->stop = true;
}

void search_epochs(Search *s, int64_t n) {
  progress_epochs(&s->progress, n);
}

void search_tick(Search *s) {
  double now = clock_now();
  bool durable;
  if (s->err.status != OK) return;
  lock_note(s->run->lock, s->progress.running, s->progress.epochs + s->progress.finished);
  if (lock_lost(s->run->lock) && lock_check(s->run->lock, &s->err) != OK) return;
  if (journal_sync(s->run->journal, false, &durable, &s->err) != OK) return;
  const bool trains = s->queue.n_given > 0;
  if (!s->run->spec->search.present && panda_tick(&s->panda, trains, &s->err) != OK) return;
  progress_draw(&s->progress, now);
  if (now < s->publish) return;
  Err e = {0}; /* it follows from the journal, and the last one at the end counts */
  const bool failed = record_publish(s->run, &e) != OK;
  if (failed && !s->unpublished) log_line(LOG_WARNING, "%s; the search goes on", e.text);
  s->unpublished = failed;
  const double end = clock_now(), pause = (end - now) / publish_share;
  s->publish = end + (pause > publish_seconds ? pause : publish_seconds);
}

Status search_outcome(const Search *s, Err *e) {
  if (s->err.status != OK) {
    *e = s->err;
    return s->err.status;
  }
  if (schedule_complete(&s->queue)) return OK;
  const char *who = lock_stop_text(s->run->arena, s->run->dir);
  FAIL(e, E_STOPPED,
       "stopped%s%s: run the same command again to continue (%lld of %lld trials are finished)",
       who ? " as asked by " : "", who ? who : "", (long long)s->queue.n_done,
       (long long)s->queue.n_trials);
}
