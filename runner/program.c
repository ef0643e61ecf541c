/* Another program, run to its end. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

extern char **environ;

enum { MOST = 100000 };

/* What is there now, or the end. False: no more will come. */
static bool read_some(int fd, Str *out) {
  char buffer[4096];
  const ssize_t n = read(fd, buffer, sizeof buffer);
  if (n > 0 && out->length < MOST) str_addn(out, buffer, (int)n);
  return n > 0 || (n < 0 && errno == EINTR);
}

/* Both outputs as they come, so that the program never waits for a pipe that is full. */
static void read_both(const int fd[2], Str out[2]) {
  struct pollfd ends[2] = {{.fd = fd[0], .events = POLLIN}, {.fd = fd[1], .events = POLLIN}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (poll(ends, 2, -1) < 0 && errno != EINTR) return;
    for (int i = 0; i < 2; i++) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      if (!read_some(fd[i], &out[i])) ends[i].fd = -1;
    }
  }
}

static int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int start(const char *const *argv, const int out[2], const int err[2], pid_t *child) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
  for (int i = 0; i < 2; i++) {
    posix_spawn_file_actions_addclose(&actions, out[i]);
    posix_spawn_file_actions_addclose(&actions, err[i]);
  }
  const int why = posix_spawnp(child, argv[0], &actions, NULL, (char *const *)argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  return why;
}

void program_run(Arena *a, const char *const *argv, ProgramEnd *end) {
  int out[2], err[2];
  pid_t child = -1;
  Str text[2] = {str_new(a), str_new(a)};
  *end = (ProgramEnd){.code = -1, .out = "", .err = ""};
  if (pipe(out) != 0) return;
  if (pipe(err) != 0) {
    close(out[0]);
    close(out[1]);
    return;
  }
  end->started = start(argv, out, err, &child) == 0;
  close(out[1]);
  close(err[1]);
  if (end->started) {
    read_both((const int[2]){out[0], err[0]}, text);
    end->code = wait_for(child);
  }
  close(out[0]);
  close(err[0]);
  if (end->code == 127) end->started = false; /* where posix_spawn finds out too late */
  end->out = str_text(&text[0]);
  end->err = str_text(&text[1]);
}
