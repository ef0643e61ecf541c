/* How a run stands. */
#include "run_status.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/files.h"
#include "trial_checkpoint.h"

const char *const run_state_names[] = {
    [RUN_COMPLETE] = "complete", [RUN_WORKING] = "working", [RUN_STOPPING] = "stopping",
    [RUN_WAITING] = "waiting",   [RUN_SILENT] = "silent",   [RUN_UNFINISHED] = "unfinished",
};

/* 0: not there */
static int64_t modified(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? (int64_t)st.st_mtime : 0;
}

static void newer(int64_t *last, int64_t t) {
  if (t > *last) *last = t;
}

/* The steps that a checkpoint holds; one that is just being replaced or removed: 0. */
static int64_t steps_in(const char *path) {
  Arena scratch = {0};
  arena_init(&scratch);
  Err e = {0};
  H5In *in;
  int64_t updates = 0, batches;
  if (h5_open(&in, path, &e) == OK) {
    if (trial_checkpoint_counts(in, &scratch, &updates, &batches, &e) != OK) updates = 0;
    h5_close(in);
  }
  arena_free(&scratch);
  return updates;
}

/* Of the files that are there: a search may have far more trials. */
static void look_at_checkpoints(Arena *a, RunStatus *s) {
  const RunDir *r = &s->run;
  int n;
  const char **names = file_list(a, r->checkpoint_dir, &n);
  for (int i = 0; i < n; i++) {
    bool previous;
    const int64_t number = trial_checkpoint_number(names[i], &previous);
    if (number < 0 || number >= r->head.n_trials || previous) continue;
    const TrialResult *t = r->results[number];
    if (t && t->status != TRIAL_FAILED) continue;
    const char *path = file_join(a, r->checkpoint_dir, names[i]);
    const int64_t t_saved = modified(path);
    if (t_saved == 0) continue;
    newer(&s->progress, t_saved);
    s->n_saved++;
    s->saved_steps += steps_in(path);
  }
}

static void read_run(Arena *a, RunStatus *s) {
  newer(&s->progress, modified(file_join(a, s->dir, "journal")));
  look_at_checkpoints(a, s);
  if (s->lock.state == LOCK_HELD) s->running = s->lock.holder.running;
  if (s->lock.known) newer(&s->progress, s->lock.holder.progress);
  const int64_t left = s->run.head.n_trials - s->run.n_done;
  if (s->running > left) s->running = left; /* the one was written a moment before the other */
  s->missing = left - s->running;
}

static RunState judge(const RunStatus *s) {
  if (s->lock.state == LOCK_HELD) return s->stop ? RUN_STOPPING : RUN_WORKING;
  if (s->begun && s->run.ended && run_dir_complete(&s->run)) return RUN_COMPLETE;
  if (s->job.queued) return RUN_WAITING;
  return s->lock.state == LOCK_SILENT ? RUN_SILENT : RUN_UNFINISHED;
}

Status run_status_read(Arena *a, const char *dir, RunStatus *out, Err *e) {
  *out = (RunStatus){.dir = dir};
  const char *sent = slurm_job_sent(a, dir);
  out->begun = file_exists(file_join(a, dir, "journal")) || !sent;
  TRY(lock_look(a, dir, &out->lock, e)); /* first: what it may end with is then in the journal */
  if (out->begun) TRY(run_dir_read(a, dir, RUN_CURVES_NONE, &out->run, e));
  const LockHolder *h = &out->lock.holder;
  const bool of_a_job = out->lock.state != LOCK_FREE && h->job && *h->job;
  slurm_job_ask(a, of_a_job ? h->job : sent, &out->job);
  out->stop = lock_stop_text(a, dir);
  if (out->begun) read_run(a, out);
  out->state = judge(out);
  return OK;
}

const char *run_status_progress(Arena *a, const RunStatus *s) {
  return arena_printf(a, "%lld trials, %lld steps", (long long)s->run.n_done,
                      (long long)s->saved_steps);
}
