/* Costs of a few numbers, by nn/ops.h: golden minima, every optimizer by name, fits to rows. */
#include "ops_rig.h"

/* J(w) = w^2 - 10 w + 25 = (w - 5)^2 */
static int parabola(OpsRig *r) {
  const int w = ops_parameter(r, "w", 1, NULL);
  const int linear = ops_two(r, "mul", ops_constant(r, 10), w);
  return ops_two(r, "add", ops_two(r, "sub", ops_two(r, "mul", w, w), linear), ops_constant(r, 25));
}

static void test_parabola(void **state) {
  (void)state;
  OpsRig r;
  ops_open(&r, 0);
  ops_minimize(&r, parabola(&r), "adam", "", 1, 1);
  const Real *w = ops_weights(&r);
  assert_true(w[0] == 0);
  assert_true(ops_step(&r, 1, 0.1) == 25);      /* J at 0 */
  assert_true(fabs((double)w[0] - 0.1) < 1e-6); /* Adam's first step is the learning rate */
  for (int i = 1; i < 1000; ++i) ops_step(&r, 1, 0.1);
  if (!(fabs((double)w[0] - 5) < 0.00005)) fail_msg("w = %.6f, not 5.0000", (double)w[0]);
  ops_close(&r);
}

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parabola),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
