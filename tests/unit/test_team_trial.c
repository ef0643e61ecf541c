/*
 * Whole trials by a team of threads: by 1, 2, 4 and 8 members, by a team that grows in the middle of
 * an epoch, stopped in one size and continued in another, what comes of it is what one member alone
 * comes to, to the last bit. Teams with a fault come to something else.
 */
#include <math.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/files.h"
#include "runner/trial.h"
#include "team_threads.h"
#include "trial_rig.h"

enum { STEPS = 18, NEVER = -1, READY = 1, GO = 2 }; /* steps of an epoch */

static const char text[] =
    "seed: 11\n"
    "data:\n"
    "  source: {name: blobs, rows: 2400, classes: 4, features: 3, spread: 0.9}\n"
    "  split: {train: 0.7, validation: 0.2, test: 0.1}\n"
    "model:\n"
    "  layers:\n"
    "    - name: hidden\n"
    "      repeat: 2\n"
    "      layers: [{dense: {units: 12}}, batch_norm, relu, {dropout: {rate: 0.1}}]\n"
    "    - dense: {units: classes}\n"
    "metric: {name: validation_loss, at: best}\n"
    "train: {epochs: 5, batch_size: 96, shards: 8, optimizer: {name: adam, learning_rate: 0.01}}\n"
    "checkpoint: {every_seconds: 1000}\n";

/* ---- a team and its trial -------------------------------------------------------------------- */

typedef struct Member Member;

typedef struct {
  const Spec *spec;
  const RunData *data;
  const char *dir; /* of checkpoints; NULL: none */
  int n, n_start;  /* as in TeamThreads */
  int grow_at;     /* place 0 would grow at that step (from 1, of this team) or NEVER */
  int stop_at;     /* the last place of the first team is asked to stop at that step, or NEVER */
  int fails;       /* place whose experiment cannot be planned, or NEVER */
  int refuse_at; /* the request for memory that is refused to who joins (1: the first), or NEVER */
  int grown, growns; /* what place 0 was told: the size, how often */
  Member *members;   /* (n) */
} Job;

struct Member {
  Job *job;
  Team *team;
  Arena arena;
  int place, steps;
  int word; /* READY, GO */
  Status status;
  Err err;
  TrialResult result;
};

/* Two threads in step: one says so, the other waits for it. */
static void say(Member *m, int word) {
  __atomic_store_n(&m->word, word, __ATOMIC_RELEASE);
}

static void await(const Member *m, int word) {
  while (__atomic_load_n(&m->word, __ATOMIC_ACQUIRE) != word) sched_yield();
}

/* Between two steps place 0 arranges what is to go wrong, while the one who joins waits. */
static void refuse(Job *j) {
  Member *joins = &j->members[j->n_start];
  await(joins, READY);
  arena_fail_at(j->refuse_at);
  say(joins, GO);
}

static bool on_stop(void *ctx) {
  Member *m = ctx;
  Job *j = m->job;
  m->steps++;
  if (m->place == 0 && m->steps == j->grow_at) {
    m->team->wish |= TEAM_GROW;
    if (j->refuse_at != NEVER) refuse(j);
  }
  return m->place == (j->n_start ? j->n_start : j->n) - 1 && m->steps == j->stop_at;
}

static void on_grown(void *ctx) {
  Member *m = ctx;
  m->job->grown = m->team->size;
  m->job->growns++;
}

/* More than a trial takes. */
static void make_room(Arena *a) {
  (void)arena_alloc(a, 1 << 18, 1);
  (void)arena_alloc(a, 1, 1);
}

/* Nobody else asks the system for memory meanwhile. */
static void await_refusal(Member *m) {
  make_room(&m->arena);
  say(m, READY);
  await(m, GO);
}

static void body(void *ctx, int place, Team *team) {
  Job *j = ctx;
  Member *m = &j->members[place];
  Spec spec = *j->spec;
  const TrialEnv env = {.data = j->data,
                        .cpu = cpu_level(),
                        .checkpoint_dir = place == 0 ? j->dir
                                          : j->dir   ? "not/used"
                                                     : NULL,
                        .hooks = {.ctx = m, .stop = on_stop, .grown = on_grown},
                        .team = team};
  m->team = team;
  if (place == j->fails) spec.train.batch_size = 1 << 20;
  if (j->refuse_at != NEVER && place == j->n_start) await_refusal(m);
  m->status = trial_run(&m->arena, &env, &spec, 3, &m->result, &m->err);
}

static Job job_of(Arena *a, const Spec *s, const RunData *data, int n) {
  Job j = {.spec = s,
           .data = data,
           .n = n,
           .grow_at = NEVER,
           .stop_at = NEVER,
           .fails = NEVER,
           .refuse_at = NEVER,
           .members = ARENA_ARRAY(a, Member, n)};
  return j;
}

static void job_run(Job *j, TeamFault fault, size_t stale) {
  TeamThreads threads = {.n = j->n, .n_start = j->n_start, .fault = fault, .stale = stale};
  for (int i = 0; i < j->n; i++) j->members[i] = (Member){.job = j, .place = i};
  team_threads_run(&threads, body, j);
}

static void job_free(Job *j) {
  for (int i = 0; i < j->n; i++) arena_free(&j->members[i].arena);
}

/* ---- is it the same? ------------------------------------------------------------------------- */

static bool same_values(const double *x, const double *y, size_t n) {
  return n == 0 || memcmp(x, y, n * sizeof *x) == 0;
}

static bool same_curves(const TrialResult *x, const TrialResult *y) {
  const Curves *a = &x->curves, *b = &y->curves;
  return a->n_epochs == b->n_epochs && a->n_names == b->n_names &&
         same_values(a->values, b->values, (size_t)a->n_epochs * (size_t)a->n_names);
}

static bool same_records(const TrialResult *x, const TrialResult *y) {
  const Activations *a = &x->activations, *b = &y->activations;
  const Confusion *c = &x->confusion, *d = &y->confusion;
  if (a->n_epochs != b->n_epochs || a->n_layers != b->n_layers || c->n != d->n) return false;
  const int n = a->n_epochs * a->n_layers * ACTIVATIONS_OF * a->n_percentiles;
  const size_t counts = (size_t)c->n * (size_t)c->n;
  if (counts > 0 && memcmp(c->counts, d->counts, counts * sizeof *c->counts) != 0) return false;
  return same_values(a->values, b->values, (size_t)n);
}

static bool same(const TrialResult *x, const TrialResult *y) {
  return x->status == y->status && x->diverged_step == y->diverged_step &&
         x->chosen_epoch == y->chosen_epoch && x->stopped_early == y->stopped_early &&
         same_values(&x->metric, &y->metric, 1) && strcmp(x->weights, y->weights) == 0 &&
         same_curves(x, y) && same_records(x, y);
}

/* All went well for all, and place 0 has what one alone comes to. */
static void check(const Job *j, const TrialResult *alone, const char *words) {
  for (int i = 0; i < j->n; i++)
    if (j->members[i].status != OK)
      fail_msg("%s: place %d of %d: %s", words, i, j->n, j->members[i].err.text);
  const TrialResult *got = &j->members[0].result;
  if (same(got, alone)) return;
  fail_msg("%s by %d of %d members: %s with weights %s, not %s with %s", words, j->n_start, j->n,
           trial_status_names[got->status], got->weights, trial_status_names[alone->status],
           alone->weights);
}

/* ---- every size, and growing ones ------------------------------------------------------------ */

static Spec *load(Arena *a, const char *words) {
  const char *list[4];
  int n = 0;
  for (char *word = strtok(arena_strdup(a, words), ";"); word; word = strtok(NULL, ";"))
    list[n++] = word;
  return rig_load_with(a, text, list, n);
}

static const struct {
  const char *words; /* separated by semicolons */
  TrialStatus status;
} cases[] = {
    {"metric.at=last", TRIAL_COMPLETED},
    {"train.early_stopping={patience: 1, min_delta: 0.05}", TRIAL_COMPLETED},
    {"model.hidden.batch_norm.statistics=exact", TRIAL_COMPLETED},
    {"metrics=[auc, recall, confusion];train.optimizer.name=lion", TRIAL_COMPLETED},
    {"records={activations: percentiles};train.optimizer={name: momentum, learning_rate: 0.05}",
     TRIAL_COMPLETED},
    {"train.accumulate=3;train.batch_size=34;train.warmup_epochs=1", TRIAL_COMPLETED},
    {"train={steps: 40, batch_size: 96, shards: 8, clip_norm: 0.3, l2: 0.001}", TRIAL_COMPLETED},
    {"train.max_norm=1;model.hidden.batch_norm.sync=false", TRIAL_COMPLETED},
    {"edits=[{step: 7, train.optimizer.learning_rate: 0.001, model.hidden.dropout.rate: 0.4}, "
     "{step: 18, train.clip_norm: 0.3, train.l2: 0.01}, {step: 25, train.schedule: cosine}]",
     TRIAL_COMPLETED},
    {"train.clip_norm=0.3;edits=[{step: 11, train.clip_norm: 1e9, train.optimizer.beta1: 0.5}]",
     TRIAL_COMPLETED},
    {"train.optimizer={name: sgd, learning_rate: 1e30}", TRIAL_DIVERGED},
};

static TrialResult run_alone(Arena *a, const Spec *s, const RunData *data) {
  TrialResult r;
  Err e = {0};
  const TrialEnv env = {.data = data, .cpu = cpu_level()};
  if (trial_run(a, &env, s, 3, &r, &e) != OK) fail_msg("%s", e.text);
  return r;
}

static void check_sizes(Arena *a, const char *words, const Spec *s, const RunData *data,
                        const TrialResult *alone) {
  for (int n = 1; n <= TEAM_THREADS_MOST; n *= 2) {
    Job j = job_of(a, s, data, n);
    job_run(&j, TEAM_HONEST, 0);
    check(&j, alone, words);
    job_free(&j);
  }
}

/* In the first step, in the middle of an epoch, after the last step of one, in the last one. */
static void check_growing(Arena *a, const char *words, const Spec *s, const RunData *data,
                          const TrialResult *alone) {
  static const int at[] = {1, 7, STEPS, STEPS + 9, 2 * STEPS};
  static const struct { int from, to; } sizes[] = {{1, 2}, {1, 4}, {2, 4}, {1, 8}, {4, 8}};
  for (int i = 0; i < COUNT(at); i++) {
    Job j = job_of(a, s, data, sizes[i].to);
    j.n_start = sizes[i].from;
    j.grow_at = at[i];
    if (alone->diverged_step > 0 && at[i] >= alone->diverged_step) continue;
    job_run(&j, TEAM_HONEST, 0);
    check(&j, alone, words);
    assert_int_equal(j.growns, 1);
    assert_int_equal(j.grown, sizes[i].to);
    job_free(&j);
  }
}

static void test_every_size(void **state) {
  Arena *a = *state;
  const RunData *data = trial_rig_data(a, rig_load(a, text));
  for (int i = 0; i < COUNT(cases); i++) {
    const Spec *s = load(a, cases[i].words);
    const TrialResult alone = run_alone(a, s, data);
    assert_int_equal(alone.status, cases[i].status);
    assert_int_equal(alone.stopped_early, i == 1);
    check_sizes(a, cases[i].words, s, data, &alone);
    check_growing(a, cases[i].words, s, data, &alone);
  }
}

/* ---- stopped in one size, continued in another ----------------------------------------------- */

static void stop_all(Arena *a, const Spec *s, const RunData *data, const char *dir, int n, int at) {
  Job j = job_of(a, s, data, n);
  j.dir = dir;
  j.stop_at = at;
  job_run(&j, TEAM_HONEST, 0);
  for (int i = 0; i < n; i++) assert_int_equal(j.members[i].status, E_STOPPED);
  job_free(&j);
}

static void test_other_sizes_continue(void **state) {
  Arena *a = *state;
  static const int sizes[][3] = {{1, 2, 4}, {4, 1, 8}, {8, 4, 1}, {2, 8, 2}};
  const RunData *data = trial_rig_data(a, rig_load(a, text));
  char dir[] = "test_team_trial_XXXXXX";
  Err e = {0};
  assert_non_null(mkdtemp(dir));
  const char *path = trial_checkpoint_path(a, dir, 3);
  for (int i = 0; i < COUNT(cases); i++) {
    if (cases[i].status != TRIAL_COMPLETED) continue;
    const int *n = sizes[i % COUNT(sizes)];
    const Spec *s = load(a, cases[i].words);
    const TrialResult alone = run_alone(a, s, data);
    stop_all(a, s, data, dir, n[0], 7);
    assert_true(file_exists(path));
    stop_all(a, s, data, dir, n[1], STEPS); /* then 25 are done, or so */
    Job j = job_of(a, s, data, n[2]);
    j.dir = dir;
    if (n[2] > 1) {
      j.n_start = n[2] / 2;
      j.grow_at = 3;
    }
    job_run(&j, TEAM_HONEST, 0);
    check(&j, &alone, cases[i].words);
    job_free(&j);
    assert_int_equal(file_remove(path, &e), OK);
  }
  rmdir(dir);
}

/* ---- members that fail ----------------------------------------------------------------------- */

/* It is over for all of them, for the same reason. */
static void test_one_that_fails_ends_it(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load(a, text);
  const RunData *data = trial_rig_data(a, s);
  for (int place = 0; place < 4; place++) {
    Job j = job_of(a, s, data, 4);
    j.fails = place;
    job_run(&j, TEAM_HONEST, 0);
    for (int i = 0; i < 4; i++) {
      assert_int_equal(j.members[i].status, E_SPEC);
      assert_contains(j.members[i].err.text, "train.batch_size: 1048576 is more than");
    }
    job_free(&j);
  }
}

/* The trial goes on in the size that it had; place 0 is told. */
static void check_refused(Job *j, const TrialResult *alone, Status why) {
  job_run(j, TEAM_HONEST, 0);
  for (int i = 0; i < j->n; i++) assert_int_equal(j->members[i].status, i < j->n_start ? OK : why);
  assert_true(same(&j->members[0].result, alone));
  assert_int_equal(j->growns, 1);
  assert_int_equal(j->grown, j->n_start);
  job_free(j);
}

static void test_one_that_cannot_join(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load(a, text);
  const RunData *data = trial_rig_data(a, s);
  const TrialResult alone = run_alone(a, s, data);
  static const int sizes[][2] = {{1, 2}, {1, 4}, {2, 4}, {4, 8}};
  for (int i = 0; i < COUNT(sizes); i++) {
    Job j = job_of(a, s, data, sizes[i][1]);
    j.n_start = sizes[i][0];
    j.grow_at = 9;
    j.fails = sizes[i][1] - 1;
    check_refused(&j, &alone, E_SPEC);
  }
}

static void end_process(size_t bytes) {
  (void)bytes;
  _exit(1);
}

/* A process whose nth request of a trial is refused: does the trial end in peace? */
static bool ends_in_peace(const Spec *s, const RunData *data, int nth) {
  int status = 0;
  const pid_t child = fork();
  if (child == 0) {
    const TrialEnv env = {.data = data, .cpu = cpu_level()};
    Arena arena = {0};
    TrialResult r;
    Err e = {0};
    arena_on_exhausted(end_process);
    make_room(&arena);
    arena_fail_at(nth);
    _exit(trial_run(&arena, &env, s, 3, &r, &e) == E_MEMORY ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The large ones: the trial's buffers, the model's numbers. Small things refused end the process. */
static void test_one_without_memory_does_not_join(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load(a, text);
  const RunData *data = trial_rig_data(a, s);
  const TrialResult alone = run_alone(a, s, data);
  int n = 0;
  for (int nth = 1; nth < 40; nth++) {
    if (!ends_in_peace(s, data, nth)) continue;
    n++;
    Job j = job_of(a, s, data, 2);
    j.n_start = 1;
    j.grow_at = 9;
    j.refuse_at = nth;
    check_refused(&j, &alone, E_MEMORY);
    arena_fail_at(0);
  }
  assert_int_equal(n, 2);
}

/* ---- mutants --------------------------------------------------------------------------------- */

/* Does a team with that fault come to something else? */
static bool caught(Arena *a, const Spec *s, const RunData *data, TeamFault fault, size_t stale) {
  const TrialResult alone = run_alone(a, s, data);
  Job j = job_of(a, s, data, 4);
  if (stale > 0) {
    j.n_start = 2;
    j.grow_at = 7;
  }
  job_run(&j, fault, stale);
  for (int i = 0; i < j.n; i++) assert_int_equal(j.members[i].status, OK);
  const bool other = !same(&j.members[0].result, &alone);
  job_free(&j);
  return other;
}

static void test_other_orders_of_a_sum_are_caught(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load(a, text);
  const RunData *data = trial_rig_data(a, s);
  assert_true(caught(a, s, data, TEAM_CHAIN, 0));
  assert_true(caught(a, s, data, TEAM_ARRIVAL, 0));
}

static void test_a_dropped_shard_is_caught(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load(a, text);
  assert_true(caught(a, s, trial_rig_data(a, s), TEAM_DROPS_ONE, 0));
}

static void test_skipped_moments_are_caught(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load(a, text);
  assert_true(caught(a, s, trial_rig_data(a, s), TEAM_NO_MOMENTS, 0));
}

/* Adam's two moments of each weight: all that a joiner is given is needed. */
static void test_a_stale_optimizer_is_caught(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load(a, text);
  const RunData *data = trial_rig_data(a, s);
  const size_t weights = 3 * 12 + 2 * 12 + 12 * 12 + 2 * 12 + 12 * 4 + 4, statistics = 2 * 2 * 12;
  assert_false(caught(a, s, data, TEAM_HONEST, 1));
  assert_true(caught(a, s, data, TEAM_STALE_SHARE, 2 * weights * sizeof(Real)));
  assert_true(caught(a, s, data, TEAM_STALE_SHARE, weights * sizeof(Real)));
  assert_true(caught(a, s, data, TEAM_STALE_SHARE, statistics * sizeof(Real)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_every_size, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_other_sizes_continue, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_one_that_fails_ends_it, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_one_that_cannot_join, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_one_without_memory_does_not_join, arena_begin,
                                      arena_end),
      cmocka_unit_test_setup_teardown(test_other_orders_of_a_sum_are_caught, arena_begin,
                                      arena_end),
      cmocka_unit_test_setup_teardown(test_a_dropped_shard_is_caught, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_skipped_moments_are_caught, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_a_stale_optimizer_is_caught, arena_begin, arena_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
