#define _GNU_SOURCE /* F_OFD_SETLK */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "files.h"
#include "lock_text.h"

enum { TOKEN = 16, TEXT = 2048 };

static const double beat_seconds = 2, look_seconds = 1; /* of the holder */
static const double watch_seconds = 12;                 /* no beat for so long: dead */
static const double glance_seconds = 5;                 /* the same for who only looks */
static const double settle_seconds = 1; /* two who take it at the same moment see each other */
static const double trust_seconds = 6;  /* since a beat; then look before writing */

struct Lock {
  Arena *arena;
  const char *dir, *path;
  int fd;
  bool locked;  /* the OFD lock is ours */
  bool certain; /* and is enough */
  LockHolder me;
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t leave;
  bool leaving;
  atomic_bool lost, stop;
  atomic_llong running, achieved, progress, beaten; /* beaten: ms on the clock of `now` */
};

static bool distrusted;

void lock_distrust(bool on) {
  distrusted = on;
}

/* Goes on while the machine sleeps. */
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void pause_for(double seconds) {
  struct timespec t = {.tv_sec = (time_t)seconds};
  t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
  nanosleep(&t, NULL);
}

/* ---- the OFD lock ---------------------------------------------------------------------------- */

typedef enum { OFD_GOT, OFD_TAKEN, OFD_NONE } Ofd;

static bool locking(void) {
  const char *wish = getenv("HDF5_USE_FILE_LOCKING");
  return !wish || (!str_eq(wish, "FALSE") && !str_eq(wish, "0"));
}

static Ofd ofd_take(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (!locking()) return OFD_NONE;
  if (fcntl(fd, F_OFD_SETLK, &lock) == 0) return OFD_GOT;
  return errno == EAGAIN || errno == EACCES ? OFD_TAKEN : OFD_NONE;
}

/* Only asks: GOT means that nobody has it. */
static Ofd ofd_ask(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (!locking() || fcntl(fd, F_OFD_GETLK, &lock) != 0) return OFD_NONE;
  return lock.l_type == F_UNLCK ? OFD_GOT : OFD_TAKEN;
}

/* ---- the holder's text ----------------------------------------------------------------------- */

/* False: no file, or a text that is none (an empty file; half of one, which the next look reads
 * whole). */
static bool read_holder(Arena *a, const char *path, LockHolder *out) {
  char *text;
  size_t n;
  Err e = {0};
  *out = (LockHolder){0};
  return file_read(a, path, TEXT, &text, &n, &e) == OK && lock_text_read(a, text, n, out);
}

static bool same_holder(const LockHolder *a, const LockHolder *b) {
  return str_eq(a->token, b->token) && a->beat == b->beat && a->ended == b->ended;
}

/* Does the text change within so many seconds? `*last`: as it was read, and as it is. */
static bool watch(Arena *a, const char *path, double seconds, LockHolder *last) {
  LockHolder at;
  for (const double end = now() + seconds; now() < end;) {
    pause_for(0.25);
    if (read_holder(a, path, &at) && !same_holder(&at, last)) {
      *last = at;
      return true;
    }
  }
  return false;
}

static bool write_me(Lock *l) {
  char text[TEXT];
  const int n = lock_text_write(&l->me, text, sizeof text);
  if (n < 0) return false;
  const ssize_t put = pwrite(l->fd, text, (size_t)n, 0);
  if (put >= 0 && put < n) errno = ENOSPC;
  if (put != n) return false;
  if (!l->certain && fdatasync(l->fd) != 0) return false; /* so that other hosts see it */
  atomic_store(&l->beaten, (long long)(now() * 1000));
  return true;
}

/* Is the file at the path still of this token? One that is gone or unreadable is no proof. */
static bool token_there(Lock *l, Arena *scratch, LockHolder *found) {
  return !read_holder(scratch, l->path, found) || str_eq(found->token, l->me.token);
}

/* ---- who I am -------------------------------------------------------------------------------- */

static const char *user_name(Arena *a) {
  const struct passwd *p = getpwuid(geteuid());
  return p ? arena_strdup(a, p->pw_name) : arena_printf(a, "user %ld", (long)geteuid());
}

static const char *host_name(Arena *a) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return arena_strdup(a, host[0] ? host : "unknown host");
}

static const char *first_line(Arena *a, const char *path) {
  char *text;
  size_t n;
  Err e = {0};
  if (file_read(a, path, 4096, &text, &n, &e) != OK) return "";
  text[strcspn(text, "\n")] = '\0';
  return text;
}

static const char *batch_job(void) {
  const char *job = getenv("SLURM_JOB_ID");
  if (!job) job = getenv("PBS_JOBID");
  return job ? job : "";
}

static const char *new_token(Arena *a) {
  unsigned char bytes[TOKEN] = {0};
  Str text = str_new(a);
  int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;
  if (fd >= 0) close(fd);
  if (n != (ssize_t)sizeof bytes)
    return arena_printf(a, "%s-%ld-%.9f", host_name(a), (long)getpid(), now());
  for (int i = 0; i < TOKEN; i++) str_addf(&text, "%02x", bytes[i]);
  return str_text(&text);
}

static LockHolder myself(Arena *a) {
  return (LockHolder){.pid = getpid(),
                      .host = host_name(a),
                      .user = user_name(a),
                      .job = batch_job(),
                      .boot = first_line(a, "/proc/sys/kernel/random/boot_id"),
                      .token = new_token(a)};
}

const char *lock_holder_text(Arena *a, const LockHolder *h) {
  const bool job = h->job && *h->job;
  if (!h->host) return "another process";
  return arena_printf(a, "process %lld of %s on %s%s%s%s", (long long)h->pid, h->user, h->host,
                      job ? " (job " : "", job ? h->job : "", job ? ")" : "");
}

const char *lock_myself(Arena *a) {
  return arena_printf(a, "%s on %s (process %ld)", user_name(a), host_name(a), (long)getpid());
}

/* ---- the request to stop --------------------------------------------------------------------- */

/* The directory is opened first: over NFS that makes the client ask whether it has changed, while
 * "there is no such file" may otherwise be remembered for a minute. */
static bool stop_there(const char *dir) {
  int d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (d < 0) return false;
  const bool there = faccessat(d, "stop", F_OK, 0) == 0;
  close(d);
  return there;
}

Status lock_ask_stop(const char *dir, Err *e) {
  Arena a = {0};
  arena_init(&a);
  const char *text = arena_printf(&a, "%s\n", lock_myself(&a));
  Status s = stop_there(dir) ? OK : file_write(file_join(&a, dir, "stop"), text, strlen(text), e);
  arena_free(&a);
  return s;
}

const char *lock_stop_text(Arena *a, const char *dir) {
  return stop_there(dir) ? first_line(a, file_join(a, dir, "stop")) : NULL;
}

bool lock_stop_asked(const Lock *l) {
  return l && atomic_load_explicit(&l->stop, memory_order_relaxed);
}

bool lock_lost(const Lock *l) {
  return l && atomic_load_explicit(&l->lost, memory_order_relaxed);
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* Looks before it writes: the text may be of somebody else by now. */
static void beat(Lock *l) {
  Arena scratch = {0};
  LockHolder found;
  arena_init(&scratch);
  if (token_there(l, &scratch, &found)) {
    l->me.beat++;
    l->me.running = atomic_load(&l->running);
    l->me.progress = atomic_load(&l->progress);
    write_me(l); /* a disk that is full or away for a moment is the journal's to report */
  } else {
    atomic_store(&l->lost, true);
  }
  arena_free(&scratch);
}

static void *keep(void *arg) {
  Lock *l = arg;
  double next = now() + beat_seconds;
  pthread_mutex_lock(&l->mutex);
  while (!l->leaving) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += (time_t)look_seconds;
    pthread_cond_timedwait(&l->leave, &l->mutex, &t);
    if (l->leaving) break;
    if (stop_there(l->dir)) atomic_store(&l->stop, true);
    if (now() < next || atomic_load(&l->lost)) continue;
    beat(l);
    next = now() + beat_seconds;
  }
  pthread_mutex_unlock(&l->mutex);
  return NULL;
}

/* Signals are the first thread's. */
static Status start_thread(Lock *l, Err *e) {
  sigset_t all, before;
  pthread_mutex_init(&l->mutex, NULL);
  pthread_cond_init(&l->leave, NULL);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int why = pthread_create(&l->thread, NULL, keep, l);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  CHECK(e, why == 0, E_IO, "cannot start the thread that keeps %s: %s", l->path, strerror(why));
  return OK;
}

void lock_note(Lock *l, int64_t running, int64_t achieved) {
  if (!l) return;
  atomic_store_explicit(&l->running, running, memory_order_relaxed);
  if (atomic_load_explicit(&l->achieved, memory_order_relaxed) == achieved) return;
  atomic_store_explicit(&l->achieved, achieved, memory_order_relaxed);
  atomic_store_explicit(&l->progress, (long long)time(NULL), memory_order_relaxed);
}

/* ---- taking it ------------------------------------------------------------------------------- */

static Status busy(Lock *l, const LockHolder *h, Err *e) {
  FAIL(e, E_BUSY, "run directory %s is in use by %s: wait for it, or end it with `caviar stop %s`",
       l->dir, lock_holder_text(l->arena, h), l->dir);
}

/* Nobody has it, as far as the OFD lock and the text tell; else its beat decides. */
static bool gone(Lock *l, Arena *a, LockHolder *there) {
  if (l->certain || !read_holder(a, l->path, there) || there->ended) return true;
  if (l->locked && there->locked && str_eq(there->boot, l->me.boot)) return true;
  const LockHolder before = *there;
  log_line(LOG_NOTE, "%s: looking for %.0f s whether %s is alive", l->path, watch_seconds,
           lock_holder_text(a, there));
  if (watch(a, l->path, watch_seconds, there)) return there->ended;
  log_line(LOG_NOTE, "%s: it gave no sign; this process goes on in its place",
           lock_holder_text(a, &before));
  return true;
}

/* Writes the text; where locks prove little, whoever wrote last has it. */
static Status claim(Lock *l, Arena *a, LockHolder *there, bool *mine, Err *e) {
  l->me.locked = l->locked;
  CHECK(e, ftruncate(l->fd, 0) == 0 && write_me(l), E_IO, "cannot write %s: %s", l->path,
        strerror(errno));
  if (!l->certain) pause_for(settle_seconds);
  *mine = l->certain || token_there(l, a, there);
  return OK;
}

static Status take(Lock *l, Arena *a, double wait_seconds, Err *e) {
  const double end = now() + wait_seconds;
  LockHolder there = {0};
  for (;;) {
    bool mine = false;
    const Ofd ofd = l->locked ? OFD_GOT : ofd_take(l->fd);
    l->locked = ofd == OFD_GOT;
    l->certain = l->locked && !distrusted && lock_text_one_machine(l->fd);
    if (ofd == OFD_TAKEN) {
      if (now() >= end && !read_holder(a, l->path, &there)) there = (LockHolder){0};
    } else if (gone(l, a, &there)) {
      TRY(claim(l, a, &there, &mine, e));
      if (mine) return OK;
    }
    if (now() >= end) return busy(l, &there, e);
    pause_for(0.1);
  }
}

Status lock_take(Arena *a, const char *dir, double wait_seconds, Lock **out, Err *e) {
  Lock *l = ARENA_NEW(a, Lock);
  Arena scratch = {0};
  *l = (Lock){.arena = a, .dir = arena_strdup(a, dir), .path = file_join(a, dir, "lock")};
  l->me = myself(a);
  TRY(file_open(l->path, O_RDWR | O_CREAT, &l->fd, e));
  arena_init(&scratch);
  Status s = take(l, &scratch, wait_seconds, e);
  arena_free(&scratch);
  if (s == OK) s = file_remove(file_join(a, dir, "stop"), e);
  if (s == OK) s = start_thread(l, e);
  if (s != OK) close(l->fd);
  if (s == OK) *out = l;
  return s;
}

void lock_release(Lock *l) {
  if (!l) return;
  pthread_mutex_lock(&l->mutex);
  l->leaving = true;
  pthread_cond_signal(&l->leave);
  pthread_mutex_unlock(&l->mutex);
  pthread_join(l->thread, NULL);
  pthread_cond_destroy(&l->leave);
  pthread_mutex_destroy(&l->mutex);
  Err e = {0};
  l->me.ended = true;
  l->me.running = 0;
  l->me.progress = atomic_load(&l->progress);
  if (lock_check(l, &e) == OK) write_me(l);
  close(l->fd);
}

Status lock_check(Lock *l, Err *e) {
  Arena scratch = {0};
  LockHolder found;
  Status s = OK;
  if (!l) return OK;
  const double since = now() - (double)atomic_load(&l->beaten) / 1000;
  if (!atomic_load(&l->lost) && l->certain && since < trust_seconds) return OK;
  arena_init(&scratch);
  if (!token_there(l, &scratch, &found)) {
    atomic_store(&l->lost, true);
    s = err_set(e, E_BUSY, "%s took over %s while this process gave no sign of life",
                lock_holder_text(&scratch, &found), l->dir);
  }
  arena_free(&scratch);
  return s;
}

/* ---- looking --------------------------------------------------------------------------------- */

static LockState judge(Arena *a, const char *path, int fd, LockHolder *h) {
  const Ofd ofd = ofd_ask(fd);
  if (h->ended) return LOCK_FREE;
  if (ofd == OFD_TAKEN) return LOCK_HELD;
  if (ofd == OFD_GOT && h->locked && !distrusted) {
    const char *boot = first_line(a, "/proc/sys/kernel/random/boot_id");
    if (lock_text_one_machine(fd) || str_eq(h->boot, boot)) return LOCK_FREE;
  }
  if (!watch(a, path, glance_seconds, h)) return LOCK_SILENT;
  return h->ended ? LOCK_FREE : LOCK_HELD;
}

Status lock_look(Arena *a, const char *dir, LockView *out, Err *e) {
  const char *path = file_join(a, dir, "lock");
  struct stat st = {0};
  *out = (LockView){0};
  int fd;
  if (stat(path, &st) != 0 && errno == ENOENT) return OK;
  TRY(file_open(path, O_RDONLY, &fd, e));
  out->known = read_holder(a, path, &out->holder);
  if (out->known)
    out->state = judge(a, path, fd, &out->holder);
  else if (ofd_ask(fd) == OFD_TAKEN)
    out->state = LOCK_HELD; /* its text is being written */
  if (fstat(fd, &st) == 0) out->seen = (int64_t)st.st_mtime;
  close(fd);
  return OK;
}
