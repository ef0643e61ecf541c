/* resources, train.shards and the number of ranks: what is refused, what is said, what is left out. */
#include "spec_rig.h"

#define EXPERIMENT(train, more)                                                                    \
  "data: {source: blobs}\n"                                                                        \
  "model: {layers: [{dense: {units: classes}}]}\n"                                                 \
  "train: {epochs: 3" train "}\n" more

static void defaults(void **state) {
  const Spec *s = rig_load(*state, EXPERIMENT("", ""));
  assert_int_equal(s->resources.ranks_per_trial, 0);
  assert_true(s->resources.stall_seconds == 60);
  assert_string_equal(rig_value(s, "resources.ranks_per_trial"), "auto");
  s = rig_load(*state,
               EXPERIMENT(", shards: 8", "resources: {ranks_per_trial: 4, stall_seconds: 2.5}\n"));
  assert_int_equal(s->resources.ranks_per_trial, 4);
  assert_true(s->resources.stall_seconds == 2.5);
  static const char *const overrides[] = {"resources.ranks_per_trial=1"};
  s = rig_load_with(*state, EXPERIMENT("", ""), overrides, 1);
  assert_int_equal(s->resources.ranks_per_trial, 1);
}

/* Who computes is no part of what is computed; how a batch is cut is. */
static void no_part_of_the_digest(void **state) {
  const char *plain =
      spec_text(*state, rig_load(*state, EXPERIMENT(", shards: 4", "")), SPEC_FOR_DIGEST);
  const Spec *other = rig_load(
      *state, EXPERIMENT(", shards: 4", "resources: {ranks_per_trial: 4, stall_seconds: 9}\n"));
  assert_string_equal(plain, spec_text(*state, other, SPEC_FOR_DIGEST));
  assert_null(strstr(plain, "resources"));
  assert_contains(spec_text(*state, other, SPEC_RESOLVED), "ranks_per_trial: 4");
  other = rig_load(*state, EXPERIMENT(", shards: 8", ""));
  assert_string_not_equal(plain, spec_text(*state, other, SPEC_FOR_DIGEST));
}

/* What is said of a job; "" for nothing. */
static const char *job(Arena *a, const char *text, int n_ranks, int64_t n_trials, int *n_errors) {
  Diag d = diag_new(a);
  spec_check_ranks(rig_load(a, text), n_ranks, n_trials, &d);
  *n_errors = d.n_errors;
  if (d.n_errors + d.n_warnings == 0) return "";
  Str out = str_new(a);
  diag_render(&d, false, &out);
  return str_text(&out);
}

#define AUTO(shards) EXPERIMENT(", shards: " shards, "")
#define GIVEN(n)     EXPERIMENT(", shards: 8", "resources: {ranks_per_trial: " n "}\n")

static void what_a_job_can_use(void **state) {
  static const struct {
    const char *text;
    int n_ranks, n_trials;
    const char *said; /* NULL: nothing */
    bool is_error;
  } rows[] = {
      {AUTO("1"), 1, 1, NULL, false},
      {AUTO("1"), 4, 4, NULL, false},
      {AUTO("1"), 4, 100, NULL, false},
      {AUTO("8"), 8, 1, NULL, false},
      {AUTO("1"), 4, 1,
       "e.yaml:3:28: warning: 4 ranks for 1 trial of 1 shard: 3 ranks will have nothing to do; "
       "train.shards: 4 would use all of them (other sums, so other last bits)\n",
       false},
      {AUTO("2"), 6, 1,
       "6 ranks for 1 trial of 2 shards: 4 ranks will have nothing to do; train.shards: 4 would "
       "use 4 (other sums",
       false},
      {AUTO("1"), 4, 3, "1 rank will have nothing to do; train.shards: 2 would use all of them",
       false},
      {AUTO("2"), 7, 3, "1 rank will have nothing to do; train.shards: 4 would use all of them",
       false},
      {GIVEN("1"), 4, 4, NULL, false},
      {GIVEN("4"), 4, 1, NULL, false},
      {GIVEN("4"), 8, 2, NULL, false},
      {GIVEN("4"), 2, 1,
       "e.yaml:4:30: error: ranks_per_trial: 4, but this job has 2 ranks; start it with mpirun -n "
       "4, or write auto\n",
       true},
      {GIVEN("4"), 6, 10,
       "e.yaml:4:30: warning: 6 ranks are no whole number of teams of 4: they make 1 of 4 and 1 of "
       "2\n",
       false},
      {GIVEN("4"), 15, 10, "they make 3 of 4, 1 of 2 and 1 of 1\n", false},
      {GIVEN("2"), 8, 1,
       "8 ranks in teams of 2 for 1 trial: 6 ranks will have nothing to do; with auto they would "
       "join where train.shards lets them\n",
       false},
  };
  for (int i = 0; i < COUNT(rows); i++) {
    int n_errors;
    const char *said = job(*state, rows[i].text, rows[i].n_ranks, rows[i].n_trials, &n_errors);
    assert_int_equal(n_errors, rows[i].is_error);
    if (rows[i].said)
      assert_contains(said, rows[i].said);
    else
      assert_string_equal(said, "");
  }
}

static void a_cost_has_one_rank(void **state) {
  int n_errors;
  const char *said =
      job(*state, "cost: w^2\nparameters: {w: 1}\ntrain: {steps: 3}\n", 3, 1, &n_errors);
  assert_int_equal(n_errors, 0);
  assert_contains(said,
                  "e.yaml:1:7: warning: 3 ranks for 1 trial: 2 ranks will have nothing to do, "
                  "for one rank trains a cost\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(defaults, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(no_part_of_the_digest, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(what_a_job_can_use, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(a_cost_has_one_rank, arena_begin, arena_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
