/*
 * caviar submit: experiments as a Slurm job. submit_args.c reads the command line, submit_script.c
 * writes the batch script, cmd_submit.c checks, keeps and sends it.
 */
#ifndef CAVIAR_SUBMIT_H
#define CAVIAR_SUBMIT_H

#include "base/str.h"

/* One run: one job, or one task of an array of them. */
typedef struct {
  int64_t number;   /* of the array task */
  const char *file; /* the experiment, absolute, */
  const char *text; /* and what it holds */
  const char *out;  /* the run directory, absolute */
  const char **overrides;
  int n_overrides;
} SubmitTask;

typedef struct {
  const char *name, *value; /* "--nodes", "4" */
} SubmitOption;

typedef struct {
  /* the command line */
  const char **files, **overrides;
  int n_files, n_overrides;
  const char *out;   /* NULL: runs/<name> */
  const char *array; /* NULL: none */
  SubmitOption *options;
  int n_options;
  const char **more; /* behind --: for sbatch as they are */
  int n_more;
  int64_t signal_seconds;
  bool srun, dry_run, template;

  /* and what follows from it */
  const char *program;   /* caviar, absolute */
  const char *job_name;  /* of the first experiment */
  const char *array_all; /* "0-3%2"; NULL: one job */
  bool by_seed;          /* all tasks are of one file: "%a" in its words is the task's number */
  const char *log;       /* for sbatch; NULL: its default, where no name can be given */
  SubmitTask *tasks;
  int n_tasks;
} Submit;

/* E_USAGE. */
MUST_CHECK Status submit_args_parse(Arena *a, int argc, char **argv, Submit *out, Err *e);

/* The numbers of "0-9%2", "1,3,5-7:2", ascending as written; at most 100,000. E_USAGE. */
MUST_CHECK Status submit_array_numbers(Arena *a, const char *text, int64_t **numbers, int *n,
                                       Err *e);

/* The batch script; for a template the one that takes the experiment from its own arguments. */
void submit_script(const Submit *s, Str *out);
/* Has submit_script made it, whatever somebody has changed in it since? */
bool submit_script_is_ours(const char *text);
/* DIRECTORY/FILE for sbatch's --output, "%a" of an array as it is; NULL: no such name can be said
 * there. */
const char *submit_log(Arena *a, const char *directory, const char *file, bool array);

/* The value of an option of that name, or NULL. */
const char *submit_option(const Submit *s, const char *name);

#endif
