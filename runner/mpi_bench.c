/*
 * Steps of one rank, of all ranks at once, and of teams, in turns.
 *
 * All ranks that ever belong to a team walk through the same turns. Whoever has no part in one
 * sleeps until the next, so that the others have the memory and the cores for themselves.
 */
#include "mpi_bench.h"

#include <math.h>
#include <mpi.h>

#include "clock.h"
#include "mpi_team.h"
#include "mpi_world.h"

enum { MOST_SUBJECTS = 2 + 3 * BENCH_MAX_TEAMS, LEAST_ROUNDS = 3, SUM_FLOATS = 1000000 };

typedef enum {
  ALONE,   /* rank 0 */
  AT_ONCE, /* every rank for itself, without a message */
  TOGETHER
} How;

typedef struct {
  How how;
  int ranks; /* that take part: 0 .. ranks - 1 */
  BenchModel model;
  BenchTurn turn;
  MpiTeam *team; /* of those */
  NnTeam silent; /* AT_ONCE: what nn sees of it */
} Subject;

typedef struct {
  Arena *a;
  int rank, n; /* n: the ranks of the largest team */
  MPI_Comm comm;
  MpiTeam *all;
  MpiTeam *teams[BENCH_MAX_TEAMS]; /* of each entry of options.shards */
} Ranks;

/* ---- teams ----------------------------------------------------------------------------------- */

static int team_size(int shards) {
  int n = 1;
  while (2 * n <= shards && 2 * n <= world_size()) n *= 2;
  return n;
}

/* Ranks 0 .. n - 1; a rank that is none of them has a team of itself. */
static MpiTeam *new_team(Arena *a, int n) {
  int ranks[MPI_TEAM_MOST];
  MpiTeam *t = ARENA_NEW(a, MpiTeam);
  mpi_team_init(t);
  for (int i = 0; i < n; i++) ranks[i] = i;
  if (world_rank() < n) mpi_team_form(t, ranks, n);
  return t;
}

static void open_ranks(Arena *a, const BenchOptions *o, Ranks *r) {
  mpi_team_offer_memory();
  *r = (Ranks){.a = a, .rank = world_rank(), .n = 1, .comm = MPI_COMM_NULL};
  for (int i = 0; i < o->n_shards; i++) {
    const int n = team_size(o->shards[i]);
    r->teams[i] = new_team(a, n);
    if (n > r->n) r->n = n;
  }
  r->all = new_team(a, r->n);
  if (world_started())
    MPI_Comm_split(MPI_COMM_WORLD, r->rank < r->n ? 0 : MPI_UNDEFINED, r->rank, &r->comm);
}

static void close_ranks(const BenchOptions *o, Ranks *r) {
  for (int i = 0; i < o->n_shards; i++) mpi_team_free(r->teams[i]);
  mpi_team_free(r->all);
  if (r->comm != MPI_COMM_NULL) MPI_Comm_free(&r->comm);
}

/* Asleep until all are here. */
static void meet(const Ranks *r) {
  MPI_Request all;
  int here = 0;
  double pause = 0;
  if (r->n == 1) return;
  MPI_Ibarrier(r->comm, &all);
  MPI_Test(&all, &here, MPI_STATUS_IGNORE);
  while (!here) {
    clock_idle(&pause);
    MPI_Test(&all, &here, MPI_STATUS_IGNORE);
  }
}

/* Awake, at the same moment. */
static void line_up(MpiTeam *t) {
  double nothing = 0;
  t->team.reduce(t, NN_SUM_F64, &nothing, 1);
}

/* ---- subjects -------------------------------------------------------------------------------- */

/* This member's part of the gradient, as it is. */
static void own_part(void *ctx, Real *v, size_t n, size_t *first, size_t *count) {
  const MpiTeam *t = ctx;
  const size_t size = (size_t)t->team.size, place = (size_t)t->team.place;
  (void)v;
  *first = n * place / size;
  *count = n * (place + 1) / size - *first;
}

static NnTeam silent_team(MpiTeam *t, int shards) {
  NnTeam silent = nn_team_solo(shards);
  silent.n_local = shards / t->team.size;
  silent.first_shard = t->team.place * silent.n_local;
  silent.ctx = t;
  silent.reduce_part = own_part;
  return silent;
}

/* `shards` of the batch among the team's members (AT_ONCE with `whole`: each has them all). */
static Status open_subject(const Ranks *r, const BenchShape *s, const char *gemm, How how,
                           MpiTeam *team, int shards, bool whole, Subject *out, Err *e) {
  *out = (Subject){.how = how, .ranks = how == ALONE ? 1 : team->n, .team = team};
  out->silent = whole ? nn_team_solo(shards) : silent_team(team, shards);
  if (how == TOGETHER) out->silent = team_nn(&team->team, shards);
  out->turn = (BenchTurn){.call = bench_step, .subject = &out->model};
  if (r->rank >= out->ranks) return OK;
  bench_turn_open(r->a, &out->turn);
  TRY(bench_plan_team(r->a, s, gemm, &out->silent, &out->model, e));
  return bench_open(s, &out->model, e);
}

/* All members take the same number of steps, as many as place 0 thinks are worth 5 ms. */
static void step_together(Subject *s) {
  int n;
  bench_step(&s->model);
  double last = clock_now(), now;
  bench_step(&s->model);
  now = clock_now();
  bench_turn_note(&s->turn, 1e6 * (now - last));
  n = (int)(5e-3 / (now - last + 1e-9));
  s->team->team.share(s->team, &n, sizeof n);
  line_up(s->team);
  last = clock_now();
  for (int i = 0; i < n; i++) {
    bench_step(&s->model);
    now = clock_now();
    bench_turn_note(&s->turn, 1e6 * (now - last));
    last = now;
  }
}

static void take_turn(const Ranks *r, Subject *s) {
  meet(r);
  if (r->rank >= s->ranks) return;
  if (s->how != ALONE) line_up(s->team);
  if (s->how == TOGETHER)
    step_together(s);
  else
    bench_turn_take(&s->turn);
}

static void take_turns(const Ranks *r, Subject *subjects, int n, double seconds) {
  const double end = clock_now() + seconds;
  bool more = true;
  for (int round = 1; more; round++) {
    for (int i = 0; i < n; i++) take_turn(r, &subjects[i]);
    meet(r);
    more = clock_now() < end || (seconds > 0 && round < LEAST_ROUNDS);
    r->all->team.share(r->all, &more, sizeof more);
  }
}

/* At rank 0: the median, of the slowest rank. */
static double result(const Ranks *r, Subject *s) {
  double us[MPI_TEAM_MOST];
  size_t first[MPI_TEAM_MOST + 1];
  if (r->rank >= s->ranks) return 0;
  us[r->rank] = bench_turn_median(&s->turn);
  if (s->how == ALONE) return us[0];
  for (int i = 0; i <= s->ranks; i++) first[i] = (size_t)i;
  s->team->team.collect(s->team, us, sizeof *us, first);
  double slowest = us[0];
  for (int i = 1; i < s->ranks && r->rank == 0 && s->how == AT_ONCE; i++)
    if (us[i] > slowest) slowest = us[i];
  return slowest;
}

/* ---- sums ------------------------------------------------------------------------------------ */

static void time_sum(const Ranks *r, MpiTeam *t, size_t n, double seconds, double *own,
                     double *mpi) {
  meet(r);
  *own = *mpi = 0;
  if (t->n > 1 && r->rank < t->n)
    mpi_team_measure(t, n, seconds, own, t->n == world_size() ? mpi : NULL);
}

/* ---- a shape --------------------------------------------------------------------------------- */

/* Subjects in this order: unsharded, busy, then of each number of shards one, part, team. */
enum { UNSHARDED, BUSY, OF_SHARDS, ONE = 0, PART, TEAM, PER_SHARDS };

static Status open_subjects(const Ranks *r, const BenchShape *s, const BenchOptions *o,
                            Subject *subjects, Err *e) {
  const char *gemm = str_eq(o->gemm, "all") ? "fixed" : o->gemm;
  TRY(open_subject(r, s, gemm, ALONE, r->all, 1, true, &subjects[UNSHARDED], e));
  TRY(open_subject(r, s, gemm, AT_ONCE, r->all, 1, true, &subjects[BUSY], e));
  for (int i = 0; i < o->n_shards; i++) {
    Subject *of = &subjects[OF_SHARDS + i * PER_SHARDS];
    MpiTeam *t = r->teams[i];
    TRY(open_subject(r, s, gemm, ALONE, t, o->shards[i], true, &of[ONE], e));
    TRY(open_subject(r, s, gemm, AT_ONCE, t, o->shards[i], false, &of[PART], e));
    TRY(open_subject(r, s, gemm, TOGETHER, t, o->shards[i], false, &of[TEAM], e));
  }
  return OK;
}

static Status check_subject(const Ranks *r, const BenchShape *s, const Subject *x, Err *e) {
  CHECK(e, r->rank >= x->ranks || isfinite(x->model.score.loss), E_TRIAL, "bench: %s diverged",
        s->name);
  return OK;
}

static void report(const Ranks *r, const BenchShape *s, const BenchOptions *o, Subject *subjects) {
  BenchRanks row = {.unsharded = result(r, &subjects[UNSHARDED]),
                    .busy = result(r, &subjects[BUSY])};
  if (r->rank == 0)
    (void)nn_model_vector(subjects[UNSHARDED].model.model, NN_WEIGHTS, &row.n_weights);
  r->all->team.share(r->all, &row.n_weights, sizeof row.n_weights);
  for (int i = 0; i < o->n_shards; i++) {
    Subject *of = &subjects[OF_SHARDS + i * PER_SHARDS];
    row.shards = o->shards[i];
    row.ranks = of[TEAM].ranks;
    row.one = result(r, &of[ONE]);
    row.part = result(r, &of[PART]);
    row.team = result(r, &of[TEAM]);
    time_sum(r, r->teams[i], row.n_weights, o->seconds / 4, &row.sum, &row.mpi);
    if (r->rank == 0) bench_ranks_print(r->a, s, o, &row);
  }
}

static Status time_shape(const Ranks *r, const BenchShape *s, const BenchOptions *o, Err *e) {
  Subject subjects[MOST_SUBJECTS] = {0};
  const int n = OF_SHARDS + o->n_shards * PER_SHARDS;
  double failed;
  Status status = open_subjects(r, s, o, subjects, e);
  failed = status != OK;
  r->all->team.reduce(r->all, NN_SUM_F64, &failed, 1);
  if (failed == 0) {
    take_turns(r, subjects, n, o->seconds);
    report(r, s, o, subjects);
    for (int i = 0; i < n && status == OK; i++) status = check_subject(r, s, &subjects[i], e);
  }
  for (int i = 0; i < n; i++) arena_free(&subjects[i].model.numbers);
  if (status == OK && failed > 0) FAIL(e, E_MEMORY, "bench: another rank could not go on");
  return status;
}

static Status time_shapes(const Ranks *r, const BenchOptions *o, Err *e) {
  for (int i = 0; i < BENCH_SHAPES; i++)
    if (str_eq(o->shape, "all") || str_eq(o->shape, bench_shapes[i].name))
      TRY(time_shape(r, &bench_shapes[i], o, e));
  double own, mpi;
  time_sum(r, r->all, SUM_FLOATS, o->seconds, &own, &mpi);
  if (r->rank == 0) bench_sum_print(r->a, o, SUM_FLOATS, r->n, own, mpi);
  return OK;
}

Status bench_ranks(Arena *a, const BenchOptions *o, Err *e) {
  Ranks r;
  Status status = OK;
  open_ranks(a, o, &r);
  if (r.rank == 0) bench_ranks_head(o, r.n);
  if (r.rank < r.n) status = time_shapes(&r, o, e);
  status = world_agree(status, e);
  close_ranks(o, &r);
  return status;
}
