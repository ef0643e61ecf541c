/* The search in one process. */
#include <string.h>

#include "clock.h"
#include "search.h"

typedef struct {
  Search *search;
  uint64_t last; /* clock_due */
} Serial;

static void tick(void *ctx) {
  Serial *serial = ctx;
  if (clock_due(&serial->last)) search_tick(serial->search);
}

static void epoch(void *ctx, int64_t number, int64_t done, int64_t n_epochs) {
  (void)number, (void)done, (void)n_epochs;
  search_epochs(((Serial *)ctx)->search, 1);
}

static bool stop(void *ctx) {
  const Search *s = ((Serial *)ctx)->search;
  return search_stopping(s) || search_wants_back(s);
}

/* The next task; asleep while the training is paused. */
static bool next(Search *s, Arena *a, Task *out) {
  double pause = 0;
  while (search_holds(s) && !search_stopping(s)) {
    clock_idle(&pause);
    search_tick(s);
  }
  return search_next(s, 0, a, out);
}

void sched_serial(Search *s, Work *w) {
  Serial serial = {.search = s};
  w->hooks = (TrialHooks){.ctx = &serial, .tick = tick, .epoch = epoch, .stop = stop};
  Arena trial = {0};
  arena_init(&trial);
  Task task;
  while (next(s, &trial, &task)) {
    const char *json;
    Err stopped = {0};
    if (work_train(&trial, w, &task, &json, &stopped) == OK) {
      search_result(s, 0, json, strlen(json));
    } else {
      search_returned(s, 0, task.number, search_stopping(s) ? NULL : &w->place);
    }
    search_tick(s);
    arena_free(&trial);
  }
  arena_free(&trial);
}
