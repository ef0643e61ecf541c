/* nn beside the reference: the same start, the same batches, every optimizer, with and without
 * batch norm, with penalties, limits and accumulation. */
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

static inline void ref_near(double ours, double theirs, const char *what, const char *of,
                            int step) {
  if (!(fabs(ours - theirs) <= REF_NEAR * fmax(1, fabs(theirs)))) {
    fail_msg("%s, step %d: %s %.15g, the reference has %.15g", of, step, what, ours, theirs);
  }
}

/* What a step does besides the optimizer's rule. The limits are such that some steps meet them. */
typedef struct {
  const char *name, *gemm;
  NnRules rules;
  int micro_rows;
} RefCase;

static const RefCase ref_cases[] = {
    {.name = "plain", .gemm = "fixed"},
    {.name = "plain", .gemm = "openblas"},
    {.name = "penalties", .gemm = "fixed", .rules = {.l1 = 0.002, .l2 = 0.03}},
    {.name = "clip_value", .gemm = "fixed", .rules = {.clip_value = 0.02}},
    {.name = "clip_norm", .gemm = "fixed", .rules = {.clip_norm = 0.3}},
    {.name = "max_norm", .gemm = "fixed", .rules = {.max_norm = 1.2}},
    {.name = "accumulation", .gemm = "fixed", .micro_rows = 14},
    {.name = "all", .gemm = "fixed", .rules = {0.002, 0.03, 0.05, 0.2, 1.1}, .micro_rows = 14},
};

/* Parameters that are not at their defaults, where those would hide a rule. */
static const char *ref_params(const char *optimizer) {
  if (strcmp(optimizer, "adamw") == 0 || strcmp(optimizer, "lion") == 0) return "weight_decay: 0.1";
  return strcmp(optimizer, "adagrad") == 0 ? "initial_accumulator: 0.05" : "";
}

static inline void ref_open(RefNet *r, ModelRig *m, const char *optimizer, int norm,
                            const RefCase *c) {
  const ModelWords w = {.layers = norm ? ref_normed : ref_plain,
                        .n_layers = norm ? COUNT(ref_normed) : COUNT(ref_plain),
                        .features = 7,
                        .targets = {.n_classes = 4},
                        .loss = "softmax_cross_entropy",
                        .optimizer = optimizer,
                        .optimizer_params = ref_params(optimizer),
                        .gemm = c->gemm,
                        .cpu = cpu_level(),
                        .team = nn_team_solo(2),
                        .batch_rows = REF_MAX_ROWS,
                        .micro_rows = c->micro_rows,
                        .rules = c->rules};
  model_open(m, &w);
  size_t n;
  const Real *theta = nn_model_vector(m->model, NN_WEIGHTS, &n);
  *r = (RefNet){.width = {7, 12, 9, 4}, .norm = norm, .n = (int)n};
  r->l1 = c->rules.l1, r->l2 = c->rules.l2, r->max_norm = c->rules.max_norm;
  r->clip_value = c->rules.clip_value, r->clip_norm = c->rules.clip_norm;
  r->decay = 0.1, r->accumulator = 0.05;
  for (size_t i = 0; i < n; ++i) r->theta[i] = (double)theta[i];
  assert_int_equal(n, ref_offset(r, REF_LAYERS - 1) + 9 * 4 + 4);
}

/* One step of the reference on the rows of model_step; the mean loss. */
static inline double ref_step(RefNet *r, ModelRig *m, uint32_t step, int rows,
                              const char *optimizer, double alpha) {
  const int micro = m->words.micro_rows ? m->words.micro_rows : rows;
  int label[REF_MAX_ROWS];
  double loss = 0;
  for (int at = 0; at < rows; at += micro) {
    const int n = rows - at < micro ? rows - at : micro;
    model_fill(m, step, at, n);
    ref_copy_batch(r, m, n, label);
    loss += ref_forward(r, n, label, 1) * n / rows;
    ref_backward(r, n, rows, label);
    ref_collect(r, at == 0);
  }
  if (!ref_update(r, optimizer, alpha)) fail_msg("the reference has no optimizer %s", optimizer);
  return loss;
}

static inline void check_reference(const char *optimizer, int norm, const RefCase *c) {
  static RefNet r;
  ModelRig m;
  ref_open(&r, &m, optimizer, norm, c);
  size_t n;
  const Real *theta = nn_model_vector(m.model, NN_WEIGHTS, &n);
  const char *what = arena_printf(&m.arena, "%s, %s", optimizer, c->name);
  for (int step = 0; step < REF_STEPS; ++step) {
    const int rows = step % 3 == 2 ? 17 : REF_MAX_ROWS;
    const NnScore score = model_step(&m, (uint32_t)step, rows, 0.01);
    const double loss = ref_step(&r, &m, (uint32_t)step, rows, optimizer, 0.01);
    ref_near(score.loss / score.rows, loss, "loss", what, step);
    ref_near(nn_model_penalty(m.model), ref_penalty(&r), "penalty", what, step);
  }
  for (size_t i = 0; i < n && sizeof(Real) == 8; ++i) {
    ref_near((double)theta[i], r.theta[i], "a weight", what, REF_STEPS);
  }
  assert_int_equal(r.clip_value > 0, r.cut > 0); /* or the case shows nothing */
  assert_int_equal(r.clip_norm > 0, r.shrunk > 0);
  assert_int_equal(r.max_norm > 0, r.limited > 0);
  NnScore score;
  int label[REF_MAX_ROWS];
  model_fill(&m, 500, 0, 30);
  nn_model_evaluate(m.model, 30, &score);
  ref_copy_batch(&r, &m, 30, label);
  ref_near(score.loss / 30, ref_forward(&r, 30, label, 0), "evaluation", what, REF_STEPS);
  model_close(&m);
}

static void test_reference(void **state) {
  (void)state;
  for (int i = 0; i < nn_optimizers.n; ++i) {
    for (int norm = 0; norm < 2; ++norm) {
      for (int k = 0; k < COUNT(ref_cases); ++k) {
        check_reference(nn_optimizers.kinds[i]->name, norm, &ref_cases[k]);
      }
    }
  }
}

#endif
