#include "hash.h"

#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* the state's size, to keep it in an arena */
#include <xxhash.h>

struct Hash {
  XXH3_state_t state; /* 64-byte aligned, as arenas are */
};

Hash *hash_new(Arena *a) {
  Hash *h = ARENA_NEW(a, Hash);
  hash_reset(h);
  return h;
}

void hash_reset(Hash *h) {
  XXH3_INITSTATE(&h->state);
  (void)XXH3_128bits_reset(&h->state);
}

void hash_add(Hash *h, const void *bytes, size_t n) {
  if (n > 0) (void)XXH3_128bits_update(&h->state, bytes, n);
}

void hash_add_text(Hash *h, const char *text) {
  hash_add(h, text, strlen(text) + 1);
}

void hash_hex(const Hash *h, char out[HASH_HEX]) {
  static const char digits[] = "0123456789abcdef";
  XXH128_canonical_t canonical; /* most significant byte first, as xxh128sum prints it */
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&h->state));
  for (size_t i = 0; i < sizeof canonical.digest; i++) {
    out[2 * i] = digits[canonical.digest[i] >> 4];
    out[2 * i + 1] = digits[canonical.digest[i] & 15];
  }
  out[HASH_HEX - 1] = '\0';
}

uint64_t hash_u64(const void *bytes, size_t n) {
  return XXH3_64bits(bytes, n);
}
