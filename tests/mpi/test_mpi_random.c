/*
 * Ten thousand collectives in a random order, of random kinds and sizes, on teams that change,
 * while the others send messages to rank 0 on MPI_COMM_WORLD as workers send them to a scheduler;
 * and teams that grow.
 */
#include "team_rig.h"

enum { COLLECTIVES = 10000, TAG_TALK = 1000, TAG_TOGETHER };

/* ---- messages beside a team -------------------------------------------------------------------- */

static int64_t heard, said; /* rank 0: numbers that came; the others: that went out */

static void hear(void *ctx) {
  int there = 0;
  MPI_Status status;
  (void)ctx;
  for (;;) {
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
    if (!there) return;
    int64_t number = 0;
    int bytes = 0;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    REQUIRE(status.MPI_TAG == TAG_TALK && bytes == sizeof number, "tag %d, %d bytes",
            status.MPI_TAG, bytes);
    MPI_Recv(&number, bytes, MPI_BYTE, status.MPI_SOURCE, TAG_TALK, MPI_COMM_WORLD,
             MPI_STATUS_IGNORE);
    REQUIRE(number % 1000 == status.MPI_SOURCE, "number %lld", (long long)number);
    heard++;
  }
}

static void say(void) {
  const int64_t number = ++said * 1000 + world_rank();
  MPI_Send(&number, sizeof number, MPI_BYTE, 0, TAG_TALK, MPI_COMM_WORLD);
}

/* ---- random collectives ------------------------------------------------------------------------ */

static size_t draw_size(uint64_t z) {
  const size_t longest[] = {4, 40, 400, 5000, 40000};
  return z % 97 == 0 ? z / 97 % longest[4] : z / 97 % longest[z % 97 % 4];
}

static void check_one(MpiTeam *t, uint64_t seed, size_t n) {
  float *v = calloc(2 * n + 1, sizeof *v);
  double *x = calloc(n + 1, sizeof *x);
  const int kind = (int)(seed % 4), place = t->team.place;
  for (size_t i = 0; i < n; i++) {
    const RigMoments part = rig_part(seed, place, i);
    x[i] = rig_value(seed, place, i);
    if (kind == 2) v[0] = part.count, v[1 + i] = part.mean, v[1 + n + i] = part.m2;
    if (kind != 2) v[i] = (float)rig_value(seed, place, i);
  }
  t->team.agreed = 1u << place % 8;
  if (kind == 0) t->team.reduce(t->team.ctx, NN_SUM_REAL, v, n);
  if (kind == 1) t->team.reduce(t->team.ctx, NN_SUM_F64, x, n);
  if (kind == 2) t->team.reduce(t->team.ctx, NN_MOMENTS, v, 1 + 2 * n);
  if (kind == 3) t->team.share(t->team.ctx, v, n * sizeof *v);
  if (kind == 1) REQUIRE(t->team.agreed == (1u << (t->n < 8 ? t->n : 8)) - 1, "votes");
  for (size_t i = 0; i < n; i++) {
    const RigMoments m = kind == 2 ? rig_moments(seed, 0, t->n, i, false) : (RigMoments){0};
    if (kind == 0) REQUIRE(v[i] == rig_sum(seed, 0, t->n, i), "sum, %zu of %zu", i, n);
    if (kind == 1) REQUIRE(x[i] == rig_sum_f64(seed, 0, t->n, i), "f64, %zu of %zu", i, n);
    if (kind == 2) REQUIRE(v[0] == m.count && v[1 + i] == m.mean, "mean, %zu of %zu", i, n);
    if (kind == 2) REQUIRE(v[1 + n + i] == m.m2, "M2, %zu of %zu", i, n);
    if (kind == 3) REQUIRE(v[i] == (float)rig_value(seed, 0, i), "shared, %zu of %zu", i, n);
  }
  free(v);
  free(x);
}

/* The teams of round r: the ranks in a random order, cut into teams of a random size. */
static void form_random(MpiTeam *t, uint64_t r) {
  const int n = world_size(), me = world_rank();
  int order[MPI_TEAM_MOST], size = 1, at = 0;
  while (2 * size <= n && rig_bits(r, 1, (uint64_t)size) % 4) size *= 2;
  for (int i = 0; i < n; i++) order[i] = i;
  for (int i = n - 1; i > 0; i--) {
    const int j = (int)(rig_bits(r, 2, (uint64_t)i) % (uint64_t)(i + 1)), swap = order[i];
    order[i] = order[j];
    order[j] = swap;
  }
  while (order[at] != me) at++;
  mpi_team_form(t, order + at / size * size, size);
}

static void check_random(MpiTeam *t) {
  for (uint64_t k = 0; k < COLLECTIVES; k++) {
    const uint64_t z = rig_bits(12345, 0, k);
    if (k % 100 == 0) form_random(t, k);
    if (world_rank() && k % 16 == 0) say();
    check_one(t, z >> 20, draw_size(z));
  }
}

/* ---- growth ------------------------------------------------------------------------------------ */

/* What a trial does: a step, whose agreement says that the team grows. Joiners wait for the list. */
static void grow_to(MpiTeam *t, const int *list, int from, int to) {
  const int me = world_rank();
  bool member = false;
  for (int i = 0; i < from; i++) member = member || list[i] == me;
  if (!member) {
    int ranks[MPI_TEAM_MOST];
    MPI_Recv(ranks, to, MPI_INT, list[0], TAG_TOGETHER, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    mpi_team_form(t, ranks, to);
    return;
  }
  for (int i = from; i < to && me == list[0]; i++)
    MPI_Send(list, to, MPI_INT, list[i], TAG_TOGETHER, MPI_COMM_WORLD);
  if (me == list[0]) {
    mpi_team_next(t, list, to);
    t->team.wish |= TEAM_GROW;
  }
  double score[3] = {1, 2, 3};
  t->team.agreed = t->team.wish;
  t->team.reduce(t->team.ctx, NN_SUM_F64, score, 3);
  REQUIRE(t->team.agreed == TEAM_GROW, "agreed on %u", t->team.agreed);
  if (me == list[from - 1]) t->team.wish |= TEAM_STOP; /* asked for between two steps: is kept */
  t->team.grow(t->team.ctx);
  REQUIRE(t->team.wish == (me == list[from - 1] ? TEAM_STOP : 0), "wishes %u", t->team.wish);
  t->team.wish = 0;
}

/* Ranks list[0 .. size) of n become a team, by 1, 2, size or by 1, size. */
static void check_growth(MpiTeam *t, int n, bool by_two) {
  int list[MPI_TEAM_MOST], size = 1;
  while (2 * size <= n) size *= 2;
  for (int i = 0; i < n; i++) list[i] = (i * 5 + 3) % n; /* n a power of two: any order */
  const int me = world_rank();
  mpi_team_form(t, &me, 1);
  if (by_two && size > 2) {
    if (me == list[0] || me == list[1]) grow_to(t, list, 1, 2);
    if (me == list[0] || me == list[1]) check_one(t, 40, 5000);
    grow_to(t, list, 2, size);
  } else if (size > 1) {
    grow_to(t, list, 1, size);
  }
  REQUIRE(t->n == size && t->team.size == size && t->ranks[t->team.place] == me, "size %d", t->n);
  for (int i = 0; i < size; i++) REQUIRE(t->ranks[i] == list[i], "place %d", i);
  for (uint64_t k = 0; k < 8; k++) check_one(t, k, 300);
}

int main(int argc, char **argv) {
  static MpiTeam team;
  int64_t all = 0;
  rig_start(&argc, &argv);
  mpi_team_init(&team);
  check_growth(&team, world_size(), true);
  check_growth(&team, world_size(), false);
  MPI_Barrier(MPI_COMM_WORLD);
  if (world_rank() == 0) team.team.tick = hear;
  check_random(&team);
  MPI_Reduce(&said, &all, 1, MPI_INT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
  while (world_rank() == 0 && heard < all) hear(NULL);
  REQUIRE(heard == all, "%lld of %lld messages", (long long)heard, (long long)all);
  REQUIRE(world_rank() || all == (world_size() - 1) * (COLLECTIVES / 16), "%lld", (long long)all);
  mpi_team_free(&team);
  return rig_end();
}
