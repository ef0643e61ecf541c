/*
 * The bits of a training depend on the number of shards, not on who computes them: V shards on 1 to
 * V ranks, ranks being threads whose reduce follows the tree, and wherever their parts of the
 * weights meet. Uneven and empty shards included.
 */
#include "ranks_rig.h"

static Rank one[1], ranks[MAX_RANKS];

static void train_alone(int n_shards, const ModelWords *w, int n_steps) {
  World alone = {.n = 1};
  ranks_whole(&alone, one, n_shards, w, ranks_rows, n_steps);
  ranks_check_scores(&alone, one, n_steps);
}

static void check_world(World w, int shards, const ModelWords *words) {
  ranks_whole(&w, ranks, shards, words, ranks_rows, COUNT(ranks_rows));
  ranks_check_scores(&w, ranks, COUNT(ranks_rows));
  if (ranks_that_differ(&w, ranks, one) == 0) return;
  fail_msg("%s, %s, %s: %d shards on %d ranks, cut %d, give other bits",
           words->layers[words->n_layers - 2].kind, words->optimizer, words->gemm, shards, w.n,
           w.cut);
}

static void check_ranks(const ModelWords *w) {
  for (int shards = 4; shards <= 8; shards *= 2) {
    train_alone(shards, w, COUNT(ranks_rows));
    for (int n = 2; n <= shards; n *= 2) {
      for (int cut = 0; cut < N_CUTS; ++cut)
        check_world((World){.n = n, .cut = (Cut)cut}, shards, w);
    }
  }
}

static void test_deep_network(void **state) {
  (void)state;
  ModelWords w = ranks_words("fixed", "adam");
  check_ranks(&w);
  w = ranks_words("openblas", "momentum");
  check_ranks(&w);
}

/* Penalties, limits and accumulation: the same on every number of ranks, and each changes the bits,
 * or the test would prove nothing. 9 rows are one micro-batch, 64 are four. */
static void test_rules(void **state) {
  (void)state;
  static Rank without;
  static const struct {
    NnRules rules;
    int micro_rows;
  } cases[] = {
      {.rules = {.l1 = 0.001, .l2 = 0.01}},
      {.rules = {.clip_value = 0.01}},
      {.rules = {.clip_norm = 0.1}},
      {.rules = {.max_norm = 1}},
      {.micro_rows = 16},
      {.rules = {0.001, 0.01, 0.02, 0.1, 1}, .micro_rows = 24},
  };
  for (int k = 0; k < nn_optimizers.n; ++k) {
    ModelWords w = ranks_words("fixed", nn_optimizers.kinds[k]->name);
    train_alone(4, &w, COUNT(ranks_rows));
    without = *one;
    for (int i = 0; i < COUNT(cases); ++i) {
      w.rules = cases[i].rules;
      w.micro_rows = cases[i].micro_rows;
      check_ranks(&w);
      train_alone(4, &w, COUNT(ranks_rows));
      assert_memory_not_equal(one->state, without.state, one->n_state * sizeof(Real));
    }
  }
}

/* Each case of each layer, between two dense ones. */
static void check_layer(const NnLayerKind *kind, const NnCase *c) {
  ModelWords w = ranks_words("fixed", "sgd");
  Around around;
  model_around(&kind->head, c, &around, &w);
  check_ranks(&w);
}

static void test_every_layer(void **state) {
  (void)state;
  nn_case_each(check_layer);
}

/* Eight shards differ from one by rounding only. */
static void test_near_one_shard(void **state) {
  (void)state;
  static Rank eight;
  const char *engines[] = {"fixed", "openblas"};
  for (int k = 0; k < COUNT(engines); ++k) {
    const ModelWords w = ranks_words(engines[k], "sgd");
    train_alone(8, &w, 3);
    eight = *one;
    train_alone(1, &w, 3);
    assert_int_equal(one->n_state, eight.n_state);
    for (size_t i = 0; i < one->n_state; ++i) {
      assert_true(fabsf(one->state[i] - eight.state[i]) < 1e-5f);
    }
    assert_true(fabs(one->score[2].loss - eight.score[2].loss) < 1e-5 * one->score[2].loss);
    /* or the test would prove nothing */
    assert_memory_not_equal(one->state, eight.state, one->n_state * sizeof(Real));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_deep_network),
      cmocka_unit_test(test_rules),
      cmocka_unit_test(test_every_layer),
      cmocka_unit_test(test_near_one_shard),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
