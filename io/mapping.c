#include "mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

/* Whole pages of a file. */
typedef struct {
  const char *path;
  char *at; /* NULL: none */
  size_t n;
  IoFileId seen; /* last */
} Pages;

static struct {
  Pages open[MAPPINGS_MOST];
  void (*lost)(const Err *e);
} all;

/* ---- the state of a file --------------------------------------------------------------------- */

static IoFileId id_of(const struct stat *st) {
  return (IoFileId){.device = (uint64_t)st->st_dev,
                    .inode = (uint64_t)st->st_ino,
                    .bytes = (uint64_t)st->st_size,
                    .changed_s = (int64_t)st->st_ctim.tv_sec,
                    .changed_ns = (int64_t)st->st_ctim.tv_nsec};
}

IoFileId mapping_id(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? id_of(&st) : (IoFileId){0};
}

/* ---- mapping --------------------------------------------------------------------------------- */

static Pages *place_of(const void *at) {
  for (int i = 0; i < MAPPINGS_MOST; i++) {
    Pages *p = &all.open[i];
    if (at ? p->at && (uintptr_t)at - (uintptr_t)p->at < p->n : !p->at) return p;
  }
  return NULL;
}

static Status map(Mapping *m, uint64_t first, Err *e) {
  const uint64_t skip = first % (uint64_t)sysconf(_SC_PAGESIZE);
  Pages *p = place_of(NULL);
  CHECK(e, p, E_INTERNAL, "%s: more than %d files are mapped", m->path, MAPPINGS_MOST);
  char *at = mmap(NULL, m->n + skip, PROT_READ, MAP_SHARED, m->fd, (off_t)(first - skip));
  CHECK(e, at != MAP_FAILED, E_IO, "%s: cannot map into memory: %s", m->path, strerror(errno));
  *p = (Pages){.path = m->path, .at = at, .n = m->n + skip, .seen = m->id};
  m->at = at + skip;
  return OK;
}

static Status open_part(Mapping *m, uint64_t first, uint64_t n, Err *e) {
  struct stat st;
  CHECK(e, fstat(m->fd, &st) == 0, E_IO, "%s: cannot be looked at: %s", m->path, strerror(errno));
  m->id = id_of(&st);
  CHECK(e, m->id.bytes >= first + n, E_DATA, "%s: cut off: %llu bytes, but its data end at %llu",
        m->path, (unsigned long long)m->id.bytes, (unsigned long long)(first + n));
  m->n = n > 0 ? n : m->id.bytes - first;
  return m->n > 0 ? map(m, first, e) : OK;
}

Status mapping_open(const char *path, uint64_t first, uint64_t n, Mapping *out, Err *e) {
  *out = (Mapping){.path = path};
  TRY(file_open(path, O_RDONLY, &out->fd, e));
  const Status status = open_part(out, first, n, e);
  if (!out->at) close(out->fd);
  return status;
}

void mapping_close(Mapping *m) {
  if (!m->at) return;
  Pages *p = place_of(m->at);
  munmap(p->at, p->n);
  *p = (Pages){0};
  close(m->fd);
  *m = (Mapping){0};
}

Status mapping_changed(const Mapping *m, bool *changed, Err *e) {
  struct stat st;
  Pages *p = m->at ? place_of(m->at) : NULL;
  *changed = false;
  if (!p) return OK;
  CHECK(e, fstat(m->fd, &st) == 0, E_IO, "%s: cannot be looked at: %s", m->path, strerror(errno));
  const IoFileId now = id_of(&st);
  CHECK(e, now.bytes >= m->id.bytes, E_DATA,
        "%s: was cut off while it was in use; put it back and run the same command again", m->path);
  *changed = memcmp(&now, &p->seen, sizeof now) != 0;
  p->seen = now;
  return OK;
}

/* ---- what cannot be read any more ------------------------------------------------------------ */

_Noreturn void mapping_lost(const Err *e) {
  if (all.lost) all.lost(e);
  __builtin_trap();
}

/* The kernel raises it at the very instruction of ours that reads, so whatever may be called there may
 * be called here. One that has nothing to do with mapped files takes its usual course. */
static void unreadable(int number, siginfo_t *info, void *context) {
  (void)context;
  const Pages *p = place_of(info->si_addr);
  Err e = {0};
  if (p) {
    (void)err_set(&e, E_DATA,
                  "%s: cannot be read any more: it was cut off, or its disk fails; put it back and "
                  "run the same command again",
                  p->path);
    mapping_lost(&e);
  }
  signal(number, SIG_DFL);
}

void mapping_on_lost(void (*handler)(const Err *e)) {
  struct sigaction action = {.sa_sigaction = unreadable, .sa_flags = SA_SIGINFO};
  all.lost = handler;
  sigaction(SIGBUS, &action, NULL);
}
