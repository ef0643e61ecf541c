/*
 * The search over all ranks of an MPI job.
 *
 *   worker: ASK .. TASK .. (training, EPOCHS, ASK in the last epoch) .. RESULT .. STOP .. BYE
 *
 * Every rank is a worker (mpi_sched.c), rank 0 too; there it also decides (mpi_lead.c), between
 * layers and mini-batches of its own training and asleep when it has none. Several ranks that
 * train a trial together (mpi_team.h) each get its TASK; the first of its ranks leads and speaks
 * for them.
 *
 * A team grows: rank 0 sends JOIN to those who are to join and GROW to the leader. After a step the
 * team agrees, the leader gives each of them its WORD with all ranks, and they go on together, or
 * without them where one of them lacks the memory; GREW says which. A leader whose trial has ended
 * meanwhile gives an empty WORD. So whoever has a JOIN hears from the leader, in any case.
 *
 * BACK asks a leader for its trial, which is to change (panda.h): its team stops after a step, by
 * agreement, and it is handed out again.
 *
 * Messages of a pair arrive in the order they were sent. STOP is the last from rank 0: what came
 * before it is begun, for others of the team may have begun it; it stops after a step, by
 * agreement.
 */
#ifndef CAVIAR_MPI_SCHED_H
#define CAVIAR_MPI_SCHED_H

#include "search.h"

/* Collective over the job. `s`: rank 0's, NULL on the others. Returns on rank 0 when every other
 * rank has said good-bye. */
void mpi_sched_run(Search *s, Work *w);

#endif
