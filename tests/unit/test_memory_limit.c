/* The memory that a job may have: of the machine, or of the control groups that it is in, made here. */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/files.h"
#include "io/memory_limit.h"

static Arena arena;
static char root[64];

static int setup(void **state) {
  (void)state;
  strcpy(root, "test_memory_limit.XXXXXX");
  arena_init(&arena);
  return mkdtemp(root) == NULL;
}

static int teardown(void **state) {
  (void)state;
  const char *const command = arena_printf(&arena, "rm -r %s", root);
  const int failed = system(command); /* NOLINT(cert-env33-c): a name that mkdtemp made */
  arena_free(&arena);
  return failed;
}

static void put(const char *path, const char *text) {
  Err e = {0};
  char *whole = arena_printf(&arena, "%s/%s", root, path), *cut = strrchr(whole, '/');
  *cut = '\0';
  assert_int_equal(file_make_dirs(whole, &e), OK);
  *cut = '/';
  assert_int_equal(file_write(whole, text, strlen(text), &e), OK);
}

static uint64_t limit(void) {
  return memory_limit(&arena, root);
}

static void of_the_machine(void **state) {
  (void)state;
  const uint64_t all = limit(); /* nothing is known of groups */
  assert_int_equal(all, (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
  assert_true(memory_limit(&arena, "") <= all);
  put("proc/self/cgroup", "nonsense\n0:\n\n7:memory\n");
  assert_int_equal(limit(), all);
}

static void version_2(void **state) {
  (void)state;
  put("proc/self/cgroup", "0::/slurm/job_5/step_0\n");
  const uint64_t all = limit();
  put("sys/fs/cgroup/slurm/job_5/step_0/memory.max", "max\n");
  assert_int_equal(limit(), all);
  put("sys/fs/cgroup/slurm/job_5/memory.max", "5000000\n");
  assert_int_equal(limit(), 5000000); /* of the job, not of its step */
  put("sys/fs/cgroup/slurm/memory.max", "9000000\n");
  assert_int_equal(limit(), 5000000);
  put("sys/fs/cgroup/slurm/memory.max", "4000000\n");
  assert_int_equal(limit(), 4000000);
  put("sys/fs/cgroup/memory.max", "3000000\n"); /* as a container sees its own */
  assert_int_equal(limit(), 3000000);
  put("sys/fs/cgroup/slurm/job_50/memory.max", "1\n");
  assert_int_equal(limit(), 3000000);
}

static void version_1(void **state) {
  (void)state;
  put("proc/self/cgroup",
      "9:name=systemd:/\n5:cpu,cpuacct:/a\n4:hugememory:/b\n3:blkio,memory:/job\n");
  const uint64_t all = limit();
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1\n");
  put("sys/fs/cgroup/memory/b/memory.limit_in_bytes", "1\n");
  assert_int_equal(limit(), all);
  put("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "240000000");
  assert_int_equal(limit(), 240000000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(of_the_machine, setup, teardown),
      cmocka_unit_test_setup_teardown(version_2, setup, teardown),
      cmocka_unit_test_setup_teardown(version_1, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
