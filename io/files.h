/* Files and folders: whole-file reads, atomic writes. */
#ifndef CAVIAR_FILES_H
#define CAVIAR_FILES_H

#include "base/arena.h"

/* mkdir -p. E_IO with the path and the reason. */
MUST_CHECK Status file_make_dirs(const char *path, Err *e);
bool file_exists(const char *path);
/* Like open(2), of a file and nothing else: a pipe in its place would be waited for without end.
 * E_IO. *fd is the caller's. */
MUST_CHECK Status file_open(const char *path, int flags, int *fd, Err *e);
/* E_IO; NUL is added behind the n bytes. max: refuse larger files (0: any size). */
MUST_CHECK Status file_read(Arena *a, const char *path, size_t max, char **bytes, size_t *n,
                            Err *e);
/* The same, where a person names the path: also pipes, as of `caviar run <(make-experiment)`. */
MUST_CHECK Status file_read_stream(Arena *a, const char *path, size_t max, char **bytes, size_t *n,
                                   Err *e);
/* Temporary file, fsync, rename, fsync of the directory. */
MUST_CHECK Status file_write(const char *path, const void *bytes, size_t n, Err *e);
/* Makes a rename or a new file in `dir` survive a power failure. */
MUST_CHECK Status file_sync_dir(const char *dir, Err *e);
const char *file_dir(Arena *a, const char *path); /* "a/b/c.h5" -> "a/b", "c" -> "." */
const char *file_join(Arena *a, const char *dir, const char *path); /* absolute path wins */
/* Are both there, and one file, under whatever names? */
bool file_same(const char *a, const char *b);
MUST_CHECK Status file_remove(const char *path, Err *e); /* not there: fine */
/* A rename in one folder, over what is there. No `from`: fine. */
MUST_CHECK Status file_move(const char *from, const char *to, Err *e);
/* The names in a folder, in order, in `a`; *n 0 where there are none, or no folder. */
const char **file_list(Arena *a, const char *dir, int *n);
/* Removes what a file_write of DIR/BEGINS.. has left that was killed. Nobody may be writing there. */
void file_sweep(const char *dir, const char *begins);

#endif
