/* Costs: precedence, errors of the syntax, what a trial of a cost comes to. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cost_rig.h"

static double value_of(const char *expression) {
  char text[512];
  Cost c;
  snprintf(text, sizeof text,
           "cost: 0*w + %s\nparameters: {w: 1}\ndata: {u: [1, 2, 4, 8], k: 3}\n"
           "train: {steps: 1}\n",
           expression);
  open_cost(&c, text);
  const double value = differentiate(&c);
  close_cost(&c);
  return value;
}

static void precedence(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
  } cases[] = {
      {"2 + 3*4", 14},
      {"(2 + 3)*4", 20},
      {"-2^2", -4},
      {"(-2)^2", 4},
      {"2^3^2", 512},
      {"(2^3)^2", 64},
      {"2^-1", 0.5},
      {"2^-3^0", 0.5},
      {"8/4/2", 1},
      {"8 - 4 - 2", 2},
      {"8 - (4 - 2)", 6},
      {"-2*-3", 6},
      {"--2", 2},
      {"- -2 + +1", 3},
      {"2*3^2", 18},
      {"1e-2*100", 1},
      {".5 + 1.", 1.5},
      {"2E1/4", 5},
      {"max(1, 2)^2", 4},
      {"min(3, k)*2", 6},
      {"u[1]", 2},
      {"u[3]^u[0]", 8},
      {"sum(u[1:3])", 6},
      {"mean(u)", 3.75},
      {"max(u)", 8},
      {"min(u)", 1},
      {"dot(u, u[0:4])", 85},
      {"sum(u - k)", 3},
      {"sum(k - u)", -3},
      {"sum(u/k)*3", 15},
      {"(u + 1)[2]", 5},
      {"u[1:4][1]", 4},
      {"abs(-3)", 3},
      {"relu(-3)", 0},
      {"relu(3)", 3},
      {"sqrt(9)", 3},
      {"exp(0)", 1},
      {"log(1)", 0},
      {"square(3) - 1", 8},
      {"sin(0) + cos(0)", 1},
      {"tanh(0)", 0},
      {"sigmoid(0)", 0.5},
      {"softplus(0)", 0.69314718},
      {"log1p(0) + erf(0)", 0},
  };
  for (int i = 0; i < COUNT(cases); i++) {
    const double value = value_of(cases[i].text);
    if (!(fabs(value - cases[i].value) < 1e-6 * (1 + fabs(value))))
      fail_msg("%s is %.9g, expected %.9g", cases[i].text, value, cases[i].value);
  }
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void problems(void **state) {
  Arena *a = *state;
  static const struct {
    const char *text, *message;
    int from, length;
  } cases[] = {
      {"w *", "expected a value after \"*\"", 2, 1},
      {"w * / 2", "expected a value after \"*\", found \"/\"", 4, 1},
      {") + w", "expected a value, found \")\"", 0, 1},
      {"(w + 1", "expected \")\" for the \"(\" at column 1", 5, 1},
      {"w + 1)", "\")\" closes nothing", 5, 1},
      {"w, 1", "\",\" stands between the arguments of a function only", 1, 1},
      {"2w", "expected an operator before \"w\"; a product is written with *", 1, 1},
      {"(w)(w)", "expected an operator before \"(\"; a product is written with *", 3, 1},
      {"w ** 2", "a power is written ^, not **", 2, 2},
      {"w = 2", "expected an operator (+ - * / ^), found \"=\"", 2, 1},
      {"lgo(w)", "no function is called \"lgo\"; did you mean \"log\"?", 0, 3},
      {"exp + w", "exp is a function: write exp(..)", 0, 3},
      {"log(w, 2)", "log takes 1 value, found 2", 0, 9},
      {"dot(w)", "dot takes 2 values, found 1", 0, 6},
      {"max(w, 1, 2)", "max takes 1 or 2 values, found 3", 0, 12},
      {"exp()", "expected a value after \"(\", found \")\"", 4, 1},
      {"w[i]", "expected an index: a whole number from 0, found \"i\"", 2, 1},
      {"w[-1]", "expected an index: a whole number from 0, found \"-\"", 2, 1},
      {"w[1.5]", "expected an index: a whole number from 0, found \"1.5\"", 2, 3},
      {"w[0", "expected \"]\"", 2, 1},
      {"w[2:2]", "2:2 holds nothing: a slice goes from its first value to the one before its end",
       1, 5},
      {"1e39*w", "1e39 is beyond 3.4e38", 0, 4},
      {"  ", "the cost is empty: write it, such as (w - 5)^2", 0, 1},
  };
  for (int i = 0; i < COUNT(cases); i++) {
    CostProblem p;
    assert_null(cost_parse(a, cases[i].text, &p));
    if (!str_eq(p.message, cases[i].message)) print_error("%s: %s\n", cases[i].text, p.message);
    assert_string_equal(p.message, cases[i].message);
    if (p.from != cases[i].from || p.length != cases[i].length)
      fail_msg("%s: at %d (%d), expected %d (%d)", cases[i].text, p.from, p.length, cases[i].from,
               cases[i].length);
  }
}

static const CostExpr *nested(Arena *a, int depth, CostProblem *p) {
  Str s = str_new(a);
  for (int i = 0; i < depth; i++) str_add(&s, "(");
  str_add(&s, "w");
  for (int i = 0; i < depth; i++) str_add(&s, ")");
  return cost_parse(a, str_text(&s), p);
}

static void limits(void **state) {
  Arena *a = *state;
  CostProblem p;
  assert_non_null(nested(a, COST_MAX_DEPTH - 1, &p));
  assert_null(nested(a, COST_MAX_DEPTH, &p));
  assert_string_equal(p.message, "nested deeper than 64 levels; give it fewer");
  assert_int_equal(p.from, COST_MAX_DEPTH);
  Str s = str_new(a);
  for (int i = 0; i < COST_MAX_LENGTH / 2 - 1; i++) str_add(&s, "w+");
  str_add(&s, "w");
  assert_non_null(cost_parse(a, str_text(&s), &p)); /* long chains nest to the left only */
  str_add(&s, "+w+w");
  assert_null(cost_parse(a, str_text(&s), &p));
}

/* ---- trials ---------------------------------------------------------------------------------- */

static TrialResult train(Arena *a, const char *text) {
  Spec *s = rig_load(a, text);
  RunData data;
  TrialResult r;
  Err e = {0};
  assert_int_equal(data_open(a, &s->data, &data, &e), OK);
  const TrialEnv env = {.data = &data, .cpu = cpu_level()};
  assert_int_equal(trial_run(a, &env, s, 0, &r, &e), OK);
  data_close(&data);
  return r;
}

/* One step of plain gradient descent, by hand: J = (2w - 6)^2, dJ/dw = 8w - 24; w = 0 - 0.1 * -24. */
static void one_step(void **state) {
  const TrialResult r = train(*state, "cost: (2*w - 6)^2\nparameters: {w: 0}\n"
                                      "train: {steps: 1, optimizer: {name: sgd, "
                                      "learning_rate: 0.1}}\n");
  assert_int_equal(r.status, TRIAL_COMPLETED);
  assert_int_equal(r.n_parameters, 1);
  assert_string_equal(r.parameters[0].name, "w");
  assert_false(r.parameters[0].is_list);
  assert_true(fabs((double)r.parameters[0].values[0] - 2.4) < 1e-6);
  assert_true(fabs(r.metric - 1.44) < 1e-5); /* of the new w */
  assert_int_equal(r.curves.n_names, 2);
  assert_string_equal(r.curves.names[0], "cost");
  assert_string_equal(r.curves.names[1], "learning_rate");
}

static void curves_are_thinned(void **state) {
  static const struct {
    const char *text;
    int rows;
  } cases[] = {
      {"cost: w^2\nparameters: {w: 1}\ntrain: {steps: 1000}\n", 1000},
      {"cost: w^2\nparameters: {w: 1}\ntrain: {steps: 1001}\n", 501},
      {"cost: w^2\nparameters: {w: 1}\ntrain: {steps: 10000}\n", 1000},
  };
  for (int i = 0; i < COUNT(cases); i++)
    assert_int_equal(train(*state, cases[i].text).curves.n_epochs, cases[i].rows);
}

#define SGD "train: {steps: 50, optimizer: {name: sgd, learning_rate: 1}}\n"

static void reasons(void **state) {
  static const struct {
    const char *text, *reason;
    int64_t step;
  } cases[] = {
      {"cost: w^2 + log(w - 3)\nparameters: {w: 2}\n" SGD,
       "log of a negative number in \"log(w - 3)\" (cost, column 7): w - 3 is -1", 1},
      {"cost: 2 + log(w)\nparameters: {w: 0}\n" SGD,
       "log of zero in \"log(w)\" (cost, column 5): w is 0", 1},
      {"cost: log1p(w)\nparameters: {w: -2}\n" SGD,
       "log1p of a number below -1 in \"log1p(w)\" (cost, column 1): w is -2", 1},
      {"cost: (1/w)^2\nparameters: {w: 0}\n" SGD,
       "division by zero in \"1/w\" (cost, column 2): w is 0", 1},
      {"cost: sum(sqrt(v))\nparameters: {v: [1, 4, -9]}\n" SGD,
       "square root of a negative number in \"sqrt(v)\" (cost, column 5): v is -9 at value 2", 1},
      {"cost: w^0.5\nparameters: {w: -1}\n" SGD,
       "a negative number to a power that is no whole number in \"w^0.5\" (cost, column 1): w is "
       "-1",
       1},
      {"cost: w^-1\nparameters: {w: 0}\n" SGD,
       "zero to a negative power in \"w^-1\" (cost, column 1): w is 0", 1},
      {"cost: exp(w)\nparameters: {w: 100}\n" SGD,
       "a number beyond 3.4e38 in \"exp(w)\" (cost, column 1)", 1},
      /* w = 1, -11, 121, ..: 11^18 squared is 3.09e37, 11^19 squared too much; met after 19 steps */
      {"cost: 6*w^2\nparameters: {w: 1}\n" SGD,
       "a number beyond 3.4e38 in \"w^2\" (cost, column 3)", 20},
      {"cost: sqrt(w)\nparameters: {w: 0}\n" SGD,
       "w is no finite number any more: the gradient in the step before was not finite, or "
       "learning_rate is too large",
       2},
  };
  for (int i = 0; i < COUNT(cases); i++) {
    const TrialResult r = train(*state, cases[i].text);
    assert_int_equal(r.status, TRIAL_DIVERGED);
    assert_non_null(r.reason);
    assert_string_equal(r.reason, cases[i].reason);
    if (r.diverged_step != cases[i].step)
      fail_msg("%s: step %lld, expected %lld", cases[i].text, (long long)r.diverged_step,
               (long long)cases[i].step);
    assert_int_equal(r.n_parameters, 0);
  }
}

static void json_keeps_parameters(void **state) {
  Arena *a = *state;
  const TrialResult r = train(a, "cost: sum((v - 1/3)^2) + w^2\nparameters: {v: [0, 1], w: -2}\n"
                                 "train: {steps: 7}\n");
  Str text = str_new(a);
  trial_write_json(&r, &text);
  JsonValue *v;
  Err e = {0};
  TrialResult back;
  assert_int_equal(json_parse(a, str_text(&text), strlen(str_text(&text)), &v, &e), OK);
  assert_int_equal(trial_read_json(a, v, &back, &e), OK);
  assert_int_equal(back.n_parameters, 2);
  assert_true(back.parameters[0].is_list && back.parameters[0].n == 2);
  assert_false(back.parameters[1].is_list);
  for (int i = 0; i < 2; i++)
    for (int k = 0; k < r.parameters[i].n; k++)
      assert_true(back.parameters[i].values[k] == r.parameters[i].values[k]);
  Str again = str_new(a);
  trial_write_json(&back, &again);
  assert_string_equal(str_text(&again), str_text(&text));
}

/* White space in a cost is nothing: one canonical text. */
static void text_is_canonical(void **state) {
  Spec *s = rig_load(*state, "cost: >\n  w^2  -\n     10*w\n  + 25\nparameters: {w: 0}\n"
                             "train: {steps: 2}\n");
  assert_string_equal(s->cost.text, "w^2 - 10*w + 25");
  assert_string_equal(rig_value(s, "cost"), "w^2 - 10*w + 25");
  assert_string_equal(rig_value(s, "parameters.w"), "0");
  assert_null(spec_find(s->tree, "data"));
  assert_null(spec_find(s->tree, "train.batch_size"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(precedence),
      cmocka_unit_test_setup_teardown(problems, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(limits, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(one_step, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(curves_are_thinned, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(reasons, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(json_keeps_parameters, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(text_is_canonical, arena_begin, arena_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
