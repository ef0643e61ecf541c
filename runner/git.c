/* What git says of the experiment's file. */
#include "git.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "io/files.h"

extern char **environ;

enum { MAX_OUTPUT = 100000, MAX_ARGS = 8 };

/* Collects what the process writes. */
static void read_all(int fd, Str *out) {
  char buffer[4096];
  ssize_t n;
  while ((n = read(fd, buffer, sizeof buffer)) > 0) {
    if (out->length < MAX_OUTPUT) str_addn(out, buffer, (int)n);
  }
}

/* `git -C DIR ARGS`: its output. False: no git, or it fails. */
static bool git(Arena *a, const char *dir, const char *const *args, int n_args, const char **text) {
  const char *argv[MAX_ARGS + 4] = {"git", "-C", dir};
  for (int i = 0; i < n_args && i < MAX_ARGS; i++) argv[3 + i] = args[i];
  int ends[2];
  if (pipe(ends) != 0) return false;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child;
  int rc = posix_spawnp(&child, "git", &actions, NULL, (char *const *)argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  Str out = str_new(a);
  int status = -1;
  if (rc == 0) {
    read_all(ends[0], &out);
    if (waitpid(child, &status, 0) != child) status = -1;
  }
  close(ends[0]);
  *text = str_text(&out);
  return rc == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

void git_state(Arena *a, const char *file, GitState *out) {
  *out = (GitState){.commit = "unknown", .diff = ""};
  const char *dir = file_dir(a, file), *name = base_name(file), *text;
  const char *const head[] = {"rev-parse", "HEAD"};
  if (!git(a, dir, head, COUNT(head), &text)) return;
  out->commit = arena_strndup(a, text, strcspn(text, "\n"));
  const char *const status[] = {"status", "--porcelain", "--", name};
  if (git(a, dir, status, COUNT(status), &text)) out->dirty = text[0] != '\0';
  const char *const diff[] = {"diff", "HEAD", "--", name};
  if (git(a, dir, diff, COUNT(diff), &text)) out->diff = text;
}
