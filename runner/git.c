/* What git says of the experiment's file. */
#include "git.h"

#include <string.h>

#include "io/files.h"
#include "program.h"

enum { MAX_ARGS = 8 };

/* `git -C DIR ARGS`: its output. False: no git, or it fails. */
static bool git(Arena *a, const char *dir, const char *const *args, int n_args, const char **text) {
  const char *argv[MAX_ARGS + 4] = {"git", "-C", dir};
  ProgramEnd end;
  for (int i = 0; i < n_args && i < MAX_ARGS; i++) argv[3 + i] = args[i];
  program_run(a, argv, &end);
  *text = end.out;
  return end.started && end.code == 0;
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
