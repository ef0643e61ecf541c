/* The registry of rules that end trials early, and what brackets share. */
#include "stopper.h"

#include <math.h>

#define RUN_STOPPER(name) extern const Stopper run_stopper_##name;
#include "stoppers.def"
#undef RUN_STOPPER
#define RUN_STOPPER(name) &run_stopper_##name.head,
static const Kind *const kinds[] = {
#include "stoppers.def"
    NULL};
const Registry run_stoppers = {.noun = "stopping rule", .kinds = kinds, .n = COUNT(kinds) - 1};

int stopper_levels(int64_t epochs, double eta, int64_t least) {
  int s = 0;
  double power = eta;
  /* 3^4 of 81 epochs is one, whatever the division rounds to */
  while (s + 1 < RUNGS_MOST && (double)epochs / power >= (double)least * (1 - 1e-12)) {
    s++;
    power *= eta;
  }
  return s;
}

void stopper_halve(int64_t epochs, double eta, int s, int64_t first, int64_t n, Bracket *out) {
  double power = 1;
  *out = (Bracket){.first = first, .n = n};
  for (int i = 0; i < s; i++) power *= eta;
  double members = (double)n;
  for (int i = 0; i <= s; i++, power /= eta, members /= eta) {
    const int64_t at = i == s ? epochs : (int64_t)floor((double)epochs / power + 1e-9);
    int64_t m = (int64_t)floor(members + 1e-9);
    if (m < 1) m = 1;
    if (out->n_rungs > 0 && at <= out->epochs[out->n_rungs - 1]) continue;
    out->epochs[out->n_rungs] = at < 1 ? 1 : at;
    out->members[out->n_rungs++] = m;
  }
}
