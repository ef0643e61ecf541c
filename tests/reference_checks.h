/* nn beside the reference: the same start, the same batches, every optimizer, with and without
 * batch norm. */
#ifndef CAVIAR_REFERENCE_CHECKS_H
#define CAVIAR_REFERENCE_CHECKS_H

#include "model_rig.h"
#include "reference_net.h"

#ifdef NN_F64
enum { REF_STEPS = 100 };
#define REF_NEAR 1e-9
#else
enum { REF_STEPS = 10 };
#define REF_NEAR 1e-4
#endif

static const LayerWords ref_normed[] = {
    {"dense", "units: 12"},     {"batch_norm", ""}, {"relu", ""},
    {"dense", "units: 9"},      {"batch_norm", ""}, {"relu", ""},
    {"dense", "units: classes"}};
static const LayerWords ref_plain[] = {{"dense", "units: 12"},
                                       {"relu", ""},
                                       {"dense", "units: 9"},
                                       {"relu", ""},
                                       {"dense", "units: classes"}};

static inline void ref_copy_batch(RefNet *r, ModelRig *m, int rows, int *label) {
  for (int i = 0; i < rows; ++i) {
    label[i] = nn_model_labels(m->model)[i];
    for (int j = 0; j < r->width[0]; ++j) {
      r->a[0][i][j] = (double)nn_model_x(m->model)[i * r->width[0] + j];
    }
  }
}

static inline void ref_near(double ours, double theirs, const char *what, const char *optimizer,
                            int step) {
  if (!(fabs(ours - theirs) <= REF_NEAR * fmax(1, fabs(theirs)))) {
    fail_msg("%s, step %d: %s %.15g, the reference has %.15g", optimizer, step, what, ours, theirs);
  }
}

static inline void check_reference(const char *optimizer, int norm, const char *gemm) {
  static RefNet r;
  ModelRig m;
  const ModelWords w = {.layers = norm ? ref_normed : ref_plain,
                        .n_layers = norm ? COUNT(ref_normed) : COUNT(ref_plain),
                        .features = 7,
                        .targets = {.n_classes = 4},
                        .loss = "softmax_cross_entropy",
                        .optimizer = optimizer,
                        .gemm = gemm,
                        .cpu = cpu_level(),
                        .team = nn_team_solo(2),
                        .batch_rows = REF_MAX_ROWS};
  model_open(&m, &w);
  size_t n;
  const Real *theta = nn_model_vector(m.model, NN_WEIGHTS, &n);
  r = (RefNet){.width = {7, 12, 9, 4}, .norm = norm, .n = (int)n};
  for (size_t i = 0; i < n; ++i) r.theta[i] = (double)theta[i];
  const int last = ref_offset(&r, REF_LAYERS - 1) + 9 * 4 + 4;
  assert_int_equal(n, last);
  int label[REF_MAX_ROWS];
  for (int step = 0; step < REF_STEPS; ++step) {
    const int rows = step % 3 == 2 ? 17 : REF_MAX_ROWS;
    const NnScore score = model_step(&m, (uint32_t)step, rows, 0.01);
    ref_copy_batch(&r, &m, rows, label);
    ref_near(score.loss / score.rows, ref_forward(&r, rows, label, 1), "loss", optimizer, step);
    ref_backward(&r, rows, label);
    if (!ref_update(&r, optimizer, 0.01)) fail_msg("the reference has no optimizer %s", optimizer);
  }
  for (size_t i = 0; i < n && sizeof(Real) == 8; ++i) {
    ref_near((double)theta[i], r.theta[i], "a weight", optimizer, REF_STEPS);
  }
  NnScore score;
  model_fill(&m, 500, 0, 30);
  nn_model_evaluate(m.model, 30, &score);
  ref_copy_batch(&r, &m, 30, label);
  ref_near(score.loss / 30, ref_forward(&r, 30, label, 0), "evaluation", optimizer, REF_STEPS);
  model_close(&m);
}

static void test_reference(void **state) {
  (void)state;
  for (int i = 0; i < nn_optimizers.n; ++i) {
    for (int norm = 0; norm < 2; ++norm) {
      check_reference(nn_optimizers.kinds[i]->name, norm, "fixed");
      check_reference(nn_optimizers.kinds[i]->name, norm, "openblas");
    }
  }
}

#endif
