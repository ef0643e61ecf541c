/* Fibers, time, messages and memory of the simulated job. */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE /* which takes a jump to another stack for a mistake */
#include "world.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <ucontext.h>

#include "io/hash.h"
#include "runner/mpi_lead.h"

#if defined(__SANITIZE_ADDRESS__)
#define FIBERS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBERS_ASAN 1
#endif
#endif
#ifdef FIBERS_ASAN
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(save, bottom, size)                                         \
  ((void)(save), (void)(bottom), (void)(size))
#define __sanitizer_finish_switch_fiber(save, bottom, size)                                        \
  ((void)(save), (void)(bottom), (void)(size))
#endif

Sim sim;

int sim_any(int n) {
  return (int)rng_below(&sim.r, (uint64_t)n);
}

void sim_problem(const char *format, ...) {
  va_list more;
  if (sim.problem[0]) return;
  va_start(more, format);
  vsnprintf(sim.problem, sizeof sim.problem, format, more);
  va_end(more);
}

/* ---- memory ---------------------------------------------------------------------------------- */

typedef struct Block Block;
struct Block {
  Block *next, *before; /* of the job's; next NULL: none of the job's */
};

static Block blocks = {&blocks, &blocks};
static int current = -1; /* the rank that runs; -1: the test */

bool sim_in_job(void) {
  return current >= 0;
}

void *sim_calloc(size_t n, size_t size) {
  Block *b = calloc(1, sizeof *b + n * size);
  if (!b) return NULL;
  if (current >= 0) {
    *b = (Block){.next = blocks.next, .before = &blocks};
    blocks.next->before = b;
    blocks.next = b;
  }
  return b + 1;
}

void sim_free(void *p) {
  if (!p) return;
  Block *b = (Block *)p - 1;
  if (b->next) {
    b->next->before = b->before;
    b->before->next = b->next;
  }
  free(b);
}

static void free_all(void) {
  while (blocks.next != &blocks) sim_free(blocks.next + 1);
}

/* Most texts that a job reads another one read before. Nobody changes what comes of them, so that
 * is kept, outside any job; what finds its place taken is read anew. */
Status sim_json(Arena *a, const char *text, size_t n, JsonValue **out, Err *e) {
  static Arena kept;
  static struct {
    const char *text;
    size_t n;
    JsonValue *value;
  } known[1 << 12], *k;
  k = &known[hash_u64(text, n) % COUNT(known)];
  const bool is_it = k->value && k->n == n && memcmp(k->text, text, n) == 0;
  if (k->value && !is_it) return json_parse(a, text, n, out, e);
  const int me = current;
  current = -1;
  JsonValue *value = k->value;
  const Status s = is_it ? OK : json_parse(&kept, text, n, &value, e);
  if (s == OK && !is_it) {
    k->text = arena_strndup(&kept, text, n);
    k->n = n;
    k->value = value;
  }
  current = me;
  *out = value;
  return s;
}

enum { STACK = 1 << 18 };

static struct {
  ucontext_t context;
  jmp_buf base; /* where it goes when the job dies */
  jmp_buf here; /* where it goes on */
  bool begun;
  char *stack;
  double wake;
  int in_vain;
  bool waits; /* for something else than the time */
  bool runs;  /* the body has not returned */
} fibers[SIM_RANKS];

/* ---- messages -------------------------------------------------------------------------------- */

typedef struct Letter Letter;
struct Letter {
  double at;
  int source, tag, n;
  bool *taken; /* the sender waits for it; NULL: it does not */
  Letter *next;
  char bytes[];
};

static struct {
  Letter *first;
  double last;                  /* when the youngest of it arrives */
} queues[SIM_RANKS][SIM_RANKS]; /* to, from */

static bool sent[SIM_RANKS][2]; /* of MPI_Isend: taken; a request is 1 + its place */

static void sleep_deaf(void);

static double earliest(int to) {
  double at = INFINITY;
  for (int from = 0; from < sim.n_ranks; from++)
    if (queues[to][from].first && queues[to][from].first->at < at) at = queues[to][from].first->at;
  return at;
}

static void put(int to, int tag, const void *bytes, size_t n, bool *taken) {
  Letter *m = sim_calloc(1, sizeof *m + n + 1), **end = &queues[to][current].first;
  double at = sim.now + sim.slowest * rng_f64(&sim.r);
  if (at < queues[to][current].last) at = queues[to][current].last;
  queues[to][current].last = at;
  *m = (Letter){.at = at, .source = current, .tag = tag, .n = (int)n, .taken = taken};
  if (n > 0) memcpy(m->bytes, bytes, n);
  const bool first = sim.what == BREAK_STOP && tag == TAG_STOP;
  while (!first && *end) end = &(*end)->next;
  if (first) m->at = sim.now;
  m->next = *end;
  *end = m;
  sim_wake(to, at);
}

static bool is_lost(int tag, size_t n) {
  if (sim.what == BREAK_WORD && tag == TAG_WORD && n == offsetof(Ranks, ranks)) return true;
  if (sim.what == BREAK_GROW && tag == TAG_GROW) return true;
  return sim.what == BREAK_RESULT && tag == TAG_RESULT && sim_any(4) == 0;
}

void sim_message_send(int to, int tag, const void *bytes, size_t n) {
  bool taken = false;
  if (is_lost(tag, n)) return;
  if (sim.what == BREAK_TASK && tag == TAG_TASK) put(to, tag, bytes, n, NULL);
  put(to, tag, bytes, n, n > sim.eager ? &taken : NULL);
  while (n > sim.eager && !taken) sleep_deaf();
}

int sim_isend(const void *bytes, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request *request) {
  (void)type, (void)comm;
  const int i = sent[current][0] ? 0 : 1;
  bool *taken = &sent[current][i];
  *taken = is_lost(tag, (size_t)n) || (size_t)n <= sim.eager;
  if (!is_lost(tag, (size_t)n)) put(to, tag, bytes, (size_t)n, *taken ? NULL : taken);
  *request = (MPI_Request)(void *)taken;
  return MPI_SUCCESS;
}

int sim_test(MPI_Request *request, int *done, MPI_Status *status) {
  (void)status;
  *done = *request == MPI_REQUEST_NULL || *(const bool *)(void *)*request;
  if (*done) *request = MPI_REQUEST_NULL;
  if (*done) fibers[current].in_vain = 0;
  return MPI_SUCCESS;
}

/* Of those that are there the first of any sender, as chance will have it. */
bool sim_message_waiting(int source, int tag, Message *out) {
  const int start = sim_any(sim.n_ranks);
  if (source != -1 || tag != -1) sim_problem("somebody looks for one message only");
  for (int i = 0; i < sim.n_ranks; i++) {
    const int from = (start + i) % sim.n_ranks;
    const Letter *m = queues[current][from].first;
    if (!m || m->at > sim.now) continue;
    *out = (Message){.source = from, .tag = m->tag, .bytes = m->n};
    return true;
  }
  return false;
}

char *sim_message_receive(Arena *a, const Message *which) {
  Letter *m = queues[current][which->source].first;
  char *bytes = ARENA_ARRAY(a, char, m->n + 1);
  memcpy(bytes, m->bytes, (size_t)m->n);
  queues[current][which->source].first = m->next;
  fibers[current].in_vain = 0;
  if (m->taken) {
    *m->taken = true;
    sim_wake(which->source, sim.now);
  }
  sim_free(m);
  return bytes;
}

static void forget_messages(bool left_is_wrong) {
  for (int to = 0; to < SIM_RANKS; to++) {
    for (int from = 0; from < SIM_RANKS; from++) {
      const Letter *m = queues[to][from].first;
      if (m && left_is_wrong)
        sim_problem("rank %d has left, and a message of tag %d from rank %d was for it", to, m->tag,
                    from);
      queues[to][from].first = NULL;
      queues[to][from].last = 0;
    }
  }
}

/* ---- fibers ---------------------------------------------------------------------------------- */

static void (*job_body)(int rank);
static bool dying;
static const void *test_stack;
static size_t test_stack_size;

/* From stack to stack: by jumps, for swapcontext asks the kernel twice; the sanitizer wants it all
 * the same, and a fiber that begins needs it. */
#ifdef FIBERS_ASAN
static ucontext_t test_context;

static void swap_to_test(int me) {
  swapcontext(&fibers[me].context, &test_context);
}

static void swap_to(int rank) {
  swapcontext(&test_context, &fibers[rank].context);
}
#else
static jmp_buf test_here;

static void swap_to_test(int me) {
  if (_setjmp(fibers[me].here) == 0) _longjmp(test_here, 1);
}

static void swap_to(int rank) {
  if (_setjmp(test_here)) return;
  if (fibers[rank].begun) _longjmp(fibers[rank].here, 1);
  fibers[rank].begun = true;
  setcontext(&fibers[rank].context);
}
#endif

static void to_test(void) {
  void *fake = NULL;
  const int me = current;
  __sanitizer_start_switch_fiber(&fake, test_stack, test_stack_size);
  swap_to_test(me);
  __sanitizer_finish_switch_fiber(fake, &test_stack, &test_stack_size);
}

static void fiber_main(void) {
  __sanitizer_finish_switch_fiber(NULL, &test_stack, &test_stack_size);
  for (;;) {
    if (_setjmp(fibers[current].base) == 0 && !dying) {
      job_body(current);
      if (!sent[current][0] || !sent[current][1])
        sim_problem("rank %d has left before its result was taken", current);
    }
    fibers[current].runs = false;
    to_test();
  }
}

static void resume(int rank) {
  void *fake = NULL;
  current = rank;
  __sanitizer_start_switch_fiber(&fake, fibers[rank].stack, STACK);
  swap_to(rank);
  __sanitizer_finish_switch_fiber(fake, NULL, NULL);
  current = -1;
}

static void make_fiber(int rank) {
  if (fibers[rank].stack) return;
  fibers[rank].stack = calloc(1, STACK);
  getcontext(&fibers[rank].context);
  fibers[rank].context.uc_stack.ss_sp = fibers[rank].stack;
  fibers[rank].context.uc_stack.ss_size = STACK;
  makecontext(&fibers[rank].context, fiber_main, 0);
}

static void sleep_until(double when, bool waits) {
  const int me = current;
  fibers[me].wake = when;
  fibers[me].waits = waits;
  to_test();
  if (dying) _longjmp(fibers[me].base, 1);
}

/* Who waits for a message wakes when one is there; if it was there and not looked at, soon. */
void sim_sleep_until(double when) {
  const double message = earliest(current);
  if (!isinf(when) || isinf(message))
    sleep_until(when, isinf(when));
  else
    sleep_until(message > sim.now ? message : sim.now + 1e-5, true);
}

static void sleep_deaf(void) {
  sleep_until(INFINITY, true);
}

void sim_wake(int rank, double when) {
  if (fibers[rank].waits && when < fibers[rank].wake) fibers[rank].wake = when;
}

/* The next to wake; -1: nobody ever will. */
static int next_fiber(void) {
  int next = -1;
  for (int r = 0; r < sim.n_ranks; r++)
    if (fibers[r].runs && !isinf(fibers[r].wake) &&
        (next < 0 || fibers[r].wake < fibers[next].wake))
      next = r;
  return next;
}

static bool anyone_runs(void) {
  for (int r = 0; r < sim.n_ranks; r++)
    if (fibers[r].runs) return true;
  return false;
}

static void kill_all(void) {
  dying = true;
  for (int r = 0; r < sim.n_ranks; r++)
    if (fibers[r].runs) resume(r);
  dying = false;
}

/* All ranks are asked to stop, or one alone, which is to tell the others. */
static void send_signal(void) {
  const int only = sim_any(2) ? -1 : sim_any(sim.n_ranks);
  sim.asked = true;
  for (int r = 0; r < sim.n_ranks; r++) {
    if (only >= 0 && r != only) continue;
    if (r == 0 && sim.on_signal) sim.on_signal();
    sim.signalled[r] = true;
    sim_wake(r, sim.now);
  }
}

bool sim_job(int n_ranks, void (*body)(int rank), double crash, double signal) {
  const double end = sim.now + crash, asked = sim.now + signal;
  sim.n_ranks = n_ranks;
  sim.jobs++;
  job_body = body;
  sim.asked = false;
  memset(sim.signalled, 0, sizeof sim.signalled);
  memset(sim.trained_by, 0, sizeof sim.trained_by);
  memset(sent, 1, sizeof sent);
  for (int r = 0; r < n_ranks; r++) {
    make_fiber(r);
    fibers[r].runs = true;
    fibers[r].in_vain = 0;
    fibers[r].wake = sim.now + sim.slowest * rng_f64(&sim.r);
  }
  bool crashed = false;
  while (anyone_runs() && !sim.problem[0]) {
    const int r = next_fiber();
    if (r < 0) {
      sim_problem("deadlock: everyone waits and nothing is on its way");
      break;
    }
    if (fibers[r].wake > sim.now) sim.now = fibers[r].wake;
    crashed = sim.now >= end;
    if (crashed) break;
    if (sim.now >= asked && !sim.asked) send_signal();
    resume(r);
    if (++sim.turns > 2000000) sim_problem("it does not end");
  }
  kill_all();
  forget_messages(!crashed && !sim.problem[0]);
  free_all();
  return !crashed && !sim.problem[0];
}

/* ---- time ------------------------------------------------------------------------------------ */

double sim_now(void) {
  return sim.now;
}

bool sim_due(uint64_t *last) {
  (void)last;
  return sim_any(4) > 0;
}

/* Who has looked three times in vain looks again when something comes. */
void sim_idle(double *pause) {
  const double message = earliest(current), again = sim.now + 0.01;
  (void)pause;
  if (fibers[current].in_vain++ < 3)
    sleep_until(message > sim.now && message < again ? message : again, true);
  else
    sim_sleep_until(INFINITY);
}

int sim_rank(void) {
  return current;
}

int sim_size(void) {
  return sim.n_ranks;
}

bool sim_signalled(void) {
  return sim.signalled[current];
}

/* ---- the disk -------------------------------------------------------------------------------- */

Status sim_open(const char *path, int flags, int *fd, Err *e) {
  (void)path, (void)flags, (void)e;
  sim.n_read = 0;
  *fd = 100;
  return OK;
}

int sim_close(int fd) {
  (void)fd;
  return 0;
}

static void append(const char *bytes, size_t n) {
  if (sim.n_journal + n > sim.journal_room) {
    sim.journal_room = 2 * (sim.n_journal + n);
    sim.journal = realloc(sim.journal, sim.journal_room);
  }
  memcpy(sim.journal + sim.n_journal, bytes, n);
  sim.n_journal += n;
}

ssize_t sim_write(int fd, const void *bytes, size_t n) {
  const size_t half = n / 2;
  (void)fd;
  append(bytes, half);
  sim_sleep_until(sim.now + 1e-4 * rng_f64(&sim.r));
  append((const char *)bytes + half, n - half);
  return (ssize_t)n;
}

int sim_truncate(int fd, off_t size) {
  (void)fd;
  if (sim.what == BREAK_TORN) return 0;
  sim.n_journal = (size_t)size;
  if (sim.n_synced > sim.n_journal) sim_problem("what was on disk was cut off");
  return 0;
}

int sim_sync(int fd) {
  const size_t n = sim.n_journal;
  (void)fd;
  sim_sleep_until(sim.now + 1e-3 * rng_f64(&sim.r));
  sim.n_synced = n;
  return 0;
}

/* In pieces, as from a file that grows. */
ssize_t sim_read(int fd, void *bytes, size_t n) {
  enum { MOST = 700 };
  const size_t left = sim.n_journal - sim.n_read;
  (void)fd;
  if (n > left) n = left;
  if (n > MOST) n = MOST;
  if (n > 0) memcpy(bytes, sim.journal + sim.n_read, n);
  sim.n_read += n;
  return (ssize_t)n;
}
