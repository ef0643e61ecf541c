#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/* ---- names ---- */

const char *file_dir(Arena *a, const char *path) {
  size_t n = strlen(path);
  while (n > 1 && path[n - 1] == '/') n--;
  while (n > 0 && path[n - 1] != '/') n--;
  if (n == 0) return ".";
  while (n > 1 && path[n - 1] == '/') n--;
  return arena_strndup(a, path, n);
}

const char *file_join(Arena *a, const char *dir, const char *path) {
  if (path[0] == '/' || dir[0] == '\0' || str_eq(dir, ".")) return arena_strdup(a, path);
  return arena_printf(a, "%s%s%s", dir, str_ends(dir, "/") ? "" : "/", path);
}

bool file_exists(const char *path) {
  struct stat st;
  return stat(path, &st) == 0;
}

bool file_same(const char *a, const char *b) {
  struct stat x, y;
  return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static Status make_dir(const char *path, Err *e) {
  struct stat st;
  if (mkdir(path, 0777) == 0) return OK;
  int why = errno;
  if (stat(path, &st) == 0) {
    if (S_ISDIR(st.st_mode)) return OK;
    why = ENOTDIR;
  }
  FAIL(e, E_IO, "cannot make the directory %s: %s", path, strerror(why));
}

Status file_make_dirs(const char *path, Err *e) {
  Arena scratch;
  arena_init(&scratch);
  char *part = arena_strdup(&scratch, path);
  Status status = OK;
  for (char *p = part + 1; *part != '\0' && *p != '\0' && status == OK; p++) {
    if (*p != '/') continue;
    *p = '\0';
    status = make_dir(part, e);
    *p = '/';
  }
  if (status == OK) status = make_dir(path, e);
  arena_free(&scratch);
  return status;
}

Status file_remove(const char *path, Err *e) {
  CHECK(e, unlink(path) == 0 || errno == ENOENT, E_IO, "cannot remove %s: %s", path,
        strerror(errno));
  return OK;
}

Status file_move(const char *from, const char *to, Err *e) {
  CHECK(e, rename(from, to) == 0 || errno == ENOENT, E_IO, "cannot rename %s to %s: %s", from, to,
        strerror(errno));
  return OK;
}

/* ---- reading ---- */

/* Reads to the end, not to a size that was true before: also pipes and growing files. */
static Status read_all(Arena *a, int fd, const char *path, size_t guess, size_t max, char **bytes,
                       size_t *n, Err *e) {
  size_t capacity = guess + 1, used = 0;
  char *text = ARENA_ARRAY(a, char, capacity);
  for (;;) {
    if (used + 1 >= capacity) { /* room for one byte more, and the NUL */
      char *bigger = ARENA_ARRAY(a, char, 2 * capacity + 4096);
      memcpy(bigger, text, used);
      text = bigger;
      capacity = 2 * capacity + 4096;
    }
    ssize_t got = read(fd, text + used, capacity - used - 1);
    if (got < 0 && errno == EINTR) continue;
    CHECK(e, got >= 0, E_IO, "cannot read %s: %s", path, strerror(errno));
    if (got == 0) break;
    used += (size_t)got;
    CHECK(e, max == 0 || used <= max, E_IO, "%s is larger than %zu bytes, the most that is read",
          path, max);
  }
  text[used] = '\0';
  *bytes = text;
  *n = used;
  return OK;
}

/* O_NONBLOCK: should a pipe take its place after the first look. A file does not know it. */
Status file_open(const char *path, int flags, int *fd, Err *e) {
  struct stat st;
  *fd = -1;
  CHECK(e, stat(path, &st) != 0 || S_ISREG(st.st_mode), E_IO, "%s: not a file", path);
  *fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0666);
  CHECK(e, *fd >= 0, E_IO, "cannot open %s: %s", path, strerror(errno));
  if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode)) return OK;
  close(*fd);
  FAIL(e, E_IO, "%s: not a file", path);
}

static Status read_opened(Arena *a, int fd, const char *path, size_t max, char **bytes, size_t *n,
                          Err *e) {
  struct stat st;
  CHECK(e, fstat(fd, &st) == 0, E_IO, "cannot read %s: %s", path, strerror(errno));
  CHECK(e, !S_ISDIR(st.st_mode), E_IO, "cannot read %s: it is a directory", path);
  size_t guess = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size + 1 : 4096;
  if (max > 0 && guess > max + 2) guess = max + 2;
  return read_all(a, fd, path, guess, max, bytes, n, e);
}

Status file_read(Arena *a, const char *path, size_t max, char **bytes, size_t *n, Err *e) {
  int fd;
  TRY(file_open(path, O_RDONLY, &fd, e));
  const Status status = read_opened(a, fd, path, max, bytes, n, e);
  close(fd);
  return status;
}

Status file_read_stream(Arena *a, const char *path, size_t max, char **bytes, size_t *n, Err *e) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  CHECK(e, fd >= 0, E_IO, "cannot open %s: %s", path, strerror(errno));
  const Status status = read_opened(a, fd, path, max, bytes, n, e);
  close(fd);
  return status;
}

/* ---- writing ---- */

static bool write_all(int fd, const char *bytes, size_t n) {
  while (n > 0) {
    ssize_t put = write(fd, bytes, n);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes += put;
    n -= (size_t)put;
  }
  return true;
}

Status file_sync_dir(const char *dir, Err *e) {
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK(e, fd >= 0, E_IO, "cannot open the directory %s: %s", dir, strerror(errno));
  int why = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  CHECK(e, why == 0 || why == EINVAL, E_IO, /* EINVAL: the file system has no such thing */
        "cannot bring the directory %s to disk: %s", dir, strerror(why));
  return OK;
}

/* The temporary file, complete and on disk. 0, or errno. */
static int write_temporary(const char *path, const void *bytes, size_t n) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return errno;
  int why = write_all(fd, bytes, n) && fsync(fd) == 0 ? 0 : errno;
  if (close(fd) != 0 && why == 0) why = errno;
  return why;
}

Status file_write(const char *path, const void *bytes, size_t n, Err *e) {
  Arena scratch;
  arena_init(&scratch);
  const char *dir = file_dir(&scratch, path), *slash = strrchr(path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  const char *temporary =
      file_join(&scratch, dir, arena_printf(&scratch, ".%s.%ld.tmp", name, (long)getpid()));
  Status status = OK;
  int why = write_temporary(temporary, bytes, n);
  if (why == 0 && rename(temporary, path) != 0) why = errno;
  if (why != 0) {
    status = err_set(e, E_IO, "cannot write %s: %s", path, strerror(why));
    unlink(temporary);
  } else {
    status = file_sync_dir(dir, e);
  }
  arena_free(&scratch);
  return status;
}

/* ".", what begins so, ".", a number, ".tmp" */
static bool is_temporary(const char *name, const char *begins) {
  const char *end = strstr(name, ".tmp"), *digit = end;
  if (name[0] != '.' || !str_starts(name + 1, begins) || !end || end[4] != '\0') return false;
  while (digit > name && digit[-1] >= '0' && digit[-1] <= '9') digit--;
  return digit < end && digit > name + 1 && digit[-1] == '.';
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **file_list(Arena *a, const char *dir, int *n) {
  int capacity = 0;
  const char **names = NULL;
  DIR *d = opendir(dir);
  *n = 0;
  for (const struct dirent *x; d != NULL && (x = readdir(d)) != NULL;) {
    if (str_eq(x->d_name, ".") || str_eq(x->d_name, "..")) continue;
    names = arena_grow(a, names, sizeof *names, &capacity, *n + 1);
    names[(*n)++] = arena_strdup(a, x->d_name);
  }
  if (d != NULL) closedir(d);
  if (*n > 0) qsort(names, (size_t)*n, sizeof *names, by_name);
  return names;
}

void file_sweep(const char *dir, const char *begins) {
  Arena scratch;
  int n;
  arena_init(&scratch);
  const char **names = file_list(&scratch, dir, &n);
  for (int i = 0; i < n; i++)
    if (is_temporary(names[i], begins)) unlink(file_join(&scratch, dir, names[i]));
  arena_free(&scratch);
}
