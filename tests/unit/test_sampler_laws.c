/*
 * What every sampler owes, by its row alone: the same ask gives the same bits, in whatever order and
 * arena; what was not told is not looked at; places lie in the cube; spaces and results may be odd.
 */
#include "sampler_rig.h"

enum { TRIALS = 44 };

typedef struct {
  const char *what;
  int n;
  SamplerAxis axes[4];
  int64_t window;
  double (*f)(const double *u);
} Scene;

static double slope(const double *u) {
  return u[0];
}

static double nothing(const double *u) {
  (void)u;
  return NAN;
}

static double flat(const double *u) {
  (void)u;
  return 3;
}

/* A quarter diverges, one is infinite, most differ little. */
static double wild(const double *u) {
  const int k = (int)(u[0] * 16);
  return k % 4 == 3 ? NAN : k == 5 ? INFINITY : k == 6 ? 1e300 : k == 8 ? -1e300 : 1e-9 * k;
}

#define CATEGORIES(n)                                                                              \
  { .unordered = true, .n_values = (n) }

static const Scene scenes[] = {
    {"one parameter", 1, {{0}}, 1, slope},
    {"four, mixed", 4, {{.n_values = 8}, {.unordered = true, .n_values = 4}}, 3, rig_mixed},
    {"only categories", 3, {CATEGORIES(3), CATEGORIES(2), CATEGORIES(1)}, 2, slope},
    {"one category", 1, {CATEGORIES(2)}, 1, slope},
    {"few steps: every point is tried again", 2, {{.n_values = 2}, {.n_values = 3}}, 1, slope},
    {"many steps", 2, {{.n_values = 100000}, {.n_values = 7}}, 4, slope},
    {"a window larger than the trials", 2, {{0}}, 100, slope},
    {"window 0", 2, {{0}}, 0, slope},
    {"all diverge", 3, {{0}, CATEGORIES(3), {.n_values = 5}}, 2, nothing},
    {"all equal", 3, {{0}, CATEGORIES(3), {.n_values = 5}}, 2, flat},
    {"wild", 2, {{0}, {0}}, 2, wild},
};

static Rig rig_of(Arena *a, const Scene *s, const Kind *k, uint64_t seed) {
  Rig r = rig_new(a, k->name, "", s->n, seed, TRIALS, s->window);
  memcpy(r.axes, s->axes, sizeof(s->axes));
  return r;
}

/* The ask of trial n with nothing but what it may read: the rest of the results is no memory. */
static void propose_poisoned(Rig *r, Arena *a, int64_t n, double *u) {
  SamplerAsk ask = rig_ask(r, n);
  SamplerTold *told = ARENA_ARRAY(a, SamplerTold, TRIALS);
  for (int64_t i = 0; i < TRIALS; i++) told[i] = (SamplerTold){.u = NULL, .loss = -1e9};
  if (ask.n_told > 0) memcpy(told, ask.told, sizeof(*told) * (size_t)ask.n_told);
  const double **pending = ARENA_ARRAY(a, const double *, TRIALS);
  for (int64_t i = 0; i < n - ask.n_told && ask.pending; i++) pending[i] = ask.pending[i];
  if (ask.told) ask.told = told;
  if (ask.pending) ask.pending = pending;
  r->sampler->propose(a, &ask, u);
}

static void play(const Scene *s, const Kind *k) {
  Arena a, scratch;
  arena_init(&a);
  arena_init(&scratch);
  Rig r = rig_of(&a, s, k, 5);
  double raw[TRIALS][4] = {{0}}, again[4];
  for (int64_t n = 0; n < TRIALS; n++) {
    rig_propose(&r, n, raw[n]);
    rig_step(&r, n, s->f);
  }
  for (int64_t n = TRIALS - 1; n >= 0; n -= n % 3 + 1) {
    propose_poisoned(&r, &scratch, n, again); /* an arena that is ever fuller */
    const bool same = memcmp(again, raw[n], sizeof(double) * (size_t)s->n) == 0;
    if (!same) print_error("%s, %s: trial %d is another one\n", k->name, s->what, (int)n);
    assert_true(same);
  }
  arena_free(&scratch);
  arena_free(&a);
}

static void one_ask_one_point(void **state) {
  (void)state;
  for (int i = 0; i < run_samplers.n; i++) {
    const Kind *k = run_samplers.kinds[i];
    if (((const Sampler *)(const void *)k)->values) continue;
    for (int j = 0; j < COUNT(scenes); j++) play(&scenes[j], k);
  }
}

/* Another seed, another search; and the check above would see a difference. */
static void the_seed_counts(void **state) {
  for (int i = 0; i < run_samplers.n; i++) {
    const Kind *k = run_samplers.kinds[i];
    if (((const Sampler *)(const void *)k)->values) continue;
    Rig r = rig_of(*state, &scenes[1], k, 5), s = rig_of(*state, &scenes[1], k, 6);
    int n_same = 0;
    for (int64_t n = 0; n < TRIALS; n++) {
      rig_step(&r, n, rig_mixed);
      rig_step(&s, n, rig_mixed);
      n_same += r.u[n][2] == s.u[n][2];
    }
    if (n_same > 2) print_error("%s: %d trials of two seeds are the same\n", k->name, n_same);
    assert_true(n_same <= 2);
  }
}

/* A method that looks at results does better than one that does not where that is easy, and proposes
 * something else where results are others; a told result that changes must be seen. */
static void results_count(void **state) {
  for (int i = 0; i < run_samplers.n; i++) {
    const Kind *k = run_samplers.kinds[i];
    const Sampler *sampler = (const Sampler *)(const void *)k;
    if (sampler->values) continue;
    Rig r = rig_of(*state, &scenes[0], k, 5), s = rig_of(*state, &scenes[0], k, 5);
    int n_other = 0;
    for (int64_t n = 0; n < TRIALS; n++) {
      rig_step(&r, n, slope);
      rig_step(&s, n, flat);
      n_other += r.u[n][0] != s.u[n][0];
    }
    if ((n_other > 0) != sampler->looks) print_error("%s: results %d\n", k->name, n_other);
    assert_true((n_other > 0) == sampler->looks);
    if (sampler->looks) assert_true(r.best < 0.02);
  }
}

static void order_of_results(void **state) {
  const SamplerTold told[] = {{NULL, 3},   {NULL, NAN}, {NULL, 1},        {NULL, 3},
                              {NULL, NAN}, {NULL, 1},   {NULL, INFINITY}, {NULL, -2}};
  static const int64_t expected[] = {7, 2, 5, 0, 3, 6, 1, 4};
  int64_t order[8];
  assert_int_equal(sampling_order(*state, told, 8, order), 6);
  assert_memory_equal(order, expected, sizeof(expected));
  assert_int_equal(sampling_order(*state, told, 0, order), 0);
}

static void cells_of_axes(void **state) {
  (void)state;
  const SamplerAxis five = {.n_values = 5};
  assert_int_equal(sampling_cell(five, 0), 0);
  assert_int_equal(sampling_cell(five, 0.2), 1);
  assert_int_equal(sampling_cell(five, 1), 4);
  assert_true(sampling_middle(five, 0.99) == 0.9);
  assert_true(sampling_middle((SamplerAxis){0}, 0.99) == 0.99);
  assert_true(sampling_clamp(1) < 1 && sampling_clamp(-1) == 0 && sampling_clamp(NAN) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_ask_one_point),
      cmocka_unit_test_setup_teardown(the_seed_counts, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(results_count, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(order_of_results, arena_begin, arena_end),
      cmocka_unit_test(cells_of_axes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
