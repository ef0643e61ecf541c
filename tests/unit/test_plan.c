/* The check of a plan where the method looks at results: what it may come to is found up front. */
#include "runner/plan.h"
#include "trial_rig.h"

static const char text[] =
    "data: {source: {name: blobs, rows: 300, classes: 3, features: 3}}\n"
    "model: {layers: [{name: hidden, dense: {units: 6}}, relu, {dense: {units: classes}}]}\n"
    "train: {epochs: 6, batch_size: 60}\n"
    "search:\n"
    "  trials: 50\n"
    "  max_concurrent: 2\n"
    "  parameters:\n";

static int64_t count(const Space *s, int64_t asked, Err *e) {
  (void)s, (void)e;
  return asked;
}

/* Always the middle: what is found elsewhere is found by the places. */
static void middle(Arena *a, const SamplerAsk *ask, double *u) {
  (void)a;
  for (int i = 0; i < ask->n_axes; i++) u[i] = 0.5;
}

static const Sampler looking = {.head = {.name = "middle", .doc = "for this test"},
                                .looks = true,
                                .count = count,
                                .propose = middle};

static const char *check(Arena *a, const char *parameters, const Sampler *sampler,
                         PlanSummary *out) {
  Spec *s = rig_load(a, arena_printf(a, "%s%s", text, parameters));
  if (sampler) s->search.method.kind = &sampler->head;
  const TrialEnv env = {.data = trial_rig_data(a, s), .cpu = cpu_level()};
  Diag d = diag_new(a);
  Err e = {0};
  if (plan_check(s, &env, &d, out, &e) != OK) fail_msg("%s", e.text);
  Str messages = str_new(a);
  diag_render(&d, false, &messages);
  return str_text(&messages);
}

static void all_that_may_come_is_checked(void **state) {
  PlanSummary p;
  const char *none = check(*state, "    train.epochs: {min: 2, max: 9}\n", &looking, &p);
  assert_string_equal(none, "");
  assert_int_equal(p.n_checked, 2); /* two at a time: trials 0, 1 see nothing */
  assert_int_equal(p.n_places, 302);
  none = check(*state, "    train.epochs: {min: 2, max: 9}\n", NULL, &p);
  assert_string_equal(none, "");
  assert_int_equal(p.n_checked, 50);
  assert_int_equal(p.n_places, 0);
}

static void a_corner_is_found(void **state) {
  PlanSummary p;
  const char *why = check(*state,
                          "    train.epochs: {min: 2, max: 9}\n"
                          "    train.warmup_epochs: {min: 0.5, max: 9.5}\n",
                          &looking, &p);
  assert_contains(why, "9.5 epochs are");
  assert_contains(why, "this search may come to what cannot be trained: {train.epochs: 9, ");
}

static void every_category_is_found(void **state) {
  PlanSummary p;
  const char *why =
      check(*state, "    train.batch_size: {values: [8, 16, 32, 240, 241, 12]}\n", &looking, &p);
  assert_contains(why, "241 is more than the 240 rows");
}

/* Fine at both ends of everything; not in a part of the space that is a tenth of it. */
static void a_part_of_the_space_is_found(void **state) {
  PlanSummary p;
  const char *why = check(*state,
                          "    train.epochs: {min: 2, max: 11}\n"
                          "    train.warmup_epochs: {min: 1, max: 10.9}\n"
                          "    model.hidden.dense.units: {min: 2, max: 9}\n",
                          &looking, &p);
  assert_contains(why, "this search may come to what cannot be trained");
  assert_true(p.n_places > 2);
}

static void the_largest_is_among_them(void **state) {
  PlanSummary p;
  check(*state, "    model.hidden.dense.units: {min: 2, max: 900}\n", &looking, &p);
  assert_int_equal(p.largest, -1);
  assert_int_equal(p.n_parameters, 900 * 3 + 900 + 3 * 900 + 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_that_may_come_is_checked),
      cmocka_unit_test(a_corner_is_found),
      cmocka_unit_test(every_category_is_found),
      cmocka_unit_test(a_part_of_the_space_is_found),
      cmocka_unit_test(the_largest_is_among_them),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
