/* A search over many ranks, played on a virtual clock. */
#include "simulate.h"

#include <math.h>

#include "clock.h"
#include "teams.h"

typedef enum {
  TO_ASK,     /* a message reaches rank 0 */
  TO_EPOCHS,  /*   (count: epochs done) */
  TO_GREW,    /*   (count: members) */
  TO_RESULT,  /* */
  FROM_TRAIN, /* a message reaches the leader */
  FROM_GROW,  /*   and those who join are ready (count: members then) */
  MILESTONE,  /* of a trial: epochs to report, the last one begins, the end (count: epochs done) */
} EventKind;

typedef struct {
  double time;
  int64_t number; /* of equal times the event that was made earlier comes first */
  EventKind kind;
  int rank;
  int64_t trial, count;
} Event;

/* A trial that is trained. Its members are chained behind the leader by Simulation.next. */
typedef struct {
  int leader, size;
  int joining;       /* chain of those who are to join; -1 */
  bool asked;        /* the members have, for what comes next */
  int64_t epochs;    /* all of them */
  double done, at;   /* epochs done at that time */
  double reported;   /* when epochs were */
  int64_t milestone; /* number of the event that is awaited; any other is out of date */
  double paid;       /* led by rank 0: of its seconds of serving, those that have held it up */
} Run;

typedef struct {
  const SimulateJob *job;
  SimulateResult *out;
  Arena a;
  Schedule queue;
  Teams *teams;
  Event *events; /* (n_events) binary heap */
  int n_events, capacity;
  int64_t n_made;
  Run *runs;           /* (n_trials) */
  int64_t *now, *then; /* (n_ranks) the trial that a leader trains, and the next; -1: none */
  int *next;           /* (n_ranks) in the chain of a team; -1: the last */
  double free;         /* rank 0 has served all messages so far */
  double busy;         /* seconds of training, of all ranks */
  double handed_out;   /* when the last trial was */
  int64_t front;       /* every trial below it is done */
  double served;       /* seconds that rank 0 took */
  double publish;      /* when the record will be written */
} Simulation;

/* ---- events ---------------------------------------------------------------------------------- */

static bool earlier(const Event *x, const Event *y) {
  return x->time != y->time ? x->time < y->time : x->number < y->number;
}

static int64_t push(Simulation *s, Event e) {
  e.number = ++s->n_made;
  s->events = arena_grow(&s->a, s->events, sizeof e, &s->capacity, s->n_events + 1);
  int i = s->n_events++;
  for (; i > 0 && earlier(&e, &s->events[(i - 1) / 2]); i = (i - 1) / 2)
    s->events[i] = s->events[(i - 1) / 2];
  s->events[i] = e;
  return e.number;
}

static Event pop(Simulation *s) {
  const Event first = s->events[0], last = s->events[--s->n_events];
  int i = 0;
  for (int child; (child = 2 * i + 1) < s->n_events; i = child) {
    if (child + 1 < s->n_events && earlier(&s->events[child + 1], &s->events[child])) child++;
    if (!earlier(&s->events[child], &last)) break;
    s->events[i] = s->events[child];
  }
  s->events[i] = last;
  return first;
}

static void message(Simulation *s, double time, Event e) {
  e.time = time + s->job->latency;
  s->out->n_messages++;
  push(s, e);
}

/* ---- ranks that pretend to train ------------------------------------------------------------- */

static double epoch_seconds(const Simulation *s, int64_t trial) {
  return s->job->epoch_seconds(s->job->ctx, trial, s->runs[trial].size);
}

/* When the trial is to be looked at again: the next epoch that is worth a report, the beginning of
 * the last one, the end. */
static void await_milestone(Simulation *s, int64_t trial) {
  Run *r = &s->runs[trial];
  const double seconds = epoch_seconds(s, trial), last = (double)(r->epochs - 1);
  const double quiet = (r->reported + s->job->report - r->at) / seconds; /* in epochs */
  double epoch = floor(r->done) + 1;
  if (r->done + quiet > epoch) epoch = ceil(r->done + quiet);
  if (epoch > last) epoch = last + 1;
  if (!r->asked && epoch > last) epoch = last;
  r->milestone = push(s, (Event){.time = r->at + (epoch - r->done) * seconds,
                                 .kind = MILESTONE,
                                 .trial = trial,
                                 .count = (int64_t)epoch});
}

static void advance(Simulation *s, Run *r, double time, double done) {
  if (time > r->at) s->busy += (time - r->at) * r->size;
  r->at = time;
  r->done = done;
}

static void start(Simulation *s, double time, int64_t trial) {
  Run *r = &s->runs[trial];
  s->now[r->leader] = trial;
  for (int i = 0; i < r->size; i++)
    s->next[r->leader + i] = i + 1 < r->size ? r->leader + i + 1 : -1;
  r->epochs = s->job->epochs(s->job->ctx, trial);
  r->at = r->reported = time;
  r->paid = s->served;
  if (r->size > s->out->largest) s->out->largest = r->size;
  await_milestone(s, trial);
}

/* Rank 0 serves between its own steps: what it leads comes to everything so much later. */
static bool held_up(Simulation *s, Run *r, const Event *e) {
  const double seconds = s->served - r->paid;
  Event later = *e;
  if (r->leader != 0 || seconds <= 0) return false;
  r->paid = s->served;
  r->at += seconds;
  later.time += seconds;
  r->milestone = push(s, later);
  return true;
}

static void milestone(Simulation *s, const Event *e) {
  Run *r = &s->runs[e->trial];
  if (r->milestone != e->number) return;
  if (held_up(s, r, e)) return;
  advance(s, r, e->time, (double)e->count);
  if (!r->asked && e->count >= r->epochs - 1) {
    r->asked = true;
    for (int i = r->leader; i >= 0; i = s->next[i])
      message(s, e->time, (Event){.kind = TO_ASK, .rank = i});
  }
  if (e->count < r->epochs) {
    if (e->count > 0 && e->time - r->reported >= s->job->report) {
      r->reported = e->time;
      message(s, e->time, (Event){.kind = TO_EPOCHS, .trial = e->trial, .count = e->count});
    }
    await_milestone(s, e->trial);
    return;
  }
  r->milestone = 0;
  message(s, e->time, (Event){.kind = TO_RESULT, .rank = r->leader, .trial = e->trial});
  const int64_t then = s->then[r->leader];
  s->now[r->leader] = s->then[r->leader] = -1;
  if (then >= 0) start(s, e->time, then);
}

static void told_to_train(Simulation *s, const Event *e) {
  if (s->now[e->rank] < 0)
    start(s, e->time, e->trial);
  else
    s->then[e->rank] = e->trial;
}

static void grow(Simulation *s, const Event *e) {
  Run *r = &s->runs[e->trial];
  if (!r->milestone) return; /* it has ended meanwhile */
  if (e->time > r->at)
    advance(s, r, e->time, r->done + (e->time - r->at) / epoch_seconds(s, e->trial));
  int last = r->leader;
  while (s->next[last] >= 0) last = s->next[last];
  s->next[last] = r->joining;
  for (int i = r->joining; r->asked && i >= 0; i = s->next[i])
    message(s, e->time, (Event){.kind = TO_ASK, .rank = i});
  s->out->n_joined += e->count - r->size;
  r->size = (int)e->count;
  if (r->size > s->out->largest) s->out->largest = r->size;
  message(s, e->time, (Event){.kind = TO_GREW, .trial = e->trial, .count = e->count});
  await_milestone(s, e->trial);
}

/* ---- rank 0 ---------------------------------------------------------------------------------- */

static void chain_joining(Simulation *s, const TeamsAction *x) {
  for (int i = 0; i < x->n; i++) s->next[x->members[i]] = i + 1 < x->n ? x->members[i + 1] : -1;
  s->runs[x->trial].joining = x->members[0];
}

static void take_time(Simulation *s, double seconds) {
  s->free += seconds;
  s->served += seconds;
}

static void send_action(Simulation *s, const TeamsAction *x) {
  Event e = {.rank = x->leader, .trial = x->trial};
  take_time(s, s->job->serve);
  if (x->order == TEAMS_TRAIN) {
    e.kind = FROM_TRAIN;
    take_time(s, s->job->hand_out);
    s->handed_out = s->free;
    s->runs[x->trial] = (Run){.leader = x->leader, .size = x->n, .joining = -1};
    message(s, s->free, e);
    return;
  }
  e.kind = FROM_GROW;
  e.count = s->runs[x->trial].size + x->n;
  chain_joining(s, x);
  message(s, s->free + s->job->join, e);
}

static void open_window(Simulation *s) {
  const int64_t window = s->job->window, n = s->queue.n_trials;
  if (window == 0) return;
  while (s->front < n && s->queue.holder[s->front] == SCHEDULE_DONE) s->front++;
  int64_t limit = s->front + window;
  const int64_t members = s->job->generation;
  if (members > 0 && limit > (s->front / members + 1) * members)
    limit = (s->front / members + 1) * members;
  schedule_allow(&s->queue, limit);
}

static void decide(Simulation *s, const Event *e) {
  switch (e->kind) {
  case TO_ASK:
    teams_ask(s->teams, e->rank);
    break;
  case TO_EPOCHS:
    teams_epoch(s->teams, e->trial, e->count, s->runs[e->trial].epochs, s->free);
    break;
  case TO_GREW:
    teams_grew(s->teams, e->trial, (int)e->count);
    break;
  default:
    take_time(s, s->job->record);
    if (schedule_result(&s->queue, e->rank, e->trial) == SCHEDULE_NEW)
      teams_ended(s->teams, e->trial);
    open_window(s);
  }
}

static void publish(Simulation *s) {
  const SimulateJob *job = s->job;
  if (job->publish_every <= 0 || s->free < s->publish) return;
  const double seconds = job->publish * (double)s->queue.n_done;
  const double pause = job->publish_share > 0 ? seconds / job->publish_share : 0;
  take_time(s, seconds);
  s->publish = s->free + (pause > job->publish_every ? pause : job->publish_every);
}

/* One message after another, each when it is there and those before it are served. */
static void serve(Simulation *s, const Event *e) {
  TeamsAction x;
  if (s->free < e->time) s->free = e->time;
  publish(s);
  take_time(s, s->job->serve);
  double before = clock_now();
  decide(s, e);
  for (bool more = true; more;) {
    more = teams_next(s->teams, s->free, &x);
    s->out->decisions += clock_now() - before;
    if (more) send_action(s, &x);
    before = clock_now();
  }
}

void simulate(const SimulateJob *job, SimulateResult *out) {
  Simulation s = {.job = job, .out = out};
  *out = (SimulateResult){0};
  arena_init(&s.a);
  schedule_init(&s.queue, &s.a, job->n_trials);
  if (job->window > 0) schedule_hold(&s.queue);
  open_window(&s);
  s.publish = job->publish_every;
  s.teams = teams_new(&s.a, job->n_ranks, job->shards, job->ranks, &s.queue);
  s.runs = ARENA_ARRAY(&s.a, Run, job->n_trials);
  s.now = ARENA_ARRAY(&s.a, int64_t, job->n_ranks);
  s.then = ARENA_ARRAY(&s.a, int64_t, job->n_ranks);
  s.next = ARENA_ARRAY(&s.a, int, job->n_ranks);
  for (int r = 0; r < job->n_ranks; r++) {
    s.now[r] = s.then[r] = -1;
    message(&s, 0, (Event){.kind = TO_ASK, .rank = r});
  }
  while (!schedule_complete(&s.queue)) {
    const Event e = pop(&s);
    if (e.kind == MILESTONE)
      milestone(&s, &e);
    else if (e.kind == FROM_TRAIN)
      told_to_train(&s, &e);
    else if (e.kind == FROM_GROW)
      grow(&s, &e);
    else
      serve(&s, &e);
  }
  out->seconds = s.free;
  out->tail = s.free - s.handed_out;
  out->idle = 1 - s.busy / (s.free * job->n_ranks);
  out->rank0 = (s.served + out->decisions) / s.free;
  if (out->rank0 > 1) out->rank0 = 1; /* decisions take real time, which is not in s.free */
  arena_free(&s.a);
}
