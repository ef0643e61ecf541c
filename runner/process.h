/*
 * A program as a process of its own: started without a shell, in a process group of its own, its
 * stdin empty, its output read through pipes, ended with all that it started.
 *
 * It dies with this process, also where that is killed (PR_SET_PDEATHSIG; what it started itself
 * does not). It inherits no open file. The caller owns a Process that was started and closes it.
 */
#ifndef CAVIAR_PROCESS_H
#define CAVIAR_PROCESS_H

#include <sys/types.h>

#include "base/arena.h"

enum { PROCESS_OUT, PROCESS_ERR, PROCESS_STREAMS };

typedef struct {
  const char *file;        /* of the program, as process_find gives it */
  const char *const *argv; /* NULL-terminated, argv[0] the name */
  const char *const *envp; /* NULL-terminated, "NAME=value" */
  const char *directory;   /* where it runs */
} ProcessStart;

typedef struct {
  pid_t pid;                    /* and number of the group */
  int streams[PROCESS_STREAMS]; /* what it writes; -1: at its end */
  bool over;                    /* it has ended; its output may still be read */
  int status;                   /* of waitpid, once it is closed */
} Process;

/* Where the program is: `name` as it stands if it has a slash (then relative to `directory`), else
 * in the first folder of `path` (a PATH) that has it. NULL: nowhere, or not to be executed. */
const char *process_find(Arena *a, const char *name, const char *path, const char *directory);

/* E_IO: it could not be started, and why. */
MUST_CHECK Status process_start(const ProcessStart *start, Process *out, Err *e);

/* Asleep until it writes or ends, at most so long. */
void process_wait(Process *p, double seconds);

/* What is there of a stream, at most n bytes; 0: nothing at present, or no more. */
size_t process_read(Process *p, int stream, char *bytes, size_t n);

/* A signal to the whole group. */
void process_signal(const Process *p, int number);

/* Kills what is left of the group, fills in `status`, gives everything back. */
void process_close(Process *p);

#endif
