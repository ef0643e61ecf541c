/* Who trains what with whom: asks, trials that are handed out, trials that end. */
#include "teams_state.h"

#include <math.h>

/* ---- units: ranks that are given trials together --------------------------------------------- */

static int power_below(int64_t n) {
  int p = 1;
  while (2 * (int64_t)p <= n) p *= 2;
  return p;
}

static int smaller(int a, int64_t b) {
  return a < b ? a : (int)b;
}

static bool is_idle(const Rank *r) {
  return r->asked && r->now == NOBODY && r->then == NOBODY;
}

static bool is_ready(const Rank *r) {
  return r->asked && r->then == NOBODY;
}

static void note_unit(Teams *t, int first) {
  if (t->n_unit[first] == 0) return;
  rank_set_put(&t->ready, first, t->n_asked[first] == t->n_unit[first]);
  rank_set_put(&t->vacant, first, t->n_idle[first] == t->n_unit[first]);
}

void teams_set_rank(Teams *t, int rank, Rank to) {
  Rank *r = &t->rank[rank];
  const int first = t->unit[rank];
  t->n_asked[first] += is_ready(&to) - is_ready(r);
  t->n_idle[first] += is_idle(&to) - is_idle(r);
  *r = to;
  rank_set_put(&t->idle, rank, is_idle(&to));
  note_unit(t, first);
}

/* One more unit: ranks first .. first + n - 1. n = 0: `first` is of no unit. */
static void add_unit(Teams *t, int first, int n) {
  t->n_asked[first] = t->n_idle[first] = 0;
  for (int r = first; r < first + (n ? n : 1); r++) {
    t->unit[r] = first;
    t->n_unit[r] = n;
    t->n_asked[first] += is_ready(&t->rank[r]);
    t->n_idle[first] += is_idle(&t->rank[r]);
  }
  t->n_units += n > 0;
  note_unit(t, first);
}

/* Units of n ranks. The ranks that are left over: smaller ones, or of no unit. */
static void make_units(Teams *t, int n, bool smaller_ones) {
  t->n_units = 0;
  for (int r = 0; r < t->n_ranks;) {
    const int left = t->n_ranks - r, size = left >= n ? n : smaller_ones ? power_below(left) : 0;
    add_unit(t, r, size);
    r += size ? size : 1;
  }
}

/* Auto: with fewer trials than ranks, the first of them are for teams as large as all ranks make;
 * after that every rank is a unit. */
static void make_first_units(Teams *t) {
  const int64_t left = schedule_left(t->queue);
  int n = 1;
  if (left > 0) n = power_below(smaller(t->shards, t->n_ranks / left));
  make_units(t, n, false);
}

Teams *teams_new(Arena *a, int n_ranks, int shards, int ranks, Schedule *queue) {
  Teams *t = ARENA_NEW(a, Teams);
  const int n_running = 2 * n_ranks;
  *t = (Teams){.n_ranks = n_ranks, .shards = shards, .ranks = ranks, .queue = queue};
  t->rank = ARENA_ARRAY(a, Rank, n_ranks);
  t->running = ARENA_ARRAY(a, Running, n_running);
  t->free = ARENA_ARRAY(a, int, n_running);
  t->of_trial = ARENA_ARRAY(a, int, queue->n_trials);
  t->unit = ARENA_ARRAY(a, int, n_ranks);
  t->n_unit = ARENA_ARRAY(a, int, n_ranks);
  t->n_asked = ARENA_ARRAY(a, int, n_ranks);
  t->n_idle = ARENA_ARRAY(a, int, n_ranks);
  t->members = ARENA_ARRAY(a, int, n_ranks);
  t->idle = rank_set_new(a, n_ranks);
  t->ready = rank_set_new(a, n_ranks);
  t->vacant = rank_set_new(a, n_ranks);
  for (int c = 0; c < GROW_CLASSES && n_ranks >> c > 0; c++)
    t->grow[c].running = ARENA_ARRAY(a, int, n_ranks >> c);
  for (int i = 0; i < n_running; i++) t->free[t->n_free++] = n_running - 1 - i;
  for (int r = 0; r < n_ranks; r++) t->rank[r] = (Rank){.now = NOBODY, .then = NOBODY};
  if (ranks > 0)
    make_units(t, ranks, true);
  else
    make_first_units(t);
  return t;
}

/* ---- events ---------------------------------------------------------------------------------- */

static int running_of(const Teams *t, int64_t trial) {
  if (trial < 0 || trial >= t->queue->n_trials) return NOBODY;
  return t->of_trial[trial] - 1;
}

void teams_ask(Teams *t, int rank) {
  if (rank < 0 || rank >= t->n_ranks) return;
  Rank r = t->rank[rank];
  r.asked = true;
  teams_set_rank(t, rank, r);
}

void teams_epoch(Teams *t, int64_t trial, int64_t done, int64_t epochs, double now) {
  const int i = running_of(t, trial);
  if (!(now >= t->now)) return; /* a clock that is none */
  t->now = now;
  if (i == NOBODY) return;
  Running *x = &t->running[i];
  if (!x->begun || done <= x->done || done > epochs || now == x->since) return;
  x->done = done;
  x->end = now + (now - x->since) / (double)(done - x->from) * (double)(epochs - done);
  teams_place_growing(t, i);
}

/* The leader trains it from now on. */
static void begin(Teams *t, int running) {
  Running *x = &t->running[running];
  x->begun = true;
  x->since = t->now;
  teams_place_growing(t, running);
}

/* The rank has done with it, or will not begin it. */
static void release(Teams *t, int rank, int running) {
  Rank r = t->rank[rank];
  if (r.then == running) {
    r.then = NOBODY;
  } else {
    r.now = r.then;
    r.then = NOBODY;
  }
  teams_set_rank(t, rank, r);
  if (r.now != NOBODY && t->running[r.now].leader == rank) begin(t, r.now);
}

/* Those who were to join, and do not, wait again for what they asked for. */
static void release_joining(Teams *t, int running) {
  Running *x = &t->running[running];
  for (int r = x->joining; r != NOBODY; r = t->rank[r].next) {
    release(t, r, running);
    if (t->rank[r].now == NOBODY) teams_ask(t, r);
  }
  x->joining = NOBODY;
  x->n_joining = 0;
}

void teams_grew(Teams *t, int64_t trial, int size) {
  const int i = running_of(t, trial);
  if (i == NOBODY) return;
  Running *x = &t->running[i];
  const int before = x->size;
  if (x->n_joining == 0 || size < before || size > before + x->n_joining) return;
  if (power_below(size) != size) return;
  for (; x->size < size; x->size++, x->n_joining--) {
    const int r = x->joining;
    x->joining = t->rank[r].next;
    t->rank[r].next = x->joined;
    x->joined = r;
  }
  x->closed = x->n_joining > 0;
  release_joining(t, i);
  x->from = x->done;
  x->since = t->now;
  x->end = t->now + (x->end - t->now) * before / size;
  teams_place_growing(t, i);
}

void teams_ended(Teams *t, int64_t trial) {
  const int i = running_of(t, trial);
  if (i == NOBODY) return;
  Running *x = &t->running[i];
  x->closed = true;
  teams_place_growing(t, i);
  release_joining(t, i);
  for (int r = x->leader; r < x->leader + x->n_unit; r++) release(t, r, i);
  for (int r = x->joined; r != NOBODY; r = t->rank[r].next) release(t, r, i);
  t->of_trial[trial] = 0;
  t->free[t->n_free++] = i;
}

/* ---- what is to be done ---------------------------------------------------------------------- */

/* A unit for the next trial. One that still trains gets it only while there are plenty: at the end
 * of a search somebody else may be idle before it. */
static int next_unit(const Teams *t) {
  if (t->vacant.n > 0) return rank_set_up(&t->vacant, 0);
  return schedule_left(t->queue) >= t->n_units ? rank_set_up(&t->ready, 0) : NOBODY;
}

static void train(Teams *t, int leader, TeamsAction *out) {
  const int i = t->free[--t->n_free], n = t->n_unit[leader];
  const int64_t trial = schedule_next(t->queue, leader);
  t->running[i] = (Running){.trial = trial,
                            .leader = leader,
                            .n_unit = n,
                            .size = n,
                            .joined = NOBODY,
                            .joining = NOBODY,
                            .end = INFINITY,
                            .place = NOBODY};
  t->of_trial[trial] = i + 1;
  for (int r = leader; r < leader + n; r++) {
    Rank busy = t->rank[r];
    busy.asked = false;
    *(busy.now == NOBODY ? &busy.now : &busy.then) = i;
    teams_set_rank(t, r, busy);
    t->members[r - leader] = r;
  }
  if (t->rank[leader].now == i) begin(t, i);
  *out = (TeamsAction){
      .order = TEAMS_TRAIN, .trial = trial, .leader = leader, .n = n, .members = t->members};
}

bool teams_next(Teams *t, double now, TeamsAction *out) {
  if (now > t->now) t->now = now;
  if (schedule_left(t->queue) > 0) {
    const int unit = next_unit(t);
    if (unit == NOBODY) return false;
    train(t, unit, out);
    if (t->ranks == 0 && t->n_units < t->n_ranks && schedule_left(t->queue) == 0)
      make_units(t, 1, false);
    return true;
  }
  return t->ranks == 0 && teams_next_grow(t, out);
}

int teams_idle(const Teams *t) {
  return t->idle.n;
}

int teams_size(const Teams *t, int64_t trial) {
  const int i = running_of(t, trial);
  return i == NOBODY ? 0 : t->running[i].size;
}
