/* What travels between ranks and stands in the journal: the first byte says which reader gets it. */
#include "fuzz.h"
#include "io/json_plain.h"
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

/* Without its curves it says what it says with them. */
static void read_brief(Arena *a, const char *text, const JsonValue *whole) {
  Err e = {0};
  TrialResult r = {0}, brief = {0};
  JsonValue *v;
  Str cut = str_new(a), first = str_new(a), second = str_new(a);
  if (trial_read_json(a, whole, &r, &e) != OK || !trial_brief_text(text, strlen(text), &cut) ||
      json_parse(a, str_text(&cut), (size_t)cut.length, &v, &e) != OK || !trial_is_brief(v))
    return;
  if (trial_read_brief_json(a, v, &brief, &e) != OK) BROKEN("brief: %s", e.text);
  r.curves = (Curves){.n_epochs = r.curves.n_epochs};
  trial_write_json(&r, &first);
  trial_write_json(&brief, &second);
  if (!str_eq(str_text(&first), str_text(&second)))
    BROKEN("brief it says another thing:\n%s\n%s", str_text(&first), str_text(&second));
}

/* The fast reader takes nothing that jansson refuses. */
static void read_fast(Arena *a, const char *text) {
  Err e = {0};
  JsonValue *v;
  if (json_parse_plain(a, text, strlen(text)) &&
      json_parse_any(a, text, strlen(text), &v, &e) != OK)
    BROKEN("jansson refuses it: %s", e.text);
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
    read_fast(&a, text);
    read_trial(&a, v);
    read_brief(&a, text, v);
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
