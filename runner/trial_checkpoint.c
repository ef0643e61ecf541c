/*
 * checkpoint_dir/trial-000017.h5: all that resuming and predicting need.
 *
 *   /                 attributes format_version, numerics, trial, seed, features, n_classes,
 *                     n_values, fingerprint
 *   /spec             the trial as a resolved experiment file
 *   /identity         what two trials must share to be the same, of edits those that were used
 *   /weights/hidden.0.dense/w (in, out) and so on, /statistics/...: of the chosen epoch
 *   /state/optimizer  flat
 *   /state/weights, /state/statistics   flat, where training goes on: only with metric.at: best
 *   /progress/...     counters and sums (runner/trial_state.h), each checksummed
 *   /progress/confusion   (C C) of the chosen epoch so far: only where metrics ask for it
 *   /curves           (epochs, columns)
 *   /records/activations   (epochs, layers, all or first unit, percentiles), and
 *   /records/percentiles   which; where they are recorded
 *   /normalize/mean, /normalize/scale, or /normalize/threshold; /classes (a JSON list)
 *   /result           JSON of the finished trial; not there while it runs
 *
 * A running trial keeps its latest two: before the new one is published, by an atomic rename, the one
 * there becomes trial-000017.previous.h5. Whatever a kill or a bad disk leaves of the newest, training
 * goes on from the other. A finished trial has one.
 */
#include "trial_checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "io/files.h"
#include "trial_activations.h"

_Static_assert(sizeof(Real) == sizeof(float), "checkpoints store H5_F32");

static const struct {
  NnVector vector;
  const char *group, *state; /* the chosen epoch's blocks; the flat vector of the present one */
} vectors[] = {{NN_WEIGHTS, "/weights", "/state/weights"},
               {NN_STATISTICS, "/statistics", "/state/statistics"}};

char *trial_checkpoint_path(Arena *a, const char *checkpoint_dir, int64_t number) {
  return arena_printf(a, "%s/trial-%06lld.h5", checkpoint_dir, (long long)number);
}

char *trial_checkpoint_previous(Arena *a, const char *checkpoint_dir, int64_t number) {
  return arena_printf(a, "%s/trial-%06lld.previous.h5", checkpoint_dir, (long long)number);
}

int64_t trial_checkpoint_number(const char *name, bool *previous) {
  static const char begin[] = "trial-";
  if (!str_starts(name, begin)) return -1;
  const char *digits = name + strlen(begin);
  char *end;
  const long long n = strtoll(digits, &end, 10);
  *previous = str_eq(end, ".previous.h5");
  return end != digits && n >= 0 && (*previous || str_eq(end, ".h5")) ? n : -1;
}

static const char *block_path(Arena *a, const char *group, const NnBlock *b) {
  return arena_printf(a, "%s/%s/%s", group, b->path, b->name);
}

/* ---- writing --------------------------------------------------------------------------------- */

static Status put(H5Out *o, const char *path, H5Type type, size_t n, const void *data, Err *e) {
  int64_t dims[1] = {(int64_t)n};
  return n > 0 ? h5_put(o, path, type, dims, 1, data, true, e) : OK;
}

static Status put_i64(H5Out *o, const char *path, int64_t x, Err *e) {
  return put(o, path, H5_I64, 1, &x, e);
}

static Status put_f64(H5Out *o, const char *path, double x, Err *e) {
  return put(o, path, H5_F64, 1, &x, e);
}

static Status put_blocks(Arena *a, H5Out *o, const TrialRun *r, int which, Err *e) {
  size_t n;
  const Real *v = trial_chosen(r, vectors[which].vector, &n);
  for (int i = 0; i < nn_model_n_blocks(r->model); i++) {
    const NnBlock *b = nn_model_block(r->model, i);
    if (b->vector != vectors[which].vector) continue;
    int64_t dims[2] = {b->rows, b->cols};
    TRY(h5_put(o, block_path(a, vectors[which].group, b), H5_F32, dims, b->cols == 1 ? 1 : 2,
               v + b->offset, true, e));
  }
  if (!r->buffers.best) return OK;
  v = nn_model_vector(r->model, vectors[which].vector, &n);
  return put(o, vectors[which].state, H5_F32, n, v, e);
}

/* Of the chosen epoch, so that who predicts goes by what it was trained by. */
static int64_t chosen_updates(const TrialRun *r) {
  const int64_t best = r->buffers.best ? r->progress.best_epoch : 0;
  return best > 0 ? trial_updates_at(&r->plan, best) : (int64_t)nn_model_updates(r->model);
}

static Status put_progress(H5Out *o, const TrialRun *r, double seconds, Err *e) {
  const TrialProgress *p = &r->progress;
  TRY(put_i64(o, "/progress/epoch", p->epoch, e));
  TRY(put_i64(o, "/progress/batch", p->batch, e));
  TRY(put_i64(o, "/progress/updates", (int64_t)nn_model_updates(r->model), e));
  if (r->spec->train.accumulate > 1)
    TRY(put_i64(o, "/progress/batches", (int64_t)nn_model_batches(r->model), e));
  TRY(put_i64(o, "/progress/best_epoch", p->best_epoch, e));
  TRY(put_f64(o, "/progress/best_metric", p->best_metric, e));
  if (r->trial->n_edits > 0) TRY(put_i64(o, "/progress/chosen_updates", chosen_updates(r), e));
  if (p->best_batches > 0) TRY(put_i64(o, "/progress/best_batches", p->best_batches, e));
  TRY(put_f64(o, "/progress/running_loss", p->running.loss, e));
  TRY(put_f64(o, "/progress/running_correct", p->running.correct, e));
  TRY(put_f64(o, "/progress/running_rows", p->running.rows, e));
  TRY(put_f64(o, "/progress/seconds", seconds, e));
  const size_t n = (size_t)r->plan.measure.n_classes;
  if (r->buffers.confusion)
    TRY(put(o, "/progress/confusion", H5_I64, n * n, r->buffers.confusion, e));
  if (p->epoch == 0) return OK;
  int64_t dims[2] = {p->epoch, r->plan.n_names};
  TRY(h5_put(o, "/curves", H5_F64, dims, 2, r->buffers.curves, true, e));
  const Activations *x = &r->plan.activations;
  if (r->buffers.activations) {
    const int64_t shape[4] = {p->epoch, x->n_layers, ACTIVATIONS_OF, x->n_percentiles};
    TRY(put(o, "/records/percentiles", H5_F64, (size_t)x->n_percentiles, x->percentiles, e));
    TRY(h5_put(o, "/records/activations", H5_F64, shape, 4, r->buffers.activations, true, e));
  }
  return h5_attr_strings(o, "/curves", "columns", r->plan.names, r->plan.n_names, e);
}

static Status put_data(Arena *a, H5Out *o, const RunData *d, Err *e) {
  TRY(h5_attr_i64(o, "/", "features", d->n_features, e));
  TRY(h5_attr_i64(o, "/", "n_classes", d->targets.n_classes, e));
  TRY(h5_attr_i64(o, "/", "n_values", d->targets.n_values, e));
  TRY(h5_attr_text(o, "/", "fingerprint", d->fingerprint, e));
  const Normalization *n = &d->normalization;
  if (n->binarize) TRY(put_f64(o, "/normalize/threshold", n->threshold, e));
  if (n->mean) {
    TRY(put(o, "/normalize/mean", H5_F64, (size_t)d->n_features, n->mean, e));
    TRY(put(o, "/normalize/scale", H5_F64, (size_t)d->n_features, n->scale, e));
  }
  if (d->targets.n_classes == 0) return OK;
  Str classes = str_new(a);
  JsonWriter j = json_writer(&classes);
  json_open(&j, '[');
  for (int c = 0; c < d->targets.n_classes; c++) json_str(&j, d->main.class_names[c]);
  json_close(&j, ']');
  return h5_put_text(o, "/classes", str_text(&classes), e);
}

static Status put_all(Arena *a, H5Out *o, const TrialRun *r, const TrialResult *result, Err *e) {
  TRY(h5_attr_i64(o, "/", "format_version", TRIAL_CHECKPOINT_FORMAT, e));
  TRY(h5_attr_i64(o, "/", "trial", r->number, e));
  TRY(h5_attr_text(o, "/", "numerics", TRIAL_NUMERICS, e));
  TRY(h5_attr_i64(o, "/", "seed", r->trial->seed, e));
  TRY(h5_put_text(o, "/spec", spec_text(a, r->trial, SPEC_RESOLVED), e));
  const int64_t updates = (int64_t)nn_model_updates(r->model);
  TRY(h5_put_text(o, "/identity", spec_identity_until(a, r->trial, updates), e));
  TRY(put_data(a, o, r->env->data, e));
  TRY(put_blocks(a, o, r, 0, e));
  TRY(put_blocks(a, o, r, 1, e));
  size_t n;
  const Real *state = nn_model_vector(r->model, NN_OPTIMIZER_STATE, &n);
  TRY(put(o, "/state/optimizer", H5_F32, n, state, e));
  TRY(put_progress(o, r, result ? result->seconds : r->progress.seconds, e));
  if (!result) return OK;
  Str json = str_new(a);
  trial_write_json(result, &json);
  return h5_put_text(o, "/result", str_text(&json), e);
}

/* One that stays is no harm; it goes when the run goes on (run_dir.c). */
static void drop_previous(Arena *a, const TrialRun *r) {
  Err e = {0};
  if (file_remove(trial_checkpoint_previous(a, r->env->checkpoint_dir, r->number), &e) != OK)
    log_line(LOG_WARNING, "%s", e.text);
}

/* Of a running trial the one there stays as the one before; of a finished one neither does. */
static Status publish(Arena *a, H5Out *o, const TrialRun *r, bool finished, Err *e) {
  const char *path = trial_checkpoint_path(a, r->env->checkpoint_dir, r->number);
  const char *previous = trial_checkpoint_previous(a, r->env->checkpoint_dir, r->number);
  Status s = finished ? OK : file_move(path, previous, e);
  if (s != OK) {
    h5_discard(o);
    return s;
  }
  TRY(h5_publish(o, path, e));
  if (finished) drop_previous(a, r);
  return OK;
}

Status trial_checkpoint_save(const TrialRun *r, const TrialResult *result, Err *e) {
  Arena a;
  arena_init(&a);
  H5Out *o = NULL;
  Status status = h5_create(&o, e);
  if (status == OK) {
    status = put_all(&a, o, r, result, e);
    if (status == OK)
      status = publish(&a, o, r, result != NULL, e);
    else
      h5_discard(o);
  }
  arena_free(&a);
  if (status != OK) return err_context(e, "trial %lld: checkpoint", (long long)r->number);
  return OK;
}

/* Texts, groups and counters, each of a few KiB. */
enum { SMALL_PARTS = 1 << 16 };

static size_t flat_bytes(size_t n, size_t *working) {
  const int64_t dims[1] = {(int64_t)n};
  return n > 0 ? h5_checked_bytes(H5_F32, dims, 1, working) : 0;
}

/* What put_all puts. */
size_t trial_checkpoint_bytes(const Spec *s, const TrialPlan *p) {
  size_t bytes = SMALL_PARTS, working = 0, n_state;
  for (int i = 0; i < nn_model_n_blocks(p->model); i++) {
    const NnBlock *b = nn_model_block(p->model, i);
    const int64_t dims[2] = {b->rows, b->cols};
    bytes += h5_checked_bytes(H5_F32, dims, b->cols == 1 ? 1 : 2, &working);
  }
  if (s->search.metric.at_best)
    bytes += flat_bytes(p->n_parameters, &working) + flat_bytes(p->n_statistics, &working);
  (void)nn_model_vector(p->model, NN_OPTIMIZER_STATE, &n_state);
  return bytes + flat_bytes(n_state, &working) + working;
}

/* ---- reading --------------------------------------------------------------------------------- */

static size_t type_size(H5Type type) {
  return type == H5_F32 || type == H5_I32 ? 4 : type == H5_U8 ? 1 : 8;
}

Status trial_checkpoint_get(const H5In *in, Arena *a, const char *path, H5Type type, size_t n,
                            void *out, Err *e) {
  void *data;
  int64_t dims[4];
  int n_dims;
  TRY(h5_get(in, a, path, type, &data, dims, &n_dims, e));
  size_t found = 1;
  for (int i = 0; i < n_dims; i++) found *= (size_t)dims[i];
  CHECK(e, found == n, E_DATA, "%s: %zu numbers where %zu are needed", path, found, n);
  memcpy(out, data, n * type_size(type));
  return OK;
}

Status trial_checkpoint_blocks(const H5In *in, Arena *a, const NnModel *m, NnVector vector,
                               Real *out, Err *e) {
  for (int i = 0; i < nn_model_n_blocks(m); i++) {
    const NnBlock *b = nn_model_block(m, i);
    if (b->vector != vector) continue;
    const char *group = vector == NN_WEIGHTS ? vectors[0].group : vectors[1].group;
    size_t n = (size_t)b->rows * (size_t)b->cols;
    TRY(trial_checkpoint_get(in, a, block_path(a, group, b), H5_F32, n, out + b->offset, e));
  }
  return OK;
}

Status trial_checkpoint_context(const char *path, Err *e) {
  return str_starts(e->text, path) ? e->status : err_context(e, "%s", path);
}

Status trial_checkpoint_version(const H5In *in, Err *e) {
  int64_t version = 0;
  TRY(h5_get_attr_i64(in, "/", "format_version", &version, e));
  CHECK(e, version == TRIAL_CHECKPOINT_FORMAT, E_DATA,
        "format version %lld, but this caviar reads version %d", (long long)version,
        TRIAL_CHECKPOINT_FORMAT);
  return OK;
}

Status trial_checkpoint_counts(const H5In *in, Arena *a, int64_t *updates, int64_t *batches,
                               Err *e) {
  TRY(trial_checkpoint_get(in, a, "/progress/updates", H5_I64, 1, updates, e));
  *batches = *updates;
  if (!h5_has(in, "/progress/batches")) return OK;
  return trial_checkpoint_get(in, a, "/progress/batches", H5_I64, 1, batches, e);
}

Status trial_checkpoint_best_batches(const H5In *in, Arena *a, int64_t *batches, Err *e) {
  if (!h5_has(in, "/progress/best_batches")) return OK;
  return trial_checkpoint_get(in, a, "/progress/best_batches", H5_I64, 1, batches, e);
}

Status trial_checkpoint_result(const H5In *in, Arena *a, TrialResult *out, Err *e) {
  char *text;
  JsonValue *v;
  TRY(h5_get_text(in, a, "/result", &text, e));
  TRY(json_parse(a, text, strlen(text), &v, e));
  return trial_read_json(a, v, out, e);
}

/* Is it a checkpoint of this experiment on this data? */
static Status check_identity(Arena *a, const H5In *in, const TrialRun *r, Err *e) {
  char *identity, *fingerprint, *numerics;
  TRY(trial_checkpoint_version(in, e));
  TRY(h5_get_attr_text(in, a, "/", "numerics", &numerics, e));
  CHECK(e, str_eq(numerics, TRIAL_NUMERICS), E_DATA,
        "another version of caviar made it (%s; this one: %s)", numerics, TRIAL_NUMERICS);
  TRY(h5_get_text(in, a, "/identity", &identity, e));
  int64_t updates, batches;
  TRY(trial_checkpoint_counts(in, a, &updates, &batches, e));
  CHECK(e, str_eq(identity, spec_identity_until(a, r->trial, updates)), E_DATA,
        "it is of another experiment");
  TRY(h5_get_attr_text(in, a, "/", "fingerprint", &fingerprint, e));
  CHECK(e, str_eq(fingerprint, r->env->data->fingerprint), E_DATA, "it is of other data");
  return OK;
}

static Status get_progress(Arena *a, const H5In *in, TrialProgress *p, Err *e) {
  const struct {
    const char *path;
    H5Type type;
    void *field;
  } fields[] = {
      {"/progress/epoch", H5_I64, &p->epoch},
      {"/progress/batch", H5_I64, &p->batch},
      {"/progress/best_epoch", H5_I64, &p->best_epoch},
      {"/progress/best_metric", H5_F64, &p->best_metric},
      {"/progress/running_loss", H5_F64, &p->running.loss},
      {"/progress/running_correct", H5_F64, &p->running.correct},
      {"/progress/running_rows", H5_F64, &p->running.rows},
      {"/progress/seconds", H5_F64, &p->seconds},
  };
  for (int i = 0; i < COUNT(fields); i++)
    TRY(trial_checkpoint_get(in, a, fields[i].path, fields[i].type, 1, fields[i].field, e));
  return trial_checkpoint_best_batches(in, a, &p->best_batches, e);
}

/* What was read, kept apart until all of it is known to be good. */
typedef struct {
  TrialProgress progress;
  int64_t updates, batches;
  double *curves, *activations;
  size_t n_activations;
  int64_t *confusion;                       /* NULL: not asked for */
  Real *chosen[2], *present[2], *optimizer; /* by vectors[]; present NULL without metric.at best */
  size_t n[2], n_optimizer;
} Loaded;

/* A training that was begun with other records or none cannot go on: epochs would be missing. */
static Status load_activations(Arena *a, const H5In *in, const TrialRun *r, Loaded *l, Err *e) {
  l->n_activations = trial_activations_width(&r->plan.activations) * (size_t)l->progress.epoch;
  l->activations = ARENA_ARRAY(a, double, l->n_activations);
  if (l->n_activations == 0) return OK;
  const Activations *x = &r->plan.activations;
  const size_t n = (size_t)x->n_percentiles;
  double *percentiles = ARENA_ARRAY(a, double, n);
  TRY(trial_checkpoint_get(in, a, "/records/percentiles", H5_F64, n, percentiles, e));
  CHECK(e, memcmp(percentiles, x->percentiles, sizeof(double) * n) == 0, E_DATA,
        "/records/percentiles are not those of the experiment");
  return trial_checkpoint_get(in, a, "/records/activations", H5_F64, l->n_activations,
                              l->activations, e);
}

static Status load_confusion(Arena *a, const H5In *in, const TrialRun *r, Loaded *l, Err *e) {
  const size_t n = (size_t)r->plan.measure.n_classes;
  if (!r->buffers.confusion) return OK;
  l->confusion = ARENA_ARRAY(a, int64_t, n * n);
  return trial_checkpoint_get(in, a, "/progress/confusion", H5_I64, n * n, l->confusion, e);
}

/* A leg that the journal has lost (its last second, at a power failure) may have been followed by
 * another: what its end was is no longer there. */
static Status check_leg(const TrialRun *r, const TrialProgress *p, Err *e) {
  CHECK(e,
        p->epoch < r->target ||
            (p->epoch == r->target && (p->batch == 0 || p->epoch == r->plan.epochs)),
        E_DATA, "it is in epoch %lld, but by the journal the trial is to end with epoch %lld first",
        (long long)p->epoch + 1, (long long)r->target);
  return OK;
}

/* Where an edit to come is the first to add a penalty, it was 0 until now and has no column yet. */
static Status load_curves(Arena *a, const H5In *in, const TrialRun *r, Loaded *l, Err *e) {
  const int64_t n_epochs = l->progress.epoch, n = r->plan.n_names;
  void *data;
  int64_t dims[4];
  int n_dims, penalty = 0;
  l->curves = ARENA_ARRAY(a, double, (size_t)n_epochs *(size_t)n);
  if (n_epochs == 0) return OK;
  TRY(h5_get(in, a, "/curves", H5_F64, &data, dims, &n_dims, e));
  while (penalty < n && !str_eq(r->plan.names[penalty], "penalty")) penalty++;
  const bool is_missing = n_dims == 2 && dims[1] == n - 1 && penalty < n;
  CHECK(e, n_dims == 2 && dims[0] == n_epochs && (dims[1] == n || is_missing), E_DATA,
        "/curves are not those of this training");
  const double *from = data;
  for (int64_t i = 0; i < n_epochs * n; i++)
    if (!is_missing || i % n != penalty) l->curves[i] = *from++;
  return OK;
}

static Status load(Arena *a, const H5In *in, const TrialRun *r, Loaded *l, Err *e) {
  TRY(check_identity(a, in, r, e));
  TRY(get_progress(a, in, &l->progress, e));
  TRY(trial_checkpoint_counts(in, a, &l->updates, &l->batches, e));
  const TrialProgress *p = &l->progress;
  CHECK(e,
        p->epoch >= 0 && p->epoch <= r->plan.epochs && p->batch >= 0 &&
            p->batch <= r->plan.steps_per_epoch && p->best_epoch >= 0 && p->best_epoch <= p->epoch,
        E_DATA, "/progress is not of this training");
  TRY(check_leg(r, p, e));
  TRY(load_curves(a, in, r, l, e));
  TRY(load_activations(a, in, r, l, e));
  TRY(load_confusion(a, in, r, l, e));
  for (int i = 0; i < COUNT(vectors); i++) {
    nn_model_vector(r->model, vectors[i].vector, &l->n[i]);
    l->chosen[i] = ARENA_ARRAY(a, Real, l->n[i]);
    TRY(trial_checkpoint_blocks(in, a, r->model, vectors[i].vector, l->chosen[i], e));
    if (!r->buffers.best || l->n[i] == 0) continue;
    l->present[i] = ARENA_ARRAY(a, Real, l->n[i]);
    TRY(trial_checkpoint_get(in, a, vectors[i].state, H5_F32, l->n[i], l->present[i], e));
  }
  nn_model_vector(r->model, NN_OPTIMIZER_STATE, &l->n_optimizer);
  l->optimizer = ARENA_ARRAY(a, Real, l->n_optimizer);
  if (l->n_optimizer == 0) return OK;
  return trial_checkpoint_get(in, a, "/state/optimizer", H5_F32, l->n_optimizer, l->optimizer, e);
}

static void restore_vector(NnModel *m, NnVector which, const Real *v) {
  size_t n;
  Real *to = nn_model_vector(m, which, &n);
  if (n > 0) memcpy(to, v, sizeof(Real) * n);
}

/* What early stopping has seen follows from the curves. */
static void restore_watch(TrialRun *r) {
  r->progress.watched = NAN;
  for (int64_t k = 0; k < r->progress.epoch; k++) {
    r->spec = spec_at_update(r->trial, trial_updates_at(&r->plan, k + 1));
    trial_watch(r, r->buffers.curves[k * r->plan.n_names + r->plan.metric_column]);
  }
}

static void restore(TrialRun *r, const Loaded *l) {
  const size_t n = (size_t)r->plan.measure.n_classes;
  r->progress = l->progress;
  memcpy(r->buffers.curves, l->curves,
         sizeof(double) * (size_t)l->progress.epoch * (size_t)r->plan.n_names);
  if (l->n_activations > 0)
    memcpy(r->buffers.activations, l->activations, sizeof(double) * l->n_activations);
  restore_watch(r);
  trial_go_by(r, l->updates);
  if (l->confusion) memcpy(r->buffers.confusion, l->confusion, n * n * sizeof(int64_t));
  for (int i = 0; i < COUNT(vectors); i++)
    restore_vector(r->model, vectors[i].vector, l->present[i] ? l->present[i] : l->chosen[i]);
  if (r->buffers.best && l->progress.best_epoch > 0) {
    memcpy(r->buffers.best, l->chosen[0], sizeof(Real) * l->n[0]);
    if (l->n[1] > 0) memcpy(r->buffers.best + l->n[0], l->chosen[1], sizeof(Real) * l->n[1]);
  }
  restore_vector(r->model, NN_OPTIMIZER_STATE, l->optimizer);
  nn_model_set_counts(r->model, (uint64_t)l->updates, (uint64_t)l->batches);
}

/* Not one that waited at a rung, and is to go on now. */
static bool is_final(const TrialRun *r, const TrialResult *was) {
  return was->status != TRIAL_COMPLETED || was->stopped_early || was->terminated ||
         was->curves.n_epochs >= r->target;
}

/* `scratch` for what is read and passed on or dropped, `a` for the result. */
static Status read_file(Arena *scratch, Arena *a, const char *path, TrialRun *r, bool *finished,
                        TrialResult *result, Err *e) {
  H5In *in;
  TRY(h5_open(&in, path, e));
  Loaded l = {0};
  TrialResult was = {0};
  Status status = load(scratch, in, r, &l, e);
  bool over = status == OK && h5_has(in, "/result");
  if (over) status = trial_checkpoint_result(in, a, &was, e);
  h5_close(in);
  if (status != OK) return trial_checkpoint_context(path, e);
  if (over && is_final(r, &was)) {
    *result = was;
    *finished = true;
  } else {
    restore(r, &l);
  }
  return OK;
}

/* The newest is taken away where the one before is used: it would take that one's place. */
static void fall_back(const char *path, const TrialRun *r, const char *why) {
  Err e = {0};
  log_line(LOG_WARNING,
           "trial %lld goes on from the checkpoint before its newest, which cannot be used: %s",
           (long long)r->number, why);
  if (file_remove(path, &e) != OK) log_line(LOG_WARNING, "%s", e.text);
}

/* The training so far is also its parent's, and so is the checkpoint at its end. What is wrong with
 * that costs time and no more. */
static void go_on_from_parent(Arena *scratch, Arena *a, TrialRun *r) {
  const char *path = trial_checkpoint_path(scratch, r->env->checkpoint_dir, r->env->parent);
  bool finished = false;
  TrialResult ignored = {0};
  Err e = {0};
  if (!file_exists(path)) return;
  if (read_file(scratch, a, path, r, &finished, &ignored, &e) != OK)
    log_line(LOG_WARNING,
             "trial %lld trains from the beginning; the checkpoint of trial %lld, with which it "
             "would go on, cannot be used: %s",
             (long long)r->number, (long long)r->env->parent, e.text);
  else if (!finished)
    r->progress.seconds = 0; /* they are in the parent's result */
}

void trial_checkpoint_load(Arena *a, TrialRun *r, bool *finished, TrialResult *result) {
  Arena scratch;
  arena_init(&scratch);
  const char *dir = r->env->checkpoint_dir;
  const char *path = trial_checkpoint_path(&scratch, dir, r->number);
  const char *previous = trial_checkpoint_previous(&scratch, dir, r->number);
  const bool newest = file_exists(path), before = file_exists(previous);
  Err e = {0}, second = {0};
  if (newest && read_file(&scratch, a, path, r, finished, result, &e) == OK) {
    if (*finished) drop_previous(&scratch, r); /* whoever finished it was killed before that */
    arena_free(&scratch);
    return;
  }
  if (before && read_file(&scratch, a, previous, r, finished, result, &second) == OK) {
    if (newest) fall_back(path, r, e.text);
  } else {
    if (newest || before)
      log_line(LOG_WARNING,
               "trial %lld starts from the beginning; its checkpoint cannot be used: %s",
               (long long)r->number, newest ? e.text : second.text);
    if (r->env->has_parent) go_on_from_parent(&scratch, a, r);
  }
  arena_free(&scratch);
}

/* Mostly there are none, and to look is a fifth of the work of removing what is not there. */
Status trial_checkpoint_remove(const char *checkpoint_dir, int64_t number, Err *e) {
  Arena a = {0};
  arena_init(&a);
  Status s = OK;
  const char *const files[] = {trial_checkpoint_path(&a, checkpoint_dir, number),
                               trial_checkpoint_previous(&a, checkpoint_dir, number)};
  for (int i = 0; i < COUNT(files) && s == OK; i++)
    if (file_exists(files[i])) s = file_remove(files[i], e);
  arena_free(&a);
  return s;
}
