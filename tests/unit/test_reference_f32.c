/* Ten steps in f32 beside the reference in f64: losses to 1e-4. */
#include "reference_checks.h"

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_reference)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
