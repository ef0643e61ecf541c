/* The same in f32, where the tolerance is that of differences in f32: the two builds are one
 * source. */
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
