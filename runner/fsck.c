#include "fsck.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files.h"
#include "plan.h"
#include "record.h"
#include "verify.h"

typedef struct {
  Arena *a;
  const char *dir;
  bool repair;
  FsckOutcome *out;
  RunDir run;
  int n_lines_damaged;
} Fsck;

/* ---- what is said ---------------------------------------------------------------------------- */

static void line(const char *word, const char *what, const char *format, va_list args) {
  printf("%-9s%s: ", word, what);
  vprintf(format, args);
  printf("\n");
}

static void damaged(Fsck *f, const char *what, const char *format, ...) PRINTF_LIKE(3, 4);
static void damaged(Fsck *f, const char *what, const char *format, ...) {
  va_list args;
  va_start(args, format);
  line("damaged", what, format, args);
  va_end(args);
  f->out->n_damaged++;
}

static void repaired(Fsck *f, int n, const char *what, const char *format, ...) PRINTF_LIKE(4, 5);
static void repaired(Fsck *f, int n, const char *what, const char *format, ...) {
  va_list args;
  va_start(args, format);
  line("repaired", what, format, args);
  va_end(args);
  f->out->n_repaired += n;
}

static void say(const char *word, const char *what, const char *format, ...) PRINTF_LIKE(3, 4);
static void say(const char *word, const char *what, const char *format, ...) {
  va_list args;
  va_start(args, format);
  line(word, what, format, args);
  va_end(args);
}

static const char *in_dir(const Fsck *f, const char *name) {
  return file_join(f->a, f->dir, name);
}

/* ---- the journal ----------------------------------------------------------------------------- */

static void damaged_line(void *ctx, int number, const char *why) {
  Fsck *f = ctx;
  f->n_lines_damaged++;
  damaged(f, "journal", "line %d: %s", number, why);
}

/* The damaged one is kept beside it. */
static Status mend_journal(Fsck *f, const Str *whole, Err *e) {
  const char *path = in_dir(f, "journal"), *aside = in_dir(f, "journal.damaged");
  char *bytes;
  size_t n;
  TRY(file_read(f->a, path, 0, &bytes, &n, e));
  TRY(file_write(aside, bytes, n, e));
  TRY(file_write(path, whole->text, (size_t)whole->length, e));
  repaired(f, f->n_lines_damaged, "journal", "%d damaged line%s cut out; the old one is %s",
           f->n_lines_damaged, f->n_lines_damaged == 1 ? "" : "s", aside);
  return OK;
}

static void list_missing(const Fsck *f) {
  enum { SHOWN = 12 };
  const RunDir *r = &f->run;
  Str missing = str_new(f->a);
  int64_t n = 0;
  for (int64_t i = 0; i < r->head.n_trials; i++) {
    if (r->results[i]) continue;
    if (n++ < SHOWN) str_addf(&missing, "%s%lld", n > 1 ? ", " : "", (long long)i);
  }
  say("journal", f->dir, "%lld of %lld trials are finished", (long long)r->n_done,
      (long long)r->head.n_trials);
  if (n > 0)
    say("follows", "trials", "%s%s would be trained by `caviar run`", str_text(&missing),
        n > SHOWN ? ", .." : "");
}

static void check_seeds(Fsck *f) {
  const RunDir *r = &f->run;
  for (int64_t i = 0; i < r->head.n_trials; i++) {
    const TrialResult *t = r->results[i];
    Lineage line;
    if (!t || !lineage_of(f->a, &r->history, r->head.rows, i, t->point, &line)) continue;
    if (t->seed != plan_seed(r->spec, line.root))
      damaged(f, "journal", "trial %lld has the seed %lld; that of this experiment is %lld",
              (long long)i, (long long)t->seed, (long long)plan_seed(r->spec, line.root));
  }
}

static Status check_journal(Fsck *f, Err *e) {
  Str whole = str_new(f->a);
  size_t torn;
  TRY(run_dir_salvage(f->a, f->dir, damaged_line, f, &f->run, &whole, &torn, e));
  if (torn > 0)
    say("note", "journal", "%zu bytes of a record that was being written when the run was killed",
        torn);
  list_missing(f);
  check_seeds(f);
  return f->repair && f->n_lines_damaged > 0 ? mend_journal(f, &whole, e) : OK;
}

/* ---- experiment.yaml and resolved.yaml ------------------------------------------------------- */

static void check_experiment(Fsck *f) {
  const RunDir *r = &f->run;
  if (str_eq(spec_text(f->a, r->spec, SPEC_FOR_DIGEST), r->head.identity)) return;
  damaged(
      f, "experiment.yaml",
      "is not what the run began with; put the old one back (resolved.yaml says what it meant)");
}

/* Another version may write more of the same experiment. */
static bool means_the_same(Fsck *f, const char *text) {
  Diag d = diag_new(f->a);
  const Spec *s = spec_from_text(f->a, "resolved.yaml", text, f->run.head.directory, NULL, 0, &d);
  return s && str_eq(spec_text(f->a, s, SPEC_FOR_DIGEST), f->run.head.identity);
}

static Status check_resolved(Fsck *f, Err *e) {
  const char *path = in_dir(f, "resolved.yaml"),
             *right = spec_text(f->a, f->run.spec, SPEC_RESOLVED);
  char *text = "";
  size_t n = 0;
  Err gone = {0};
  Status s = file_read(f->a, path, 1 << 20, &text, &n, &gone);
  if (s == OK && strlen(text) == n && (str_eq(text, right) || means_the_same(f, text))) return OK;
  damaged(f, "resolved.yaml", "%s", s == OK ? "is not what the run began with" : gone.text);
  if (!f->repair) return OK;
  TRY(file_write(path, right, strlen(right), e));
  repaired(f, 1, "resolved.yaml", "written anew");
  return OK;
}

/* ---- results.h5 ------------------------------------------------------------------------------ */

static Status check_record(Fsck *f, Err *e) {
  const char *path = in_dir(f, "results.h5");
  const RunDir *r = &f->run;
  char digest[HASH_HEX];
  FileFacts facts;
  Err why = {0};
  run_dir_digest(r, digest);
  int n = 0;
  if (!file_exists(path)) {
    say("note", "results.h5", "is not there yet");
  } else if (verify_record(f->a, path, &facts, &why) != OK) {
    CHECK(e, why.status == E_DATA, why.status, "%s", why.text);
    damaged(f, "results.h5", "%s", why.text);
    n = 1;
  } else if (facts.n_finished == r->n_done && str_eq(facts.digest, digest)) {
    return OK;
  } else if (facts.n_finished < r->n_done) {
    say("note", "results.h5", "is older than the journal: %lld trials, now %lld",
        (long long)facts.n_finished, (long long)r->n_done);
  } else {
    damaged(f, "results.h5", "says %lld trials and digest %s, the journal %lld and %s",
            (long long)facts.n_finished, facts.digest, (long long)r->n_done, digest);
    n = 1;
  }
  if (!f->repair) return OK;
  TRY(record_publish(r, e));
  repaired(f, n, "results.h5", "made anew from the journal");
  return OK;
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

/* At any time: with the first so many edits. */
static bool is_identity(Arena *a, const Spec *s, const char *identity) {
  bool is = str_eq(spec_identity_until(a, s, 0), identity);
  for (int i = 0; i < s->n_edits && !is; i++)
    is = str_eq(spec_identity_until(a, s, s->edits[i].step + 1), identity);
  return is;
}

/* What the checkpoint says against what the journal does. NULL: they agree. */
static const char *disagreement(Fsck *f, const FileFacts *x, int64_t number) {
  const RunDir *r = &f->run;
  const TrialResult *t = run_dir_trial(r, number);
  Diag d = diag_new(f->a);
  if (x->trial != number) return arena_printf(f->a, "is of trial %lld", (long long)x->trial);
  if (number >= r->head.n_trials) return "is of a trial that this run does not have";
  if (!str_eq(x->data, r->head.data)) return "was trained on other data";
  if (!t || t->status != TRIAL_COMPLETED) return NULL;
  Lineage line;
  if (!lineage_of(f->a, &r->history, r->head.rows, number, t->point, &line))
    return NULL; /* a line that lost records, which are said */
  const Spec *trial = lineage_trial(f->a, run_dir_trained(r), &line, &d);
  if (!trial || !is_identity(f->a, trial, x->identity))
    return "is of another experiment than the trial in the journal";
  if (x->finished && !str_eq(x->weights, t->weights))
    return arena_printf(f->a, "has weights of hash %s; the journal says %s", x->weights,
                        t->weights);
  return NULL;
}

static void say_what_follows(const Fsck *f, int64_t number, bool previous) {
  const TrialResult *t = run_dir_trial(&f->run, number);
  const char *other = previous ? trial_checkpoint_path(f->a, f->run.checkpoint_dir, number)
                               : trial_checkpoint_previous(f->a, f->run.checkpoint_dir, number);
  const char *what = arena_printf(f->a, "trial %lld", (long long)number);
  if (t && t->status == TRIAL_COMPLETED)
    say("follows", what,
        "its result stands; its weights would be trained again where they are asked for");
  else if (file_exists(other))
    say("follows", what, "goes on from %s", other);
  else
    say("follows", what, "would be trained from the beginning");
}

static Status check_checkpoint(Fsck *f, const char *name, Err *e) {
  bool previous = false;
  const char *path = file_join(f->a, f->run.checkpoint_dir, name);
  const int64_t number = trial_checkpoint_number(name, &previous);
  FileFacts facts;
  Err why = {0};
  if (number < 0) {
    if (!str_ends(name, ".tmp")) return OK;
    say("note", name, "was being written when the run was killed");
    return f->repair ? file_remove(path, e) : OK;
  }
  Arena scratch = {0};
  arena_init(&scratch);
  Status s = verify_checkpoint(&scratch, path, &facts, &why);
  const char *wrong = s == OK ? disagreement(f, &facts, number) : NULL;
  if (s != OK && s != E_DATA) { /* it could not be looked at, which says nothing of it */
    arena_free(&scratch);
    FAIL(e, s, "%s", why.text);
  }
  if (s != OK || wrong) {
    damaged(f, name, "%s", wrong ? wrong : why.text);
    say_what_follows(f, number, previous);
  }
  arena_free(&scratch);
  if ((s == OK && !wrong) || !f->repair) return OK;
  const char *aside = arena_printf(f->a, "%s.damaged", path);
  TRY(file_move(path, aside, e));
  repaired(f, 1, name, "put aside as %s", aside);
  return OK;
}

static Status check_checkpoints(Fsck *f, Err *e) {
  const RunDir *r = &f->run;
  int n;
  const char **names = file_list(f->a, r->checkpoint_dir, &n);
  for (int i = 0; i < n; i++) TRY(check_checkpoint(f, names[i], e));
  for (int64_t i = 0; r->spec->checkpoint.keep_trials > 0 && i < r->n_done; i++) {
    const int64_t number = r->order[i];
    if (run_dir_keeps(r, number) &&
        !file_exists(trial_checkpoint_path(f->a, r->checkpoint_dir, number)))
      say("note", "checkpoints", "none of trial %lld, one of the best: predict trains it again",
          (long long)number);
  }
  return OK;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static Status check_all(Fsck *f, Err *e) {
  TRY(check_journal(f, e));
  check_experiment(f);
  TRY(check_resolved(f, e));
  TRY(check_checkpoints(f, e));
  return check_record(f, e);
}

Status fsck_run(Arena *a, const char *dir, bool repair, FsckOutcome *out, Err *e) {
  Fsck f = {.a = a, .dir = dir, .repair = repair, .out = out};
  Lock *lock = NULL;
  *out = (FsckOutcome){0};
  CHECK(e, file_exists(dir), E_IO, "%s: no such run directory", dir);
  if (repair) TRY(lock_take(a, dir, 0, &lock, e));
  Status s = check_all(&f, e);
  if (lock) lock_release(lock);
  return s;
}
