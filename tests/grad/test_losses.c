/* Losses against worked numbers, and what they say to targets that do not fit. */
#include <math.h>
#include "nn/class_loss.h"
#include "nn_case.h"

static const NnClassLoss plain; /* as evaluation has it */

static const NnLossKind *loss(const char *name) {
  return nn_loss_at(kind_find(&nn_losses, name), cpu_level());
}

static void near(double a, double b, double off) {
  if (!(fabs(a - b) <= off)) fail_msg("%.15g is not %.15g", a, b);
}

/* z = (5, 2, -1, 3): softmax (0.842, 0.042, 0.002, 0.114). */
static void test_softmax(void **state) {
  (void)state;
  const Real z[] = {5, 2, -1, 3};
  const int32_t label = 0;
  Real p[4], gz[4];
  NnScore s = {0};
  loss("softmax_cross_entropy")->forward(&plain, 1, 4, z, &label, NULL, p, &s);
  const double t[] = {exp(5), exp(2), exp(-1), exp(3)}, sum = t[0] + t[1] + t[2] + t[3];
  const double rounded[] = {0.842, 0.042, 0.002, 0.114}, t_rounded[] = {148.4, 7.4, 0.4, 20.1};
  for (int j = 0; j < 4; ++j) {
    near(p[j] * sum, t_rounded[j], 0.05);
    near(p[j], rounded[j], 0.0005);
    near(p[j], t[j] / sum, 1e-15);
  }
  near(s.loss, -log(t[0] / sum), 1e-14);
  assert_true(s.correct == 1);
  /* dz = yhat - y for one example, that over m in a batch of m */
  for (int m = 1; m <= 4; m *= 4) {
    loss("softmax_cross_entropy")->backward(&plain, 1, 4, m, p, &label, NULL, gz);
    for (int j = 0; j < 4; ++j) near(gz[j], (p[j] - (j == label)) / m, 1e-16);
  }
}

/* y = (0, 1, 0, 0), yhat = (.3, .2, .1, .4): L = 1.609. */
static void test_cross_entropy(void **state) {
  (void)state;
  const Real z[] = {log(.3), log(.2), log(.1), log(.4)};
  const int32_t label = 1;
  Real p[4];
  NnScore s = {0};
  loss("softmax_cross_entropy")->forward(&plain, 1, 4, z, &label, NULL, p, &s);
  near(s.loss, 1.609, 0.0005);
  near(s.loss, -log(.2), 1e-15);
  near(p[3], .4, 1e-15);
  assert_true(s.correct == 0);
}

static void test_no_overflow(void **state) {
  (void)state;
  const Real z[] = {1e4, -1e4, 0, 1e4, -1e4, -1e4};
  const int32_t labels[] = {1, 0};
  Real p[6], gz[6];
  NnScore s = {0};
  loss("softmax_cross_entropy")->forward(&plain, 2, 3, z, labels, NULL, p, &s);
  near(s.loss, 2e4, 1e-9);
  near(p[0], 1, 0);
  near(p[1], 0, 0);
  assert_true(s.correct == 1);
  loss("softmax_cross_entropy")->backward(&plain, 2, 3, 2, p, labels, NULL, gz);
  near(gz[0], 0.5, 0);
  near(gz[1], -0.5, 0);

  const Real y[] = {0, 0, 1, 1, 1, 0};
  s = (NnScore){0};
  loss("sigmoid_cross_entropy")->forward(&plain, 2, 3, z, NULL, y, p, &s);
  near(s.loss, 1e4 + log(2) + 1e4, 1e-9);
}

/* Of equal outputs the first counts as the prediction. */
static void test_ties(void **state) {
  (void)state;
  const Real z[] = {1, 2, 2, 1, 2, 2};
  const int32_t labels[] = {1, 2};
  Real p[6];
  NnScore s = {0};
  loss("softmax_cross_entropy")->forward(&plain, 2, 3, z, labels, NULL, p, &s);
  assert_true(s.correct == 1);
}

/* Rows are summed in blocks: more than one block, and every row at its place. */
static void test_many_rows(void **state) {
  (void)state;
  enum { ROWS = 150, D = 3 };
  Real z[ROWS * D], p[ROWS * D];
  int32_t labels[ROWS];
  nn_case_numbers(5, ROWS * D, z);
  double expected = 0;
  for (int i = 0; i < ROWS; ++i) {
    double sum = 0;
    labels[i] = i % D;
    for (int j = 0; j < D; ++j) sum += exp(z[i * D + j]);
    expected += log(sum) - z[i * D + labels[i]];
  }
  NnScore s = {0};
  loss("softmax_cross_entropy")->forward(&plain, ROWS, D, z, labels, NULL, p, &s);
  near(s.loss, expected, 1e-11);
}

/* C = 2: softmax(z)_1 = sigmoid(z1 - z2), and the losses agree. */
static void test_two_classes(void **state) {
  (void)state;
  const Real z[] = {0.7, -1.9}, difference = z[0] - z[1], yes = 1;
  const int32_t label = 0;
  Real p[2], q;
  NnScore a = {0}, b = {0};
  loss("softmax_cross_entropy")->forward(&plain, 1, 2, z, &label, NULL, p, &a);
  loss("sigmoid_cross_entropy")->forward(&plain, 1, 1, &difference, NULL, &yes, &q, &b);
  near(p[0], q, 1e-15);
  near(a.loss, b.loss, 1e-15);
  assert_true(b.correct == 1);
}

static void test_squared_error(void **state) {
  (void)state;
  const Real z[] = {1, 2, 3, 4}, y[] = {0, 4, 3, 1};
  Real p[4], gz[4];
  NnScore s = {0};
  loss("mean_squared_error")->forward(&plain, 2, 2, z, NULL, y, p, &s);
  near(s.loss, (1 + 4) / 2.0 + 9 / 2.0, 1e-15);
  loss("mean_squared_error")->backward(&plain, 2, 2, 2, p, NULL, y, gz);
  near(gz[0], 0.5, 1e-16);
  near(gz[1], -1, 1e-16);
  near(gz[3], 1.5, 1e-16);
}

/* yhat = (.3, .2, .1, .4), class 1 of 4, e = .2: y' = (.05, .85, .05, .05). */
static void test_label_smoothing(void **state) {
  (void)state;
  const NnClassLoss smooth = {.label_smoothing = 0.2};
  const double yhat[] = {.3, .2, .1, .4}, target[] = {.05, .85, .05, .05};
  const Real z[] = {log(.3) + 7, log(.2) + 7, log(.1) + 7, log(.4) + 7};
  const int32_t label = 1;
  Real p[4], gz[4];
  NnScore s = {0};
  loss("softmax_cross_entropy")->forward(&smooth, 1, 4, z, &label, NULL, p, &s);
  double expected = 0;
  for (int j = 0; j < 4; ++j) expected -= target[j] * log(yhat[j]);
  near(s.loss, expected, 1e-14);
  loss("softmax_cross_entropy")->backward(&smooth, 1, 4, 2, p, &label, NULL, gz);
  for (int j = 0; j < 4; ++j) near(gz[j], (yhat[j] - target[j]) / 2, 1e-15);

  /* Yes or no at each output: y' = .9 and .1. */
  const Real two[] = {1.5, -0.4}, y[] = {1, 0};
  s = (NnScore){0};
  loss("sigmoid_cross_entropy")->forward(&smooth, 1, 2, two, NULL, y, p, &s);
  const double a = 1 / (1 + exp(-1.5)), b = 1 / (1 + exp(0.4));
  near(s.loss, -.9 * log(a) - .1 * log(1 - a) - .1 * log(b) - .9 * log(1 - b), 1e-14);
  loss("sigmoid_cross_entropy")->backward(&smooth, 1, 2, 1, p, NULL, y, gz);
  near(gz[0], a - .9, 1e-15);
  near(gz[1], b - .1, 1e-15);
}

static void test_smoothing_does_not_overflow(void **state) {
  (void)state;
  const NnClassLoss smooth = {.label_smoothing = 0.5};
  const Real z[] = {1e4, -1e4};
  const int32_t label = 0;
  Real p[2];
  NnScore s = {0};
  loss("softmax_cross_entropy")->forward(&smooth, 1, 2, z, &label, NULL, p, &s);
  near(s.loss, 0.25 * 2e4, 1e-9);
}

/* A row of class c counts w_c times, in the loss and in the gradient; m stays the rows' number. */
static void test_class_weights(void **state) {
  (void)state;
  double w[] = {2, 0.5, 0};
  const NnClassLoss weighted = {.class_weights = {w, 3}};
  const Real z[] = {0.3, -1, 2, 0.7, 0.1, -0.2, 1, 2, 3};
  const int32_t labels[] = {1, 0, 2};
  const char *names[] = {"softmax_cross_entropy", "sigmoid_cross_entropy"};
  const Real one_hot[] = {0, 1, 0, 1, 0, 0, 0, 0, 1};
  for (int k = 0; k < 2; ++k) {
    const NnLossKind *l = loss(names[k]);
    Real p[9], gz[9], each[9];
    double expected = 0;
    NnScore s = {0};
    l->forward(&weighted, 3, 3, z, labels, one_hot, p, &s);
    l->backward(&weighted, 3, 3, 3, p, labels, one_hot, gz);
    l->backward(&plain, 3, 3, 3, p, labels, one_hot, each);
    for (int i = 0; i < 3; ++i) {
      NnScore row = {0};
      l->forward(&plain, 1, 3, z + 3 * i, labels + i, one_hot + 3 * i, p, &row);
      expected += w[labels[i]] * row.loss;
      for (int j = 3 * i; j < 3 * i + 3; ++j) near(gz[j], w[labels[i]] * each[j], 1e-16);
    }
    near(s.loss, expected, 1e-14);
  }
  /* One output: the class is y. */
  const Real y[] = {1, 0};
  Real p[2], gz[2];
  NnScore s = {0};
  loss("sigmoid_cross_entropy")->forward(&weighted, 2, 1, z, NULL, y, p, &s);
  near(s.loss, 0.5 * log(1 + exp(-0.3)) + 2 * log(1 + exp(-1)), 1e-14);
  loss("sigmoid_cross_entropy")->backward(&weighted, 2, 1, 2, p, NULL, y, gz);
  near(gz[0], 0.5 * (1 / (1 + exp(-0.3)) - 1) / 2, 1e-16);
  near(gz[1], 2 / (1 + exp(1)) / 2, 1e-16);
}

static void test_absolute_error(void **state) {
  (void)state;
  const Real z[] = {1, 2, 3, 4}, y[] = {0, 4, 3, 1};
  Real p[4], gz[4];
  NnScore s = {0};
  loss("mean_absolute_error")->forward(NULL, 2, 2, z, NULL, y, p, &s);
  near(s.loss, (1 + 2) / 2.0 + 3 / 2.0, 1e-15);
  loss("mean_absolute_error")->backward(NULL, 2, 2, 2, p, NULL, y, gz);
  const double expected[] = {0.25, -0.25, 0, 0.25};
  for (int j = 0; j < 4; ++j) near(gz[j], expected[j], 0);
}

/* delta = 2: errors 1, -2, 0, 3, of which the last is beyond the bend. */
static void test_huber(void **state) {
  (void)state;
  const double delta = 2;
  const Real z[] = {1, 2, 3, 4}, y[] = {0, 4, 3, 1};
  Real p[4], gz[4];
  NnScore s = {0};
  loss("huber")->forward(&delta, 2, 2, z, NULL, y, p, &s);
  near(s.loss, (0.5 + 2) / 2 + (0 + 2 * (3 - 1.0)) / 2, 1e-15);
  loss("huber")->backward(&delta, 2, 2, 2, p, NULL, y, gz);
  const double expected[] = {0.25, -0.5, 0, 0.5};
  for (int j = 0; j < 4; ++j) near(gz[j], expected[j], 0);
}

/* Without targets: predictions only. */
static void test_predictions_only(void **state) {
  (void)state;
  const Real z[] = {0, 1};
  Arena a;
  arena_init(&a);
  for (int i = 0; i < nn_losses.n; ++i) {
    Real p[2] = {9, 9};
    const KindValue v = kind_default(nn_losses.kinds[i], &a);
    loss(v.kind->name)->forward(v.config, 1, 2, z, NULL, NULL, p, NULL);
    assert_true(p[0] < p[1] && p[1] <= 1);
  }
  arena_free(&a);
}

static void refuses(const char *name, int d, NnTargets t, const char *message) {
  Err e = {0};
  NnTargetForm form;
  int n_values;
  assert_int_equal(loss(name)->plan(&plain, d, t, &form, &n_values, &e), E_SHAPE);
  if (!strstr(e.text, message)) fail_msg("\"%s\" does not say \"%s\"", e.text, message);
}

static void test_messages(void **state) {
  (void)state;
  refuses("softmax_cross_entropy", 7, (NnTargets){.n_classes = 10},
          "10 classes, but 7 outputs; write \"units: classes\"");
  refuses("softmax_cross_entropy", 1, (NnTargets){.n_values = 1}, "use mean_squared_error");
  refuses("sigmoid_cross_entropy", 2, (NnTargets){.n_values = 1}, "write \"units: 1\"");
  refuses("mean_squared_error", 2, (NnTargets){.n_values = 5}, "write \"units: 5\"");
  refuses("huber", 2, (NnTargets){.n_values = 5}, "huber: 5 target values");
  refuses("mean_absolute_error", 1, (NnTargets){.n_classes = 5}, "mean_absolute_error: 5 classes");
  refuses("mean_squared_error", 2, (NnTargets){.n_classes = 5}, "write \"units: classes\"");
}

static KindValue with_weights(Arena *a, const char *weights) {
  return nn_case(a, &nn_losses, "softmax_cross_entropy",
                 arena_printf(a, "class_weights: %s", weights));
}

/* One weight for each class, and the place of what is wrong. */
static void test_weights_and_classes(void **state) {
  (void)state;
  Arena a;
  arena_init(&a);
  const NnTargets three = {.n_classes = 3}, values = {.n_values = 3};
  const struct {
    const char *weights, *message;
    NnTargets targets;
    int element;
  } rows[] = {
      {"[1,2]", "expected one for each of the 3 classes, found 2", three, -1},
      {"[1,2,3,4,5]", "expected one for each of the 3 classes, found 5", three, 3},
      {"[1,2,3]", "there are no classes", values, -1},
      {"balanced", "there are no classes", values, -1},
  };
  for (int i = 0; i < COUNT(rows); ++i) {
    Err e = {0};
    ParamPlace place = {0};
    assert_int_equal(nn_loss_check(with_weights(&a, rows[i].weights), rows[i].targets, &place, &e),
                     E_SHAPE);
    if (!strstr(e.text, rows[i].message)) fail_msg("%s", e.text);
    assert_string_equal(place.param, "class_weights");
    assert_int_equal(place.element, rows[i].element);
  }
  ParamPlace place;
  MUST(nn_loss_check(with_weights(&a, "[1,2,3]"), three, &place, e));
  MUST(nn_loss_check(with_weights(&a, "balanced"), three, &place, e));
  assert_true(nn_loss_is_balanced(with_weights(&a, "balanced")));
  assert_false(nn_loss_is_balanced(with_weights(&a, "[1,2,3]")));
  assert_false(nn_loss_is_balanced(nn_case(&a, &nn_losses, "huber", "")));
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_softmax),
      cmocka_unit_test(test_cross_entropy),
      cmocka_unit_test(test_no_overflow),
      cmocka_unit_test(test_ties),
      cmocka_unit_test(test_many_rows),
      cmocka_unit_test(test_two_classes),
      cmocka_unit_test(test_squared_error),
      cmocka_unit_test(test_predictions_only),
      cmocka_unit_test(test_messages),
      cmocka_unit_test(test_label_smoothing),
      cmocka_unit_test(test_class_weights),
      cmocka_unit_test(test_absolute_error),
      cmocka_unit_test(test_huber),
      cmocka_unit_test(test_weights_and_classes),
      cmocka_unit_test(test_smoothing_does_not_overflow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
