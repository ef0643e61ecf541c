/*
 * Who trains what with whom, at random: ranks, shards, trials and the order of everything that
 * happens; a part of the events are lies. The test keeps books of its own. Whatever happens: no rank
 * is in two teams, who is given work has asked for it, sizes are powers of two up to the shards,
 * nobody is idle while a trial is free, every trial is trained once, everything ends.
 */
#include "check.h"

#include "base/rng.h"
#include "runner/teams.h"
#include "window_rig.h"

enum { RANKS = 40, TRIALS = 60, EPOCHS = 3, FREE = -1 };

typedef struct {
  int members[RANKS], n, n_joining; /* joining ones follow the members */
  int epochs;                       /* done */
  bool given, done;
} BookTrial;

typedef struct {
  Arena a;
  Rng r;
  Schedule queue;
  Teams *teams;
  int n_ranks, shards, ranks, n_trials, window;
  double now;
  bool asked[RANKS];               /* and was given nothing since */
  int doing[RANKS], queued[RANKS]; /* trial or FREE */
  BookTrial trials[TRIALS];
  bool formed; /* auto: the first units are dissolved */
} Book;

static int any(Book *b, int n) {
  return (int)rng_below(&b->r, (uint64_t)n);
}

static bool book_idle(const Book *b, int rank) {
  return b->asked[rank] && b->doing[rank] == FREE && b->queued[rank] == FREE;
}

static int count_idle(const Book *b) {
  int n = 0;
  for (int r = 0; r < b->n_ranks; r++) n += book_idle(b, r);
  return n;
}

/* Trials that may be given out: behind the first that is not done only so many. */
static int count_free(const Book *b) {
  int n = 0, front = 0;
  while (front < b->n_trials && b->trials[front].done) front++;
  const int end = b->window && front + b->window < b->n_trials ? front + b->window : b->n_trials;
  for (int i = 0; i < end; i++) n += !b->trials[i].given;
  return n;
}

static void check_size(const Book *b, int n) {
  assert_true(n > 0 && (n & (n - 1)) == 0);
  assert_true(n <= b->shards);
}

static void book_train(Book *b, const TeamsAction *x) {
  BookTrial *t = &b->trials[x->trial];
  assert_false(t->given);
  for (int i = 0; i < x->trial; i++) assert_true(b->trials[i].given); /* in order */
  assert_int_equal(b->queue.holder[x->trial], x->leader);
  check_size(b, x->n);
  *t = (BookTrial){.given = true, .n = x->n};
  for (int i = 0; i < x->n; i++) {
    const int r = t->members[i] = x->members[i];
    assert_int_equal(r, x->leader + i);
    assert_true(b->asked[r]);
    assert_int_equal(b->queued[r], FREE);
    b->asked[r] = false;
    *(b->doing[r] == FREE ? &b->doing[r] : &b->queued[r]) = (int)x->trial;
  }
  if (b->ranks == 0 && b->formed) assert_int_equal(x->n, 1);
  if (b->ranks > 0) assert_true(x->leader % b->ranks + x->n <= b->ranks);
}

static void book_grow(Book *b, const TeamsAction *x) {
  BookTrial *t = &b->trials[x->trial];
  assert_int_equal(b->ranks, 0);
  assert_int_equal(count_free(b), 0);
  assert_true(t->given && !t->done);
  assert_int_equal(t->n_joining, 0);
  assert_int_equal(x->leader, t->members[0]);
  assert_int_equal(b->doing[x->leader], x->trial);
  check_size(b, t->n + x->n);
  assert_true(x->n >= t->n);
  t->n_joining = x->n;
  for (int i = 0; i < x->n; i++) {
    const int r = t->members[t->n + i] = x->members[i];
    assert_true(book_idle(b, r));
    b->asked[r] = false;
    b->doing[r] = (int)x->trial;
  }
}

static void drain(Book *b) {
  TeamsAction x;
  while (teams_next(b->teams, b->now, &x)) {
    if (x.order == TEAMS_TRAIN)
      book_train(b, &x);
    else
      book_grow(b, &x);
    if (count_free(b) == 0) b->formed = true;
  }
  assert_int_equal(teams_idle(b->teams), count_idle(b));
  if (b->ranks == 0 && b->formed && count_free(b) > 0) assert_int_equal(count_idle(b), 0);
}

/* ---- what happens ---------------------------------------------------------------------------- */

static void somebody_asks(Book *b) {
  const int r = any(b, b->n_ranks);
  const BookTrial *t = b->doing[r] == FREE ? NULL : &b->trials[b->doing[r]];
  bool member = !t;
  for (int i = 0; t && i < t->n; i++) member |= t->members[i] == r;
  if (!member || (t && t->epochs < EPOCHS - 1) || b->queued[r] != FREE) return;
  b->asked[r] = true;
  teams_ask(b->teams, r);
}

static void let_go(Book *b, BookTrial *t) {
  for (int i = t->n; i < t->n + t->n_joining; i++) {
    b->doing[t->members[i]] = FREE;
    b->asked[t->members[i]] = true;
  }
  t->n_joining = 0;
}

static void trial_ends(Book *b, int number) {
  BookTrial *t = &b->trials[number];
  assert_int_equal(schedule_result(&b->queue, t->members[0], number), SCHEDULE_NEW);
  window_move(&b->queue, b->window);
  teams_ended(b->teams, number);
  let_go(b, t);
  t->done = true;
  for (int i = 0; i < t->n; i++) {
    const int r = t->members[i];
    assert_int_equal(b->doing[r], number);
    b->doing[r] = b->queued[r];
    b->queued[r] = FREE;
  }
}

static void trial_grows(Book *b, int number) {
  BookTrial *t = &b->trials[number];
  int size = t->n;
  while (2 * size <= t->n + t->n_joining && any(b, 6) > 0) size *= 2;
  teams_grew(b->teams, number, size);
  t->n_joining -= size - t->n;
  t->n = size;
  let_go(b, t);
  assert_int_equal(teams_size(b->teams, number), size);
}

static void something_in_a_trial(Book *b) {
  const int number = any(b, b->n_trials);
  BookTrial *t = &b->trials[number];
  if (!t->given || t->done || b->doing[t->members[0]] != number) return;
  if (t->n_joining > 0 && any(b, 2)) {
    trial_grows(b, number);
  } else if (t->epochs < EPOCHS - 1 || any(b, 3)) {
    if (t->epochs < EPOCHS) t->epochs++;
    teams_epoch(b->teams, number, t->epochs, EPOCHS, b->now);
  } else {
    trial_ends(b, number);
  }
}

static void somebody_lies(Book *b) {
  const int number = any(b, b->n_trials + 2) - 1;
  const bool exists = number >= 0 && number < b->n_trials;
  const BookTrial *t = exists ? &b->trials[number] : NULL;
  teams_epoch(b->teams, number, any(b, 9) - 4, any(b, 3), b->now - 1);
  if (!t || !t->given || t->done) {
    teams_ended(b->teams, number);
    teams_grew(b->teams, number, any(b, 9) - 4);
  } else if (t->n_joining == 0) {
    teams_grew(b->teams, number, t->n);
    teams_grew(b->teams, number, 2 * t->n);
  }
  teams_ask(b->teams, any(b, 2) ? -1 - any(b, 5) : b->n_ranks + any(b, 5));
  const int r = any(b, b->n_ranks);
  if (b->asked[r]) teams_ask(b->teams, r);
}

static void one_job(uint64_t seed) {
  Book b = {.r = rng_stream(seed, RNG_TEST, 1, 0)};
  b.n_ranks = 1 + any(&b, RANKS);
  b.n_trials = 1 + any(&b, any(&b, 2) ? TRIALS : 5);
  b.shards = 1 << any(&b, 6);
  if (any(&b, 3) == 0) b.ranks = 1 << any(&b, __builtin_ctz((unsigned)b.shards) + 1);
  if (seed % 3 == 0) b.window = 1 + any(&b, 20);
  b.formed = b.n_trials >= b.n_ranks && (b.window == 0 || b.window >= b.n_ranks);
  for (int r = 0; r < b.n_ranks; r++) b.doing[r] = b.queued[r] = FREE;
  schedule_init(&b.queue, &b.a, b.n_trials);
  if (b.window) window_set(&b.queue, b.window);
  b.teams = teams_new(&b.a, b.n_ranks, b.shards, b.ranks, &b.queue);
  int64_t turns = 0;
  while (!schedule_complete(&b.queue)) {
    b.now += rng_f64(&b.r);
    if (any(&b, 10) == 0) somebody_lies(&b);
    (any(&b, 2) ? somebody_asks : something_in_a_trial)(&b);
    drain(&b);
    assert_true(++turns < 1000000);
  }
  for (int i = 0; i < b.n_trials; i++) assert_true(b.trials[i].done);
  arena_free(&b.a);
}

static void whatever_happens(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 300; seed++) one_job(seed);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_happens)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
