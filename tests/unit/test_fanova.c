/* Shares of the variance: of functions for which they are known, and of a small forest against sums
 * over all cells. */
#include <string.h>

#include "forest_rig.h"
#include "runner/fanova.h"

enum { TREES = 64 };

static Fanova *shares(Arena *a, const Sample *s) {
  return fanova(a, forest_of(a, s, TREES));
}

/* ---- Ishigami -------------------------------------------------------------------------------- */

static bool recovers_ishigami(const Fanova *v) {
  return near(v->main[0].share, 0.314, 0.05) && near(v->main[1].share, 0.442, 0.05) &&
         near(v->main[2].share, 0, 0.05) && near(v->pairs[0].share, 0, 0.05) &&
         near(v->pairs[1].share, 0.244, 0.05) && near(v->pairs[2].share, 0, 0.05);
}

static void ishigami_has_its_shares(void **state) {
  static const int sizes[] = {500, 750, 1000};
  for (int i = 0; i < COUNT(sizes); i++) {
    const Sample s = sample_of(*state, ishigami, NULL, 3, sizes[i], (uint64_t)i + 1);
    const Fanova *v = shares(*state, &s);
    if (!recovers_ishigami(v))
      print_error("%d samples: %.3f %.3f %.3f, pairs %.3f %.3f %.3f\n", sizes[i], v->main[0].share,
                  v->main[1].share, v->main[2].share, v->pairs[0].share, v->pairs[1].share,
                  v->pairs[2].share);
    assert_true(recovers_ishigami(v));
    assert_near(v->mean, 3.5, 0.15);
    assert_near(v->variance, 13.845, 1.4);
    assert_true(v->main[1].sd > 0.01 && v->main[1].sd < 0.2);
  }
}

/* The same check on subjects that are wrong. */
static void the_check_sees_what_is_wrong(void **state) {
  Sample s = sample_of(*state, ishigami, NULL, 3, 500, 1);
  for (int i = 0; i < s.n; i++) { /* axes swapped */
    const double x = s.x[i * 3];
    s.x[i * 3] = s.x[i * 3 + 1];
    s.x[i * 3 + 1] = x;
  }
  assert_false(recovers_ishigami(shares(*state, &s)));
  s = sample_of(*state, ishigami, NULL, 3, 500, 1);
  for (int i = 0; i < s.n; i++) s.x[i * 3 + 2] = 0.5; /* a parameter lost */
  assert_false(recovers_ishigami(shares(*state, &s)));
  s = sample_of(*state, ishigami, NULL, 3, 500, 1);
  for (int i = 0; i + 1 < s.n; i++) s.y[i] = s.y[i + 1]; /* results of other rows */
  assert_false(recovers_ishigami(shares(*state, &s)));
}

/* ---- other known functions ------------------------------------------------------------------- */

/* Var x = 1/12, Var 2 y = 4/12. */
static double additive(const double *x) {
  return 1e6 + x[0] + 2 * x[1];
}

static void additive_parts_add_up(void **state) {
  const Sample s = sample_of(*state, additive, NULL, 3, 400, 1);
  const Fanova *v = shares(*state, &s);
  assert_near(v->main[0].share, 0.2, 0.03);
  assert_near(v->main[1].share, 0.8, 0.03);
  assert_near(v->main[2].share, 0, 0.01);
  for (int i = 0; i < 3; i++) assert_near(v->pairs[i].share, 0, 0.01);
  const FanovaCurve *c = &v->curves[1];
  const int n = forest_of(*state, &s, 2)->cells[1].n;
  assert_near(c->mean[0], 1e6 + 0.5, 0.15); /* x on average, y at 0 and at 1 */
  assert_near(c->mean[n - 1], 1e6 + 2.5, 0.15);
  assert_true(c->sd[0] > 0 && c->sd[0] < 0.3);
}

static double constant(const double *x) {
  (void)x;
  return 3;
}

static void a_constant_has_no_shares(void **state) {
  const Sample s = sample_of(*state, constant, NULL, 2, 50, 1);
  const Fanova *v = shares(*state, &s);
  assert_true(v->variance == 0 && v->mean == 3);
  assert_true(isnan(v->main[0].share) && isnan(v->pairs[0].share));
}

static double exclusive_or(const double *x) {
  return (x[0] < 0.5) != (x[1] < 0.5);
}

static void an_exclusive_or_is_all_of_a_pair(void **state) {
  const Sample s = sample_of(*state, exclusive_or, NULL, 3, 400, 1);
  const Fanova *v = shares(*state, &s);
  for (int i = 0; i < 3; i++) assert_near(v->main[i].share, 0, 0.02);
  assert_near(v->pairs[0].share, 1, 0.05);
  assert_near(v->pairs[1].share + v->pairs[2].share, 0, 0.02);
}

/* Categories 0 .. 4 with values 0, 4, 0, 4, 7 (variance 7.2), and a number of variance 3. */
static double mixed(const double *x) {
  static const double of[] = {0, 4, 0, 4, 7};
  return of[(int)x[0]] + 6 * x[1];
}

static void categories_have_no_order(void **state) {
  const ForestAxis axes[] = {{.unordered = true, .n_values = 5}, {0}};
  const Sample s = sample_of(*state, mixed, axes, 2, 400, 1);
  const Fanova *v = shares(*state, &s);
  assert_near(v->main[0].share, 7.2 / 10.2, 0.03);
  assert_near(v->main[1].share, 3 / 10.2, 0.03);
  assert_near(v->pairs[0].share, 0, 0.01);
  static const double expected[] = {3, 7, 3, 7, 10};
  for (int k = 0; k < 5; k++) assert_near(v->curves[0].mean[k], expected[k], 0.3);
}

/* The second parameter is there only where the first is 0. */
static double conditional(const double *x) {
  return x[0] == 0 ? 4 * x[1] : 10;
}

static void an_absent_parameter_is_a_value_of_its_own(void **state) {
  const ForestAxis axes[] = {{.unordered = true, .n_values = 2}, {0}};
  Sample s = sample_of(*state, conditional, axes, 2, 300, 1);
  for (int i = 0; i < s.n; i++)
    if (s.x[i * 2] == 1) s.x[i * 2 + 1] = FOREST_ABSENT;
  const Forest *f = forest_of(*state, &s, TREES);
  assert_true(f->cells[1].absent && !f->cells[0].absent);
  assert_near(forest_weight(&f->cells[1], 0, 1), 0.5, 0.1);
  assert_near(forest_predict(f, (const double[]){0, 0.75}), 3, 0.2);
  assert_near(forest_predict(f, (const double[]){1, FOREST_ABSENT}), 10, 0.1);
  const Fanova *v = fanova(*state, f);
  assert_true(v->curves[1].mean[0] > v->curves[1].mean[1] + 1);
  assert_true(v->main[0].share + v->main[1].share + v->pairs[0].share > 0.95);
}

/* ---- exact ----------------------------------------------------------------------------------- */

enum { AXES = 3, SMALL = 14, MEMBERS = 5, CELLS = 32 };

/* All that the shares are made of, by going through all cells of a small forest. */
typedef struct {
  const Forest *f;
  double g[MEMBERS][CELLS][CELLS][CELLS]; /* members, less their mean */
} Brute;

/* A place inside a cell. */
static double inside(const ForestCells *c, int k) {
  if (c->absent && k == 0) return FOREST_ABSENT;
  return c->unordered ? k - c->absent : 0.5 * (c->edge[k] + c->edge[k + 1]);
}

static double weigh(const ForestCells *c, int k) {
  return forest_weight(c, k, k + 1);
}

#define EACH_CELL(f, i, j, k)                                                                      \
  for (int i = 0; i < (f)->cells[0].n; i++)                                                        \
    for (int j = 0; j < (f)->cells[1].n; j++)                                                      \
      for (int k = 0; k < (f)->cells[2].n; k++)

static void fill(Brute *b) {
  for (int t = 0; t < MEMBERS; t++) {
    Forest one = *b->f;
    double mean = 0;
    one.n_trees = 1;
    one.trees = &b->f->trees[t];
    one.corrections = &b->f->corrections[t];
    EACH_CELL(b->f, i, j, k) {
      const ForestCells *c = b->f->cells;
      const double x[] = {inside(&c[0], i), inside(&c[1], j), inside(&c[2], k)};
      b->g[t][i][j][k] = forest_predict(&one, x);
      mean += weigh(&c[0], i) * weigh(&c[1], j) * weigh(&c[2], k) * b->g[t][i][j][k];
    }
    EACH_CELL(b->f, i, j, k) b->g[t][i][j][k] -= mean;
  }
}

/* Cov over members s and t of the means over all axes but those of the set. */
static double brute_covariance(const Brute *b, int s, int t, unsigned set) {
  static double gs[CELLS][CELLS][CELLS], gt[CELLS][CELLS][CELLS];
  const ForestCells *c = b->f->cells;
  memset(gs, 0, sizeof gs);
  memset(gt, 0, sizeof gt);
  EACH_CELL(b->f, i, j, k) {
    const int at[] = {set & 1 ? i : 0, set & 2 ? j : 0, set & 4 ? k : 0};
    const double w = (set & 1 ? 1 : weigh(&c[0], i)) * (set & 2 ? 1 : weigh(&c[1], j)) *
                     (set & 4 ? 1 : weigh(&c[2], k));
    gs[at[0]][at[1]][at[2]] += w * b->g[s][i][j][k];
    gt[at[0]][at[1]][at[2]] += w * b->g[t][i][j][k];
  }
  double sum = 0;
  EACH_CELL(b->f, i, j, k)
  sum += (set & 1 ? weigh(&c[0], i) : i == 0) * (set & 2 ? weigh(&c[1], j) : j == 0) *
         (set & 4 ? weigh(&c[2], k) : k == 0) * gs[i][j][k] * gt[i][j][k];
  return sum;
}

static double brute_share(const Brute *b, unsigned set, double variance) {
  double sum = 0;
  for (int s = 0; s < MEMBERS; s++)
    for (int t = 0; t < MEMBERS; t++) {
      if (s == t) continue;
      sum += brute_covariance(b, s, t, set);
      for (int i = 0; i < AXES; i++)
        if (set != 1u << i && set & 1u << i) sum -= brute_covariance(b, s, t, 1u << i);
    }
  sum = sum / (MEMBERS * (MEMBERS - 1)) / variance;
  return sum < 0 ? 0 : sum;
}

static double three(const double *x) {
  return x[0] * (x[1] > 0.4) + x[2] * x[1] + x[0];
}

static void shares_are_sums_over_all_cells(void **state) {
  static Brute b;
  const ForestAxis axes[] = {{0}, {.unordered = true, .n_values = 4}, {0}};
  Sample s = sample_of(*state, three, axes, AXES, SMALL, 3);
  for (int i = 0; i < 4; i++) s.x[i * AXES + 2] = FOREST_ABSENT;
  s.x[5 * AXES + 1] = FOREST_ABSENT;
  b.f = forest_of(*state, &s, MEMBERS);
  fill(&b);
  const Fanova *v = fanova(*state, b.f);
  double variance = 0;
  for (int p = 0; p < MEMBERS; p++)
    for (int q = 0; q < MEMBERS; q++)
      if (p != q) variance += brute_covariance(&b, p, q, 7) / (MEMBERS * (MEMBERS - 1));
  assert_near(v->variance, variance, 1e-12);
  assert_true(variance > 0.1);
  int alive = 0;
  for (int i = 0, p = 0; i < AXES; i++) {
    assert_near(v->main[i].share, brute_share(&b, 1u << i, variance), 1e-12);
    alive += v->main[i].share > 0.001;
    for (int j = i + 1; j < AXES; j++, p++) {
      assert_near(v->pairs[p].share, brute_share(&b, 1u << i | 1u << j, variance), 1e-12);
      alive += v->pairs[p].share > 0.001;
    }
  }
  assert_true(alive >= 4);
}

static void a_region_has_the_mean_of_its_cells(void **state) {
  const ForestAxis axes[] = {{0}, {.unordered = true, .n_values = 4}, {0}};
  const Sample s = sample_of(*state, three, axes, AXES, SMALL, 3);
  const Forest *f = forest_of(*state, &s, MEMBERS);
  unsigned char in[AXES][CELLS] = {{0}};
  const unsigned char *const region[] = {in[0], in[1], in[2]};
  for (int i = 0; i < AXES; i++)
    for (int k = 0; k < f->cells[i].n; k++) in[i][k] = k % 3 != 1;
  double sum = 0, weight = 0;
  EACH_CELL(f, i, j, k) {
    const ForestCells *c = f->cells;
    const double x[] = {inside(&c[0], i), inside(&c[1], j), inside(&c[2], k)};
    const double w =
        in[0][i] * in[1][j] * in[2][k] * weigh(&c[0], i) * weigh(&c[1], j) * weigh(&c[2], k);
    sum += w * forest_predict(f, x);
    weight += w;
  }
  assert_near(fanova_region_mean(f, region), sum / weight, 1e-12);
  memset(in[1], 0, sizeof in[1]);
  assert_true(isnan(fanova_region_mean(f, region)));
}

static void effects_are_sorted(void **state) {
  FanovaEffect e[] = {{.a = 0, .share = 0.1}, {.a = 1, .share = 0.5}, {.a = 2, .share = 0.1}};
  (void)state;
  fanova_sort(e, 3);
  assert_true(e[0].a == 1 && e[1].a == 0 && e[2].a == 2);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_begin, arena_end)
  const struct CMUnitTest tests[] = {
      TEST(ishigami_has_its_shares),
      TEST(the_check_sees_what_is_wrong),
      TEST(additive_parts_add_up),
      TEST(a_constant_has_no_shares),
      TEST(an_exclusive_or_is_all_of_a_pair),
      TEST(categories_have_no_order),
      TEST(an_absent_parameter_is_a_value_of_its_own),
      TEST(shares_are_sums_over_all_cells),
      TEST(a_region_has_the_mean_of_its_cells),
      TEST(effects_are_sorted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
