/* x -> 1 where x > threshold, else 0. uint8 data count as x / 255: the threshold 0.5 parts white
 * from black whether a picture came as bytes or as numbers from 0 to 1. */
#include "normalizer.h"

typedef struct {
  double threshold;
} Binarize;

static const Param params[] = {
    {"threshold", P_REAL, offsetof(Binarize, threshold), .def = "0.5",
     .doc = "what is larger becomes 1, the rest 0; uint8 data count as x / 255"},
};

static Status learn(Arena *a, const void *config, const DataPart *train, Normalization *out,
                    Err *e) {
  const double threshold = ((const Binarize *)config)->threshold;
  (void)a;
  *out = (Normalization){.binarize = true, .threshold = threshold};
  if (train->set->x_type != IO_U8) return OK;
  CHECK(e, threshold >= 0 && threshold < 1, E_DATA,
        "data.normalize: the threshold is %g, but %s holds uint8, which count as x / 255, so all "
        "would become %d; write the threshold / 255",
        threshold, train->set->name, threshold < 0);
  int least = 1; /* the smallest byte that becomes 1 */
  while (!(least / 255.0 > threshold)) least++;
  out->threshold = least - 0.5;
  return OK;
}

const Normalizer run_normalizer_binarize = {
    .head = {.name = "binarize",
             .doc = "1 where x > threshold, else 0; uint8 data count as x / 255",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Binarize)},
    .learn = learn,
};
