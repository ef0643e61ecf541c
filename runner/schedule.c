/* The queue of a search. */
#include "schedule.h"

void schedule_init(Schedule *s, Arena *a, int64_t n_trials) {
  *s = (Schedule){.n_trials = n_trials, .holder = ARENA_ARRAY(a, int32_t, n_trials)};
  for (int64_t i = 0; i < n_trials; i++) s->holder[i] = SCHEDULE_FREE;
  s->limit = n_trials;
}

void schedule_set_window(Schedule *s, int64_t window) {
  s->window = window;
  s->limit = window < s->n_trials ? window : s->n_trials;
}

static bool exists(const Schedule *s, int64_t number) {
  return number >= 0 && number < s->n_trials;
}

/* The window moves with the front. Each trial is passed once by the one, once by the other. */
static void advance(Schedule *s) {
  while (s->front < s->n_trials && s->holder[s->front] == SCHEDULE_DONE) s->front++;
  while (s->limit < s->n_trials && s->limit < s->front + s->window)
    s->n_below += s->holder[s->limit++] == SCHEDULE_DONE;
}

static void finish(Schedule *s, int64_t number) {
  if (s->holder[number] >= 0) s->n_given--;
  s->holder[number] = SCHEDULE_DONE;
  s->n_done++;
  s->n_below += number < s->limit;
  advance(s);
}

bool schedule_known(Schedule *s, int64_t number) {
  if (!exists(s, number)) return false;
  if (s->holder[number] != SCHEDULE_DONE) finish(s, number);
  return true;
}

int64_t schedule_next(Schedule *s, int32_t who) {
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
  return s->limit - s->n_below - s->n_given;
}
