/*
 * The lock of a run directory, DIR/lock: one process at a time writes there, also over a network
 * file system that has no locks, and everybody can see who.
 *
 * Its text is one line of JSON: process, host, batch job, a token that nobody else has, and a beat,
 * which a thread of the holder raises every two seconds however long a step takes. Besides, the
 * holder has an OFD write lock on it (fcntl), unless HDF5_USE_FILE_LOCKING=FALSE says that locks do
 * not work here.
 *
 * Who comes second is refused where the OFD lock is taken. On a file system of one machine that is
 * all. Elsewhere a lock that was granted proves little (Lustre and NFS may keep locks within a
 * host), so the text of another holder is watched: if its beat moves within 12 s it lives, else it
 * is dead and the lock is taken over. A holder whose token is gone (it was suspended meanwhile) has
 * lost the lock: lock_check, asked before anything is written, says so.
 *
 * DIR/stop: a request to stop. The same thread looks for it every second; it goes when a lock is
 * taken.
 */
#ifndef CAVIAR_LOCK_H
#define CAVIAR_LOCK_H

#include <stdint.h>
#include "base/arena.h"

typedef struct Lock Lock;

typedef struct {
  int64_t pid;
  const char *host, *user;
  const char *job; /* of Slurm or PBS; "": none */
  const char *boot, *token;
  bool locked; /* holds the OFD lock too */
  bool ended;  /* gave the lock back */
  int64_t beat;
  int64_t running, progress; /* as lock_note was told; unix seconds, 0: none yet */
} LockHolder;

/*
 * Takes the lock and removes a request to stop. E_BUSY, naming the holder, where it is still taken
 * after `wait_seconds` (longer where a beat must be watched), E_IO. Everything lives in `a`; one
 * thread more until lock_release.
 */
MUST_CHECK Status lock_take(Arena *a, const char *dir, double wait_seconds, Lock **out, Err *e);
void lock_release(Lock *l);
/* Is it still ours? E_BUSY, naming who took it. Cheap where OFD locks can be relied on. */
MUST_CHECK Status lock_check(Lock *l, Err *e);
bool lock_lost(const Lock *l); /* as far as its thread knows; lock_check has the words */
bool lock_stop_asked(const Lock *l);
/* For those who look: trials being trained, and a count that grows with whatever is achieved. */
void lock_note(Lock *l, int64_t running, int64_t achieved);

typedef enum {
  LOCK_FREE,   /* nobody, or a holder that is gone for certain */
  LOCK_HELD,   /* somebody is at work */
  LOCK_SILENT, /* a holder that did not give it back and shows no sign of life */
} LockState;

typedef struct {
  LockState state;
  bool known; /* there is a text: */
  LockHolder holder;
  int64_t seen; /* when it was written last, unix seconds by the file system's clock */
} LockView;

/* Who has it, without taking it; up to 5 s where only the beat can tell. E_IO. */
MUST_CHECK Status lock_look(Arena *a, const char *dir, LockView *out, Err *e);

/* "process 123 of ann on n1 (job 55)" */
const char *lock_holder_text(Arena *a, const LockHolder *h);
/* "ann on login1 (process 123)": this process, as a request to stop names it */
const char *lock_myself(Arena *a);

/* Asks whoever has it to stop; repeating it changes nothing. The words of a request, or NULL. */
MUST_CHECK Status lock_ask_stop(const char *dir, Err *e);
const char *lock_stop_text(Arena *a, const char *dir);

/* For tests: locks count as unreliable from now on, whatever the file system is. */
void lock_distrust(bool on);

#endif
