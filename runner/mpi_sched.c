/*
 * The search over all ranks of an MPI job.
 *
 *   worker: ASK .. TASK .. (training, EPOCHS, ASK in the last epoch) .. RESULT .. STOP .. BYE
 *
 * Rank 0 answers between layers and mini-batches of its own training (the tick) and asleep when it
 * has none. A worker asks for the next trial during its last epoch, so the answer is there when it
 * is needed, and does not wait for its result to be taken. Messages of a pair arrive in the order
 * they were sent, so all results of a worker are there before its BYE.
 */
#include "mpi_sched.h"

#include <mpi.h>
#include <string.h>

#include "clock.h"
#include "mpi_message.h"
#include "mpi_world.h"

static const double epochs_seconds = 0.2; /* between a worker's reports of its epochs */

/* ---- rank 0 ---------------------------------------------------------------------------------- */

typedef struct {
  Search *search;
  Arena arena;   /* of one round of messages */
  uint64_t last; /* clock_due */
  int n_gone;    /* said BYE */
  bool told;     /* STOP was sent */
} Lead;

/* Who gets no task waits for STOP: a trial that is given out becomes free only when all are to
 * stop. */
static void answer(Lead *l, int rank) {
  Task task;
  if (!search_next(l->search, rank, &l->arena, &task)) return;
  Str text = str_new(&l->arena);
  task_write(&task, &text);
  message_send(rank, TAG_TASK, str_text(&text), (size_t)text.length);
}

static void take(Lead *l, const Message *m) {
  const char *bytes = message_receive(&l->arena, m);
  int64_t number = 0;
  if (m->bytes == (int)sizeof number) memcpy(&number, bytes, sizeof number);
  switch ((WorldTag)m->tag) {
  case TAG_ASK:
    answer(l, m->source);
    break;
  case TAG_RESULT:
    search_result(l->search, m->source, bytes, (size_t)m->bytes);
    break;
  case TAG_RETURNED:
    search_returned(l->search, m->source, number);
    break;
  case TAG_EPOCHS:
    search_epochs(l->search, number);
    break;
  case TAG_BYE:
    l->n_gone++;
    break;
  default:
    err_set(&l->search->err, E_INTERNAL, "rank %d sent a message with tag %d", m->source, m->tag);
  }
}

/* When all trials are done, or none may be begun: whoever trains is to save, whoever waits to
 * leave. */
static void tell_stop(Lead *l) {
  bool over = schedule_complete(&l->search->queue) || search_stopping(l->search);
  if (l->told || !over) return;
  l->told = true;
  for (int r = 1; r < world_size(); r++) message_send(r, TAG_STOP, NULL, 0);
}

static void serve(Lead *l) {
  Message m;
  while (message_waiting(-1, -1, &m)) take(l, &m);
  arena_free(&l->arena);
  tell_stop(l);
  search_tick(l->search);
}

static void lead_tick(void *ctx) {
  Lead *l = ctx;
  if (clock_due(&l->last)) serve(l);
}

static void lead_epoch(void *ctx, int64_t number, int64_t done, int64_t n_epochs) {
  (void)number, (void)done, (void)n_epochs;
  search_epochs(((Lead *)ctx)->search, 1);
}

static bool lead_stop(void *ctx) {
  return search_stopping(((Lead *)ctx)->search);
}

void mpi_sched_lead(Search *s, Work *w) {
  Arena trial = {0};
  Lead l = {.search = s};
  arena_init(&trial);
  arena_init(&l.arena);
  w->hooks = (TrialHooks){.ctx = &l, .tick = lead_tick, .epoch = lead_epoch, .stop = lead_stop};
  Task task;
  serve(&l); /* the others first: they have nothing to do yet */
  while (search_next(s, 0, &trial, &task)) {
    const char *json;
    Err stopped = {0};
    if (work_train(&trial, w, &task, &json, &stopped) == OK)
      search_result(s, 0, json, strlen(json));
    else
      search_returned(s, 0, task.number);
    serve(&l);
    arena_free(&trial);
  }
  double pause = 0;
  while (l.n_gone < world_size() - 1) {
    serve(&l);
    clock_idle(&pause);
  }
  arena_free(&trial);
}

/* ---- the others ------------------------------------------------------------------------------ */

typedef struct {
  Work *work;
  bool asked;      /* for the next task */
  bool told;       /* STOP has come */
  int64_t epochs;  /* not yet reported */
  double reported; /* when they were */
  uint64_t last;   /* clock_due */
} Follow;

static void ask(Follow *f) {
  if (!f->asked && !f->told) message_send(0, TAG_ASK, NULL, 0);
  f->asked = true;
}

static void look_for_stop(Follow *f) {
  Message m;
  Arena a = {0};
  if (f->told || !message_waiting(0, TAG_STOP, &m)) return;
  arena_init(&a);
  message_receive(&a, &m);
  arena_free(&a);
  f->told = true;
}

static void follow_tick(void *ctx) {
  Follow *f = ctx;
  if (!clock_due(&f->last)) return;
  look_for_stop(f);
  double now = clock_now();
  if (f->epochs == 0 || now - f->reported < epochs_seconds) return;
  message_send(0, TAG_EPOCHS, &f->epochs, sizeof f->epochs);
  f->epochs = 0;
  f->reported = now;
}

static void follow_epoch(void *ctx, int64_t number, int64_t done, int64_t n_epochs) {
  Follow *f = ctx;
  (void)number;
  f->epochs++;
  if (done + 1 >= n_epochs) ask(f);
}

static bool follow_stop(void *ctx) {
  return ((Follow *)ctx)->told || search_signalled();
}

/* Results on their way: two buffers in turn, so that the next trial starts while one is taken. */
typedef struct {
  Arena arena[2];
  MPI_Request request[2];
  int next;
} Outbox;

static void outbox_wait(Outbox *o, int i) {
  int sent = 0;
  double pause = 0;
  MPI_Test(&o->request[i], &sent, MPI_STATUS_IGNORE);
  while (!sent) {
    clock_idle(&pause);
    MPI_Test(&o->request[i], &sent, MPI_STATUS_IGNORE);
  }
  arena_free(&o->arena[i]);
}

static void outbox_post(Outbox *o, const char *json) {
  int i = o->next;
  outbox_wait(o, i);
  o->next = 1 - i;
  char *copy = arena_strdup(&o->arena[i], json);
  MPI_Isend(copy, (int)strlen(copy), MPI_BYTE, 0, TAG_RESULT, MPI_COMM_WORLD, &o->request[i]);
}

/* Asleep until rank 0 hands out a task or says stop; false: stop. */
static bool await_task(Follow *f, Arena *a, Task *out) {
  Message m;
  double pause = 0;
  ask(f);
  for (;;) {
    look_for_stop(f);
    if (f->told) return false;
    if (message_waiting(0, TAG_TASK, &m)) break;
    clock_idle(&pause);
  }
  f->asked = false;
  Err e = {0};
  const char *json = message_receive(a, &m);
  if (task_read(a, json, (size_t)m.bytes, out, &e) != OK) *out = (Task){.number = -1};
  return true;
}

/* A task that is not one is given back, which rank 0 takes for the bug that it is. */
static void do_task(Follow *f, Outbox *out, Arena *a, const Task *t) {
  const char *json;
  Err stopped = {0};
  if (t->number >= 0 && work_train(a, f->work, t, &json, &stopped) == OK)
    outbox_post(out, json);
  else
    message_send(0, TAG_RETURNED, &t->number, sizeof t->number);
}

/* A task that was on its way when all were told to stop. */
static void drop_task(Arena *a) {
  Message m;
  if (message_waiting(0, TAG_TASK, &m)) message_receive(a, &m);
}

void mpi_sched_follow(Work *w) {
  Follow f = {.work = w};
  Outbox out = {.request = {MPI_REQUEST_NULL, MPI_REQUEST_NULL}};
  Arena trial = {0};
  Task task;
  arena_init(&trial);
  for (int i = 0; i < 2; i++) arena_init(&out.arena[i]);
  w->hooks =
      (TrialHooks){.ctx = &f, .tick = follow_tick, .epoch = follow_epoch, .stop = follow_stop};
  while (await_task(&f, &trial, &task)) {
    do_task(&f, &out, &trial, &task);
    arena_free(&trial);
  }
  drop_task(&trial);
  for (int i = 0; i < 2; i++) outbox_wait(&out, i);
  message_send(0, TAG_BYE, NULL, 0);
  arena_free(&trial);
}
