/*
 * Population based training: who goes on with whom and at which values, by hand; the same lines
 * whatever the order in which results come, on any number of workers, after any kill, and methods that
 * look at what they are not told are caught; a line as an experiment with edits.
 */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "runner/lineage.h"
#include "runner/plan.h"
#include "runner/sampling.h"
#include "runner/schedule.h"
#include "spec_rig.h"

enum { MEMBERS = 6, GENERATIONS = 5, N = MEMBERS * GENERATIONS, ROWS = 40, MAX_WORKERS = 9 };

static const char experiment[] =
    "seed: 3\n"
    "data: {source: blobs}\n"
    "model: {layers: [{name: hidden, layers: [{dense: {units: 8}}, relu, {dropout: {rate: 0.1}}]},"
    " {name: out, dense: {units: classes}}]}\n"
    "train: {epochs: 15, batch_size: 16, optimizer: adam}\n"
    "search:\n"
    "  method: {name: population_based, population: 6, interval: 3%s}\n"
    "  trials: %d\n"
    "  max_concurrent: %d\n"
    "  parameters:\n"
    "    train.optimizer.learning_rate: {min: 0.001, max: 1, scale: log}\n"
    "    train.batch_size: {values: [8, 16, 32]}\n"
    "    model.hidden.dropout.rate: {min: 0, max: 0.5, q: 0.1}\n"
    "    train.schedule: {values: [constant, cosine]}\n";
enum { RATE, BATCH, DROPOUT, SCHEDULE, N_AXES };

static Spec *search_of(Arena *a, const char *settings, int trials, int window) {
  return rig_load(a, arena_printf(a, experiment, settings, trials, window));
}

/* ---- who goes on with whom -------------------------------------------------------------------- */

typedef struct {
  SamplerAxis axes[N_AXES];
  double u[MEMBERS][N_AXES];
  SamplerTold told[MEMBERS];
  SamplerAsk ask;
  const Sampler *sampler;
} Scene;

/* The second generation is asked for. Axis 0 continuous, 1 fixed categories, 2 five steps, 3 categories. */
static void scene_of(Arena *a, Scene *x, const char *settings, const double *losses) {
  const Spec *s = search_of(a, settings, N, 16);
  *x = (Scene){.sampler = (const Sampler *)(const void *)s->search.method.kind};
  sampler_axes(&s->search.space, x->axes);
  for (int i = 0; i < MEMBERS; i++) {
    for (int k = 0; k < N_AXES; k++) x->u[i][k] = sampling_middle(x->axes[k], (i + 0.5) / MEMBERS);
    x->told[i] = (SamplerTold){.u = x->u[i], .loss = losses[i]};
  }
  x->ask = (SamplerAsk){.space = &s->search.space,
                        .axes = x->axes,
                        .n_axes = N_AXES,
                        .config = s->search.method.config,
                        .seed = 3,
                        .n_trials = N,
                        .told = x->told,
                        .n_told = MEMBERS};
}

static int64_t parent_of(Arena *a, Scene *x, int64_t n, uint64_t seed, double *u, bool *kept) {
  x->ask.n = n;
  x->ask.seed = seed;
  return x->sampler->inherit(a, &x->ask, u, kept);
}

static bool all_kept(const bool *kept) {
  for (int k = 0; k < N_AXES; k++)
    if (!kept[k]) return false;
  return true;
}

/* Of six the worst goes on with the best; of equals the lower number is better. */
static void the_worst_goes_on_with_the_best(void **state) {
  static const double losses[MEMBERS] = {0.3, 0.1, 0.5, 0.1, 0.5, 0.2};
  Scene x;
  double u[N_AXES];
  bool kept[N_AXES];
  scene_of(*state, &x, "", losses);
  for (uint64_t seed = 1; seed < 20; seed++)
    for (int i = 0; i < MEMBERS; i++) {
      const int64_t parent = parent_of(*state, &x, MEMBERS + i, seed, u, kept);
      assert_int_equal(parent, i == 4 ? 1 : i);
      if (i == 4) continue;
      assert_true(all_kept(kept));
      assert_memory_equal(u, x.u[i], sizeof u);
    }
}

/* A half: places 3 to 5 go on with one of places 0 to 2, each now and then. */
static void a_quantile_goes_on_with_another(void **state) {
  static const double losses[MEMBERS] = {0.3, 0.1, 0.5, NAN, 0.4, 0.2};
  Scene x;
  double u[N_AXES];
  bool kept[N_AXES];
  int seen[MEMBERS] = {0};
  scene_of(*state, &x, ", quantile: 0.5", losses);
  for (uint64_t seed = 1; seed < 60; seed++)
    for (int i = 0; i < MEMBERS; i++) {
      const int64_t parent = parent_of(*state, &x, MEMBERS + i, seed, u, kept);
      if (i == 2 || i == 3 || i == 4)
        seen[parent]++;
      else
        assert_int_equal(parent, i);
    }
  for (int i = 0; i < MEMBERS; i++) assert_true((seen[i] > 20) == (i == 0 || i == 1 || i == 5));
}

/* Whose metric is no number is replaced, however many there are; where none is one, all begin anew. */
static void who_diverged_is_replaced(void **state) {
  static const double losses[MEMBERS] = {NAN, NAN, NAN, 7, NAN, NAN},
                      none[MEMBERS] = {NAN, NAN, NAN, NAN, NAN, NAN};
  Scene x;
  double u[N_AXES];
  bool kept[N_AXES];
  scene_of(*state, &x, "", losses);
  for (int i = 0; i < MEMBERS; i++)
    assert_int_equal(parent_of(*state, &x, MEMBERS + i, 5, u, kept), 3);
  scene_of(*state, &x, "", none);
  for (int i = 0; i < MEMBERS; i++)
    assert_int_equal(parent_of(*state, &x, MEMBERS + i, 5, u, kept), -1);
  scene_of(*state, &x, "", losses);
  assert_int_equal(parent_of(*state, &x, 3, 5, u, kept), -1); /* the first generation */
  x.ask.n_told = MEMBERS - 1;                                 /* not all are told */
  assert_int_equal(parent_of(*state, &x, MEMBERS, 5, u, kept), -1);
}

/* ---- at which values --------------------------------------------------------------------------- */

static const double falling[MEMBERS] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};

/* Without resampling: a tenth of the range up or down, a step at least, not over the ends; categories
 * stay, and what cannot change in flight. */
static void numbers_move(void **state) {
  Scene x;
  double u[N_AXES];
  bool kept[N_AXES];
  int ups = 0;
  enum { SEEDS = 200 };
  scene_of(*state, &x, ", resample: 0", falling);
  assert_true(x.axes[BATCH].fixed && !x.axes[RATE].fixed && !x.axes[DROPOUT].fixed &&
              !x.axes[SCHEDULE].fixed);
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    assert_int_equal(parent_of(*state, &x, 2 * MEMBERS - 1, seed, u, kept), 0);
    const bool up = u[RATE] > x.u[0][RATE];
    ups += up;
    assert_true(!kept[RATE] && u[RATE] == (up ? x.u[0][RATE] + 0.1 : 0)); /* 1/12 - 0.1: the end */
    assert_true(kept[BATCH] && kept[SCHEDULE]);
    /* six steps, at the first: up one, or down against the end */
    if (!kept[DROPOUT]) assert_int_equal(sampling_cell(x.axes[DROPOUT], u[DROPOUT]), 1);
    if (kept[DROPOUT]) assert_true(u[DROPOUT] == x.u[0][DROPOUT]);
  }
  assert_true(ups > SEEDS / 3 && ups < 2 * SEEDS / 3);
}

static void all_are_drawn_anew(void **state) {
  Scene x;
  double u[N_AXES], sum = 0;
  bool kept[N_AXES];
  int cosine = 0, fixed = 0;
  scene_of(*state, &x, ", resample: 1", falling);
  for (uint64_t seed = 1; seed <= 200; seed++) {
    (void)parent_of(*state, &x, 2 * MEMBERS - 1, seed, u, kept);
    sum += u[RATE];
    cosine += sampling_cell(x.axes[SCHEDULE], u[SCHEDULE]) == 1;
    fixed += kept[BATCH] && u[BATCH] == x.u[0][BATCH];
  }
  assert_true(sum / 200 > 0.4 && sum / 200 < 0.6);
  assert_true(cosine > 60 && cosine < 140 && fixed == 200);
}

/* ---- whatever the order of results -------------------------------------------------------------- */

static int n_arrived; /* results so far: what no method may know */
static double last_loss;

static const Sampler *real(void) {
  return (const Sampler *)(const void *)kind_find(&run_samplers, "population_based");
}

static int64_t other_parent(const SamplerAsk *ask, int64_t parent, double by) {
  const int64_t first = ask->n / MEMBERS * MEMBERS - MEMBERS;
  uint64_t bits = 0;
  if (parent < 0) return parent;
  if (!isnan(by)) memcpy(&bits, &by, sizeof bits);
  return first + (int64_t)((uint64_t)(parent - first) + (bits >> 30)) % MEMBERS;
}

/* Mutants: a result of its own generation, if it is there; how many have come; which came last. */
static int64_t peeks(Arena *a, const SamplerAsk *ask, double *u, bool *kept) {
  const SamplerTold *own = &ask->told[ask->n_told];
  const int64_t parent = real()->inherit(a, ask, u, kept);
  return own->u ? other_parent(ask, parent, own->loss) : parent;
}

static int64_t counts_arrivals(Arena *a, const SamplerAsk *ask, double *u, bool *kept) {
  return other_parent(ask, real()->inherit(a, ask, u, kept), n_arrived);
}

static int64_t knows_the_last(Arena *a, const SamplerAsk *ask, double *u, bool *kept) {
  return other_parent(ask, real()->inherit(a, ask, u, kept), last_loss);
}

typedef struct {
  Arena a;
  const char *points[N];
  int64_t parents[N];
  int64_t arrived[N]; /* trials in the order of their results: the journal */
  int n_arrived;
} Course;

/* What training this line would give: of the point, the parent and the trial; some diverge. */
static double result_of(const Course *c, int64_t n) {
  uint64_t hash = (uint64_t)(n * 31 + c->parents[n] + 2);
  for (const char *p = c->points[n]; *p; p++) hash = (hash ^ (uint64_t)*p) * 0x9e3779b97f4a7c15u;
  hash ^= hash >> 29;
  return hash % 7 == 0 ? NAN : (double)(hash >> 11) * 0x1p-53;
}

static void take(Course *c, History *h, int64_t n) {
  const double loss = result_of(c, n);
  history_descends(h, n, c->parents[n]);
  history_tell(h, n, c->points[n], loss);
  c->arrived[c->n_arrived++] = n;
  n_arrived = c->n_arrived;
  last_loss = loss;
}

static void hand_out(Course *c, History *h, int64_t n) {
  assert_true(history_ready(h, n));
  assert_int_equal(history_n_told(h, n), n / MEMBERS * MEMBERS);
  const char *point = arena_strdup(&c->a, history_point(&c->a, h, n));
  if (c->points[n]) assert_string_equal(c->points[n], point); /* it was handed out before */
  c->points[n] = point;
  c->parents[n] = h->parents[n];
}

/* From the first `from` results of the course's journal on; `until` so many are there. */
static void search(const Spec *s, Course *c, int from, int until, uint64_t seed) {
  Rng r = rng_stream(seed, RNG_TEST, 0, 0);
  const int n_workers = seed == 0 ? 1 : 1 + (int)rng_below(&r, MAX_WORKERS);
  int64_t held[MAX_WORKERS], limit = 0;
  History h;
  Schedule q;
  history_init(&h, &c->a, s);
  schedule_init(&q, &c->a, N);
  schedule_hold(&q);
  c->n_arrived = 0;
  for (int i = 0; i < from; i++) {
    take(c, &h, c->arrived[i]);
    assert_true(schedule_done(&q, c->arrived[i]));
  }
  for (int w = 0; w < n_workers; w++) held[w] = -1;
  while (c->n_arrived < until) {
    const int w = (int)rng_below(&r, (uint64_t)n_workers);
    while (limit < N && history_ready(&h, limit)) limit++;
    schedule_allow(&q, limit);
    if (held[w] < 0) {
      held[w] = schedule_next(&q, w);
      if (held[w] >= 0) hand_out(c, &h, held[w]);
    } else {
      assert_int_equal(schedule_result(&q, w, held[w]), SCHEDULE_NEW);
      take(c, &h, held[w]);
      held[w] = -1;
    }
    assert_true(q.n_given <= s->search.max_concurrent);
  }
}

static bool same(const Course *x, const Course *y) {
  for (int i = 0; i < N; i++)
    if (!str_eq(x->points[i], y->points[i]) || x->parents[i] != y->parents[i]) return false;
  return true;
}

/* Has a shuffled search, killed once on the way, the lines of the one with one worker? */
static bool holds(int64_t (*inherit)(Arena *, const SamplerAsk *, double *, bool *), int window,
                  uint64_t seed) {
  Arena a;
  arena_init(&a);
  Sampler mutant = *real();
  Spec *s = search_of(&a, ", quantile: 0.4", N, window);
  mutant.inherit = inherit;
  s->search.method.kind = &mutant.head;
  Course straight = {0}, other = {0};
  search(s, &straight, 0, N, 0);
  const int killed = (int)(seed * 13 % N);
  search(s, &other, 0, killed, seed);
  for (int n = 0; n < N; n++) other.points[n] = NULL;
  for (int i = 0; i < killed; i++) {
    other.points[other.arrived[i]] = straight.points[other.arrived[i]];
    other.parents[other.arrived[i]] = straight.parents[other.arrived[i]];
  }
  search(s, &other, killed, N, seed + 1000);
  const bool is_same = same(&straight, &other);
  int n_changed = 0;
  for (int i = MEMBERS; i < N; i++) n_changed += straight.parents[i] != i - MEMBERS;
  assert_true(n_changed >= 2 * (GENERATIONS - 1)); /* else there is little to compare */
  arena_free(&straight.a);
  arena_free(&other.a);
  arena_free(&a);
  return is_same;
}

static void any_order_has_the_same_lines(void **state) {
  (void)state;
  static const int windows[] = {1, 2, MEMBERS, 16};
  for (int i = 0; i < COUNT(windows); i++)
    for (uint64_t seed = 1; seed < 30; seed++)
      assert_true(holds(real()->inherit, windows[i], seed));
}

static void who_peeks_is_caught(void **state) {
  (void)state;
  static int64_t (*const mutants[])(Arena *, const SamplerAsk *, double *,
                                    bool *) = {peeks, counts_arrivals, knows_the_last};
  for (int i = 0; i < COUNT(mutants); i++) {
    int caught = 0;
    for (uint64_t seed = 1; seed < 30; seed++) caught += !holds(mutants[i], 16, seed);
    if (caught == 0) fail_msg("mutant %d was not caught", i);
  }
}

static void a_generation_waits_for_the_one_before(void **state) {
  History h;
  history_init(&h, *state, search_of(*state, "", N, 4));
  assert_true(history_ready(&h, 3));
  assert_false(history_ready(&h, 4)); /* four at a time */
  for (int n = 0; n < MEMBERS; n++) {
    assert_false(history_ready(&h, MEMBERS));
    assert_null(history_point(*state, &h, MEMBERS));
    history_tell(&h, n, history_point(*state, &h, n), 0.1 * n);
  }
  assert_true(history_ready(&h, MEMBERS) && history_ready(&h, MEMBERS + 3));
  assert_false(history_ready(&h, MEMBERS + 4));
  assert_string_equal(history_point(*state, &h, MEMBERS), history_point(*state, &h, 0));
  assert_int_equal(h.parents[MEMBERS], 0);
}

/* ---- lines ------------------------------------------------------------------------------------- */

static const char *point_of(Arena *a, double rate, int batch, const char *schedule) {
  return arena_printf(a,
                      "{train.optimizer.learning_rate: %g, train.batch_size: %d, "
                      "model.hidden.dropout.rate: 0.1, train.schedule: %s}",
                      rate, batch, schedule);
}

/* Trial 2, then 9 with a rate of its own, then 14 as it is, then 18 with two values. */
static History told_lines(Arena *a) {
  History h;
  history_init(&h, a, search_of(a, "", N, 16));
  for (int n = 0; n < N; n++) {
    const char *point = point_of(a,
                                 n >= 18  ? 0.25
                                 : n >= 6 ? 0.125
                                          : 0.5,
                                 n == 0 ? 16 : 8, n >= 18 ? "cosine" : "constant");
    history_descends(&h, n, n == 9 ? 2 : n == 14 ? 9 : n == 18 ? 14 : n < 6 ? -1 : n - 6);
    history_tell(&h, n, point, 0.5);
  }
  return h;
}

static void a_line_is_a_root_with_edits(void **state) {
  Arena *a = *state;
  const History h = told_lines(a);
  Lineage l;
  assert_true(lineage_of(a, &h, ROWS, 18, h.points[18], &l));
  assert_int_equal(l.parent, 14);
  assert_int_equal(l.root, 2);
  assert_int_equal(l.stop_at, 12);
  assert_string_equal(l.point, h.points[2]);
  /* five updates an epoch, three epochs a generation */
  assert_string_equal(l.edits, "[{step: 15, train.optimizer.learning_rate: 0.125}, {step: 45, "
                               "train.optimizer.learning_rate: 0.25, train.schedule: cosine}]");
  assert_int_equal(history_root(&h, 18), 2);
  assert_string_equal(lineage_changed(a, &h, 14, h.points[14]), "{}");
  assert_string_equal(lineage_changed(a, &h, 9, h.points[9]),
                      "{train.optimizer.learning_rate: 0.125}");
  assert_true(lineage_of(a, &h, ROWS, 2, h.points[2], &l));
  assert_true(l.parent == -1 && l.root == 2 && l.stop_at == 3 && str_eq(l.edits, ""));
  assert_true(lineage_of(a, &h, ROWS, 6, h.points[6], &l)); /* batches of 16: three updates */
  assert_string_equal(l.edits, "[{step: 9, train.optimizer.learning_rate: 0.125, "
                               "train.batch_size: 8}]");
}

static void a_line_is_an_experiment(void **state) {
  Arena *a = *state;
  const History h = told_lines(a);
  Diag d = diag_new(a);
  Lineage l;
  assert_true(lineage_of(a, &h, ROWS, 18, h.points[18], &l));
  const Spec *s = lineage_trial(a, h.base, &l, &d);
  assert_non_null(s);
  assert_int_equal(s->seed, plan_seed(h.base, 2));
  assert_int_equal(s->n_edits, 2);
  assert_int_equal(s->train.batch_size, 8);
  assert_int_equal(s->edits[1].step, 45);
  assert_string_equal(rig_value(s, "train.optimizer.learning_rate"), "0.5");
  assert_string_equal(rig_value(s->edits[0].spec, "train.optimizer.learning_rate"), "0.125");
  assert_string_equal(rig_value(s->edits[1].spec, "train.schedule.name"), "cosine");
  /* its children have the same beginning, so that they may go on from its checkpoint */
  assert_true(lineage_of(a, &h, ROWS, 24, h.points[24], &l));
  const Spec *child = lineage_trial(a, h.base, &l, &d);
  assert_string_equal(spec_identity_until(a, s, 60), spec_identity_until(a, child, 60));
}

/* A journal that lost an ancestor's record, or says what cannot be. */
static void a_line_that_is_not_there(void **state) {
  Arena *a = *state;
  History h = told_lines(a);
  Lineage l;
  h.points[2] = NULL;
  assert_false(lineage_of(a, &h, ROWS, 18, h.points[18], &l));
  assert_true(lineage_of(a, &h, ROWS, 19, h.points[19], &l));
  h = told_lines(a);
  h.parents[14] = 20;
  assert_false(lineage_of(a, &h, ROWS, 18, h.points[18], &l));
  assert_false(lineage_of(a, &h, 0, 19, h.points[19], &l)); /* no rows, no steps */
}

static void more_generations(void **state) {
  Arena *a = *state;
  Course c = {0}, longer = {0};
  search(search_of(a, "", N, 16), &c, 0, N, 0);
  History h;
  history_init(&h, a, search_of(a, "", N - MEMBERS, 16));
  for (int n = 0; n < N - MEMBERS; n++) {
    hand_out(&longer, &h, n);
    take(&longer, &h, n);
  }
  history_grow(&h, search_of(a, "", N, 16));
  for (int n = N - MEMBERS; n < N; n++) {
    hand_out(&longer, &h, n);
    take(&longer, &h, n);
  }
  assert_true(same(&c, &longer));
  assert_int_equal(h.parents[N - MEMBERS - 1], c.parents[N - MEMBERS - 1]);
  arena_free(&c.a);
  arena_free(&longer.a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_worst_goes_on_with_the_best),
      cmocka_unit_test(a_quantile_goes_on_with_another),
      cmocka_unit_test(who_diverged_is_replaced),
      cmocka_unit_test(numbers_move),
      cmocka_unit_test(all_are_drawn_anew),
      cmocka_unit_test(any_order_has_the_same_lines),
      cmocka_unit_test(who_peeks_is_caught),
      cmocka_unit_test(a_generation_waits_for_the_one_before),
      cmocka_unit_test(a_line_is_a_root_with_edits),
      cmocka_unit_test(a_line_is_an_experiment),
      cmocka_unit_test(a_line_that_is_not_there),
      cmocka_unit_test(more_generations),
  };
  return cmocka_run_group_tests(tests, arena_begin, arena_end);
}
