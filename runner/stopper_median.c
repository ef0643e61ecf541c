/*
 * The median rule: a trial ends at epoch e if its best metric so far is worse than the median, over
 * earlier trials that came to e, of the mean of their metric over epochs 1 .. e. Golovin et al.
 * 2017, "Google Vizier", KDD, section 3.2.2.
 */
#include "stopper.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
  int64_t warmup_epochs, warmup_trials;
} Median;

static const Param params[] = {
    {"warmup_epochs", P_INT, offsetof(Median, warmup_epochs), .def = "1", .lo = 0, .hi = 1e9,
     .unit = "epochs", .doc = "nobody is judged in the first so many"},
    {"warmup_trials", P_INT, offsetof(Median, warmup_trials), .def = "5", .lo = 1, .hi = 1e7,
     .unit = "trials", .doc = "so many must have come to an epoch before anybody is judged there"},
};

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Of an even number the worse of the two in the middle: only who is worse than both ends. */
static double median(double *v, int64_t n, bool maximize) {
  qsort(v, (size_t)n, sizeof *v, compare);
  return v[maximize ? (n - 1) / 2 : n / 2];
}

static void limits(Arena *a, const void *config, const StopperCurve *told, int64_t n_told,
                   bool maximize, int64_t epochs, double *out) {
  const Median *c = config;
  double *sums = ARENA_ARRAY(a, double, n_told), *means = ARENA_ARRAY(a, double, n_told);
  for (int64_t k = 0; k < epochs; k++) {
    int64_t n = 0;
    for (int64_t i = 0; i < n_told; i++) {
      if (k >= told[i].n) continue;
      sums[i] += told[i].metric[k];
      const double mean = sums[i] / (double)(k + 1);
      if (isfinite(mean)) means[n++] = mean;
    }
    out[k] =
        n < c->warmup_trials || k < c->warmup_epochs ? (double)NAN : median(means, n, maximize);
  }
}

const Stopper run_stopper_median = {
    .head = {.name = "median",
             .doc = "a trial ends when it has never been as good as half of the others on average",
             .source = "Golovin et al. 2017, Google Vizier, section 3.2.2",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Median)},
    .limits = limits,
};
