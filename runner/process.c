#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "io/files.h"

enum { MOST_FILES = 1024 }; /* inherited ones are looked for below this number */

/* ---- where it is ----------------------------------------------------------------------------- */

static bool is_program(const char *file) {
  struct stat st;
  return stat(file, &st) == 0 && S_ISREG(st.st_mode) && access(file, X_OK) == 0;
}

const char *process_find(Arena *a, const char *name, const char *path, const char *directory) {
  if (strchr(name, '/')) {
    const char *file = file_join(a, directory, name);
    return is_program(file) ? file : NULL;
  }
  while (path && *name) {
    const size_t n = strcspn(path, ":");
    const char *folder = n > 0 ? arena_strndup(a, path, n) : ".";
    const char *file = file_join(a, folder, name);
    if (is_program(file)) return file;
    path = path[n] ? path + n + 1 : NULL;
  }
  return NULL;
}

/* ---- starting -------------------------------------------------------------------------------- */

/* What the new process needs, made before it exists: behind fork only system calls are safe. */
typedef struct {
  const ProcessStart *start;
  const char *file; /* that `directory` does not move */
  pid_t parent;
  int nothing;                /* /dev/null */
  int write[PROCESS_STREAMS]; /* its ends of the pipes */
  int report;                 /* closed by a successful exec; else errno is written there */
} Birth;

static void default_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  for (int s = 1; s < 32; s++)
    if (s != SIGKILL && s != SIGSTOP) signal(s, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child. Returns only if it fails, with errno. */
static void become(const Birth *b) {
  const ProcessStart *s = b->start;
  setpgid(0, 0);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != b->parent) return;
  if (chdir(s->directory) != 0 || dup2(b->nothing, STDIN_FILENO) < 0) return;
  if (dup2(b->write[PROCESS_OUT], STDOUT_FILENO) < 0) return;
  if (dup2(b->write[PROCESS_ERR], STDERR_FILENO) < 0) return;
  for (int fd = 3; fd < MOST_FILES; fd++) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
  default_signals();
  execve(b->file, (char *const *)s->argv, (char *const *)s->envp);
}

static void be_born(const Birth *b) {
  become(b);
  const int why = errno;
  const ssize_t put = write(b->report, &why, sizeof why);
  (void)put;
  kill(getpid(), SIGKILL);
}

static void close_all(int *fds, int n) {
  for (int i = 0; i < n; i++) {
    if (fds[i] >= 0) close(fds[i]);
    fds[i] = -1;
  }
}

static bool open_pipe(int *read_end, int *write_end) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  for (int i = 0; i < 2; i++) (void)fcntl(ends[i], F_SETFD, FD_CLOEXEC);
  *read_end = ends[0];
  *write_end = ends[1];
  return true;
}

/* 0, or the errno of what the child could not do. */
static int hear(int report) {
  int why = 0;
  ssize_t n;
  do n = read(report, &why, sizeof why);
  while (n < 0 && errno == EINTR);
  return n == (ssize_t)sizeof why ? why : 0;
}

static int give_birth(Birth *b, Process *p, int report) {
  sigset_t all, before; /* no handler of ours may run in the child */
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  p->pid = fork();
  if (p->pid == 0) be_born(b);
  const int why = p->pid < 0 ? errno : 0;
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (why) return why;
  setpgid(p->pid, p->pid); /* whoever comes first */
  close_all(b->write, PROCESS_STREAMS);
  close_all(&b->report, 1);
  return hear(report);
}

Status process_start(const ProcessStart *start, Process *out, Err *e) {
  Arena a = {0};
  arena_init(&a);
  char here[4096];
  Birth b = {.start = start, .parent = getpid(), .write = {-1, -1}, .report = -1};
  int report = -1;
  *out = (Process){.streams = {-1, -1}};
  b.file = getcwd(here, sizeof here) ? file_join(&a, here, start->file) : start->file;
  b.nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  bool ready = b.nothing >= 0 && open_pipe(&report, &b.report);
  for (int i = 0; ready && i < PROCESS_STREAMS; i++) {
    ready = open_pipe(&out->streams[i], &b.write[i]);
    if (ready) (void)fcntl(out->streams[i], F_SETFL, O_NONBLOCK);
  }
  const int why = ready ? give_birth(&b, out, report) : errno;
  close_all(b.write, PROCESS_STREAMS);
  close_all(&b.report, 1);
  close_all(&report, 1);
  close_all(&b.nothing, 1);
  arena_free(&a);
  if (why == 0) return OK;
  if (out->pid > 0) process_close(out);
  close_all(out->streams, PROCESS_STREAMS);
  FAIL(e, E_IO, "%s could not be started: %s", start->file, strerror(why));
}

/* ---- while it runs --------------------------------------------------------------------------- */

/* Has it ended? It stays to be waited for, so that its number, the group's, is not given away. */
static void look(Process *p) {
  siginfo_t info = {0};
  if (p->over) return;
  if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == p->pid)
    p->over = true;
}

void process_wait(Process *p, double seconds) {
  struct pollfd fds[PROCESS_STREAMS];
  nfds_t n = 0;
  look(p);
  if (p->over) return;
  for (int i = 0; i < PROCESS_STREAMS; i++)
    if (p->streams[i] >= 0) fds[n++] = (struct pollfd){.fd = p->streams[i], .events = POLLIN};
  if (n > 0)
    (void)poll(fds, n, (int)(seconds * 1000));
  else
    clock_sleep(seconds < 1e-3 ? seconds : 1e-3); /* it has closed both and goes on, or ends now */
  look(p);
}

size_t process_read(Process *p, int stream, char *bytes, size_t n) {
  if (p->streams[stream] < 0) return 0;
  const ssize_t got = read(p->streams[stream], bytes, n);
  if (got > 0) return (size_t)got;
  if (got == 0 || (errno != EAGAIN && errno != EINTR)) close_all(&p->streams[stream], 1);
  return 0;
}

void process_signal(const Process *p, int number) {
  if (p->pid > 0) kill(-p->pid, number);
}

void process_close(Process *p) {
  if (p->pid <= 0) return;
  process_signal(p, SIGKILL);
  while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR) continue;
  close_all(p->streams, PROCESS_STREAMS);
  p->pid = 0;
  p->over = true;
}
