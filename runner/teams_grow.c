/* Who trains what with whom: idle ranks join running trials. */
#include "teams_state.h"

static const double worth_seconds = 0.2; /* less left: joining costs more than it gains */

/* ---- the heaps ------------------------------------------------------------------------------- */

static bool before(const Running *x, const Running *y) {
  return x->end != y->end ? x->end > y->end : x->trial < y->trial;
}

static void put(Teams *t, GrowHeap *h, int place, int running) {
  h->running[place] = running;
  t->running[running].place = place;
}

static void sift_up(Teams *t, GrowHeap *h, int place, int running) {
  while (place > 0) {
    const int parent = (place - 1) / 2;
    if (!before(&t->running[running], &t->running[h->running[parent]])) break;
    put(t, h, place, h->running[parent]);
    place = parent;
  }
  put(t, h, place, running);
}

static void sift_down(Teams *t, GrowHeap *h, int place, int running) {
  for (int child; (child = 2 * place + 1) < h->n;) {
    if (child + 1 < h->n &&
        before(&t->running[h->running[child + 1]], &t->running[h->running[child]]))
      child++;
    if (!before(&t->running[h->running[child]], &t->running[running])) break;
    put(t, h, place, h->running[child]);
    place = child;
  }
  put(t, h, place, running);
}

static void heap_remove(Teams *t, GrowHeap *h, int running) {
  const int place = t->running[running].place, last = h->running[--h->n];
  t->running[running].place = NOBODY;
  if (last == running) return;
  sift_down(t, h, place, last);
  sift_up(t, h, t->running[last].place, last);
}

static int class_of(int size) {
  return __builtin_ctz((unsigned)size);
}

void teams_place_growing(Teams *t, int running) {
  Running *x = &t->running[running];
  const bool may = t->ranks == 0 && x->begun && !x->closed && x->n_joining == 0 &&
                   2 * x->size <= t->shards && x->size <= t->n_ranks - x->size;
  if (x->place != NOBODY) heap_remove(t, &t->grow[x->heap], running);
  if (!may) return;
  x->heap = class_of(x->size);
  GrowHeap *h = &t->grow[x->heap];
  sift_up(t, h, h->n++, running);
}

/* ---- the choice ------------------------------------------------------------------------------ */

/* The trial with the most left of those that `n_idle` ranks can double; NULL: none worth it. Of
 * equals the smaller team, then the lower number. */
static Running *most_left(const Teams *t, int n_idle) {
  Running *most = NULL;
  for (int c = 0; c < GROW_CLASSES && 1 << c <= n_idle; c++) {
    if (t->grow[c].n == 0) continue;
    Running *x = &t->running[t->grow[c].running[0]];
    if (x->end - t->now >= worth_seconds && (!most || x->end > most->end)) most = x;
  }
  return most;
}

/* Members of the team when it has doubled as often as it can before another trial has more left. */
static int grown_size(const Teams *t, const Running *x) {
  int size = x->size, n_idle = t->idle.n;
  double left = x->end - t->now;
  do {
    n_idle -= size;
    size *= 2;
    left /= 2;
    const Running *other = most_left(t, n_idle);
    if (!other) continue;
    const double others = other->end - t->now;
    if (others > left || (!(left > others) && other->size < size)) break;
  } while (2 * size <= t->shards && size <= n_idle && left >= worth_seconds);
  return size;
}

/* The n idle ranks that are nearest to the leader are to join. */
static void take_nearest(Teams *t, Running *x, int n) {
  int last = NOBODY;
  for (int i = 0; i < n; i++) {
    const int r = t->members[i] = rank_set_near(&t->idle, x->leader);
    const Rank joining = {.now = (int)(x - t->running), .then = NOBODY, .next = NOBODY};
    teams_set_rank(t, r, joining);
    *(last == NOBODY ? &x->joining : &t->rank[last].next) = r;
    last = r;
  }
  x->n_joining = n;
}

bool teams_next_grow(Teams *t, TeamsAction *out) {
  Running *x = most_left(t, t->idle.n);
  if (!x) return false;
  const int running = (int)(x - t->running);
  heap_remove(t, &t->grow[x->heap], running);
  const int n = grown_size(t, x) - x->size;
  take_nearest(t, x, n);
  *out = (TeamsAction){
      .order = TEAMS_GROW, .trial = x->trial, .leader = x->leader, .n = n, .members = t->members};
  return true;
}
