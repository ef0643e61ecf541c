/* caviar compare: do two runs rank their common points alike? */
#include <math.h>
#include <stdio.h>

#include "command.h"
#include "compare.h"
#include "io/json.h"
#include "leaderboard.h"
#include "plan.h"

enum { SHOWN = 10 };

/* ---- for people ------------------------------------------------------------------------------ */

static const char *number(Arena *a, double x) {
  return isnan(x) ? "DIVERGED" : arena_printf(a, "%.5g", x);
}

static void print_top(Arena *a, const RunDir *x, const RunDir *y, const Comparison *c) {
  const int n = c->n < SHOWN ? c->n : SHOWN;
  printf("\n%6s  %6s  %10s  %10s  point\n", "# in A", "# in B", "A", "B");
  for (int i = 0; i < n; i++) {
    const ComparePoint *p = &c->points[i];
    Str point = str_new(a);
    leaderboard_point(a, &x->spec->search.space, p->point, &point);
    printf("%6.4g  %6.4g  %10s  %10s  %s\n", p->rank_a, p->rank_b, number(a, p->a), number(a, p->b),
           str_text(&point));
  }
  if (n < c->n) printf("... and %d more\n", c->n - n);
  if (c->terminated)
    printf("%d trials were ended early and count with the metric they had\n", c->terminated);
  int most_a = 1, most_b = 1;
  for (int i = 0; i < c->n; i++) {
    if (c->points[i].n_a > most_a) most_a = c->points[i].n_a;
    if (c->points[i].n_b > most_b) most_b = c->points[i].n_b;
  }
  if (most_a > 1) printf("means: %s has a point up to %d times\n", x->dir, most_a);
  if (most_b > 1) printf("means: %s has a point up to %d times\n", y->dir, most_b);
}

static void print_interval(const char *what, const RankInterval *r) {
  if (isnan(r->value))
    printf("%-28s     -  (all alike)\n", what);
  else
    printf("%-28s %6.3f  [%.3f, %.3f]\n", what, r->value, r->low, r->high);
}

static void print_verdict(const Comparison *c) {
  switch (c->verdict) {
  case COMPARE_TOO_FEW:
    printf("That says too little: it takes at least %d common points that differ.\n",
           COMPARE_LEAST);
    return;
  case COMPARE_HOLDS:
    printf("The ranking holds: what is good in A is good in B");
    break;
  case COMPARE_PARTLY:
    printf("The ranking holds in part: the two agree, but not closely");
    break;
  case COMPARE_OPEN:
    printf("It is open whether the ranking holds: too few common points for the noise");
    break;
  case COMPARE_NO_MORE:
    printf("The ranking does not hold: B ranks the points in another way");
    break;
  }
  if (c->best_in_b <= 1)
    printf("; A's best is B's best too.\n");
  else
    printf("; A's best is number %.4g of %d in B.\n", c->best_in_b, c->n);
}

static void print_text(Arena *a, const RunDir *x, const RunDir *y, const Comparison *c) {
  printf("A %s, B %s: %s of the %d points they have in common (%d only in A, %d only in B)\n",
         x->dir, y->dir, x->spec->search.metric.name, c->n, c->only_a, c->only_b);
  print_top(a, x, y, c);
  printf("\n%-28s %6s  95 %% of resamples\n", "", "");
  print_interval("Spearman's rank correlation", &c->spearman);
  print_interval("Kendall's tau", &c->kendall);
  print_interval("P(better in A than in B)", &c->better);
  printf("%-28s %6d  %.2g by chance\n\n",
         arena_printf(a, "of A's best %d in B's best %d", c->k, c->k), c->overlap, c->by_chance);
  print_verdict(c);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void write_interval(JsonWriter *j, const char *key, const RankInterval *r) {
  json_key(j, key);
  json_open(j, '{');
  json_key(j, "value");
  json_f64(j, r->value);
  json_key(j, "low");
  json_f64(j, r->low);
  json_key(j, "high");
  json_f64(j, r->high);
  json_close(j, '}');
}

static void write_point(Arena *a, JsonWriter *j, const ComparePoint *p) {
  json_open(j, '{');
  json_key(j, "point");
  trial_write_value(j, plan_point_map(a, p->point));
  json_key(j, "a");
  json_f64(j, p->a);
  json_key(j, "b");
  json_f64(j, p->b);
  json_key(j, "trials_a");
  json_int(j, p->n_a);
  json_key(j, "trials_b");
  json_int(j, p->n_b);
  json_key(j, "rank_a");
  json_f64(j, p->rank_a);
  json_key(j, "rank_b");
  json_f64(j, p->rank_b);
  json_close(j, '}');
}

static void write_counts(JsonWriter *j, const Comparison *c) {
  json_key(j, "common");
  json_int(j, c->n);
  json_key(j, "only_a");
  json_int(j, c->only_a);
  json_key(j, "only_b");
  json_int(j, c->only_b);
  json_key(j, "terminated");
  json_int(j, c->terminated);
}

static void write_json(Arena *a, const RunDir *x, const RunDir *y, const Comparison *c, Str *out) {
  JsonWriter j = json_writer(out);
  json_open(&j, '{');
  json_key(&j, "schema_version");
  json_int(&j, 1);
  json_key(&j, "a");
  json_str(&j, x->dir);
  json_key(&j, "b");
  json_str(&j, y->dir);
  json_key(&j, "metric");
  json_str(&j, x->spec->search.metric.name);
  json_key(&j, "goal");
  json_str(&j, c->maximize ? "maximize" : "minimize");
  write_counts(&j, c);
  write_interval(&j, "spearman", &c->spearman);
  write_interval(&j, "kendall", &c->kendall);
  write_interval(&j, "better_in_a", &c->better);
  json_key(&j, "top");
  json_open(&j, '{');
  json_key(&j, "k");
  json_int(&j, c->k);
  json_key(&j, "overlap");
  json_int(&j, c->overlap);
  json_key(&j, "by_chance");
  json_f64(&j, c->by_chance);
  json_close(&j, '}');
  json_key(&j, "best_of_a_in_b");
  json_f64(&j, c->best_in_b);
  json_key(&j, "verdict");
  json_str(&j, compare_verdict_names[c->verdict]);
  json_key(&j, "points");
  json_open(&j, '[');
  for (int i = 0; i < c->n; i++) write_point(a, &j, &c->points[i]);
  json_close(&j, ']');
  json_close(&j, '}');
}

/* ---- the command ----------------------------------------------------------------------------- */

static Status compare_main(Arena *a, int argc, char **argv, Err *e) {
  const char *dirs[2] = {NULL, NULL};
  bool json = false;
  int n = 0;
  for (int i = 1; i < argc; i++) {
    if (str_eq(argv[i], "--json")) {
      json = true;
    } else {
      CHECK(e, argv[i][0] != '-', E_USAGE, "unknown option %s; there is --json", argv[i]);
      CHECK(e, n < 2, E_USAGE, "usage: caviar compare A B [--json]");
      dirs[n++] = argv[i];
    }
  }
  CHECK(e, n == 2, E_USAGE, "usage: caviar compare A B [--json]");
  RunDir *x = ARENA_NEW(a, RunDir), *y = ARENA_NEW(a, RunDir);
  TRY(run_dir_read(a, dirs[0], RUN_CURVES_NONE, x, e));
  TRY(run_dir_read(a, dirs[1], RUN_CURVES_NONE, y, e));
  Comparison c;
  TRY(compare_runs(a, x, y, &c, e));
  if (!json) {
    print_text(a, x, y, &c);
    return OK;
  }
  Str out = str_new(a);
  write_json(a, x, y, &c, &out);
  printf("%s\n", str_text(&out));
  return OK;
}

const Command run_command_compare = {
    .name = "compare",
    .usage = "compare A B [--json]",
    .doc = "do two runs rank the points they have in common alike: does a ranking still hold?",
    .help = "The same search on other data, or with other seeds: rank correlations and the\n"
            "probability that a point is better in A, with bootstrap intervals, how many of the\n"
            "best are the same, and where A's best stands in B. Runs that still go on will do.\n"
            "\n"
            "  --json  one object: all numbers, all common points, schema_version\n"
            "\n"
            "  caviar compare runs/last-year runs/today\n",
    .main = compare_main,
};
