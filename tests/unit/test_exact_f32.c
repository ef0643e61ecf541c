/* Exact statistics in f32 beside the reference, to 1e-5. */
#include "exact_checks.h"

int main(void) {
  return exact_main();
}
