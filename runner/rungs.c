/* Who trains how far. */
#include "rungs.h"

#include <math.h>
#include <stdlib.h>

struct RungTrial {
  double loss; /* at the end of its latest leg */
  int rung;    /* it trains to, or waits at */
  RungState state;
  int64_t present, told; /* of the bracket, at its first trial: that train to its rung; are there */
};

typedef struct {
  double loss;
  int64_t number;
} Place;

void rungs_init(Rungs *r, Arena *a, const KindValue *stopper, int64_t n_trials, int64_t epochs) {
  const Stopper *s = (const Stopper *)(const void *)stopper->kind;
  *r = (Rungs){.n_trials = n_trials, .epochs = epochs};
  r->changed = ARENA_ARRAY(a, int64_t, s && s->bracket ? n_trials : 1);
  if (!s || !s->bracket) return;
  r->stopper = s;
  r->config = stopper->config;
  r->trials = arena_alloc(a, (size_t)n_trials, sizeof *r->trials);
  Bracket b;
  for (int64_t n = 0; n < n_trials; n += b.n) {
    s->bracket(r->config, epochs, n_trials, n, &b);
    r->trials[n].present = b.n;
  }
}

static void bracket_of(const Rungs *r, int64_t n, Bracket *out) {
  r->stopper->bracket(r->config, r->epochs, r->n_trials, n, out);
}

RungState rungs_state(const Rungs *r, int64_t n) {
  return r->stopper ? r->trials[n].state : RUNG_TRAINS;
}

int64_t rungs_epoch(const Rungs *r, int64_t n) {
  Bracket b;
  if (!r->stopper) return 0;
  bracket_of(r, n, &b);
  return b.epochs[r->trials[n].rung];
}

bool rungs_goes_on(const Rungs *r, int64_t n) {
  return r->stopper && r->trials[n].rung > 0;
}

int64_t rungs_first(const Rungs *r, int64_t n) {
  Bracket b;
  if (!r->stopper) return n;
  bracket_of(r, n, &b);
  return b.first;
}

static void settle(Rungs *r, int64_t n, RungState state) {
  r->trials[n].state = state;
  r->changed[r->n_changed++] = n;
}

/* NaN is behind every number. */
static int compare(const void *a, const void *b) {
  const Place *x = a, *y = b;
  if (isnan(x->loss) != isnan(y->loss)) return isnan(x->loss) ? 1 : -1;
  if (x->loss != y->loss && !isnan(x->loss)) return x->loss < y->loss ? -1 : 1;
  return (x->number > y->number) - (x->number < y->number);
}

/* Those at the rung, best first. */
static int64_t rank_members(const Rungs *r, const Bracket *b, int rung, Place *out) {
  int64_t n = 0;
  for (int64_t i = b->first; i < b->first + b->n; i++)
    if (r->trials[i].rung == rung) out[n++] = (Place){r->trials[i].loss, i};
  qsort(out, (size_t)n, sizeof *out, compare);
  return n;
}

/* All are at the rung, and there is another one. Who is over keeps its place among the best. */
static void decide(Rungs *r, const Bracket *b, int rung) {
  Arena scratch = {0};
  arena_init(&scratch);
  Place *places = ARENA_ARRAY(&scratch, Place, b->n);
  struct RungTrial *bracket = &r->trials[b->first];
  const int64_t n = rank_members(r, b, rung, places);
  bracket->present = bracket->told = 0;
  for (int64_t i = 0; i < n; i++) {
    struct RungTrial *t = &r->trials[places[i].number];
    if (t->state != RUNG_WAITS) continue;
    const bool goes_on = i < b->members[rung + 1] && !isnan(t->loss);
    t->rung += goes_on;
    bracket->present += goes_on;
    settle(r, places[i].number, goes_on ? RUNG_TRAINS : RUNG_OVER);
  }
  arena_free(&scratch);
}

void rungs_tell(Rungs *r, int64_t n, double loss, bool ended) {
  r->n_changed = 0;
  if (!r->stopper) {
    r->changed[r->n_changed++] = n;
    return;
  }
  struct RungTrial *t = &r->trials[n];
  if (t->state != RUNG_TRAINS) return;
  Bracket b;
  bracket_of(r, n, &b);
  const int rung = t->rung;
  const bool last = rung == b.n_rungs - 1;
  t->loss = loss;
  t->state = RUNG_WAITS;
  if (ended || last || isnan(loss)) settle(r, n, RUNG_OVER);
  struct RungTrial *bracket = &r->trials[b.first];
  if (++bracket->told == bracket->present && !last) decide(r, &b, rung);
}
