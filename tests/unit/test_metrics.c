/* Every metric against a plain implementation of its own and against values worked out by hand; the
 * same bits however the rows are cut into chunks. */
#include "nn_case.h"
#include <math.h>
#include <string.h>

enum { MAX_ROWS = 700, MAX_D = 6 };

/* Rows as a model and a dataset would give them. */
typedef struct {
  int n, d, n_classes; /* n_classes 0: numbers */
  Real p[MAX_ROWS * MAX_D], values[MAX_ROWS * MAX_D];
  int32_t labels[MAX_ROWS];
  bool one_hot; /* the targets come as values, though they are classes */
} Rows;

static Arena arena;

static int setup(void **state) {
  (void)state;
  arena_init(&arena);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  arena_free(&arena);
  return 0;
}

static NnMetric *metric_of(const char *name, const char *params, const Rows *r, int64_t n_rows) {
  const KindValue v = nn_case_config(&arena, kind_find(&nn_metrics, name), params);
  const NnTargets t = {.n_classes = r->n_classes, .n_values = r->n_classes ? 0 : r->d};
  NnMetric *m;
  Err e = {0};
  if (nn_metric_new(&arena, v, t, r->d, n_rows, &m, &e) != OK) fail_msg("%s", e.text);
  nn_metric_open(m, &arena);
  return m;
}

/* Rows first .. end in chunks of `chunk`. */
static void feed(NnMetric *m, const Rows *r, int chunk) {
  nn_metric_start(m);
  const bool labels = r->n_classes > 0 && !r->one_hot;
  for (int first = 0; first < r->n; first += chunk) {
    const int left = r->n - first;
    const NnPredictions p = {.rows = left < chunk ? left : chunk,
                             .d = r->d,
                             .p = r->p + first * r->d,
                             .labels = labels ? r->labels + first : NULL,
                             .values = labels ? NULL : r->values + first * r->d};
    nn_metric_rows(m, &p);
  }
}

/* The value; the same bits from other chunks, from memory for more rows, and a second time. */
static double measure(const char *name, const char *params, const Rows *r) {
  static const int chunks[] = {1, 2, 7, 256, MAX_ROWS};
  NnMetric *m = metric_of(name, params, r, r->n);
  feed(m, r, r->n);
  const double first = nn_metric_value(m);
  NnMetric *roomy = metric_of(name, params, r, r->n + 13);
  for (int i = 0; i < COUNT(chunks); ++i) {
    feed(i % 2 ? m : roomy, r, chunks[i]);
    const double again = nn_metric_value(i % 2 ? m : roomy);
    if (memcmp(&first, &again, sizeof first) != 0)
      fail_msg("%s: %.17g in chunks of %d, %.17g at once", name, again, chunks[i], first);
  }
  return first;
}

static void near(double x, double expected) {
  if (!(fabs(x - expected) <= 1e-12 * (1 + fabs(expected))))
    fail_msg("%.17g, not %.17g", x, expected);
}

/* ---- by hand --------------------------------------------------------------------------------- */

/* labels, and predictions (n, d). */
static Rows classes_of(int n_classes, int d, int n, const int *labels, const double *p) {
  Rows r = {.n = n, .d = d, .n_classes = n_classes};
  for (int i = 0; i < n; ++i) r.labels[i] = labels[i];
  for (int i = 0; i < n * d; ++i) r.p[i] = (Real)p[i];
  return r;
}

static Rows numbers_of(int d, int n, const double *y, const double *p) {
  Rows r = {.n = n, .d = d};
  for (int i = 0; i < n * d; ++i) {
    r.values[i] = (Real)y[i];
    r.p[i] = (Real)p[i];
  }
  return r;
}

/* Six rows of three classes, predicted 0 2 1 0 0 1: 2 of 6 are right, both of class 0. */
static void test_averages_by_hand(void **state) {
  (void)state;
  const int labels[] = {0, 1, 2, 0, 1, 2};
  const double p[] = {.9, 0, .1, 0, .1, .9, 0, .9, .1, .9, .1, 0, .9, .1, 0, 0, .9, .1};
  const Rows r = classes_of(3, 3, 6, labels, p);
  near(measure("accuracy", "", &r), 1. / 3);
  near(measure("precision", "", &r), (2. / 3 + 0 + 0) / 3);
  near(measure("recall", "", &r), (1. + 0 + 0) / 3);
  near(measure("f1", "", &r), (2 * 2. / 5 + 0 + 0) / 3);
  near(measure("f1", "average: micro", &r), 1. / 3);
  near(measure("precision", "average: micro", &r), 1. / 3);
  near(measure("recall", "average: weighted", &r), 1. / 3);
  NnMetric *m = metric_of("confusion", "", &r, 6);
  feed(m, &r, 4);
  const int64_t expected[] = {2, 0, 0, 1, 0, 1, 0, 2, 0};
  assert_memory_equal(nn_metric_matrix(m), expected, sizeof expected);
}

/* Two classes: the second counts. 3 rows of it, 2 found, 1 false alarm. */
static void test_positive_by_hand(void **state) {
  (void)state;
  const int labels[] = {1, 1, 1, 0, 0, 0};
  const double p[] = {.9, .6, .5, .51, .2, .1}; /* one half is not above one half */
  const Rows r = classes_of(2, 1, 6, labels, p);
  near(measure("precision", "", &r), 2. / 3);
  near(measure("recall", "", &r), 2. / 3);
  near(measure("f1", "", &r), 2. / 3);
  near(measure("recall", "average: macro", &r), (2. / 3 + 2. / 3) / 2);
  near(measure("accuracy", "", &r), 4. / 6);
  near(measure("top_k", "k: 1", &r), 4. / 6);
  near(measure("top_k", "k: 2", &r), 1);
}

/* Nothing of the class, nothing predicted as it: 0, and no part of a mean over the classes. */
static void test_undefined(void **state) {
  (void)state;
  const int none[] = {0, 0};
  const double low[] = {.1, .2}, three[] = {.7, .2, .1, .8, .1, .1};
  Rows r = classes_of(2, 1, 2, none, low);
  near(measure("precision", "", &r), 0);
  near(measure("recall", "", &r), 0);
  near(measure("f1", "", &r), 0);
  assert_true(isnan(measure("auc", "", &r)));
  r = classes_of(3, 3, 2, none, three);
  near(measure("recall", "", &r), 1);
  near(measure("f1", "average: weighted", &r), 1);
  assert_true(isnan(measure("auc", "", &r)));
}

static void test_auc_by_hand(void **state) {
  (void)state;
  const int labels[] = {0, 0, 1, 1};
  const double p[] = {.1, .4, .35, .8}, same[] = {.5, .5, .5, .5}, tie[] = {.2, .5, .5, .9};
  const double reversed[] = {.8, .9, .1, .2};
  Rows r = classes_of(2, 1, 4, labels, p);
  near(measure("auc", "", &r), .75);
  r = classes_of(2, 1, 4, labels, same);
  near(measure("auc", "", &r), .5);
  r = classes_of(2, 1, 4, labels, tie);
  near(measure("auc", "", &r), 3.5 / 4);
  r = classes_of(2, 1, 4, labels, reversed);
  near(measure("auc", "", &r), 0);
  /* two outputs: the second's score; the third of three classes has no rows and is left out */
  const double two[] = {.9, .1, .6, .4, .65, .35, .2, .8};
  r = classes_of(2, 2, 4, labels, two);
  near(measure("auc", "", &r), .75);
  const double three[] = {.9, .1, 0, .4, .3, .3, .5, .2, .3, .1, .8, .1};
  r = classes_of(3, 3, 4, labels, three);
  near(measure("auc", "", &r), (3. / 4 + 3. / 4) / 2);
  r.p[5] = (Real)NAN;
  assert_true(isnan(measure("auc", "", &r)));
}

/* Of equal outputs the first is the larger, as the predicted class is the first of the largest. */
static void test_top_k_by_hand(void **state) {
  (void)state;
  const int labels[] = {0, 1, 2, 2};
  const double p[] = {.5, .2, .2, .3, .4, .2, .2, .4, .3, .7, .2, .1};
  Rows r = classes_of(3, 3, 4, labels, p);
  near(measure("top_k", "k: 1", &r), 2. / 4);
  near(measure("top_k", "k: 2", &r), 3. / 4);
  near(measure("top_k", "k: 3", &r), 1);
  const int tied[] = {0, 1, 2};
  const double equal[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  r = classes_of(3, 3, 3, tied, equal);
  near(measure("top_k", "k: 1", &r), 1. / 3);
  near(measure("top_k", "k: 2", &r), 2. / 3);
  near(measure("accuracy", "", &r), 1. / 3);
}

static void test_numbers_by_hand(void **state) {
  (void)state;
  const double y[] = {3, -.5, 2, 7}, p[] = {2.5, 0, 2, 8};
  Rows r = numbers_of(1, 4, y, p);
  near(measure("mean_absolute_error", "", &r), .5);
  near(measure("r2", "", &r), 1 - 1.5 / 29.1875);
  const double y2[] = {.5, 1, -1, 1, 7, -6}, p2[] = {0, 2, -1, 2, 8, -5};
  r = numbers_of(2, 3, y2, p2);
  near(measure("mean_absolute_error", "", &r), .75);
  near(measure("r2", "", &r), (1 - 1.25 / (217. / 6) + 1 - 3 / (98. / 3)) / 2);
  const double flat[] = {4, 4, 4}, off[] = {4, 4, 5};
  r = numbers_of(1, 3, flat, flat);
  near(measure("r2", "", &r), 1);
  r = numbers_of(1, 3, flat, off);
  near(measure("r2", "", &r), 0);
  const double nan[] = {4, NAN, 5};
  r = numbers_of(1, 3, off, nan);
  assert_true(isnan(measure("r2", "", &r)) && isnan(measure("mean_absolute_error", "", &r)));
}

/* ---- against plain implementations ----------------------------------------------------------- */

static uint32_t random_state;
static int draw(int n) {
  random_state = random_state * 1664525u + 1013904223u;
  return (int)((random_state >> 8) % (uint32_t)n);
}

static int largest(const Real *v, int d) {
  if (d == 1) return v[0] > (Real)0.5;
  int best = d - 1;
  for (int j = d - 1; j >= 0; --j)
    if (v[j] >= v[best]) best = j;
  return best;
}

/* Scores of `levels` values, so that many tie; `absent`: the last class has no rows. */
static Rows random_classes(int n_classes, int d, int n, int levels, bool absent, bool one_hot) {
  Rows r = {.n = n, .d = d, .n_classes = n_classes, .one_hot = one_hot};
  for (int i = 0; i < n * d; ++i) r.p[i] = (Real)draw(levels) / (Real)levels;
  for (int i = 0; i < n; ++i) {
    r.labels[i] = draw(n_classes - absent);
    if (draw(2) && d > 1) r.p[i * d + r.labels[i]] += (Real)0.25;
    if (d == 1) r.values[i] = (Real)r.labels[i];
    if (d > 1) r.values[i * d + r.labels[i]] = 1;
  }
  return r;
}

static double plain_auc_of(const Rows *r, int c, int column) {
  double won = 0, pairs = 0;
  for (int i = 0; i < r->n; ++i) {
    for (int k = 0; k < r->n; ++k) {
      if (r->labels[i] != c || r->labels[k] == c) continue;
      const Real a = r->p[i * r->d + column], b = r->p[k * r->d + column];
      won += a > b ? 1 : a == b ? 0.5 : 0;
      pairs += 1;
    }
  }
  return pairs > 0 ? won / pairs : NAN;
}

static double plain_auc(const Rows *r) {
  if (r->n_classes == 2) return plain_auc_of(r, 1, r->d - 1);
  double sum = 0;
  int n = 0;
  for (int c = 0; c < r->n_classes; ++c) {
    const double x = plain_auc_of(r, c, c);
    if (isnan(x)) continue;
    sum += x;
    n++;
  }
  return sum / n;
}

/* Precision, recall, f1 of one class; false: it neither occurs nor was predicted. */
static bool plain_class(const Rows *r, int c, double out[3], double *weight) {
  double tp = 0, fp = 0, fn = 0;
  for (int i = 0; i < r->n; ++i) {
    const bool is = r->labels[i] == c, said = largest(r->p + i * r->d, r->d) == c;
    tp += is && said;
    fp += !is && said;
    fn += is && !said;
  }
  out[0] = tp + fp > 0 ? tp / (tp + fp) : 0;
  out[1] = tp + fn > 0 ? tp / (tp + fn) : 0;
  out[2] = tp > 0 ? 2 * out[0] * out[1] / (out[0] + out[1]) : 0;
  *weight = tp + fn;
  return tp + fp + fn > 0;
}

static double plain_top_k(const Rows *r, int k) {
  double right = 0;
  for (int i = 0; i < r->n; ++i) {
    Real v[MAX_D];
    memcpy(v, r->p + i * r->d, (size_t)r->d * sizeof *v);
    for (int take = 0; take < k; ++take) {
      const int best = largest(v, r->d);
      right += best == r->labels[i];
      v[best] = -1;
    }
  }
  return right / r->n;
}

static void compare_classes(const Rows *r) {
  static const char *const names[] = {"precision", "recall", "f1"};
  double macro[3] = {0}, weighted[3] = {0}, one[MAX_D][3], n = 0, right = 0;
  for (int c = 0; c < r->n_classes; ++c) {
    double weight;
    if (!plain_class(r, c, one[c], &weight)) continue;
    n++;
    for (int k = 0; k < 3; ++k) {
      macro[k] += one[c][k];
      weighted[k] += weight * one[c][k];
    }
  }
  for (int i = 0; i < r->n; ++i) right += largest(r->p + i * r->d, r->d) == r->labels[i];
  near(measure("accuracy", "", r), right / r->n);
  for (int k = 0; k < 3; ++k) {
    near(measure(names[k], "", r), r->n_classes == 2 ? one[1][k] : macro[k] / n);
    near(measure(names[k], "average: macro", r), macro[k] / n);
    near(measure(names[k], "average: weighted", r), weighted[k] / r->n);
    near(measure(names[k], "average: micro", r), right / r->n);
  }
  near(measure("auc", "", r), plain_auc(r));
  for (int k = 1; k <= r->n_classes && r->d > 1; ++k)
    near(measure("top_k", arena_printf(&arena, "k: %d", k), r), plain_top_k(r, k));
}

static void compare_confusion(const Rows *r) {
  NnMetric *m = metric_of("confusion", "", r, r->n);
  feed(m, r, 7);
  const int64_t *counts = nn_metric_matrix(m);
  for (int is = 0; is < r->n_classes; ++is) {
    for (int said = 0; said < r->n_classes; ++said) {
      int64_t n = 0;
      for (int i = 0; i < r->n; ++i)
        n += r->labels[i] == is && largest(r->p + i * r->d, r->d) == said;
      assert_int_equal(counts[is * r->n_classes + said], n);
    }
  }
}

static void test_classes(void **state) {
  (void)state;
  static const struct {
    int n_classes, d, n, levels;
    bool absent, one_hot;
  } cases[] = {
      {2, 1, 300, 9, false, false}, {2, 1, 101, 1000, false, true},   {2, 2, 257, 5, false, false},
      {3, 3, 700, 50, false, true}, {5, 5, 513, 7, true, false},      {6, 6, 64, 2, true, true},
      {4, 4, 1, 10, false, false},  {5, 5, 400, 100000, true, false},
  };
  random_state = 7;
  for (int i = 0; i < COUNT(cases); ++i) {
    const Rows r = random_classes(cases[i].n_classes, cases[i].d, cases[i].n, cases[i].levels,
                                  cases[i].absent, cases[i].one_hot);
    if (r.n > 1) compare_classes(&r);
    compare_confusion(&r);
  }
}

static void compare_numbers(const Rows *r) {
  long double absolute = 0, r2 = 0;
  for (int j = 0; j < r->d; ++j) {
    long double mean = 0, residual = 0, total = 0;
    for (int i = 0; i < r->n; ++i) mean += r->values[i * r->d + j];
    mean /= r->n;
    for (int i = 0; i < r->n; ++i) {
      const long double y = r->values[i * r->d + j], error = y - r->p[i * r->d + j];
      residual += error * error;
      absolute += error < 0 ? -error : error;
      total += (y - mean) * (y - mean);
    }
    r2 += 1 - residual / total;
  }
  near(measure("r2", "", r), (double)(r2 / r->d));
  near(measure("mean_absolute_error", "", r), (double)(absolute / r->d / r->n));
}

/* Targets near 0, and a million away with a spread of 1: there the squares keep no digit of it. */
static void test_numbers(void **state) {
  (void)state;
  static const struct {
    int d, n;
    double away;
  } cases[] = {{1, 700, 0}, {3, 333, 0}, {1, 600, 1e6}, {2, 2, -5}};
  random_state = 11;
  for (int i = 0; i < COUNT(cases); ++i) {
    Rows r = {.n = cases[i].n, .d = cases[i].d};
    for (int k = 0; k < r.n * r.d; ++k) {
      r.values[k] = (Real)(cases[i].away + draw(17) / 8.);
      r.p[k] = r.values[k] + (Real)(draw(9) / 8. - .5);
    }
    compare_numbers(&r);
  }
}

/* ---- what does not apply --------------------------------------------------------------------- */

static void refused(const char *name, const char *params, NnTargets t, int d, const char *text) {
  const KindValue v = nn_case_config(&arena, kind_find(&nn_metrics, name), params);
  NnMetric *m;
  Err e = {0};
  assert_int_equal(nn_metric_new(&arena, v, t, d, 10, &m, &e), E_SHAPE);
  assert_string_equal(e.text, text);
}

static void test_refused(void **state) {
  (void)state;
  const NnTargets classes = {.n_classes = 4}, values = {.n_values = 2};
  static const char *const of_classes[] = {"accuracy", "top_k", "precision", "recall",
                                           "f1",       "auc",   "confusion"};
  for (int i = 0; i < COUNT(of_classes); ++i)
    refused(of_classes[i], "", values, 2,
            arena_printf(&arena, "%s is of predicted classes, but the targets here are numbers",
                         of_classes[i]));
  refused("r2", "", classes, 4, "r2 is of predicted numbers, but the targets here are classes");
  refused("mean_absolute_error", "", classes, 4,
          "mean_absolute_error is of predicted numbers, but the targets here are classes");
  refused("top_k", "", classes, 4, "top_k: k is 5, but there are 4 classes; write {top_k: 3}");
  refused(
      "f1", "average: positive", classes, 4,
      "f1: average: positive is of two classes, and here are 4; write macro, micro or weighted");
  refused("confusion", "", (NnTargets){.n_classes = 1001}, 1001,
          "confusion: 1001 classes make 1002001 counts; at most 1000 classes");
}

static void test_names(void **state) {
  (void)state;
  static const struct {
    const char *kind, *params, *name;
    bool maximize;
  } cases[] = {{"f1", "", "f1", true},
               {"f1", "average: micro", "f1_micro", true},
               {"recall", "average: weighted", "recall_weighted", true},
               {"top_k", "", "top_5", true},
               {"auc", "", "auc", true},
               {"r2", "", "r2", true},
               {"mean_absolute_error", "", "mean_absolute_error", false}};
  for (int i = 0; i < COUNT(cases); ++i) {
    const Kind *kind = kind_find(&nn_metrics, cases[i].kind);
    assert_string_equal(nn_metric_name(&arena, nn_case_config(&arena, kind, cases[i].params)),
                        cases[i].name);
    assert_true(nn_metric_maximize(kind) == cases[i].maximize);
    assert_false(nn_metric_is_matrix(kind));
  }
  assert_true(nn_metric_is_matrix(kind_find(&nn_metrics, "confusion")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_averages_by_hand, setup, teardown),
      cmocka_unit_test_setup_teardown(test_positive_by_hand, setup, teardown),
      cmocka_unit_test_setup_teardown(test_undefined, setup, teardown),
      cmocka_unit_test_setup_teardown(test_auc_by_hand, setup, teardown),
      cmocka_unit_test_setup_teardown(test_top_k_by_hand, setup, teardown),
      cmocka_unit_test_setup_teardown(test_numbers_by_hand, setup, teardown),
      cmocka_unit_test_setup_teardown(test_classes, setup, teardown),
      cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
      cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
      cmocka_unit_test_setup_teardown(test_names, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
