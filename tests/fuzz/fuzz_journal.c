/* A journal: damage is found or gives the records that were whole; opened, it takes another. The
 * last byte 'S' puts right sums before the lines, so that the records themselves are looked at. */
#include "fuzz.h"
#include "io/hash.h"
#include "io/journal.h"
#include "io/json.h"

/* As a run directory reads it. */
static Status each(void *ctx, const char *json, size_t length, Err *e) {
  int *n = ctx;
  Arena a = {0};
  JsonValue *record;
  Status s = json_parse(&a, json, length, &record, e);
  arena_free(&a);
  *n += s == OK;
  return s;
}

static const char *with_sums(Arena *a, char *text) {
  Str out = str_new(a);
  while (*text) {
    size_t n = strcspn(text, "\n");
    str_addf(&out, "%016llx %.*s\n", (unsigned long long)hash_u64(text, n), (int)n, text);
    text += n + (text[n] == '\n');
  }
  return str_text(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  Arena a = {0};
  arena_init(&a);
  const char *path = fuzz_file(0, bytes, n);
  if (n > 0 && bytes[n - 1] == 'S') {
    const char *text = with_sums(&a, fuzz_text(&a, bytes, n - 1));
    path = fuzz_file(0, (const uint8_t *)text, strlen(text));
  }
  Err e = {0};
  int read = 0, opened = 0, again = 0;
  Journal *j = NULL;
  Status whole = journal_read(path, each, &read, &e);
  if (whole != OK && !str_starts(e.text, path)) BROKEN("which file? %s", e.text);
  e = (Err){0};
  Status s = journal_open(&a, path, each, &opened, &j, &e);
  if (s != whole || (s == OK && opened != read)) BROKEN("opened and read differ");
  if (s == OK) {
    if (journal_append(j, "{\"a\": 1}", &e) != OK || journal_close(j, &e) != OK)
      BROKEN("%s", e.text);
    if (journal_read(path, each, &again, &e) != OK || again != read + 1)
      BROKEN("%d records, expected %d: %s", again, read + 1, e.text);
  }
  fuzz_file_end(0);
  arena_free(&a);
  return 0;
}
