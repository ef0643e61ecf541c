/* What rank 0 says of ranks that are not like it: the lines of a job are made up here. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "runner/identity.h"

static Arena arena;

static const Identity mine = {
    .lines = {{"program file", "aa", "start one program"},
              {"self-test", "77cd", "results would not be the same"},
              {"processor", "avx2", NULL}},
    .n = 3,
};

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

static IdentityOther other(int rank, const char *host, const char *program, const char *test,
                           const char *cpu) {
  const char *text =
      arena_printf(&arena, "program file\t%s\nself-test\t%s\nprocessor\t%s\n", program, test, cpu);
  return (IdentityOther){rank, host, text};
}

static void says(const IdentityOther *others, int n, const char *want) {
  Err e = {0};
  assert_int_equal(identity_compare(&arena, &mine, "node1", others, n, &e), E_IO);
  assert_string_equal(e.text, want);
}

static void test_text(void **state) {
  (void)state;
  assert_string_equal(identity_text(&arena, &mine),
                      "program file\taa\nself-test\t77cd\nprocessor\tavx2\n");
}

static void test_alike(void **state) {
  (void)state;
  Err e = {0};
  const IdentityOther others[] = {other(1, "node1", "aa", "77cd", "avx2"),
                                  other(2, "node2", "aa", "77cd", "portable")};
  assert_int_equal(identity_compare(&arena, &mine, "node1", others, 2, &e), OK);
  assert_int_equal(identity_compare(&arena, &mine, "node1", NULL, 0, &e), OK);
}

static void test_one(void **state) {
  (void)state;
  const IdentityOther others[] = {other(1, "node1", "aa", "77cd", "avx2"),
                                  other(3, "node2", "aa", "91ab", "portable")};
  says(others, 2,
       "rank 3 on node2: self-test 91ab (processor portable); but rank 0 on node1: 77cd (processor "
       "avx2); results would not be the same");
}

/* Another program gives another self-test too: what is at the bottom of it is named. */
static void test_most_basic(void **state) {
  (void)state;
  const IdentityOther others[] = {other(1, "node1", "aa", "91ab", "avx2"),
                                  other(2, "node2", "bb", "91ab", "avx2")};
  says(others, 2,
       "rank 2 on node2: program file bb (processor avx2); but rank 0 on node1: aa (processor "
       "avx2); start one program");
}

static void test_groups(void **state) {
  (void)state;
  IdentityOther others[12];
  int n = 0;
  for (int r = 1; r <= 12; r++) {
    const bool second = r >= 4 && r <= 9, differs = second && r != 8;
    others[n++] = other(r,
                        second  ? "node2"
                        : r > 9 ? "node3"
                                : "node1",
                        "aa",
                        differs   ? "91ab"
                        : r == 11 ? "50ef"
                        : r == 12 ? "91ab"
                                  : "77cd",
                        "avx2");
  }
  says(
      others, n,
      "ranks 4-7, 9 on node2, rank 12 on node3: self-test 91ab (processor avx2); rank 11 on "
      "node3: self-test 50ef (processor avx2); but rank 0 on node1: 77cd (processor avx2); results "
      "would not be the same");
}

/* A line that a rank does not have differs. */
static void test_missing_line(void **state) {
  (void)state;
  const IdentityOther others[] = {{1, "node2", "program file\taa\nself-tester\t77cd\n"}};
  says(others, 1,
       "rank 1 on node2: self-test nothing (processor nothing); but rank 0 on node1: 77cd "
       "(processor avx2); results would not be the same");
}

/* Thousands of ranks, each with another value: the message stays one, and counts the rest. */
static void test_many(void **state) {
  (void)state;
  enum { N = 4095 };
  IdentityOther *others = ARENA_ARRAY(&arena, IdentityOther, N);
  for (int r = 1; r <= N; r++) {
    const char *host = arena_printf(&arena, "n%d", r / 4);
    others[r - 1] = other(r, host, "aa", r % 2 ? arena_printf(&arena, "%d", r) : "91ab", "avx2");
  }
  says(others, N,
       "rank 1 on n0: self-test 1 (processor avx2); rank 2 on n0, ranks 4, 6 on n1, ranks 8, 10 "
       "on n2 and 2042 ranks elsewhere: self-test 91ab (processor avx2); rank 3 on n0: self-test 3 "
       "(processor avx2); 2046 more ranks: something else; but rank 0 on node1: 77cd (processor "
       "avx2); results would not be the same");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text),   cmocka_unit_test(test_alike),
      cmocka_unit_test(test_one),    cmocka_unit_test(test_most_basic),
      cmocka_unit_test(test_groups), cmocka_unit_test(test_missing_line),
      cmocka_unit_test(test_many),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
