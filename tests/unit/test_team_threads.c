/* The team of threads that other tests rely on, beside sums written out by hand. */
#include "check.h"
#include "team_threads.h"

enum { N = 37 };

/* What place i brings: numbers whose sum depends on the order. */
static Real brought(int place, int j) {
  return (Real)1 / (Real)(1 + place * 7 + j) + (Real)(place % 3 == 0 ? 1e4 : 0);
}

/* The tree over places first .. first + size - 1 */
static Real tree(int first, int size, int j) {
  if (size == 1) return brought(first, j);
  return tree(first, size / 2, j) + tree(first + size / 2, size / 2, j);
}

typedef struct {
  Real sum[TEAM_THREADS_MOST][N], part[TEAM_THREADS_MOST][N], whole[TEAM_THREADS_MOST][N];
  size_t first[TEAM_THREADS_MOST], count[TEAM_THREADS_MOST];
  unsigned agreed[TEAM_THREADS_MOST];
  int shared[TEAM_THREADS_MOST], collected[TEAM_THREADS_MOST][N];
} Seen;

static void body(void *ctx, int place, Team *team) {
  Seen *s = ctx;
  double scores[2] = {1, place};
  const NnTeam nn = team_nn(team, TEAM_THREADS_MOST);
  for (int j = 0; j < N; j++) {
    s->sum[place][j] = s->part[place][j] = brought(place, j);
    s->collected[place][j] = 100 * place + j;
  }
  nn.reduce(nn.ctx, NN_SUM_REAL, s->sum[place], N);
  team->wish = place == 1 ? TEAM_SAVE : place == 0 ? TEAM_STOP : 0;
  nn.reduce(nn.ctx, NN_SUM_F64, scores, 2);
  s->agreed[place] = scores[0] == team->size ? team->agreed : 99;
  nn.reduce_part(nn.ctx, s->part[place], N, &s->first[place], &s->count[place]);
  memcpy(s->whole[place], s->part[place], sizeof s->whole[place]);
  nn.gather_parts(nn.ctx, s->whole[place], N);
  s->shared[place] = 7 + place;
  team->share(team->ctx, &s->shared[place], sizeof(int));
  size_t first[TEAM_THREADS_MOST + 1];
  team_cut(team, N, first);
  team->collect(team->ctx, s->collected[place], sizeof(int), first);
}

static void check_place(const Seen *s, int i, int n) {
  for (int j = 0; j < N; j++) {
    const Real total = tree(0, n, j);
    const bool own = (size_t)j >= s->first[i] && (size_t)j < s->first[i] + s->count[i];
    assert_true(s->sum[i][j] == total && s->whole[i][j] == total);
    assert_true(own ? s->part[i][j] == total : isnan(s->part[i][j]));
  }
  assert_int_equal(s->agreed[i], n > 1 ? TEAM_STOP | TEAM_SAVE : TEAM_STOP);
  assert_int_equal(s->shared[i], 7);
}

static void test_collectives(void **state) {
  (void)state;
  for (int n = 1; n <= TEAM_THREADS_MOST; n *= 2) {
    static Seen s;
    team_threads_run(&(TeamThreads){.n = n}, body, &s);
    size_t covered = 0;
    for (int i = 0; i < n; i++) {
      check_place(&s, i, n);
      covered += s.count[i];
      for (int j = N * i / n; j < N * (i + 1) / n; j++)
        assert_int_equal(s.collected[0][j], 100 * i + j);
    }
    assert_int_equal(covered, N);
    assert_true(n == 1 || s.first[1] >= N / 2); /* bit 0 of the place chooses the half */
    assert_true(n < 4 || s.first[2] < N / 2);
  }
}

/* Two become four; those two joined have what the first two agreed on before. */
static void grow(void *ctx, int place, Team *team) {
  int(*seen)[2] = ctx;
  int round = 0;
  if (team->size == 2) {
    team->wish = place == 1 ? TEAM_GROW : 0;
    const NnTeam nn = team_nn(team, 4);
    nn.reduce(nn.ctx, NN_SUM_F64, &(double){0}, 1);
    round = 5;
    if (team->agreed & TEAM_GROW) team->grow(team->ctx);
  }
  team->share(team->ctx, &round, sizeof round);
  seen[place][0] = round;
  seen[place][1] = team->size;
}

static void test_grow(void **state) {
  (void)state;
  int seen[4][2] = {{0}};
  team_threads_run(&(TeamThreads){.n = 4, .n_start = 2}, grow, seen);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(seen[i][0], 5);
    assert_int_equal(seen[i][1], 4);
  }
}

/* The mutant is one: its sums are not the tree's. */
static void test_chain(void **state) {
  (void)state;
  static Seen s;
  int different = 0;
  team_threads_run(&(TeamThreads){.n = 8, .fault = TEAM_CHAIN}, body, &s);
  for (int j = 0; j < N; j++) different += s.sum[0][j] != tree(0, 8, j);
  assert_true(different > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_collectives),
      cmocka_unit_test(test_grow),
      cmocka_unit_test(test_chain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
