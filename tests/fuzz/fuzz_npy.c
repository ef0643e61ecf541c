/* An NPY file and its labels, another: the first two bytes are the length of the first (0: no labels). */
#include "fuzz_import.h"

extern const Importer io_importer_npy;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  if (n < 3) return 0;
  size_t first = (size_t)bytes[0] | (size_t)bytes[1] << 8, rest = n - 3;
  ImportOptions o = {.values = bytes[2] & 1};
  if (first > rest || first == 0) first = rest;
  const char *path = fuzz_file(0, bytes + 3, first);
  if (first < rest) o.labels = fuzz_file(1, bytes + 3 + first, rest - first);
  fuzz_import(&io_importer_npy, path, &o);
  fuzz_file_end(0);
  fuzz_file_end(1);
  return 0;
}
