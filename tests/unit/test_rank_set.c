/* Sets of ranks against an array of bools, at sizes around the words' edges. */
#include "check.h"

#include <stdlib.h>

#include "base/rng.h"
#include "runner/rank_set.h"

enum { MOST = 200 };

static int plain_near(const bool *has, int n, int rank) {
  int best = -1;
  for (int r = 0; r < n; r++)
    if (has[r] && (best < 0 || abs(r - rank) < abs(best - rank))) best = r;
  return best;
}

static void compare(const RankSet *s, const bool *has, int n) {
  int count = 0;
  for (int r = 0; r < n; r++) {
    count += has[r];
    assert_int_equal(rank_set_has(s, r), has[r]);
    int up = r, down = r;
    while (up < n && !has[up]) up++;
    while (down >= 0 && !has[down]) down--;
    assert_int_equal(rank_set_up(s, r), up < n ? up : -1);
    assert_int_equal(rank_set_down(s, r), down);
    assert_int_equal(rank_set_near(s, r), plain_near(has, n, r));
  }
  assert_int_equal(s->n, count);
  assert_int_equal(rank_set_up(s, -5), rank_set_up(s, 0));
  assert_int_equal(rank_set_up(s, n), -1);
  assert_int_equal(rank_set_down(s, n + 70), rank_set_down(s, n - 1));
  assert_int_equal(rank_set_down(s, -1), -1);
}

static void as_an_array(void **state) {
  (void)state;
  const int sizes[] = {1, 2, 63, 64, 65, 127, 128, 129, MOST};
  for (int i = 0; i < COUNT(sizes); i++) {
    Arena a = {0};
    bool has[MOST] = {false};
    RankSet s = rank_set_new(&a, sizes[i]);
    Rng r = rng_stream(7, RNG_TEST, (uint64_t)i, 0);
    compare(&s, has, sizes[i]);
    for (int turn = 0; turn < 40; turn++) {
      for (int k = 0; k < 5; k++) {
        const int rank = (int)rng_below(&r, (uint64_t)sizes[i]);
        has[rank] = turn < 20 && rng_below(&r, 3) > 0;
        rank_set_put(&s, rank, has[rank]);
      }
      compare(&s, has, sizes[i]);
    }
    arena_free(&a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(as_an_array)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
