/*
 * A run's Slurm job: which it is, how it is, its end. All by Slurm's own commands (sbatch, squeue,
 * scancel); where they are not installed, jobs are unknown and nothing fails.
 *
 * RUN/jobs has a line for each job that `caviar submit` sent: its number, when, and who.
 */
#ifndef CAVIAR_SLURM_JOB_H
#define CAVIAR_SLURM_JOB_H

#include "base/arena.h"

typedef struct {
  const char *id;      /* "55", "55_3"; NULL: no job is known of */
  const char *unknown; /* why nothing is known of it; NULL: what follows is */
  bool queued;         /* Slurm has it in its queue: */
  const char *state;   /* PENDING, RUNNING, COMPLETING, .. */
  const char *reason, *nodes, *left;
} SlurmJob;

/* Asks squeue about a job; id NULL: about none. */
void slurm_job_ask(Arena *a, const char *id, SlurmJob *out);
/* The last that was sent for this run; NULL: none. */
const char *slurm_job_sent(Arena *a, const char *dir);
/* "job 55 RUNNING on n[1-2], 1:20:00 left" */
const char *slurm_job_text(Arena *a, const SlurmJob *j);

/* sbatch SCRIPT: the number of the job. E_IO, with the words of sbatch. */
MUST_CHECK Status slurm_job_send(Arena *a, const char *script, const char **id, Err *e);
MUST_CHECK Status slurm_job_note(Arena *a, const char *dir, const char *id, Err *e);
MUST_CHECK Status slurm_job_cancel(Arena *a, const char *id, Err *e);

#endif
