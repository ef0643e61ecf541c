/*
 * How good the samplers are: medians over seeds 1 .. 20 of the best value of 60 trials, with windows of
 * one trial and of eight. They are the same at every run, so what is asserted is what they are, rounded
 * up.
 *
 *   CAVIAR_LONG=1 build/tests/test_sampler_quality       100 seeds, gp 20, and what a proposal costs
 *
 * Without it gp has five seeds, and no times are measured.
 */
#include <stdlib.h>
#include <time.h>

#include "sampler_rig.h"

enum { TRIALS = 60, SEEDS = 20, GP_SEEDS = 5, MANY = 5 };

/* At most these: Branin one at a time and with eight, then Hartmann-6, then the mixed function. */
typedef struct {
  const char *name;
  double most[3][2];
} Row;

static const Row rows[] = {
    {"random", {{1.4, 1.4}, {-1.5, -1.5}, {0.1, 0.1}}},
    {"sobol", {{0.95, 0.95}, {-1.75, -1.75}, {0.09, 0.09}}},
    {"latin_hypercube", {{1.2, 1.2}, {-1.8, -1.8}, {0.1, 0.1}}},
    {"coarse_to_fine", {{0.6, 0.6}, {-2.3, -2.0}, {0.03, 0.03}}},
    {"evolution", {{0.55, 0.55}, {-2.6, -2.1}, {0.04, 0.04}}},
    {"tpe", {{0.41, 0.43}, {-3.04, -2.7}, {0.01, 0.01}}},
    {"cma_es", {{0.45, 0.5}, {-2.8, -2.4}, {0.02, 0.02}}},
    {"gp", {{0.399, 0.399}, {-3.2, -3.1}, {0.001, 0.002}}},
};

static bool is_long(void) {
  const char *s = getenv("CAVIAR_LONG");
  return s && *s;
}

static double median_of(const char *name, const Objective *o, int window, int n_seeds) {
  double best[SEEDS * MANY];
  for (int i = 0; i < n_seeds; i++) {
    Arena a;
    arena_init(&a);
    Rig r = rig_new(&a, name, "", o->n, (uint64_t)i + 1, TRIALS, window);
    rig_axes(&r, o);
    rig_run(&r, o->f);
    best[i] = r.best;
    arena_free(&a);
  }
  return rig_median(best, n_seeds);
}

/* Returns how many are worse than they should be. */
static int play(const Row *row) {
  const int n_seeds = (strcmp(row->name, "gp") == 0 ? GP_SEEDS : SEEDS) * (is_long() ? MANY : 1);
  int n_worse = 0;
  print_message("%-16s %3d", row->name, n_seeds);
  for (int i = 0; i < COUNT(rig_objectives); i++)
    for (int j = 0; j < 2; j++) {
      const double x = median_of(row->name, &rig_objectives[i], j ? 8 : 1, n_seeds);
      print_message("  %9.4f%s", x, x <= row->most[i][j] ? "" : "!");
      n_worse += !(x <= row->most[i][j]);
    }
  print_message("\n");
  return n_worse;
}

static void medians(void **state) {
  int n_worse = 0;
  (void)state;
  print_message("%-16s seeds  branin, 8 at once   hartmann6, 8 at once  mixed, 8 at once\n", "");
  for (int i = 0; i < COUNT(rows); i++) n_worse += play(&rows[i]);
  assert_int_equal(n_worse, 0);
}

static double now(void) { /* of this process alone */
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Milliseconds of a proposal with n results told, six parameters, window 8. */
static void costs(void **state) {
  static const int told[] = {50, 200, 1000};
  (void)state;
  if (!is_long()) SKIP("what a proposal costs; CAVIAR_LONG=1 measures it");
  for (int i = 0; i < COUNT(rows); i++) {
    print_message("%-16s", rows[i].name);
    for (int j = 0; j < COUNT(told); j++) {
      Arena a;
      arena_init(&a);
      Rig r = rig_new(&a, rows[i].name, "", 6, 1, told[j] + 16, 8);
      Rig random = rig_new(&a, "random", "", 6, 1, told[j] + 8, 8);
      rig_run(&random, rig_hartmann6);
      for (int n = 0; n < told[j] + 8; n++) {
        memcpy(r.u[n], random.u[n], sizeof(double) * 6);
        r.told[n].loss = random.told[n].loss;
      }
      const double begin = now();
      for (int k = 0; k < 5; k++) {
        double u[6];
        rig_propose(&r, told[j] + 8, u);
      }
      print_message("  %d told: %8.3f ms", told[j], (now() - begin) / 5 * 1e3);
      arena_free(&a);
    }
    print_message("\n");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(medians), cmocka_unit_test(costs)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
