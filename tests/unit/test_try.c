/* search.try: points that come first, what a method is asked behind them. */
#include "runner/plan.h"
#include "runner/sampler.h"
#include "spec_rig.h"

static const char parameters[] =
    "  parameters:\n"
    "    train.optimizer.name: {values: [sgd, adam]}\n"
    "    train.optimizer.momentum: {values: [0, 0.5, 0.9], when: {train.optimizer.name: sgd}}\n"
    "    train.batch_size: {values: [16, 32]}\n"
    "    model.hidden.dense.units: {values: [4, 8]}\n";
static const char tries[] = "  try:\n"
                            "    - {train.optimizer.name: sgd, train.batch_size: 0x20}\n"
                            "    - {model.hidden.dense.units: 4}\n";

static Spec *load(Arena *a, const char *search, bool with_tries) {
  return rig_load(a, arena_printf(a, "%ssearch:\n%s%s%s", RIG_SMALL, search, parameters,
                                  with_tries ? tries : ""));
}

static void they_come_first(void **state) {
  const Spec *s = load(*state, "  trials: 12\n", true),
             *without = load(*state, "  trials: 10\n", false);
  assert_int_equal(s->search.trials, 12);
  assert_string_equal(plan_point(*state, s, 0),
                      "{train.optimizer.name: sgd, train.optimizer.momentum: 0, "
                      "train.batch_size: 32, model.hidden.dense.units: 8}");
  assert_string_equal(plan_point(*state, s, 1),
                      "{train.optimizer.name: adam, train.batch_size: 16, "
                      "model.hidden.dense.units: 4}");
  for (int n = 0; n < 10; n++)
    assert_string_equal(plan_point(*state, s, n + 2), plan_point(*state, without, n));
  for (int n = 0; n < 12; n++) {
    Diag d = diag_new(*state);
    assert_non_null(plan_trial(*state, s, n, plan_point(*state, s, n), &d));
  }
}

static void a_grid_stays_whole_behind_them(void **state) {
  const Spec *s = load(*state, "  method: grid\n", true),
             *plain = load(*state, "  method: grid\n", false);
  assert_int_equal(plain->search.trials, 4 * 2 * 2);
  assert_int_equal(s->search.trials, 2 + 16);
  for (int n = 0; n < 16; n++)
    assert_string_equal(plan_point(*state, s, n + 2), plan_point(*state, plain, n));
}

static void they_may_be_all(void **state) {
  const Spec *s = load(*state, "  trials: 2\n", true);
  assert_int_equal(s->search.trials, 2);
  assert_non_null(plan_point(*state, s, 1));
}

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s, (void)e;
  return asked;
}

static int64_t n_seen;
static void sees(Arena *a, const SamplerAsk *ask, double *u) {
  (void)a;
  n_seen = ask->n_told;
  for (int i = 0; i < ask->n_axes; i++) u[i] = 0.75;
  if (ask->n_told > 0) {
    assert_true(ask->told[0].u[0] == 0.25); /* sgd */
    assert_true(ask->told[0].loss == -3);
  }
  if (ask->n_told > 1) assert_true(ask->told[1].u[1] == 0.5); /* adam has no momentum */
}
static const Sampler looking = {.head = {.name = "sees", .doc = "for this test"},
                                .looks = true,
                                .count = count,
                                .propose = sees};

static void who_looks_is_told_what_came_of_them(void **state) {
  Spec *s = load(*state, "  trials: 12\n  max_concurrent: 1\n", true);
  s->search.method.kind = &looking.head;
  History h;
  history_init(&h, *state, s);
  for (int n = 0; n < 4; n++) history_tell(&h, n, history_point(*state, &h, n), n - 3);
  assert_int_equal(n_seen, 3);
  assert_non_null(history_point(*state, &h, 4));
  assert_int_equal(n_seen, 4);
}

static void the_resolved_text_means_itself(void **state) {
  const Spec *s = load(*state, "  method: grid\n", true);
  const char *once = spec_text(*state, s, SPEC_FOR_DIGEST);
  assert_contains(once, "      train.optimizer.momentum: 0\n");
  assert_string_equal(once, spec_text(*state, rig_load(*state, once), SPEC_FOR_DIGEST));
}

static void damage_is_refused_or_understood(void **state) {
  rig_damage(arena_printf(*state, "%ssearch:\n  trials: 4\n%s%s", RIG_SMALL, parameters, tries));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(they_come_first),
      cmocka_unit_test(a_grid_stays_whole_behind_them),
      cmocka_unit_test(they_may_be_all),
      cmocka_unit_test(who_looks_is_told_what_came_of_them),
      cmocka_unit_test(the_resolved_text_means_itself),
      cmocka_unit_test(damage_is_refused_or_understood),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
