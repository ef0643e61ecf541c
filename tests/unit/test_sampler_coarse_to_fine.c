/* Coarse to fine: stages, and boxes of results made by hand. */
#include "runner/coarse_to_fine.h"
#include "sampler_rig.h"

enum { TRIALS = 20 };

static bool near(double x, double expected) {
  if (fabs(x - expected) > 1e-12) print_error("%.15g, expected %.15g\n", x, expected);
  return fabs(x - expected) <= 1e-12;
}

/* A range, a range of 10 steps, a category of 4. Loss of trial n: n, the worst last. */
static Rig hand_made(Arena *a, const char *settings, int64_t window) {
  Rig r = rig_new(a, "coarse_to_fine", settings, 3, 1, TRIALS, window);
  r.axes[1] = (SamplerAxis){.n_values = 10};
  r.axes[2] = (SamplerAxis){.unordered = true, .n_values = 4};
  for (int n = 0; n < TRIALS; n++) {
    r.told[n].loss = n;
    r.u[n][0] = 0.4 + 0.02 * n;
    r.u[n][1] = 0.25 + 0.1 * (n % 3); /* steps 2, 3, 4 */
    r.u[n][2] = n % 2 ? 0.375 : 0.875;
  }
  return r;
}

static void stages_divide_the_trials(void **state) {
  Rig r = hand_made(*state, "stages=3", 2);
  const SamplerAsk ask = rig_ask(&r, 19);
  static const int64_t first[] = {0, 6, 13};
  for (int i = 0; i < 3; i++) {
    assert_int_equal(coarse_to_fine_first(&ask, i), first[i]);
    assert_int_equal(coarse_to_fine_stage(&ask, first[i]), i);
    if (i > 0) assert_int_equal(coarse_to_fine_stage(&ask, first[i] - 1), i - 1);
  }
  assert_int_equal(coarse_to_fine_stage(&ask, 19), 2);
}

/*
 * Two stages of 10, window 3: the box is of trials 0 .. 7, a quarter of them: 0 and 1. Range: 0.40 ..
 * 0.42, with a margin of a half each side 0.39 .. 0.43; steps 2 and 3: 0.2 .. 0.4, 0.1 .. 0.5;
 * categories 3 and 1.
 */
static void box_by_hand(void **state) {
  Rig r = hand_made(*state, "stages=2 keep=0.25 margin=0.5 zoom=1000", 3);
  const SamplerAsk ask = rig_ask(&r, 10);
  const CoarseBox b = coarse_to_fine_box(*state, &ask, 1);
  assert_int_equal(b.n_kept, 2);
  assert_true(near(b.low[0], 0.39) && near(b.high[0], 0.43));
  assert_true(near(b.low[1], 0.1) && near(b.high[1], 0.5));
  assert_true(!b.kept[2][0] && b.kept[2][1] && !b.kept[2][2] && b.kept[2][3]);
  assert_true(b.kept[0] == NULL && b.kept[1] == NULL);
  const CoarseBox whole = coarse_to_fine_box(*state, &ask, 0);
  assert_true(whole.low[0] == 0 && whole.high[0] == 1 && whole.kept[2][0]);
}

/* zoom 4: a quarter of the space about 0.41: 0.285 .. 0.535. At the rim it is moved inside. */
static void a_box_is_not_too_narrow(void **state) {
  Rig r = hand_made(*state, "stages=2 keep=0.25 margin=0 zoom=4", 3);
  SamplerAsk ask = rig_ask(&r, 10);
  CoarseBox b = coarse_to_fine_box(*state, &ask, 1);
  assert_true(near(b.low[0], 0.285) && near(b.high[0], 0.535));
  r.u[0][0] = r.u[1][0] = 0.01;
  b = coarse_to_fine_box(*state, &ask, 1);
  assert_true(near(b.low[0], 0) && near(b.high[0], 0.25));
  r.u[0][0] = r.u[1][0] = 0.99;
  b = coarse_to_fine_box(*state, &ask, 1);
  assert_true(near(b.low[0], 0.75) && near(b.high[0], 1));
}

/* One box for all trials of a stage, whatever was told in the meantime; a trial of the next sees it. */
static void one_box_a_stage(void **state) {
  Rig r = hand_made(*state, "stages=2 keep=0.25", 3);
  SamplerAsk ask = rig_ask(&r, 10);
  const CoarseBox b = coarse_to_fine_box(*state, &ask, 1);
  for (int n = 8; n < TRIALS; n++) r.told[n].loss = -100;
  ask = rig_ask(&r, 19);
  const CoarseBox later = coarse_to_fine_box(*state, &ask, 1);
  assert_true(b.low[0] == later.low[0] && b.high[0] == later.high[0]);
  r.told[7].loss = -200; /* the last that counts */
  const CoarseBox other = coarse_to_fine_box(*state, &ask, 1);
  assert_true(b.high[0] < other.high[0]);
  for (int n = 0; n < 8; n++) r.told[n].loss = NAN; /* nothing to go by */
  const CoarseBox none = coarse_to_fine_box(*state, &ask, 1);
  assert_true(none.n_kept == 0 && none.low[0] == 0 && none.high[0] == 1);
}

/* Draws lie in the box, spread over it, and on kept categories only. */
static void draws_fill_the_box(void **state) {
  Rig r = hand_made(*state, "stages=2 keep=0.25 margin=0.5 zoom=1000", 3);
  bool taken[5] = {false}, kinds[4] = {false};
  for (int n = 10; n < 18; n++) {
    double u[3];
    rig_propose(&r, n, u);
    assert_true(u[0] >= 0.39 && u[0] < 0.43 && u[1] >= 0.1 && u[1] < 0.5);
    taken[(int)((u[0] - 0.39) / 0.01)] = true;
    kinds[(int)(u[2] * 4)] = true;
  }
  assert_true(taken[0] && taken[1] && taken[2] && taken[3]);
  assert_true(!kinds[0] && kinds[1] && !kinds[2] && kinds[3]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stages_divide_the_trials), cmocka_unit_test(box_by_hand),
      cmocka_unit_test(a_box_is_not_too_narrow),  cmocka_unit_test(one_box_a_stage),
      cmocka_unit_test(draws_fill_the_box),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
