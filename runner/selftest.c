#include "selftest.h"

#include <string.h>

#include "trial.h"

static const char experiment[] =
    "name: self-test\n"
    "seed: 2\n"
    "data:\n"
    "  source: {name: blobs, rows: 600, classes: 5, features: 40, spread: 0.9}\n"
    "  split: {train: 0.85, validation: 0.15}\n"
    "  normalize: standard\n"
    "model:\n"
    "  layers:\n"
    "    - dense: {units: 260}\n"
    "    - batch_norm\n"
    "    - gelu\n"
    "    - dropout: {rate: 0.2}\n"
    "    - dense: {units: 32}\n"
    "    - tanh\n"
    "    - dense: {units: classes}\n"
    "  loss: softmax_cross_entropy\n"
    "train: {epochs: 2, batch_size: 203, shards: 4, optimizer: {name: adam}}\n";

static Status train(Arena *a, const Spec *s, CpuLevel level, char out[HASH_HEX], Err *e) {
  RunData data;
  TrialResult result;
  TRY(data_open(a, &s->data, &data, e));
  const TrialEnv env = {.data = &data, .cpu = level};
  Status status = trial_run(a, &env, s, 0, &result, e);
  data_close(&data);
  TRY(status);
  CHECK(e, result.status == TRIAL_COMPLETED, E_INTERNAL, "its training did not complete");
  memcpy(out, result.weights, HASH_HEX);
  return OK;
}

Status selftest_hash(const char *gemm, CpuLevel level, char out[HASH_HEX], Err *e) {
  Arena a;
  arena_init(&a);
  Diag d = diag_new(&a);
  const char *engine = arena_printf(&a, "train.gemm=%s", gemm);
  const Spec *s = spec_from_text(&a, "self-test", experiment, ".", &engine, 1, &d);
  Status status = s ? train(&a, s, level, out, e) : err_set(e, E_INTERNAL, "its text is invalid");
  arena_free(&a);
  return status == OK ? OK : err_context(e, "self-test");
}
