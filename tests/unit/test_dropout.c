/* Dropout's mask: a pure function of seed, row, epoch, layer and feature, with the right share
 * kept. */
#include <math.h>
#include <stdlib.h>
#include "layer_rig.h"
#include "model_rig.h"

enum { D = 70, ROWS = 40 };

static void open_dropout(LayerRig *b, const char *params, int shards) {
  const NnCase c = {.params = params, .features = D};
  rig_open(b, nn_layer_at(kind_find(&nn_layers, "dropout"), cpu_level()), &c, ROWS, shards);
  b->n.key = 5;
  for (int i = 0; i < ROWS * D; ++i) b->x[i] = 1;
}

/* Element (row, j) is word j % 4 of block (position + row, epoch, key + j / 4), against rate 2^32.
 */
static void test_mask(void **state) {
  (void)state;
  LayerRig b;
  open_dropout(&b, "rate: 0.4", 1);
  rig_forward(&b);
  int kept = 0;
  for (int i = 0; i < ROWS; ++i) {
    for (int j = 0; j < D; ++j) {
      const RngBlock u = rng_block(99, RNG_DROPOUT, 1000 + (uint64_t)i, 3, 5 + (uint32_t)j / 4);
      const bool dropped = (double)u.v[j % 4] < 0.4 * 4294967296.0 - 1;
      const Real y = b.n.y[i * D + j];
      assert_true(dropped ? y == 0 : fabsf(y - 1 / 0.6f) < 1e-6f);
      kept += !dropped;
    }
  }
  assert_true(abs(kept - ROWS * D * 6 / 10) < 130); /* 5 standard deviations */
  rig_close(&b);
}

/* Another seed, epoch or layer is another mask; the same rows in another batch the same. */
static void test_keys(void **state) {
  (void)state;
  static Real y[ROWS * D];
  LayerRig b;
  open_dropout(&b, "", 1);
  rig_forward(&b);
  memcpy(y, b.n.y, sizeof y);
  b.step.place.position += 10;
  rig_forward(&b);
  assert_memory_equal(b.n.y, y + 10 * D, (ROWS - 10) * D * sizeof(Real));
  b.step.place.position -= 10;
  b.step.place.epoch += 1;
  rig_forward(&b);
  assert_true(memcmp(b.n.y, y, sizeof y) != 0);
  b.step.place.epoch -= 1;
  b.step.seed += (uint64_t)1 << 40;
  rig_forward(&b);
  assert_true(memcmp(b.n.y, y, sizeof y) != 0);
  b.step.seed -= (uint64_t)1 << 40;
  b.n.key += (D + 3) / 4;
  rig_forward(&b);
  assert_true(memcmp(b.n.y, y, sizeof y) != 0);
  rig_close(&b);
}

/* In evaluation nothing is dropped; with rate 0 nothing in training. */
static void test_identity(void **state) {
  (void)state;
  for (int training = 0; training < 2; ++training) {
    LayerRig b;
    open_dropout(&b, training ? "rate: 0" : "rate: 0.9", 1);
    nn_case_numbers(3, ROWS * D, b.x);
    b.step.training = training;
    rig_forward(&b);
    assert_memory_equal(b.n.y, b.x, ROWS * D * sizeof(Real));
    rig_close(&b);
  }
}

/* Two dropouts of one network drop different elements. */
static void test_layers_differ(void **state) {
  (void)state;
  static const LayerWords layers[] = {{"dropout", ""}, {"dropout", ""}};
  const ModelWords w = {.layers = layers,
                        .n_layers = 2,
                        .features = D,
                        .targets = {.n_values = D},
                        .loss = "mean_squared_error",
                        .optimizer = "sgd",
                        .gemm = "fixed",
                        .cpu = cpu_level(),
                        .team = nn_team_solo(1),
                        .batch_rows = ROWS};
  ModelRig m;
  model_open(&m, &w);
  for (int i = 0; i < ROWS * D; ++i) nn_model_x(m.model)[i] = 1, nn_model_values(m.model)[i] = 0;
  NnScore score;
  nn_model_gradient(m.model, ROWS, (NnPlace){.epoch = 1}, &score);
  /* a quarter of the outputs is 4: the mean square is 4; were the masks one, 8; 5 standard
   * deviations */
  assert_true(fabs(score.loss / score.rows - 4) < 0.7);
  model_close(&m);
}

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mask),
      cmocka_unit_test(test_keys),
      cmocka_unit_test(test_identity),
      cmocka_unit_test(test_layers_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
