/*
 * What every rank has and does: the experiment and the data, and the training of one trial after
 * another, each as text in and text out.
 *
 * A Task is what rank 0 hands out; it and the results travel as JSON.
 */
#ifndef CAVIAR_WORK_H
#define CAVIAR_WORK_H

#include "lineage.h"
#include "trial.h"

typedef struct {
  int64_t number;
  const char *point; /* plan_point's text */
  /* The last of the trials whose checkpoints are kept at present, if they are that many already: a
   * trial behind it writes none. -1: there is room. */
  int64_t rival;
  double rival_metric;
  int64_t stop_at;      /* the epoch at which this leg ends; 0: there is one leg */
  const double *limits; /* (n_limits) of search.early_terminate; n_limits 0: none */
  int n_limits;
  const int
      *ranks; /* (n_ranks) of the team that trains it, the leader first; n_ranks 0: one rank */
  int n_ranks;
  const char *edits; /* of the run so far (run_dir.h); "": none */
  Lineage line;      /* which training it is: of the trial itself, or it goes on with another's */
} Task;

typedef struct {
  const Spec *spec; /* the experiment */
  RunData data;
  const char *checkpoint_dir;
  const char *output_dir; /* of commands */
  int rank;
  const char *host;
  Task task;        /* the one that is being trained */
  TrialPlace place; /* where it was when it was stopped */
  TrialHooks hooks; /* all but keep, which is work's own */
  Team *team;       /* that trains it; NULL: this rank alone */
} Work;

void task_write(const Task *t, Str *out);
MUST_CHECK Status task_read(Arena *a, const char *json, size_t n, Task *out, Err *e);

/* Trains; scratch and the result's text in `a`; collective on w->team, of which place 0 alone has
 * the text, the others NULL. A trial that cannot be trained (memory, a command) is a FAILED
 * result. Only E_STOPPED is an error. */
MUST_CHECK Status work_train(Arena *a, Work *w, const Task *t, const char **json, Err *e);

#endif
