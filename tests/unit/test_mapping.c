/* Files in memory, and what others do to them meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "io/mapping.h"

enum { BYTES = 20000 };
static char content[BYTES];

static int setup(void **state) {
  (void)state;
  for (int i = 0; i < BYTES; i++) content[i] = (char)(i * 7 % 251);
  FILE *f = fopen("mapped", "wb");
  return f && fwrite(content, 1, BYTES, f) == BYTES && fclose(f) == 0 ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  return remove("mapped");
}

static Mapping open_part(uint64_t first, uint64_t n) {
  Err e = {0};
  Mapping m;
  if (mapping_open("mapped", first, n, &m, &e) != OK) fail_msg("%s", e.text);
  return m;
}

static void has_the_bytes_asked_for(void **state) {
  (void)state;
  const uint64_t parts[][2] = {{0, 0}, {0, 1}, {4096, 4096}, {5000, 0}, {5000, 15000}, {19999, 1}};
  for (int i = 0; i < COUNT(parts); i++) {
    Mapping m = open_part(parts[i][0], parts[i][1]);
    assert_int_equal(m.n, parts[i][1] > 0 ? parts[i][1] : BYTES - parts[i][0]);
    assert_memory_equal(m.at, content + parts[i][0], m.n);
    const IoFileId id = mapping_id("mapped");
    assert_memory_equal(&m.id, &id, sizeof id);
    mapping_close(&m);
    assert_null(m.at);
  }
}

static void says_what_cannot_be_mapped(void **state) {
  (void)state;
  Mapping m;
  Err e = {0};
  assert_int_equal(mapping_open("mapped", 5000, 15001, &m, &e), E_DATA);
  assert_string_equal(e.text, "mapped: cut off: 20000 bytes, but its data end at 20001");
  e = (Err){0};
  assert_int_equal(mapping_open("none", 0, 0, &m, &e), E_IO);
  assert_string_equal(e.text, "cannot open none: No such file or directory");
  e = (Err){0};
  assert_int_equal(mapping_open(".", 0, 0, &m, &e), E_IO);
  assert_string_equal(e.text, ".: not a file");
  assert_int_equal(truncate("mapped", 0), 0);
  assert_int_equal(mapping_open("mapped", 0, 0, &m, &e), OK);
  assert_null(m.at);
  mapping_close(&m);
}

/* All places are free again afterwards. */
static void as_many_as_there_is_room_for(void **state) {
  (void)state;
  Mapping m[MAPPINGS_MOST], more;
  Err e = {0};
  for (int turn = 0; turn < 2; turn++) {
    for (int i = 0; i < MAPPINGS_MOST; i++) m[i] = open_part((uint64_t)i, 0);
    assert_int_equal(mapping_open("mapped", 0, 0, &more, &e), E_INTERNAL);
    for (int i = 0; i < MAPPINGS_MOST; i++) mapping_close(&m[i]);
  }
}

static bool changed(const Mapping *m) {
  bool yes;
  Err e = {0};
  assert_int_equal(mapping_changed(m, &yes, &e), OK);
  return yes;
}

/* The clock of a file system has ticks of some milliseconds. */
static void tick(void) {
  nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static void put(off_t at, const char *text) {
  const int fd = open("mapped", O_WRONLY);
  assert_true(fd >= 0);
  assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
  close(fd);
}

static void notices_that_others_write(void **state) {
  (void)state;
  Mapping m = open_part(5000, 100), none = {0};
  Err e = {0};
  assert_false(changed(&none));
  assert_false(changed(&m));
  tick();
  put(5001, "x");
  assert_true(changed(&m));
  assert_false(changed(&m)); /* once */
  assert_int_equal(((const char *)m.at)[1], 'x');
  tick();
  assert_int_equal(chmod("mapped", 0600), 0);
  assert_true(changed(&m));
  tick();
  put(BYTES, "more");
  assert_true(changed(&m));
  assert_int_equal(truncate("mapped", 5100), 0);
  bool yes;
  assert_int_equal(mapping_changed(&m, &yes, &e), E_DATA);
  assert_true(str_starts(e.text, "mapped: was cut off while it was in use"));
  mapping_close(&m);
}

static void leave(const Err *e) {
  const bool named = e->status == E_DATA && str_starts(e->text, "mapped: cannot be read any more");
  _exit(named ? 17 : 18);
}

/* How a process ends that reads byte `at` of the file when it is cut off at byte 100; -1: by a signal. */
static int read_behind(size_t at) {
  int status;
  const pid_t child = fork();
  if (child == 0) {
    const Mapping before = open_part(0, 100), m = open_part(0, 0);
    const volatile char *p = (const char *)m.at + at;
    mapping_on_lost(leave);
    if (!before.at || truncate("mapped", 100) != 0) _exit(19);
    _exit(*p == content[at] ? 0 : 20);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void what_cannot_be_read_is_named(void **state) {
  assert_int_equal(read_behind(50), 0); /* the last page is there */
  assert_int_equal(setup(state), 0);
  assert_int_equal(read_behind(5000), 17);
  assert_int_equal(setup(state), 0);
  assert_int_equal(read_behind(BYTES - 1), 17);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(has_the_bytes_asked_for),      T(says_what_cannot_be_mapped),
      T(as_many_as_there_is_room_for), T(notices_that_others_write),
      T(what_cannot_be_read_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
