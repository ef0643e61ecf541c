/* The queue of a search. */
#include "schedule.h"

void schedule_init(Schedule *s, Arena *a, int64_t n_trials) {
  *s = (Schedule){.n_trials = n_trials, .holder = ARENA_ARRAY(a, int32_t, n_trials)};
  for (int64_t i = 0; i < n_trials; i++) s->holder[i] = SCHEDULE_FREE;
}

static bool exists(const Schedule *s, int64_t number) {
  return number >= 0 && number < s->n_trials;
}

static void finish(Schedule *s, int64_t number) {
  if (s->holder[number] >= 0) s->n_given--;
  s->holder[number] = SCHEDULE_DONE;
  s->n_done++;
}

bool schedule_known(Schedule *s, int64_t number) {
  if (!exists(s, number)) return false;
  if (s->holder[number] != SCHEDULE_DONE) finish(s, number);
  return true;
}

int64_t schedule_next(Schedule *s, int32_t who) {
  while (s->next < s->n_trials && s->holder[s->next] != SCHEDULE_FREE) s->next++;
  if (s->next == s->n_trials) return -1;
  s->holder[s->next] = who;
  s->n_given++;
  return s->next++;
}

ScheduleAnswer schedule_result(Schedule *s, int32_t who, int64_t number) {
  if (!exists(s, number)) return SCHEDULE_REFUSED;
  if (s->holder[number] == SCHEDULE_DONE) return SCHEDULE_REPEAT;
  if (s->holder[number] != who) return SCHEDULE_REFUSED;
  finish(s, number);
  return SCHEDULE_NEW;
}

bool schedule_return(Schedule *s, int32_t who, int64_t number) {
  if (!exists(s, number) || s->holder[number] != who) return false;
  s->holder[number] = SCHEDULE_FREE;
  s->n_given--;
  if (number < s->next) s->next = number;
  return true;
}

bool schedule_complete(const Schedule *s) {
  return s->n_done == s->n_trials;
}

int64_t schedule_left(const Schedule *s) {
  return s->n_trials - s->n_done - s->n_given;
}
