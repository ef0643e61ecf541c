#include "h5_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "h5_walk.h"

extern char **environ;

/* ---- which files need no look ---------------------------------------------------------------- */

typedef struct {
  uint64_t device, inode, bytes;
  int64_t changed_s, changed_ns;
} FileState;

enum { REMEMBERED = 16 };

static const char *guard_program;
static FileState trusted[REMEMBERED];
static unsigned n_trusted;

void h5_guard_program(const char *program) {
  guard_program = program;
}

static bool file_state(const char *file, FileState *out) {
  struct stat st;
  if (stat(file, &st) != 0) return false;
  *out = (FileState){.device = (uint64_t)st.st_dev,
                     .inode = (uint64_t)st.st_ino,
                     .bytes = (uint64_t)st.st_size,
                     .changed_s = (int64_t)st.st_ctim.tv_sec,
                     .changed_ns = (int64_t)st.st_ctim.tv_nsec};
  return true;
}

static bool is_trusted(const FileState *f) {
  for (unsigned i = 0; i < n_trusted && i < REMEMBERED; i++)
    if (memcmp(&trusted[i], f, sizeof *f) == 0) return true;
  return false;
}

void h5_guard_trust(const char *file) {
  FileState f;
  if (guard_program && file_state(file, &f) && !is_trusted(&f))
    trusted[n_trusted++ % REMEMBERED] = f;
}

/* ---- the limits ------------------------------------------------------------------------------ */

/* Seconds of processor: what unpacks slower than 16 MiB of file a second is no use either. */
static rlim_t cpu_seconds(uint64_t bytes) {
  return 10 + (bytes >> 24);
}

/* Beyond what the program takes by itself. */
static rlim_t memory_bytes(uint64_t bytes) {
  return ((rlim_t)1 << 30) + 64 * (rlim_t)bytes;
}

/* ---- the other process ----------------------------------------------------------------------- */

/* The hard limit of time lies a little behind, for it ends a process without saying why. */
static void limit(int what, rlim_t most) {
  struct rlimit now;
  if (getrlimit(what, &now) != 0) return;
  if (now.rlim_max == RLIM_INFINITY || most + 2 < now.rlim_max) now.rlim_max = most + 2;
  now.rlim_cur = most < now.rlim_max ? most : now.rlim_max;
  (void)setrlimit(what, &now);
}

/* Pages that the process has mapped already: the libraries of MPI and BLAS, and a sanitizer's shadow,
 * which leaves nothing to limit. */
static rlim_t mapped_bytes(void) {
  unsigned long long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f && fscanf(f, "%llu", &pages) != 1) pages = 0;
  if (f) fclose(f);
  return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

int h5_guard_survive(const char *file) {
  FileState f;
  H5In *in;
  H5Walked walked;
  Err e = {0};
  guard_program = NULL; /* it is this process: another would start another */
  if (!file_state(file, &f)) return 0;
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, cpu_seconds(f.bytes));
  const rlim_t mapped = mapped_bytes();
  if (mapped >> 42 == 0) limit(RLIMIT_AS, mapped + memory_bytes(f.bytes));
  if (h5_open(&in, file, &e) != OK) return 0; /* who opens it says why */
  Status s = h5_walk(in, WALK_SURVIVE, &walked, &e);
  h5_close(in);
  return s == E_MEMORY ? err_exit_code(s) : 0;
}

/* ---- starting and waiting -------------------------------------------------------------------- */

/* Without what would make it a rank of the job, or start threads of BLAS. Memory that HDF5 uses without
 * having set it is no zero there: on a damaged list of a group it frees such a pointer, which would go
 * well in one process and not in the next. */
static char **environment(Arena *a) {
  static const char *const out[] = {"OMPI_", "PMIX_", "PMI_",
                                    "OPENBLAS_NUM_THREADS=", "HDF5_PLUGIN_PATH="};
  int n = 0, kept = 0;
  while (environ[n]) n++;
  char **list = ARENA_ARRAY(a, char *, n + 3);
  for (int i = 0; i < n; i++) {
    bool keep = true;
    for (int k = 0; k < COUNT(out); k++) keep = keep && !str_starts(environ[i], out[k]);
    if (keep) list[kept++] = environ[i];
  }
  list[kept++] = arena_strdup(a, "OPENBLAS_NUM_THREADS=1");
  list[kept] = arena_strdup(a, "MALLOC_PERTURB_=165");
  return list;
}

/* Its output goes nowhere, but for `alive`, which ends when it does. */
static int start(Arena *a, const char *file, int alive, pid_t *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, usual;
  char *const words[] = {arena_strdup(a, "caviar"), arena_strdup(a, "verify"),
                         arena_strdup(a, "--survive"), arena_strdup(a, file), NULL};
  sigemptyset(&none);
  sigemptyset(&usual);
  sigaddset(&usual, SIGPIPE);
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, alive, alive == 3 ? 4 : 3);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  int why = posix_spawn(pid, guard_program, &actions, &attributes, words, environment(a));
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return why;
}

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* False: it has not ended by then, and was ended. */
static bool await_end(int alive, pid_t pid, double most, int *status) {
  const double until = seconds_now() + most;
  struct pollfd p = {.fd = alive, .events = POLLIN};
  double left = most;
  int ended = 0;
  while (ended == 0 && left > 0) {
    int r = poll(&p, 1, (int)(1000 * (left < 60 ? left : 60)) + 1);
    ended = r != 0 && !(r < 0 && errno == EINTR);
    left = until - seconds_now();
  }
  if (!ended) kill(pid, SIGKILL);
  while (waitpid(pid, status, 0) < 0 && errno == EINTR) {
  }
  return ended;
}

/* E_IO: what ended it, an administrator or a machine without memory, says nothing of the file. */
static Status judge(const char *file, bool ended, int status, Err *e) {
  static const char advice[] = "the file is damaged or was made to do harm; take another copy";
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  const int by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  CHECK(e, ended, E_IO, "%s: the process that looks at it first did not end in time; try again",
        file);
  CHECK(e, by != SIGKILL && by != SIGTERM && by != SIGINT && by != SIGHUP, E_IO,
        "%s: the process that looks at it first was killed (signal %d); try again", file, by);
  CHECK(e, by != SIGXCPU, E_DATA, "%s: the HDF5 library does not come to an end with it; %s", file,
        advice);
  CHECK(e, by == 0, E_DATA, "%s: the HDF5 library crashes on it (signal %d); %s", file, by, advice);
  CHECK(e, code == 0, E_DATA, "%s: the HDF5 library asks for too much memory with it (exit %d); %s",
        file, code, advice);
  return OK;
}

static Status look(Arena *a, const char *file, uint64_t bytes, Err *e) {
  int ends[2], status = 0;
  pid_t pid;
  CHECK(e, pipe(ends) == 0, E_IO, "%s: cannot make a pipe: %s", file, strerror(errno));
  (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  int why = start(a, file, ends[1], &pid);
  close(ends[1]);
  bool ended = why != 0 || await_end(ends[0], pid, 60 + 4 * (double)cpu_seconds(bytes), &status);
  close(ends[0]);
  CHECK(e, why == 0, E_IO, "%s: cannot start %s to look at it: %s", file, guard_program,
        strerror(why));
  return judge(file, ended, status, e);
}

Status h5_guard(const char *file, Err *e) {
  FileState f;
  Arena a = {0};
  if (!guard_program || !file_state(file, &f) || is_trusted(&f)) return OK;
  arena_init(&a);
  Status s = look(&a, file, f.bytes, e);
  arena_free(&a);
  if (s == OK) h5_guard_trust(file);
  return s;
}
