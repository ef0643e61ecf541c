/*
 * A run directory: an experiment on disk, and the only truth about what is done.
 *
 *   experiment.yaml   as given                resolved.yaml   every default explicit, overrides in
 *   journal           finished trials         results.h5      the record, made from the journal
 *   checkpoints/      the best trials' weights, and what is being trained
 *   lock              held by the one process that writes (rank 0), see io/lock.h
 *   stop              somebody asks it to stop
 *   requests/         what commands ask of the job that works on the run (requests.h)
 *
 * The journal's first record says what the run is (canonical spec, overrides, data); a run is
 * continued only by the same experiment on the same data; a search may be given more trials, which
 * is another such record. A trial that is recorded twice counts
 * once; a FAILED one may be trained again, and what comes of it counts. Everything lives in the
 * arena that was given; results are kept in memory.
 */
#ifndef CAVIAR_RUN_DIR_H
#define CAVIAR_RUN_DIR_H

#include "history.h"
#include "lineage.h"
#include "io/journal.h"
#include "io/lock.h"
#include "trial.h"

/* What the record says about where a run came from; the journal's first record. */
typedef struct {
  int64_t format;         /* of the journal */
  const char *caviar;     /* version of the program that made the run */
  const char *numerics;   /* TRIAL_NUMERICS of that program */
  const char *name;       /* the experiment's */
  const char *file;       /* the YAML file, as it was given */
  const char *directory;  /* what relative data paths are relative to (absolute) */
  const char **overrides; /* (n_overrides) "train.epochs=5" */
  int n_overrides;
  int64_t n_trials;
  int64_t repeats;           /* of each point (search.repeats); n_trials is a multiple */
  int64_t rows;              /* of the training part, where the method has generations; else 0 */
  const char *from;          /* what came of search.from (from.h); NULL: nothing */
  const char *identity;      /* SPEC_FOR_DIGEST: two runs with the same are the same experiment */
  const char *data;          /* fingerprint */
  const char *commit, *diff; /* git's, of the YAML file's repository; "unknown", "" */
  bool dirty;
} RunHead;

/* The chosen trial on the test part. */
typedef struct {
  int64_t trial;               /* -1: not tested (yet) */
  double rows, loss, accuracy; /* means; accuracy NaN where the loss has no such notion */
  Metrics metrics;             /* those that the experiment lists */
} RunTest;

/* A change while the run went on (its one trial; a search has none). */
typedef struct {
  int64_t step;       /* updates done before it */
  const char *values; /* flow YAML: {train.l2: 0.1} */
} RunEdit;

typedef struct {
  const char *dir;
  const char *checkpoint_dir;
  RunHead head;
  Spec *spec;             /* the experiment, resolved */
  const char *experiment; /* text of experiment.yaml */
  TrialResult **results;  /* (head.n_trials) NULL: not finished */
  TrialResult **legs;     /* (head.n_trials) the latest results of those that have brackets */
  Rungs rungs;            /* who of these trains further; `changed` follows the last result */
  int64_t *order;         /* (n_done) numbers, best first; with search.repeats by their points
                             (run_points.h), those of one side by side */
  int64_t n_done, n_diverged, n_failed;
  History history; /* the points of the trials that are not finished follow from it */
  RunTest test;
  RunEdit *edits;      /* (n_edits) in the order in which they came; rewinding takes some away */
  const Spec *trained; /* spec with them; NULL: the same */
  int n_edits, edits_capacity;
  Arena *arena;
  int64_t curves;   /* of which trials there are curves, see run_dir_read */
  bool reading;     /* the journal, and `order` is made when all of it is there */
  bool ended;       /* nothing is left to do: tested and published too */
  Journal *journal; /* NULL: only read */
  Lock *lock;       /* the same */
} RunDir;

/*
 * Only reads, needs no lock, also while the run goes on. E_IO: not there, not a run directory.
 *
 * `curves`: the trial whose curves are wanted, or one of these. The curves of the others have their
 * n_epochs and no columns; they were not parsed, but every byte of the journal is under a checksum
 * that was looked at. What is made of curves (the digest, the record) needs all of them; of several
 * objectives the values are there either way. Of a search with generations all curves are read.
 */
enum { RUN_CURVES_ALL = -1, RUN_CURVES_NONE = -2 };
MUST_CHECK Status run_dir_read(Arena *a, const char *dir, int64_t curves, RunDir *out, Err *e);

/* The same past damaged records of the journal, which go to `damaged`; *whole: the others' lines, *torn:
 * bytes of a torn last one. E_DATA where not even the first can be used. */
MUST_CHECK Status run_dir_salvage(Arena *a, const char *dir,
                                  void (*damaged)(void *ctx, int line, const char *why), void *ctx,
                                  RunDir *out, Str *whole, size_t *torn, Err *e);

/* E_IO for a directory that has files of a run's names but no journal: they are somebody's, and would be
 * written over. */
MUST_CHECK Status run_dir_refuse_foreign(Arena *a, const char *dir, Err *e);

/*
 * Makes the directory for this run, or continues the one that is there. Takes the lock (E_BUSY
 * after 10 seconds). E_SPEC with the difference if another experiment or other data lives there;
 * E_IO if the directory cannot be written or holds something else. `spec` and what `head` points to
 * must outlive `out`; head.commit and the like are only used for a new directory.
 */
MUST_CHECK Status run_dir_open(Arena *a, const char *dir, const Spec *spec, const RunHead *head,
                               RunDir *out, Err *e);
/* Appends a trial's result (JSON of trial_write_json) to the journal, then counts it. */
MUST_CHECK Status run_dir_record(RunDir *r, const char *json, Err *e);
MUST_CHECK Status run_dir_record_test(RunDir *r, const RunTest *t, Err *e);
/* All trials are done, the chosen one has seen the test part, the record is published; kept in the
 * journal, once. */
MUST_CHECK Status run_dir_record_end(RunDir *r, Err *e);

/* ---- edits (run_edits.c) ---------------------------------------------------------------------- */

/* As spec_edited takes them; "" where there are none. */
const char *run_dir_edits(Arena *a, const RunDir *r);
/* Would it be legal? E_SPEC with the reason. */
MUST_CHECK Status run_dir_try_edit(Arena *a, const RunDir *r, int64_t step, const char *values,
                                   Err *e);
/* Into the journal and onto the disk, then counted. */
MUST_CHECK Status run_dir_record_edit(RunDir *r, int64_t step, const char *values, Err *e);
/* Back to the end of that epoch, which is after `step` updates: edits from there on are undone. */
MUST_CHECK Status run_dir_record_rewind(RunDir *r, int64_t epoch, int64_t step, Err *e);
/* A record of type edit or rewind. */
MUST_CHECK Status run_edits_read(RunDir *r, const JsonValue *record, Err *e);
/* The experiment with the edits. */
static inline const Spec *run_dir_trained(const RunDir *r) {
  return r->trained ? r->trained : r->spec;
}
/* SPEC_FOR_DIGEST with the edits. */
const char *run_dir_identity(Arena *a, const RunDir *r);

/* Gives the lock back; everything is on disk. Safe on a RunDir that was only read or never
 * opened. */
MUST_CHECK Status run_dir_close(RunDir *r, Err *e);

/* A result as methods want it: the smaller, the better; NaN unless COMPLETED. */
double run_dir_loss(const RunDir *r, const TrialResult *t);

const TrialResult *run_dir_trial(const RunDir *r, int64_t number); /* NULL: not finished, no such */
const TrialResult *run_dir_best(const RunDir *r);                  /* NULL: none COMPLETED */
bool run_dir_complete(const RunDir *r);
/* Which training trial `number` is, at a point as a result or history_point has it (lineage.h). In
 * `a`. E_DATA: the trials that it goes on from are not known. */
MUST_CHECK Status run_dir_line(Arena *a, const RunDir *r, int64_t number, const char *point,
                               Lineage *out, Err *e);

/* How many trials keep their checkpoints: checkpoint.keep_trials times search.repeats, but the best
 * one at least, which is still to see the test part. Does this one? All do whose point is not
 * complete, and those of a generation while the next one is not over. */
int64_t run_dir_keep_count(const RunDir *r);
bool run_dir_keeps(const RunDir *r, int64_t number);

/*
 * One hash of everything that the promise covers: numerics version, canonical spec, data, and of
 * each finished trial, in order of the numbers, its point, status, curves and weights. The same on
 * any number of ranks, after any number of kills.
 */
void run_dir_digest(const RunDir *r, char out[HASH_HEX]);

#endif
