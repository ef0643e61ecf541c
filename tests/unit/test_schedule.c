/* The queue of a search, fed with fake trials that finish in any order, repeat themselves and lie.
 */
#include "check.h"

#include "base/rng.h"
#include "runner/schedule.h"
#include "window_rig.h"

enum { N = 100, RANKS = 7 };

static void hands_out_in_order(void **state) {
  (void)state;
  Arena a = {0};
  Schedule s;
  schedule_init(&s, &a, 3);
  assert_int_equal(schedule_next(&s, 4), 0);
  assert_int_equal(schedule_next(&s, 0), 1);
  assert_int_equal(schedule_next(&s, 4), 2);
  assert_int_equal(schedule_next(&s, 4), -1);
  assert_false(schedule_complete(&s));
  arena_free(&a);
}

static void skips_what_the_journal_has(void **state) {
  (void)state;
  Arena a = {0};
  Schedule s;
  schedule_init(&s, &a, 4);
  assert_true(schedule_done(&s, 0));
  assert_true(schedule_done(&s, 2));
  assert_true(schedule_done(&s, 2)); /* recorded twice: counts once */
  assert_false(schedule_done(&s, 4));
  assert_false(schedule_done(&s, -1));
  assert_int_equal(s.n_done, 2);
  assert_int_equal(schedule_left(&s), 2);
  assert_int_equal(schedule_next(&s, 0), 1);
  assert_int_equal(schedule_next(&s, 0), 3);
  assert_int_equal(schedule_next(&s, 0), -1);
  arena_free(&a);
}

static void refuses_lies(void **state) {
  (void)state;
  Arena a = {0};
  Schedule s;
  schedule_init(&s, &a, 3);
  assert_int_equal(schedule_next(&s, 1), 0);
  assert_int_equal(schedule_result(&s, 2, 0), SCHEDULE_REFUSED);  /* another's */
  assert_int_equal(schedule_result(&s, 1, 1), SCHEDULE_REFUSED);  /* given to nobody */
  assert_int_equal(schedule_result(&s, 1, 3), SCHEDULE_REFUSED);  /* no such trial */
  assert_int_equal(schedule_result(&s, 1, -2), SCHEDULE_REFUSED); /* looks like a state */
  assert_int_equal(s.n_done, 0);
  assert_int_equal(schedule_result(&s, 1, 0), SCHEDULE_NEW);
  assert_int_equal(schedule_result(&s, 1, 0), SCHEDULE_REPEAT);
  assert_int_equal(schedule_result(&s, 2, 0), SCHEDULE_REPEAT);
  assert_int_equal(s.n_done, 1);
  arena_free(&a);
}

static void takes_back(void **state) {
  (void)state;
  Arena a = {0};
  Schedule s;
  schedule_init(&s, &a, 3);
  for (int i = 0; i < 3; i++) assert_int_equal(schedule_next(&s, i), i);
  assert_false(schedule_return(&s, 0, 1)); /* not theirs */
  assert_int_equal(schedule_left(&s), 0);
  assert_true(schedule_return(&s, 1, 1));
  assert_int_equal(schedule_left(&s), 1);
  assert_false(schedule_return(&s, 1, 1));
  assert_int_equal(schedule_result(&s, 1, 1), SCHEDULE_REFUSED);
  assert_int_equal(schedule_next(&s, 2), 1);
  assert_int_equal(schedule_left(&s), 0);
  assert_int_equal(schedule_result(&s, 2, 1), SCHEDULE_NEW);
  assert_int_equal(schedule_left(&s), 0);
  assert_false(schedule_return(&s, 2, 1)); /* done stays done */
  arena_free(&a);
}

static void a_window_waits_for_results(void **state) {
  (void)state;
  Arena a = {0};
  Schedule s;
  schedule_init(&s, &a, 6);
  window_set(&s, 2);
  assert_int_equal(schedule_left(&s), 2);
  assert_int_equal(schedule_next(&s, 0), 0);
  assert_int_equal(schedule_next(&s, 1), 1);
  assert_int_equal(schedule_next(&s, 2), -1);
  assert_int_equal(schedule_left(&s), 0);
  assert_int_equal(schedule_result(&s, 1, 1), SCHEDULE_NEW); /* trial 0 still trains */
  window_move(&s, 2);
  assert_int_equal(schedule_next(&s, 1), -1);
  assert_int_equal(schedule_result(&s, 0, 0), SCHEDULE_NEW); /* opens it for two */
  window_move(&s, 2);
  assert_int_equal(schedule_left(&s), 2);
  assert_int_equal(schedule_next(&s, 1), 2);
  assert_true(schedule_return(&s, 1, 2));
  assert_int_equal(schedule_left(&s), 2);
  assert_int_equal(schedule_next(&s, 1), 2);
  assert_int_equal(schedule_next(&s, 0), 3);
  assert_int_equal(schedule_next(&s, 2), -1);
  assert_false(schedule_complete(&s));
  arena_free(&a);
}

/* A journal may have trials beyond the window: one before them failed and is trained again. */
static void a_window_knows_the_journal(void **state) {
  (void)state;
  Arena a = {0};
  Schedule s;
  schedule_init(&s, &a, 7);
  window_set(&s, 2);
  assert_true(schedule_done(&s, 3));
  assert_true(schedule_done(&s, 0));
  assert_true(schedule_done(&s, 4));
  window_move(&s, 2);
  assert_int_equal(schedule_left(&s), 2); /* 1, 2 */
  assert_int_equal(schedule_next(&s, 0), 1);
  assert_int_equal(schedule_next(&s, 1), 2);
  assert_int_equal(schedule_next(&s, 2), -1);
  assert_int_equal(schedule_result(&s, 1, 2), SCHEDULE_NEW);
  window_move(&s, 2);
  assert_int_equal(schedule_left(&s), 0);
  assert_int_equal(schedule_result(&s, 0, 1), SCHEDULE_NEW);
  window_move(&s, 2);
  assert_int_equal(schedule_left(&s), 2);
  assert_int_equal(schedule_next(&s, 1), 5);
  assert_int_equal(schedule_next(&s, 0), 6);
  assert_int_equal(schedule_next(&s, 2), -1);
  assert_int_equal(schedule_left(&s), 0);
  arena_free(&a);
}

/* Seven ranks that hold up to two trials each, finish any of them, sometimes report twice,
 * sometimes give one back: every trial is done exactly once. */
static void any_order(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 50; seed++) {
    Arena a = {0};
    Schedule s;
    schedule_init(&s, &a, N);
    const int64_t window = seed % 2 ? (int64_t)(seed / 2) % 9 + 1 : 0;
    if (window) window_set(&s, window);
    Rng r = rng_stream(seed, RNG_TEST, 0, 0);
    int64_t held[RANKS][2];
    int n_held[RANKS] = {0}, news[N] = {0};
    while (!schedule_complete(&s)) {
      int who = (int)rng_below(&r, RANKS);
      if (n_held[who] < 2 && rng_below(&r, 2)) {
        int64_t n = schedule_next(&s, who);
        if (n >= 0) held[who][n_held[who]++] = n;
        for (int64_t i = 0; window && i <= n - window; i++) assert_int_equal(news[i], 1);
        assert_true(n >= 0 || schedule_left(&s) == 0);
        continue;
      }
      if (n_held[who] == 0) continue;
      int which = (int)rng_below(&r, (uint64_t)n_held[who]);
      int64_t n = held[who][which];
      held[who][which] = held[who][--n_held[who]];
      if (rng_below(&r, 10) == 0) {
        assert_true(schedule_return(&s, who, n));
        continue;
      }
      ScheduleAnswer first = schedule_result(&s, who, n);
      assert_int_equal(first, SCHEDULE_NEW);
      news[n]++;
      window_move(&s, window);
      if (rng_below(&r, 3) == 0) assert_int_equal(schedule_result(&s, who, n), SCHEDULE_REPEAT);
    }
    for (int i = 0; i < N; i++) assert_int_equal(news[i], 1);
    assert_int_equal(s.n_done, N);
    arena_free(&a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hands_out_in_order),
      cmocka_unit_test(skips_what_the_journal_has),
      cmocka_unit_test(refuses_lies),
      cmocka_unit_test(takes_back),
      cmocka_unit_test(any_order),
      cmocka_unit_test(a_window_waits_for_results),
      cmocka_unit_test(a_window_knows_the_journal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
