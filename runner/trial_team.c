/*
 * A trial trained by several ranks: what they agree on between two steps, and how a rank that joins
 * comes to where the others are.
 *
 * Place 0 leads: it alone has curves, reads and writes checkpoints. All of this is the same code
 * for a rank alone, whose collectives do nothing.
 */
#include "trial_state.h"

#include <string.h>

#include "base/log.h"
#include "clock.h"

/* ---- one status for all ---------------------------------------------------------------------- */

/* Each brings how it went; everyone gets the first failure in the order of places. */
static Status first_failure(Team *t, Err *e) {
  Arena scratch = {0};
  arena_init(&scratch);
  Err *all = ARENA_ARRAY(&scratch, Err, t->size);
  size_t cut[TEAM_MOST + 1];
  int failed = 0;
  team_cut(t, (size_t)t->size, cut);
  all[t->place] = *e;
  t->collect(t->ctx, all, sizeof *all, cut);
  while (t->place == 0 && all[failed].status == OK) failed++;
  *e = all[failed];
  t->share(t->ctx, e, sizeof *e);
  arena_free(&scratch);
  return e->status;
}

Status trial_agree(const TrialRun *r, Status s, Err *e) {
  Team *t = r->team;
  double failures = s != OK;
  if (t->size == 1) return s;
  if (s == OK) *e = (Err){.status = OK};
  if (s != OK && t->ranks) err_context(e, "rank %d", t->ranks[t->place]);
  t->reduce(t->ctx, NN_SUM_F64, &failures, 1);
  return failures > 0 ? first_failure(t, e) : OK;
}

/* ---- where the training stands --------------------------------------------------------------- */

typedef struct {
  int64_t epoch, batch;
  NnScore running;
  uint64_t updates, batches;
  bool finished, over;
} Standing;

static void share_vector(const TrialRun *r, NnVector which) {
  size_t n;
  Real *v = nn_model_vector(r->model, which, &n);
  if (n > 0) r->team->share(r->team->ctx, v, n * sizeof *v);
}

/* Weights that nobody has updated follow from the seed. */
void trial_share(TrialRun *r, bool *finished) {
  TrialProgress *p = &r->progress;
  Standing x = {.epoch = p->epoch,
                .batch = p->batch,
                .running = p->running,
                .updates = nn_model_updates(r->model),
                .batches = nn_model_batches(r->model),
                .finished = *finished,
                .over = trial_stale(r) || trial_is_behind(r)};
  r->team->share(r->team->ctx, &x, sizeof x);
  p->epoch = x.epoch;
  p->batch = x.batch;
  p->running = x.running;
  *finished = x.finished;
  r->over = x.over;
  if (r->team->size == 1 || x.finished || x.batches == 0) return;
  trial_go_by(r, (int64_t)x.updates);
  nn_model_set_counts(r->model, x.updates, x.batches);
  share_vector(r, NN_WEIGHTS);
  share_vector(r, NN_STATISTICS);
  share_vector(r, NN_OPTIMIZER_STATE);
}

/* Who trains from here on, for the result. */
void trial_note_team(TrialRun *r) {
  const Team *t = r->team;
  if (!t->ranks || r->n_teams == COUNT(r->teams)) return;
  int *ranks = ARENA_ARRAY(&r->small, int, t->size);
  memcpy(ranks, t->ranks, (size_t)t->size * sizeof *ranks);
  r->teams[r->n_teams++] =
      (TrialTeam){.step = (int64_t)nn_model_updates(r->model), .n = t->size, .ranks = ranks};
}

/* ---- the data --------------------------------------------------------------------------------- */

void trial_sound(const TrialRun *r) {
  Err e = {0};
  if (trial_agree(r, data_unchanged(r->env->data, &e), &e) == OK || r->team->place > 0) return;
  (void)err_context(&e, "trial %lld", (long long)r->number);
  mapping_lost(&e);
}

/* ---- between two steps ----------------------------------------------------------------------- */

void trial_wish(TrialRun *r) {
  const TrialHooks *hooks = &r->env->hooks;
  Team *t = r->team;
  t->wish &= TEAM_GROW;
  if (hooks->stop && hooks->stop(hooks->ctx)) t->wish |= TEAM_STOP;
  if (t->place == 0 && clock_now() - r->saved >= r->spec->checkpoint.every_seconds)
    t->wish |= TEAM_SAVE;
}

/* A checkpoint that cannot be written costs time after a kill, nothing else: the training goes on,
 * and the next one may succeed. */
static void save(TrialRun *r) {
  Err e = {0};
  if (!r->env->checkpoint_dir || r->team->place > 0) return;
  const double t = clock_now();
  r->progress.seconds += t - r->started;
  r->started = r->saved = t;
  const bool failed = trial_checkpoint_save(r, NULL, &e) != OK;
  if (failed && !r->unsaved) log_line(LOG_WARNING, "%s; the training goes on without", e.text);
  r->unsaved = failed;
}

/* The larger team goes on where the smaller one stands. */
static void take_in(TrialRun *r) {
  bool finished = false;
  r->plan.team = team_nn(r->team, (int)r->spec->train.shards);
  nn_model_set_team(r->model, &r->plan.team);
  trial_note_team(r);
  trial_share(r, &finished);
}

static void refuse(const TrialRun *r, const Err *why) {
  const int n = r->team->size;
  if (r->team->place > 0) return;
  log_line(LOG_WARNING, "nobody joins trial %lld, which goes on with %d rank%s: %s",
           (long long)r->number, n, n == 1 ? "" : "s", why->text);
}

/* If one of those who are to join cannot (memory), none does: the trial itself is well. */
static void grow(TrialRun *r) {
  const TrialHooks *hooks = &r->env->hooks;
  Team *t = r->team;
  const int before = t->size;
  Err why = {0};
  if (t->place == 0 && hooks->growing) hooks->growing(hooks->ctx);
  t->grow(t->ctx);
  if (trial_agree(r, OK, &why) == OK) {
    take_in(r);
  } else {
    t->shrink(t->ctx, before);
    refuse(r, &why);
  }
  if (t->place == 0 && hooks->grown) hooks->grown(hooks->ctx);
}

Status trial_obey(TrialRun *r, Err *e) {
  Team *t = r->team;
  if (t->size == 1) trial_wish(r);
  const unsigned agreed = t->size == 1 ? t->wish : t->agreed;
  if (agreed == 0) return OK;
  nn_model_gather_state(r->model);
  if (agreed & (TEAM_SAVE | TEAM_STOP)) {
    trial_sound(r);
    save(r);
  }
  if (agreed & TEAM_STOP)
    FAIL(e, E_STOPPED, "trial %lld: stopped in epoch %lld of %lld", (long long)r->number,
         (long long)r->progress.epoch + 1, (long long)r->plan.epochs);
  if (agreed & TEAM_GROW) grow(r);
  return OK;
}
