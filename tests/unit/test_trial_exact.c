/* `statistics: exact` in a trial: what the checkpoint holds, beside sums over the training part. */
#include <math.h>
#include <unistd.h>
#include "runner/trial_model.h"
#include "trial_rig.h"

/* 420 training rows: two chunks, the second of 164. */
static const char text[] =
    "seed: 11\n"
    "data:\n"
    "  source: {name: blobs, rows: 600, classes: 4, features: 3}\n"
    "  split: {train: 0.7, validation: 0.2, test: 0.1}\n"
    "  normalize: none\n"
    "model:\n"
    "  layers:\n"
    "    - dense: {units: 5}\n"
    "    - batch_norm: {statistics: exact}\n"
    "    - relu\n"
    "    - dense: {units: classes}\n"
    "train: {epochs: 3, batch_size: 32, optimizer: {name: adam, learning_rate: 0.01}}\n";

enum { FEATURES = 3, UNITS = 5 };

/* Mean and biased variance of x w over the training part. */
static void moments_of_layer(const RunData *d, const float *w, double *mean, double *variance) {
  const DataPart *p = &d->parts[PART_TRAIN];
  double squares[UNITS] = {0};
  memset(mean, 0, sizeof squares);
  for (uint32_t i = 0; i < p->n; i++) {
    double x[FEATURES];
    io_dataset_row_f64(p->set, p->rows[i], x);
    for (int j = 0; j < UNITS; j++) {
      double z = 0;
      for (int k = 0; k < FEATURES; k++) z += x[k] * (double)w[k * UNITS + j];
      mean[j] += z / p->n;
      squares[j] += z * z / p->n;
    }
  }
  for (int j = 0; j < UNITS; j++) variance[j] = squares[j] - mean[j] * mean[j];
}

static void test_of_the_training_part(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load_with(a, text, NULL, 0);
  const RunData *data = trial_rig_data(a, s);
  TrialResult r = trial_rig_run(a, s, data, ".");
  const char *path = trial_checkpoint_path(a, ".", 0);
  TrialModel m;
  Err e = {0};
  assert_int_equal(trial_model_open(a, path, cpu_level(), &m, &e), OK);
  unlink(path);
  assert_string_equal(m.result.weights, r.weights);
  size_t n_weights, n;
  const float *w = nn_model_vector(m.model, NN_WEIGHTS, &n_weights);
  const float *v = nn_model_vector(m.model, NN_STATISTICS, &n);
  double mean[UNITS], variance[UNITS];
  moments_of_layer(data, w, mean, variance);
  assert_int_equal(n, 2 * UNITS);
  for (int j = 0; j < UNITS; j++) {
    assert_true(fabs((double)v[j] - mean[j]) < 1e-5 * (1 + fabs(mean[j])));
    assert_true(fabs((double)v[UNITS + j] - variance[j]) < 1e-5 * variance[j]);
  }
  trial_model_close(&m);
}

/* Training does not look at them; what is measured on the validation part does, in every epoch. */
static void test_training_is_the_same(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load_with(a, text, NULL, 0);
  const char *averages = "model.batch_norm.statistics=averages";
  const Spec *other = rig_load_with(a, text, &averages, 1);
  const RunData *data = trial_rig_data(a, s);
  TrialResult exact = trial_rig_run(a, s, data, NULL), r = trial_rig_run(a, other, data, NULL);
  for (int k = 1; k <= 3; k++) {
    assert_true(trial_rig_curve(&exact, k, "train_loss") == trial_rig_curve(&r, k, "train_loss"));
    double x = trial_rig_curve(&exact, k, "validation_loss");
    double y = trial_rig_curve(&r, k, "validation_loss");
    assert_true(x != y && fabs(x - y) < 0.2);
  }
}

/* What is not said is not in the resolved text, so that digests of before stay. */
static void test_text(void **state) {
  Arena *a = *state;
  const Spec *s = rig_load_with(a, text, NULL, 0);
  assert_non_null(strstr(spec_text(a, s, SPEC_RESOLVED), "statistics: exact"));
  static const char plain[] = "data: {source: blobs}\n"
                              "model: {layers: [batch_norm, {dense: {units: classes}}]}\n"
                              "train: {epochs: 1}\n";
  s = rig_load_with(a, plain, NULL, 0);
  assert_null(strstr(spec_text(a, s, SPEC_RESOLVED), "statistics"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_of_the_training_part, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_training_is_the_same, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_text, arena_begin, arena_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
