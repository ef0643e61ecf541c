/*
 * How a run stands, for those who look: read-only, from any machine that sees the directory, also
 * while the run goes on.
 */
#ifndef CAVIAR_RUN_STATUS_H
#define CAVIAR_RUN_STATUS_H

#include "run_dir.h"
#include "slurm_job.h"

typedef enum {
  RUN_COMPLETE,   /* all trials done, the chosen one tested, the record published */
  RUN_WORKING,    /* somebody is at work */
  RUN_STOPPING,   /*   and was asked to stop */
  RUN_WAITING,    /* its job waits in the queue, or has yet to begin */
  RUN_SILENT,     /* who was at work shows no sign of life, from a host that cannot be asked */
  RUN_UNFINISHED, /* nobody is at work */
} RunState;

extern const char *const run_state_names[]; /* "complete", .. */

typedef struct {
  const char *dir;
  bool begun; /* there is a journal; else only a job that is to make it */
  RunDir run;
  RunState state;
  LockView lock;
  SlurmJob job;
  const char *stop;             /* who asked to stop; NULL: nobody */
  int64_t running, missing;     /* trials; running: as the holder of the lock says */
  int64_t n_saved, saved_steps; /* unfinished trials that have a checkpoint; their steps in all */
  int64_t progress;             /* when something was achieved last, unix seconds; 0: never */
} RunStatus;

/* E_IO: there is no such directory, or it is no run's. E_DATA: a damaged journal. May take 5 s
 * (lock_look). */
MUST_CHECK Status run_status_read(Arena *a, const char *dir, RunStatus *out, Err *e);

/* All that only grows with what is achieved, as a word: two that are equal say that nothing was. */
const char *run_status_progress(Arena *a, const RunStatus *s);

#endif
