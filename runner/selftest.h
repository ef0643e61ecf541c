/*
 * The self-test: a training of a few milliseconds that lies in the program. What its weights hash to
 * says whether two processes would train alike: it passes through random numbers, generated data,
 * normalisation, the matrix engine on both sides of OpenBLAS's small kernels, sums over rows and
 * shards, exponentials, dropout and Adam.
 *
 * Pure. With the `fixed` engine it is the same on every machine and belongs to TRIAL_NUMERICS: where
 * it changes, so must that.
 */
#ifndef CAVIAR_SELFTEST_H
#define CAVIAR_SELFTEST_H

#include "base/cpu.h"
#include "io/hash.h"

/* gemm: "fixed" or "openblas". E_MEMORY; anything else is a bug. */
MUST_CHECK Status selftest_hash(const char *gemm, CpuLevel level, char out[HASH_HEX], Err *e);

#endif
