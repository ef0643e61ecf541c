/*
 * Searches that look at results: whatever the order in which results come, on any number of workers,
 * after any kill, every trial has the point that it has in a sequential search. The method here
 * makes its point of every bit that it is shown, so that nothing may differ. Methods that peek are
 * caught by the same check.
 */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "runner/history.h"
#include "runner/plan.h"
#include "runner/schedule.h"
#include "spec_rig.h"
#include "window_rig.h"

enum { N = 40, MAX_WORKERS = 9 };

/* ---- methods --------------------------------------------------------------------------------- */

static int n_arrived; /* results so far: what no method may know */

static void mix(uint64_t *hash, double x) {
  uint64_t bits = 0;
  if (!isnan(x)) memcpy(&bits, &x, sizeof bits);
  *hash = (*hash ^ bits) * 0x9e3779b97f4a7c15u;
  *hash ^= *hash >> 29;
}

static void mix_place(uint64_t *hash, const SamplerAsk *ask, const double *u) {
  for (int i = 0; i < ask->n_axes; i++) {
    assert_true(u[i] >= 0 && u[i] < 1);
    mix(hash, u[i]);
  }
}

static uint64_t all_that_is_shown(const SamplerAsk *ask) {
  uint64_t hash = ask->seed + (uint64_t)ask->n * 77;
  assert_int_equal(ask->n_told, sampler_n_told(ask->n, ask->window));
  for (int64_t k = 0; k < ask->n_told; k++) {
    mix_place(&hash, ask, ask->told[k].u);
    mix(&hash, ask->told[k].loss);
  }
  for (int64_t k = 0; k < ask->n - ask->n_told; k++) mix_place(&hash, ask, ask->pending[k]);
  return hash;
}

static void from_hash(const SamplerAsk *ask, uint64_t hash, double *u) {
  for (int i = 0; i < ask->n_axes; i++) {
    mix(&hash, i + 1);
    u[i] = (double)(hash >> 11) * 0x1p-53;
  }
}

static void honest(Arena *a, const SamplerAsk *ask, double *u) {
  (void)a;
  from_hash(ask, all_that_is_shown(ask), u);
}

/* Mutants: one result more than it is told, if it is there; how many have come; which came last. */
static void peeks_ahead(Arena *a, const SamplerAsk *ask, double *u) {
  (void)a;
  uint64_t hash = all_that_is_shown(ask);
  const SamplerTold *next = ask->n_told < ask->n ? &ask->told[ask->n_told] : NULL;
  if (next && next->u) mix(&hash, next->loss);
  from_hash(ask, hash, u);
}

static void counts_arrivals(Arena *a, const SamplerAsk *ask, double *u) {
  (void)a;
  uint64_t hash = all_that_is_shown(ask);
  mix(&hash, n_arrived);
  from_hash(ask, hash, u);
}

static double last_loss;
static void knows_the_last(Arena *a, const SamplerAsk *ask, double *u) {
  (void)a;
  uint64_t hash = all_that_is_shown(ask);
  mix(&hash, last_loss);
  from_hash(ask, hash, u);
}

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s, (void)e;
  return asked;
}

#define METHOD(f)                                                                                  \
  { .head = {.name = #f, .doc = "for this test"}, .looks = true, .count = count, .propose = (f) }
static const Sampler method = METHOD(honest);
static const Sampler mutants[] = {METHOD(peeks_ahead), METHOD(counts_arrivals),
                                  METHOD(knows_the_last)};

/* ---- a search -------------------------------------------------------------------------------- */

static Spec *search_with(Arena *a, const Sampler *sampler, int window) {
  Spec *s = rig_load(
      a, arena_printf(a,
                      "%ssearch:\n  trials: %d\n  max_concurrent: %d\n  parameters:\n"
                      "    train.optimizer.learning_rate: {min: 0.001, max: 1, scale: log}\n"
                      "    train.optimizer.beta1: {min: 0.5, max: 0.99, scale: one_minus_log}\n"
                      "    train.batch_size: {values: [8, 16, 32]}\n"
                      "    model.hidden.dense.units: {min: 2, max: 9}\n",
                      RIG_SMALL, N, window));
  s->search.method.kind = &sampler->head;
  return s;
}

/* What training at a point would give; some diverge. */
static double result_at(const char *point) {
  uint64_t hash = 1;
  for (const char *c = point; *c; c++) mix(&hash, *c);
  return hash % 7 == 0 ? NAN : (double)(hash >> 11) * 0x1p-53;
}

typedef struct {
  Arena a;
  const char *points[N];
  int64_t arrived[N]; /* trials in the order of their results: the journal */
  int n_arrived;
} Course;

static void take(Course *c, History *h, int64_t n) {
  const double loss = result_at(c->points[n]);
  history_tell(h, n, c->points[n], loss);
  c->arrived[c->n_arrived++] = n;
  n_arrived = c->n_arrived;
  last_loss = loss;
}

static void hand_out(Course *c, History *h, int64_t n) {
  assert_true(history_ready(h, n));
  const char *point = arena_strdup(&c->a, history_point(&c->a, h, n));
  if (c->points[n]) assert_string_equal(c->points[n], point); /* it was handed out before */
  c->points[n] = point;
}

static void sequential(const Spec *s, Course *c) {
  History h;
  history_init(&h, &c->a, s);
  n_arrived = c->n_arrived = 0;
  for (int64_t n = 0; n < N; n++) {
    hand_out(c, &h, n);
    take(c, &h, n);
  }
}

/* From the first `from` results of the course's journal on; `until` so many are there. */
static void shuffled(const Spec *s, Course *c, int from, int until, uint64_t seed) {
  Rng r = rng_stream(seed, RNG_TEST, 0, 0);
  const int n_workers = 1 + (int)rng_below(&r, MAX_WORKERS);
  int64_t held[MAX_WORKERS];
  History h;
  Schedule q;
  history_init(&h, &c->a, s);
  schedule_init(&q, &c->a, N);
  window_set(&q, s->search.max_concurrent);
  const int before = from;
  c->n_arrived = 0;
  for (int i = 0; i < before; i++) {
    const int64_t n = c->arrived[i];
    take(c, &h, n);
    assert_true(schedule_done(&q, n));
  }
  window_move(&q, s->search.max_concurrent);
  for (int w = 0; w < n_workers; w++) held[w] = -1;
  while (c->n_arrived < until) {
    const int w = (int)rng_below(&r, (uint64_t)n_workers);
    if (held[w] < 0) {
      held[w] = schedule_next(&q, w);
      if (held[w] >= 0) hand_out(c, &h, held[w]);
    } else {
      assert_int_equal(schedule_result(&q, w, held[w]), SCHEDULE_NEW);
      window_move(&q, s->search.max_concurrent);
      take(c, &h, held[w]);
      held[w] = -1;
    }
  }
}

static bool same(const Course *x, const Course *y) {
  for (int i = 0; i < N; i++)
    if (!str_eq(x->points[i], y->points[i])) return false;
  return true;
}

/* Has a shuffled search, killed once on the way, the points of the sequential one? */
static bool holds(const Sampler *sampler, int window, uint64_t seed) {
  Arena a;
  arena_init(&a);
  const Spec *s = search_with(&a, sampler, window);
  Course straight = {0}, other = {0};
  sequential(s, &straight);
  const int killed = (int)(seed * 13 % N);
  shuffled(s, &other, 0, killed, seed);
  memset(other.points, 0, sizeof other.points);
  for (int i = 0; i < killed; i++)
    other.points[other.arrived[i]] = straight.points[other.arrived[i]];
  shuffled(s, &other, killed, N, seed + 1000);
  const bool is_same = same(&straight, &other);
  arena_free(&straight.a);
  arena_free(&other.a);
  arena_free(&a);
  return is_same;
}

static void any_order_has_the_same_points(void **state) {
  (void)state;
  static const int windows[] = {1, 2, 5, 16, N, 2 * N};
  for (int i = 0; i < COUNT(windows); i++)
    for (uint64_t seed = 0; seed < 20; seed++) assert_true(holds(&method, windows[i], seed));
}

static void who_peeks_is_caught(void **state) {
  (void)state;
  for (int i = 0; i < COUNT(mutants); i++) {
    int caught = 0;
    for (uint64_t seed = 0; seed < 20; seed++) caught += !holds(&mutants[i], 5, seed);
    if (caught == 0) fail_msg("%s was not caught", mutants[i].head.name);
  }
}

/* ---- by hand --------------------------------------------------------------------------------- */

static void nothing_is_proposed_too_early(void **state) {
  History h;
  history_init(&h, *state, search_with(*state, &method, 3));
  assert_true(history_ready(&h, 2)); /* sees none */
  assert_false(history_ready(&h, 3));
  assert_null(history_point(*state, &h, 3));
  assert_non_null(history_point(*state, &h, 2));
  history_tell(&h, 1, history_point(*state, &h, 1), 0.5);
  assert_false(history_ready(&h, 3));
  history_tell(&h, 0, history_point(*state, &h, 0), 0.5);
  assert_true(history_ready(&h, 4));
  assert_false(history_ready(&h, 5));
  history_tell(&h, -1, "{}", 0.5); /* no such trials */
  history_tell(&h, N, "{}", 0.5);
  assert_false(history_ready(&h, 5));
}

/* A trial that failed is told as NaN; that it is trained again later changes no proposal. */
static void the_first_word_counts(void **state) {
  const Spec *s = search_with(*state, &method, 1);
  History once, again;
  history_init(&once, *state, s);
  history_init(&again, *state, s);
  const char *point = history_point(*state, &once, 0);
  history_tell(&once, 0, point, NAN);
  history_tell(&again, 0, point, NAN);
  history_tell(&again, 0, point, 0.25);
  assert_string_equal(history_point(*state, &once, 1), history_point(*state, &again, 1));
  for (int n = 1; n < 3; n++) {
    const char *next = history_point(*state, &once, n);
    history_tell(&once, n, next, 0.1 * n);
    history_tell(&again, n, next, 0.1 * n);
  }
  assert_string_equal(history_point(*state, &once, 3), history_point(*state, &again, 3));
  History other;
  history_init(&other, *state, s);
  history_tell(&other, 0, point, 0.25);
  for (int n = 1; n < 3; n++) history_tell(&other, n, history_point(*state, &once, n), 0.1 * n);
  assert_string_not_equal(history_point(*state, &once, 3), history_point(*state, &other, 3));
}

/* Tells the course's 20 points as `repeats` trials each, whose mean is result_at: later repeats and
 * later points first, within a window of 3. */
static const char *course_of_repeats(Arena *a, int repeats) {
  Spec *s = search_with(a, &method, 3);
  s->search.repeats = repeats;
  History h;
  Str out = str_new(a);
  history_init(&h, a, s);
  for (int k = 0; k < 20;
       k += 2) { /* two points at a time: the second needs nothing of the first */
    const char *pair[2];
    for (int i = 0; i < 2; i++) {
      pair[i] = history_point(a, &h, (int64_t)(k + i) * repeats);
      assert_string_equal(pair[i], history_point(a, &h, (int64_t)(k + i + 1) * repeats - 1));
      str_addf(&out, "%s\n", pair[i]);
    }
    for (int i = 1; i >= 0; i--)
      for (int x = repeats - 1; x >= 0; x--) {
        assert_false(history_ready(&h, (int64_t)(k + 4) * repeats));
        const double off = x % 2 ? 0.25 : -0.25; /* an even number: they cancel */
        history_tell(&h, (int64_t)(k + i) * repeats + x, pair[i],
                     result_at(pair[i]) + (repeats > 1 ? off : 0));
      }
    assert_int_equal(history_n_told(&h, (int64_t)(k + 2) * repeats), (int64_t)k * repeats);
  }
  assert_int_equal(h.front, 20);
  return str_text(&out);
}

/* What is proposed rests on the means alone, up to what their sum is rounded by. */
static void repeats_are_told_as_their_mean(void **state) {
  Spec *s = search_with(*state, &method, 1);
  s->search.repeats = 2;
  History h;
  history_init(&h, *state, s);
  const char *first = history_point(*state, &h, 0);
  assert_string_equal(first, history_point(*state, &h, 1));
  history_tell(&h, 1, first, 0.75);
  assert_false(history_ready(&h, 2)); /* one of two */
  history_tell(&h, 1, first, 0.5);    /* the first word counts */
  assert_false(history_ready(&h, 2));
  history_tell(&h, 0, first, 0.25);
  assert_true(history_ready(&h, 2) && history_ready(&h, 3));
  assert_false(history_ready(&h, 4));
  assert_true(h.told[0].loss == 0.5);
  const char *second = history_point(*state, &h, 2);
  history_tell(&h, 2, second, NAN);
  history_tell(&h, 3, second, 0.5);
  assert_true(isnan(h.told[1].loss));
  History once; /* as a search without repeats that came to these means */
  history_init(&once, *state, search_with(*state, &method, 1));
  history_tell(&once, 0, first, 0.5);
  assert_string_equal(history_point(*state, &once, 1), second);
  history_tell(&once, 1, second, NAN);
  assert_string_equal(history_point(*state, &once, 2), history_point(*state, &h, 4));
  history_grow(&h, s);
  assert_true(h.told[0].loss == 0.5 && h.front == 2);
  history_tell(&h, 2 * N, first, 0.5); /* no such trial */
  (void)course_of_repeats(*state, 1);
  (void)course_of_repeats(*state, 4);
}

static void who_does_not_look_needs_nothing(void **state) {
  Spec *s = search_with(*state, &method, 2);
  s->search.method.kind = kind_find(&run_samplers, "random");
  assert_false(plan_looks(s));
  History h;
  history_init(&h, *state, s);
  assert_true(history_ready(&h, N - 1));
  assert_string_equal(history_point(*state, &h, N - 1), plan_point(*state, s, N - 1));
  history_tell(&h, 0, "{}", 0.5);
  assert_string_equal(history_point(*state, &h, N - 1), plan_point(*state, s, N - 1));
}

static const char *course_of(Arena *a, const char *name, int trials) {
  Spec *s = rig_load(a, arena_printf(a,
                                     "%ssearch:\n  method: %s\n  trials: %d\n"
                                     "  max_concurrent: 3\n  parameters:\n"
                                     "    train.optimizer.learning_rate: {min: 0.001, max: 1}\n"
                                     "    model.hidden.dense.units: {min: 2, max: 9}\n",
                                     RIG_SMALL, name, trials));
  History h;
  Str out = str_new(a);
  history_init(&h, a, s);
  for (int n = 0; n < 16; n++) {
    const char *point = history_point(a, &h, n);
    history_tell(&h, n, point, result_at(point));
    str_addf(&out, "%s\n", point);
  }
  return str_text(&out);
}

/* What a search that is given more trials rests on: Sampler.whole says the truth, by the registry. */
static void only_whole_designs_know_how_many(void **state) {
  for (int i = 0; i < run_samplers.n; i++) {
    const Sampler *s = (const Sampler *)(const void *)run_samplers.kinds[i];
    if (str_eq(s->head.name, "grid")) continue; /* has its own number */
    const bool same =
        str_eq(course_of(*state, s->head.name, 16), course_of(*state, s->head.name, 24));
    if (same == s->whole) fail_msg("%s: whole is %s", s->head.name, s->whole ? "wrong" : "missing");
  }
}

static void a_plan_knows_the_first_points(void **state) {
  const Spec *s = search_with(*state, &method, 4);
  assert_true(plan_looks(s));
  assert_non_null(plan_point(*state, s, 3));
  assert_null(plan_point(*state, s, 4));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_order_has_the_same_points),
      cmocka_unit_test(who_peeks_is_caught),
      cmocka_unit_test(nothing_is_proposed_too_early),
      cmocka_unit_test(the_first_word_counts),
      cmocka_unit_test(repeats_are_told_as_their_mean),
      cmocka_unit_test(who_does_not_look_needs_nothing),
      cmocka_unit_test(a_plan_knows_the_first_points),
      cmocka_unit_test(only_whole_designs_know_how_many),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
