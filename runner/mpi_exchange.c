/* Bytes between two members of a team. */
#include "mpi_exchange.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "mpi_wait.h"

/* Of messages on the team's communicator; those of MPI_COMM_WORLD are in mpi_world.h. */
enum { TAG_ENVELOPE = 1, TAG_PIECE };

static MPI_Comm comm = MPI_COMM_NULL;

static const char *const call_names[] = {
    [TEAM_SUM] = "sum of the gradients",
    [TEAM_SUM_F64] = "agreement",
    [TEAM_MOMENTS] = "batch-norm moments",
    [TEAM_PART] = "sum of the gradients, in parts",
    [TEAM_GATHER] = "exchange of the weights",
    [TEAM_SHARE] = "sharing of the leader's state",
    [TEAM_COLLECT] = "evaluation",
};

void exchange_start(void) {
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
}

void exchange_end(void) {
  MPI_Comm_free(&comm);
}

/* ---- heads ----------------------------------------------------------------------------------- */

static void put_head(char *text, size_t size, int rank, const Head *h) {
  const char *name = h->call < COUNT(call_names) ? call_names[h->call] : "no collective at all";
  snprintf(text, size, "rank %d on %s is in its collective %u, %s of %llu", rank, wait_host(rank),
           h->sequence, name, (unsigned long long)h->n);
}

static void check_head(const MpiTeam *t, const Head *mine, int place) {
  const Head *other = &t->b->in.head;
  char here[200], there[200];
  if (mine->call == other->call && mine->sequence == other->sequence && mine->n == other->n) return;
  put_head(here, sizeof here, wait_rank(), mine);
  put_head(there, sizeof there, t->ranks[place], other);
  log_line(LOG_ERROR, "%s%s%s, %s: a bug of caviar, the job ends", t->what ? t->what : "",
           t->what ? ": " : "", here, there);
  wait_end_job(E_INTERNAL);
}

static Waiting waiting(const MpiTeam *t, const Head *head, int place) {
  return (Waiting){.rank = t->ranks[place],
                   .what = call_names[head->call],
                   .trial = t->what,
                   .patience = 1,
                   .tick = t->team.tick,
                   .tick_ctx = t->team.tick_ctx};
}

/* ---- envelopes ------------------------------------------------------------------------------- */

static void post_envelope(MpiTeam *t, int place, MPI_Request *r) {
  Envelope *in = &t->b->in;
  MPI_Irecv(in, sizeof *in, MPI_BYTE, t->ranks[place], TAG_ENVELOPE, comm, r);
}

static void send_envelope(MpiTeam *t, const Head *head, int place, const void *bytes, size_t n,
                          MPI_Request *r) {
  Envelope *out = &t->b->out;
  out->head = *head;
  if (n) memcpy(out->bytes, bytes, n);
  MPI_Isend(out, (int)(sizeof *head + n), MPI_BYTE, t->ranks[place], TAG_ENVELOPE, comm, r);
}

void exchange_short(MpiTeam *t, const Head *head, int place, const void *bytes, size_t n) {
  const Waiting w = waiting(t, head, place);
  MPI_Request in, out;
  post_envelope(t, place, &in);
  send_envelope(t, head, place, bytes, n, &out);
  wait_request(&w, &in);
  check_head(t, head, place);
  wait_request(&w, &out);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

typedef struct {
  MpiTeam *t;
  int rank;
  const char *out;
  char *in;
  size_t n_out, n_in;
  bool add;
  MPI_Request sent[PIECES], got[PIECES];
} Stream;

static size_t piece_bytes(size_t n, size_t i) {
  const size_t from = i * PIECE_BYTES;
  return from >= n ? 0 : n - from < PIECE_BYTES ? n - from : PIECE_BYTES;
}

static void post_piece(Stream *s, size_t i) {
  const size_t n = piece_bytes(s->n_in, i);
  char *to = s->add ? s->t->b->piece[i % PIECES] : s->in + i * PIECE_BYTES;
  if (n) MPI_Irecv(to, (int)n, MPI_BYTE, s->rank, TAG_PIECE, comm, &s->got[i % PIECES]);
}

static void send_piece(Stream *s, size_t i) {
  const size_t n = piece_bytes(s->n_out, i);
  if (!n) return;
  MPI_Isend(s->out + i * PIECE_BYTES, (int)n, MPI_BYTE, s->rank, TAG_PIECE, comm,
            &s->sent[i % PIECES]);
}

static void stream_begin(Stream *s) {
  for (size_t i = 0; i < PIECES; i++) {
    s->sent[i] = s->got[i] = MPI_REQUEST_NULL;
    post_piece(s, i);
    send_piece(s, i);
  }
}

static void take_piece(Stream *s, size_t i) {
  const size_t n = piece_bytes(s->n_in, i);
  if (!n || !s->add) return;
  const Real *x = (const Real *)(const void *)s->t->b->piece[i % PIECES];
  s->t->b->add(n / sizeof(Real), x, (Real *)(void *)(s->in + i * PIECE_BYTES));
}

/* What has arrived is added while the next pieces come. A request that is not there is done. */
static void stream_run(Stream *s, const Waiting *w) {
  for (size_t i = 0; piece_bytes(s->n_in, i) + piece_bytes(s->n_out, i); i++) {
    wait_request(w, &s->got[i % PIECES]);
    take_piece(s, i);
    post_piece(s, i + PIECES);
    wait_request(w, &s->sent[i % PIECES]);
    send_piece(s, i + PIECES);
  }
}

static void stream(MpiTeam *t, const Head *head, int place, const void *out, size_t n_out, void *in,
                   size_t n_in, bool add) {
  Stream s = {.t = t,
              .rank = t->ranks[place],
              .out = out,
              .n_out = n_out,
              .in = in,
              .n_in = n_in,
              .add = add};
  const Waiting w = waiting(t, head, place);
  stream_begin(&s);
  stream_run(&s, &w);
}

/* ---- both ways ------------------------------------------------------------------------------- */

/* What the partner reads stays as it is until both have read. */
void exchange_long(MpiTeam *t, const Head *head, int place, const void *out, size_t n_out, void *in,
                   size_t n_in, bool add) {
  View *view = &t->b->views[__builtin_ctz((unsigned)(place ^ t->team.place))];
  const Home mine = view_home(view, t->ranks[place], out, n_out);
  Home theirs;
  exchange_short(t, head, place, &mine, sizeof mine);
  memcpy(&theirs, t->b->in.bytes, sizeof theirs);
  const void *seen = view_of(view, t->ranks[place], &mine, &theirs, n_in);
  if (!seen) {
    stream(t, head, place, out, n_out, in, n_in, add);
    return;
  }
  if (add)
    t->b->add(n_in / sizeof(Real), seen, in);
  else
    memcpy(in, seen, n_in);
  exchange_short(t, head, place, NULL, 0);
}

/* ---- one way --------------------------------------------------------------------------------- */

void exchange_give(MpiTeam *t, const Head *head, int place, const void *bytes, size_t n) {
  Stream s = {.t = t, .rank = t->ranks[place], .out = bytes, .n_out = n};
  const Waiting w = waiting(t, head, place);
  const bool fits = n <= ENVELOPE_BYTES;
  MPI_Request sent;
  if (fits) s.n_out = 0;
  send_envelope(t, head, place, bytes, fits ? n : 0, &sent);
  stream_begin(&s);
  stream_run(&s, &w);
  wait_request(&w, &sent);
}

void exchange_take(MpiTeam *t, const Head *head, int place, void *bytes, size_t n) {
  Stream s = {.t = t, .rank = t->ranks[place], .in = bytes, .n_in = n};
  const Waiting w = waiting(t, head, place);
  const bool fits = n <= ENVELOPE_BYTES;
  MPI_Request got;
  if (fits) s.n_in = 0;
  post_envelope(t, place, &got);
  wait_request(&w, &got);
  check_head(t, head, place);
  if (fits && n) memcpy(bytes, t->b->in.bytes, n);
  stream_begin(&s);
  stream_run(&s, &w);
}
