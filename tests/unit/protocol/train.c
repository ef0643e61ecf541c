/*
 * The training of a trial by a team, as runner/trial.c and trial_team.c go about it, without numbers:
 * the same collectives in the same order, the same wishes, hooks and checkpoints. What a trial comes
 * to is a function of its point and the epoch.
 */
#include "world.h"

#include <math.h>

#include "io/hash.h"

/* ---- meetings -------------------------------------------------------------------------------- */

/* A collective: over when all have come. Who comes says what it means by it. */
typedef struct {
  int64_t trial;
  int leader, size, n_came, n_left;
  uint32_t sequence;
  char what;
  unsigned all; /* or-ed */
  int64_t of_leader[4 + SIM_RANKS];
} Meeting;

static Meeting meetings[4 * SIM_RANKS];

/* That of the team as t's owner knows it: who is to join may come to the larger one before an old member,
 * busy with its books, comes to the last of the smaller one. Messages find each other by their ranks. */
static Meeting *meeting_of(const MpiTeam *t, int64_t trial) {
  Meeting *unused = NULL;
  for (int i = 0; i < COUNT(meetings); i++) {
    Meeting *m = &meetings[i];
    if (m->n_left == m->size) unused = m;
    if (m->n_came < m->size && m->leader == t->ranks[0] && m->trial == trial && m->size == t->n)
      return m;
  }
  if (!unused) sim_problem("too many meetings");
  if (!unused) return &meetings[0];
  *unused = (Meeting){.trial = trial, .leader = t->ranks[0], .size = t->n, .sequence = t->sequence};
  return unused;
}

static unsigned meet(MpiTeam *t, int64_t trial, char what, unsigned mine, int64_t *of_leader,
                     int n) {
  t->sequence++;
  if (t->n == 1) return mine;
  Meeting *m = meeting_of(t, trial);
  if (m->n_came == 0) m->what = what;
  if (m->size != t->n || m->sequence != t->sequence || m->what != what)
    sim_problem("trial %lld: rank %d is in collective %u (%c) of %d, the others in %u (%c) of %d",
                (long long)trial, sim_rank(), t->sequence, what, t->n, m->sequence, m->what,
                m->size);
  m->n_came++;
  m->all |= mine;
  for (int i = 0; i < n && t->team.place == 0; i++) m->of_leader[i] = of_leader[i];
  for (int i = 0; i < t->n && m->n_came == m->size; i++) sim_wake(t->ranks[i], sim.now);
  while (m->n_came < m->size) {
    if (t->team.tick) t->team.tick(t->team.tick_ctx);
    if (m->n_came < m->size) sim_sleep_until(INFINITY);
  }
  for (int i = 0; i < n; i++) of_leader[i] = m->of_leader[i];
  const unsigned all = m->all;
  m->n_left++;
  return all;
}

/* ---- teams ----------------------------------------------------------------------------------- */

void sim_team_form(MpiTeam *t, const int *ranks, int n) {
  int place = 0;
  memmove(t->ranks, ranks, (size_t)n * sizeof *ranks);
  while (place < n && ranks[place] != sim_rank()) place++;
  if (n < 1 || (n & (n - 1)) || place == n)
    sim_problem("a team of %d without rank %d", n, sim_rank());
  t->n = t->team.size = n;
  t->team.ranks = t->ranks;
  t->team.place = place;
  t->team.wish = t->team.agreed = 0;
  t->sequence = 0;
  t->n_next = 0;
}

void sim_team_next(MpiTeam *t, const int *ranks, int n) {
  if (n < t->n || memcmp(ranks, t->ranks, (size_t)t->n * sizeof *ranks) != 0)
    sim_problem("a larger team without its members");
  memcpy(t->next, ranks, (size_t)n * sizeof *ranks);
  t->n_next = n;
}

void sim_team_init(MpiTeam *t) {
  const int me = sim_rank();
  *t = (MpiTeam){.team = {.ctx = t}};
  if (me == 0) memset(meetings, 0, sizeof meetings);
  sim_team_form(t, &me, 1);
}

void sim_team_free(MpiTeam *t) {
  (void)t;
}

/* ---- a trial --------------------------------------------------------------------------------- */

typedef struct {
  Work *work;
  MpiTeam *team;
  int64_t number, target;
  int64_t epoch, batch; /* epochs that are over; steps of the next one */
  bool over;
} Training;

/* Of the point, and of which training it is. */
static uint64_t hash_of(const Task *task) {
  const uint64_t point = hash_u64(task->point, strlen(task->point));
  const Lineage *l = &task->line;
  if (l->parent < 0) return point;
  return point ^ (uint64_t)l->root << 40 ^ hash_u64(l->point, strlen(l->point)) >> 1 ^
         hash_u64(l->edits, strlen(l->edits)) >> 2;
}

/* In [0, 1): at the end of an epoch; it grows with the epochs, more or less. */
static double metric(const Training *t, int64_t epoch) {
  const uint64_t h = hash_of(&t->work->task);
  const double level = (double)(h % 1000000), noise = (double)((h + (uint64_t)epoch * 977) % 100);
  const double bits = sim.what == BREAK_BITS ? 1e-9 * t->team->n : 0;
  return floor(level * (1 - 1.0 / (double)(epoch + 2)) + 1000 * noise) / 1e6 + bits;
}

static bool is_behind(const Training *t) {
  double best = NAN;
  for (int64_t k = 0; k < t->epoch && k < t->work->task.n_limits; k++) {
    const double m = metric(t, k + 1);
    if (isnan(best) || m > best) best = m;
    if (t->work->task.limits[k] > best) return true;
  }
  return false;
}

static void share_standing(Training *t) {
  int64_t x[3] = {t->epoch, t->batch, t->over};
  meet(t->team, t->number, 's', 0, x, 3);
  t->epoch = x[0];
  t->batch = x[1];
  t->over = x[2];
}

static void wish(Training *t) {
  Team *team = &t->team->team;
  const TrialHooks *hooks = &t->work->hooks;
  team->wish &= TEAM_GROW;
  if (hooks->stop(hooks->ctx)) team->wish |= TEAM_STOP;
  if (team->place == 0 && sim_any(8) == 0) team->wish |= TEAM_SAVE;
}

/* As grow() of trial_team.c and of mpi_team.c. */
static void grow(Training *t) {
  MpiTeam *team = t->team;
  const TrialHooks *hooks = &t->work->hooks;
  const int before = team->n;
  if (team->team.place == 0) hooks->growing(hooks->ctx);
  unsigned kept = team->team.wish & ~(unsigned)TEAM_GROW;
  int64_t next[1 + SIM_RANKS] = {team->n_next};
  for (int i = 0; i < team->n_next; i++) next[1 + i] = team->next[i];
  meet(team, t->number, 'g', 0, next, 1 + SIM_RANKS);
  int ranks[SIM_RANKS];
  for (int i = 0; i < next[0]; i++) ranks[i] = (int)next[1 + i];
  if (next[0] > 0) {
    sim_team_form(team, ranks, (int)next[0]);
    team->team.wish = kept;
  }
  if (meet(team, t->number, 'a', 0, NULL, 0) == 0) {
    share_standing(t);
  } else {
    kept = team->team.wish;
    sim_team_form(team, team->ranks, before);
    team->team.wish = kept;
  }
  if (team->team.place == 0) hooks->grown(hooks->ctx);
}

static void save(const Training *t) {
  sim.saved[t->number] = t->epoch * (SIM_STEPS + 1) + t->batch;
}

/* Its own, or, as trial_checkpoint_load has it, the parent's at the end of its generation. */
static void load(Training *t) {
  const Lineage *l = &t->work->task.line;
  if (sim.saved[t->number] == 0 && l->parent >= 0) sim.saved[t->number] = sim.saved[l->parent];
  t->epoch = sim.saved[t->number] / (SIM_STEPS + 1);
  t->batch = sim.saved[t->number] % (SIM_STEPS + 1);
  if (t->epoch > t->target || (t->epoch == t->target && t->batch > 0)) t->epoch = t->batch = 0;
}

static Status obey(Training *t) {
  Team *team = &t->team->team;
  if (team->size == 1) wish(t);
  const unsigned agreed = team->size == 1 ? team->wish : team->agreed;
  if (agreed & (TEAM_SAVE | TEAM_STOP) && team->place == 0) save(t);
  if (agreed & TEAM_STOP) return E_STOPPED;
  if (agreed & TEAM_GROW) grow(t);
  return OK;
}

static Status step(Training *t) {
  Team *team = &t->team->team;
  const TrialHooks *hooks = &t->work->hooks;
  if (team->size > 1) wish(t);
  hooks->tick(hooks->ctx);
  sim_sleep_until(sim.now + sim.step * (0.5 + rng_f64(&sim.r)) / team->size);
  hooks->tick(hooks->ctx);
  if (team->size > 1) team->agreed = meet(t->team, t->number, 'r', team->wish, NULL, 0);
  t->batch++;
  return obey(t);
}

static Status train(Training *t) {
  const TrialHooks *hooks = &t->work->hooks;
  while (t->epoch < t->target && !t->over) {
    while (t->batch < SIM_STEPS) {
      const Status s = step(t);
      if (s != OK) return s;
    }
    t->epoch++;
    t->batch = 0;
    int64_t over = is_behind(t);
    meet(t->team, t->number, 'e', 0, &over, 1);
    t->over = over;
    hooks->epoch(hooks->ctx, t->number, t->epoch, t->target);
  }
  return OK;
}

static const char *write_result(Arena *a, const Training *t) {
  static const char *name[] = {"validation_accuracy"};
  const int64_t n = t->epoch;
  double *values = ARENA_ARRAY(a, double, n);
  for (int64_t k = 0; k < n; k++) values[k] = metric(t, k + 1);
  TrialResult r = {.number = t->number,
                   .status = TRIAL_COMPLETED,
                   .point = t->work->task.point,
                   .chosen_epoch = n,
                   .metric = values[n - 1],
                   .terminated = t->over,
                   .has_parent = t->work->task.line.parent >= 0,
                   .parent = t->work->task.line.parent};
  r.curves = (Curves){.names = name, .n_names = 1, .n_epochs = (int)n, .values = values};
  memcpy(r.weights, "00112233445566778899aabbccddeeff", HASH_HEX);
  Str text = str_new(a);
  trial_write_json(&r, &text);
  return str_text(&text);
}

/* The text follows from these, and takes longer than all else of a training: it is kept, here from
 * job to job. Not of a trial that goes on from another: its line counts too. */
static const char *result_of(Arena *a, const Training *t) {
  static struct {
    int64_t number, epoch;
    bool over;
    char point[100], json[1000];
  } known[1 << 10], *k;
  const bool own = sim.what == BREAK_BITS || t->work->task.line.parent >= 0;
  const char *point = t->work->task.point;
  const uint64_t place = hash_u64(point, strlen(point)) + (uint64_t)(8 * t->number + t->epoch);
  k = &known[place % COUNT(known)];
  if (!own && k->number == t->number && k->epoch == t->epoch && k->over == t->over &&
      strcmp(k->point, point) == 0)
    return k->json;
  const char *json = write_result(a, t);
  if (own || strlen(point) >= sizeof k->point || strlen(json) >= sizeof k->json) return json;
  k->number = t->number;
  k->epoch = t->epoch;
  k->over = t->over;
  strcpy(k->point, point);
  strcpy(k->json, json);
  return k->json;
}

static void note(const Training *t, bool begins) {
  int *by = &sim.trained_by[t->number];
  if (t->team->team.place > 0) return;
  if (begins && *by) sim_problem("trial %lld is trained twice at a time", (long long)t->number);
  *by = begins ? sim_rank() + 1 : 0;
}

Status sim_train(Arena *a, Work *w, const Task *task, const char **json, Err *e) {
  Training t = {.work = w, .number = task->number, .target = w->spec->train.epochs};
  w->task = *task;
  t.team = w->team->ctx;
  t.team->team.tick = w->hooks.tick;
  t.team->team.tick_ctx = w->hooks.ctx;
  if (task->stop_at > 0 && task->stop_at < t.target) t.target = task->stop_at;
  *json = NULL;
  note(&t, true);
  /* whoever joins may lack the memory; a team that begins has been planned */
  const bool lacks = sim_any(12) == 0 && t.team->team.place > 0 && task->n_ranks == 1;
  if (meet(t.team, t.number, 'a', lacks, NULL, 0)) return OK;
  if (t.team->team.place == 0) load(&t);
  t.over = is_behind(&t);
  share_standing(&t);
  w->hooks.begin(w->hooks.ctx, t.number, t.epoch, t.target);
  const Status s = train(&t);
  note(&t, false);
  if (s != OK) return err_set(e, s, "stopped");
  if (t.team->team.place == 0) {
    save(&t);
    *json = result_of(a, &t);
  }
  return OK;
}
