/* One step of shards and ranks beside one unsharded process, in f32 to 1e-5. */
#include "unsharded_checks.h"

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_layer_as_unsharded),
                                     cmocka_unit_test(test_deep_network_as_unsharded),
                                     cmocka_unit_test(test_faults_are_far)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
