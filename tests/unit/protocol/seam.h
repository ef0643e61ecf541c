/*
 * Included before every file of the program that test_protocol compiles anew: what they ask of MPI,
 * the file system, the clock and the training is asked of the simulated world (world.h) instead.
 */
#ifndef CAVIAR_TEST_PROTOCOL_SEAM_H
#define CAVIAR_TEST_PROTOCOL_SEAM_H

#include <fcntl.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/files.h"
#include "io/json.h"
#include "io/lock.h"
#include "runner/clock.h"
#include "runner/mpi_message.h"
#include "runner/mpi_peer.h"
#include "runner/mpi_team.h"
#include "runner/mpi_wait.h"
#include "runner/mpi_world.h"
#include "runner/progress.h"
#include "runner/record.h"
#include "runner/work.h"

/* ---- memory: of a process that dies, all of it ---- */
void *sim_calloc(size_t n, size_t size);
void sim_free(void *p);
Status sim_json(Arena *a, const char *text, size_t n, JsonValue **out, Err *e);

/* ---- time ---- */
double sim_now(void);
bool sim_due(uint64_t *last);
void sim_idle(double *pause);

/* ---- messages ---- */
int sim_rank(void);
int sim_size(void);
bool sim_message_waiting(int source, int tag, Message *out);
char *sim_message_receive(Arena *a, const Message *m);
void sim_message_send(int to, int tag, const void *bytes, size_t n);
int sim_isend(const void *bytes, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request *request);
int sim_test(MPI_Request *request, int *done, MPI_Status *status);
bool sim_signalled(void);

/* ---- training ---- */
void sim_team_init(MpiTeam *t);
void sim_team_free(MpiTeam *t);
void sim_team_form(MpiTeam *t, const int *ranks, int n);
void sim_team_next(MpiTeam *t, const int *ranks, int n);
Status sim_train(Arena *a, Work *w, const Task *t, const char **json, Err *e);

/* ---- the disk: one file, the journal ---- */
Status sim_open(const char *path, int flags, int *fd, Err *e);
ssize_t sim_write(int fd, const void *bytes, size_t n);
int sim_truncate(int fd, off_t size);
int sim_sync(int fd);
int sim_close(int fd);
ssize_t sim_read(int fd, void *bytes, size_t n);

static inline int sim_stat(int fd, struct stat *st) {
  (void)fd;
  *st = (struct stat){.st_nlink = 1};
  return 0;
}

static inline Status sim_path(const char *path, Err *e) {
  (void)path, (void)e;
  return OK;
}

static inline Status sim_put(const char *path, const void *bytes, size_t n, Err *e) {
  (void)path, (void)bytes, (void)n, (void)e;
  return OK;
}

static inline Status sim_lock(Arena *a, const char *dir, double wait, Lock **out, Err *e) {
  (void)a, (void)dir, (void)wait, (void)e;
  *out = NULL;
  return OK;
}

static inline bool sim_exists(const char *path) {
  (void)path;
  return false;
}

#ifdef SIM_SUBJECT /* a file of the program, not of the test */
#define calloc          sim_calloc
#define free            sim_free
#define json_parse      sim_json
#define clock_now       sim_now
#define clock_due       sim_due
#define clock_idle      sim_idle
#define world_rank      sim_rank
#define world_size      sim_size
#define message_waiting sim_message_waiting
#define message_receive sim_message_receive
#define message_send    sim_message_send
#undef MPI_Isend
#undef MPI_Test
#define MPI_Isend                       sim_isend
#define MPI_Test                        sim_test
#define mpi_team_init                   sim_team_init
#define mpi_team_free                   sim_team_free
#define mpi_team_form                   sim_team_form
#define mpi_team_next                   sim_team_next
#define work_train                      sim_train
#define write                           sim_write
#define ftruncate                       sim_truncate
#define fsync                           sim_sync
#define close                           sim_close
#define fstat                           sim_stat
#define read                            sim_read
#define peer_look()                     ((void)0)
#define wait_watch(watch, what)         ((void)(watch), (void)(what))
#define record_publish(run, e)          ((void)(run), (void)(e), OK)
#define progress_draw(p, now)           ((void)(p), (void)(now))
#define file_open                       sim_open
#define file_sync_dir                   sim_path
#define file_make_dirs                  sim_path
#define file_write                      sim_put
#define file_remove                     sim_path
#define file_exists                     sim_exists
#define lock_take                       sim_lock
#define lock_release(l)                 ((void)(l))
#define lock_check(l, e)                ((void)(l), (void)(e), OK)
#define lock_lost(l)                    ((void)(l), false)
#define lock_stop_asked(l)              ((void)(l), false)
#define lock_note(l, running, achieved) ((void)(l), (void)(running), (void)(achieved))
#define spec_text(a, spec, form)        ((void)(spec), arena_strdup(a, "")) /* resolved.yaml */
#define file_sweep(dir, begins)         ((void)(dir), (void)(begins))
#endif

#endif
