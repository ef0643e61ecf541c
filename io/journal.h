/*
 * The journal of a run: the truth about finished trials. Append-only text, one record a line:
 *
 *   xxxxxxxxxxxxxxxx {"type": "trial", ...}\n      (xxh3 of the JSON text in hex, a space, JSON)
 *
 * Written at once, fsync'ed at most once a second (journal_sync says whether all is on disk). Whoever
 * reads it looks at every checksum before anything of the line, and keeps the longest line in memory,
 * not the file. When it is opened, a torn last line is cut off; a line in the middle whose checksum
 * does not hold is an error that names it. Rank 0 only; the run directory's lock must be held for writing.
 */
#ifndef CAVIAR_JOURNAL_H
#define CAVIAR_JOURNAL_H

#include "base/str.h"

typedef struct Journal Journal;

/* A record whose checksum holds: JSON of n bytes on one line, with a NUL behind it, until it returns. */
typedef Status (*JournalEach)(void *ctx, const char *json, size_t n, Err *e);
/* Opens or makes `path` for appending; records that are there go to `each` in order. */
MUST_CHECK Status journal_open(Arena *a, const char *path, JournalEach each, void *ctx, Journal **j,
                               Err *e);
/* Only reads; needs no lock. */
MUST_CHECK Status journal_read(const char *path, JournalEach each, void *ctx, Err *e);
/* Reads on behind what is damaged: a line whose checksum does not hold, or which `each` refuses, goes to
 * `damaged` (line from 1, why). *whole: the lines that are good; *torn: bytes of a torn last one. E_IO. */
typedef void (*JournalDamaged)(void *ctx, int line, const char *why);
MUST_CHECK Status journal_salvage(const char *path, JournalEach each, JournalDamaged damaged,
                                  void *ctx, Str *whole, size_t *torn, Err *e);
/* Appends one JSON object (one line, no newline inside). */
MUST_CHECK Status journal_append(Journal *j, const char *json, Err *e);
/* If a second has passed since the last time, or `now`: is the file still where it was, and fsync if
 * something is unsynced. *durable: all on disk. */
MUST_CHECK Status journal_sync(Journal *j, bool now, bool *durable, Err *e);
MUST_CHECK Status journal_close(Journal *j, Err *e);

#endif
