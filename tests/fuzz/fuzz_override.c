/* Lines of overrides, "path=value" each, for one experiment; paths are looked up as well. */
#include "fuzz.h"
#include "runner/spec.h"

static const char base[] =
    "name: e\n"
    "data: {source: blobs, normalize: standard}\n"
    "model:\n"
    "  layers:\n"
    "    - name: hidden\n"
    "      repeat: 2\n"
    "      layers: [{dense: {units: 8}}, batch_norm, {activation: relu}]\n"
    "    - concatenate: [[relu], []]\n"
    "    - residual: [{dense: {units: 16}}]\n"
    "    - {name: out, dense: {units: classes}}\n"
    "  loss: softmax_cross_entropy\n"
    "metrics: [f1]\n"
    "train: {epochs: 3, batch_size: 16, optimizer: adam, schedule: {name: step, drop: 0.5}}\n"
    "search: {method: random, trials: 3, parameters: {train.batch_size: {values: [8, 16]}}}\n";

enum { MOST = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  Arena a = {0};
  arena_init(&a);
  const char *lines[MOST];
  int n_lines = 0;
  for (char *at = fuzz_text(&a, bytes, n); *at && n_lines < MOST;) {
    lines[n_lines++] = at;
    at += strcspn(at, "\n");
    if (*at) *at++ = '\0';
  }
  Diag d = diag_new(&a);
  const Spec *s = spec_from_text(&a, "e.yaml", base, ".", lines, n_lines, &d);
  Str out = str_new(&a);
  diag_render(&d, false, &out);
  if ((s == NULL) != (d.n_errors > 0)) BROKEN("%d errors", d.n_errors);
  if (s) {
    const char *first = spec_text(&a, s, SPEC_RESOLVED);
    Diag later = diag_new(&a);
    const Spec *again = spec_from_text(&a, "e.yaml", first, ".", NULL, 0, &later);
    if (!again || !str_eq(first, spec_text(&a, again, SPEC_RESOLVED)))
      BROKEN("not the same:\n%s", first);
    for (int i = 0; i < n_lines; i++) (void)spec_find(s->tree, lines[i]);
  }
  arena_free(&a);
  return 0;
}
