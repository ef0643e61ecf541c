#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "hash.h"

#define PREFIX 17 /* 16 digits and a space */

struct Journal {
  const char *path;
  int fd;
  off_t end;     /* bytes of whole records; the file is never left longer */
  Str line;      /* the record being written; its room is used again */
  bool unsynced; /* something was written since the last fsync */
  bool torn;     /* half a record stands behind `end`, because cutting it off failed */
  struct timespec synced;
};

static void write_sum(const char *json, size_t n, char out[PREFIX + 1]) {
  snprintf(out, PREFIX + 1, "%016llx ", (unsigned long long)hash_u64(json, n));
}

/* n: without the newline. */
static bool sum_holds(const char *line, size_t n) {
  char prefix[PREFIX + 1];
  if (n <= PREFIX) return false;
  write_sum(line + PREFIX, n - PREFIX, prefix);
  return memcmp(prefix, line, PREFIX) == 0;
}

/* Gives all whole records to `each`; *end: bytes of them. A torn last line is left out. */
static Status replay(Arena *a, const char *path, char *text, size_t n, JournalEach each, void *ctx,
                     size_t *end, Err *e) {
  size_t at = 0;
  for (int number = 1; at < n; number++) {
    char *line = text + at, *newline = memchr(line, '\n', n - at);
    if (newline == NULL) break;
    size_t length = (size_t)(newline - line);
    bool last = at + length + 1 == n;
    if (!sum_holds(line, length)) {
      if (last) break;
      FAIL(e, E_DATA,
           "%s: line %d is damaged (its checksum does not hold): restore the file from a copy, or "
           "remove the line to have its trial done again",
           path, number);
    }
    *newline = '\0';
    JsonValue *record;
    Status status = json_parse(a, line + PREFIX, length - PREFIX, &record, e);
    if (status == OK) status = each(ctx, record, line + PREFIX, e);
    if (status != OK) return err_context(e, "%s: line %d", path, number);
    at += length + 1;
  }
  *end = at;
  return OK;
}

Status journal_read(Arena *a, const char *path, JournalEach each, void *ctx, Err *e) {
  char *text;
  size_t n, end;
  TRY(file_read(a, path, 0, &text, &n, e));
  return replay(a, path, text, n, each, ctx, &end, e);
}

/* One line of n bytes, its newline replaced by NUL. */
static Status take(Arena *a, const char *line, size_t n, JournalEach each, void *ctx, Err *e) {
  JsonValue *record;
  CHECK(e, sum_holds(line, n), E_DATA, "its checksum does not hold");
  TRY(json_parse(a, line + PREFIX, n - PREFIX, &record, e));
  return each(ctx, record, line + PREFIX, e);
}

Status journal_salvage(Arena *a, const char *path, JournalEach each, JournalDamaged damaged,
                       void *ctx, Str *whole, size_t *torn, Err *e) {
  char *text;
  size_t n;
  *torn = 0;
  TRY(file_read(a, path, 0, &text, &n, e));
  for (size_t at = 0, number = 1; at < n; number++) {
    char *line = text + at, *newline = memchr(line, '\n', n - at);
    const size_t length = newline ? (size_t)(newline - line) : n - at;
    Err why = {0};
    at += length + 1;
    if (!newline || (at == n && !sum_holds(line, length))) {
      *torn = length + (newline != NULL);
      break;
    }
    *newline = '\0';
    if (take(a, line, length, each, ctx, &why) != OK) {
      damaged(ctx, (int)number, why.text);
      continue;
    }
    str_addn(whole, line, (int)length);
    str_add(whole, "\n");
  }
  return OK;
}

/* Cuts the file to its whole records. */
static Status cut(Journal *j, Err *e) {
  j->torn = ftruncate(j->fd, j->end) != 0;
  CHECK(e, !j->torn, E_IO, "cannot cut the torn end of %s: %s", j->path, strerror(errno));
  return OK;
}

static Status open_file(Arena *a, Journal *j, JournalEach each, void *ctx, Err *e) {
  char *text;
  size_t n, end = 0;
  TRY(file_read(a, j->path, 0, &text, &n, e));
  TRY(replay(a, j->path, text, n, each, ctx, &end, e));
  j->end = (off_t)end;
  j->unsynced = n > 0; /* who wrote it may have been killed before its fsync */
  if (end < n) TRY(cut(j, e));
  return n == 0 ? file_sync_dir(file_dir(a, j->path), e) : OK;
}

Status journal_open(Arena *a, const char *path, JournalEach each, void *ctx, Journal **out,
                    Err *e) {
  Journal *j = ARENA_NEW(a, Journal);
  j->path = arena_strdup(a, path);
  j->line = str_new(a);
  j->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  CHECK(e, j->fd >= 0, E_IO, "cannot open %s: %s", path, strerror(errno));
  Status status = open_file(a, j, each, ctx, e);
  if (status != OK) {
    close(j->fd);
    return status;
  }
  *out = j;
  return OK;
}

Status journal_append(Journal *j, const char *json, Err *e) {
  char prefix[PREFIX + 1];
  CHECK(e, json[0] == '{' && strchr(json, '\n') == NULL, E_INTERNAL,
        "a journal record must be one JSON object on one line");
  if (j->torn) TRY(cut(j, e));
  write_sum(json, strlen(json), prefix);
  j->line.length = 0;
  str_add(&j->line, prefix);
  str_add(&j->line, json);
  str_add(&j->line, "\n");

  ssize_t put;
  do {
    put = write(j->fd, j->line.text, (size_t)j->line.length);
  } while (put < 0 && errno == EINTR);
  if (put == (ssize_t)j->line.length) {
    j->end += put;
    j->unsynced = true;
    return OK;
  }
  Status status = err_set(e, E_IO, "cannot write %s: %s", j->path,
                          put < 0 ? strerror(errno) : "no room for the whole record");
  Err second = {0};
  return cut(j, &second) == OK ? status : err_context(e, "%s", second.text);
}

Status journal_sync(Journal *j, bool now, bool *durable, Err *e) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  double since =
      (double)(t.tv_sec - j->synced.tv_sec) + 1e-9 * (double)(t.tv_nsec - j->synced.tv_nsec);
  if (now || since >= 1) {
    struct stat st;
    CHECK(e, fstat(j->fd, &st) != 0 || st.st_nlink > 0, E_IO,
          "%s was removed while it was being written: what comes now cannot be kept", j->path);
    CHECK(e, !j->unsynced || fsync(j->fd) == 0, E_IO, "cannot bring %s to disk: %s", j->path,
          strerror(errno));
    j->unsynced = false;
    j->synced = t;
  }
  *durable = !j->unsynced;
  return OK;
}

Status journal_close(Journal *j, Err *e) {
  bool durable;
  Status status = journal_sync(j, true, &durable, e);
  if (close(j->fd) != 0 && status == OK) {
    status = err_set(e, E_IO, "cannot close %s: %s", j->path, strerror(errno));
  }
  return status;
}
