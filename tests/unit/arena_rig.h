/* A group of tests whose state is an arena: cmocka_run_group_tests(tests, arena_begin, arena_end). */
#ifndef CAVIAR_TEST_ARENA_RIG_H
#define CAVIAR_TEST_ARENA_RIG_H

#include "base/arena.h"
#include "check.h"

static inline int arena_begin(void **state) {
  static Arena a;
  arena_init(&a);
  *state = &a;
  return 0;
}

static inline int arena_end(void **state) {
  arena_free(*state);
  return 0;
}

#endif
