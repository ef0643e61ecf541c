/* The text of a lock, and on which file systems a lock means what it says; private to io/lock.c
 * and its tests. */
#ifndef CAVIAR_LOCK_TEXT_H
#define CAVIAR_LOCK_TEXT_H

#include "lock.h"

/* One line of JSON, of the same length at every beat. Returns the bytes; -1: `size` is too small. */
int lock_text_write(const LockHolder *h, char *out, size_t size);
/* False: it is none. Texts in `a`. */
bool lock_text_read(Arena *a, const char *text, size_t n, LockHolder *out);

/* A file system that no other machine can write to. False: one that may be shared, or unknown. */
bool lock_text_one_machine(int fd);

#endif
