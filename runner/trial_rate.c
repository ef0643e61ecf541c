#include "trial.h"

double trial_rate(const Spec *s, const TrialPlan *p, int64_t epoch, uint64_t t) {
  const double warmup = (double)p->warmup_steps;
  const double base = nn_optimizer_learning_rate(s->train.optimizer);
  const double rate = nn_schedule_rate(s->train.schedule, base, epoch, p->epochs) * p->rate_scale;
  return (double)t < warmup ? rate * ((double)t / warmup) : rate;
}
