/* Checkpoints of former moments: checkpoints/kept/000000000120.h5 is of 120 updates. */
#define _XOPEN_SOURCE 700 /* link */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "io/files.h"
#include "panda.h"

static const char *folder(Arena *a, const RunDir *run) {
  return file_join(a, run->checkpoint_dir, "kept");
}

static const char *kept_path(Arena *a, const RunDir *run, int64_t updates) {
  return arena_printf(a, "%s/%012lld.h5", folder(a, run), (long long)updates);
}

/* A new name for the file, in place of what has it. */
static bool put_link(Arena *a, const char *from, const char *to) {
  const char *new = arena_printf(a, "%s.new", to);
  (void)unlink(new);
  return link(from, new) == 0 && rename(new, to) == 0;
}

/* Not to have kept one costs time, when somebody rewinds, and nothing else. */
void panda_keep(const RunDir *run, int64_t updates) {
  Arena a = {0};
  Err e = {0};
  arena_init(&a);
  const char *from = trial_checkpoint_path(&a, run->checkpoint_dir, 0);
  if (file_make_dirs(folder(&a, run), &e) != OK || !put_link(&a, from, kept_path(&a, run, updates)))
    log_line(LOG_NOTE, "the checkpoint of update %lld is not kept: rewinding will train again",
             (long long)updates);
  arena_free(&a);
}

/* The last of at most `step` updates, or -1; those of more are removed. */
static int64_t last_kept(Arena *a, const RunDir *run, int64_t step) {
  int64_t last = -1;
  int n;
  const char **names = file_list(a, folder(a, run), &n);
  for (int i = 0; i < n; i++) {
    char *end;
    const long long updates = strtoll(names[i], &end, 10);
    if (end == names[i] || !str_eq(end, ".h5")) continue;
    if (updates > step)
      (void)unlink(kept_path(a, run, updates));
    else if (updates > last)
      last = updates;
  }
  return last;
}

int64_t panda_back_to(const RunDir *run, int64_t saved, int64_t step) {
  Arena a = {0};
  Err e = {0};
  arena_init(&a);
  const int64_t last = last_kept(&a, run, step);
  const char *path = trial_checkpoint_path(&a, run->checkpoint_dir, 0);
  int64_t now = saved;
  if (saved > step) {
    if (trial_checkpoint_remove(run->checkpoint_dir, 0, &e) != OK)
      log_line(LOG_WARNING, "%s", e.text);
    now = last > 0 && put_link(&a, kept_path(&a, run, last), path) ? last : 0;
  }
  arena_free(&a);
  return now;
}

void panda_keep_none(const RunDir *run) {
  Arena a = {0};
  arena_init(&a);
  (void)last_kept(&a, run, -1);
  (void)rmdir(folder(&a, run));
  arena_free(&a);
}
