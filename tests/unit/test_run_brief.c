/* A run that is read without its curves says what it says with them: same order, same results, same
 * objectives; and no bit of what is passed over can be flipped unnoticed. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "io/files.h"
#include "runner/plan.h"
#include "runner/run_points.h"

/* ---- the text of a result --------------------------------------------------------------------- */

static const char *text_of(Arena *a, const TrialResult *r) {
  Str out = str_new(a);
  trial_write_json(r, &out);
  return str_text(&out);
}

/* All that stays when the curves go. */
static const char *without_curves(Arena *a, const TrialResult *r) {
  TrialResult x = *r;
  x.curves = (Curves){.n_epochs = r->curves.n_epochs};
  return text_of(a, &x);
}

/* Read without its curves; false: it has to be read whole. */
static bool read_brief(Arena *a, const char *json, TrialResult *out) {
  Str text = str_new(a);
  JsonValue *v;
  Err e = {0};
  if (!trial_brief_text(json, strlen(json), &text)) return false;
  if (json_parse(a, str_text(&text), (size_t)text.length, &v, &e) != OK) return false;
  if (!trial_is_brief(v)) return false;
  assert_int_equal(trial_read_brief_json(a, v, out, &e), OK);
  return true;
}

static const char *names[] = {"train_loss", "validation_accuracy"};
static const double values[] = {0.1, 1.0 / 3, 5e-324, -0.0, 1e300, NAN, INFINITY, -INFINITY};

static TrialResult sample(void) {
  return (TrialResult){.number = 17,
                       .status = TRIAL_COMPLETED,
                       .point = "{train.batch_size: 32}",
                       .curves = {names, 2, 4, (double *)values},
                       .chosen_epoch = 1,
                       .metric = 1.0 / 3,
                       .weights = "00112233445566778899aabbccddeeff",
                       .host = "node \"7\""};
}

static void brief_texts(void **state) {
  (void)state;
  const struct {
    bool is_brief;
    const char *name, *point, *error;
  } cases[] = {
      {true, "validation_accuracy", "{a: 1}", NULL},
      {true, "validation_accuracy", "{a: 1}", "\"curves\": {\"a\": [1]}, \"b\": {"},
      {true, "a]b}, ", "{a: 1}", NULL},
      {true, "curves", "{curves: 5}", NULL},
      {false, "\"", "{a: 1}", NULL},
      {false, "a\"]}, \"", "{a: 1}", NULL},
      {false, "b", "{curves: {x: [1, 2]}}", NULL}, /* another object of that name stands before */
      {false, "b", "{curves: {x: 1}}", NULL},
      {false, "b", "{curves: {}}", NULL},
  };
  Arena a;
  arena_init(&a);
  for (int i = 0; i < COUNT(cases); i++) {
    TrialResult r = sample(), back;
    const char *both[] = {"train_loss", cases[i].name};
    r.curves.names = both;
    r.point = cases[i].point;
    r.error = cases[i].error;
    if (r.error) r.status = TRIAL_FAILED;
    assert_int_equal(read_brief(&a, text_of(&a, &r), &back), cases[i].is_brief);
    if (!cases[i].is_brief) continue;
    assert_string_equal(text_of(&a, &back), without_curves(&a, &r));
    assert_int_equal(back.curves.n_epochs, 4);
    assert_int_equal(back.curves.n_names, 0);
  }
  TrialResult r = sample(), back;
  r.curves = (Curves){0};
  r.chosen_epoch = 0;
  assert_true(read_brief(&a, text_of(&a, &r), &back));
  assert_string_equal(text_of(&a, &back), text_of(&a, &r));
  arena_free(&a);
}

/* Cut off anywhere, or with any byte another one: what is brief is what the whole says. */
static void damaged_texts(void **state) {
  (void)state;
  static const char bytes[] = "\"[]{},: \\n1";
  Arena a = {0};
  const TrialResult r = sample();
  const char *json = text_of(&a, &r);
  const size_t n = strlen(json);
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < strlen(bytes) + 1; k++) {
      Arena scratch = {0};
      char *text = arena_strdup(&scratch, json);
      JsonValue *v;
      TrialResult brief, whole;
      Err e = {0};
      text[i] = bytes[k]; /* the last one is NUL */
      if (json_parse(&scratch, text, strlen(text), &v, &e) == OK &&
          trial_read_json(&scratch, v, &whole, &e) == OK && read_brief(&scratch, text, &brief))
        assert_string_equal(text_of(&scratch, &brief), without_curves(&scratch, &whole));
      arena_free(&scratch);
    }
  }
  arena_free(&a);
}

/* ---- a run ------------------------------------------------------------------------------------ */

static const char experiment[] =
    "name: t\n"
    "data: {source: blobs}\n"
    "model: {layers: [{dense: {units: classes}}], loss: softmax_cross_entropy}\n"
    "train: {epochs: 4, batch_size: 8}\n"
    "metric: [{name: validation_accuracy}, {name: validation_loss}]\n"
    "search: {method: random, trials: 40, parameters: "
    "{train.optimizer.learning_rate: {min: 0.001, max: 1, scale: log}}}\n";

typedef struct {
  Arena a;
  char dir[32];
  Err e;
} Rig;

static double any(Rng *g) {
  const uint32_t which = rng_u32(g) % 8;
  return which == 0 ? NAN : which == 1 ? INFINITY : which == 2 ? -INFINITY : rng_f64(g);
}

/* Of four epochs, or of none; some fail, and come again. */
static void add_result(Rig *r, RunDir *run, Rng *g, int64_t number) {
  static const char *columns[] = {"train_loss", "validation_loss", "validation_accuracy"};
  const uint32_t which = rng_u32(g) % 6;
  const TrialStatus status = which == 0   ? TRIAL_FAILED
                             : which == 1 ? TRIAL_DIVERGED
                                          : TRIAL_COMPLETED;
  double curve[12];
  for (int i = 0; i < COUNT(curve); i++) curve[i] = any(g);
  TrialResult t = {.number = number,
                   .status = status,
                   .point = "{train.optimizer.learning_rate: 0.25}",
                   .curves = {columns, 3, status == TRIAL_FAILED ? 0 : 4, curve},
                   .chosen_epoch = status == TRIAL_COMPLETED ? 1 + rng_u32(g) % 4 : 0,
                   .metric = NAN,
                   .error = status == TRIAL_FAILED ? "no room" : NULL};
  if (t.chosen_epoch > 0) t.metric = curve[3 * (t.chosen_epoch - 1) + 2];
  assert_int_equal(run_dir_record(run, text_of(&r->a, &t), &r->e), OK);
}

static void make_run(Rig *r, const char *override) {
  *r = (Rig){.dir = "run_brief_XXXXXX"};
  arena_init(&r->a);
  assert_non_null(mkdtemp(r->dir));
  Diag d = diag_new(&r->a);
  const Spec *s = spec_from_text(&r->a, "t.yaml", experiment, ".", &override, override ? 1 : 0, &d);
  assert_non_null(s);
  const RunHead head = {.caviar = "0",
                        .numerics = TRIAL_NUMERICS,
                        .name = "t",
                        .file = "t.yaml",
                        .directory = ".",
                        .overrides = &override,
                        .n_overrides = override != NULL,
                        .n_trials = plan_n_trials(s),
                        .repeats = plan_repeats(s),
                        .identity = spec_text(&r->a, s, SPEC_FOR_DIGEST),
                        .data = "0123456789abcdef0123456789abcdef",
                        .commit = "unknown",
                        .diff = ""};
  RunDir run;
  Rng g = rng_stream(17, RNG_TEST, 0, 0);
  assert_int_equal(run_dir_open(&r->a, r->dir, s, &head, &run, &r->e), OK);
  for (int64_t i = 0; i < head.n_trials; i++)
    add_result(r, &run, &g, i * 7 % head.n_trials); /* 7 divides no n_trials here */
  for (int64_t i = 0; i < head.n_trials; i++)
    if (run.results[i] && run.results[i]->status == TRIAL_FAILED && i % 2)
      add_result(r, &run, &g, i);
  assert_int_equal(run_dir_close(&run, &r->e), OK);
}

static void remove_run(Rig *r) {
  static const char *const files[] = {"experiment.yaml", "resolved.yaml", "journal", "lock"};
  for (int i = 0; i < COUNT(files); i++) unlink(file_join(&r->a, r->dir, files[i]));
  rmdir(file_join(&r->a, r->dir, "checkpoints"));
  assert_int_equal(rmdir(r->dir), 0);
  arena_free(&r->a);
}

static void same_but_for_curves(Arena *a, const RunDir *x, const RunDir *y) {
  const int n = run_n_objectives(x);
  assert_int_equal(x->n_done, y->n_done);
  assert_int_equal(x->n_failed, y->n_failed);
  assert_int_equal(x->n_diverged, y->n_diverged);
  assert_memory_equal(x->order, y->order, sizeof *x->order * (size_t)x->n_done);
  for (int64_t i = 0; i < x->head.n_trials; i++) {
    const TrialResult *p = x->results[i], *q = y->results[i];
    assert_int_equal(p == NULL, q == NULL);
    if (!p) continue;
    assert_string_equal(without_curves(a, p), without_curves(a, q));
    for (int k = 0; k < n; k++) {
      const double u = run_objective_of(x, p, k), v = run_objective_of(y, q, k);
      assert_true(u == v || (isnan(u) && isnan(v)));
    }
  }
}

static void runs_are_the_same(void **state) {
  (void)state;
  static const char *const overrides[] = {NULL, "search.repeats=2",
                                          "metric=[{name: validation_accuracy}]"};
  for (int i = 0; i < COUNT(overrides); i++) {
    Rig r;
    RunDir all, none, one;
    make_run(&r, overrides[i]);
    assert_int_equal(run_dir_read(&r.a, r.dir, RUN_CURVES_ALL, &all, &r.e), OK);
    assert_int_equal(run_dir_read(&r.a, r.dir, RUN_CURVES_NONE, &none, &r.e), OK);
    assert_true(all.n_done > 30 && all.n_failed > 0 && all.n_diverged > 0);
    same_but_for_curves(&r.a, &all, &none);
    for (int64_t k = 0; k < all.head.n_trials; k += 3) {
      assert_int_equal(run_dir_read(&r.a, r.dir, k, &one, &r.e), OK);
      same_but_for_curves(&r.a, &all, &one);
      for (int64_t j = 0; j < all.head.n_trials; j++) {
        if (j == k)
          assert_string_equal(text_of(&r.a, one.results[j]), text_of(&r.a, all.results[j]));
        else
          assert_int_equal(one.results[j]->curves.n_names, 0);
      }
    }
    remove_run(&r);
  }
}

/* Of a record in the middle, its curves among it. */
static void flipped_bits(void **state) {
  (void)state;
  Rig r;
  RunDir none;
  char *bytes, *at;
  size_t n;
  make_run(&r, NULL);
  const char *journal = file_join(&r.a, r.dir, "journal");
  assert_int_equal(file_read(&r.a, journal, 0, &bytes, &n, &r.e), OK);
  at = strchr(strchr(bytes, '\n') + 1, '\n') + 1;
  const size_t length = (size_t)(strchr(at, '\n') - at);
  assert_non_null(strstr(at, "curves"));
  for (size_t bit = 0; bit < 8 * length; bit += 5) {
    Arena scratch = {0};
    Err e = {0};
    at[bit / 8] = (char)(at[bit / 8] ^ (1 << bit % 8));
    assert_int_equal(file_write(journal, bytes, n, &r.e), OK);
    assert_int_equal(run_dir_read(&scratch, r.dir, RUN_CURVES_NONE, &none, &e), E_DATA);
    at[bit / 8] = (char)(at[bit / 8] ^ (1 << bit % 8));
    arena_free(&scratch);
  }
  remove_run(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(brief_texts),
      cmocka_unit_test(damaged_texts),
      cmocka_unit_test(runs_are_the_same),
      cmocka_unit_test(flipped_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
