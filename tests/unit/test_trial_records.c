/*
 * `records: {activations: percentiles}`: beside sorting what plain sums say each layer reads; the
 * training is the same with and without; interrupted, there is no gap.
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>
#include "io/files.h"
#include "runner/trial_model.h"
#include "trial_rig.h"

/* 420 training rows, 120 of validation. */
static const char text[] =
    "seed: 11\n"
    "data:\n"
    "  source: {name: blobs, rows: 600, classes: 4, features: 3}\n"
    "  split: {train: 0.7, validation: 0.2, test: 0.1}\n"
    "  normalize: none\n"
    "model:\n"
    "  layers:\n"
    "    - name: first\n"
    "      layers: [{dense: {units: 5}}, sigmoid, {dropout: {rate: 0.2}}]\n"
    "    - name: second\n"
    "      layers: [{dense: {units: 4}}, batch_norm, tanh]\n"
    "    - dense: {units: classes}\n"
    "train: {epochs: 3, batch_size: 32, optimizer: {name: adam, learning_rate: 0.01}}\n";

static const char recorded[] = "records={activations: percentiles}";

enum { FEATURES = 3, UNITS = 5 };

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* By nearest rank: the smallest with at least p % of the numbers at or below it. */
static double percentile(double *x, int n, double p) {
  qsort(x, (size_t)n, sizeof *x, ascending);
  int k = 1;
  while (k * 100.0 < p * n) k++;
  return x[k - 1];
}

/* z (rows, UNITS) = x w + b of the first layer, over the first rows of a part. */
static void first_layer(const DataPart *p, const float *w, int rows, double *z) {
  for (int i = 0; i < rows; i++) {
    double x[FEATURES];
    io_dataset_row_f64(p->set, p->rows[i], x);
    for (int j = 0; j < UNITS; j++) {
      z[i * UNITS + j] = (double)w[FEATURES * UNITS + j];
      for (int k = 0; k < FEATURES; k++) z[i * UNITS + j] += x[k] * (double)w[k * UNITS + j];
    }
  }
}

static void check_last_epoch(const Activations *x, const double *z, int rows) {
  static double all[256 * UNITS], unit[256];
  for (int k = 0; k < x->n_percentiles; k++) {
    memcpy(all, z, sizeof(double) * (size_t)(rows * UNITS));
    for (int i = 0; i < rows; i++) unit[i] = z[i * UNITS];
    const double of_all = percentile(all, rows * UNITS, x->percentiles[k]);
    const double of_unit = percentile(unit, rows, x->percentiles[k]);
    assert_true(fabs(*trial_activation(x, 2, 0, ACTIVATIONS_ALL, k) - of_all) < 1e-5);
    assert_true(fabs(*trial_activation(x, 2, 0, ACTIVATIONS_FIRST_UNIT, k) - of_unit) < 1e-5);
  }
}

/* The weights in the checkpoint are those of the last epoch. `rows` of `part` are looked at. */
static void check_run(Arena *a, const char *const *overrides, int n, Part part, int rows) {
  static double z[256 * UNITS];
  const Spec *s = rig_load_with(a, text, overrides, n);
  const RunData *data = trial_rig_data(a, s);
  TrialResult r = trial_rig_run(a, s, data, ".");
  const char *path = trial_checkpoint_path(a, ".", 0);
  TrialModel m;
  Err e = {0};
  assert_int_equal(trial_model_open(a, path, cpu_level(), &m, &e), OK);
  unlink(path);
  size_t n_weights;
  first_layer(&data->parts[part], nn_model_vector(m.model, NN_WEIGHTS, &n_weights), rows, z);
  trial_model_close(&m);

  const Activations *x = &r.activations;
  assert_int_equal(x->n_layers, 2);
  assert_string_equal(x->paths[0], "first.0.sigmoid");
  assert_string_equal(x->paths[1], "second.0.tanh");
  assert_int_equal(x->n_epochs, 3);
  check_last_epoch(x, z, rows);
  assert_true(*trial_activation(x, 0, 0, 0, 1) != *trial_activation(x, 2, 0, 0, 1));
}

static void test_beside_sorting(void **state) {
  const char *few[] = {recorded};
  check_run(*state, few, 1, PART_VALIDATION, 120);
  const char *many[] = {"records={activations: percentiles, percentiles: [0, 3, 50, 99.5, 100]}",
                        "data.split={train: 0.9, test: 0.1}", "metric.name=train_loss"};
  check_run(*state, many, 3, PART_TRAIN, 256);
}

static void test_training_is_the_same(void **state) {
  Arena *a = *state;
  const char *overrides[] = {recorded};
  const Spec *with = rig_load_with(a, text, overrides, 1),
             *without = rig_load_with(a, text, NULL, 0);
  assert_string_equal(spec_text(a, with, SPEC_FOR_DIGEST), spec_text(a, without, SPEC_FOR_DIGEST));
  assert_non_null(strstr(spec_text(a, with, SPEC_RESOLVED), "percentiles: [15, 50, 85]"));
  assert_null(strstr(spec_text(a, without, SPEC_RESOLVED), "records"));
  const RunData *data = trial_rig_data(a, with);
  TrialResult x = trial_rig_run(a, with, data, NULL), y = trial_rig_run(a, without, data, NULL);
  assert_string_equal(x.weights, y.weights);
  assert_memory_equal(x.curves.values, y.curves.values,
                      sizeof(double) * (size_t)(x.curves.n_epochs * x.curves.n_names));
  assert_int_equal(y.activations.n_layers, 0);
  Str json = str_new(a);
  trial_write_json(&y, &json);
  assert_null(strstr(str_text(&json), "activations"));
}

static void assert_same(const Activations *x, const Activations *y) {
  assert_int_equal(x->n_layers, y->n_layers);
  assert_int_equal(x->n_epochs, y->n_epochs);
  assert_int_equal(x->n_percentiles, y->n_percentiles);
  for (int i = 0; i < x->n_layers; i++) assert_string_equal(x->paths[i], y->paths[i]);
  const size_t width = sizeof(double) * (size_t)x->n_percentiles;
  assert_memory_equal(x->percentiles, y->percentiles, width);
  assert_memory_equal(x->values, y->values,
                      width * (size_t)(x->n_layers * ACTIVATIONS_OF * x->n_epochs));
}

static void test_json(void **state) {
  Arena *a = *state;
  const char *overrides[] = {recorded};
  const Spec *s = rig_load_with(a, text, overrides, 1);
  TrialResult r = trial_rig_run(a, s, trial_rig_data(a, s), NULL), back;
  *trial_activation(&r.activations, 1, 1, 1, 2) = INFINITY;
  Str json = str_new(a);
  trial_write_json(&r, &json);
  JsonValue *v;
  Err e = {0};
  assert_int_equal(json_parse(a, str_text(&json), (size_t)json.length, &v, &e), OK);
  assert_int_equal(trial_read_json(a, v, &back, &e), OK);
  assert_same(&r.activations, &back.activations);
  const JsonValue *layers = json_get(json_get(v, "activations"), "layers");
  const JsonValue *epochs = json_get(json_get(layers, "second.0.tanh"), "all");
  assert_int_equal(epochs->n_children, 3);
  assert_true(json_number(epochs->first->first, 0) ==
              *trial_activation(&r.activations, 0, 1, 0, 0));
}

static bool stop_soon(void *ctx) {
  return (*(int *)ctx)-- == 0;
}

/* Stopped every nine steps; another run's records, or none, are no start for these. */
static void test_resume(void **state) {
  Arena *a = *state;
  const char *overrides[] = {recorded, "records.percentiles=[10, 50, 90]"};
  const Spec *s = rig_load_with(a, text, overrides, 1),
             *other = rig_load_with(a, text, overrides, 2);
  const Spec *without = rig_load_with(a, text, NULL, 0);
  const RunData *data = trial_rig_data(a, s);
  TrialResult whole = trial_rig_run(a, s, data, NULL), r;
  int left;
  const TrialEnv env = {.data = data,
                        .cpu = cpu_level(),
                        .checkpoint_dir = ".",
                        .hooks = {.ctx = &left, .stop = stop_soon}};
  const Spec *begins[] = {s, other, without};
  for (int i = 0; i < COUNT(begins); i++) {
    Err e = {0};
    left = 17;
    assert_int_equal(trial_run(a, &env, begins[i], 0, &r, &e), E_STOPPED);
    do {
      e = (Err){0};
      left = 8;
    } while (trial_run(a, &env, s, 0, &r, &e) == E_STOPPED);
    assert_int_equal(e.status, OK);
    assert_string_equal(r.weights, whole.weights);
    assert_same(&r.activations, &whole.activations);
    unlink(trial_checkpoint_path(a, ".", 0));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_beside_sorting, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_training_is_the_same, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_json, arena_begin, arena_end),
      cmocka_unit_test_setup_teardown(test_resume, arena_begin, arena_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
