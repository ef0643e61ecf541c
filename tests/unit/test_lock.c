/* The lock of a run directory: one holder, named to whoever comes second; with locks that hold, and
 * with none but the beat; a holder that was suspended and replaced writes no more. */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "io/files.h"
#include "io/lock_text.h"

typedef struct {
  Arena arena;
  char dir[64];
  Err e;
} Fixture;

static int setup(void **state) {
  static Fixture f;
  f = (Fixture){.dir = "test_lock.XXXXXX"};
  arena_init(&f.arena);
  unsetenv("HDF5_USE_FILE_LOCKING");
  unsetenv("SLURM_JOB_ID");
  unsetenv("PBS_JOBID");
  *state = &f;
  return mkdtemp(f.dir) == NULL;
}

static int teardown(void **state) {
  Fixture *f = *state;
  unlink(file_join(&f->arena, f->dir, "lock"));
  unlink(file_join(&f->arena, f->dir, "stop"));
  int left = rmdir(f->dir); /* nothing else was left there */
  arena_free(&f->arena);
  return left;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A child that holds the lock. It answers each byte that it is sent: whether the lock is still its
 * own, and of 'r' that it gave it back; it ends when the pipe does. */
typedef struct {
  pid_t pid;
  int ask, answer;
} Child;

static void serve(const char *dir, int ask, int answer) {
  Arena a = {0};
  Err e = {0};
  Lock *l = NULL;
  arena_init(&a);
  char c = lock_take(&a, dir, 0, &l, &e) == OK ? 'y' : 'n';
  while (write(answer, &c, 1) == 1 && read(ask, &c, 1) == 1) {
    Err mine = {0};
    if (c == 'r') {
      lock_release(l);
      l = NULL;
    } else {
      c = lock_check(l, &mine) == OK ? 'y' : 'n';
    }
  }
  _exit(0); /* the OFD lock goes with the process, the text stays */
}

static char answer(const Child *c) {
  char is = 0;
  assert_int_equal(read(c->answer, &is, 1), 1);
  return is;
}

static char ask(const Child *c, char what) {
  assert_int_equal(write(c->ask, &what, 1), 1);
  return answer(c);
}

static Child hold(const char *dir, const char *job) {
  int there[2], back[2];
  assert_int_equal(pipe(there), 0);
  assert_int_equal(pipe(back), 0);
  Child c = {.pid = fork(), .ask = there[1], .answer = back[0]};
  assert_true(c.pid >= 0);
  if (c.pid == 0) {
    close(there[1]);
    close(back[0]);
    if (job) setenv("SLURM_JOB_ID", job, 1);
    serve(dir, there[0], back[1]);
  }
  close(there[0]);
  close(back[1]);
  assert_int_equal(answer(&c), 'y');
  return c;
}

static void end(const Child *c) {
  close(c->ask);
  assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
  close(c->answer);
}

static void refused(Fixture *f, const Child *c, const char *job) {
  Err e = {0};
  Lock *l;
  assert_int_equal(lock_take(&f->arena, f->dir, 0.3, &l, &e), E_BUSY);
  const char *who = arena_printf(&f->arena, "run directory %s is in use by process %ld of ", f->dir,
                                 (long)c->pid);
  assert_true(str_starts(e.text, who));
  assert_non_null(strstr(e.text, job));
  assert_non_null(strstr(e.text, arena_printf(&f->arena, "`caviar stop %s`", f->dir)));
}

static LockView look(Fixture *f) {
  LockView v;
  Err e = {0};
  assert_int_equal(lock_look(&f->arena, f->dir, &v, &e), OK);
  return v;
}

static Lock *taken(Fixture *f) {
  Lock *l = NULL;
  assert_int_equal(lock_take(&f->arena, f->dir, 0, &l, &f->e), OK);
  return l;
}

static void one_holder(void **state) {
  Fixture *f = *state;
  Err e = {0};
  Lock *l, *other;
  assert_false(look(f).known);
  Child c = hold(f->dir, "55");
  refused(f, &c, " (job 55): ");
  LockView v = look(f);
  assert_int_equal(v.state, LOCK_HELD);
  assert_int_equal(v.holder.pid, c.pid);
  assert_string_equal(v.holder.job, "55");
  end(&c);
  v = look(f); /* a process that is gone without a word */
  assert_true(v.known && v.state == LOCK_FREE && !v.holder.ended);

  l = taken(f);
  assert_int_equal(lock_take(&f->arena, f->dir, 0, &other, &e), E_BUSY); /* also in one process */
  assert_non_null(strstr(e.text, arena_printf(&f->arena, "process %ld of ", (long)getpid())));
  assert_string_equal(look(f).holder.job, "");
  assert_int_equal(lock_check(l, &f->e), OK);
  lock_release(l);
  v = look(f);
  assert_true(v.known && v.state == LOCK_FREE && v.holder.ended);
  e = (Err){0};
  assert_int_equal(lock_take(&f->arena, "no/such", 0, &l, &e), E_IO);
  assert_string_equal(e.text, "cannot open no/such/lock: No such file or directory");
}

/* Who waits gets the lock when its holder goes. */
static void waits_for_the_holder(void **state) {
  Fixture *f = *state;
  Child c = hold(f->dir, NULL);
  pid_t waiter = fork();
  if (waiter == 0) {
    Lock *l;
    Err e = {0};
    close(c.ask);
    _exit(lock_take(&f->arena, f->dir, 60, &l, &e) == OK ? 0 : 1);
  }
  end(&c);
  int result = -1;
  assert_int_equal(waitpid(waiter, &result, 0), waiter);
  assert_int_equal(result, 0);
}

/* No locks at all, as on some network file systems: the beat tells. */
static void a_beat_is_enough(void **state) {
  Fixture *f = *state;
  setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
  Child c = hold(f->dir, "7_3");
  double start = seconds();
  refused(f, &c, " (job 7_3): ");
  assert_true(seconds() - start < 6); /* it need not watch to the end */
  assert_int_equal(look(f).state, LOCK_HELD);
  unsetenv("HDF5_USE_FILE_LOCKING"); /* one who could lock is not fooled by a lock that is free */
  lock_distrust(true);
  refused(f, &c, " (job 7_3): ");
  assert_int_equal(look(f).state, LOCK_HELD);
  lock_distrust(false);
  setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
  assert_int_equal(ask(&c, 'r'), 'r'); /* given back: nobody watches */
  start = seconds();
  assert_int_equal(look(f).state, LOCK_FREE);
  lock_release(taken(f));
  assert_true(seconds() - start < 5);
  end(&c);
}

/* Suspended, so dead to all who watch; when it wakes up, it has lost. */
static void silence_is_death(void **state) {
  Fixture *f = *state;
  setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
  Child c = hold(f->dir, NULL);
  assert_int_equal(kill(c.pid, SIGSTOP), 0);
  assert_int_equal(look(f).state, LOCK_SILENT);
  const double start = seconds();
  Lock *l = taken(f);
  assert_true(seconds() - start > 10);
  assert_int_equal(kill(c.pid, SIGCONT), 0);
  assert_int_equal(ask(&c, 'c'), 'n'); /* the very first question, before its thread looked */
  assert_int_equal(ask(&c, 'r'), 'r');
  assert_int_equal(lock_check(l, &f->e), OK); /* and it took nothing from us by leaving */
  LockView v = look(f);
  assert_true(v.state == LOCK_HELD && v.holder.pid == getpid() && !v.holder.ended);
  lock_release(l);
  end(&c);
}

/* At the same moment, without locks: one of them gets it. */
static void two_at_once(void **state) {
  Fixture *f = *state;
  setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
  pid_t pid[2];
  int until[2], won = 0;
  assert_int_equal(pipe(until), 0);
  for (int i = 0; i < 2; i++) {
    pid[i] = fork();
    if (pid[i] > 0) continue;
    Lock *l;
    Err e = {0};
    close(until[1]);
    Status s = lock_take(&f->arena, f->dir, 0, &l, &e);
    if (s == OK) sleep(4); /* long enough for the other to see the beat */
    _exit(s == OK ? 0 : s == E_BUSY ? 1 : 2);
  }
  close(until[0]);
  for (int i = 0; i < 2; i++) {
    int result = -1;
    assert_int_equal(waitpid(pid[i], &result, 0), pid[i]);
    assert_true(WIFEXITED(result) && WEXITSTATUS(result) < 2);
    won += WEXITSTATUS(result) == 0;
  }
  close(until[1]);
  assert_int_equal(won, 1);
}

static void asks_to_stop(void **state) {
  Fixture *f = *state;
  assert_null(lock_stop_text(&f->arena, f->dir));
  assert_int_equal(lock_ask_stop(f->dir, &f->e), OK);
  Lock *l = taken(f); /* what was asked of somebody before */
  assert_null(lock_stop_text(&f->arena, f->dir));
  assert_false(lock_stop_asked(l));
  assert_int_equal(lock_ask_stop(f->dir, &f->e), OK);
  const char *words = lock_stop_text(&f->arena, f->dir);
  assert_non_null(strstr(words, arena_printf(&f->arena, "(process %ld)", (long)getpid())));
  assert_int_equal(lock_ask_stop(f->dir, &f->e), OK);
  assert_string_equal(lock_stop_text(&f->arena, f->dir), words);
  const double start = seconds();
  while (!lock_stop_asked(l)) assert_true(seconds() - start < 5);
  lock_release(l);
  assert_non_null(lock_stop_text(&f->arena, f->dir)); /* stays: who started it is to see it */
}

/* What the holder notes is seen with the next beat. */
static void notes(void **state) {
  Fixture *f = *state;
  Lock *l = taken(f);
  lock_note(l, 3, 0);
  const double start = seconds();
  while (look(f).holder.running != 3) assert_true(seconds() - start < 10);
  assert_true(look(f).holder.progress == 0);
  lock_note(l, 3, 1);
  while (look(f).holder.progress == 0) assert_true(seconds() - start < 20);
  assert_true(llabs(look(f).holder.progress - (long long)time(NULL)) < 20);
  lock_release(l);
}

/* Its length does not change with the beat; anything else is no text of a lock. */
static void text(void **state) {
  Fixture *f = *state;
  char a[2048], b[2048];
  LockHolder h = {.pid = 12, .host = "n\"1", .user = "é", .job = "", .boot = "b", .token = "t"};
  LockHolder back;
  const int n = lock_text_write(&h, a, sizeof a);
  assert_true(n > 0 && a[n - 1] == '\n');
  h.beat = 9999999999;
  h.progress = 1700000000;
  h.ended = h.locked = true;
  assert_int_equal(lock_text_write(&h, b, sizeof b), n);
  assert_true(lock_text_read(&f->arena, b, (size_t)n, &back));
  assert_string_equal(back.host, h.host);
  assert_string_equal(back.user, h.user);
  assert_string_equal(back.token, "t");
  assert_true(back.pid == 12 && back.beat == h.beat && back.ended && back.locked);
  assert_true(back.progress == h.progress);
  assert_false(lock_text_read(&f->arena, b, (size_t)n / 2, &back));
  assert_false(lock_text_read(&f->arena, "", 0, &back));
  assert_false(lock_text_read(&f->arena, "process 1 on n1\n", 16, &back));
  assert_int_equal(lock_text_write(&h, b, 50), -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(one_holder),
      T(waits_for_the_holder),
      T(a_beat_is_enough),
      T(silence_is_death),
      T(two_at_once),
      T(asks_to_stop),
      T(notes),
      T(text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
