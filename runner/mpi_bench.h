/* caviar bench --ranks: a step by a team of ranks, beside one rank. */
#ifndef CAVIAR_MPI_BENCH_H
#define CAVIAR_MPI_BENCH_H

#include "bench.h"

/*
 * Collective over the job; rank 0 prints. Teams have as many ranks as a power of two, the job and
 * the shards allow. Subjects take turns, at least three where o->seconds > 0: while one rank steps
 * alone the others sleep. MPI_Allreduce is timed where the team is the whole job.
 */
MUST_CHECK Status bench_ranks(Arena *a, const BenchOptions *o, Err *e);

#endif
