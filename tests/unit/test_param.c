#include <math.h>
#include <string.h>

#include "base/param.h"
#include "check.h"

typedef struct {
  double gain;
} He;

static const Param he_params[] = {
    {"gain", P_REAL, offsetof(He, gain), .def = "1.5", .lo = 0, .hi = INFINITY, .lo_open = true},
};
static const Kind he = {
    .name = "he", .params = he_params, .n_params = 1, .config_size = sizeof(He)};
static const Kind zeros = {.name = "zeros"};
static const Kind *const init_kinds[] = {&he, &zeros};
static const Registry inits = {.noun = "initialiser", .kinds = init_kinds, .n = 2};

typedef struct {
  char guard0[16];
  int bias;
  bool on;
  int64_t units, big;
  double rate, unit_open, any;
  const char *name;
  int mode;
  KindValue init, none;
  Reals at, weights;
  char guard1[16];
} Thing;

static const char *const modes[] = {"standard", "none", NULL};
enum { BIAS, ON, UNITS, BIG, RATE, UNIT_OPEN, ANY, NAME, MODE, INIT, NONE, AT, WEIGHTS, N_PARAMS };
static const Param params[N_PARAMS] = {
    {"bias", P_BOOL, offsetof(Thing, bias), .def = "auto", .word = "auto", .word_value = 2},
    {"on", P_BOOL, offsetof(Thing, on), .def = "true"},
    {"units", P_INT, offsetof(Thing, units), .lo = 1, .hi = 1 << 20, .word = "classes",
     .word_value = -1},
    {"big", P_INT, offsetof(Thing, big), .def = "7", .lo = 2, .hi = INFINITY},
    {"rate", P_REAL, offsetof(Thing, rate), .def = "0.001", .lo = 0, .hi = INFINITY,
     .lo_open = true},
    {"unit_open", P_REAL, offsetof(Thing, unit_open), .def = "0.5", .hi = 1, .hi_open = true},
    {"any", P_REAL, offsetof(Thing, any), .optional = true},
    {"name", P_STRING, offsetof(Thing, name), .def = "12"},
    {"mode", P_CHOICE, offsetof(Thing, mode), .def = "none", .choices = modes},
    {"init", P_KIND, offsetof(Thing, init), .def = "he", .registry = &inits},
    {"none", P_KIND, offsetof(Thing, none), .optional = true, .registry = &inits},
    {"at", P_REALS, offsetof(Thing, at), .def = "[30, 0.5]", .lo = 0, .hi = INFINITY,
     .lo_open = true},
    {"weights", P_REALS, offsetof(Thing, weights), .optional = true, .word = "balanced",
     .word_value = -1},
};

static Arena arena;
static Thing thing;
static Err error;

static void reset(void) {
  memset(&thing, 0, sizeof thing);
  memset(thing.guard0, 'g', sizeof thing.guard0);
  memset(thing.guard1, 'g', sizeof thing.guard1);
  error = (Err){.status = OK};
}

static Status set(int which, const char *text) {
  error = (Err){.status = OK};
  Scalar value = scalar_parse(text, false);
  return param_set(&params[which], &thing, &value, &error);
}

static const char *get(int which) {
  Str s = str_new(&arena);
  param_get(&params[which], &thing, &s);
  return str_text(&s);
}

static const char *expected(int which) {
  Str s = str_new(&arena);
  param_expectation(&params[which], &s);
  return str_text(&s);
}

static void assert_refused(int which, const char *text, const char *message) {
  Thing before = thing;
  assert_int_equal(set(which, text), E_SPEC);
  assert_string_equal(error.text, message);
  assert_memory_equal(&before, &thing, sizeof thing);
}

static void defaults(void **state) {
  (void)state;
  reset();
  param_defaults(params, N_PARAMS, &thing, &arena);
  assert_int_equal(thing.bias, 2);
  assert_true(thing.on);
  assert_int_equal(thing.units, 0); /* required: no default */
  assert_int_equal(thing.big, 7);
  assert_true(thing.rate == 0.001);
  assert_string_equal(thing.name, "12");
  assert_int_equal(thing.mode, 1);
  assert_ptr_equal(thing.init.kind, &he);
  assert_true(((He *)thing.init.config)->gain == 1.5);
  assert_null(thing.none.kind);
  KindValue plain = kind_default(&zeros, &arena);
  assert_ptr_equal(plain.kind, &zeros);
  assert_null(plain.config);
  for (int i = 0; i < 16; i++) assert_true(thing.guard0[i] == 'g' && thing.guard1[i] == 'g');
}

static void setting_and_getting(void **state) {
  (void)state;
  static const struct {
    int which;
    const char *text, *back;
  } rows[] = {
      {BIAS, "true", "true"},
      {BIAS, "False", "false"},
      {BIAS, "auto", "auto"},
      {ON, "false", "false"},
      {ON, "TRUE", "true"},
      {UNITS, "64", "64"},
      {UNITS, "classes", "classes"},
      {UNITS, "0x10", "16"},
      {UNITS, "1e3", "1000"},
      {UNITS, "1048576", "1048576"},
      {UNITS, "1", "1"},
      {BIG, "9007199254740993", "9007199254740993"},
      {RATE, "1e-3", "0.001"},
      {RATE, "3", "3"},
      {UNIT_OPEN, "0", "0"},
      {UNIT_OPEN, "0.999", "0.999"},
      {ANY, "-1e300", "-1e+300"},
      {NAME, "relu", "relu"},
      {NAME, "a: b", "\"a: b\""},
      {MODE, "standard", "standard"},
      {MODE, "none", "none"},
  };
  reset();
  for (int i = 0; i < COUNT(rows); i++) {
    assert_int_equal(set(rows[i].which, rows[i].text), OK);
    assert_string_equal(get(rows[i].which), rows[i].back);
  }
  assert_int_equal(thing.units, 1);
  assert_true(thing.big == 9007199254740993);
  for (int i = 0; i < 16; i++) assert_true(thing.guard0[i] == 'g' && thing.guard1[i] == 'g');
  param_defaults(params, N_PARAMS, &thing, &arena);
  assert_string_equal(get(INIT), "he");
  assert_string_equal(get(NONE), "null");
  assert_string_equal(get(NAME), "\"12\""); /* text that reads as a number keeps its quotes */
}

static void refusing(void **state) {
  (void)state;
  reset();
  assert_refused(BIAS, "yes", "expected true, false or auto, found \"yes\"");
  assert_refused(BIAS, "atuo",
                 "expected true, false or auto, found \"atuo\"; did you mean \"auto\"?");
  assert_refused(ON, "1", "expected true or false, found 1");
  assert_refused(UNITS, "0", "expected an integer from 1 to 1048576 or classes, found 0");
  assert_refused(UNITS, "1048577",
                 "expected an integer from 1 to 1048576 or classes, found 1048577");
  assert_refused(UNITS, "2.5", "expected an integer from 1 to 1048576 or classes, found 2.5");
  assert_refused(UNITS, "class",
                 "expected an integer from 1 to 1048576 or classes, found \"class\"; did you mean "
                 "\"classes\"?");
  assert_refused(BIG, "~", "expected an integer of at least 2, found nothing");
  assert_refused(BIG, "1e300", "expected an integer of at least 2, found 1e300");
  assert_refused(RATE, "0", "expected a number above 0, found 0");
  assert_refused(RATE, ".inf", "expected a number above 0, found .inf");
  assert_refused(RATE, ".nan", "expected a number above 0, found .nan");
  assert_refused(RATE, "true", "expected a number above 0, found true");
  assert_refused(UNIT_OPEN, "1", "expected a number of at least 0 and below 1, found 1");
  assert_refused(UNIT_OPEN, "-0.1", "expected a number of at least 0 and below 1, found -0.1");
  assert_refused(ANY, "-.inf", "expected a number, found -.inf");
  assert_refused(NAME, "12", "expected text, found 12; write \"12\" if text is meant");
  assert_refused(NAME, "null", "expected text, found nothing");
  assert_refused(MODE, "standrad",
                 "expected one of: standard, none, found \"standrad\"; did you mean \"standard\"?");
  assert_int_equal(set(INIT, "he"), E_INTERNAL);
}

static void lists(void **state) {
  (void)state;
  reset();
  param_defaults(params, N_PARAMS, &thing, &arena);
  assert_int_equal(thing.at.n, 2);
  assert_true(thing.at.v[0] == 30 && thing.at.v[1] == 0.5);
  assert_string_equal(get(AT), "[30, 0.5]");
  assert_true(thing.weights.v == NULL && thing.weights.n == 0);
  assert_string_equal(get(WEIGHTS), "null");
  assert_int_equal(set(WEIGHTS, "balanced"), OK);
  assert_true(thing.weights.v == NULL && thing.weights.n == -1);
  assert_string_equal(get(WEIGHTS), "balanced");
  assert_int_equal(param_parse(&arena, &params[WEIGHTS], &thing, "[-1,2e300 , 3]", &error), OK);
  assert_string_equal(get(WEIGHTS), "[-1, 2e+300, 3]");
  assert_int_equal(param_parse(&arena, &params[WEIGHTS], &thing, "balanced", &error), OK);
  assert_string_equal(get(WEIGHTS), "balanced");
  assert_refused(WEIGHTS, "balancd",
                 "expected a list of numbers or balanced, found \"balancd\"; did you mean "
                 "\"balanced\"?");
  assert_refused(AT, "3", "expected a list of numbers above 0, found 3");
  static const char *const wrong[] = {"[]", "[1", "[1, 0]", "[1, x]", "[1] 2"};
  for (int i = 0; i < COUNT(wrong); i++) {
    const Thing before = thing;
    error = (Err){.status = OK};
    assert_int_equal(param_parse(&arena, &params[AT], &thing, wrong[i], &error), E_SPEC);
    assert_memory_equal(&before, &thing, sizeof thing);
  }
}

static void main_parameters(void **state) {
  (void)state;
  static const Param rows[] = {{.name = "a"}, {.name = "b", .optional = true}, {.name = "c"}};
  Kind k = {.params = rows, .n_params = 0};
  assert_null(kind_main_param(&k));
  k.n_params = 2;
  assert_ptr_equal(kind_main_param(&k), &rows[0]);
  k.n_params = 3;
  assert_null(kind_main_param(&k));
  k = (Kind){.params = rows + 1, .n_params = 2};
  assert_ptr_equal(kind_main_param(&k), &rows[2]);
  k.n_params = 1;
  assert_ptr_equal(kind_main_param(&k), &rows[1]);
}

static void elements(void **state) {
  (void)state;
  double x = 7;
  const Scalar zero = scalar_parse("0", false), word = scalar_parse("balanced", false);
  const Scalar two = scalar_parse("2", false);
  reset();
  assert_int_equal(param_element(&params[AT], &zero, &x, &error), E_SPEC);
  assert_string_equal(error.text, "expected a number above 0, found 0");
  reset();
  assert_int_equal(param_element(&params[WEIGHTS], &word, &x, &error), E_SPEC);
  assert_string_equal(error.text, "expected a number, found \"balanced\"");
  assert_true(x == 7);
  reset();
  assert_int_equal(param_element(&params[AT], &two, &x, &error), OK);
  assert_true(x == 2);
}

static void expectations(void **state) {
  (void)state;
  assert_string_equal(expected(INIT), "an initialiser, one of: he, zeros");
  Param p = {"p", P_REAL, 0, .lo = -INFINITY, .hi = 0};
  Str s = str_new(&arena);
  param_expectation(&p, &s);
  assert_string_equal(str_text(&s), "a number of at most 0");
  p = (Param){"p", P_REAL, 0, .lo = 0, .hi = 1, .lo_open = true};
  s = str_new(&arena);
  param_expectation(&p, &s);
  assert_string_equal(str_text(&s), "a number above 0 and at most 1");
  p = (Param){.name = "p", .type = P_INT};
  s = str_new(&arena);
  param_expectation(&p, &s);
  assert_string_equal(str_text(&s), "an integer");
}

static void finding(void **state) {
  (void)state;
  assert_ptr_equal(param_find(params, N_PARAMS, "rate"), &params[RATE]);
  assert_null(param_find(params, N_PARAMS, "rat"));
  assert_string_equal(param_nearest(params, N_PARAMS, "rat"), "rate");
  assert_null(param_nearest(params, N_PARAMS, "something"));
  assert_ptr_equal(kind_find(&inits, "zeros"), &zeros);
  assert_null(kind_find(&inits, "zero"));
  assert_string_equal(kind_nearest(&inits, "zero"), "zeros");
  assert_null(kind_nearest(&inits, "xavier"));
}

int main(void) {
  arena_init(&arena);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults),        cmocka_unit_test(setting_and_getting),
      cmocka_unit_test(refusing),        cmocka_unit_test(expectations),
      cmocka_unit_test(finding),         cmocka_unit_test(lists),
      cmocka_unit_test(main_parameters), cmocka_unit_test(elements)};
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_free(&arena);
  return failed;
}
