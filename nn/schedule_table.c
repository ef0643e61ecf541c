/*
 * By hand: a rate from each of some epochs on.
 *
 *   a = rates[k],   k the last with epochs[k] <= epoch;  epochs from 1
 *
 * The rates are what they say: the optimizer's learning_rate has no part in them.
 */
#include <math.h>

#include "kinds.h"

typedef struct {
  Reals epochs, rates;
} Table;

static const Param params[] = {
    {"epochs", P_REALS, offsetof(Table, epochs), .lo = 1, .hi = 1e9, .unit = "epochs",
     .doc = "where each rate begins: 1, then ascending"},
    {"rates", P_REALS, offsetof(Table, rates), .lo = 0, .lo_open = true, .hi = INFINITY,
     .hi_open = true, .doc = "learning rates, in place of the optimizer's; as many as epochs"},
};

static Status check(const void *config, ParamPlace *place, Err *e) {
  const Table *c = config;
  const int n = c->epochs.n, n_rates = c->rates.n;
  TRY(nn_check_epochs(c->epochs, "epochs", place, e));
  *place = (ParamPlace){"epochs", 0};
  CHECK(e, c->epochs.v[0] == 1, E_SPEC,
        "epochs: the first must be 1, found %g: what rate should epoch 1 have?", c->epochs.v[0]);
  *place = n_rates > n ? (ParamPlace){"rates", n} : (ParamPlace){"rates", -1};
  CHECK(e, n == n_rates, E_SPEC, "rates: expected one for each of the %d epochs, found %d", n,
        n_rates);
  return OK;
}

static double rate(const void *config, double a0, int64_t epoch, int64_t n_epochs) {
  (void)a0, (void)n_epochs;
  const Table *c = config;
  int k = 0;
  while (k + 1 < c->epochs.n && c->epochs.v[k + 1] <= (double)epoch) ++k;
  return c->rates.v[k];
}

const NnScheduleKind nn_schedule_table = {
    .head = {.name = "table",
             .doc = "rates by hand, each from an epoch on",
             .params = params,
             .n_params = COUNT(params),
             .config_size = sizeof(Table),
             .check = check},
    .absolute = true,
    .rate = rate,
};
