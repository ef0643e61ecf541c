/* Trials that minimise a cost; private to runner/trial*.c but for the first two. */
#ifndef CAVIAR_TRIAL_COST_H
#define CAVIAR_TRIAL_COST_H

#include "trial_state.h"

/* The curves have a row every so many steps (and one at the end), so that they have at most: */
enum { COST_MAX_POINTS = 1000 };
int64_t trial_cost_interval(int64_t steps);

/* "5.0000014", "[1, 2.5]": the shortest that read back. */
void trial_cost_text(const TrialParameter *p, Str *out);

/* Steps, and the epochs that stand for the rows of the curves. */
void trial_cost_batches(const Spec *s, TrialPlan *p);
/* Checks the cost on the data (messages in `d`), then plans its model. E_SPEC, E_SHAPE. */
MUST_CHECK Status trial_cost_model(Arena *a, const TrialEnv *env, const Spec *s, const NnTeam *team,
                                   Diag *d, TrialPlan *p, Err *e);
/* One update. False: the cost was not finite, and the parameters are as they were. */
bool trial_cost_step(TrialRun *r, double rate);
/* The cost of the present parameters; false: it is not finite. */
bool trial_cost_measure(TrialRun *r, NnScore *out);
/* Parameters of the chosen row, or the reason of a divergence. */
void trial_cost_conclude(Arena *a, const TrialRun *r, TrialResult *out);

#endif
