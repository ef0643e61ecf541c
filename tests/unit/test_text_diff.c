/* The lines in which two texts differ. */
#include "check.h"

#include "runner/text_diff.h"

static void check(const char *before, const char *after, int most, int n, const char *want) {
  Arena a = {0};
  arena_init(&a);
  Str out = str_new(&a);
  assert_int_equal(text_diff(&a, before, after, most, &out), n);
  assert_string_equal(str_text(&out), want);
  arena_free(&a);
}

static void differs(void **state) {
  (void)state;
  check("", "", 9, 0, "");
  check("a\nb\n", "a\nb\n", 9, 0, "");
  check("a\nb\nc\n", "a\nx\nc\n", 9, 2, "- b\n+ x\n");
  check("a\nb\nc\n", "a\nc\n", 9, 1, "- b\n");
  check("a\nc\n", "a\nb\nc\n", 9, 1, "+ b\n");
  check("a\nb\n", "b\na\n", 9, 2, "- a\n+ a\n"); /* one line is common */
  check("", "a", 9, 1, "+ a\n");
  check("a\nb\nc\n", "", 2, 3, "- a\n- b\n...\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(differs)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
