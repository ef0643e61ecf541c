/* Edits of a run: what was changed while it went on, in the journal; and the experiment with them. */
#include <string.h>

#include "run_dir.h"

/* The list as spec_edited takes it; "" where it is empty. */
static const char *list_text(Arena *a, const RunDir *r) {
  if (r->n_edits == 0) return "";
  Str s = str_new(a);
  for (int i = 0; i < r->n_edits; i++)
    str_addf(&s, "%s{step: %lld, %s", i ? ", " : "[", (long long)r->edits[i].step,
             r->edits[i].values + 1);
  str_add(&s, "]");
  return arena_strdup(a, str_text(&s));
}

const char *run_dir_edits(Arena *a, const RunDir *r) {
  return list_text(a, r);
}

static Status edited(Arena *a, const RunDir *r, const char *list, const Spec **out, Err *e) {
  Diag d = diag_new(a);
  *out = spec_edited(a, r->spec, list, &d);
  if (*out) return OK;
  Str why = str_new(a);
  diag_render(&d, false, &why);
  FAIL(e, E_SPEC, "%s", str_text(&why));
}

Status run_dir_try_edit(Arena *a, const RunDir *r, int64_t step, const char *values, Err *e) {
  const Spec *ignored;
  RunEdit *all = ARENA_ARRAY(a, RunEdit, r->n_edits + 1);
  RunDir with = *r;
  CHECK(e, values[0] == '{' && values[1] != '}', E_DATA, "no values: %s", values);
  for (int i = 0; i < r->n_edits; i++) all[i] = r->edits[i];
  all[with.n_edits++] = (RunEdit){.step = step, .values = values};
  with.edits = all;
  return edited(a, &with, list_text(a, &with), &ignored, e);
}

/* Everything that is kept of it follows. */
static Status changed(RunDir *r, Err *e) {
  return edited(r->arena, r, list_text(r->arena, r), &r->trained, e);
}

static void add(RunDir *r, int64_t step, const char *values) {
  r->edits = arena_grow(r->arena, r->edits, sizeof *r->edits, &r->edits_capacity, r->n_edits + 1);
  r->edits[r->n_edits++] = (RunEdit){.step = step, .values = arena_strdup(r->arena, values)};
}

static void rewind_to(RunDir *r, int64_t step) {
  int n = 0;
  for (int i = 0; i < r->n_edits; i++)
    if (r->edits[i].step < step) r->edits[n++] = r->edits[i];
  r->n_edits = n;
}

Status run_edits_read(RunDir *r, const JsonValue *record, Err *e) {
  const JsonValue *step = json_get(record, "step");
  const char *values = json_text(json_get(record, "values"), NULL);
  CHECK(e, step && step->type == JSON_INT, E_DATA, "an edit in the journal has no step");
  if (str_eq(json_text(json_get(record, "type"), ""), "rewind")) {
    rewind_to(r, step->integer);
  } else {
    CHECK(e, values && *values == '{', E_DATA, "an edit in the journal has no values");
    add(r, step->integer, values);
  }
  return changed(r, e);
}

/* On disk before it counts. */
static Status append(RunDir *r, const Str *line, Err *e) {
  bool durable;
  TRY(lock_check(r->lock, e));
  TRY(journal_append(r->journal, str_text(line), e));
  return journal_sync(r->journal, true, &durable, e);
}

Status run_dir_record_edit(RunDir *r, int64_t step, const char *values, Err *e) {
  Str line = str_new(r->arena);
  JsonWriter j = json_writer(&line);
  json_open(&j, '{');
  json_key(&j, "type"), json_str(&j, "edit");
  json_key(&j, "step"), json_int(&j, step);
  json_key(&j, "values"), json_str(&j, values);
  json_close(&j, '}');
  TRY(append(r, &line, e));
  add(r, step, values);
  return changed(r, e);
}

Status run_dir_record_rewind(RunDir *r, int64_t epoch, int64_t step, Err *e) {
  Str line = str_new(r->arena);
  JsonWriter j = json_writer(&line);
  json_open(&j, '{');
  json_key(&j, "type"), json_str(&j, "rewind");
  json_key(&j, "epoch"), json_int(&j, epoch);
  json_key(&j, "step"), json_int(&j, step);
  json_close(&j, '}');
  TRY(append(r, &line, e));
  rewind_to(r, step);
  return changed(r, e);
}

const char *run_dir_identity(Arena *a, const RunDir *r) {
  return r->n_edits > 0 ? spec_text(a, r->trained, SPEC_FOR_DIGEST) : r->head.identity;
}
