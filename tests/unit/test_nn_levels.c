/* Every vector level that this processor has gives the same bits: each layer, loss and optimizer of
 * the registries, twenty steps; and the same training twice gives the same bits. */
#include "model_rig.h"

enum { ROOM = 8192, STEPS = 20 };

static size_t train(const ModelWords *words, CpuLevel level, Real *out) {
  ModelRig m;
  ModelWords w = *words;
  w.cpu = level;
  w.team = nn_team_solo(2);
  w.batch_rows = 37;
  model_open(&m, &w);
  for (uint32_t i = 0; i < STEPS; ++i) model_step(&m, i, i % 3 ? 37 : 30, 0.02);
  model_fill(&m, 1000, 0, 23);
  nn_model_evaluate(m.model, 23, NULL);
  int d;
  const Real *p = nn_model_output(m.model, &d);
  memcpy(out, p, 23 * (size_t)d * sizeof *p);
  const size_t n = 23 * (size_t)d;
  const size_t total = n + model_state(&m, out + n, ROOM - n);
  model_close(&m);
  return total;
}

static void check_levels(const ModelWords *w, const char *what) {
  static Real base[ROOM], other[ROOM];
  const char *engines[] = {"fixed", "openblas"};
  for (int k = 0; k < COUNT(engines); ++k) {
    ModelWords with = *w;
    with.gemm = engines[k];
    const size_t n = train(&with, CPU_PORTABLE, base);
    for (CpuLevel level = CPU_PORTABLE; level <= cpu_level(); ++level) {
      assert_int_equal(train(&with, level, other), n);
      if (memcmp(base, other, n * sizeof(Real))) {
        fail_msg("%s with %s: level %s gives other bits than portable", what, engines[k],
                 cpu_level_name(level));
      }
    }
  }
}

static const LayerWords plain[] = {
    {"dense", "units: 19"}, {"batch_norm", ""}, {"relu", ""}, {"dense", "units: classes"}};

static ModelWords plain_words(void) {
  return (ModelWords){.layers = plain,
                      .n_layers = COUNT(plain),
                      .features = 21,
                      .targets = {.n_classes = 5},
                      .loss = "softmax_cross_entropy",
                      .optimizer = "momentum"};
}

static void check_layer(const NnLayerKind *kind, const NnCase *c) {
  ModelWords w = plain_words();
  Around around;
  model_around(&kind->head, c, &around, &w);
  check_levels(&w, kind->head.name);
}

static void test_layers(void **state) {
  (void)state;
  nn_case_each(check_layer);
}

static void test_losses(void **state) {
  (void)state;
  for (int i = 0; i < nn_losses.n; ++i) {
    ModelWords w = plain_words();
    w.loss = nn_losses.kinds[i]->name;
    check_levels(&w, w.loss);
  }
}

static void test_optimizers(void **state) {
  (void)state;
  for (int i = 0; i < nn_optimizers.n; ++i) {
    ModelWords w = plain_words();
    w.optimizer = nn_optimizers.kinds[i]->name;
    check_levels(&w, w.optimizer);
  }
}

int main(void) {
  cpu_flush_denormals();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_layers),
      cmocka_unit_test(test_losses),
      cmocka_unit_test(test_optimizers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
