/* The registry of normalizers, and what they share. */
#include "normalizer.h"

#define RUN_NORMALIZER(name) extern const Normalizer run_normalizer_##name;
#include "normalizers.def"
#undef RUN_NORMALIZER
#define RUN_NORMALIZER(name) &run_normalizer_##name.head,
static const Kind *const kinds[] = {
#include "normalizers.def"
};
const Registry run_normalizers = {.noun = "normalizer", .kinds = kinds, .n = COUNT(kinds)};

Normalization normalizer_linear(Arena *a, int d, double *mean, double *scale) {
  Normalization n = {.mean = mean,
                     .scale = scale,
                     .mean_f32 = ARENA_ARRAY(a, float, d),
                     .scale_f32 = ARENA_ARRAY(a, float, d)};
  for (int j = 0; j < d; j++) {
    n.mean_f32[j] = (float)mean[j];
    n.scale_f32[j] = (float)scale[j];
  }
  return n;
}
