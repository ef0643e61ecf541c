/* The search over all ranks of an MPI job. */
#ifndef CAVIAR_MPI_SCHED_H
#define CAVIAR_MPI_SCHED_H

#include "search.h"

/* Rank 0: trains and serves. Returns when every other rank has said good-bye. */
void mpi_sched_lead(Search *s, Work *w);
/* The others: train what rank 0 hands out, until it says stop. */
void mpi_sched_follow(Work *w);

#endif
