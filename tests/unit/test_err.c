#include <string.h>

#include "base/err.h"
#include "check.h"

static void first_error_wins(void **state) {
  (void)state;
  Err e = {.status = OK};
  assert_int_equal(err_set(&e, E_SHAPE, "dense: %d units", 0), E_SHAPE);
  assert_int_equal(err_set(&e, E_IO, "later"), E_SHAPE);
  assert_int_equal(e.status, E_SHAPE);
  assert_string_equal(e.text, "dense: 0 units");
  assert_int_equal(err_set(NULL, E_IO, "nobody listens"), E_IO);
}

static void context_comes_before(void **state) {
  (void)state;
  Err e = {.status = OK};
  assert_int_equal(err_context(&e, "trial %d", 17), OK);
  assert_string_equal(e.text, "");
  err_set(&e, E_DATA, "row 3 is short");
  assert_int_equal(err_context(&e, "layer %s", "hidden"), E_DATA);
  err_context(&e, "trial %d", 17);
  assert_string_equal(e.text, "trial 17: layer hidden: row 3 is short");
}

static void long_messages_are_cut_and_say_so(void **state) {
  (void)state;
  char big[3000];
  memset(big, 'x', sizeof big - 1);
  big[sizeof big - 1] = '\0';
  Err e = {.status = OK};
  err_set(&e, E_IO, "%s", big);
  assert_int_equal(strlen(e.text), sizeof e.text - 1);
  assert_string_equal(e.text + sizeof e.text - 4, "...");

  err_context(&e, "trial 5");
  assert_memory_equal(e.text, "trial 5: xxx", 12);
  assert_int_equal(strlen(e.text), sizeof e.text - 1);
  assert_string_equal(e.text + sizeof e.text - 4, "...");

  Err other = {.status = OK};
  err_set(&other, E_IO, "the message itself");
  err_context(&other, "%s", big); /* a huge context leaves the message standing */
  assert_non_null(strstr(other.text, ": the message itself"));
  assert_true(strlen(other.text) < sizeof other.text);
}

static Status passes_on(Err *e, Status inner) {
  TRY(inner == OK ? OK : err_set(e, inner, "inner"));
  CHECK(e, inner == OK, E_INTERNAL, "TRY did not return");
  CHECK(e, e->text[0] == 'a', E_USAGE, "text is %s", "wrong");
  return OK;
}

static void macros_return(void **state) {
  (void)state;
  Err e = {.status = OK};
  assert_int_equal(passes_on(&e, E_BUSY), E_BUSY);
  assert_string_equal(e.text, "inner");
  Err fresh = {.status = OK};
  assert_int_equal(passes_on(&fresh, OK), E_USAGE);
  assert_string_equal(fresh.text, "text is wrong");
  Err fine = {.text = "a"};
  assert_int_equal(passes_on(&fine, OK), OK);
}

static void exit_codes(void **state) {
  (void)state;
  const int expected[][2] = {{OK, 0},      {E_USAGE, 2},    {E_SPEC, 3},    {E_SHAPE, 3},
                             {E_DATA, 4},  {E_IO, 4},       {E_BUSY, 4},    {E_MEMORY, 4},
                             {E_TRIAL, 1}, {E_STOPPED, 75}, {E_INTERNAL, 1}};
  for (int i = 0; i < COUNT(expected); i++)
    assert_int_equal(err_exit_code((Status)expected[i][0]), expected[i][1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(first_error_wins),
                                     cmocka_unit_test(context_comes_before),
                                     cmocka_unit_test(long_messages_are_cut_and_say_so),
                                     cmocka_unit_test(macros_return), cmocka_unit_test(exit_codes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
