/* Requests to a job: each is carried out once and answered, or given up and not done; no file is left. */
#include "check.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/files.h"
#include "runner/clock.h"
#include "runner/requests.h"

typedef struct {
  Arena arena;
  char dir[64];
} Fixture;

static int setup(void **state) {
  static Fixture f;
  f = (Fixture){.dir = "test_requests.XXXXXX"};
  arena_init(&f.arena);
  *state = &f;
  return mkdtemp(f.dir) == NULL;
}

static int teardown(void **state) {
  Fixture *f = *state;
  rmdir(file_join(&f->arena, f->dir, "requests"));
  const int left = rmdir(f->dir); /* no test leaves a file */
  arena_free(&f->arena);
  return left;
}

/* How asking ended, as an exit status. */
enum { DONE = 10, REFUSED, NO_ANSWER, INTERRUPTED, OTHER };

static int ask(Fixture *f, const char *kind, double seconds) {
  const char *text;
  Err e = {0};
  const Request r = {.kind = kind, .values = "{train.l2: 0.1}", .epoch = 7};
  const Status s = requests_ask(&f->arena, f->dir, &r, seconds, &text, &e);
  if (s == OK) return strcmp(text, "as you like") == 0 ? DONE : OTHER;
  if (s == E_USAGE) return strcmp(e.text, "refused: not today") == 0 ? REFUSED : OTHER;
  if (s == E_STOPPED) return strstr(e.text, "nothing was done") ? INTERRUPTED : OTHER;
  return s == E_BUSY && strstr(e.text, "no answer within") ? NO_ANSWER : OTHER;
}

/* A process that asks, once its request is there. */
static pid_t asker(Fixture *f, const char *kind, double seconds, Request *out) {
  const pid_t pid = fork();
  if (pid == 0) {
    const int how = ask(f, kind, seconds);
    arena_free(&f->arena);
    _exit(how);
  }
  while (!requests_next(&f->arena, f->dir, out)) clock_sleep(0.001);
  return pid;
}

static int ended(pid_t pid) {
  int how;
  assert_int_equal(waitpid(pid, &how, 0), pid);
  assert_true(WIFEXITED(how));
  return WEXITSTATUS(how);
}

static void answered(void **state) {
  Fixture *f = *state;
  Request r;
  pid_t pid = asker(f, "tune", 60, &r);
  assert_string_equal(r.kind, "tune");
  assert_string_equal(r.values, "{train.l2: 0.1}");
  assert_int_equal(r.epoch, 7);
  assert_true(requests_take(f->dir, &r));
  assert_true(requests_take(f->dir, &r)); /* still */
  Request next;                           /* a job that starts now does not do it again */
  assert_false(requests_next(&f->arena, f->dir, &next));
  requests_answer(f->dir, &r, true, "as you like");
  assert_int_equal(ended(pid), DONE);
  pid = asker(f, "rewind", 60, &r);
  requests_answer(f->dir, &r, false, "not today");
  assert_int_equal(ended(pid), REFUSED);
}

/* The job has read a request when who asked gives up: it is not done, and no answer stays. */
static void given_up(void **state) {
  Fixture *f = *state;
  Request r;
  assert_int_equal(ended(asker(f, "tune", 0.05, &r)), NO_ANSWER);
  assert_false(requests_take(f->dir, &r));
  requests_answer(f->dir, &r, true, "as you like");
}

/* It was taken when the time is over: who asked learns what came of it. */
static void taken_late(void **state) {
  Fixture *f = *state;
  Request r;
  const pid_t pid = asker(f, "tune", 0.2, &r);
  assert_true(requests_take(f->dir, &r));
  clock_sleep(0.5);
  requests_answer(f->dir, &r, true, "as you like");
  assert_int_equal(ended(pid), DONE);
}

/* Who asks tires of it: the request is taken back; if the job has it already, its answer is waited for,
 * until a second signal. */
static void interrupted(void **state) {
  Fixture *f = *state;
  Request r;
  pid_t pid = asker(f, "tune", 60, &r);
  kill(pid, SIGTERM);
  assert_int_equal(ended(pid), INTERRUPTED);
  assert_false(requests_take(f->dir, &r));
  pid = asker(f, "tune", 60, &r);
  assert_true(requests_take(f->dir, &r));
  kill(pid, SIGTERM);
  clock_sleep(0.1);
  requests_answer(f->dir, &r, true, "as you like");
  assert_int_equal(ended(pid), DONE);
  pid = asker(f, "tune", 60, &r);
  assert_true(requests_take(f->dir, &r));
  kill(pid, SIGTERM);
  clock_sleep(0.1);
  kill(pid, SIGTERM);
  int how;
  assert_int_equal(waitpid(pid, &how, 0), pid);
  assert_true(WIFSIGNALED(how));
}

/* A new job: what was asked of the one before is still asked, its answers are nobody's. */
static void begun_anew(void **state) {
  Fixture *f = *state;
  Err e = {0};
  Request r;
  requests_begin(f->dir); /* no folder yet */
  const pid_t pid = asker(f, "tune", 60, &r);
  for (int i = 0; i < 3; i++) {
    const char *path = arena_printf(&f->arena, "%s/requests/%d.answer", f->dir, i);
    assert_int_equal(file_write(path, "{}", 2, &e), OK);
  }
  requests_begin(f->dir);
  for (int i = 0; i < 3; i++)
    assert_false(file_exists(arena_printf(&f->arena, "%s/requests/%d.answer", f->dir, i)));
  assert_true(requests_next(&f->arena, f->dir, &r));
  requests_answer(f->dir, &r, true, "as you like");
  assert_int_equal(ended(pid), DONE);
}

/* What is no request is refused, and does not keep others waiting. */
static void unreadable(void **state) {
  Fixture *f = *state;
  Err e = {0};
  Request r;
  assert_int_equal(file_make_dirs(file_join(&f->arena, f->dir, "requests"), &e), OK);
  const char *bad = file_join(&f->arena, f->dir, "requests/0.request");
  assert_int_equal(file_write(bad, "{", 1, &e), OK);
  assert_false(requests_next(&f->arena, f->dir, &r));
  assert_false(file_exists(bad));
  assert_int_equal(file_remove(file_join(&f->arena, f->dir, "requests/0.answer"), &e), OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(answered, setup, teardown),
      cmocka_unit_test_setup_teardown(given_up, setup, teardown),
      cmocka_unit_test_setup_teardown(taken_late, setup, teardown),
      cmocka_unit_test_setup_teardown(interrupted, setup, teardown),
      cmocka_unit_test_setup_teardown(begun_anew, setup, teardown),
      cmocka_unit_test_setup_teardown(unreadable, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
