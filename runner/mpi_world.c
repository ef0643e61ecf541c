/* The ranks of a job at its two ends. */
#include "mpi_world.h"

#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "clock.h"
#include "mpi_message.h"
#include "mpi_peer.h"
#include "mpi_wait.h"

typedef struct {
  Status status;
  char text[sizeof((Err *)0)->text];
  char host[64];
} Verdict;

bool world_started(void) {
  int begun = 0;
  MPI_Initialized(&begun);
  return begun != 0;
}

int world_rank(void) {
  int rank = 0;
  if (world_started()) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

int world_size(void) {
  int size = 1;
  if (world_started()) MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

const char *world_host(Arena *a) {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return arena_strdup(a, name);
}

const char *world_mpi_version(Arena *a) {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int n = 0;
  if (!world_started()) return "none";
  MPI_Get_library_version(text, &n);
  return arena_strndup(a, text, strcspn(text, "\n"));
}

/* ---- messages -------------------------------------------------------------------------------- */

bool message_waiting(int source, int tag, Message *out) {
  MPI_Status status;
  int there = 0;
  MPI_Iprobe(source < 0 ? MPI_ANY_SOURCE : source, tag < 0 ? MPI_ANY_TAG : tag, MPI_COMM_WORLD,
             &there, &status);
  if (!there) return false;
  *out = (Message){.source = status.MPI_SOURCE, .tag = status.MPI_TAG};
  MPI_Get_count(&status, MPI_BYTE, &out->bytes);
  return true;
}

/* The others wait for rank 0 while it waits for one of them: it is to speak first. */
void message_await(int source, int tag, const char *what, Message *out) {
  const Waiting w = {.rank = source, .what = what, .patience = source ? 1 : 2};
  Watch watch = {0};
  double pause = 0;
  while (!message_waiting(source, tag, out)) {
    clock_idle(&pause);
    peer_look();
    if (what) wait_watch(&watch, &w);
  }
}

char *message_receive(Arena *a, const Message *m) {
  char *bytes = arena_alloc(a, (size_t)m->bytes + 1, 1);
  MPI_Recv(bytes, m->bytes, MPI_BYTE, m->source, m->tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return bytes;
}

void message_send(int to, int tag, const void *bytes, size_t n) {
  MPI_Request request;
  int sent = 0;
  double pause = 0;
  MPI_Isend(bytes, (int)n, MPI_BYTE, to, tag, MPI_COMM_WORLD, &request);
  MPI_Test(&request, &sent, MPI_STATUS_IGNORE);
  while (!sent) {
    clock_idle(&pause);
    MPI_Test(&request, &sent, MPI_STATUS_IGNORE);
  }
}

/* ---- collectives ----------------------------------------------------------------------------- */

const char *world_share(Arena *a, const char *text) {
  if (world_rank() == 0) {
    for (int r = 1; r < world_size(); r++) message_send(r, TAG_SHARE, text, strlen(text));
    return text;
  }
  Message m;
  message_await(0, TAG_SHARE, "what rank 0 has read", &m);
  return message_receive(a, &m);
}

/* Rank 0 hears everyone, also those behind the first failure. */
static void collect(Verdict *all, Err *e) {
  Arena a = {0};
  arena_init(&a);
  int failed = all->status != OK ? 0 : -1;
  for (int r = 1; r < world_size(); r++) {
    Message m;
    message_await(r, TAG_STATUS, "how its start went", &m);
    const Verdict *v = (const Verdict *)(const void *)message_receive(&a, &m);
    if (v->status == OK || failed >= 0) continue;
    failed = r;
    all->status = v->status;
    *e = (Err){0};
    err_set(e, v->status, "rank %d on %s: %s", r, v->host, v->text);
  }
  arena_free(&a);
}

static Status send_verdict(const Verdict *v) {
  for (int r = 1; r < world_size(); r++) message_send(r, TAG_VERDICT, v, sizeof *v);
  return v->status;
}

static Status await_verdict(Arena *a, const char *what, Err *e) {
  Message m;
  message_await(0, TAG_VERDICT, what, &m);
  Status s = ((const Verdict *)(const void *)message_receive(a, &m))->status;
  *e = (Err){.status = s};
  return s;
}

Status world_agree(Status s, Err *e) {
  Verdict v = {.status = s};
  if (world_size() == 1) return s;
  if (world_rank() == 0) {
    collect(&v, e);
    return send_verdict(&v);
  }
  Arena a = {0};
  arena_init(&a);
  if (s != OK) snprintf(v.text, sizeof v.text, "%s", e->text);
  snprintf(v.host, sizeof v.host, "%s", world_host(&a));
  message_send(0, TAG_STATUS, &v, sizeof v);
  s = await_verdict(&a, "how the start of all went", e);
  arena_free(&a);
  return s;
}

/* Only those that differ are kept. */
static Status compare_all(Arena *a, const Identity *id, Err *e) {
  const char *mine = identity_text(a, id);
  IdentityOther *others = ARENA_ARRAY(a, IdentityOther, world_size());
  int n = 0;
  Arena scratch = {0};
  arena_init(&scratch);
  for (int r = 1; r < world_size(); r++) {
    Message m;
    message_await(r, TAG_IDENTITY, "comparison of the ranks", &m);
    const char *host = message_receive(&scratch, &m);
    const char *text = host + strcspn(host, "\n");
    if (*text) text++;
    if (!str_eq(text, mine)) {
      others[n++] =
          (IdentityOther){r, arena_strndup(a, host, strcspn(host, "\n")), arena_strdup(a, text)};
    }
    arena_free(&scratch);
  }
  return identity_compare(a, id, world_host(a), others, n, e);
}

Status world_compare(const Identity *id, Err *e) {
  if (world_size() == 1) return OK;
  Arena a = {0};
  arena_init(&a);
  Status s = OK;
  if (world_rank() == 0) {
    s = compare_all(&a, id, e);
  } else {
    const char *text = arena_printf(&a, "%s\n%s", world_host(&a), identity_text(&a, id));
    message_send(0, TAG_IDENTITY, text, strlen(text));
  }
  arena_free(&a);
  return world_agree(s, e);
}

Status world_conclude(Status s, Err *e) {
  if (world_size() == 1) return s;
  if (world_rank() == 0) return send_verdict(&(Verdict){.status = s});
  Arena a = {0};
  arena_init(&a);
  s = await_verdict(&a, NULL, e);
  arena_free(&a);
  return s;
}
