/* Files: what is read is what was written, nothing half is published. */
#define _XOPEN_SOURCE 700 /* setrlimit */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "io/files.h"

typedef struct {
  Arena arena;
  char dir[64];
  Err e;
} Fixture;

static int setup(void **state) {
  static Fixture f;
  f = (Fixture){.dir = "test_files.XXXXXX"};
  arena_init(&f.arena);
  assert_non_null(mkdtemp(f.dir));
  *state = &f;
  return 0;
}

static const char *in(Fixture *f, const char *name) {
  return file_join(&f->arena, f->dir, name);
}

static int count_entries(const char *dir) {
  int n = 0;
  DIR *d = opendir(dir);
  assert_non_null(d);
  for (const struct dirent *entry; (entry = readdir(d)) != NULL;) {
    n += !str_eq(entry->d_name, ".") && !str_eq(entry->d_name, "..");
  }
  closedir(d);
  return n;
}

/* Each test names what it leaves; nothing else may be there, no temporary file either. */
static void clean(Fixture *f, const char *const *names, int n) {
  assert_int_equal(count_entries(f->dir), n);
  for (int i = 0; i < n; i++) assert_int_equal(remove(in(f, names[i])), 0);
  assert_int_equal(rmdir(f->dir), 0);
}

static int teardown(void **state) {
  Fixture *f = *state;
  arena_free(&f->arena);
  return 0;
}

static void names(void **state) {
  Fixture *f = *state;
  Arena *a = &f->arena;
  assert_string_equal(file_dir(a, "a/b/c.h5"), "a/b");
  assert_string_equal(file_dir(a, "a//b"), "a");
  assert_string_equal(file_dir(a, "c"), ".");
  assert_string_equal(file_dir(a, "/c"), "/");
  assert_string_equal(file_dir(a, "/"), "/");
  assert_string_equal(file_dir(a, "a/b/"), "a");
  assert_string_equal(file_join(a, "a", "b/c"), "a/b/c");
  assert_string_equal(file_join(a, "a/", "b"), "a/b");
  assert_string_equal(file_join(a, "a", "/b"), "/b");
  assert_string_equal(file_join(a, ".", "b"), "b");
  assert_string_equal(file_join(a, "/", "b"), "/b");
  clean(f, NULL, 0);
}

static void write_and_read(void **state) {
  Fixture *f = *state;
  char bytes[10000], *back;
  size_t n;
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i % 256);
  assert_int_equal(file_write(in(f, "x"), "older and longer", 16, &f->e), OK);
  assert_int_equal(file_write(in(f, "x"), bytes, sizeof bytes, &f->e), OK);
  assert_int_equal(file_read(&f->arena, in(f, "x"), 0, &back, &n, &f->e), OK);
  assert_int_equal(n, sizeof bytes);
  assert_memory_equal(back, bytes, n);
  assert_int_equal(back[n], 0);
  assert_int_equal(file_read(&f->arena, in(f, "x"), sizeof bytes, &back, &n, &f->e), OK);
  assert_int_equal(file_read(&f->arena, in(f, "x"), sizeof bytes - 1, &back, &n, &f->e), E_IO);
  assert_non_null(strstr(f->e.text, "larger than 9999 bytes"));
  f->e = (Err){0};
  assert_int_equal(file_write(in(f, "empty"), "", 0, &f->e), OK);
  assert_int_equal(file_read(&f->arena, in(f, "empty"), 0, &back, &n, &f->e), OK);
  assert_int_equal(n, 0);
  assert_true(file_exists(in(f, "empty")));
  assert_int_equal(file_remove(in(f, "empty"), &f->e), OK);
  assert_false(file_exists(in(f, "empty")));
  assert_int_equal(file_remove(in(f, "empty"), &f->e), OK);
  clean(f, (const char *const[]){"x"}, 1);
}

/* A pipe has no size to ask for. */
static void reads_a_pipe(void **state) {
  Fixture *f = *state;
  int fd[2];
  char path[32], *back, bytes[9000];
  size_t n;
  memset(bytes, 'p', sizeof bytes);
  assert_int_equal(pipe(fd), 0);
  assert_int_equal(write(fd[1], bytes, sizeof bytes), sizeof bytes);
  close(fd[1]);
  snprintf(path, sizeof path, "/dev/fd/%d", fd[0]);
  assert_int_equal(file_read_stream(&f->arena, path, 0, &back, &n, &f->e), OK);
  assert_int_equal(n, sizeof bytes);
  assert_memory_equal(back, bytes, n);
  close(fd[0]);
  clean(f, NULL, 0);
}

static void expect(Fixture *f, Status got, const char *message) {
  assert_int_equal(got, E_IO);
  assert_string_equal(f->e.text, message);
  f->e = (Err){0};
}

static void errors_name_path_and_reason(void **state) {
  Fixture *f = *state;
  Arena *a = &f->arena;
  char *back;
  size_t n;
  expect(f, file_read(a, "no/such", 0, &back, &n, &f->e),
         "cannot open no/such: No such file or directory");
  expect(f, file_read(a, f->dir, 0, &back, &n, &f->e), arena_printf(a, "%s: not a file", f->dir));
  expect(f, file_read_stream(a, f->dir, 0, &back, &n, &f->e),
         arena_printf(a, "cannot read %s: it is a directory", f->dir));
  expect(f, file_write("no/such", "x", 1, &f->e),
         "cannot write no/such: No such file or directory");
  expect(f, file_write(f->dir, "x", 1, &f->e),
         arena_printf(a, "cannot write %s: Is a directory", f->dir));
  assert_int_equal(file_write(in(f, "x"), "", 0, &f->e), OK);
  expect(f, file_make_dirs(in(f, "x/y"), &f->e),
         arena_printf(a, "cannot make the directory %s/x: Not a directory", f->dir));
  expect(f, file_remove(in(f, "x/y"), &f->e),
         arena_printf(a, "cannot remove %s/x/y: Not a directory", f->dir));
  clean(f, (const char *const[]){"x"}, 1);
}

/* Nobody writes into it: opened or read like a file, it would be waited for without end. */
static void a_pipe_is_no_file(void **state) {
  Fixture *f = *state;
  const int flags[] = {O_RDONLY, O_WRONLY | O_CREAT | O_APPEND, O_RDWR | O_CREAT};
  const char *message = arena_printf(&f->arena, "%s/x: not a file", f->dir);
  char *back;
  size_t n;
  int fd;
  assert_int_equal(mkfifo(in(f, "x"), 0666), 0);
  alarm(20);
  for (int i = 0; i < COUNT(flags); i++)
    expect(f, file_open(in(f, "x"), flags[i], &fd, &f->e), message);
  expect(f, file_read(&f->arena, in(f, "x"), 0, &back, &n, &f->e), message);
  alarm(0);
  clean(f, (const char *const[]){"x"}, 1);
}

static void directories(void **state) {
  Fixture *f = *state;
  struct stat st;
  assert_int_equal(file_make_dirs(in(f, "a/b//c/"), &f->e), OK);
  assert_int_equal(file_make_dirs(in(f, "a/b/c"), &f->e), OK);
  assert_int_equal(stat(in(f, "a/b/c"), &st), 0);
  assert_true(S_ISDIR(st.st_mode));
  assert_int_equal(file_make_dirs("/", &f->e), OK);
  assert_int_equal(rmdir(in(f, "a/b/c")), 0);
  assert_int_equal(rmdir(in(f, "a/b")), 0);
  clean(f, (const char *const[]){"a"}, 1);
}

/* A disk that fills up in the middle: the old content stays, and nothing else is left. */
static void half_a_write_publishes_nothing(void **state) {
  Fixture *f = *state;
  struct rlimit old, full;
  char bytes[5000] = "new", *back;
  size_t n;
  assert_int_equal(file_write(in(f, "x"), "old", 3, &f->e), OK);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  full = old;
  full.rlim_cur = 2000;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
  Status status = file_write(in(f, "x"), bytes, sizeof bytes, &f->e);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  expect(f, status, arena_printf(&f->arena, "cannot write %s/x: File too large", f->dir));
  assert_int_equal(file_read(&f->arena, in(f, "x"), 0, &back, &n, &f->e), OK);
  assert_string_equal(back, "old");
  clean(f, (const char *const[]){"x"}, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(names),
      T(write_and_read),
      T(reads_a_pipe),
      T(a_pipe_is_no_file),
      T(errors_name_path_and_reason),
      T(directories),
      T(half_a_write_publishes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
