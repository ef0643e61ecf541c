/* A CSV file; its first byte chooses the options. */
#include "fuzz_import.h"

extern const Importer io_importer_csv;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  static const ImportOptions options[] = {{0}, {.target = "1"}, {.target = "y"}, {.values = true}};
  if (n == 0) return 0;
  const char *path = fuzz_file(0, bytes + 1, n - 1);
  fuzz_import(&io_importer_csv, path, &options[bytes[0] % 4]);
  fuzz_file_end(0);
  return 0;
}
