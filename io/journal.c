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

/* ---- line by line, in memory for the longest of them ------------------------------------------ */

enum { BLOCK = 1 << 18 }; /* bytes: what is read is looked at while it is in the cache */

typedef struct {
  const char *path;
  int fd;
  Arena arena;
  char *text; /* of `room` bytes; those from `at` to `end` are read and not yet given out */
  size_t room, at, end;
  bool over; /* nothing is behind them */
} Lines;

typedef struct {
  char *text;    /* ends in NUL, in place of the newline; until the next one is asked for */
  size_t length; /* without it */
  bool whole;    /* there was a newline */
} Line;

static Status lines_open(Lines *l, const char *path, Err *e) {
  *l = (Lines){.path = path, .room = BLOCK};
  TRY(file_open(path, O_RDONLY, &l->fd, e));
  arena_init(&l->arena);
  l->text = ARENA_ARRAY(&l->arena, char, l->room);
  return OK;
}

static void lines_close(Lines *l) {
  close(l->fd);
  arena_free(&l->arena);
}

/* More bytes behind `end`, where a byte is left free for a NUL. Moves what is there. */
static Status fill(Lines *l, Err *e) {
  if (l->over) return OK;
  memmove(l->text, l->text + l->at, l->end - l->at);
  l->end -= l->at;
  l->at = 0;
  if (l->end + 1 >= l->room) {
    char *bigger = ARENA_ARRAY(&l->arena, char, 2 * l->room);
    memcpy(bigger, l->text, l->end);
    l->text = bigger;
    l->room *= 2;
  }
  ssize_t got;
  do {
    got = read(l->fd, l->text + l->end, l->room - l->end - 1);
  } while (got < 0 && errno == EINTR);
  CHECK(e, got >= 0, E_IO, "cannot read %s: %s", l->path, strerror(errno));
  l->end += (size_t)got;
  l->over = got == 0;
  return OK;
}

/* The rest of the file where there is no newline; with nothing left a line of no bytes that is not
 * whole. */
static Status next_line(Lines *l, Line *out, Err *e) {
  size_t seen = 0;
  char *newline = NULL;
  for (;;) {
    const size_t n = l->end - l->at;
    newline = memchr(l->text + l->at + seen, '\n', n - seen);
    if (newline || l->over) break;
    seen = n;
    TRY(fill(l, e));
  }
  char *text = l->text + l->at, *end = newline ? newline : l->text + l->end;
  *end = '\0';
  *out = (Line){.text = text, .length = (size_t)(end - text), .whole = newline != NULL};
  l->at += out->length + out->whole;
  return OK;
}

/* Is the line that was given out the last of the file? It is gone then. */
static Status is_last(Lines *l, bool *last, Err *e) {
  while (l->at == l->end && !l->over) TRY(fill(l, e));
  *last = l->at == l->end;
  return OK;
}

/* ---- records --------------------------------------------------------------------------------- */

static Status replay_lines(Lines *l, JournalEach each, void *ctx, size_t *whole, size_t *torn,
                           Err *e) {
  for (int number = 1;; number++) {
    Line line;
    bool last;
    TRY(next_line(l, &line, e));
    const size_t bytes = line.length + line.whole;
    if (!line.whole) {
      *torn = bytes;
      return OK;
    }
    if (!sum_holds(line.text, line.length)) {
      TRY(is_last(l, &last, e));
      CHECK(e, last, E_DATA,
            "%s: line %d is damaged (its checksum does not hold): restore the file from a copy, or "
            "remove the line to have its trial done again",
            l->path, number);
      *torn = bytes;
      return OK;
    }
    if (each(ctx, line.text + PREFIX, line.length - PREFIX, e) != OK)
      return err_context(e, "%s: line %d", l->path, number);
    *whole += bytes;
  }
}

/* Gives all whole records to `each`; *whole: bytes of them, *torn: of a last line that is none. */
static Status replay(const char *path, JournalEach each, void *ctx, size_t *whole, size_t *torn,
                     Err *e) {
  Lines l;
  *whole = *torn = 0;
  TRY(lines_open(&l, path, e));
  Status status = replay_lines(&l, each, ctx, whole, torn, e);
  lines_close(&l);
  return status;
}

Status journal_read(const char *path, JournalEach each, void *ctx, Err *e) {
  size_t whole, torn;
  return replay(path, each, ctx, &whole, &torn, e);
}

static Status salvage_lines(Lines *l, JournalEach each, JournalDamaged damaged, void *ctx,
                            Str *whole, size_t *torn, Err *e) {
  for (int number = 1;; number++) {
    Line line;
    bool last = false;
    Err why = {0};
    TRY(next_line(l, &line, e));
    const size_t bytes = line.length + line.whole;
    const bool holds = line.whole && sum_holds(line.text, line.length);
    if (line.whole && !holds) TRY(is_last(l, &last, e));
    if (!line.whole || last) {
      *torn = bytes;
      return OK;
    }
    if (!holds) {
      damaged(ctx, number, "its checksum does not hold");
    } else if (each(ctx, line.text + PREFIX, line.length - PREFIX, &why) != OK) {
      damaged(ctx, number, why.text);
    } else {
      str_addn(whole, line.text, (int)line.length);
      str_add(whole, "\n");
    }
  }
}

Status journal_salvage(const char *path, JournalEach each, JournalDamaged damaged, void *ctx,
                       Str *whole, size_t *torn, Err *e) {
  Lines l;
  *torn = 0;
  TRY(lines_open(&l, path, e));
  Status status = salvage_lines(&l, each, damaged, ctx, whole, torn, e);
  lines_close(&l);
  return status;
}

/* ---- appending ------------------------------------------------------------------------------- */

/* Cuts the file to its whole records. */
static Status cut(Journal *j, Err *e) {
  j->torn = ftruncate(j->fd, j->end) != 0;
  CHECK(e, !j->torn, E_IO, "cannot cut the torn end of %s: %s", j->path, strerror(errno));
  return OK;
}

static Status open_file(Arena *a, Journal *j, JournalEach each, void *ctx, Err *e) {
  size_t whole, torn;
  TRY(replay(j->path, each, ctx, &whole, &torn, e));
  j->end = (off_t)whole;
  j->unsynced = whole + torn > 0; /* who wrote it may have been killed before its fsync */
  if (torn > 0) TRY(cut(j, e));
  return whole + torn == 0 ? file_sync_dir(file_dir(a, j->path), e) : OK;
}

Status journal_open(Arena *a, const char *path, JournalEach each, void *ctx, Journal **out,
                    Err *e) {
  Journal *j = ARENA_NEW(a, Journal);
  j->path = arena_strdup(a, path);
  j->line = str_new(a);
  TRY(file_open(path, O_WRONLY | O_CREAT | O_APPEND, &j->fd, e));
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
