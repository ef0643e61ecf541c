/* One hundred steps in f64 beside the reference, to 1e-9. */
#include "reference_checks.h"

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_reference)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
