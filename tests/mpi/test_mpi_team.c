/*
 * Every collective of a team, on every member, bit for bit what the plain trees of team_rig.h give:
 * on all ranks in order, in reverse, and on two teams at once, of the even and of the odd ranks; with
 * vectors that the others can read in place, and with others.
 */
#include "runner/mpi_exchange.h"
#include "team_rig.h"

static const size_t sizes[] = {0,    1,    15,   16,    17,     4095,   4096,
                               4097, 4112, 4113, 32767, 100003, 1 << 20};

static void *room(size_t n, size_t size) {
  void *p = calloc(n + 1, size);
  REQUIRE(p, "%zu elements", n);
  return p;
}

/* Such as a model has: the others read in place what is large. */
static Real *vector(Arena *a, size_t n) {
  Err e = {0};
  REQUIRE(arena_init_fixed(a, (n + 1) * sizeof(Real), "a vector", &e) == OK, "%s", e.text);
  return ARENA_ARRAY(a, Real, n + 1);
}

/* ---- one collective, against its reference ---------------------------------------------------- */

static void bring(const MpiTeam *t, uint64_t seed, float *v, size_t n) {
  for (size_t i = 0; i < n; i++) v[i] = (float)rig_value(seed, t->team.place, i);
}

static void require_sums(const MpiTeam *t, uint64_t seed, const float *v, size_t first,
                         size_t count, size_t n) {
  for (size_t i = first; i < first + count; i++) {
    const float want = rig_sum(seed, 0, t->n, i);
    REQUIRE(v[i] == want, "element %zu of %zu: %.9g, expected %.9g", i, n, (double)v[i],
            (double)want);
  }
}

static void check_sum(MpiTeam *t, uint64_t seed, size_t n) {
  Arena a = {0};
  float *v = vector(&a, n);
  for (uint64_t round = 0; round < 4; round++) { /* nobody writes what another still reads */
    bring(t, seed + 1000 * round, v, n);
    t->team.reduce(t->team.ctx, NN_SUM_REAL, v, n);
    require_sums(t, seed + 1000 * round, v, 0, n, n);
  }
  arena_free(&a);
}

/* The parts are right after the halving; a mark in each goes round with the gathering. */
static void check_parts(MpiTeam *t, uint64_t seed, size_t n) {
  size_t first = n, count = n + 1;
  Arena a = {0};
  float *v = vector(&a, n);
  bring(t, seed, v, n);
  t->team.reduce_part(t->team.ctx, v, n, &first, &count);
  REQUIRE(first + count <= n, "part %zu + %zu of %zu", first, count, n);
  require_sums(t, seed, v, first, count, n);
  for (size_t i = 0; i < n; i++) v[i] = i >= first && i < first + count ? 2 * v[i] + 1 : -77;
  t->team.gather_parts(t->team.ctx, v, n);
  for (size_t i = 0; i < n; i++) {
    const float want = 2 * rig_sum(seed, 0, t->n, i) + 1;
    REQUIRE(v[i] == want, "gathered %zu of %zu: %.9g, expected %.9g", i, n, (double)v[i],
            (double)want);
  }
  arena_free(&a);
}

static void check_f64(MpiTeam *t, uint64_t seed, size_t n) {
  double *v = room(n, sizeof *v);
  unsigned want = 0;
  for (size_t i = 0; i < n; i++) v[i] = rig_value(seed, t->team.place, i);
  t->team.agreed = rig_bits(seed, (uint64_t)t->team.place, 5) % 3 ? 0 : 1u << t->team.place % 3;
  for (int p = 0; p < t->n; p++) want |= rig_bits(seed, (uint64_t)p, 5) % 3 ? 0 : 1u << p % 3;
  t->team.reduce(t->team.ctx, NN_SUM_F64, v, n);
  REQUIRE(t->team.agreed == want, "agreed on %u, expected %u", t->team.agreed, want);
  for (size_t i = 0; i < n; i++)
    REQUIRE(v[i] == rig_sum_f64(seed, 0, t->n, i), "element %zu of %zu", i, n);
  free(v);
}

static bool same_moments(const float *v, size_t d, size_t j, RigMoments want) {
  return v[0] == want.count && v[1 + j] == want.mean && v[1 + d + j] == want.m2;
}

/* How many columns have other bits when the right operand goes first. */
static size_t check_moments(MpiTeam *t, uint64_t seed, size_t d) {
  size_t other = 0;
  float *v = room(1 + 2 * d, sizeof *v);
  for (size_t j = 0; j < d; j++) {
    const RigMoments x = rig_part(seed, t->team.place, j);
    v[0] = x.count;
    v[1 + j] = x.mean;
    v[1 + d + j] = x.m2;
  }
  t->team.reduce(t->team.ctx, NN_MOMENTS, v, 1 + 2 * d);
  for (size_t j = 0; j < d; j++) {
    REQUIRE(same_moments(v, d, j, rig_moments(seed, 0, t->n, j, false)), "column %zu of %zu", j, d);
    other += !same_moments(v, d, j, rig_moments(seed, 0, t->n, j, true));
  }
  free(v);
  return other;
}

static void check_share(MpiTeam *t, uint64_t seed, size_t n) {
  unsigned char *v = room(n, 1);
  for (size_t i = 0; i < n; i++) v[i] = (unsigned char)rig_bits(seed, (uint64_t)t->team.place, i);
  t->team.share(t->team.ctx, v, n);
  for (size_t i = 0; i < n; i++)
    REQUIRE(v[i] == (unsigned char)rig_bits(seed, 0, i), "byte %zu of %zu", i, n);
  free(v);
}

/* Units of 12 bytes, uneven: some members bring none. */
static void check_collect(MpiTeam *t, uint64_t seed, size_t n) {
  enum { UNIT = 12 };
  size_t first[MPI_TEAM_MOST + 1] = {0};
  for (int i = 1; i < t->n; i++) first[i] = i % 3 ? n * (size_t)i / (size_t)t->n : first[i - 1];
  first[t->n] = n;
  unsigned char *v = room(n, UNIT);
  const size_t from = first[t->team.place] * UNIT, to = first[t->team.place + 1] * UNIT;
  for (size_t i = from; i < to; i++) v[i] = (unsigned char)rig_bits(seed, 9, i);
  t->team.collect(t->team.ctx, v, UNIT, first);
  for (size_t i = 0; i < n * UNIT; i++) {
    const bool mine = t->team.place == 0 || (i >= from && i < to);
    REQUIRE(v[i] == (mine ? (unsigned char)rig_bits(seed, 9, i) : 0), "byte %zu of %zu", i,
            n * UNIT);
  }
  free(v);
}

/* ---- all of them ------------------------------------------------------------------------------ */

static void check_all(MpiTeam *t) {
  size_t swapped = 0;
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    const size_t n = sizes[k];
    check_sum(t, 100 + k, n);
    check_parts(t, 200 + k, n);
    check_share(t, 400 + k, n);
    if (n <= 100003) check_f64(t, 300 + k, n);
    if (n <= 100003) check_collect(t, 500 + k, n);
  }
  for (size_t d = 1; d <= 300; d = d < 4 ? d + 1 : 2 * d - 1)
    swapped += check_moments(t, 600 + d, d);
  swapped += check_moments(t, 7, 300) + check_moments(t, 8, 2055) + check_moments(t, 9, 2056) +
             check_moments(t, 11, 10000);
  REQUIRE(swapped > 100 || t->n == 1, "only %zu columns show which operand is left", swapped);
}

/* The values are such that a sum in the order of the ranks, or of arrival, has other bits. */
static void check_values(int members) {
  int chain_differs = 0, swap_differs = 0;
  for (size_t i = 0; i < 1000; i++) {
    float chain = (float)rig_value(1, 0, i), back = (float)rig_value(1, members - 1, i);
    for (int p = 1; p < members; p++) {
      chain += (float)rig_value(1, p, i);
      back += (float)rig_value(1, members - 1 - p, i);
    }
    chain_differs += chain != rig_sum(1, 0, members, i);
    swap_differs += back != chain;
  }
  REQUIRE(members < 4 || (chain_differs > 100 && swap_differs > 100), "%d and %d of 1000 differ",
          chain_differs, swap_differs);
}

/* Partners in a team of all ranks of this host have read each other's memory, or never. */
static void check_views(const MpiTeam *t, bool seen) {
  for (int d = 1, i = 0; d < t->n; d *= 2, i++)
    REQUIRE(!t->b->views[i].base == !seen, "distance %d: %s", d, seen ? "messages" : "no messages");
}

int main(int argc, char **argv) {
  static MpiTeam team;
  int ranks[MPI_TEAM_MOST];
  rig_start(&argc, &argv);
  const int n = world_size(), me = world_rank();
  mpi_team_init(&team);
  REQUIRE(team.team.size == 1 && team.team.place == 0, "a team of %d", team.team.size);
  check_all(&team);
  check_values(n);
  for (int i = 0; i < n; i++) ranks[i] = i;
  mpi_team_form(&team, ranks, n);
  check_all(&team);
  check_views(&team, false);
  mpi_team_offer_memory();
  check_all(&team);
  check_views(&team, true);
  for (int i = 0; i < n; i++) ranks[i] = n - 1 - i;
  mpi_team_form(&team, ranks, n);
  REQUIRE(team.team.place == n - 1 - me && team.team.size == n, "place %d", team.team.place);
  check_all(&team);
  for (int i = 0; i < n / 2; i++) ranks[i] = 2 * i + me % 2;
  if (n > 1) mpi_team_form(&team, ranks, n / 2);
  check_all(&team);
  mpi_team_free(&team);
  return rig_end();
}
