/* The queue of a search. */
#include "schedule.h"

void schedule_init(Schedule *s, Arena *a, int64_t n_trials) {
  *s = (Schedule){.arena = a, .n_trials = n_trials, .holder = ARENA_ARRAY(a, int32_t, n_trials)};
  for (int64_t i = 0; i < n_trials; i++) s->holder[i] = SCHEDULE_FREE;
  s->limit = n_trials;
}

static bool exists(const Schedule *s, int64_t number) {
  return number >= 0 && number < s->n_trials;
}

void schedule_hold(Schedule *s) {
  s->limit = s->n_below = 0;
}

void schedule_allow(Schedule *s, int64_t limit) {
  if (limit > s->n_trials) limit = s->n_trials;
  for (; s->limit < limit; s->limit++) s->n_below += s->holder[s->limit] == SCHEDULE_DONE;
}

static void finish(Schedule *s, int64_t number) {
  if (s->holder[number] >= 0) s->n_given--;
  if (s->holder[number] == SCHEDULE_PAUSED) s->n_paused--;
  s->holder[number] = SCHEDULE_DONE;
  s->n_done++;
  s->n_below += number < s->limit;
}

bool schedule_done(Schedule *s, int64_t number) {
  if (!exists(s, number)) return false;
  if (s->holder[number] != SCHEDULE_DONE) finish(s, number);
  return true;
}

/* A trial that goes on is before those that have not begun. */
static int64_t next_again(Schedule *s, int32_t who) {
  const int64_t number = s->again[s->first_again++ % s->n_trials];
  s->holder[number] = who;
  s->n_paused--;
  s->n_given++;
  return number;
}

int64_t schedule_next(Schedule *s, int32_t who) {
  if (s->first_again < s->end_again) return next_again(s, who);
  while (s->next < s->n_trials && s->holder[s->next] != SCHEDULE_FREE) s->next++;
  if (s->next >= s->limit) return -1;
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

void schedule_pause(Schedule *s, int64_t number) {
  if (s->holder[number] == SCHEDULE_DONE) {
    s->n_done--;
    s->n_below -= number < s->limit;
  }
  s->holder[number] = SCHEDULE_PAUSED;
  s->n_paused++;
}

void schedule_again(Schedule *s, int64_t number) {
  if (!s->again) s->again = ARENA_ARRAY(s->arena, int64_t, s->n_trials);
  s->again[s->end_again++ % s->n_trials] = number;
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
  return s->limit - s->n_below - s->n_given - s->n_paused + (s->end_again - s->first_again);
}
