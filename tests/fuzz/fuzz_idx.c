/* IDX images and labels, packed or not: the first two bytes are the length of the images. */
#include "fuzz_import.h"

extern const Importer io_importer_idx;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  if (n < 2) return 0;
  size_t first = (size_t)bytes[0] | (size_t)bytes[1] << 8, rest = n - 2;
  if (first > rest) first = rest;
  const char *path = fuzz_file(0, bytes + 2, first);
  const ImportOptions o = {.labels = fuzz_file(1, bytes + 2 + first, rest - first)};
  fuzz_import(&io_importer_idx, path, &o);
  fuzz_file_end(0);
  fuzz_file_end(1);
  return 0;
}
