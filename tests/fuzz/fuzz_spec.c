/* An experiment file. What is accepted has a resolved text that means itself; what is refused has a
 * message. */
#include "fuzz.h"
#include "runner/spec.h"

static Spec *resolve(Arena *a, const char *text, const char **messages) {
  Diag d = diag_new(a);
  Spec *s = spec_from_text(a, "e.yaml", text, ".", NULL, 0, &d);
  Str out = str_new(a);
  diag_render(&d, false, &out);
  *messages = str_text(&out);
  if ((s == NULL) != (d.n_errors > 0))
    BROKEN("%d errors, but %s", d.n_errors, s ? "accepted" : "refused");
  return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  Arena a = {0};
  arena_init(&a);
  const char *messages;
  const Spec *s = resolve(&a, fuzz_text(&a, bytes, n), &messages);
  if (s) {
    const char *first = spec_text(&a, s, SPEC_RESOLVED);
    const Spec *again = resolve(&a, first, &messages);
    if (!again) BROKEN("its own resolved text is refused:\n%s\n%s", messages, first);
    const char *second = spec_text(&a, again, SPEC_RESOLVED);
    if (!str_eq(first, second)) BROKEN("resolved twice differs:\n%s\n----\n%s", first, second);
    if (!str_eq(spec_text(&a, s, SPEC_FOR_DIGEST), spec_text(&a, again, SPEC_FOR_DIGEST)))
      BROKEN("another digest:\n%s", first);
  }
  arena_free(&a);
  return 0;
}
