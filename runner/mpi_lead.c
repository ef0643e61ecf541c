/* Rank 0 over all ranks. */
#include "mpi_lead.h"

#include <string.h>

#include "clock.h"
#include "mpi_world.h"
#include "objective.h"

void lead_init(Lead *l, Arena *a, Search *s, int n_ranks) {
  const Spec *spec = s->run->spec;
  const bool alone = spec->cost.text || objective_of(spec); /* one rank's work */
  const int shards = alone ? 1 : (int)spec->train.shards;
  const int together = alone ? 0 : (int)spec->resources.ranks_per_trial;
  l->search = s;
  l->teams = teams_new(a, n_ranks, shards, together, &s->queue);
  arena_init(&l->arena);
}

/* ---- reports --------------------------------------------------------------------------------- */

static void take_returned(Lead *l, int source, const Returned *x) {
  l->wants = false;
  search_returned(l->search, source, x->trial, x->is_back ? &x->place : NULL);
  teams_ended(l->teams, x->trial);
}

static void take_epochs(Lead *l, const Epochs *x) {
  search_epochs(l->search, x->more);
  teams_epoch(l->teams, x->trial, x->done, x->n_epochs, clock_now());
}

static bool take_report(Lead *l, int source, int tag, const void *bytes, size_t n) {
  union {
    Returned returned;
    Epochs epochs;
    Grew grew;
  } m;
  const size_t size = tag == TAG_RETURNED ? sizeof m.returned
                      : tag == TAG_EPOCHS ? sizeof m.epochs
                      : tag == TAG_GREW   ? sizeof m.grew
                                          : 0;
  if (size == 0 || n != size) return false;
  memcpy(&m, bytes, size);
  if (tag == TAG_RETURNED) take_returned(l, source, &m.returned);
  if (tag == TAG_EPOCHS) take_epochs(l, &m.epochs);
  if (tag == TAG_GREW) teams_grew(l->teams, m.grew.trial, (int)m.grew.size);
  return true;
}

void lead_take(Lead *l, int source, int tag, const void *bytes, size_t n) {
  switch (tag) {
  case TAG_ASK:
    teams_ask(l->teams, source);
    return;
  case TAG_RESULT:
    l->wants = false;
    teams_ended(l->teams, search_result(l->search, source, bytes, n));
    return;
  case TAG_BYE:
    l->n_gone++;
    return;
  default:
    if (!take_report(l, source, tag, bytes, n))
      err_set(&l->search->err, E_INTERNAL, "rank %d sent a message with tag %d of %zu bytes",
              source, tag, n);
  }
}

/* ---- orders ---------------------------------------------------------------------------------- */

static void send_task(Lead *l, const TeamsAction *x) {
  Task task;
  search_task(l->search, x->trial, &l->arena, &task);
  search_began(l->search);
  Str text = str_new(&l->arena);
  task.ranks = x->members;
  task.n_ranks = x->n;
  task_write(&task, &text);
  for (int i = 0; i < x->n; i++)
    l->send(l->ctx, x->members[i], TAG_TASK, str_text(&text), (size_t)text.length);
}

/* The leader hears it last: its WORD finds them with a JOIN, as a rule. */
static void send_growth(Lead *l, const TeamsAction *x) {
  Ranks *ranks = ARENA_NEW(&l->arena, Ranks);
  Task task;
  search_task(l->search, x->trial, &l->arena, &task);
  task.ranks = &x->leader;
  task.n_ranks = 1;
  Str text = str_new(&l->arena);
  task_write(&task, &text);
  *ranks = (Ranks){.trial = x->trial, .n = x->n};
  for (int i = 0; i < x->n; i++) {
    ranks->ranks[i] = x->members[i];
    l->send(l->ctx, x->members[i], TAG_JOIN, str_text(&text), (size_t)text.length);
  }
  l->send(l->ctx, x->leader, TAG_GROW, ranks, ranks_bytes(ranks));
}

/* The one trial there is, from who leads it; once. */
static void send_back(Lead *l) {
  const int64_t trial = 0;
  const int32_t leader = l->search->queue.holder[trial];
  if (l->wants || leader < 0) return;
  l->wants = true;
  l->send(l->ctx, leader, TAG_BACK, &trial, sizeof trial);
}

/* When all trials are done, or none may be begun: whoever trains is to save, whoever waits to
 * leave. */
static void send_stop(Lead *l) {
  if (l->told) return;
  l->told = true;
  for (int r = 0; r < world_size(); r++) l->send(l->ctx, r, TAG_STOP, NULL, 0);
}

void lead_act(Lead *l) {
  TeamsAction x;
  while (!l->told && !search_stopping(l->search) && !search_holds(l->search) &&
         teams_next(l->teams, clock_now(), &x)) {
    /* the list is the next decision's, which sending to this rank itself cannot bring about */
    (x.order == TEAMS_TRAIN ? send_task : send_growth)(l, &x);
    arena_free(&l->arena);
  }
  if (schedule_complete(&l->search->queue) || search_stopping(l->search)) send_stop(l);
  search_tick(l->search);
  if (search_wants_back(l->search)) send_back(l);
}
