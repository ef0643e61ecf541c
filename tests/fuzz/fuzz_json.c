/* What travels between ranks and stands in the journal: the first byte says which reader gets it. */
#include "fuzz.h"
#include "runner/identity.h"
#include "runner/run_head.h"
#include "runner/work.h"

/* What was read is written and read again as the same text. */
static void read_trial(Arena *a, const JsonValue *v) {
  Err e = {0};
  TrialResult r = {0}, again = {0};
  JsonValue *tree;
  if (trial_read_json(a, v, &r, &e) != OK) return;
  Str first = str_new(a), second = str_new(a);
  trial_write_json(&r, &first);
  if (json_parse(a, str_text(&first), (size_t)first.length, &tree, &e) != OK ||
      trial_read_json(a, tree, &again, &e) != OK)
    BROKEN("a result that was read is written wrong: %s: %s", e.text, str_text(&first));
  trial_write_json(&again, &second);
  if (!str_eq(str_text(&first), str_text(&second)))
    BROKEN("a result changes on its way:\n%s\n%s", str_text(&first), str_text(&second));
}

static void read_identity(Arena *a, const char *text) {
  static const Identity mine = {.lines = {{"program", "a", "is another"}, {"data", "b", "differ"}},
                                .n = 2};
  const IdentityOther other[] = {{.rank = 1, .host = "host", .text = text}};
  Err e = {0};
  if (identity_compare(a, &mine, "host", other, 1, &e) != OK && e.text[0] == '\0')
    BROKEN("a difference without words");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  Arena a = {0};
  Err e = {0};
  JsonValue *v = NULL;
  Task task;
  RunHead head;
  RunTest test;
  if (n == 0) return 0;
  arena_init(&a);
  const char *text = fuzz_text(&a, bytes + 1, n - 1);
  if (bytes[0] == 'T') {
    Status s = task_read(&a, text, strlen(text), &task, &e);
    for (int i = 0; s == OK && i < task.n_ranks; i++)
      if (task.ranks[i] < 0) BROKEN("a task for rank %d", task.ranks[i]);
  } else if (bytes[0] == 'I') {
    read_identity(&a, text);
  } else if (json_parse(&a, text, strlen(text), &v, &e) == OK) {
    read_trial(&a, v);
    if (run_head_read(&a, v, &head, &e) == OK && head.n_trials <= 0) BROKEN("no trials");
    e = (Err){0};
    if (run_test_read(&a, v, &test, &e) == OK && bytes[0] == 'W') {
      Str out = str_new(&a);
      run_test_write(&test, &out);
    }
  }
  arena_free(&a);
  return 0;
}
