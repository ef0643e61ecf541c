/* Every rank's part in the search over an MPI job. */
#include "mpi_sched.h"

#include <mpi.h>
#include <string.h>

#include "clock.h"
#include "mpi_lead.h"
#include "mpi_message.h"
#include "mpi_peer.h"
#include "mpi_team.h"
#include "mpi_wait.h"
#include "mpi_world.h"

static const double epochs_seconds = 0.2; /* between a leader's reports of its epochs */

/* What rank 0 gave this rank to do and it has not begun. */
typedef struct Order Order;
struct Order {
  bool joins;
  const char *json;
  size_t n;
  Order *next;
};

/* Results on their way: two buffers in turn, so that the next trial starts while one is taken. */
typedef struct {
  Arena arena[2];
  MPI_Request request[2];
  int next;
} Outbox;

typedef struct {
  int leader;
  Ranks ranks;
} Word;

typedef struct {
  Work *work;
  Lead *lead; /* on rank 0 */
  int rank;
  MpiTeam team;
  Outbox outbox;
  Arena orders_arena, message; /* of the orders, while there are any; of one message */
  Order *first, **last;
  Word *words; /* (n_words) that came and no JOIN has taken */
  Arena words_arena;
  int n_words, words_capacity;
  bool asked;      /* for the next task */
  bool began;      /* the training of the last order did, on this rank */
  bool told;       /* STOP has come */
  int64_t leads;   /* the trial that this rank leads at present; -1: none */
  int64_t back;    /* the trial that was asked back; -1: none */
  Ranks joining;   /* who are to join it; n 0: nobody */
  Epochs epochs;   /* not yet reported */
  double reported; /* when they were */
  uint64_t due;    /* clock_due */
} Worker;

/* ---- messages -------------------------------------------------------------------------------- */

static void take(Worker *w, int source, int tag, const void *bytes, size_t n);

static void send(void *ctx, int to, int tag, const void *bytes, size_t n) {
  Worker *w = ctx;
  if (to == w->rank)
    take(w, w->rank, tag, bytes, n);
  else
    message_send(to, tag, bytes, n);
}

static void add_order(Worker *w, bool joins, const char *json, size_t n) {
  Order *o = ARENA_NEW(&w->orders_arena, Order);
  *o = (Order){.joins = joins, .json = arena_strndup(&w->orders_arena, json, n), .n = n};
  *w->last = o;
  w->last = &o->next;
}

static void add_word(Worker *w, int leader, const void *bytes, size_t n) {
  w->words =
      arena_grow(&w->words_arena, w->words, sizeof(Word), &w->words_capacity, w->n_words + 1);
  Word *word = &w->words[w->n_words++];
  *word = (Word){.leader = leader};
  memcpy(&word->ranks, bytes, n);
}

/* To all who wait for it: the team, or with n 0 that there is none. */
static void give_word(Worker *w, const int *ranks, int n) {
  Ranks word = {.trial = w->joining.trial, .n = n};
  for (int i = 0; i < n; i++) word.ranks[i] = ranks[i];
  for (int i = 0; i < w->joining.n; i++)
    send(w, w->joining.ranks[i], TAG_WORD, &word, ranks_bytes(&word));
  w->joining.n = 0;
}

/* The team is to grow after its next step, unless its trial is over. */
static void take_growth(Worker *w, const void *bytes, size_t n) {
  MpiTeam *t = &w->team;
  memcpy(&w->joining, bytes, n);
  if (w->joining.trial != w->leads) {
    give_word(w, NULL, 0);
    return;
  }
  int next[TEAM_MOST];
  memcpy(next, t->ranks, (size_t)t->n * sizeof *next);
  for (int i = 0; i < w->joining.n; i++) next[t->n + i] = w->joining.ranks[i];
  mpi_team_next(t, next, t->n + w->joining.n);
  t->team.wish |= TEAM_GROW;
}

static void take(Worker *w, int source, int tag, const void *bytes, size_t n) {
  switch (tag) {
  case TAG_TASK:
  case TAG_JOIN:
    add_order(w, tag == TAG_JOIN, bytes, n);
    return;
  case TAG_GROW:
    take_growth(w, bytes, n);
    return;
  case TAG_WORD:
    add_word(w, source, bytes, n);
    return;
  case TAG_STOP:
    w->told = true;
    return;
  case TAG_BACK:
    memcpy(&w->back, bytes, n);
    return;
  default:
    if (w->lead) lead_take(w->lead, source, tag, bytes, n);
  }
}

/* All messages that are there; on rank 0 also what follows from them. */
static void serve(Worker *w) {
  Message m;
  peer_look();
  while (message_waiting(-1, -1, &m)) {
    const char *bytes = message_receive(&w->message, &m);
    take(w, m.source, m.tag, bytes, (size_t)m.bytes);
    arena_free(&w->message);
  }
  if (w->lead) lead_act(w->lead);
}

static void ask(Worker *w) {
  if (w->asked || w->told) return;
  w->asked = true;
  send(w, 0, TAG_ASK, NULL, 0);
}

/* ---- results --------------------------------------------------------------------------------- */

/* Rank 0 may be sending to this rank, and take nothing before that has arrived. */
static void outbox_wait(Worker *w, int i) {
  Outbox *o = &w->outbox;
  int sent = 0;
  double pause = 0;
  MPI_Test(&o->request[i], &sent, MPI_STATUS_IGNORE);
  while (!sent) {
    serve(w);
    clock_idle(&pause);
    MPI_Test(&o->request[i], &sent, MPI_STATUS_IGNORE);
  }
  arena_free(&o->arena[i]);
}

static void post_result(Worker *w, const char *json) {
  Outbox *o = &w->outbox;
  if (w->lead) {
    send(w, 0, TAG_RESULT, json, strlen(json));
    return;
  }
  const int i = o->next;
  outbox_wait(w, i);
  o->next = 1 - i;
  char *copy = arena_strdup(&o->arena[i], json);
  MPI_Isend(copy, (int)strlen(copy), MPI_BYTE, 0, TAG_RESULT, MPI_COMM_WORLD, &o->request[i]);
}

/* ---- during a training ----------------------------------------------------------------------- */

static void report_epochs(Worker *w) {
  const double now = clock_now();
  if (w->epochs.more == 0 || now - w->reported < epochs_seconds) return;
  send(w, 0, TAG_EPOCHS, &w->epochs, sizeof w->epochs);
  w->epochs.more = 0;
  w->reported = now;
}

static void on_tick(void *ctx) {
  Worker *w = ctx;
  if (!clock_due(&w->due)) return;
  serve(w);
  report_epochs(w);
}

static void ask_in_the_last_epoch(Worker *w, int64_t done, int64_t n_epochs) {
  if (done + 1 >= n_epochs) ask(w);
}

static void on_begin(void *ctx, int64_t number, int64_t done, int64_t n_epochs) {
  Worker *w = ctx;
  (void)number;
  w->began = true;
  ask_in_the_last_epoch(w, done, n_epochs);
}

static void on_epoch(void *ctx, int64_t number, int64_t done, int64_t n_epochs) {
  Worker *w = ctx;
  if (w->team.team.place == 0)
    w->epochs =
        (Epochs){.trial = number, .done = done, .n_epochs = n_epochs, .more = w->epochs.more + 1};
  ask_in_the_last_epoch(w, done, n_epochs);
}

/* The team has agreed to grow. */
static void on_growing(void *ctx) {
  Worker *w = ctx;
  give_word(w, w->team.next, w->team.n_next);
}

static void on_grown(void *ctx) {
  Worker *w = ctx;
  const Grew grew = {.trial = w->leads, .size = w->team.n};
  send(w, 0, TAG_GREW, &grew, sizeof grew);
}

static bool on_stop(void *ctx) {
  const Worker *w = ctx;
  return w->told || search_signalled() || (w->leads >= 0 && w->leads == w->back);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static void give_back(Worker *w, int64_t trial) {
  const bool is_back = trial >= 0 && trial == w->back && !w->told && !search_signalled();
  const Returned x = {.trial = trial, .is_back = is_back, .place = w->work->place};
  send(w, 0, TAG_RETURNED, &x, sizeof x);
}

/* Trains in the team that was formed. A task that is not one is given back, which rank 0 takes for
 * the bug that it is. */
static void train(Worker *w, Arena *a, const Task *t) {
  const bool leads = w->team.team.place == 0;
  const char *json = NULL;
  Err stopped = {0};
  w->asked = w->began = false;
  w->leads = leads ? t->number : -1;
  w->team.what = arena_printf(a, "trial %lld", (long long)t->number);
  const Status s = work_train(a, w->work, t, &json, &stopped);
  w->leads = -1;
  mpi_team_form(&w->team, &w->rank, 1);
  if (w->joining.n > 0) give_word(w, NULL, 0);
  if (leads && s == OK) post_result(w, json);
  if (leads && s != OK) give_back(w, t->number);
  if (leads) w->back = -1;
}

/* Asleep until the leader's word is there, which may be at the end of an epoch and its evaluation.
 * False: the trial ended before. */
static bool await_word(Worker *w, const Task *t, Ranks *out) {
  const Waiting waiting = {
      .rank = t->ranks[0], .what = "word of the leader of a team to join", .patience = 10};
  Watch watch = {0};
  double pause = 0;
  for (;;) {
    serve(w);
    for (int i = 0; i < w->n_words; i++) {
      if (w->words[i].leader != t->ranks[0] || w->words[i].ranks.trial != t->number) continue;
      *out = w->words[i].ranks;
      w->n_words--; /* the others stay in the order in which they came */
      for (int k = i; k < w->n_words; k++) w->words[k] = w->words[k + 1];
      return out->n > 0;
    }
    clock_idle(&pause);
    wait_watch(&watch, &waiting);
  }
}

/* A rank that was to join and did not waits again for what it asked for. */
static void join(Worker *w, Arena *a, const Task *t) {
  Ranks *word = ARENA_NEW(a, Ranks);
  if (!await_word(w, t, word)) return;
  mpi_team_form(&w->team, word->ranks, word->n);
  train(w, a, t);
  if (!w->began) w->asked = true;
}

static void carry_out(Worker *w, Arena *a, const Order *o) {
  Task t;
  Err e = {0};
  if (task_read(a, o->json, o->n, &t, &e) != OK || t.n_ranks < 1) {
    give_back(w, -1);
  } else if (o->joins) {
    join(w, a, &t);
  } else {
    mpi_team_form(&w->team, t.ranks, t.n_ranks);
    train(w, a, &t);
  }
}

/* The next order, its text in `a`; asleep until there is one. False: STOP has come, and nothing
 * before it is left to do. */
static bool next_order(Worker *w, Arena *a, Order *out) {
  double pause = 0;
  serve(w);
  while (!w->first) {
    if (w->told) return false;
    ask(w);
    serve(w);
    if (w->first || w->told) continue;
    clock_idle(&pause);
  }
  *out = *w->first;
  out->json = arena_strndup(a, out->json, out->n);
  w->first = out->next;
  if (w->first) return true;
  w->last = &w->first;
  arena_free(&w->orders_arena);
  return true;
}

/* Rank 0 stays until all have gone. */
static void leave(Worker *w) {
  double pause = 0;
  for (int i = 0; i < 2; i++) outbox_wait(w, i);
  if (!w->lead) message_send(0, TAG_BYE, NULL, 0);
  while (w->lead && w->lead->n_gone < world_size() - 1) {
    serve(w);
    clock_idle(&pause);
  }
  mpi_team_free(&w->team);
  arena_free(&w->words_arena);
}

void mpi_sched_run(Search *s, Work *work) {
  Arena life = {0}, trial = {0};
  Worker *w = ARENA_NEW(&life, Worker);
  Lead lead = {.send = send};
  Order order;
  *w = (Worker){.work = work, .rank = world_rank(), .leads = -1, .back = -1};
  w->last = &w->first;
  for (int i = 0; i < 2; i++) w->outbox.request[i] = MPI_REQUEST_NULL;
  if (s) {
    lead_init(&lead, &life, s, world_size());
    lead.ctx = w;
    w->lead = &lead;
  }
  mpi_team_init(&w->team);
  if (work->spec->train.shards > 1) mpi_team_offer_memory();
  work->team = &w->team.team;
  work->hooks = (TrialHooks){.ctx = w,
                             .tick = on_tick,
                             .begin = on_begin,
                             .epoch = on_epoch,
                             .growing = on_growing,
                             .grown = on_grown,
                             .stop = on_stop};
  while (next_order(w, &trial, &order)) {
    carry_out(w, &trial, &order);
    arena_free(&trial);
  }
  leave(w);
  work->team = NULL;
  arena_free(&life);
}
