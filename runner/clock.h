/* Time for people and for pauses; no result depends on it. */
#ifndef CAVIAR_CLOCK_H
#define CAVIAR_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Seconds since some fixed moment; never goes back. */
static inline double clock_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void clock_sleep(double seconds) {
  struct timespec t = {.tv_sec = (time_t)seconds};
  t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
  nanosleep(&t, NULL);
}

/* Has about 50 us passed since this last said yes? Made for ticks, which come every microsecond: on
 * x86 it reads the cycle counter (some 7 ns), whose rate is near enough to 2 GHz everywhere. */
static inline bool clock_due(uint64_t *last) {
#if defined(__x86_64__)
  uint64_t now = __builtin_ia32_rdtsc(), pause = 100000;
#else
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  uint64_t now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec, pause = 50000;
#endif
  if (now - *last < pause) return false;
  *last = now;
  return true;
}

/* The pause of someone who waits without burning a core: 200 us at first, growing to 10 ms. */
static inline void clock_idle(double *pause) {
  if (*pause <= 0) *pause = 200e-6;
  clock_sleep(*pause);
  *pause *= 1.2;
  if (*pause > 10e-3) *pause = 10e-3;
}

#endif
