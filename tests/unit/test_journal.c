/* The journal: what survives a kill at any byte, and what a damaged file says. */
#define _XOPEN_SOURCE 700 /* setrlimit */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "io/files.h"
#include "io/hash.h"
#include "io/journal.h"
#include "io/json.h"

typedef struct {
  Arena arena;
  char dir[64];
  const char *path;
  Str seen; /* texts of the records, each with a newline */
  Err e;
} Fixture;

static int setup(void **state) {
  static Fixture f;
  f = (Fixture){.dir = "test_journal.XXXXXX"};
  arena_init(&f.arena);
  assert_non_null(mkdtemp(f.dir));
  f.path = file_join(&f.arena, f.dir, "journal");
  f.seen = str_new(&f.arena);
  *state = &f;
  return 0;
}

static int teardown(void **state) {
  Fixture *f = *state;
  Err e = {0};
  assert_int_equal(file_remove(f->path, &e), OK);
  assert_int_equal(rmdir(f->dir), 0);
  arena_free(&f->arena);
  return 0;
}

static Status remember(void *ctx, const char *text, size_t n, Err *e) {
  Fixture *f = ctx;
  JsonValue *record;
  if (strlen(text) != n) fail();
  TRY(json_parse(&f->arena, text, n, &record, e));
  CHECK(e, json_number(json_get(record, "n"), -1) >= 0, E_DATA, "no number");
  str_add(&f->seen, text);
  str_add(&f->seen, "\n");
  return OK;
}

static Status reopen(Fixture *f, Journal **j) {
  f->seen.length = 0;
  f->e = (Err){0};
  return journal_open(&f->arena, f->path, remember, f, j, &f->e);
}

static void append(Fixture *f, const char *json) {
  Journal *j;
  assert_int_equal(reopen(f, &j), OK);
  assert_int_equal(journal_append(j, json, &f->e), OK);
  assert_int_equal(journal_close(j, &f->e), OK);
}

static const char *seen(Fixture *f) {
  f->seen.length = 0;
  f->e = (Err){0};
  assert_int_equal(journal_read(f->path, remember, f, &f->e), OK);
  return f->seen.length > 0 ? f->seen.text : "";
}

static char *content(Fixture *f, size_t *n) {
  char *bytes;
  assert_int_equal(file_read(&f->arena, f->path, 0, &bytes, n, &f->e), OK);
  return bytes;
}

static void put(Fixture *f, const char *bytes, size_t n) {
  assert_int_equal(file_write(f->path, bytes, n, &f->e), OK);
}

static void format_is_checksum_space_json(void **state) {
  Fixture *f = *state;
  char expected[100];
  append(f, "{\"n\": 1}");
  size_t n;
  snprintf(expected, sizeof expected, "%016llx {\"n\": 1}\n",
           (unsigned long long)hash_u64("{\"n\": 1}", 8));
  assert_string_equal(content(f, &n), expected);
}

static void an_empty_one_has_no_records(void **state) {
  Fixture *f = *state;
  Journal *j;
  bool durable = false;
  assert_int_equal(reopen(f, &j), OK);
  assert_int_equal(journal_sync(j, false, &durable, &f->e), OK);
  assert_true(durable); /* nothing is waiting */
  assert_int_equal(journal_close(j, &f->e), OK);
  assert_string_equal(seen(f), "");
}

static void records_come_back_in_order(void **state) {
  Fixture *f = *state;
  append(f, "{\"n\": 1}");
  append(f, "{\"n\": 2, \"text\": \"a\\nb\"}");
  append(f, "{\"n\": 3}");
  assert_string_equal(seen(f), "{\"n\": 1}\n{\"n\": 2, \"text\": \"a\\nb\"}\n{\"n\": 3}\n");
}

static void sync_now_or_after_a_while(void **state) {
  Fixture *f = *state;
  Journal *j;
  bool durable;
  assert_int_equal(reopen(f, &j), OK);
  assert_int_equal(journal_append(j, "{\"n\": 1}", &f->e), OK);
  assert_int_equal(journal_sync(j, true, &durable, &f->e), OK);
  assert_true(durable);
  assert_int_equal(journal_append(j, "{\"n\": 2}", &f->e), OK);
  do { /* not asked for now, it comes by itself */
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    assert_int_equal(journal_sync(j, false, &durable, &f->e), OK);
  } while (!durable);
  assert_int_equal(journal_close(j, &f->e), OK);
}

/* Cut at every byte of the last record: the records before it stay, and appending goes on. */
static void torn_anywhere(void **state) {
  Fixture *f = *state;
  append(f, "{\"n\": 1}");
  append(f, "{\"n\": 2}");
  size_t n, whole;
  append(f, "{\"n\": 3, \"more\": [1, 2]}");
  char *bytes = content(f, &n);
  for (whole = n - 1; bytes[whole - 1] != '\n'; whole--) continue;
  for (size_t k = whole; k < n; k++) {
    put(f, bytes, k);
    assert_string_equal(seen(f), "{\"n\": 1}\n{\"n\": 2}\n");
    append(f, "{\"n\": 4}");
    assert_string_equal(f->seen.text, "{\"n\": 1}\n{\"n\": 2}\n");
    assert_string_equal(seen(f), "{\"n\": 1}\n{\"n\": 2}\n{\"n\": 4}\n");
  }
}

static void last_line_with_wrong_checksum_is_torn(void **state) {
  Fixture *f = *state;
  append(f, "{\"n\": 1}");
  append(f, "{\"n\": 2}");
  size_t n;
  char *bytes = content(f, &n);
  bytes[n - 3] = '7';
  put(f, bytes, n);
  assert_string_equal(seen(f), "{\"n\": 1}\n");
  append(f, "{\"n\": 3}");
  assert_string_equal(seen(f), "{\"n\": 1}\n{\"n\": 3}\n");
}

/* Every single flipped bit of a record in the middle is noticed, and the file is left as it was. */
static void flipped_bits_in_the_middle(void **state) {
  Fixture *f = *state;
  append(f, "{\"n\": 1}");
  size_t from, to, n, after;
  content(f, &from);
  append(f, "{\"n\": 2}");
  content(f, &to);
  append(f, "{\"n\": 3}");
  char *bytes = content(f, &n);
  for (size_t bit = 8 * from; bit < 8 * (to - 1); bit++) {
    bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
    put(f, bytes, n);
    Journal *j;
    assert_int_equal(reopen(f, &j), E_DATA);
    assert_non_null(strstr(f->e.text, "/journal: line 2 is damaged"));
    f->e = (Err){0};
    assert_memory_equal(content(f, &after), bytes, n);
    assert_int_equal(after, n);
    assert_int_equal(journal_read(f->path, remember, f, &f->e), E_DATA);
    f->e = (Err){0};
    bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
  }
}

static void errors_of_the_reader_name_the_line(void **state) {
  Fixture *f = *state;
  Journal *j;
  append(f, "{\"n\": 1}");
  append(f, "{\"m\": 2}");
  assert_int_equal(reopen(f, &j), E_DATA);
  assert_non_null(strstr(f->e.text, "/journal: line 2: no number"));
}

static void a_huge_record(void **state) {
  Fixture *f = *state;
  size_t n = 3000000;
  char *json = ARENA_ARRAY(&f->arena, char, n);
  memset(json, 'x', n - 1);
  memcpy(json, "{\"n\": 1, \"t\": \"", 15);
  memcpy(json + n - 3, "\"}", 2);
  append(f, json);
  append(f, "{\"n\": 2}");
  const char *all = seen(f);
  assert_int_equal(strlen(all), n - 1 + 1 + 9);
  assert_memory_equal(all, json, n - 1);
}

/* Records of all lengths, more of them than are read at once (256 KiB); and one in the middle damaged,
 * so that the file goes on behind what was read. */
static void records_across_blocks(void **state) {
  Fixture *f = *state;
  Str file = str_new(&f->arena), want = str_new(&f->arena);
  size_t middle = 0;
  for (int i = 0; i < 700; i++) {
    Str json = str_new(&f->arena);
    str_addf(&json, "{\"n\": %d, \"t\": \"", i);
    for (int k = i * 37 % 2000; k > 0; k--) str_add(&json, "x");
    str_add(&json, "\"}");
    if (i == 350) middle = (size_t)file.length + 40;
    str_addf(&file, "%016llx ", (unsigned long long)hash_u64(json.text, (size_t)json.length));
    str_add(&file, json.text);
    str_add(&file, "\n");
    str_add(&want, json.text);
    str_add(&want, "\n");
  }
  assert_true(file.length > 2 * (1 << 18));
  for (int k = 0; k < 2000; k += 117) { /* the boundary at other places of a record */
    Str shifted = str_new(&f->arena);
    str_addf(&shifted, "{\"n\": 0, \"t\": \"%*s\"}", k + 1, "");
    const char *sum = arena_printf(
        &f->arena, "%016llx ", (unsigned long long)hash_u64(shifted.text, (size_t)shifted.length));
    Str all = str_new(&f->arena);
    str_add(&all, sum);
    str_add(&all, shifted.text);
    str_add(&all, "\n");
    str_add(&all, file.text);
    put(f, all.text, (size_t)all.length);
    str_add(&shifted, "\n");
    str_add(&shifted, want.text);
    assert_string_equal(seen(f), shifted.text);
  }
  file.text[middle] ^= 1;
  put(f, file.text, (size_t)file.length);
  assert_int_equal(journal_read(f->path, remember, f, &f->e), E_DATA);
  assert_non_null(strstr(f->e.text, "line 351 is damaged"));
}

/* A full disk takes half of a record: an error, and the file is valid as before. */
static void half_written_records_are_taken_back(void **state) {
  Fixture *f = *state;
  append(f, "{\"n\": 1}");
  size_t n;
  content(f, &n);
  Journal *j;
  assert_int_equal(reopen(f, &j), OK);
  struct rlimit old, full;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  full = old;
  full.rlim_cur = n + 10;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
  Status status = journal_append(j, "{\"n\": 2}", &f->e);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  assert_int_equal(status, E_IO);
  assert_non_null(strstr(f->e.text, f->path));
  size_t after;
  f->e = (Err){0};
  content(f, &after);
  assert_int_equal(after, n);
  assert_int_equal(journal_append(j, "{\"n\": 3}", &f->e), OK); /* there is room again */
  assert_int_equal(journal_close(j, &f->e), OK);
  assert_string_equal(seen(f), "{\"n\": 1}\n{\"n\": 3}\n");
}

static void what_is_no_record_is_refused(void **state) {
  Fixture *f = *state;
  Journal *j;
  assert_int_equal(reopen(f, &j), OK);
  assert_int_equal(journal_append(j, "{\"n\":\n1}", &f->e), E_INTERNAL);
  f->e = (Err){0};
  assert_int_equal(journal_append(j, "", &f->e), E_INTERNAL);
  f->e = (Err){0};
  assert_int_equal(journal_close(j, &f->e), OK);
  assert_int_equal(journal_read("nowhere/journal", remember, f, &f->e), E_IO);
  assert_non_null(strstr(f->e.text, "nowhere/journal"));
  f->e = (Err){0};
  assert_int_equal(journal_open(&f->arena, "nowhere/journal", remember, f, &j, &f->e), E_IO);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(format_is_checksum_space_json),
      T(an_empty_one_has_no_records),
      T(records_come_back_in_order),
      T(sync_now_or_after_a_while),
      T(torn_anywhere),
      T(last_line_with_wrong_checksum_is_torn),
      T(flipped_bits_in_the_middle),
      T(errors_of_the_reader_name_the_line),
      T(a_huge_record),
      T(records_across_blocks),
      T(half_written_records_are_taken_back),
      T(what_is_no_record_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
