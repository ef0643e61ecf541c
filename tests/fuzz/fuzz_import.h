/* What the three importers have in common: a dataset that came out can be written and opened. */
#ifndef CAVIAR_TEST_FUZZ_IMPORT_H
#define CAVIAR_TEST_FUZZ_IMPORT_H

#include "fuzz.h"
#include "io/dataset.h"

static inline void fuzz_import(const Importer *importer, const char *path, const ImportOptions *o) {
  Arena a = {0};
  Err e = {0};
  IoDataset d = {0};
  arena_init(&a);
  Status s = importer->import(&a, path, o, &d, &e);
  if (s != OK && e.text[0] == '\0') BROKEN("refused without words");
  if (s == OK) {
    if (d.n <= 0 || d.d <= 0) BROKEN("%lld rows of %d", (long long)d.n, d.d);
    double *row = ARENA_ARRAY(&a, double, d.d);
    io_dataset_row_f64(&d, 0, row);
    io_dataset_row_f64(&d, d.n - 1, row);
    s = io_dataset_verify(&d, &e);
    for (int64_t i = 0; s == OK && d.labels && i < d.n; i++)
      if (!d.class_names[d.labels[i]]) BROKEN("a class without a name");
    io_dataset_close(&d);
  }
  arena_free(&a);
}

#endif
