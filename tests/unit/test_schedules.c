/* Schedules: golden numbers, epochs from 1. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/scalar.h"
#include "nn/nn.h"

static Arena arena;

/* The schedule `name`, with one parameter set where `param` is not NULL. */
static KindValue make(const char *name, const char *param, const char *value) {
  const Kind *kind = kind_find(&nn_schedules, name);
  assert_non_null(kind);
  KindValue v = kind_default(kind, &arena);
  if (param) {
    Err e = {0};
    const Param *p = param_find(kind->params, kind->n_params, param);
    assert_non_null(p);
    assert_int_equal(param_parse(&arena, p, v.config, value, &e), OK);
  }
  return v;
}

static void check(KindValue v, double learning_rate, int64_t n_epochs, const double *expected,
                  int n) {
  for (int i = 0; i < n; ++i) {
    const double found = nn_schedule_rate(v, learning_rate, i + 1, n_epochs);
    if (!(fabs(found - expected[i]) <= 1e-15)) {
      print_error("%s, epoch %d: found %.17g, expected %.17g\n", v.kind->name, i + 1, found,
                  expected[i]);
      fail();
    }
  }
}
#define CHECK_RATES(v, learning_rate, n_epochs, ...)                                               \
  check((v), (learning_rate), (n_epochs), (const double[]){__VA_ARGS__},                           \
        COUNT(((const double[]){__VA_ARGS__})))

static void test_constant(void **s) {
  (void)s;
  CHECK_RATES(make("constant", NULL, NULL), 0.3, 3, 0.3, 0.3, 0.3);
}

static void test_inverse_time(void **s) {
  (void)s;
  CHECK_RATES(make("inverse_time", NULL, NULL), 0.2, 4, 0.1, 0.2 / 3, 0.05, 0.04);
  CHECK_RATES(make("inverse_time", "decay_rate", "0.5"), 0.3, 4, 0.2, 0.15, 0.12, 0.1);
  CHECK_RATES(make("inverse_time", "decay_rate", "0"), 0.3, 2, 0.3, 0.3);
}

static void test_exponential(void **s) {
  (void)s;
  CHECK_RATES(make("exponential", NULL, NULL), 1, 100, 0.95, 0.9025, 0.857375, 0.81450625);
  CHECK_RATES(make("exponential", "decay", "0.5"), 0.2, 3, 0.1, 0.05, 0.025);
}

/* Epoch 1 has the whole rate; the end of the line is behind the last epoch. */
static void test_linear(void **s) {
  (void)s;
  CHECK_RATES(make("linear", NULL, NULL), 0.2, 4, 0.2, 0.15, 0.1, 0.05, 0, 0);
  CHECK_RATES(make("linear", "final", "0.5"), 0.2, 4, 0.2, 0.175, 0.15, 0.125, 0.1, 0.1);
  CHECK_RATES(make("linear", NULL, NULL), 0.2, 1, 0.2);
}

/* (1 + cos(k pi / 6)) / 2 at k = 0, 1, 2, 3, 4, 5. */
static void test_cosine(void **s) {
  (void)s;
  const double high = (2 + sqrt(3.0)) / 4, low = (2 - sqrt(3.0)) / 4;
  CHECK_RATES(make("cosine", NULL, NULL), 1, 6, 1, high, 0.75, 0.5, 0.25, low, 0, 0);
  CHECK_RATES(make("cosine", "final", "0.2"), 0.1, 2, 0.1, 0.06, 0.02);
}

/* The epochs of `at` are the first with the lower rate. */
static void test_stairs(void **s) {
  (void)s;
  CHECK_RATES(make("stairs", "at", "[3, 5]"), 0.2, 6, 0.2, 0.2, 0.02, 0.02, 0.002, 0.002);
  CHECK_RATES(make("stairs", "at", "[1]"), 0.2, 2, 0.02, 0.02);
}

static void test_inverse_sqrt(void **s) {
  (void)s;
  CHECK_RATES(make("inverse_sqrt", NULL, NULL), 0.2, 9, 0.2, 0.2 / sqrt(2.0), 0.2 / sqrt(3.0), 0.1);
  CHECK_RATES(make("inverse_sqrt", "k", "0.5"), 0.2, 4, 0.1, 0.1 / sqrt(2.0), 0.1 / sqrt(3.0),
              0.05);
}

/* Stair n is what epoch n would be. */
static void test_every(void **s) {
  (void)s;
  CHECK_RATES(make("inverse_time", "every", "2"), 0.2, 6, 0.1, 0.1, 0.2 / 3, 0.2 / 3, 0.05, 0.05);
  CHECK_RATES(make("exponential", "every", "3"), 1, 7, 0.95, 0.95, 0.95, 0.9025, 0.9025, 0.9025,
              0.857375);
  CHECK_RATES(make("inverse_sqrt", "every", "1"), 1, 4, 1, 1 / sqrt(2.0), 1 / sqrt(3.0), 0.5);
}

static KindValue make_table(const char *epochs, const char *rates) {
  KindValue v = make("table", "epochs", epochs);
  Err e = {0};
  const Param *p = param_find(v.kind->params, v.kind->n_params, "rates");
  assert_int_equal(param_parse(&arena, p, v.config, rates, &e), OK);
  return v;
}

/* Rates by hand are not those of the optimizer. */
static void test_table(void **s) {
  (void)s;
  const KindValue v = make_table("[1, 3, 4]", "[0.1, 0.01, 0.001]");
  CHECK_RATES(v, 7, 5, 0.1, 0.1, 0.01, 0.001, 0.001);
  assert_true(nn_schedule_is_absolute(v.kind));
  assert_false(nn_schedule_is_absolute(kind_find(&nn_schedules, "stairs")));
}

static void test_table_checks(void **s) {
  (void)s;
  static const struct {
    const char *epochs, *rates, *param, *message;
    int element;
  } rows[] = {
      {"[2, 3]", "[1, 1]", "epochs",
       "epochs: the first must be 1, found 2: what rate should epoch 1 have?", 0},
      {"[1, 3, 3]", "[1, 1, 1]", "epochs", "epochs: epochs must ascend, but 3 follows 3", 2},
      {"[1, 2.5]", "[1, 1]", "epochs", "epochs: expected whole epochs, found 2.5", 1},
      {"[1, 3]", "[1]", "rates", "rates: expected one for each of the 2 epochs, found 1", -1},
      {"[1, 3]", "[1, 1, 1]", "rates", "rates: expected one for each of the 2 epochs, found 3", 2},
  };
  for (int i = 0; i < COUNT(rows); ++i) {
    const KindValue v = make_table(rows[i].epochs, rows[i].rates);
    Err e = {0};
    ParamPlace place = {0};
    assert_int_equal(v.kind->check(v.config, &place, &e), E_SPEC);
    assert_string_equal(e.text, rows[i].message);
    assert_string_equal(place.param, rows[i].param);
    assert_int_equal(place.element, rows[i].element);
  }
  Err e = {0};
  const KindValue v = make_table("[1]", "[0.3]");
  assert_int_equal(v.kind->check(v.config, &(ParamPlace){0}, &e), OK);
}

/* Every schedule: finite and positive while training, never above the base rate, and linear in it.
 */
static void test_all(void **s) {
  (void)s;
  for (int k = 0; k < nn_schedules.n; ++k) {
    if (nn_schedule_is_absolute(nn_schedules.kinds[k])) continue; /* has rates of its own */
    KindValue v = make(nn_schedules.kinds[k]->name, NULL, NULL);
    for (int64_t epoch = 1; epoch <= 20; ++epoch) {
      const double rate = nn_schedule_rate(v, 0.1, epoch, 20);
      assert_true(rate > 0 && rate <= 0.1);
      assert_true(fabs(nn_schedule_rate(v, 0.3, epoch, 20) - 3 * rate) < 1e-15);
    }
  }
}

int main(void) {
  arena_init(&arena);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_constant),     cmocka_unit_test(test_inverse_time),
      cmocka_unit_test(test_exponential),  cmocka_unit_test(test_linear),
      cmocka_unit_test(test_cosine),       cmocka_unit_test(test_stairs),
      cmocka_unit_test(test_inverse_sqrt), cmocka_unit_test(test_every),
      cmocka_unit_test(test_table),        cmocka_unit_test(test_table_checks),
      cmocka_unit_test(test_all),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_free(&arena);
  return failed;
}
