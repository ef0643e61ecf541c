/*
 * Hyperband: successive halving in brackets that begin at different rungs, for nobody knows how
 * early a curve tells. Bracket s = s_max, .. 0 has ceil((s_max + 1) / (s + 1) eta^s) trials, which
 * begin with epochs / eta^s; then the round begins again until there are no more trials. Li et al.
 * 2018, JMLR 18 (185), algorithm 1.
 */
#include "stopper.h"

#include <math.h>

typedef struct {
  double eta;
  int64_t min_epochs;
} Hyperband;

static const Param params[] = {
    {"eta", P_REAL, offsetof(Hyperband, eta), .def = "3", .lo = 1, .lo_open = true, .hi = 1000,
     .doc = "one of so many goes on at a rung, and trains so many times as far"},
    {"min_epochs", P_INT, offsetof(Hyperband, min_epochs), .def = "1", .lo = 1, .hi = 1e9,
     .unit = "epochs", .doc = "nobody is judged before"},
};

static int64_t bracket_size(double eta, int s_max, int s) {
  double n = (double)(s_max + 1) / (s + 1);
  for (int i = 0; i < s; i++) n *= eta;
  return (int64_t)-floor(-n + 1e-9);
}

static void bracket(const void *config, int64_t epochs, int64_t n_trials, int64_t n, Bracket *out) {
  const Hyperband *c = config;
  const int s_max = stopper_levels(epochs, c->eta, c->min_epochs);
  int64_t round = 0;
  for (int s = s_max; s >= 0; s--) round += bracket_size(c->eta, s_max, s);
  int64_t first = n / round * round;
  int s = s_max;
  for (; s > 0 && n >= first + bracket_size(c->eta, s_max, s); s--)
    first += bracket_size(c->eta, s_max, s);
  const int64_t size = bracket_size(c->eta, s_max, s);
  stopper_halve(epochs, c->eta, s, first, n_trials - first < size ? n_trials - first : size, out);
}

const Stopper run_stopper_hyperband = {
    .head = {.name = "hyperband",
             .doc = "successive halving in brackets that begin to judge early, later, never",
             .source = "Li et al. 2018, JMLR 18 (185), algorithm 1",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Hyperband)},
    .bracket = bracket,
};
