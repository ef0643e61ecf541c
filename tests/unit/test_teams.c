/* Who trains what with whom: scenarios by hand, each with the actions that it must bring. */
#include "check.h"

#include <math.h>

#include "runner/teams.h"

typedef struct {
  Arena a;
  Schedule *queue;
  Teams *teams;
  double now;
} Job;

static Job job(int n_ranks, int shards, int ranks, int64_t n_trials) {
  Job j = {0};
  j.queue = ARENA_NEW(&j.a, Schedule);
  schedule_init(j.queue, &j.a, n_trials);
  j.teams = teams_new(&j.a, n_ranks, shards, ranks, j.queue);
  return j;
}

static void ask(Job *j, int first, int n) {
  for (int r = first; r < first + n; r++) teams_ask(j->teams, r);
}

static void end(Job *j, int leader, int64_t trial) {
  assert_int_equal(schedule_result(j->queue, leader, trial), SCHEDULE_NEW);
  teams_ended(j->teams, trial);
}

/* Every epoch of the trial takes so long, and `done` of 100 are. */
static void epochs(Job *j, int64_t trial, int64_t done, double seconds) {
  j->now += seconds * (double)done;
  teams_epoch(j->teams, trial, done, 100, j->now);
}

static void expect(Job *j, TeamsOrder order, int64_t trial, int leader, int n, const int *members) {
  TeamsAction x;
  assert_true(teams_next(j->teams, j->now, &x));
  assert_int_equal(x.order, order);
  assert_int_equal(x.trial, trial);
  assert_int_equal(x.leader, leader);
  assert_int_equal(x.n, n);
  for (int i = 0; i < n; i++) assert_int_equal(x.members[i], members[i]);
}

#define TRAIN(j, trial, ...)                                                                       \
  expect(j, TEAMS_TRAIN, trial, ((int[]){__VA_ARGS__})[0], COUNT(((int[]){__VA_ARGS__})),          \
         (int[]){__VA_ARGS__})
#define GROW(j, trial, leader, ...)                                                                \
  expect(j, TEAMS_GROW, trial, leader, COUNT(((int[]){__VA_ARGS__})), (int[]){__VA_ARGS__})

static void nothing(Job *j) {
  TeamsAction x;
  assert_false(teams_next(j->teams, j->now, &x));
}

static void singles_while_trials_are_plenty(void **state) {
  (void)state;
  Job j = job(4, 8, 0, 9);
  nothing(&j);
  ask(&j, 2, 1);
  TRAIN(&j, 0, 2);
  nothing(&j);
  ask(&j, 0, 4); /* 2 asks ahead, but who is idle comes first */
  TRAIN(&j, 1, 0);
  TRAIN(&j, 2, 1);
  TRAIN(&j, 3, 3);
  TRAIN(&j, 4, 2); /* 5 left for 4 ranks: ahead */
  nothing(&j);
  assert_int_equal(teams_idle(j.teams), 0);
  assert_int_equal(teams_size(j.teams, 4), 1);
  assert_int_equal(teams_size(j.teams, 5), 0);
  end(&j, 2, 0);
  assert_int_equal(teams_idle(j.teams), 0); /* it goes on with trial 4 */
  arena_free(&j.a);
}

/* The last trials go to whoever is idle first, not to whoever asked first. */
static void the_last_trials_wait_for_an_idle_rank(void **state) {
  (void)state;
  Job j = job(2, 1, 0, 3);
  ask(&j, 0, 2);
  TRAIN(&j, 0, 0);
  TRAIN(&j, 1, 1);
  ask(&j, 0, 1);
  nothing(&j);
  assert_int_equal(teams_idle(j.teams), 0);
  ask(&j, 1, 1);
  end(&j, 1, 1);
  TRAIN(&j, 2, 1);
  end(&j, 0, 0);
  nothing(&j);
  assert_int_equal(teams_idle(j.teams), 1); /* shards 1: nobody joins */
  end(&j, 1, 2);
  assert_true(schedule_complete(j.queue));
  arena_free(&j.a);
}

static void few_trials_begin_with_teams(void **state) {
  (void)state;
  Job j = job(9, 8, 0, 3); /* 9 / 3 = 3: teams of 2 */
  ask(&j, 0, 1);
  ask(&j, 3, 2);
  nothing(&j);
  ask(&j, 8, 1); /* of no team */
  nothing(&j);
  ask(&j, 2, 1);
  TRAIN(&j, 0, 2, 3);
  ask(&j, 1, 1);
  TRAIN(&j, 1, 0, 1);
  ask(&j, 5, 3);
  TRAIN(&j, 2, 4, 5);
  /* 6, 7, 8 are left: each trial's team can double once, and one of them once more later. */
  GROW(&j, 0, 2, 6, 7);
  nothing(&j);
  assert_int_equal(teams_idle(j.teams), 1);
  arena_free(&j.a);
}

static void one_trial_takes_what_shards_allow(void **state) {
  (void)state;
  Job j = job(7, 2, 0, 1);
  ask(&j, 0, 7);
  TRAIN(&j, 0, 0, 1);
  nothing(&j);
  assert_int_equal(teams_idle(j.teams), 5);
  assert_int_equal(teams_size(j.teams, 0), 2);
  arena_free(&j.a);
}

static void what_the_journal_has_counts_as_done(void **state) {
  (void)state;
  Job j = job(4, 4, 0, 10);
  for (int i = 0; i < 9; i++) assert_true(schedule_done(j.queue, i));
  j.teams = teams_new(&j.a, 4, 4, 0, j.queue);
  ask(&j, 0, 4);
  TRAIN(&j, 9, 0, 1, 2, 3);
  arena_free(&j.a);
}

/* Four trials on four ranks; three end, and their ranks join the one that runs on. */
static void idle_ranks_join(void **state) {
  (void)state;
  Job j = job(4, 4, 0, 4);
  ask(&j, 0, 4);
  for (int r = 0; r < 4; r++) TRAIN(&j, r, r);
  epochs(&j, 1, 10, 1); /* 90 seconds left */
  for (int r = 0; r < 4; r++) {
    if (r == 1) continue;
    ask(&j, r, 1);
    end(&j, r, r);
  }
  GROW(&j, 1, 1, 0, 2, 3); /* the nearest, the lower of two, first */
  nothing(&j);
  assert_int_equal(teams_idle(j.teams), 0);
  assert_int_equal(teams_size(j.teams, 1), 1);
  teams_grew(j.teams, 1, 4);
  assert_int_equal(teams_size(j.teams, 1), 4);
  nothing(&j);
  ask(&j, 0, 4);
  end(&j, 1, 1);
  assert_int_equal(teams_idle(j.teams), 4);
  arena_free(&j.a);
}

static void nobody_joins_what_is_about_to_end(void **state) {
  (void)state;
  for (int seconds = 1; seconds < 4; seconds += 2) { /* left: 0.1, 0.3 */
    Job j = job(2, 2, 0, 2);
    ask(&j, 0, 2);
    for (int r = 0; r < 2; r++) TRAIN(&j, r, r);
    epochs(&j, 1, 99, 0.1 * seconds);
    ask(&j, 0, 1);
    end(&j, 0, 0);
    if (seconds == 3) GROW(&j, 1, 1, 0);
    nothing(&j);
    arena_free(&j.a);
  }
}

static void the_longest_is_helped_first(void **state) {
  (void)state;
  Job j = job(5, 8, 0, 5);
  ask(&j, 0, 5);
  for (int r = 0; r < 5; r++) TRAIN(&j, r, r);
  epochs(&j, 2, 50, 0.2); /* 10 left after 10 seconds */
  epochs(&j, 1, 20, 1);   /* 30 seconds since the start for 20 epochs: 120 left */
  epochs(&j, 0, 20, 1);   /* 50 for 20: 200 */
  epochs(&j, 3, 20, 1);   /* 70 for 20: 280 */
  ask(&j, 4, 1);
  end(&j, 4, 4);
  GROW(&j, 3, 3, 4);
  teams_grew(j.teams, 3, 2); /* 140 left, 160 of trial 0, 80 of 1, none of 2 */
  ask(&j, 2, 1);
  end(&j, 2, 2);
  GROW(&j, 0, 0, 2);
  nothing(&j);
  ask(&j, 1, 1);
  end(&j, 1, 1);
  assert_int_equal(teams_idle(j.teams), 1);
  nothing(&j); /* trial 3 needs two, 0 is about to double */
  teams_grew(j.teams, 0, 2);
  nothing(&j);
  assert_int_equal(teams_idle(j.teams), 1);
  arena_free(&j.a);
}

/* Three idle ranks for two trials: the longer one doubles twice only if it still has more left. */
static void doubles_as_often_as_is_fair(void **state) {
  (void)state;
  for (int turn = 0; turn < 2; turn++) {
    Job j = job(5, 8, 0, 5);
    ask(&j, 0, 5);
    for (int r = 0; r < 5; r++) TRAIN(&j, r, r);
    epochs(&j, 0, 50, 1);                  /* 50 left */
    epochs(&j, 1, 10, turn ? 1e-9 : 0.01); /* 450 (turn 0: 451) left: more even halved */
    if (turn) epochs(&j, 0, 75, 25. / 75); /* after 75 seconds 25 left; 1: 425 */
    for (int r = 2; r < 5; r++) ask(&j, r, 1), end(&j, r, r);
    GROW(&j, 1, 1, 2, 3, 4);
    nothing(&j);
    arena_free(&j.a);
  }
  Job j = job(5, 8, 0, 5);
  ask(&j, 0, 5);
  for (int r = 0; r < 5; r++) TRAIN(&j, r, r);
  epochs(&j, 0, 50, 1);   /* 50 left */
  epochs(&j, 1, 40, 0.1); /* 54 seconds for 40: 81 left, halved 40.5 */
  for (int r = 2; r < 5; r++) ask(&j, r, 1), end(&j, r, r);
  GROW(&j, 1, 1, 2);
  GROW(&j, 0, 0, 3);
  nothing(&j);
  arena_free(&j.a);
}

static void a_trial_that_ends_lets_those_go_who_were_to_join(void **state) {
  (void)state;
  Job j = job(3, 4, 0, 3);
  ask(&j, 0, 3);
  for (int r = 0; r < 3; r++) TRAIN(&j, r, r);
  ask(&j, 2, 1);
  end(&j, 2, 2);
  GROW(&j, 0, 0, 2);
  assert_int_equal(teams_idle(j.teams), 0);
  ask(&j, 0, 1);
  end(&j, 0, 0);
  GROW(&j, 1, 1, 0); /* 0 is nearer; 2 is idle again */
  assert_int_equal(teams_idle(j.teams), 1);
  teams_grew(j.teams, 0, 2); /* too late, of no consequence */
  teams_grew(j.teams, 1, 1); /* nobody came in: it is offered no more */
  assert_int_equal(teams_idle(j.teams), 2);
  nothing(&j);
  arena_free(&j.a);
}

static void fewer_may_come_in(void **state) {
  (void)state;
  Job j = job(4, 4, 0, 4);
  ask(&j, 0, 4);
  for (int r = 0; r < 4; r++) TRAIN(&j, r, r);
  ask(&j, 1, 3);
  for (int r = 1; r < 4; r++) end(&j, r, r);
  GROW(&j, 0, 0, 1, 2, 3);
  teams_grew(j.teams, 0, 3); /* no power of two */
  assert_int_equal(teams_size(j.teams, 0), 1);
  teams_grew(j.teams, 0, 2);
  assert_int_equal(teams_size(j.teams, 0), 2);
  assert_int_equal(teams_idle(j.teams), 2); /* 2 and 3 */
  nothing(&j);
  ask(&j, 0, 2);
  end(&j, 0, 0);
  assert_int_equal(teams_idle(j.teams), 4);
  arena_free(&j.a);
}

static void fixed_teams(void **state) {
  (void)state;
  Job j = job(7, 8, 4, 4);
  ask(&j, 0, 3);
  nothing(&j);
  ask(&j, 4, 3);
  TRAIN(&j, 0, 4, 5);
  TRAIN(&j, 1, 6);
  ask(&j, 3, 1);
  TRAIN(&j, 2, 0, 1, 2, 3);
  ask(&j, 4, 2);
  nothing(&j); /* one trial left for three teams: the first idle one */
  ask(&j, 0, 4);
  end(&j, 0, 2);
  TRAIN(&j, 3, 0, 1, 2, 3);
  end(&j, 4, 0);
  nothing(&j); /* nobody joins */
  assert_int_equal(teams_idle(j.teams), 2);
  arena_free(&j.a);
}

/* A team is given its next trial while it trains, and the members' asks may overtake the result. */
static void fixed_teams_ask_ahead(void **state) {
  (void)state;
  Job j = job(2, 2, 2, 3);
  ask(&j, 0, 2);
  TRAIN(&j, 0, 0, 1);
  ask(&j, 0, 2);
  TRAIN(&j, 1, 0, 1);
  ask(&j, 1, 1); /* already in the last epoch of trial 1 */
  nothing(&j);
  end(&j, 0, 0);
  nothing(&j);
  ask(&j, 0, 1);
  TRAIN(&j, 2, 0, 1);
  end(&j, 0, 1);
  assert_int_equal(teams_size(j.teams, 2), 2);
  arena_free(&j.a);
}

static void a_trial_given_back_is_given_again(void **state) {
  (void)state;
  Job j = job(2, 2, 0, 1);
  ask(&j, 0, 2);
  TRAIN(&j, 0, 0, 1);
  ask(&j, 0, 2);
  assert_true(schedule_return(j.queue, 0, 0));
  teams_ended(j.teams, 0);
  TRAIN(&j, 0, 0); /* now of one: every rank is by itself */
  GROW(&j, 0, 0, 1);
  arena_free(&j.a);
}

static void lies_change_nothing(void **state) {
  (void)state;
  Job j = job(2, 2, 0, 2);
  ask(&j, -1, 1), ask(&j, 2, 1), ask(&j, 1000000, 1);
  nothing(&j);
  ask(&j, 0, 1), ask(&j, 0, 1);
  assert_int_equal(teams_idle(j.teams), 1);
  TRAIN(&j, 0, 0);
  nothing(&j);
  const int64_t no_trials[] = {-1, 1, 2, INT64_MAX, INT64_MIN};
  for (int i = 0; i < COUNT(no_trials); i++) {
    teams_ended(j.teams, no_trials[i]);
    teams_grew(j.teams, no_trials[i], 2);
    teams_epoch(j.teams, no_trials[i], 1, 2, 1);
    assert_int_equal(teams_size(j.teams, no_trials[i]), 0);
  }
  teams_grew(j.teams, 0, 2); /* nobody was to join */
  teams_grew(j.teams, 0, -4);
  assert_int_equal(teams_size(j.teams, 0), 1);
  teams_epoch(j.teams, 0, -3, 5, 2);
  teams_epoch(j.teams, 0, 6, 5, 2);
  teams_epoch(j.teams, 0, 1, 5, NAN);
  teams_epoch(j.teams, 0, 1, 5, 1); /* before the last */
  ask(&j, 1, 1);
  TRAIN(&j, 1, 1);
  ask(&j, 1, 1);
  end(&j, 1, 1);
  teams_ended(j.teams, 1); /* twice */
  GROW(&j, 0, 0, 1);       /* nothing of the above was believed: as if no epoch were over */
  arena_free(&j.a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(singles_while_trials_are_plenty),
      cmocka_unit_test(the_last_trials_wait_for_an_idle_rank),
      cmocka_unit_test(few_trials_begin_with_teams),
      cmocka_unit_test(one_trial_takes_what_shards_allow),
      cmocka_unit_test(what_the_journal_has_counts_as_done),
      cmocka_unit_test(idle_ranks_join),
      cmocka_unit_test(nobody_joins_what_is_about_to_end),
      cmocka_unit_test(the_longest_is_helped_first),
      cmocka_unit_test(doubles_as_often_as_is_fair),
      cmocka_unit_test(a_trial_that_ends_lets_those_go_who_were_to_join),
      cmocka_unit_test(fewer_may_come_in),
      cmocka_unit_test(fixed_teams),
      cmocka_unit_test(fixed_teams_ask_ahead),
      cmocka_unit_test(a_trial_given_back_is_given_again),
      cmocka_unit_test(lies_change_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
