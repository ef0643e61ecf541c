/* The registry of generators, and what they share. */
#include "generator.h"
#include "dataset_check.h"
#include "base/rng.h"

#define IO_GENERATOR(name) extern const Generator io_generator_##name;
#include "generators.def"
#undef IO_GENERATOR
#define IO_GENERATOR(name) &io_generator_##name.head,
static const Kind *const kinds[] = {
#include "generators.def"
};
const Registry io_generators = {.noun = "generator", .kinds = kinds, .n = COUNT(kinds)};

/* Above any row number: the shuffle of a run of labels never shares a draw with a row. */
#define LABEL_RUN ((uint64_t)1 << 63)

int32_t *generator_labels(Arena *a, uint64_t seed, int64_t n, int n_classes) {
  int32_t *labels = ARENA_ARRAY(a, int32_t, n);
  uint32_t *run = ARENA_ARRAY(a, uint32_t, n_classes);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = i % n_classes;
    if (at == 0) {
      uint64_t number = (uint64_t)(i / n_classes);
      rng_permute(seed, RNG_GENERATE, LABEL_RUN | number, run, (uint32_t)n_classes);
    }
    labels[i] = (int32_t)run[at];
  }
  return labels;
}

Status io_generate(Arena *a, KindValue generator, uint64_t seed, IoDataset *out, Err *e) {
  const Generator *g = (const Generator *)generator.kind;
  *out = (IoDataset){.name = generator.kind->name};
  Status status = g->generate(a, generator.config, seed, out, e);
  if (status != OK) return err_context(e, "%s", out->name);
  if (out->labels && !out->class_names) out->class_names = dataset_number_names(a, out->n_classes);
  dataset_fingerprint(out, out->fingerprint);
  return OK;
}
