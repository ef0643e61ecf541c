/*
 * Successive halving: a group of trials trains to the first rung; the best of them, 1 / eta, go on
 * to the next, eta times as far, and so on. Jamieson & Talwalkar 2016, arXiv:1502.07943, figure 1.
 */
#include "stopper.h"

typedef struct {
  double eta;
  int64_t min_epochs, bracket;
} Halving;

static const Param params[] = {
    {"eta", P_REAL, offsetof(Halving, eta), .def = "3", .lo = 1, .lo_open = true, .hi = 1000,
     .doc = "one of so many goes on at a rung, and trains so many times as far"},
    {"min_epochs", P_INT, offsetof(Halving, min_epochs), .def = "1", .lo = 1, .hi = 1e9,
     .unit = "epochs", .doc = "nobody is judged before"},
    {"bracket", P_INT, offsetof(Halving, bracket), .def = "all", .lo = 2, .hi = 1e7, .word = "all",
     .word_value = 0, .unit = "trials", .doc = "trials that compete; all: those of the search"},
};

static void bracket(const void *config, int64_t epochs, int64_t n_trials, int64_t n, Bracket *out) {
  const Halving *c = config;
  const int64_t size = c->bracket ? c->bracket : n_trials, first = n / size * size;
  const int64_t members = n_trials - first < size ? n_trials - first : size;
  stopper_halve(epochs, c->eta, stopper_levels(epochs, c->eta, c->min_epochs), first, members, out);
}

const Stopper run_stopper_successive_halving = {
    .head = {.name = "successive_halving",
             .doc = "trials compete in groups; at each rung the best of a group go on",
             .source = "Jamieson & Talwalkar 2016, arXiv:1502.07943, figure 1",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Halving)},
    .bracket = bracket,
};
