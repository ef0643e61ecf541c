/* A run's Slurm job, by Slurm's commands. */
#include "slurm_job.h"

#include <string.h>
#include <time.h>

#include "base/str.h"
#include "io/files.h"
#include "io/lock.h"
#include "program.h"

/* The text up to `end`, which is cut off; *rest: behind it. */
static const char *cut(char **rest, const char *ends) {
  char *text = *rest;
  size_t n = strcspn(text, ends);
  *rest = text[n] ? text + n + 1 : text + n;
  text[n] = '\0';
  return text;
}

void slurm_job_ask(Arena *a, const char *id, SlurmJob *out) {
  *out = (SlurmJob){.id = id};
  if (!id) return;
  const char *argv[] = {"squeue", "--noheader", "--jobs", id, "--format", "%T|%r|%N|%L", NULL};
  ProgramEnd end;
  program_run(a, argv, &end);
  if (!end.started) out->unknown = "there is no squeue here";
  if (end.started && end.code != 0 && !strstr(end.err, "Invalid job id"))
    out->unknown = arena_strndup(a, end.err, strcspn(end.err, "\n"));
  if (out->unknown || end.code != 0 || end.out[0] == '\0') return;
  char *text = arena_strdup(a, end.out);
  out->queued = true;
  out->state = cut(&text, "|\n");
  out->reason = cut(&text, "|\n");
  out->nodes = cut(&text, "|\n");
  out->left = cut(&text, "|\n");
}

const char *slurm_job_text(Arena *a, const SlurmJob *j) {
  if (j->unknown) return arena_printf(a, "%s; how it is, is not known: %s", j->id, j->unknown);
  if (!j->queued) return arena_printf(a, "%s, no longer in the queue", j->id);
  if (str_eq(j->state, "PENDING")) return arena_printf(a, "%s PENDING (%s)", j->id, j->reason);
  return arena_printf(a, "%s %s%s%s, %s left", j->id, j->state, *j->nodes ? " on " : "", j->nodes,
                      j->left);
}

/* ---- sending --------------------------------------------------------------------------------- */

Status slurm_job_send(Arena *a, const char *script, const char **id, Err *e) {
  const char *argv[] = {"sbatch", "--parsable", script, NULL};
  ProgramEnd end;
  program_run(a, argv, &end);
  CHECK(e, end.started, E_IO,
        "there is no sbatch here: send %s on a machine of the cluster, or load the module of Slurm",
        script);
  char *words = arena_strdup(a, end.err);
  words[strcspn(words, "\n")] = '\0';
  CHECK(e, end.code == 0, E_IO, "sbatch refuses %s (exit code %d): %s", script, end.code, words);
  *id = arena_strndup(a, end.out, strcspn(end.out, ";\n"));
  CHECK(e, (*id)[0], E_IO, "sbatch took %s and named no job: %s", script, words);
  return OK;
}

Status slurm_job_cancel(Arena *a, const char *id, Err *e) {
  const char *argv[] = {"scancel", id, NULL};
  ProgramEnd end;
  program_run(a, argv, &end);
  CHECK(e, end.started, E_IO, "there is no scancel here: cancel job %s on the cluster", id);
  CHECK(e, end.code == 0, E_IO, "scancel %s: %s", id, end.err);
  return OK;
}

/* ---- which ----------------------------------------------------------------------------------- */

/* All that is there; "" where nothing is. */
static char *read_jobs(Arena *a, const char *path, Err *e) {
  char *text = arena_strdup(a, "");
  size_t n;
  if (file_exists(path) && file_read(a, path, 1 << 20, &text, &n, e) != OK) return NULL;
  return text;
}

Status slurm_job_note(Arena *a, const char *dir, const char *id, Err *e) {
  const char *path = file_join(a, dir, "jobs");
  char when[64] = "";
  const time_t now = time(NULL);
  struct tm t;
  if (gmtime_r(&now, &t)) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &t);
  const char *before = read_jobs(a, path, e);
  if (!before) return e->status;
  const char *text = arena_printf(a, "%s%s %s %s\n", before, id, when, lock_myself(a));
  return file_write(path, text, strlen(text), e);
}

const char *slurm_job_sent(Arena *a, const char *dir) {
  Err e = {0};
  char *text = read_jobs(a, file_join(a, dir, "jobs"), &e), *last = text;
  if (!text) return NULL;
  for (char *line = text; (line = strchr(line, '\n')) && line[1];) last = ++line;
  const size_t n = strcspn(last, " \n");
  return n > 0 ? arena_strndup(a, last, n) : NULL;
}
