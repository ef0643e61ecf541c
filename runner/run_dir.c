/* A run directory: reading it, making it, appending to it. */
#include "run_dir.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "from.h"
#include "io/files.h"
#include "pareto.h"
#include "run_head.h"
#include "run_points.h"

enum { MAX_TEXT = 1 << 20, LOCK_SECONDS = 10 };

/* ---- results in memory ----------------------------------------------------------------------- */

const TrialResult *run_dir_trial(const RunDir *r, int64_t number) {
  return number >= 0 && number < r->head.n_trials ? r->results[number] : NULL;
}

const TrialResult *run_dir_best(const RunDir *r) {
  const TrialResult *best = r->n_done > 0 ? r->results[r->order[0]] : NULL;
  return best && best->status == TRIAL_COMPLETED ? best : NULL;
}

bool run_dir_complete(const RunDir *r) {
  return r->n_done == r->head.n_trials;
}

int64_t run_dir_keep_count(const RunDir *r) {
  int64_t keep = r->spec->checkpoint.keep_trials * run_repeats(r);
  return keep > 1 ? keep : 1;
}

/* Its place may still become a better one. */
static bool is_open(const RunDir *r, int64_t number) {
  const int64_t repeats = run_repeats(r);
  return repeats > 1 && !run_point(r, number / repeats).complete;
}

/* Trials of the next generation may go on from it. */
static bool is_parent(const RunDir *r, int64_t number) {
  const int64_t n = r->history.generations.members;
  if (n == 0) return false;
  const int64_t next = (number / n + 1) * n; /* the first of that generation */
  return next < r->head.n_trials && r->history.front < next + n;
}

Status run_dir_line(Arena *a, const RunDir *r, int64_t number, const char *point, Lineage *out,
                    Err *e) {
  CHECK(e, lineage_of(a, &r->history, r->head.rows, number, point, out), E_DATA,
        "%s: the trials that trial %lld goes on from are not all in the journal", r->dir,
        (long long)number);
  return OK;
}

bool run_dir_keeps(const RunDir *r, int64_t number) {
  int64_t keep = run_dir_keep_count(r);
  const TrialResult *t = run_dir_trial(r, number);
  if (t && t->status == TRIAL_COMPLETED && is_parent(r, number)) return true;
  if (t && is_open(r, number)) return t->status == TRIAL_COMPLETED;
  for (int64_t i = 0; i < keep && i < r->n_done; i++) {
    if (r->order[i] == number) return r->results[number]->status == TRIAL_COMPLETED;
  }
  return false;
}

static void count(RunDir *r, const TrialResult *t, int by) {
  if (t->status == TRIAL_DIVERGED) r->n_diverged += by;
  if (t->status == TRIAL_FAILED) r->n_failed += by;
}

/* Takes those of t's point, which stand side by side, out of the order. */
static void take_out(RunDir *r, const TrialResult *t) {
  const int64_t repeats = run_repeats(r), point = t->number / repeats;
  int64_t first = 0, n = 0;
  for (int64_t i = 0; i < repeats; i++) n += r->results[point * repeats + i] != NULL;
  if (n == 0) return;
  while (r->order[first] / repeats != point) first++;
  memmove(r->order + first, r->order + first + n,
          sizeof *r->order * (size_t)(r->n_done - first - n));
  r->n_done -= n;
}

/* How many of the order are better. */
static int64_t place_of(const RunDir *r, const TrialResult *t) {
  int64_t from = 0, to = r->n_done;
  while (from < to) {
    const int64_t middle = from + (to - from) / 2;
    if (run_compare(r, r->results[r->order[middle]], t) < 0)
      from = middle + 1;
    else
      to = middle;
  }
  return from;
}

static void put_in(RunDir *r, const TrialResult *t) {
  const int64_t at = place_of(r, t);
  memmove(r->order + at + 1, r->order + at, sizeof *r->order * (size_t)(r->n_done - at));
  r->order[at] = t->number;
  r->n_done++;
}

/* Puts it at its place in the order, and the others of its point with it. A trial counts once; only
 * a FAILED one is replaced. */
static void remember(RunDir *r, TrialResult *t) {
  const TrialResult *there = r->results[t->number];
  const int64_t repeats = run_repeats(r), first = t->number / repeats * repeats;
  if (there && there->status != TRIAL_FAILED) return;
  if (!r->reading) take_out(r, t);
  if (there) count(r, there, -1);
  t->again = there != NULL;
  r->results[t->number] = t;
  count(r, t, 1);
  for (int64_t i = first; i < first + repeats && !r->reading; i++)
    if (r->results[i]) put_in(r, r->results[i]);
}

/* Two runs of the order, [from, middle) and [middle, to), become one. */
static void merge(const RunDir *r, int64_t *scratch, int64_t from, int64_t middle, int64_t to) {
  int64_t i = from, k = middle, n = 0;
  while (i < middle && k < to) {
    const bool second = run_compare(r, r->results[r->order[k]], r->results[r->order[i]]) < 0;
    scratch[n++] = r->order[second ? k++ : i++];
  }
  while (i < middle) scratch[n++] = r->order[i++];
  memcpy(r->order + from, scratch, sizeof *scratch * (size_t)n);
}

/* The order of all results at once, as they would have come to it one by one: putting each at its
 * place moves half of the others. */
static void sort_order(RunDir *r) {
  Arena scratch = {0};
  int64_t *room = ARENA_ARRAY(&scratch, int64_t, r->head.n_trials);
  r->n_done = 0;
  for (int64_t i = 0; i < r->head.n_trials; i++)
    if (r->results[i]) r->order[r->n_done++] = i;
  const int64_t n = r->n_done;
  for (int64_t width = 1; width < n; width *= 2)
    for (int64_t i = 0; i + width < n; i += 2 * width)
      merge(r, room, i, i + width, i + 2 * width < n ? i + 2 * width : n);
  arena_free(&scratch);
}

double run_dir_loss(const RunDir *r, const TrialResult *t) {
  if (t->status != TRIAL_COMPLETED) return NAN;
  return r->spec->search.metric.maximize ? -t->metric : t->metric;
}

/* Its training is over, whatever the others do. */
static bool has_ended(const RunDir *r, const TrialResult *t) {
  return t->status != TRIAL_COMPLETED || t->stopped_early || t->terminated ||
         t->curves.n_epochs >= r->spec->train.epochs;
}

/* Of its last epoch, which its children go on from; the chosen one may be long past. */
static double latest_loss(const RunDir *r, const TrialResult *t) {
  Arena a = {0};
  arena_init(&a);
  const StopperCurve c = trial_metric_curve(&a, t, r->spec->search.metric.name);
  const double last = t->status == TRIAL_COMPLETED && c.n > 0 ? c.metric[c.n - 1] : NAN;
  arena_free(&a);
  return r->spec->search.metric.maximize ? -last : last;
}

static void settle(RunDir *r, TrialResult *t) {
  double losses[OBJECTIVES_MOST];
  run_losses(r, t, losses);
  if (r->history.generations.members > 0) losses[0] = latest_loss(r, t);
  history_descends(&r->history, t->number, t->has_parent ? t->parent : -1);
  history_tell_all(&r->history, t->number, t->point, losses);
  remember(r, t);
}

/* A result ends a leg of its trial; it may settle others of the bracket. */
static void take(RunDir *r, TrialResult *t) {
  Rungs *rungs = &r->rungs;
  rungs->n_changed = 0;
  if (!rungs->stopper || r->results[t->number]) {
    rungs->changed[rungs->n_changed++] = t->number;
    settle(r, t);
    return;
  }
  if (rungs_state(rungs, t->number) != RUNG_TRAINS) return;
  r->legs[t->number] = t;
  rungs_tell(rungs, t->number, run_dir_loss(r, t), has_ended(r, t));
  for (int64_t i = 0; i < rungs->n_changed; i++) {
    const int64_t n = rungs->changed[i];
    if (rungs_state(rungs, n) == RUNG_OVER) settle(r, r->legs[n]);
  }
}

/* Without its curves it has them from its row of the chosen epoch. */
static void read_objectives(RunDir *r, const JsonValue *result, TrialResult *t) {
  const int n = run_n_objectives(r);
  const JsonValue *row = json_get(result, "metrics");
  if (n == 1) return;
  double *values = ARENA_ARRAY(r->arena, double, n);
  for (int i = 0; i < n; i++)
    values[i] =
        t->chosen_epoch > 0 ? json_number(json_get(row, run_objective(r, i).name), NAN) : NAN;
  t->objectives = values;
}

static Status read_trial(RunDir *r, const JsonValue *result, Err *e) {
  TrialResult *t = ARENA_NEW(r->arena, TrialResult);
  CHECK(e, result, E_DATA, "a record of a trial has no result");
  if (r->curves != RUN_CURVES_ALL && trial_is_brief(result)) {
    TRY(trial_read_brief_json(r->arena, result, t, e));
    read_objectives(r, result, t);
  } else {
    TRY(trial_read_json(r->arena, result, t, e));
  }
  CHECK(e, t->number >= 0 && t->number < r->head.n_trials, E_DATA,
        "a result is of trial %lld; the run has %lld", (long long)t->number,
        (long long)r->head.n_trials);
  take(r, t);
  r->ended = false;
  return OK;
}

/* ---- the journal ----------------------------------------------------------------------------- */

/* The spec that the journal's head names: experiment.yaml with the overrides. */
static Status load_spec(RunDir *r, Err *e) {
  Arena *a = r->arena;
  const char *path = file_join(a, r->dir, "experiment.yaml");
  char *text;
  size_t n;
  TRY(file_read(a, path, MAX_TEXT, &text, &n, e));
  Diag d = diag_new(a);
  r->experiment = text;
  r->spec =
      spec_from_text(a, path, text, r->head.directory, r->head.overrides, r->head.n_overrides, &d);
  if (r->spec && !r->head.from) return OK;
  if (r->spec) return from_apply(a, r->spec, r->head.from, e);
  Str why = str_new(a);
  diag_render(&d, false, &why);
  FAIL(e, E_DATA, "%s was changed or is of another version of caviar:\n%s", path, str_text(&why));
}

/* Room for all trials of the head, `n_before` of which there was room for before. */
static void make_room(RunDir *r, int64_t n_before) {
  Arena *a = r->arena;
  const int64_t n = r->head.n_trials;
  TrialResult **results = ARENA_ARRAY(a, TrialResult *, n);
  int64_t *order = ARENA_ARRAY(a, int64_t, n);
  for (int64_t i = 0; i < n_before; i++) results[i] = r->results[i];
  for (int64_t i = 0; i < r->n_done; i++) order[i] = r->order[i];
  r->results = results;
  r->order = order;
  if (n_before == 0)
    history_init(&r->history, a, r->spec);
  else
    history_grow(&r->history, r->spec);
  rungs_init(&r->rungs, a, &r->spec->search.early_terminate, n, r->spec->train.epochs);
  if (r->rungs.stopper) r->legs = ARENA_ARRAY(a, TrialResult *, n);
}

/* What the run is; another one behind it: it was given more trials. */
static Status read_head(RunDir *r, const JsonValue *record, Err *e) {
  const bool is_first = r->results == NULL, is_ours = r->experiment != NULL;
  const int64_t n_before = is_first ? 0 : r->head.n_trials, repeats = r->head.repeats;
  TRY(run_head_read(r->arena, record, &r->head, e));
  CHECK(e, r->head.n_trials > n_before && (is_first || r->head.repeats == repeats), E_DATA,
        "the journal begins twice");
  if (!r->spec || is_ours) TRY(load_spec(r, e));
  make_room(r, n_before);
  if (r->history.generations.members > 0)
    r->curves = RUN_CURVES_ALL; /* members are ranked by them */
  return OK;
}

static Status take_record(RunDir *r, const JsonValue *record, Err *e) {
  const char *type = json_text(json_get(record, "type"), "");
  if (str_eq(type, "run")) return read_head(r, record, e);
  CHECK(e, r->results, E_DATA, "the journal does not begin with what the run is");
  if (str_eq(type, "trial")) return read_trial(r, json_get(record, "result"), e);
  if (str_eq(type, "test")) {
    r->ended = false;
    return run_test_read(r->arena, record, &r->test, e);
  }
  if (str_eq(type, "end")) r->ended = true;
  if (str_eq(type, "edit") || str_eq(type, "rewind")) return run_edits_read(r, record, e);
  return OK; /* records of later versions that change nothing here */
}

/* A result whose curves nobody wants. NULL: whatever else, to be parsed whole. */
static const JsonValue *parse_brief(const RunDir *r, Arena *a, const char *json, size_t n) {
  Str text = str_new(a);
  JsonValue *record;
  Err e = {0};
  if (r->curves == RUN_CURVES_ALL || !trial_brief_text(json, n, &text)) return NULL;
  if (json_parse(a, str_text(&text), (size_t)text.length, &record, &e) != OK) return NULL;
  const JsonValue *result = json_get(record, "result"), *number = json_get(result, "trial");
  const bool wanted = number && number->type == JSON_INT && number->integer == r->curves;
  return trial_is_brief(result) && !wanted ? record : NULL;
}

static Status read_record(void *ctx, const char *json, size_t n, Err *e) {
  RunDir *r = ctx;
  Arena scratch = {0};
  JsonValue *whole;
  Status s = OK;
  const JsonValue *record = parse_brief(r, &scratch, json, n);
  if (!record) {
    s = json_parse(&scratch, json, n, &whole, e);
    record = whole;
  }
  if (s == OK) s = take_record(r, record, e);
  arena_free(&scratch);
  return s;
}

/* Before the first record, and behind the last. */
static void begin_reading(RunDir *r, int64_t curves) {
  r->curves = curves;
  r->reading = true;
}

static void end_reading(RunDir *r) {
  r->reading = false;
  if (r->results) sort_order(r);
}

static void set_up(Arena *a, const char *dir, RunDir *out) {
  *out = (RunDir){.dir = dir, .arena = a, .test = {.trial = -1}};
  out->checkpoint_dir = file_join(a, dir, "checkpoints");
}

static const char *journal_path(const RunDir *r) {
  return file_join(r->arena, r->dir, "journal");
}

static Status find(Arena *a, const char *dir, RunDir *out, Err *e) {
  set_up(a, dir, out);
  CHECK(e, file_exists(dir), E_IO, "%s: no such run directory", dir);
  CHECK(e, file_exists(journal_path(out)), E_IO, "%s is not a run directory: it has no journal",
        dir);
  return OK;
}

/* What journal_salvage gives to both. */
typedef struct {
  RunDir *run;
  void (*damaged)(void *ctx, int line, const char *why);
  void *ctx;
} Salvage;

static Status salvage_record(void *ctx, const char *json, size_t n, Err *e) {
  const Salvage *s = ctx;
  return read_record(s->run, json, n, e);
}

static void salvage_damaged(void *ctx, int line, const char *why) {
  const Salvage *s = ctx;
  s->damaged(s->ctx, line, why);
}

Status run_dir_salvage(Arena *a, const char *dir,
                       void (*damaged)(void *ctx, int line, const char *why), void *ctx,
                       RunDir *out, Str *whole, size_t *torn, Err *e) {
  TRY(find(a, dir, out, e));
  Salvage s = {.run = out, .damaged = damaged, .ctx = ctx};
  begin_reading(out, RUN_CURVES_ALL);
  TRY(journal_salvage(journal_path(out), salvage_record, salvage_damaged, &s, whole, torn, e));
  end_reading(out);
  CHECK(e, out->results, E_DATA,
        "%s: the journal's first record, which says what the run is, cannot be read; put back a "
        "copy of "
        "the journal, or remove the directory and run again",
        dir);
  return OK;
}

Status run_dir_read(Arena *a, const char *dir, int64_t curves, RunDir *out, Err *e) {
  TRY(find(a, dir, out, e));
  const char *path = journal_path(out);
  begin_reading(out, curves);
  if (journal_read(path, read_record, out, e) != OK) return err_context(e, "%s", path);
  end_reading(out);
  CHECK(e, out->results, E_IO, "%s: the run has not begun", dir);
  return OK;
}

/* ---- making and continuing ------------------------------------------------------------------- */

/* The checkpoint of a trial that is finished and not among the best goes. A file that stays is no
 * reason to end a search. */
static void drop_checkpoint(const RunDir *r, int64_t number) {
  Err e = {0};
  if (trial_checkpoint_remove(r->checkpoint_dir, number, &e) != OK) {
    log_line(LOG_WARNING, "%s", e.text);
  }
}

/* What a kill has left: of finished trials only those that are kept have a checkpoint, and that is
 * their last. */
static void drop_stale(const RunDir *r) {
  Arena a = {0};
  int n;
  arena_init(&a);
  const char **names = file_list(&a, r->checkpoint_dir, &n);
  for (int i = 0; i < n; i++) {
    bool previous;
    Err e = {0};
    const int64_t number = trial_checkpoint_number(names[i], &previous);
    if (number < 0 || number >= r->head.n_trials || !r->results[number]) continue;
    if (run_dir_keeps(r, number) && !previous) continue;
    if (file_remove(file_join(&a, r->checkpoint_dir, names[i]), &e) != OK)
      log_line(LOG_WARNING, "%s", e.text);
  }
  arena_free(&a);
}

/* By one look at all names: a network file system may not show yet that the journal is there, where it
 * was asked for before, and that of a file it was never asked for. */
Status run_dir_refuse_foreign(Arena *a, const char *dir, Err *e) {
  static const char *const ours[] = {"experiment.yaml", "resolved.yaml", "results.h5"};
  const char *found = NULL;
  int n;
  const char **names = file_list(a, dir, &n);
  for (int i = 0; i < n; i++) {
    if (str_eq(names[i], "journal")) return OK;
    for (int k = 0; k < COUNT(ours); k++)
      if (str_eq(names[i], ours[k])) found = ours[k];
  }
  CHECK(e, !found, E_IO,
        "%s has a file %s but no journal, so it is not a run directory; choose another --out", dir,
        found);
  return OK;
}

/* The texts first: they are read by what the journal says. */
static Status write_head(RunDir *r, const Spec *spec, const RunHead *head, Err *e) {
  Arena *a = r->arena;
  char *resolved = spec_text(a, spec, SPEC_RESOLVED);
  Str line = str_new(a);
  TRY(file_write(file_join(a, r->dir, "experiment.yaml"), spec->file->text,
                 (size_t)spec->file->length, e));
  TRY(file_write(file_join(a, r->dir, "resolved.yaml"), resolved, strlen(resolved), e));
  run_head_write(head, &line);
  TRY(journal_append(r->journal, str_text(&line), e));
  const int64_t n_before = r->results ? r->head.n_trials : 0;
  r->head = *head;
  make_room(r, n_before);
  bool durable;
  return journal_sync(r->journal, true, &durable, e);
}

static Status begin(RunDir *r, const Spec *spec, const RunHead *head, Err *e) {
  TRY(write_head(r, spec, head, e));
  r->experiment = spec->file->text;
  return OK;
}

static Status resume(RunDir *r, const RunHead *head, Err *e) {
  bool more;
  TRY(run_head_same(r->arena, r->dir, &r->head, head, r->spec, &more, e));
  if (more) TRY(write_head(r, r->spec, head, e));
  r->experiment = r->spec->file->text;
  drop_stale(r);
  return OK;
}

/* Whoever was killed while it wrote has left its temporary file. */
static void sweep(const RunDir *r) {
  static const char *const begins[] = {"experiment.yaml", "resolved.yaml", "results.h5"};
  for (int i = 0; i < COUNT(begins); i++) file_sweep(r->dir, begins[i]);
  file_sweep(r->checkpoint_dir, "trial-");
}

static Status open_locked(RunDir *r, const Spec *spec, const RunHead *head, Err *e) {
  const char *path = journal_path(r);
  TRY(run_dir_refuse_foreign(r->arena, r->dir, e));
  TRY(file_make_dirs(r->checkpoint_dir, e));
  begin_reading(r, RUN_CURVES_ALL);
  if (journal_open(r->arena, path, read_record, r, &r->journal, e) != OK) {
    return err_context(e, "%s", path);
  }
  end_reading(r);
  sweep(r);
  return r->results ? resume(r, head, e) : begin(r, spec, head, e);
}

Status run_dir_open(Arena *a, const char *dir, const Spec *spec, const RunHead *head, RunDir *out,
                    Err *e) {
  set_up(a, dir, out);
  out->spec = (Spec *)spec;
  TRY(file_make_dirs(dir, e));
  TRY(lock_take(a, dir, LOCK_SECONDS, &out->lock, e));
  Status s = open_locked(out, spec, head, e);
  Err later = {0};
  if (s != OK && run_dir_close(out, &later) != OK) return s;
  return s;
}

Status run_dir_close(RunDir *r, Err *e) {
  Status s = OK;
  if (r->journal) {
    bool durable;
    s = journal_sync(r->journal, true, &durable, e);
    Err later = {0};
    Status closed = journal_close(r->journal, s == OK ? e : &later);
    if (s == OK) s = closed;
  }
  r->journal = NULL;
  lock_release(r->lock);
  r->lock = NULL;
  return s;
}

/* ---- recording ------------------------------------------------------------------------------- */

/* A generation is over: nobody goes on from the one before it any more. */
static void drop_parents(const RunDir *r) {
  const int64_t n = r->history.generations.members, front = r->history.front;
  if (n == 0 || front % n != 0) return;
  for (int64_t i = front - 2 * n; i < front - n; i++)
    if (i >= 0 && r->results[i] && !run_dir_keeps(r, i)) drop_checkpoint(r, i);
}

/* Trials were settled: those of them that are not among the best keep no checkpoint, nor do those
 * whom they have pushed out. */
static void drop_checkpoints(const RunDir *r) {
  const int64_t keep = run_dir_keep_count(r), repeats = run_repeats(r);
  const int64_t n = r->rungs.n_changed * repeats;
  bool pushes = false;
  for (int64_t i = 0; i < r->rungs.n_changed; i++) {
    const int64_t first = r->rungs.changed[i] / repeats * repeats;
    for (int64_t k = first; k < first + repeats; k++) {
      const bool keeps = run_dir_keeps(r, k);
      pushes |= keeps;
      if (r->results[k] && !keeps) drop_checkpoint(r, k);
    }
  }
  for (int64_t i = keep; pushes && i < r->n_done && i < keep + n; i++)
    if (!run_dir_keeps(r, r->order[i])) drop_checkpoint(r, r->order[i]);
  drop_parents(r);
}

Status run_dir_record(RunDir *r, const char *json, Err *e) {
  Arena scratch = {0};
  arena_init(&scratch);
  JsonValue *result = NULL;
  Str line = str_new(&scratch);
  str_add(&line, "{\"type\": \"trial\", \"result\": ");
  str_add(&line, json);
  str_add(&line, "}");
  Status s = lock_check(r->lock, e);
  if (s == OK) s = json_parse(&scratch, json, strlen(json), &result, e);
  if (s == OK) s = journal_append(r->journal, str_text(&line), e);
  if (s == OK) s = read_trial(r, result, e);
  if (s == OK) drop_checkpoints(r);
  arena_free(&scratch);
  return s;
}

Status run_dir_record_test(RunDir *r, const RunTest *t, Err *e) {
  Arena scratch = {0};
  arena_init(&scratch);
  Str line = str_new(&scratch);
  run_test_write(t, &line);
  Status s = lock_check(r->lock, e);
  if (s == OK) s = journal_append(r->journal, str_text(&line), e);
  arena_free(&scratch);
  if (s == OK) r->test = *t;
  if (s == OK) r->ended = false;
  return s;
}

Status run_dir_record_end(RunDir *r, Err *e) {
  if (r->ended) return OK;
  TRY(lock_check(r->lock, e));
  TRY(journal_append(r->journal, "{\"type\": \"end\"}", e));
  r->ended = true;
  return OK;
}
