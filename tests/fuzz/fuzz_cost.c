/* A cost expression: places of what is read and of what is wrong with it lie inside of the text. */
#include "fuzz.h"
#include "runner/cost.h"

static void check(const CostExpr *x, int length) {
  if (x->from < 0 || x->length < 0 || x->from + x->length > length)
    BROKEN("%d + %d of %d", x->from, x->length, length);
  for (int i = 0; i < x->n_args; i++) check(x->args[i], length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  Arena a = {0};
  arena_init(&a);
  const char *text = cost_tidy(&a, fuzz_text(&a, bytes, n));
  if (!str_eq(text, cost_tidy(&a, text))) BROKEN("tidied twice differs: %s", text);
  CostProblem problem = {0};
  const CostExpr *x = cost_parse(&a, text, &problem);
  const int length = (int)strlen(text);
  if (x)
    check(x, length);
  else if (!problem.message || problem.from < 0 || problem.from > length)
    BROKEN("refused without a place: %s", text);
  (void)cost_is_name(text);
  arena_free(&a);
  return 0;
}
