/* Streaming xxh128 (libxxhash): fingerprints of data, hashes of weights, the digest. */
#ifndef CAVIAR_HASH_H
#define CAVIAR_HASH_H

#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"

#define HASH_HEX 33 /* 32 digits and NUL */

typedef struct Hash Hash; /* lives in an arena; libxxhash keeps no memory of its own behind it */
Hash *hash_new(Arena *a);
void hash_reset(Hash *h);
void hash_add(Hash *h, const void *bytes, size_t n);
void hash_add_text(Hash *h, const char *text); /* with its NUL: fields do not run together */
void hash_hex(const Hash *h, char out[HASH_HEX]);
uint64_t hash_u64(const void *bytes, size_t n); /* xxh3 64: checksums of journal lines */

#endif
