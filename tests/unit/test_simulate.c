/* The simulation: searches whose course can be worked out by hand, then a large one. */
#include "check.h"

#include <math.h>

#include "base/rng.h"
#include "runner/simulate.h"

/* A trial of 20 epochs takes `seconds` on one rank, on r ranks seconds / r. */
typedef struct {
  double seconds, spread; /* times 1 + spread u, u uniform and keyed by the trial */
  int64_t epochs;
} Model;

static int64_t epochs(const void *ctx, int64_t trial) {
  (void)trial;
  return ((const Model *)ctx)->epochs;
}

static double epoch_seconds(const void *ctx, int64_t trial, int n_ranks) {
  const Model *m = ctx;
  Rng r = rng_stream(11, RNG_TEST, (uint64_t)trial, 0);
  return m->seconds * (1 + m->spread * rng_f64(&r)) / (double)m->epochs / n_ranks;
}

/* Nothing but the trainings takes time, and ranks hardly ever report. */
static SimulateJob job_of(int n_ranks, int64_t n_trials, const Model *m) {
  return (SimulateJob){.n_ranks = n_ranks,
                       .shards = 1,
                       .n_trials = n_trials,
                       .report = 100,
                       .ctx = m,
                       .epochs = epochs,
                       .epoch_seconds = epoch_seconds};
}

static SimulateResult result_of(SimulateJob job) {
  SimulateResult r;
  simulate(&job, &r);
  return r;
}

static SimulateResult play(int n_ranks, int shards, int ranks, int64_t n_trials, Model m) {
  SimulateJob job = job_of(n_ranks, n_trials, &m);
  job.shards = shards;
  job.ranks = ranks;
  job.latency = job.serve = 1e-6;
  job.report = 0.2;
  job.join = 0.01;
  return result_of(job);
}

static void near(double x, double expected, double most) {
  if (!(fabs(x - expected) <= most)) fail_msg("%.9g, expected %.9g", x, expected);
}

static const Model ten_seconds = {.seconds = 10, .epochs = 20};

static void one_rank_takes_the_sum(void **state) {
  (void)state;
  SimulateResult r = play(1, 1, 0, 7, ten_seconds);
  near(r.seconds, 70, 0.001);
  near(r.idle, 0, 1e-4);
  assert_int_equal(r.n_joined, 0);
  assert_int_equal(r.largest, 1);
  r = play(4, 1, 0, 8, ten_seconds);
  near(r.seconds, 20, 0.001);
  near(r.idle, 0, 1e-4);
}

/* 3 trials on 2 ranks: the last one alone, then on both. */
static void joining_shortens_the_tail(void **state) {
  (void)state;
  SimulateResult r = play(2, 1, 0, 3, ten_seconds);
  near(r.seconds, 20, 0.001);
  near(r.idle, 0.25, 1e-4);
  near(r.tail, 10, 0.001);
  r = play(2, 2, 0, 3, ten_seconds);
  near(r.seconds, 15, 0.05);
  assert_true(r.idle < 0.01);
  assert_int_equal(r.n_joined, 1);
  assert_int_equal(r.largest, 2);
}

static void few_trials_are_for_teams(void **state) {
  (void)state;
  SimulateResult r = play(8, 4, 0, 2, ten_seconds);
  near(r.seconds, 2.5, 0.001);
  assert_int_equal(r.largest, 4);
  assert_int_equal(r.n_joined, 0);
  r = play(8, 8, 4, 4, ten_seconds); /* two teams of 4, two trials each */
  near(r.seconds, 5, 0.001);
  assert_int_equal(r.largest, 4);
  r = play(8, 8, 4, 3, ten_seconds); /* fixed: nobody joins the third */
  near(r.seconds, 5, 0.001);
  near(r.idle, 0.25, 1e-3);
}

/* Ranks without trials join: no worse than without, never better than perfect. */
static void uneven_trials(void **state) {
  (void)state;
  const Model m = {.seconds = 1, .spread = 5, .epochs = 10};
  for (int64_t n_trials = 1; n_trials < 60; n_trials += 7) {
    double busy = 0;
    for (int64_t i = 0; i < n_trials; i++) busy += 10 * epoch_seconds(&m, i, 1);
    const SimulateResult alone = play(8, 1, 0, n_trials, m), joined = play(8, 8, 0, n_trials, m);
    assert_true(joined.seconds <= alone.seconds + 0.001);
    assert_true(joined.seconds >= busy / 8);
    near(alone.idle, 1 - busy / (8 * alone.seconds), 1e-6);
    near(joined.idle, 1 - busy / (8 * joined.seconds), 1e-6);
    assert_true(joined.idle < 0.1);
  }
}

/* Every message takes rank 0 a hundredth of a second: 400 trials of a second on 100 ranks, at least
 * three messages each, are its time and not theirs. */
static void a_slow_rank_0_is_the_bound(void **state) {
  (void)state;
  const Model m = {.seconds = 1, .epochs = 1};
  SimulateJob job = job_of(100, 400, &m);
  job.serve = 0.01;
  job.report = 10;
  const SimulateResult r = result_of(job);
  assert_true(r.n_messages >= 1200);
  assert_true(r.seconds >= 12);
  assert_true(r.rank0 > 0.9);
}

/* What rank 0 does holds up what it trains itself, and nobody else as long as it is quick enough. */
static void rank_0_trains_later(void **state) {
  (void)state;
  SimulateJob job = job_of(1, 4, &ten_seconds);
  job.hand_out = 2;
  job.record = 1;
  SimulateResult r = result_of(job);
  near(r.seconds, 4 * (10 + 2 + 1), 0.01);
  near(r.rank0, 12 / r.seconds, 0.001);
  near(r.idle, 12 / r.seconds, 0.001);
  job.n_ranks = 2; /* the other trains three of the four, and waits for a first point and its own */
  job.hand_out = job.record = 0.001;
  r = result_of(job);
  near(r.seconds, 20, 0.05);
}

/* Every 20 seconds a second for each trial that is done, unless a share of the time bounds it. */
static void the_record_takes_its_time(void **state) {
  (void)state;
  SimulateJob job = job_of(1, 6, &ten_seconds);
  job.report = 1;
  job.publish_every = 20;
  job.publish = 1;
  SimulateResult r = result_of(job);
  assert_true(r.seconds >= 60 + 1 + 3 && r.seconds <= 60 + 2 + 4 + 6);
  near(r.idle, 1 - 60 / r.seconds, 0.001);
  job.publish_share = 0.01; /* after the first, of a second, none for 99 */
  r = result_of(job);
  assert_true(r.seconds >= 61 && r.seconds <= 62.5);
}

static void a_window_holds_trials_back(void **state) {
  (void)state;
  SimulateJob job = job_of(8, 8, &ten_seconds);
  near(result_of(job).seconds, 10, 0.01);
  job.window = 2; /* trial n needs all up to n - 2: two at a time */
  near(result_of(job).seconds, 40, 0.01);
  job.window = 4;
  near(result_of(job).seconds, 20, 0.01);
  job.window = 8;
  job.generation = 3; /* 0 to 2, then 3 to 5, then two */
  near(result_of(job).seconds, 30, 0.01);
}

static void print(const char *what, const SimulateResult *r) {
  print_message("%s: %.1f s, idle %.2f %%, tail %.2f s, %lld messages (%.0f/s), %lld joined; a "
                "decision %.2f us, so rank 0 decides %.2f %% of the time\n",
                what, r->seconds, 100 * r->idle, r->tail, (long long)r->n_messages,
                (double)r->n_messages / r->seconds, (long long)r->n_joined,
                1e6 * r->decisions / (double)r->n_messages, 100 * r->decisions / r->seconds);
}

/* 4,096 ranks, 100,000 trials of 0.5 to 1.5 seconds: some 16,000 messages a second. */
static void four_thousand_ranks(void **state) {
  (void)state;
  const Model m = {.seconds = 0.5, .spread = 2, .epochs = 10};
  const SimulateResult alone = play(4096, 1, 0, 100000, m), joined = play(4096, 8, 0, 100000, m);
  print("shards 1", &alone);
  print("shards 8", &joined);
  assert_true(alone.seconds > 24 && alone.seconds < 27); /* 100,000 / 4,096 = 24.4 */
  assert_true(joined.seconds > 24 && joined.seconds <= alone.seconds);
  assert_true(joined.n_joined > 0 && alone.n_joined == 0);
  assert_true(joined.idle < alone.idle);
  const SimulateResult again = play(4096, 8, 0, 100000, m);
  assert_true(again.seconds == joined.seconds && again.n_messages == joined.n_messages);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_rank_takes_the_sum),     cmocka_unit_test(joining_shortens_the_tail),
      cmocka_unit_test(few_trials_are_for_teams),   cmocka_unit_test(uneven_trials),
      cmocka_unit_test(a_slow_rank_0_is_the_bound), cmocka_unit_test(rank_0_trains_later),
      cmocka_unit_test(the_record_takes_its_time),  cmocka_unit_test(a_window_holds_trials_back),
      cmocka_unit_test(four_thousand_ranks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
