/* What is asked of a training, one request at a time. */
#include "panda.h"

#include "clock.h"
#include "objective.h"

static const double look_seconds = 0.1;

void panda_init(Panda *p, RunDir *run) {
  *p = (Panda){.run = run};
  arena_init(&p->arena);
  requests_begin(run->dir);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void forget(Panda *p) {
  p->now = (Request){0};
  p->wants = false;
  arena_free(&p->arena);
}

static void answer(Panda *p, bool done, const char *text) {
  requests_answer(p->run->dir, &p->now, done, text);
  forget(p);
}

/* "update 121 (epoch 3 of 20)": the next one. */
static const char *next_update(Panda *p) {
  const TrialPlace *x = &p->place;
  const int64_t epoch = x->updates / x->steps_per_epoch + 1;
  return arena_printf(&p->arena, "update %lld (epoch %lld of %lld)", (long long)x->updates + 1,
                      (long long)(epoch < x->epochs ? epoch : x->epochs), (long long)x->epochs);
}

/* ---- what is asked --------------------------------------------------------------------------- */

static Status tune(Panda *p, Err *e) {
  Arena *a = &p->arena;
  Err why = {0};
  if (p->place.updates >= p->place.steps) {
    answer(p, false, "the last update of the training is done");
    return OK;
  }
  if (run_dir_try_edit(a, p->run, p->place.updates, p->now.values, &why) != OK) {
    answer(p, false, why.text);
    return OK;
  }
  TRY(run_dir_record_edit(p->run, p->place.updates, p->now.values, e));
  answer(p, true, arena_printf(a, "%s from %s on", p->now.values, next_update(p)));
  return OK;
}

static Status rewind_to(Panda *p, Err *e) {
  Arena *a = &p->arena;
  TrialPlace *x = &p->place;
  const int64_t epoch = p->now.epoch, n_before = p->run->n_edits;
  int64_t step = epoch * x->steps_per_epoch;
  if (step > x->steps) step = x->steps;
  if (epoch < 0 || epoch > x->epochs || step > x->updates) {
    answer(p, false,
           arena_printf(a, "epoch %lld is not over: %lld of %lld are", (long long)epoch,
                        (long long)x->epoch, (long long)x->epochs));
    return OK;
  }
  TRY(run_dir_record_rewind(p->run, epoch, step, e));
  p->saved = panda_back_to(p->run, p->saved, step);
  x->updates = step;
  x->epoch = epoch;
  const long long undone = (long long)(n_before - p->run->n_edits);
  const char *again = p->saved < step ? arena_printf(a, ", trained again from update %lld on",
                                                     (long long)p->saved + 1)
                                      : "";
  answer(p, true,
         arena_printf(a, "back at the end of epoch %lld, before %s, %lld edit%s undone%s",
                      (long long)epoch, next_update(p), undone, undone == 1 ? "" : "s", again));
  return OK;
}

static Status pause_here(Panda *p) {
  p->holds = true;
  answer(p, true, arena_printf(&p->arena, "paused before %s", next_update(p)));
  return OK;
}

static Status go_on(Panda *p) {
  p->holds = false;
  answer(p, true, arena_printf(&p->arena, "goes on with %s", next_update(p)));
  return OK;
}

/* The training is here, nobody trains it. */
static Status carry_out(Panda *p, Err *e) {
  if (!requests_take(p->run->dir, &p->now)) {
    forget(p);
    return OK;
  }
  if (str_eq(p->now.kind, "tune")) return tune(p, e);
  if (str_eq(p->now.kind, "rewind")) return rewind_to(p, e);
  if (str_eq(p->now.kind, "resume")) return go_on(p);
  return pause_here(p);
}

/* Why it cannot be asked of this run at this time; NULL: it can. */
static const char *refusal(const Panda *p) {
  const char *kind = p->now.kind;
  const bool resumes = str_eq(kind, "resume"), pauses = str_eq(kind, "pause");
  if (!resumes && !pauses && !str_eq(kind, "tune") && !str_eq(kind, "rewind"))
    return "this caviar knows no such request";
  if (p->run->spec->search.present) return "the run is a search, whose trials are what they are";
  if (objective_of(p->run->spec)) return "the run trains nothing itself";
  if (p->run->results[0] && p->run->results[0]->status != TRIAL_FAILED)
    return "the training is over";
  if (resumes && !p->holds) return "the training is not paused";
  if (pauses && p->holds) return "the training is paused already";
  return NULL;
}

Status panda_tick(Panda *p, bool trains, Err *e) {
  const double now = clock_now();
  if (p->wants || now - p->looked < look_seconds) return OK;
  p->looked = now;
  if (p->now.id == NULL && !requests_next(&p->arena, p->run->dir, &p->now)) {
    p->now = (Request){0};
    arena_free(&p->arena);
    return OK;
  }
  const char *why = refusal(p);
  if (why) {
    answer(p, false, why);
  } else if (p->holds) {
    return carry_out(p, e);
  } else {
    p->wants = trains;
  }
  return OK;
}

Status panda_returned(Panda *p, const TrialPlace *place, Err *e) {
  p->place = *place;
  p->saved = place->updates;
  p->wants = false;
  panda_keep(p->run, place->updates);
  return p->now.id ? carry_out(p, e) : OK;
}

void panda_over(Panda *p) {
  if (p->now.id) answer(p, false, "the training is over");
  panda_keep_none(p->run);
}
