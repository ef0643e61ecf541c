/*
 * Trials that end early because others do better: brackets as the papers have them, who goes on by
 * hand, the same whatever comes first; the median rule against curves worked out by hand.
 */
#include "arena_rig.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "runner/rungs.h"

static KindValue rule(Arena *a, const char *name) {
  return kind_default(kind_find(&run_stoppers, name), a);
}

static const Stopper *stopper(const KindValue *v) {
  return (const Stopper *)(const void *)v->kind;
}

static void set(Arena *a, KindValue *v, const char *param, const char *text) {
  Err e = {0};
  const Param *p = param_find(v->kind->params, v->kind->n_params, param);
  assert_non_null(p);
  if (param_parse(a, p, v->config, text, &e) != OK) fail_msg("%s", e.text);
}

/* ---- brackets -------------------------------------------------------------------------------- */

/* Li et al. 2018, table 1: R = 81, eta = 3. */
static void hyperband_as_in_its_paper(void **state) {
  static const int64_t sizes[5] = {81, 34, 15, 8, 5};
  const KindValue v = rule(*state, "hyperband");
  int64_t first = 0;
  for (int s = 4; s >= 0; s--) {
    Bracket b;
    stopper(&v)->bracket(v.config, 81, 1000000, first, &b);
    assert_int_equal(b.first, first);
    assert_int_equal(b.n, sizes[4 - s]);
    assert_int_equal(b.n_rungs, s + 1);
    int64_t members = b.n, epochs = 1;
    for (int i = 0; i < 4 - s; i++) epochs *= 3;
    for (int k = 0; k < b.n_rungs; k++, members /= 3, epochs *= 3) {
      assert_int_equal(b.epochs[k], epochs);
      assert_int_equal(b.members[k], members);
    }
    Bracket last;
    stopper(&v)->bracket(v.config, 81, 1000000, first + b.n - 1, &last);
    assert_memory_equal(&last, &b, sizeof b);
    first += b.n;
  }
  Bracket again; /* the next round */
  stopper(&v)->bracket(v.config, 81, 1000000, first, &again);
  assert_int_equal(again.n, 81);
  assert_int_equal(again.first, 143);
  stopper(&v)->bracket(v.config, 81, 150, first, &again); /* what is left */
  assert_int_equal(again.n, 7);
  assert_int_equal(again.members[1], 2);
  assert_int_equal(again.members[4], 1);
}

static void halving_by_hand(void **state) {
  KindValue v = rule(*state, "successive_halving");
  Bracket b;
  set(*state, &v, "eta", "2");
  set(*state, &v, "min_epochs", "3");
  set(*state, &v, "bracket", "10");
  stopper(&v)->bracket(v.config, 20, 25, 13, &b);
  assert_int_equal(b.first, 10);
  assert_int_equal(b.n, 10);
  assert_int_equal(b.n_rungs, 3); /* 20 / 4 = 5, 10, 20; 2.5 is below min_epochs */
  static const int64_t epochs[3] = {5, 10, 20}, members[3] = {10, 5, 2};
  for (int k = 0; k < 3; k++) {
    assert_int_equal(b.epochs[k], epochs[k]);
    assert_int_equal(b.members[k], members[k]);
  }
  set(*state, &v, "eta", "1.1"); /* rungs at the same epoch are one */
  set(*state, &v, "min_epochs", "1");
  stopper(&v)->bracket(v.config, 4, 25, 0, &b);
  assert_int_equal(b.n_rungs, 4);
  for (int k = 0; k < 4; k++) assert_int_equal(b.epochs[k], k + 1);
}

/* ---- who goes on ----------------------------------------------------------------------------- */

static Rungs six_trials(Arena *a) {
  const KindValue v = rule(a, "successive_halving");
  Rungs r;
  rungs_init(&r, a, &v, 6, 9); /* rungs at 1, 3, 9 of 6, 2, 1 trials */
  return r;
}

static void the_best_go_on(void **state) {
  Rungs r = six_trials(*state);
  for (int64_t n = 0; n < 6; n++) assert_int_equal(rungs_epoch(&r, n), 1);
  static const double losses[6] = {0.5, 0.2, (double)NAN, 0.2, 0.1, 0.9};
  for (int64_t n = 5; n >= 1; n--) {
    rungs_tell(&r, n, losses[n], false);
    assert_int_equal(r.n_changed, n == 2); /* DIVERGED: over at once */
    assert_int_equal(rungs_state(&r, n), n == 2 ? RUNG_OVER : RUNG_WAITS);
  }
  rungs_tell(&r, 0, losses[0], false);
  assert_int_equal(r.n_changed, 5);
  for (int64_t n = 0; n < 6; n++) /* of 1 and 3, equally good, the lower number */
    assert_int_equal(rungs_state(&r, n), n == 4 || n == 1 ? RUNG_TRAINS : RUNG_OVER);
  assert_int_equal(rungs_epoch(&r, 4), 3);
  assert_true(rungs_goes_on(&r, 4));
  rungs_tell(&r, 3, 0, false); /* too late */
  assert_int_equal(r.n_changed, 0);
  rungs_tell(&r, 4, 0.3, false);
  assert_int_equal(r.n_changed, 0);
  rungs_tell(&r, 1, 0.1, true); /* early stopping: it wins, and has nothing left to train */
  assert_int_equal(rungs_state(&r, 1), RUNG_OVER);
  assert_int_equal(rungs_state(&r, 4), RUNG_OVER);
}

static void nobody_is_left(void **state) {
  Rungs r = six_trials(*state);
  for (int64_t n = 0; n < 6; n++) rungs_tell(&r, n, (double)NAN, true);
  for (int64_t n = 0; n < 6; n++) assert_int_equal(rungs_state(&r, n), RUNG_OVER);
}

static void without_brackets(void **state) {
  Rungs r;
  rungs_init(&r, *state, &(KindValue){0}, 4, 9);
  assert_int_equal(rungs_epoch(&r, 2), 0);
  rungs_tell(&r, 2, 1, false);
  assert_int_equal(r.n_changed, 1);
  assert_int_equal(r.changed[0], 2);
}

static double loss_of(int64_t n, int64_t epoch) {
  Rng r = rng_stream(3, RNG_TEST, (uint64_t)n, (uint32_t)epoch);
  return rng_below(&r, 8) == 0 ? (double)NAN : floor(rng_f64(&r) * 12);
}

enum { MANY = 60 };

/* How far each of 60 trials trains, when results come as the seed has it. */
static void play(Arena *a, const char *name, uint64_t seed, int64_t *epochs) {
  const KindValue v = rule(a, name);
  Rungs r;
  Rng random = rng_stream(seed, RNG_TEST, 0, 0);
  int64_t open[MANY], n_open = MANY;
  rungs_init(&r, a, &v, MANY, 27);
  for (int64_t n = 0; n < MANY; n++) open[n] = n;
  while (n_open > 0) {
    const uint64_t i = rng_below(&random, (uint64_t)n_open);
    const int64_t n = open[i], epoch = rungs_epoch(&r, n);
    const double loss = loss_of(n, epoch);
    open[i] = open[--n_open];
    epochs[n] = epoch;
    rungs_tell(&r, n, loss, isnan(loss) || epoch == 27);
    for (int64_t k = 0; k < r.n_changed; k++)
      if (rungs_state(&r, r.changed[k]) == RUNG_TRAINS) open[n_open++] = r.changed[k];
  }
  for (int64_t n = 0; n < MANY; n++) assert_int_equal(rungs_state(&r, n), RUNG_OVER);
}

static void whatever_comes_first(void **state) {
  static const char *const names[] = {"successive_halving", "hyperband"};
  for (int i = 0; i < COUNT(names); i++) {
    int64_t want[MANY], got[MANY], sum = 0;
    play(*state, names[i], 0, want);
    for (int n = 0; n < MANY; n++) sum += want[n];
    assert_true(sum < MANY * 27 / 2);
    for (uint64_t seed = 1; seed < 200; seed++) {
      play(*state, names[i], seed, got);
      assert_memory_equal(got, want, sizeof got);
    }
  }
}

/* ---- the median rule ------------------------------------------------------------------------- */

static void medians_by_hand(void **state) {
  static const double a[] = {1, 3, 5}, b[] = {2, 2, 2}, c[] = {9, 9}, d[] = {4};
  const StopperCurve told[] = {{a, 3}, {b, 3}, {c, 2}, {NULL, 0}, {d, 1}};
  KindValue v = rule(*state, "median");
  double limits[4];
  set(*state, &v, "warmup_trials", "2");
  set(*state, &v, "warmup_epochs", "1");
  stopper(&v)->limits(*state, v.config, told, COUNT(told), false, 4, limits);
  assert_true(isnan(limits[0])); /* of the first epoch nobody is judged */
  assert_true(limits[1] == 2.0); /* of 2, 2, 9 */
  assert_true(limits[2] == 3.0); /* of 3, 2: the worse */
  assert_true(isnan(limits[3])); /* nobody came so far */
  stopper(&v)->limits(*state, v.config, told, COUNT(told), true, 3, limits);
  assert_true(limits[2] == 2.0);
  set(*state, &v, "warmup_trials", "3");
  set(*state, &v, "warmup_epochs", "0");
  stopper(&v)->limits(*state, v.config, told, COUNT(told), true, 3, limits);
  assert_true(limits[0] == 2.0); /* of 1, 2, 4, 9 the worse of the middle */
  assert_true(isnan(limits[2]));
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)
  const struct CMUnitTest tests[] = {
      TEST(hyperband_as_in_its_paper),
      TEST(halving_by_hand),
      TEST(the_best_go_on),
      TEST(nobody_is_left),
      TEST(without_brackets),
      TEST(whatever_comes_first),
      TEST(medians_by_hand),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
