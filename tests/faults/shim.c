/*
 * LD_PRELOAD: fails the N-th call that changes, or brings to disk, something below a folder.
 *
 *   FAULT_DIR    the folder, absolute; other files are left alone
 *   FAULT_KIND   count     nothing fails
 *                before    the process kills itself (-9) instead of the call
 *                after     and after it
 *                half      a write puts half its bytes, then the process kills itself; else as before
 *                term      SIGTERM before the call, which is made
 *                enospc, eio, erofs   the call fails so, once; close is made and then fails
 *                short     a write puts half its bytes and the next one fails with ENOSPC; else as enospc
 *                full      from the N-th call on all that needs room fails with ENOSPC
 *                dead      from the N-th call on every call fails with EIO
 *                gone      the folder is moved away before the call, which is made
 *   FAULT_AT     N, from 1
 *   FAULT_LOG    a file to which every call is written, a line each: its number, name and path
 *
 * Counted: open, close, write, pwrite, fsync, fdatasync, rename, unlink, mkdir, ftruncate.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_FILES = 1024, MOST_PATH = 512 };

static char paths[MOST_FILES][MOST_PATH]; /* by descriptor; "": not below the folder */
static const char *dir, *kind;
static long at, n_calls;
static bool short_of_room; /* the next write fails */
static int log_file = -1;

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
  const char *n = getenv("FAULT_AT"), *log = getenv("FAULT_LOG");
  dir = getenv("FAULT_DIR");
  kind = getenv("FAULT_KIND");
  at = n ? strtol(n, NULL, 10) : 0;
  if (!kind) dir = NULL;
  if (log) log_file = NEXT(open)(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  unsetenv("LD_PRELOAD"); /* git and other children are not meant */
}

static bool is(const char *what) {
  return strcmp(kind, what) == 0;
}

static bool below(const char *path) {
  const size_t n = dir ? strlen(dir) : 0;
  return dir && strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool is_ours(int fd) {
  return dir && fd >= 0 && fd < MOST_FILES && paths[fd][0];
}

static void move_away(void) {
  char to[MOST_PATH];
  snprintf(to, sizeof to, "%s.moved", dir);
  NEXT(rename)(dir, to);
}

/* One more call. 0: to be made; else errno. */
static int fault(const char *name, const char *path, bool needs_room, bool *late) {
  char line[MOST_PATH + 64];
  const int length = snprintf(line, sizeof line, "%ld %s %s\n", ++n_calls, name, path);
  if (log_file >= 0 && NEXT(write)(log_file, line, (size_t)length) < 0) abort();
  *late = false;
  if (is("full") && n_calls >= at && needs_room) return ENOSPC;
  if (is("dead") && n_calls >= at) return EIO;
  if (n_calls != at) return 0;
  if (is("before") || is("half")) raise(SIGKILL);
  if (is("term")) raise(SIGTERM);
  if (is("gone")) move_away();
  *late = is("after");
  return is("enospc") || is("short") ? ENOSPC : is("eio") ? EIO : is("erofs") ? EROFS : 0;
}

static void later(bool late) {
  if (late) raise(SIGKILL);
}

static int opened(const char *path, int flags, mode_t mode) {
  bool late;
  if (!below(path)) return NEXT(open)(path, flags, mode);
  errno = fault("open", path, flags & O_CREAT, &late);
  if (errno) return -1;
  const int fd = NEXT(open)(path, flags, mode);
  later(late);
  if (fd >= 0 && fd < MOST_FILES) snprintf(paths[fd], MOST_PATH, "%s", path);
  return fd;
}

/* glibc's headers give some of these names attributes that a definition need not repeat. */
int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return opened(path, flags, mode);
}

int close(int fd) {
  bool late = false;
  int why = 0;
  if (is_ours(fd)) {
    why = fault("close", paths[fd], false, &late);
    paths[fd][0] = '\0';
  }
  const int result = NEXT(close)(fd);
  later(late);
  if (why == 0) return result;
  errno = why;
  return -1;
}

/* How many of n bytes are to be written: n, fewer, or none. errno is set where none is. */
static size_t allowed(int fd, const char *name, size_t n, bool *late) {
  if (short_of_room && n_calls++ >= 0) {
    short_of_room = false;
    errno = ENOSPC;
    return 0;
  }
  if (n_calls + 1 == at && n > 1 && (is("short") || is("half"))) {
    n_calls++;
    short_of_room = is("short");
    *late = is("half");
    return n / 2;
  }
  errno = fault(name, paths[fd], true, late);
  return errno ? 0 : n;
}

ssize_t write(int fd, const void *bytes, size_t n) {
  bool late;
  if (!is_ours(fd)) return NEXT(write)(fd, bytes, n);
  const size_t some = allowed(fd, "write", n, &late);
  if (some == 0 && n > 0) return -1;
  const ssize_t put = NEXT(write)(fd, bytes, some);
  later(late);
  return put;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t where) {
  bool late;
  if (!is_ours(fd)) return NEXT(pwrite)(fd, bytes, n, where);
  const size_t some = allowed(fd, "pwrite", n, &late);
  if (some == 0 && n > 0) return -1;
  const ssize_t put = NEXT(pwrite)(fd, bytes, some, where);
  later(late);
  return put;
}

int fsync(int fd) {
  bool late;
  if (!is_ours(fd)) return NEXT(fsync)(fd);
  errno = fault("fsync", paths[fd], false, &late);
  if (errno) return -1;
  later(late);
  return 0; /* the tests pull no plug, and thousands of real ones take minutes */
}

int fdatasync(int fd) {
  bool late;
  if (!is_ours(fd)) return NEXT(fdatasync)(fd);
  errno = fault("fdatasync", paths[fd], false, &late);
  if (errno) return -1;
  later(late);
  return 0;
}

int ftruncate(int fd, off_t size) {
  bool late;
  if (!is_ours(fd)) return NEXT(ftruncate)(fd, size);
  errno = fault("ftruncate", paths[fd], false, &late);
  if (errno) return -1;
  const int result = NEXT(ftruncate)(fd, size);
  later(late);
  return result;
}

int rename(const char *from, const char *to) {
  bool late;
  if (!below(to)) return NEXT(rename)(from, to);
  errno = fault("rename", to, true, &late);
  if (errno) return -1;
  const int result = NEXT(rename)(from, to);
  later(late);
  return result;
}

int unlink(const char *path) {
  bool late;
  if (!below(path)) return NEXT(unlink)(path);
  errno = fault("unlink", path, false, &late);
  if (errno) return -1;
  const int result = NEXT(unlink)(path);
  later(late);
  return result;
}

int mkdir(const char *path, mode_t mode) {
  bool late;
  if (!below(path)) return NEXT(mkdir)(path, mode);
  errno = fault("mkdir", path, true, &late);
  if (errno) return -1;
  const int result = NEXT(mkdir)(path, mode);
  later(late);
  return result;
}
