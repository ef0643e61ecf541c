/*
 * The data of a run, verified once a host: ranks that mapped the very same file of the same host let
 * one of them read it through.
 */
#ifndef CAVIAR_MPI_DATA_H
#define CAVIAR_MPI_DATA_H

#include "data.h"

/*
 * Collective. data_finish, but what another rank of this host has verified is not verified again.
 * Files that cannot be mapped are verified by every rank. E_DATA, E_IO on the rank that looked; the
 * others, which are without fingerprint then, return OK and learn of it by world_agree.
 */
MUST_CHECK Status mpi_data_finish(Arena *a, const DataSpec *s, RunData *d, Err *e);

/* Collective. data_vet by one rank of each host, for all that see the same files there. E_DATA, E_IO on
 * the ranks that looked. */
MUST_CHECK Status mpi_data_vet(Arena *a, const DataSpec *s, Err *e);

#endif
