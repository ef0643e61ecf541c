/* Normal with a given mean and standard deviation, whatever the fans. */
#include <math.h>

#include "draw.h"
#include "kinds.h"

typedef struct {
  double mean, sd;
} Normal;

static const Param params[] = {
    {"mean", P_REAL, offsetof(Normal, mean), .def = "0", .doc = "mean"},
    {"sd", P_REAL, offsetof(Normal, sd), .def = "0.01", .lo = 0, .hi = INFINITY, .hi_open = true,
     .doc = "standard deviation"},
};

static void fill(const void *config, int fan_in, int fan_out, uint64_t seed, uint32_t block,
                 size_t n, Real *w) {
  (void)fan_in, (void)fan_out;
  const Normal *c = config;
  nn_draw_normal(c->mean, c->sd, seed, block, n, w);
}

const NnInitialiserKind nn_init_normal = {
    .head = {.name = "normal",
             .doc = "normal with a given standard deviation",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Normal)},
    .fill = fill,
};
