/* Bytes between ranks, asleep while waiting. Only for files named mpi_*.c. */
#ifndef CAVIAR_MPI_MESSAGE_H
#define CAVIAR_MPI_MESSAGE_H

#include "base/arena.h"

typedef struct {
  int source, tag, bytes;
} Message;

/* Is there a message (source, tag; -1: any)? Does not wait. */
bool message_waiting(int source, int tag, Message *out);
/* Sleeps until there is one. what: it is due soon, and what it is; then a long wait warns, and in the
 * end the job ends (mpi_wait.h). NULL: however long it takes. */
void message_await(int source, int tag, const char *what, Message *out);
/* Its bytes, with a NUL behind them. */
char *message_receive(Arena *a, const Message *m);
/* Returns when `bytes` may be used again: at once for short ones. Long ones need a receiver that
 * looks. */
void message_send(int to, int tag, const void *bytes, size_t n);

#endif
