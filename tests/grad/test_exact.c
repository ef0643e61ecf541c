/* Exact statistics in f64 beside the reference, to 1e-12. */
#include "exact_checks.h"

int main(void) {
  return exact_main();
}
