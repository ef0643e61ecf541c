/*
 * For programs that mpirun starts: checks that end the job, values that every rank knows, and the
 * trees over them written plainly.
 *
 * What member p brings is a pure function of a seed, p and the index, so each rank computes what the
 * whole team must come to. Magnitudes differ by 2^40: another order of summation gives other bits.
 */
#ifndef CAVIAR_TEAM_RIG_H
#define CAVIAR_TEAM_RIG_H

#include <mpi.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner/mpi_team.h"
#include "runner/mpi_world.h"

#define REQUIRE(condition, ...)                                                                    \
  do {                                                                                             \
    if (!(condition)) rig_fail(__FILE__, __LINE__, #condition, __VA_ARGS__);                       \
  } while (0)

__attribute__((format(printf, 4, 5))) static inline void
rig_fail(const char *file, int line, const char *condition, const char *format, ...) {
  va_list args;
  char text[300];
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fprintf(stderr, "%s:%d: rank %d: %s: not so: %s\n", file, line, world_rank(), text, condition);
  MPI_Abort(MPI_COMM_WORLD, 1);
  abort();
}

static inline uint64_t rig_bits(uint64_t seed, uint64_t member, uint64_t i) {
  uint64_t z = seed * 0x9E3779B97F4A7C15u + member * 0xD1B54A32D192ED03u + i;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u; /* splitmix64, Steele et al. 2014 */
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static inline double rig_value(uint64_t seed, int member, size_t i) {
  const uint64_t z = rig_bits(seed, (uint64_t)member, i);
  const double x = 1 + (double)(z >> 11) / (double)(1ull << 53);
  const double scale = (double)(1ull << (z % 41)) / (1 << 20);
  return z & 64 ? -x * scale : x * scale;
}

/* Members from .. from + n of the tree, n a power of two: its halves together, left first. */
static inline float rig_sum(uint64_t seed, int from, int n, size_t i) {
  if (n == 1) return (float)rig_value(seed, from, i);
  return rig_sum(seed, from, n / 2, i) + rig_sum(seed, from + n / 2, n / 2, i);
}

static inline double rig_sum_f64(uint64_t seed, int from, int n, size_t i) {
  if (n == 1) return rig_value(seed, from, i);
  return rig_sum_f64(seed, from, n / 2, i) + rig_sum_f64(seed, from + n / 2, n / 2, i);
}

typedef struct {
  float count, mean, m2;
} RigMoments;

/* One in four members has no rows. */
static inline RigMoments rig_part(uint64_t seed, int member, size_t column) {
  const uint64_t z = rig_bits(seed, (uint64_t)member, 1u << 30);
  if (z % 4 == 0) return (RigMoments){0};
  return (RigMoments){(float)(1 + z % 50), (float)rig_value(seed, member, 2 * column),
                      (float)(rig_value(seed + 1, member, 2 * column + 1) *
                              rig_value(seed + 1, member, 2 * column + 1))};
}

/* Chan, Golub & LeVeque 1983, equations 2.1. */
static inline RigMoments rig_merge(RigMoments left, RigMoments right) {
  if (right.count == 0) return left;
  if (left.count == 0) return right;
  const float total = left.count + right.count, delta = right.mean - left.mean;
  const float share = right.count / total, cross = left.count * right.count / total;
  return (RigMoments){total, left.mean + delta * share,
                      (left.m2 + right.m2) + delta * delta * cross};
}

static inline RigMoments rig_moments(uint64_t seed, int from, int n, size_t column, bool swapped) {
  if (n == 1) return rig_part(seed, from, column);
  const RigMoments left = rig_moments(seed, from, n / 2, column, swapped);
  const RigMoments right = rig_moments(seed, from + n / 2, n / 2, column, swapped);
  return swapped ? rig_merge(right, left) : rig_merge(left, right);
}

/* Collective over the job: starts and ends a test program. */
static inline void rig_start(int *argc, char ***argv) {
  MPI_Init(argc, argv);
  mpi_team_start();
}

static inline int rig_end(void) {
  MPI_Barrier(MPI_COMM_WORLD);
  mpi_team_end();
  MPI_Finalize();
  return 0;
}

#endif
