/* A queue whose trial n waits until all trials below n - window + 1 are done. */
#ifndef CAVIAR_TEST_WINDOW_RIG_H
#define CAVIAR_TEST_WINDOW_RIG_H

#include "runner/schedule.h"

/* After every result. */
static inline void window_move(Schedule *s, int64_t window) {
  int64_t front = 0;
  if (window == 0) return;
  while (front < s->n_trials && s->holder[front] == SCHEDULE_DONE) front++;
  schedule_allow(s, front + window);
}

static inline void window_set(Schedule *s, int64_t window) {
  schedule_hold(s);
  window_move(s, window);
}

#endif
