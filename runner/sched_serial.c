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
  return search_stopping(((Serial *)ctx)->search);
}

void sched_serial(Search *s, Work *w) {
  Serial serial = {.search = s};
  w->hooks = (TrialHooks){.ctx = &serial, .tick = tick, .epoch = epoch, .stop = stop};
  Arena trial = {0};
  arena_init(&trial);
  Task task;
  while (search_next(s, 0, &trial, &task)) {
    const char *json;
    Err stopped = {0};
    if (work_train(&trial, w, &task, &json, &stopped) == OK) {
      search_result(s, 0, json, strlen(json));
    } else {
      search_returned(s, 0, task.number);
    }
    search_tick(s);
    arena_free(&trial);
  }
  arena_free(&trial);
}
