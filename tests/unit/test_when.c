/* Parameters of a search that are there only under conditions. */
#include "runner/plan.h"
#include "runner/sampler.h"
#include "spec_rig.h"

static const char text[] =
    "data: {source: blobs}\n"
    "model:\n"
    "  layers:\n"
    "    - {name: hidden, layers: [{dense: {units: 8}}, {activation: {leaky_relu: 0.3}}]}\n"
    "    - {dense: {units: classes}}\n"
    "train: {epochs: 3, batch_size: 16, optimizer: {name: adam, beta2: 0.99, learning_rate: "
    "0.02}}\n"
    "search:\n"
    "  method: grid\n"
    "  parameters:\n"
    /* Named before what it depends on; in a chain. */
    "    train.schedule.decay: {values: [0.5, 0.9], when: {train.optimizer.momentum: [0.5, 0.9], "
    "train.schedule.name: exponential}}\n"
    "    train.optimizer.name: {values: [sgd, adam, rmsprop]}\n"
    "    train.optimizer.momentum: {min: 0, max: 0.9, points: 3, q: 0.1, when: "
    "{train.optimizer.name: sgd}}\n"
    "    train.optimizer.beta1: {values: [0.8, 0.9], when: {train.optimizer.name: [adam]}}\n"
    "    train.schedule.name: {values: [constant, exponential]}\n"
    "    model.hidden.activation.name: {values: [relu, leaky_relu]}\n"
    "    model.hidden.activation.slope: {min: 0.1, max: 0.2, points: 2, when: "
    "{model.hidden.activation.name: leaky_relu}}\n";

enum { DECAY, OPTIMIZER, MOMENTUM, BETA1, SCHEDULE, ACTIVATION, SLOPE, N_DIMS };

static const char *text_with(Arena *a, const char *method) {
  char *out = arena_strdup(a, text), *grid = strstr(out, "grid");
  *grid = '\0';
  return arena_printf(a, "%s%s%s", out, method, grid + 4);
}

static Spec *load(Arena *a, const char *method) {
  return rig_load(a, text_with(a, method));
}

static bool is(const Point *p, int dim, const char *value) {
  return p->values[dim] && str_eq(p->values[dim]->text, value);
}

/* What the file says, by hand. */
static void check_point(const Space *s, const Point *p) {
  assert_int_equal(s->n, N_DIMS);
  assert_non_null(p->values[OPTIMIZER]);
  assert_non_null(p->values[SCHEDULE]);
  assert_non_null(p->values[ACTIVATION]);
  assert_int_equal(p->values[MOMENTUM] != NULL, is(p, OPTIMIZER, "sgd"));
  assert_int_equal(p->values[BETA1] != NULL, is(p, OPTIMIZER, "adam"));
  assert_int_equal(p->values[SLOPE] != NULL, is(p, ACTIVATION, "leaky_relu"));
  const bool strong = is(p, MOMENTUM, "0.5") || is(p, MOMENTUM, "0.9");
  assert_int_equal(p->values[DECAY] != NULL, strong && is(p, SCHEDULE, "exponential"));
}

static Point point_of(Arena *a, const Spec *s, int64_t n) {
  History h;
  Point p;
  history_init(&h, a, s);
  history_propose(a, &h, n, &p);
  return p;
}

static void what_does_not_hold_is_not_there(void **state) {
  const Spec *s = load(*state, "random\n  trials: 400");
  int seen[N_DIMS] = {0};
  for (int n = 0; n < 400; n++) {
    const Point p = point_of(*state, s, n);
    double u[N_DIMS];
    check_point(&s->search.space, &p);
    space_units(&s->search.space, &p, u);
    for (int i = 0; i < N_DIMS; i++) {
      seen[i] += p.values[i] != NULL;
      if (p.values[i] == NULL) assert_true(u[i] == 0.5);
    }
  }
  for (int i = 0; i < N_DIMS; i++) assert_true(seen[i] > 5);
}

/* Whatever conditions there are, the others are drawn as without them. */
static void draws_are_those_of_the_whole_space(void **state) {
  const Spec *s = load(*state, "random\n  trials: 50");
  Spec *free = load(*state, "random\n  trials: 50");
  free->search.space.order = NULL;
  for (int n = 0; n < 50; n++) {
    const Point p = point_of(*state, s, n), all = point_of(*state, free, n);
    for (int i = 0; i < N_DIMS; i++) {
      assert_non_null(all.values[i]);
      if (p.values[i]) assert_true(yaml_equal(p.values[i], all.values[i]));
    }
  }
}

/* Every point of the full grid with what conditions leave out taken away comes once, and no other:
 * decay x optimizer x momentum x beta1 x schedule x activation x slope. */
static void a_grid_has_each_point_once(void **state) {
  const Spec *s = load(*state, "grid");
  const Space *space = &s->search.space;
  const int64_t n = s->search.trials;
  /* sgd: momentum 0 with 2 schedules, 0.5 and 0.9 with 1 + 2; adam: 2 x 2; rmsprop: 2; each with 1 + 2
   * activations. */
  assert_int_equal(n, 3 * (2 + 2 * 3 + 4 + 2));
  const char **texts = ARENA_ARRAY(*state, const char *, n);
  for (int64_t i = 0; i < n; i++) {
    const Point p = point_of(*state, s, i);
    check_point(space, &p);
    texts[i] = plan_point_text(*state, space, &p);
    for (int64_t k = 0; k < i; k++) assert_string_not_equal(texts[i], texts[k]);
  }
}

static void a_trial_has_the_kind_and_its_parameters(void **state) {
  const Spec *s = load(*state, "grid");
  int n_sgd = 0, n_adam = 0, n_leaky = 0;
  for (int64_t i = 0; i < s->search.trials; i++) {
    Diag d = diag_new(*state);
    const Point p = point_of(*state, s, i);
    const char *point = plan_point(*state, s, i);
    const Spec *trial = plan_trial(*state, s, i, point, &d);
    if (trial == NULL || p.values[OPTIMIZER] == NULL) {
      fail_msg("%s cannot be trained", point);
      return;
    }
    assert_string_equal(trial->train.optimizer.kind->name, p.values[OPTIMIZER]->text);
    assert_string_equal(rig_value(trial, "train.optimizer.learning_rate"), "0.02");
    if (p.values[MOMENTUM])
      assert_string_equal(rig_value(trial, "train.optimizer.momentum"), p.values[MOMENTUM]->text);
    if (p.values[BETA1]) /* beta2 is the file's, for its own kind */
      assert_string_equal(rig_value(trial, "train.optimizer.beta2"), "0.99");
    if (p.values[SLOPE])
      assert_string_equal(rig_value(trial, "model.hidden.activation.slope"), p.values[SLOPE]->text);
    n_sgd += p.values[MOMENTUM] != NULL;
    n_adam += p.values[BETA1] != NULL;
    n_leaky += p.values[SLOPE] != NULL;
  }
  assert_true(n_sgd > 0 && n_adam > 0 && n_leaky > 0);
}

static const char *refusal(Arena *a, const Spec *s, const char *point) {
  Diag d = diag_new(a);
  assert_null(plan_trial(a, s, 0, point, &d));
  Str out = str_new(a);
  diag_render(&d, false, &out);
  return str_text(&out);
}

static void a_point_must_have_what_holds(void **state) {
  const Spec *s = load(*state, "grid");
  assert_contains(refusal(*state, s,
                          "{train.optimizer.name: sgd, train.schedule.name: constant, "
                          "model.hidden.activation.name: relu}"),
                  "a point has no value for train.optimizer.momentum");
  assert_contains(refusal(*state, s,
                          "{train.optimizer.name: rmsprop, train.schedule.name: constant, "
                          "train.optimizer.beta1: 0.8, model.hidden.activation.name: relu}"),
                  "a point has a value for train.optimizer.beta1");
}

static void the_resolved_text_means_itself(void **state) {
  const Spec *s = load(*state, "grid");
  const char *once = spec_text(*state, s, SPEC_FOR_DIGEST);
  assert_contains(once, "      when:\n        train.optimizer.name: sgd\n");
  assert_string_equal(once, spec_text(*state, rig_load(*state, once), SPEC_FOR_DIGEST));
  const char *resolved = text_with(*state, "grid");
  assert_true(rig_accepts(resolved, NULL, 0));
}

static void damage_is_refused_or_understood(void **state) {
  rig_damage(text_with(*state, "grid"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_does_not_hold_is_not_there),
      cmocka_unit_test(draws_are_those_of_the_whole_space),
      cmocka_unit_test(a_grid_has_each_point_once),
      cmocka_unit_test(a_trial_has_the_kind_and_its_parameters),
      cmocka_unit_test(a_point_must_have_what_holds),
      cmocka_unit_test(the_resolved_text_means_itself),
      cmocka_unit_test(damage_is_refused_or_understood),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
