#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/shared_memory.h"
#include "check.h"

enum { N = 100000, AT_LEAST = 50000 };

/* What another process finds at the home; exits with 0 if these are the n bytes. */
static int as_others_see(pid_t pid, SharedHome home, const char *want, size_t n) {
  char path[64];
  static char got[N];
  struct stat s;
  snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, home.fd);
  const int fd = open(path, O_RDONLY);
  if (fd < 0 || fstat(fd, &s) != 0 || s.st_ino != home.inode) return 1;
  if (pread(fd, got, n, (off_t)home.offset) != (ssize_t)n) return 2;
  return memcmp(got, want, n) == 0 ? 0 : 3;
}

static void another_process_reads_it(void **state) {
  (void)state;
  static char want[1000];
  SharedHome home;
  char *p = shared_memory_take(N);
  assert_non_null(p);
  assert_int_equal((uintptr_t)p % 64, 0);
  for (int i = 0; i < N; i++) assert_int_equal(p[i], 0);
  assert_true(shared_memory_home(p + 5000, 1000, &home));
  memset(want, 'x', sizeof want);
  const pid_t parent = getpid(), child = fork();
  if (child == 0) { /* it reads what was written after it was born */
    for (int tries = 0; tries < 1000 && as_others_see(parent, home, want, sizeof want); tries++)
      nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    _exit(as_others_see(parent, home, want, sizeof want));
  }
  memset(p + 5000, 'x', sizeof want);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_true(shared_memory_give(p));
}

static void homes_end_where_memory_ends(void **state) {
  (void)state;
  SharedHome home, other;
  char *p = shared_memory_take(N), *q = shared_memory_take(N), elsewhere;
  assert_true(shared_memory_home(p, N, &home));
  assert_true(shared_memory_home(q + N, 0, &other));
  assert_int_equal(other.offset, home.offset + N);
  assert_true(home.inode != other.inode && home.fd != other.fd);
  assert_false(shared_memory_home(p, N + 1, &home));
  assert_false(shared_memory_home(&elsewhere, 1, &home));
  assert_false(shared_memory_give(p + 1));
  assert_true(shared_memory_give(p));
  assert_false(shared_memory_give(p));
  assert_false(shared_memory_home(p, 1, &home));
  assert_true(shared_memory_give(q));
}

static void refusals_are_told(void **state) {
  (void)state;
  assert_null(shared_memory_take(SIZE_MAX));
  assert_null(shared_memory_take((size_t)1 << 61));
}

static void only_large_fixed_arenas_are_shared(void **state) {
  (void)state;
  Arena small = {0}, large = {0}, growing = {0}, before = {0};
  SharedHome home;
  Err e = {0};
  assert_int_equal(arena_init_fixed(&before, N, "", &e), OK);
  arena_share_fixed(AT_LEAST);
  assert_int_equal(arena_init_fixed(&small, AT_LEAST - 1, "", &e), OK);
  assert_int_equal(arena_init_fixed(&large, N, "", &e), OK);
  arena_init(&growing);
  const char *p = arena_alloc(&large, N, 1);
  assert_int_equal((uintptr_t)p % 64, 0);
  assert_true(shared_memory_home(p, N, &home));
  assert_false(shared_memory_home(arena_alloc(&before, N, 1), 1, &home));
  assert_false(shared_memory_home(arena_alloc(&small, 1, 1), 1, &home));
  assert_false(shared_memory_home(arena_alloc(&growing, N, 1), 1, &home));
  arena_fail_at(1);
  Arena refused = {0};
  assert_int_equal(arena_init_fixed(&refused, N, "it", &e), E_MEMORY);
  arena_share_fixed(0);
  arena_free(&small);
  arena_free(&large);
  arena_free(&growing);
  arena_free(&before);
  assert_false(shared_memory_home(p, 1, &home));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(another_process_reads_it), cmocka_unit_test(homes_end_where_memory_ends),
      cmocka_unit_test(refusals_are_told), cmocka_unit_test(only_large_fixed_arenas_are_shared)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
