/* Gradients of every layer and loss in f64, every coordinate, to 1e-7; and that the check can fail.
 */
#include "layer_checks.h"
#include "loss_checks.h"

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_layer_gradients),     cmocka_unit_test(test_mutants_are_caught),
      cmocka_unit_test(test_buffers_as_declared), cmocka_unit_test(test_shards_agree),
      cmocka_unit_test(test_loss_gradients),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
