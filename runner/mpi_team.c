/*
 * The collectives of a team.
 *
 *   sum, moments   distance d = 1, 2, 4 .. size / 2: places p and p ^ d combine what they have, so
 *                  after distance d a run of 2 d places has its subtree of base/sum.h
 *   parts          the same distances; at each the two share the work: the lower place goes on with
 *                  the lower half of what both had, the upper one with the upper half
 *   gather         the way back, from distance size / 2 to 1
 *   share          place p has it from p less its lowest bit, and gives it to p + 1, p + 2, p + 4 ..
 *                  below that bit
 *
 * Addition commutes bit by bit (but for the payload of a NaN), so either place may add what comes to
 * what it has; moments do not, and say which is left.
 */
#include "mpi_team.h"

#include <string.h>

#include "base/log.h"
#include "mpi_exchange.h"
#include "mpi_peer.h"
#include "mpi_wait.h"
#include "mpi_world.h"
#include "nn/vector.h"

static Head begin(MpiTeam *t, TeamCall call, size_t n) {
  return (Head){.call = call, .sequence = ++t->sequence, .n = n};
}

/* ---- whole vectors, by doubling -------------------------------------------------------------- */

/* left and right together, in `left`; n elements. */
typedef void Combine(const MpiTeam *t, void *left, const void *right, size_t n);

static void combine_sum(const MpiTeam *t, void *left, const void *right, size_t n) {
  t->b->add(n, right, left);
}

static void combine_f64(const MpiTeam *t, void *left, const void *right, size_t n) {
  double *sum = left;
  const double *x = right;
  (void)t;
  for (size_t i = 0; i < n; i++) sum[i] += x[i];
}

static void combine_moments(const MpiTeam *t, void *left, const void *right, size_t n) {
  (void)t;
  nn_moments_merge(left, right, n);
}

/* v: n elements of `bytes` bytes together. */
static void double_up(MpiTeam *t, Head head, Combine *combine, void *v, size_t n, size_t bytes) {
  char *other = t->b->in.bytes;
  for (int d = 1; d < t->n; d *= 2) {
    if (head.call == TEAM_SUM_F64) head.agreed = t->team.agreed;
    exchange_short(t, &head, t->team.place ^ d, v, bytes);
    if (head.call == TEAM_SUM_F64) t->team.agreed |= t->b->in.head.agreed;
    if (t->team.place & d) {
      combine(t, other, v, n);
      memcpy(v, other, bytes);
    } else {
      combine(t, v, other, n);
    }
  }
}

static void sum_f64(MpiTeam *t, double *v, size_t n) {
  const size_t most = ENVELOPE_BYTES / sizeof *v;
  const Head head = begin(t, TEAM_SUM_F64, n);
  size_t done = 0;
  do { /* without numbers too: what was agreed travels with them */
    const size_t count = n - done < most ? n - done : most;
    double_up(t, head, combine_f64, v + done, count, count * sizeof *v);
    done += count;
  } while (done < n);
}

/* v: count, mean (d), M2 (d). Wide ones by blocks of columns, each with the count. */
static void sum_moments(MpiTeam *t, Real *v, size_t n) {
  const size_t d = (n - 1) / 2, most = (ENVELOPE_BYTES / sizeof *v - 1) / 2;
  const Head head = begin(t, TEAM_MOMENTS, n);
  Real *block = (Real *)(void *)t->b->piece[0];
  const Real count = v[0];
  for (size_t j = 0; j < d || j == 0; j += most) {
    const size_t c = d - j < most ? d - j : most, bytes = c * sizeof *v;
    block[0] = count;
    memcpy(block + 1, v + 1 + j, bytes);
    memcpy(block + 1 + c, v + 1 + d + j, bytes);
    double_up(t, head, combine_moments, block, 1 + 2 * c, (1 + 2 * c) * sizeof *v);
    memcpy(v + 1 + j, block + 1, bytes);
    memcpy(v + 1 + d + j, block + 1 + c, bytes);
  }
  v[0] = block[0];
}

/* ---- parts ----------------------------------------------------------------------------------- */

typedef struct {
  size_t first, count;
} Part;

/* Cut at a multiple of 16, a line of memory. */
static Part half(Part p, bool upper) {
  const size_t lower = (p.count / 2 + 15) / 16 * 16, cut = lower < p.count ? lower : p.count;
  return upper ? (Part){p.first + cut, p.count - cut} : (Part){p.first, cut};
}

/* part[k]: what this place still works on after k levels; returns the number of levels. */
static int cut_parts(const MpiTeam *t, size_t n, Part part[MOST_LEVELS + 1]) {
  int levels = 0;
  part[0] = (Part){0, n};
  for (int d = 1; d < t->n; d *= 2, levels++)
    part[levels + 1] = half(part[levels], t->team.place & d);
  return levels;
}

/* So few numbers are summed whole by all. */
static bool is_short(size_t n) {
  return n * sizeof(Real) <= ENVELOPE_BYTES;
}

static Part sum_parts(MpiTeam *t, Head head, Real *v, size_t n) {
  Part part[MOST_LEVELS + 1];
  const int levels = cut_parts(t, n, part);
  for (int k = 0; k < levels; k++) {
    const Part mine = part[k + 1], theirs = half(part[k], !(t->team.place >> k & 1));
    exchange_long(t, &head, t->team.place ^ 1 << k, v + theirs.first, theirs.count * sizeof *v,
                  v + mine.first, mine.count * sizeof *v, true);
  }
  return part[levels];
}

static void join_parts(MpiTeam *t, Head head, Real *v, size_t n) {
  Part part[MOST_LEVELS + 1];
  for (int k = cut_parts(t, n, part) - 1; k >= 0; k--) {
    const Part mine = part[k + 1], theirs = half(part[k], !(t->team.place >> k & 1));
    exchange_long(t, &head, t->team.place ^ 1 << k, v + mine.first, mine.count * sizeof *v,
                  v + theirs.first, theirs.count * sizeof *v, false);
  }
}

/* ---- what Team asks for ---------------------------------------------------------------------- */

static void reduce(void *ctx, NnReduce kind, void *v, size_t n) {
  MpiTeam *t = ctx;
  if (kind == NN_SUM_F64) {
    sum_f64(t, v, n);
  } else if (kind == NN_MOMENTS) {
    sum_moments(t, v, n);
  } else {
    const Head head = begin(t, TEAM_SUM, n);
    if (is_short(n)) {
      double_up(t, head, combine_sum, v, n, n * sizeof(Real));
    } else {
      sum_parts(t, head, v, n);
      join_parts(t, head, v, n);
    }
  }
}

static void reduce_part(void *ctx, Real *v, size_t n, size_t *first, size_t *count) {
  MpiTeam *t = ctx;
  const Head head = begin(t, TEAM_PART, n);
  Part all = {0, n};
  if (is_short(n))
    double_up(t, head, combine_sum, v, n, n * sizeof(Real));
  else
    all = sum_parts(t, head, v, n);
  *first = all.first;
  *count = all.count;
}

static void gather_parts(void *ctx, Real *v, size_t n) {
  MpiTeam *t = ctx;
  if (!is_short(n)) join_parts(t, begin(t, TEAM_GATHER, n), v, n);
}

static void share(void *ctx, void *bytes, size_t n) {
  MpiTeam *t = ctx;
  const Head head = begin(t, TEAM_SHARE, n);
  const int place = t->team.place, lowest = place ? place & -place : t->n;
  if (place) exchange_take(t, &head, place - lowest, bytes, n);
  for (int d = lowest / 2; d >= 1; d /= 2) exchange_give(t, &head, place + d, bytes, n);
}

static void collect(void *ctx, void *v, size_t unit, const size_t *first) {
  MpiTeam *t = ctx;
  const int place = t->team.place;
  const Head head = begin(t, TEAM_COLLECT, first[t->n] * unit);
  char *bytes = v;
  if (place) {
    exchange_give(t, &head, 0, bytes + first[place] * unit,
                  (first[place + 1] - first[place]) * unit);
    return;
  }
  for (int i = 1; i < t->n; i++)
    exchange_take(t, &head, i, bytes + first[i] * unit, (first[i + 1] - first[i]) * unit);
}

static void grow(void *ctx) {
  MpiTeam *t = ctx;
  const unsigned wish = t->team.wish & ~(unsigned)TEAM_GROW;
  share(t, &t->n_next, sizeof t->n_next);
  if (t->n_next == 0) return;
  share(t, t->next, (size_t)t->n_next * sizeof *t->next);
  mpi_team_form(t, t->next, t->n_next);
  t->team.wish = wish;
}

static void shrink(void *ctx, int n) {
  MpiTeam *t = ctx;
  const unsigned wish = t->team.wish;
  mpi_team_form(t, t->ranks, n);
  t->team.wish = wish;
}

/* ---- life ------------------------------------------------------------------------------------ */

void mpi_team_start(void) {
  if (!world_started()) return;
  wait_start();
  peer_start();
  exchange_start();
}

void mpi_team_end(void) {
  if (!world_started()) return;
  peer_stop();
  exchange_end();
  wait_stop();
}

void mpi_team_init(MpiTeam *t) {
  const int alone = world_rank();
  *t = (MpiTeam){.team = {.ctx = t,
                          .reduce = reduce,
                          .reduce_part = reduce_part,
                          .gather_parts = gather_parts,
                          .share = share,
                          .collect = collect,
                          .grow = grow,
                          .shrink = shrink}};
  arena_init(&t->buffers);
  t->b = ARENA_NEW(&t->buffers, MpiTeamBuffers);
  t->b->add = nn_vector_kernel(cpu_level())->add;
  mpi_team_form(t, &alone, 1);
}

void mpi_team_offer_memory(void) {
  if (world_started()) view_offer_memory();
}

static void close_views(MpiTeam *t) {
  for (int i = 0; i < MOST_LEVELS; i++) view_close(&t->b->views[i]);
}

void mpi_team_free(MpiTeam *t) {
  close_views(t);
  arena_free(&t->buffers);
}

static void refuse(const char *why) {
  log_line(LOG_ERROR, "rank %d: %s: a bug of caviar, the job ends", world_rank(), why);
  wait_end_job(E_INTERNAL);
}

void mpi_team_form(MpiTeam *t, const int *ranks, int n) {
  const int me = world_rank();
  int place = 0;
  if (n < 1 || n > MPI_TEAM_MOST || (n & (n - 1))) refuse("a team whose size is no power of two");
  while (place < n && ranks[place] != me) place++;
  if (place == n) refuse("a team without this rank");
  close_views(t);
  memmove(t->ranks, ranks, (size_t)n * sizeof *ranks);
  t->n = t->team.size = n;
  t->team.ranks = t->ranks;
  t->team.place = place;
  t->team.wish = t->team.agreed = 0;
  t->sequence = 0;
  t->n_next = 0;
}

void mpi_team_next(MpiTeam *t, const int *ranks, int n) {
  if (n < t->n || n > MPI_TEAM_MOST || memcmp(ranks, t->ranks, (size_t)t->n * sizeof *ranks) != 0)
    refuse("a larger team without the present members in their places");
  memcpy(t->next, ranks, (size_t)n * sizeof *ranks);
  t->n_next = n;
}
