/* The self-test gives one hash on every processor; it belongs to the numerics version. */
#include "check.h"

#include <stdio.h>

#include "base/str.h"
#include "runner/selftest.h"
#include "runner/trial.h"

/* Of "caviar numerics 1". Where this value changes, experiments give other bits than before:
 * TRIAL_NUMERICS must change with it. */
static const char golden_numerics[] = "caviar numerics 1";
static const char golden[] = "227aaddb73066341234bbb7d9d66c0a4";

static void hash(const char *gemm, CpuLevel level, char out[HASH_HEX]) {
  Err e = {0};
  if (selftest_hash(gemm, level, out, &e) != OK) fail_msg("%s", e.text);
}

static void test_golden(void **state) {
  (void)state;
  char hex[HASH_HEX];
  assert_string_equal(TRIAL_NUMERICS, golden_numerics);
  for (CpuLevel level = CPU_PORTABLE; level <= cpu_level(); level++) {
    hash("fixed", level, hex);
    if (!str_eq(hex, golden)) fail_msg("%s: %s", cpu_level_name(level), hex);
  }
}

/* What OpenBLAS gives is its own affair, but everything around it is the same at every level. */
static void test_openblas(void **state) {
  (void)state;
  char portable[HASH_HEX], hex[HASH_HEX];
  hash("openblas", CPU_PORTABLE, portable);
  assert_string_not_equal(portable, golden);
  for (CpuLevel level = CPU_PORTABLE; level <= cpu_level(); level++) {
    hash("openblas", level, hex);
    assert_string_equal(hex, portable);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_golden),
      cmocka_unit_test(test_openblas),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
