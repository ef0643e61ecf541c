/*
 * The death of a rank, said by another. Only for files named mpi_*.c.
 *
 * A launcher ends the job when a process of it dies, and may do so without a word (mpirun -q). So
 * each rank looks after one process, that of the next rank in its own process namespace: the ranks
 * of a host are a ring, and whoever dies is missed by one. A rank that is alone on its host has
 * nobody to miss it; there the launcher's own message has to do.
 */
#ifndef CAVIAR_MPI_PEER_H
#define CAVIAR_MPI_PEER_H

/* Collective over the job, when wait_start has been. */
void peer_start(void);
/* No process is missed from here on; before anyone may leave. Collective: all are there. */
void peer_stop(void);

/* Often; looks ten times a second. A process that is gone is named at once; if the launcher lets
 * the others live, the job ends two seconds later (E_STOPPED). */
void peer_look(void);

#endif
