/* Programs as processes: what they write, how they end, that nothing of them is left. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "runner/clock.h"
#include "runner/process.h"

static const char *const environment[] = {"GREETING=hello", NULL};

static void start(Process *p, const char *script) {
  const char *const argv[] = {"sh", "-c", script, NULL};
  const ProcessStart how = {.file = "/bin/sh", .argv = argv, .envp = environment, .directory = "/"};
  Err e = {0};
  if (process_start(&how, p, &e) != OK) fail_msg("%s", e.text);
}

/* All that a stream says until the end. */
static int listen(Process *p, int stream, char *out, int n) {
  int length = 0;
  while (!p->over) {
    process_wait(p, 0.01);
    length += (int)process_read(p, stream, out + length, (size_t)(n - length));
  }
  size_t more;
  while ((more = process_read(p, stream, out + length, (size_t)(n - length))) > 0)
    length += (int)more;
  out[length] = '\0';
  return length;
}

static void says(void **state) {
  (void)state;
  Process p;
  char out[1000];
  start(&p, "echo $GREETING; pwd; cat; echo aside >&2; exit 3");
  listen(&p, PROCESS_OUT, out, 999);
  assert_string_equal(out, "hello\n/\n");
  assert_int_equal(process_read(&p, PROCESS_ERR, out, 999), 6);
  process_close(&p);
  assert_true(WIFEXITED(p.status));
  assert_int_equal(WEXITSTATUS(p.status), 3);
}

/* More than a pipe holds, and nobody waits for anybody. */
static void says_much(void **state) {
  (void)state;
  Process p;
  static char out[400001];
  start(&p, "i=0; while [ $i -lt 3900 ]; do echo "
            "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
            "67890123456789; i=$((i+1)); done");
  assert_int_equal(listen(&p, PROCESS_OUT, out, 400000), 3900 * 101);
  process_close(&p);
}

static void inherits_nothing(void **state) {
  (void)state;
  Process p;
  char out[1000];
  const int ours = open("inherited.txt", O_RDWR | O_CREAT, 0666); /* without O_CLOEXEC */
  assert_true(ours > 2);
  start(&p, "for f in /proc/$$/fd/*; do readlink $f; done");
  listen(&p, PROCESS_OUT, out, 999);
  process_close(&p);
  close(ours);
  assert_non_null(strstr(out, "pipe:"));
  assert_null(strstr(out, "inherited.txt"));
}

static void ends_with_all_it_started(void **state) {
  (void)state;
  Process p;
  char out[100];
  start(&p, "sleep 1000 & echo $!; exec 1>&- 2>&-; wait");
  const double began = clock_now();
  int n = 0;
  while (n == 0 && clock_now() - began < 30) {
    process_wait(&p, 0.01);
    n = (int)process_read(&p, PROCESS_OUT, out, 99);
  }
  out[n] = '\0';
  const pid_t other = (pid_t)atoi(out);
  assert_true(other > 1);
  assert_false(p.over);
  process_close(&p);
  assert_true(WIFSIGNALED(p.status));
  while (kill(other, 0) == 0 && clock_now() - began < 30) clock_sleep(0.01);
  assert_int_equal(kill(other, 0), -1);
}

static void signals_reach_it(void **state) {
  (void)state;
  Process p;
  char out[100];
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, NULL); /* ours, not the program's */
  start(&p, "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
  int n = 0;
  while (n == 0) {
    process_wait(&p, 0.01);
    n = (int)process_read(&p, PROCESS_OUT, out, 99);
  }
  process_signal(&p, SIGTERM);
  listen(&p, PROCESS_OUT, out, 99);
  assert_string_equal(out, "asked\n");
  process_close(&p);
  assert_true(WIFEXITED(p.status));
  sigprocmask(SIG_UNBLOCK, &blocked, NULL);
}

static void cannot_start(void **state) {
  (void)state;
  const char *const argv[] = {"x", NULL};
  ProcessStart how = {.file = "/dev/null", .argv = argv, .envp = environment, .directory = "/"};
  Process p;
  Err e = {0};
  assert_int_equal(process_start(&how, &p, &e), E_IO);
  assert_non_null(strstr(e.text, "/dev/null could not be started: Permission denied"));
  e = (Err){0};
  how.file = "/bin/sh";
  how.directory = "/nowhere";
  assert_int_equal(process_start(&how, &p, &e), E_IO);
  assert_non_null(strstr(e.text, "No such file"));
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
  assert_int_equal(errno, ECHILD);
}

static void found_on_the_path(void **state) {
  (void)state;
  Arena a = {0};
  arena_init(&a);
  assert_string_equal(process_find(&a, "sh", "/nowhere:/bin:/usr/bin", "."), "/bin/sh");
  assert_string_equal(process_find(&a, "bin/sh", NULL, "/"), "/bin/sh");
  assert_null(process_find(&a, "sh", "/nowhere", "/bin"));
  assert_null(process_find(&a, "sh", NULL, "/bin"));
  assert_null(process_find(&a, "null", "/dev", "."));
  assert_null(process_find(&a, "bin", "/usr", "."));
  assert_null(process_find(&a, "", "/bin", "."));
  arena_free(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(says),
      cmocka_unit_test(says_much),
      cmocka_unit_test(inherits_nothing),
      cmocka_unit_test(ends_with_all_it_started),
      cmocka_unit_test(signals_reach_it),
      cmocka_unit_test(cannot_start),
      cmocka_unit_test(found_on_the_path),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
