#include "trial_model.h"

#include <string.h>
#include "base/cpu.h"
#include "normalizer.h"
#include "trial_checkpoint.h"
#include "trial_state.h"

static Status read_shapes(const H5In *in, TrialModel *m, Err *e) {
  int64_t features = 0, classes = 0, values = 0;
  TRY(h5_get_attr_i64(in, "/", "features", &features, e));
  TRY(h5_get_attr_i64(in, "/", "n_classes", &classes, e));
  TRY(h5_get_attr_i64(in, "/", "n_values", &values, e));
  CHECK(e,
        features > 0 && features <= INT32_MAX && classes >= 0 && classes <= INT32_MAX &&
            values >= 0 && values <= INT32_MAX,
        E_DATA, "features, n_classes or n_values is out of range");
  m->n_features = (int)features;
  m->targets = (NnTargets){(int)classes, (int)values};
  return OK;
}

static Status read_classes(Arena *a, const H5In *in, TrialModel *m, Err *e) {
  if (m->targets.n_classes == 0) return OK;
  char *text;
  JsonValue *list;
  TRY(h5_get_text(in, a, "/classes", &text, e));
  TRY(json_parse(a, text, strlen(text), &list, e));
  CHECK(e, list->type == JSON_LIST && list->n_children == m->targets.n_classes, E_DATA,
        "/classes is no list of %d names", m->targets.n_classes);
  m->class_names = ARENA_ARRAY(a, const char *, m->targets.n_classes);
  int c = 0;
  for (const JsonValue *v = list->first; v; v = v->next) m->class_names[c++] = json_text(v, "");
  return OK;
}

static Status read_normalization(Arena *a, const H5In *in, TrialModel *m, Err *e) {
  Normalization *n = &m->normalization;
  if (h5_has(in, "/normalize/threshold")) {
    TRY(trial_checkpoint_get(in, a, "/normalize/threshold", H5_F64, 1, &n->threshold, e));
    n->binarize = true;
  }
  if (!h5_has(in, "/normalize/mean")) return OK;
  size_t d = (size_t)m->n_features;
  double *mean = ARENA_ARRAY(a, double, d), *scale = ARENA_ARRAY(a, double, d);
  TRY(trial_checkpoint_get(in, a, "/normalize/mean", H5_F64, d, mean, e));
  TRY(trial_checkpoint_get(in, a, "/normalize/scale", H5_F64, d, scale, e));
  *n = normalizer_linear(a, m->n_features, mean, scale);
  return OK;
}

static Status read_spec(Arena *a, const H5In *in, const char *path, TrialModel *m, Err *e) {
  char *text;
  TRY(h5_get_text(in, a, "/spec", &text, e));
  Diag d = diag_new(a);
  m->spec = spec_from_text(a, path, text, ".", NULL, 0, &d);
  if (m->spec && h5_has(in, "/progress/chosen_updates")) {
    int64_t updates;
    TRY(trial_checkpoint_get(in, a, "/progress/chosen_updates", H5_I64, 1, &updates, e));
    m->spec = (Spec *)spec_at_update(m->spec, updates);
  }
  CHECK(e, m->spec == NULL || m->spec->cost.text == NULL, E_DATA,
        "it is of a cost, which is no model");
  if (m->spec) return OK;
  Str why = str_new(a);
  diag_render(&d, false, &why);
  FAIL(e, E_DATA, "its experiment does not suit this caviar:\n%s", str_text(&why));
}

/* The weights of the chosen epoch, and proof that they are what training ended with. */
static Status read_weights(Arena *a, const H5In *in, TrialModel *m, Err *e) {
  size_t n_weights, n_statistics;
  Real *weights = nn_model_vector(m->model, NN_WEIGHTS, &n_weights);
  Real *statistics = nn_model_vector(m->model, NN_STATISTICS, &n_statistics);
  TRY(trial_checkpoint_blocks(in, a, m->model, NN_WEIGHTS, weights, e));
  TRY(trial_checkpoint_blocks(in, a, m->model, NN_STATISTICS, statistics, e));
  char hash[HASH_HEX];
  trial_hash_weights(weights, n_weights, statistics, n_statistics, hash);
  CHECK(e, str_eq(hash, m->result.weights), E_DATA,
        "its weights hash to %s, but its result says %s; the file is damaged", hash,
        m->result.weights);
  int64_t updates, batches;
  TRY(trial_checkpoint_counts(in, a, &updates, &batches, e));
  TRY(trial_checkpoint_best_batches(in, a, &batches, e));
  nn_model_set_counts(m->model, (uint64_t)updates, (uint64_t)batches);
  return OK;
}

static Status read_all(Arena *a, const H5In *in, const char *path, CpuLevel cpu, TrialModel *m,
                       Err *e) {
  TRY(trial_checkpoint_version(in, e));
  CHECK(e, h5_has(in, "/result"), E_DATA, "its trial is not finished");
  TRY(trial_checkpoint_result(in, a, &m->result, e));
  TRY(read_shapes(in, m, e));
  TRY(read_classes(a, in, m, e));
  TRY(read_normalization(a, in, m, e));
  char *fingerprint;
  TRY(h5_get_attr_text(in, a, "/", "fingerprint", &fingerprint, e));
  m->fingerprint = fingerprint;
  TRY(read_spec(a, in, path, m, e));
  Diag d = diag_new(a);
  NnTeam team = nn_team_solo(1);
  TRY(trial_model_plan(a, m->spec, m->n_features, m->targets, EVAL_ROWS, &team, cpu, NULL, &d,
                       &m->model, e));
  TRY(nn_model_open(m->model, &m->numbers, e));
  return read_weights(a, in, m, e);
}

Status trial_model_open(Arena *a, const char *path, CpuLevel cpu, TrialModel *out, Err *e) {
  cpu_flush_denormals();
  *out = (TrialModel){0};
  arena_init(&out->numbers);
  H5In *in;
  TRY(h5_open(&in, path, e));
  Status status = read_all(a, in, path, cpu, out, e);
  h5_close(in);
  if (status == OK) return OK;
  trial_model_close(out);
  return trial_checkpoint_context(path, e);
}

void trial_model_close(TrialModel *m) {
  arena_free(&m->numbers);
}

static Status test_model(Arena *a, const TrialEnv *env, const TrialModel *m, TrialTest *out,
                         Err *e) {
  const DataPart *part = &env->data->parts[PART_TEST];
  Diag d = diag_new(a);
  Measure measure;
  TRY(measure_plan(a, m->spec, m->model, m->targets, part->n, &d, &measure, e));
  measure_open(&measure, a);
  Evaluation v;
  Team alone = team_solo();
  trial_evaluation(a, env->data, PART_TEST, &measure, m->model, 1, &v);
  trial_evaluate(&v, m->model, &alone, &env->hooks, &out->score);
  measure_result(a, &measure, m->class_names, &out->metrics);
  return OK;
}

Status trial_test(Arena *a, const TrialEnv *env, const char *checkpoint, TrialTest *out, Err *e) {
  CHECK(e, env->data->parts[PART_TEST].n > 0, E_DATA, "there is no test part to evaluate on");
  TrialModel m;
  TRY(trial_model_open(a, checkpoint, env->cpu, &m, e));
  Status status = OK;
  if (!str_eq(m.fingerprint, env->data->fingerprint))
    status = err_set(e, E_DATA, "%s: its model was trained on other data", checkpoint);
  else
    status = test_model(a, env, &m, out, e);
  trial_model_close(&m);
  return status;
}
