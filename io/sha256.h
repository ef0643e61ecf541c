/*
 * SHA-256 (FIPS 180-4): what `data.sha256` pins a file with, so that `sha256sum` gives the same
 * digits. Fingerprints and digests of our own are xxh128 (io/hash.h).
 */
#ifndef CAVIAR_SHA256_H
#define CAVIAR_SHA256_H

#include <stdint.h>
#include "base/err.h"

#define SHA256_HEX 65 /* 64 digits and NUL */

typedef struct {
  uint32_t h[8];
  uint64_t n; /* bytes so far */
  unsigned char block[64];
} Sha256;

void sha256_init(Sha256 *s);
void sha256_add(Sha256 *s, const void *bytes, size_t n);
void sha256_hex(const Sha256 *s, char out[SHA256_HEX]); /* of all bytes so far; `s` can go on */

/* Of a file's content. E_IO with the path and the reason. */
MUST_CHECK Status sha256_file(const char *path, char out[SHA256_HEX], Err *e);

#endif
